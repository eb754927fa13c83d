/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "devices/device.h"

#include <string.h>

#define CELSIUS 273.15

static const char *const kinds[] = {"cpu", "gpu", "npu", NULL};

#define AT(type, member) .offset = offsetof(struct type, member)
#define LIST_OF(type, items, n, table, element)                                                    \
    .offset = offsetof(struct type, items), .count_offset = offsetof(struct type, n),              \
    .fields = table, .size = sizeof(struct element)

static const struct field peak_fields[] = {
    {"name", FIELD_TEXT, true, AT(device_peak, name), .help = "number format: f32, f16, int8 ..."},
    {"vector_TFLOPS", FIELD_NUMBER, true, AT(device_peak, vector_FLOPps), .scale = 1e12,
     .min = 1e-6, .max = 1e6, .unit = "TFLOP/s", .help = "dense rate without matrix units"},
    {"matrix_TFLOPS", FIELD_NUMBER, true, AT(device_peak, matrix_FLOPps), .scale = 1e12,
     .min = 1e-6, .max = 1e6, .unit = "TFLOP/s", .help = "dense rate of the matrix units"},
    {0}};

static const struct field dequant_fields[] = {
    {"name", FIELD_TEXT, true, AT(device_dequant, name), .help = "storage format: Q4_0, Q4_K ..."},
    {"ops_per_weight", FIELD_NUMBER, true, AT(device_dequant, ops_per_weight), .min = 0, .max = 1e6,
     .unit = "1", .help = "operations of the vector units to unpack one weight"},
    {"matrix_ops_per_weight", FIELD_NUMBER, false, AT(device_dequant, matrix_ops_per_weight),
     .min = 0, .max = 1e6, .preset = "0", .unit = "1",
     .help = "the same in products on matrix units (0: as ops_per_weight)"},
    {0}};

static const struct field row_factor_fields[] = {
    {"rows", FIELD_NUMBER, true, AT(device_row_factor, rows), .min = 1, .max = 1e6, .unit = "rows",
     .help = "rows of a pass, more than those of the point above"},
    {"factor", FIELD_NUMBER, true, AT(device_row_factor, factor), .min = 0.1, .max = 10,
     .unit = "1", .help = "time of a dense product over that of the roofline"},
    {0}};

static const struct field compute_fields[] = {
    {"peaks", FIELD_LIST, true, LIST_OF(device_compute, peak, n_peaks, peak_fields, device_peak),
     .help = "peak rates by number format, dense, at nominal clock"},
    {"float_weights", FIELD_TEXT, false, AT(device_compute, float_weights), .preset = "f16",
     .help = "peak that multiplies F32, F16 and BF16 weights"},
    {"quantised_weights", FIELD_TEXT, false, AT(device_compute, quantised_weights), .preset = "f16",
     .help = "peak that multiplies quantised weights"},
    {"efficiency", FIELD_NUMBER, true, AT(device_compute, efficiency), .min = 0.001, .max = 1,
     .unit = "1", .help = "eff_c: share of the matrix peak that long products reach"},
    {"quantised_efficiency", FIELD_NUMBER, false, AT(device_compute, quantised_efficiency),
     .min = 0, .max = 1, .preset = "0", .unit = "1",
     .help = "the same for quantised weights (0: as efficiency)"},
    {"cores", FIELD_COUNT, false, AT(device_compute, cores), .min = 1, .max = 65536, .preset = "1",
     .unit = "1", .help = "units that each work a tile of attention on their own"},
    {"vector_rows", FIELD_COUNT, false, AT(device_compute, vector_rows), .min = 0, .max = 4096,
     .preset = "8", .unit = "rows", .help = "up to so many rows the vector units work"},
    {"tile_rows", FIELD_COUNT, false, AT(device_compute, tile_rows), .min = 1, .max = 4096,
     .preset = "16", .unit = "rows", .help = "matrix rows are padded to a multiple of this"},
    {"expert_rows", FIELD_NUMBER, false, AT(device_compute, expert_rows), .min = 0, .max = 65536,
     .preset = "0", .unit = "rows",
     .help = "rows that the product of one expert computes for nothing: tiles not filled"},
    {"fixed_rows", FIELD_COUNT, false, AT(device_compute, fixed_rows), .min = 0, .max = 65536,
     .preset = "0", .unit = "rows",
     .help = "fixed graph length: prompts are padded to a multiple of it (0: none)"},
    {"overlap_p", FIELD_NUMBER, false, AT(device_compute, overlap_p), .min = 1, .max = 64,
     .preset = "2", .unit = "1", .help = "exponent of the norm that joins compute and memory"},
    {"dequant", FIELD_LIST, false,
     LIST_OF(device_compute, dequant, n_dequant, dequant_fields, device_dequant),
     .help = "dequantisation cost by storage format (absent formats cost nothing)"},
    {"row_factors", FIELD_LIST, false,
     LIST_OF(device_compute, row_factor, n_row_factors, row_factor_fields, device_row_factor),
     .help =
         "what kernels for some numbers of rows are slower or faster by, between the points too"},
    {0}};

