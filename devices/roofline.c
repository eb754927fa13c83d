/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "devices/roofline.h"

#include <math.h>
#include <string.h>

double device_norm(double a, double b, double p)
{
    if (p == 2)
        return sqrt(a * a + b * b);
    double high = a > b ? a : b, low = a > b ? b : a;
    if (low <= 0)
        return high;
    return high * pow(1 + pow(low / high, p), 1 / p);
}

static bool is_float(const struct workload_format *format)
{
    return !format || format->block_weights == 1;
}

static const struct device_peak *peak_for(const struct device *device,
                                          const struct workload_format *format)
{
    const struct device_compute *compute = &device->compute;
    return device_find_peak(device,
                            is_float(format) ? compute->float_weights : compute->quantised_weights);
}

static double round_up(double rows, double multiple)
{
    return multiple > 1 ? ceil(rows / multiple) * multiple : rows;
}

/* Rows of a matrix product: few ones count as the least that such products are made for. */
static double matrix_rows(const struct device_compute *compute, double rows)
{
    double least = fmax(rows, (double)compute->vector_rows + 1);
    return round_up(least,
                    (double)(compute->fixed_rows ? compute->fixed_rows : compute->tile_rows));
}

/* More than vector_rows go through the matrix units, and fewer where they are done sooner there. */
static bool on_matrix(const struct device_compute *compute, const struct device_peak *peak,
                      double efficiency, double rows)
{
    return rows > (double)compute->vector_rows ||
           matrix_rows(compute, rows) / (efficiency * peak->matrix_FLOPps) <
               rows / peak->vector_FLOPps;
}

/* eff_c */
static double efficiency_for(const struct device *device, const struct workload_format *format)
{
    const struct device_compute *compute = &device->compute;
    return is_float(format) || compute->quantised_efficiency <= 0 ? compute->efficiency
                                                                  : compute->quantised_efficiency;
}

bool device_on_matrix(const struct device *device, const struct workload_format *format,
                      double rows)
{
    return on_matrix(&device->compute, peak_for(device, format), efficiency_for(device, format),
                     rows);
}

/* Attention reaches the same share of the peak on both kinds of units. */
static bool attention_on_matrix(const struct device *device, double rows)
{
    return on_matrix(&device->compute, peak_for(device, NULL), 1, rows);
}

double device_attention_FLOPps(const struct device *device, double rows)
{
    const struct device_peak *peak = peak_for(device, NULL);
    return attention_on_matrix(device, rows) ? peak->matrix_FLOPps : peak->vector_FLOPps;
}

double device_padded_rows(const struct device *device, const struct workload_format *format,
                          double rows)
{
    return device_on_matrix(device, format, rows) ? matrix_rows(&device->compute, rows) : rows;
}

double device_rate_FLOPps(const struct device *device, const struct workload_format *format,
                          double rows)
{
    const struct device_peak *peak = peak_for(device, format);
    return device_on_matrix(device, format, rows)
               ? efficiency_for(device, format) * peak->matrix_FLOPps
               : peak->vector_FLOPps;
}

double device_unit_FLOPps(const struct device *device, const struct workload_format *format,
                          double rows)
{
    const struct device_peak *peak = peak_for(device, format);
    return device_on_matrix(device, format, rows) ? peak->matrix_FLOPps : peak->vector_FLOPps;
}

double device_stream_Bps(const struct device *device, double clock)
{
    double dram = device->memory.efficiency * device->memory.bandwidth_Bps;
    double port = device->memory.noc_Bps > 0 ? clock * device->memory.noc_Bps : INFINITY;
    return fmin(dram, port);
}

/* The bandwidth of a cache follows the core clock. */
double device_read_Bps(const struct device *device, const struct device_condition *at,
                       double reuse_B)
{
    const struct device_memory *memory = &device->memory;
    for (size_t i = 0; i < memory->n_caches; i++)
        if (reuse_B <= memory->cache[i].capacity_B)
            return at->clock * memory->cache[i].bandwidth_Bps;
    return fmin(device_stream_Bps(device, at->clock), at->bandwidth_Bps);
}

