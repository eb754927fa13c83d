/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "devices/parameters.h"

#include "base/memory.h"

#include <stddef.h>

enum { RUNS = DEVICE_FROM_RUNS, OPERATORS = DEVICE_FROM_OPERATORS, BOTH = RUNS | OPERATORS };

/* Within a class shares scatter by some points, times by a factor of e; what it takes to unpack a
 * weight is the kernel's, which devices of a class have in common; before matrix units some kernels
 * unpack whole matrices to memory, others nothing. What is drawn at idle and at work differs with
 * what a meter takes in. */
#define SHARE_SIGMA 0.05
#define TIME_SIGMA 1
#define UNPACK_SIGMA 0.3
#define WATTS_SIGMA 0.5
#define LEAKAGE_SIGMA 0.2
#define CAP_SIGMA 0.2
#define MATRIX_UNPACK_SIGMA 0.5
#define EXPERT_SIGMA 0.7

#define SHARE(path, key, member, from)                                                             \
    {                                                                                              \
        {path, key, 1, FIT_LOGIT, 0.001, 1, SHARE_SIGMA, from, NULL},                              \
            offsetof(struct device, member)                                                        \
    }
#define TIME(path, key, unit, member, from)                                                        \
    {                                                                                              \
        {path, key, unit, FIT_LOG, 1e-12, 1, TIME_SIGMA, from, NULL},                              \
            offsetof(struct device, member)                                                        \
    }

#define DRAW(key, unit, member, most, sigma)                                                       \
    {                                                                                              \
        {"power", key, unit, FIT_LOG, 1e-18, most, sigma, DEVICE_FROM_POWER, NULL},                \
            offsetof(struct device, member)                                                        \
    }

static const struct scalar {
    struct device_parameter parameter;
    size_t offset;
} scalars[] = {
    SHARE("memory", "efficiency", memory.efficiency, BOTH),
    SHARE("compute", "efficiency", compute.efficiency, BOTH),
    SHARE("compute", "quantised_efficiency", compute.quantised_efficiency, RUNS),
    {{"compute", "expert_rows", 1, FIT_LOG, 1e-3, 65536, EXPERT_SIGMA, RUNS, NULL},
     offsetof(struct device, compute.expert_rows)},
    TIME("overheads", "operator_us", 1e-6, overheads.operator_s, BOTH),
    TIME("overheads", "element_us", 1e-6, overheads.element_s, BOTH),
    TIME("overheads", "pass_us", 1e-6, overheads.pass_s, RUNS),
    SHARE("attention", "efficiency", attention.efficiency, BOTH),
    SHARE("attention", "kv_efficiency", attention.kv_efficiency, BOTH),
    SHARE("attention", "mixed_kv_efficiency", attention.mixed_kv_efficiency, OPERATORS),
    TIME("attention", "decode_us", 1e-6, attention.decode_s, OPERATORS),
    TIME("attention", "prefill_us", 1e-6, attention.prefill_s, OPERATORS),
    TIME("attention", "us_per_sequence", 1e-6, attention.s_per_sequence, OPERATORS),
    TIME("attention", "us_per_tile", 1e-6, attention.s_per_tile, OPERATORS),
    TIME("attention", "us_per_empty_tile", 1e-6, attention.s_per_empty_tile, OPERATORS),
    DRAW("idle_W", 1, power.idle_W, 1e6, WATTS_SIGMA),
    DRAW("active_W", 1, power.active_W, 1e6, WATTS_SIGMA),
    DRAW("pJ_per_FLOP", 1e-12, power.flop_J, 1, WATTS_SIGMA),
    DRAW("pJ_per_byte", 1e-12, power.byte_J, 1, WATTS_SIGMA),
    DRAW("cap_W", 1, power.cap_W, 1e6, CAP_SIGMA),
    DRAW("leakage.reference_W", 1, power.leakage.reference_W, 1e6, LEAKAGE_SIGMA),
    TIME("attention", "ns_per_head_token", 1e-9, attention.s_per_head_token, RUNS),
    SHARE("memory", "element_efficiency", memory.element_efficiency, OPERATORS),
};
enum { SCALARS = sizeof scalars / sizeof *scalars };

size_t device_parameters(const struct device *device)
{
    return SCALARS + 2 * device->compute.n_dequant;
}

/* Formats follow the scalars, twice: on vector units, then on matrix units. */
static struct device_dequant *format_of(const struct device *device, size_t i)
{
    return &device->compute.dequant[(i - SCALARS) % device->compute.n_dequant];
}

static bool on_matrix_units(const struct device *device, size_t i)
{
    return i - SCALARS >= device->compute.n_dequant;
}

void device_parameter(const struct device *device, size_t i, struct device_parameter *out)
{
    if (i < SCALARS) {
        *out = scalars[i].parameter;
        return;
    }
    bool matrix = on_matrix_units(device, i);
    *out = (struct device_parameter){.path = "compute.dequant",
                                     .format = format_of(device, i)->name,
                                     .key = matrix ? "matrix_ops_per_weight" : "ops_per_weight",
                                     .scale = 1,
                                     .coordinate = FIT_LOG,
                                     .low = 0.01,
                                     .high = 1e4,
                                     .sigma = matrix ? MATRIX_UNPACK_SIGMA : UNPACK_SIGMA,
                                     .evidence = RUNS};
}

double *device_parameter_value(struct device *device, size_t i)
{
    if (i >= SCALARS)
        return on_matrix_units(device, i) ? &format_of(device, i)->matrix_ops_per_weight
                                          : &format_of(device, i)->ops_per_weight;
    void *member = (char *)device + scalars[i].offset;
    return member;
}

char *device_parameter_path(const struct device_parameter *parameter)
{
    return parameter->format
               ? mem_printf("%s.%s.%s", parameter->path, parameter->format, parameter->key)
               : mem_printf("%s.%s", parameter->path, parameter->key);
}