static const struct field attention_fields[] = {
    {"flash", FIELD_BOOL, false, AT(device_attention, flash), .preset = "true",
     .help = "flash attention: scores stay on chip"},
    {"decode_us", FIELD_NUMBER, false, AT(device_attention, decode_s), .scale = 1e-6, .min = 0,
     .max = 1e6, .preset = "0", .unit = "us",
     .help = "fixed time of a layer's attention over decode rows (0: operator_us)"},
    {"prefill_us", FIELD_NUMBER, false, AT(device_attention, prefill_s), .scale = 1e-6, .min = 0,
     .max = 1e6, .preset = "0", .unit = "us",
     .help = "the same in passes that hold prompts (0: operator_us)"},
    {"us_per_sequence", FIELD_NUMBER, false, AT(device_attention, s_per_sequence), .scale = 1e-6,
     .min = 0, .max = 1e6, .preset = "0", .unit = "us", .help = "t_q: per decode row and layer"},
    {"us_per_tile", FIELD_NUMBER, false, AT(device_attention, s_per_tile), .scale = 1e-6, .min = 0,
     .max = 1e6, .preset = "0", .unit = "us", .help = "to begin and end one tile on a core"},
    {"us_per_empty_tile", FIELD_NUMBER, false, AT(device_attention, s_per_empty_tile),
     .scale = 1e-6, .min = 0, .max = 1e6, .preset = "0", .unit = "us",
     .help = "a tile that is launched for a sequence with fewer rows than the longest"},
    {"efficiency", FIELD_NUMBER, false, AT(device_attention, efficiency), .min = 0.001, .max = 1,
     .preset = "0.3", .unit = "1", .help = "share of the peak that attention reaches"},
    {"kv_efficiency", FIELD_NUMBER, false, AT(device_attention, kv_efficiency), .min = 0.001,
     .max = 1, .preset = "0.8", .unit = "1",
     .help = "share of the bandwidth at which decode reads KV"},
    {"mixed_kv_efficiency", FIELD_NUMBER, false, AT(device_attention, mixed_kv_efficiency),
     .min = 0.001, .max = 1, .preset = "0.7", .unit = "1",
     .help = "the same in passes that also prefill"},
    {"ns_per_head_token", FIELD_NUMBER, false, AT(device_attention, s_per_head_token),
     .scale = 1e-9, .min = 0, .max = 1e6, .preset = "0", .unit = "ns",
     .help = "kappa_h: per query head and context token of decode without flash attention"},
    {"tile_rows", FIELD_COUNT, false, AT(device_attention, tile_rows), .min = 1, .max = 65536,
     .preset = "64", .unit = "rows", .help = "rows of one head that a core works on together"},
    {0}};

static const struct field cache_fields[] = {
    {"name", FIELD_TEXT, true, AT(device_cache, name), .help = "L2, L3, SLC ..."},
    {"capacity_MiB", FIELD_NUMBER, true, AT(device_cache, capacity_B), .scale = 1048576.0,
     .min = 1e-3, .max = 1e5, .unit = "MiB", .help = "capacity"},
    {"bandwidth_GBps", FIELD_NUMBER, true, AT(device_cache, bandwidth_Bps), .scale = 1e9,
     .min = 1e-3, .max = 1e7, .unit = "GB/s", .help = "read bandwidth"},
    {0}};