/* c_q */
static double dequant_s(const struct device *device, const struct workload_format *format)
{
    for (size_t i = 0; format && i < device->compute.n_dequant; i++)
        if (strcmp(device->compute.dequant[i].name, format->name) == 0)
            return device->compute.dequant[i].ops_per_weight /
                   peak_for(device, NULL)->vector_FLOPps;
    return 0;
}

void device_cost_add(struct device_cost *to, const struct device_cost *from, double count,
                     double slowness)
{
    double scale = count * slowness;
    to->time_s += scale * from->time_s;
    to->time_per_context_s += scale * from->time_per_context_s;
    to->time_per_window_s += scale * from->time_per_window_s;
    to->overhead_s += scale * from->overhead_s;
    to->compute_s += scale * from->compute_s;
    to->memory_s += scale * from->memory_s;
    to->flops += count * from->flops;
    to->flops_per_context += count * from->flops_per_context;
    to->flops_per_window += count * from->flops_per_window;
    to->bytes += count * from->bytes;
    to->bytes_per_context += count * from->bytes_per_context;
    to->bytes_per_window += count * from->bytes_per_window;
}

/* How a matrix product goes: a dense one at once, one of experts as a product for each expert that
 * any row chose, each with its part of the rows. */
struct product {
    double share; /* of the weights, that is read and dequantised */
    double count, rows, flops_per_row;
};

static struct product split(const struct workload_operator *op, double rows)
{
    double share = workload_operator_share(op, rows);
    if (op->experts == 0)
        return (struct product){share, 1, rows, op->flops_per_row};
    double chosen = op->experts * share;
    return (struct product){share, chosen, rows * op->experts_used / chosen,
                            op->flops_per_row / op->experts_used};
}

static double product_s(const struct device *device, const struct workload_operator *op,
                        const struct product *product)
{
    double padded = device_padded_rows(device, op->format, product->rows);
    double flops = product->count * padded * product->flops_per_row;
    return flops / device_rate_FLOPps(device, op->format, product->rows) +
           dequant_s(device, op->format) * product->share * op->weights;
}

/* Embedding, products and element-wise operators: all rows go through alike. */
static struct device_cost dense_cost(const struct device *device,
                                     const struct workload_operator *op, double rows,
                                     const struct device_condition *at)
{
    struct device_cost one = {0};
    struct product product = split(op, rows);
    double overhead = device->overheads.operator_s / at->clock;
    double activation_B = rows * op->activation_bytes_per_row;
    double weight_B = product.share * op->weight_bytes;
    one.bytes = weight_B + activation_B;
    one.memory_s = activation_B / device_read_Bps(device, at, activation_B);
    if (weight_B > 0)
        one.memory_s += weight_B / device_read_Bps(device, at, at->pass_weight_bytes);
    one.flops = rows * op->flops_per_row;
    if (op->kind == WORKLOAD_MATMUL)
        one.compute_s = product_s(device, op, &product) / at->clock;
    one.overhead_s = overhead;
    one.time_s = overhead + device_norm(one.compute_s, one.memory_s, device->compute.overlap_p);
    return one;
}

void device_operator_cost(const struct device *device, const struct workload_operator *op,
                          const struct device_pass *pass, const struct device_condition *at,
                          double count, struct device_cost *cost)
{
    bool attention = op->kind == WORKLOAD_ATTENTION;
    double rows = op->rows == WORKLOAD_ROWS_SAMPLED ? pass->sampled : pass->rows;
    if (!attention && rows <= 0)
        return;
    struct device_cost one =
        attention ? device_attention_cost(device, op, pass, at) : dense_cost(device, op, rows, at);
    device_cost_add(cost, &one, count, device->software.factor);
}

double device_dasi(const struct device *device, const struct workload_format *format, double rows,
                   const struct device_cost *cost, double clock)
{
    double rate = device_unit_FLOPps(device, format, rows) * clock;
    return cost->time_s > 0 ? cost->flops / (cost->time_s * rate) : 0;
}