static const struct field memory_fields[] = {
    {"bandwidth_GBps", FIELD_NUMBER, true, AT(device_memory, bandwidth_Bps), .scale = 1e9,
     .min = 1e-3, .max = 1e6, .unit = "GB/s", .help = "peak bandwidth of its memory"},
    {"capacity_GiB", FIELD_NUMBER, false, AT(device_memory, capacity_B), .scale = 1073741824.0,
     .min = 0, .max = 1e6, .preset = "0", .unit = "GiB",
     .help = "of that memory, where the device stands as a platform of its own (0: not told)"},
    {"efficiency", FIELD_NUMBER, true, AT(device_memory, efficiency), .min = 0.001, .max = 1,
     .unit = "1", .help = "eff_m: share of the bandwidth that streams reach"},
    {"element_efficiency", FIELD_NUMBER, false, AT(device_memory, element_efficiency), .min = 0,
     .max = 1, .preset = "0", .unit = "1",
     .help = "share of the bandwidth that element-wise operators reach (0: all of it)"},
    {"noc_GBps", FIELD_NUMBER, false, AT(device_memory, noc_Bps), .scale = 1e9, .min = 0,
     .max = 1e6, .preset = "0", .unit = "GB/s",
     .help = "limit of its port to the fabric at nominal clock (0: none)"},
    {"caches", FIELD_LIST, false,
     LIST_OF(device_memory, cache, n_caches, cache_fields, device_cache),
     .help = "cache levels, smallest first"},
    {0}};

static const struct field overheads_fields[] = {
    {"operator_us", FIELD_NUMBER, true, AT(device_overheads, operator_s), .scale = 1e-6, .min = 0,
     .max = 1e6, .unit = "us", .help = "t_0: per operator at nominal clock"},
    {"element_us", FIELD_NUMBER, false, AT(device_overheads, element_s), .scale = 1e-6, .min = 0,
     .max = 1e6, .preset = "0", .unit = "us",
     .help = "the same for element-wise operators (0: as operator_us)"},
    {"pass_us", FIELD_NUMBER, true, AT(device_overheads, pass_s), .scale = 1e-6, .min = 0,
     .max = 1e7, .unit = "us", .help = "t_pass0: host time per pass"},
    {0}};

static const struct field pstate_fields[] = {
    {"clock_GHz", FIELD_NUMBER, true, AT(device_pstate, clock_Hz), .scale = 1e9, .min = 1e-3,
     .max = 20, .unit = "GHz", .help = "core clock"},
    {"voltage_V", FIELD_NUMBER, true, AT(device_pstate, voltage_V), .min = 0.2, .max = 3,
     .unit = "V", .help = "core voltage"},
    {0}};

static const struct field clocks_fields[] = {
    {"nominal_GHz", FIELD_NUMBER, true, AT(device_clocks, nominal_Hz), .scale = 1e9, .min = 1e-3,
     .max = 20, .unit = "GHz", .help = "clock at which the peaks hold"},
    {"nominal_V", FIELD_NUMBER, true, AT(device_clocks, nominal_V), .min = 0.2, .max = 3,
     .unit = "V", .help = "voltage at that clock"},
    {"pstates", FIELD_LIST, false,
     LIST_OF(device_clocks, pstate, n_pstates, pstate_fields, device_pstate),
     .help = "P-states, fastest first"},
    {0}};

static const struct field leakage_fields[] = {
    {"reference_W", FIELD_NUMBER, true, AT(device_leakage, reference_W), .min = 0, .max = 1e4,
     .unit = "W", .help = "P_L0: leakage at nominal voltage and reference temperature"},
    {"reference_K", FIELD_NUMBER, false, AT(device_leakage, reference_K), .min = 200, .max = 500,
     .preset = "350", .unit = "K", .help = "T_0"},
    {"voltage_per_V", FIELD_NUMBER, false, AT(device_leakage, voltage_per_V), .min = 0, .max = 20,
     .preset = "2", .unit = "1/V", .help = "k_V: exponent of the voltage"},
    {"threshold_V", FIELD_NUMBER, false, AT(device_leakage, threshold_V), .min = 0, .max = 3,
     .preset = "0.3", .unit = "V", .help = "V_th,eff: threshold extrapolated to 0 K"},
    {"swing", FIELD_NUMBER, false, AT(device_leakage, swing), .min = 1, .max = 4, .preset = "1.3",
     .unit = "1", .help = "n: sub-threshold swing coefficient"},
    {0}};

static const struct field power_fields[] = {
    {"idle_W", FIELD_NUMBER, true, AT(device_power, idle_W), .min = 0, .max = 1e5, .unit = "W",
     .help = "draw when powered and idle, leakage included"},
    {"idle_C", FIELD_NUMBER, false, AT(device_power, idle_K), .shift = CELSIUS, .min = -50,
     .max = 120, .preset = "40", .unit = "C", .help = "die temperature at which it was measured"},
    {"active_W", FIELD_NUMBER, true, AT(device_power, active_W), .min = 0, .max = 1e5, .unit = "W",
     .help = "P_act: extra draw while busy, at nominal clock and voltage"},
    {"pJ_per_FLOP", FIELD_NUMBER, true, AT(device_power, flop_J), .scale = 1e-12, .min = 0,
     .max = 1e6, .unit = "pJ", .help = "e_F: energy of one operation at nominal voltage"},
    {"pJ_per_byte", FIELD_NUMBER, true, AT(device_power, byte_J), .scale = 1e-12, .min = 0,
     .max = 1e6, .unit = "pJ", .help = "e_B: energy of one byte moved"},
    {"leakage", FIELD_MAP, true, AT(device_power, leakage), .fields = leakage_fields,
     .help = "sub-threshold leakage"},
    {"cap_W", FIELD_NUMBER, false, AT(device_power, cap_W), .min = 0, .max = 1e5, .preset = "0",
     .unit = "W", .help = "power limit (0: none)"},
    {"cap_window_s", FIELD_NUMBER, false, AT(device_power, cap_window_s), .min = 0, .max = 1000,
     .preset = "0.01", .unit = "s",
     .help = "time constant of the average that the limit binds; shorter bursts may draw more (0: "
             "every pass keeps to it)"},
    {"sleep_W", FIELD_NUMBER, false, AT(device_power, sleep_W), .min = 0, .max = 1e4,
     .present_offset = offsetof(struct device_power, can_sleep), .unit = "W",
     .help = "draw when switched off; given: unused devices are switched off"},
    {"wake_ms", FIELD_NUMBER, false, AT(device_power, wake_s), .scale = 1e-3, .min = 0, .max = 1e6,
     .preset = "0", .unit = "ms", .help = "time to wake"},
    {"wake_J", FIELD_NUMBER, false, AT(device_power, wake_J), .min = 0, .max = 1e6, .preset = "0",
     .unit = "J", .help = "energy to wake"},
    {0}};

const struct field device_node_fields[] = {
    {"name", FIELD_TEXT, true, AT(device_node, name), .help = "die, cooler, case ..."},
    {"capacity_J_per_K", FIELD_NUMBER, true, AT(device_node, capacity_JpK), .min = 1e-3, .max = 1e7,
     .unit = "J/K", .help = "heat capacity"},
    {"ambient_W_per_K", FIELD_NUMBER, false, AT(device_node, ambient_WpK), .min = 0, .max = 1e4,
     .preset = "0", .unit = "W/K", .help = "conductance to ambient"},
    {0}};

const struct field device_coupling_fields[] = {
    {"from", FIELD_TEXT, true, AT(device_coupling, from), .help = "node"},
    {"to", FIELD_TEXT, true, AT(device_coupling, to), .help = "node"},
    {"W_per_K", FIELD_NUMBER, true, AT(device_coupling, conductance_WpK), .min = 1e-6, .max = 1e6,
     .unit = "W/K", .help = "conductance between the two"},
    {0}};

static const struct field thermal_fields[] = {
    {"nodes", FIELD_LIST, true,
     LIST_OF(device_thermal_spec, node, n_nodes, device_node_fields, device_node),
     .help = "thermal nodes; the first is the die, which takes the power"},
    {"couplings", FIELD_LIST, false,
     LIST_OF(device_thermal_spec, coupling, n_couplings, device_coupling_fields, device_coupling),
     .help = "conductances between the device's nodes"},
    {"throttle_C", FIELD_NUMBER, true, AT(device_thermal_spec, throttle_K), .shift = CELSIUS,
     .min = 0, .max = 150, .unit = "C", .help = "the governor steps a P-state down at this"},
    {"limit_C", FIELD_NUMBER, true, AT(device_thermal_spec, limit_K), .shift = CELSIUS, .min = 0,
     .max = 150, .unit = "C", .help = "highest temperature allowed"},
    {"hysteresis_K", FIELD_NUMBER, false, AT(device_thermal_spec, hysteresis_K), .min = 0,
     .max = 50, .preset = "5", .unit = "K",
     .help = "the governor steps up below throttle less this"},
    {"poll_s", FIELD_NUMBER, false, AT(device_thermal_spec, poll_s), .min = 0.001, .max = 60,
     .preset = "0.5", .unit = "s", .help = "period of the governor"},
    {"guard", FIELD_NUMBER, false, AT(device_thermal_spec, guard), .min = 0.1, .max = 1,
     .preset = "0.85", .unit = "1",
     .help = "the guard acts at this share of the limit in degrees Celsius"},
    {0}};

static const struct field reliability_fields[] = {
    {"mtbf_h", FIELD_NUMBER, false, AT(device_reliability, mtbf_s), .scale = 3600, .min = 0,
     .max = 1e9, .preset = "0", .unit = "h", .help = "mean time between failures (0: never fails)"},
    {"weibull_shape", FIELD_NUMBER, false, AT(device_reliability, weibull_shape), .min = 0.1,
     .max = 20, .preset = "1", .unit = "1", .help = "1 is exponential"},
    {0}};

static const struct field software_fields[] = {
    {"name", FIELD_TEXT, false, AT(device_software, name), .preset = "reference",
     .help = "runtime that the factor stands for"},
    {"fused", FIELD_BOOL, false, AT(device_software, fused), .preset = "false",
     .help = "projections of one input run as one product, residuals with the norm, as servers do"},
    {"factor", FIELD_NUMBER, false, AT(device_software, factor), .min = 0.01, .max = 100,
     .preset = "1", .unit = "1", .help = "all times are multiplied by it"},
    {0}};

static const struct field calibration_fields[] = {
    {"date", FIELD_TEXT, false, AT(device_calibration, date), .help = "day, in UTC"},
    {"id", FIELD_TEXT, false, AT(device_calibration, id),
     .help = "cpu, opencl:0 ...: which of the machine's devices (none: cpu)"},
    {"device", FIELD_TEXT, false, AT(device_calibration, device), .help = "as it names itself"},
    {"driver", FIELD_TEXT, false, AT(device_calibration, driver), .help = "of the device"},
    {"processor", FIELD_TEXT, false, AT(device_calibration, processor),
     .help = "of the machine, as it names itself"},
    {"kernel", FIELD_TEXT, false, AT(device_calibration, kernel), .help = "of the system"},
    {"compiler", FIELD_TEXT, false, AT(device_calibration, compiler),
     .help = "that the kernels were built with"},
    {"libraries", FIELD_TEXT, false, AT(device_calibration, libraries), .help = "of products"},
    {"vectors", FIELD_TEXT, false, AT(device_calibration, vectors),
     .help = "vector instructions of the kernels"},
    {"governor", FIELD_TEXT, false, AT(device_calibration, governor), .help = "of the clocks"},
    {"power_mode", FIELD_TEXT, false, AT(device_calibration, power_mode), .help = "of the machine"},
    {"threads", FIELD_COUNT, false, AT(device_calibration, threads), .min = 0, .max = 65536,
     .preset = "0", .unit = "1", .help = "that the kernels ran on (0: not told)"},
    {"ambient_C", FIELD_NUMBER, false, AT(device_calibration, ambient_K), .shift = CELSIUS,
     .min = -273.15, .max = 100, .preset = "-273.15", .unit = "C",
     .help = "of the air (-273.15: not told)"},
    {"noise", FIELD_NUMBER, false, AT(device_calibration, noise), .min = 0, .max = 100,
     .preset = "0", .unit = "1", .help = "median scatter of a repetition, as a share"},
    {"drift", FIELD_NUMBER, false, AT(device_calibration, drift), .min = 0, .max = 100,
     .preset = "0", .unit = "1", .help = "by which equal work differed over the measurements"},
    {0}};

const struct field device_fields[] = {
    {"schema", FIELD_TEXT, false, AT(device, schema), .help = "qeilsim/device/1"},
    {"name", FIELD_TEXT, true, AT(device, name), .help = "lower-case words joined by -"},
    {"title", FIELD_TEXT, false, AT(device, title), .help = "as its maker writes it"},
    {"kind", FIELD_ENUM, true, AT(device, kind), .names = kinds, .help = "cpu, gpu or npu"},
    {"class", FIELD_TEXT, true, AT(device, class), .help = "group whose priors it shares"},
    {"device", FIELD_TEXT, false, AT(device, catalogue),
     .help = "in a platform: catalogue name or file of the device; other keys override it"},
    {"pool", FIELD_TEXT, false, AT(device, pool), .help = "in a platform: its memory pool"},
    {"aliases", FIELD_TEXTS, false, AT(device, aliases),
     .count_offset = offsetof(struct device, n_aliases), .help = "other names"},
    {"compute", FIELD_MAP, true, AT(device, compute), .fields = compute_fields,
     .help = "arithmetic"},
    {"attention", FIELD_MAP, false, AT(device, attention), .fields = attention_fields,
     .help = "attention kernels"},
    {"memory", FIELD_MAP, true, AT(device, memory), .fields = memory_fields, .help = "memory"},
    {"overheads", FIELD_MAP, true, AT(device, overheads), .fields = overheads_fields,
     .help = "fixed times"},
    {"clocks", FIELD_MAP, true, AT(device, clocks), .fields = clocks_fields, .help = "P-states"},
    {"power", FIELD_MAP, true, AT(device, power), .fields = power_fields, .help = "power"},
    {"thermal", FIELD_MAP, true, AT(device, thermal), .fields = thermal_fields, .help = "heat"},
    {"reliability", FIELD_MAP, false, AT(device, reliability), .fields = reliability_fields,
     .help = "failures"},
    {"software", FIELD_MAP, false, AT(device, software), .fields = software_fields,
     .help = "a named factor for the runtime"},
    {"calibration", FIELD_MAP, false, AT(device, calibration), .fields = calibration_fields,
     .help = "how 'qeilsim calibrate' came to these numbers"},
    {"price_usd", FIELD_NUMBER, false, AT(device, price_usd), .min = 0, .max = 1e7, .preset = "0",
     .unit = "USD", .help = "price (0: unknown)"},
    {"sources", FIELD_TREE, false, AT(device, sources),
     .help = "origin of the numbers: PATH: {kind: datasheet|measured|fitted|class|estimated, ref: "
             "text}"},
    {0}};

bool device_read(const struct tree *node, struct device *out, struct error *err)
{
    if (!fields_read(node, device_fields, out, err))
        return false;
    if (device_check(out, node, out->pool != NULL, err))
        return true;
    device_free(out);
    return false;
}

void device_free(struct device *device)
{
    fields_free(device_fields, device);
}

const struct device_peak *device_find_peak(const struct device *device, const char *name)
{
    for (size_t i = 0; i < device->compute.n_peaks; i++)
        if (strcmp(device->compute.peak[i].name, name) == 0)
            return &device->compute.peak[i];
    return NULL;
}

size_t device_pstates(const struct device *device)
{
    return device->clocks.n_pstates ? device->clocks.n_pstates : 1;
}

double device_relative_clock(const struct device *device, size_t pstate)
{
    if (device->clocks.n_pstates == 0)
        return 1;
    return device->clocks.pstate[pstate].clock_Hz / device->clocks.nominal_Hz;
}

double device_relative_voltage(const struct device *device, size_t pstate)
{
    if (device->clocks.n_pstates == 0)
        return 1;
    return device->clocks.pstate[pstate].voltage_V / device->clocks.nominal_V;
}
