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

/* Rows that matrix products are padded to a multiple of. */
static double tile_of(const struct device_compute *compute)
{
    return fmax(1, (double)(compute->fixed_rows ? compute->fixed_rows : compute->tile_rows));
}

/* Rows of a matrix product: few ones count as the least that such products are made for. */
static double matrix_rows(const struct device_compute *compute, double rows)
{
    return round_up(fmax(rows, (double)compute->vector_rows + 1), tile_of(compute));
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

/* Attention reaches the same share of the peak on both kinds of units, and pads to its own tiles:
 * few rows take the matrix units for as long as the least rows that those are made for. */
double device_attention_FLOPps(const struct device *device, double rows)
{
    const struct device_peak *peak = peak_for(device, NULL);
    double least = (double)device->compute.vector_rows + 1;
    return fmax(peak->matrix_FLOPps * fmin(1, rows / least),
                rows < least ? peak->vector_FLOPps : 0);
}

double device_unit_FLOPps(const struct device *device, const struct workload_format *format,
                          double rows)
{
    const struct device_peak *peak = peak_for(device, format);
    return device_on_matrix(device, format, rows) ? peak->matrix_FLOPps : peak->vector_FLOPps;
}

static double stream_Bps(const struct device *device, double efficiency, double clock)
{
    double dram = efficiency * device->memory.bandwidth_Bps;
    double port = device->memory.noc_Bps > 0 ? clock * device->memory.noc_Bps : INFINITY;
    return fmin(dram, port);
}

double device_stream_Bps(const struct device *device, double clock)
{
    return stream_Bps(device, device->memory.efficiency, clock);
}

/* The fastest of the levels that hold an operand, 0 when none does; a cache's bandwidth follows the
 * core clock. */
static double cache_Bps(const struct device *device, double reuse_B, double clock)
{
    const struct device_memory *memory = &device->memory;
    double best = 0;
    for (size_t i = 0; i < memory->n_caches; i++)
        if (reuse_B <= memory->cache[i].capacity_B)
            best = fmax(best, clock * memory->cache[i].bandwidth_Bps);
    return best;
}

double device_read_Bps(const struct device *device, const struct device_condition *at,
                       double reuse_B)
{
    return fmax(cache_Bps(device, reuse_B, at->clock),
                fmin(device_stream_Bps(device, at->clock), at->bandwidth_Bps));
}

double device_kv_Bps(const struct device *device, const struct device_condition *at,
                     double efficiency)
{
    return fmax(efficiency * cache_Bps(device, at->pass_weight_bytes, at->clock),
                fmin(stream_Bps(device, efficiency, at->clock), at->bandwidth_Bps));
}

/* c_q */
static double dequant_s(const struct device *device, const struct workload_format *format,
                        bool matrix)
{
    for (size_t i = 0; format && i < device->compute.n_dequant; i++) {
        const struct device_dequant *dequant = &device->compute.dequant[i];
        if (strcmp(dequant->name, format->name) != 0)
            continue;
        bool own = matrix && dequant->matrix_ops_per_weight > 0;
        return (own ? dequant->matrix_ops_per_weight : dequant->ops_per_weight) /
               peak_for(device, NULL)->vector_FLOPps;
    }
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
 * any row chose, each with its part of the rows. Seconds at the clock of the pass. */
struct product {
    const struct device_compute *compute;
    double count, rows;        /* products, rows of each */
    bool experts;              /* rows are a mean of products that differ */
    double matrix_s, vector_s; /* arithmetic of a row */
    double dequant_s[2];       /* to unpack the weights for vector and for matrix units */
    double weight_s;           /* to read them */
    double activation_s;       /* traffic of a row */
};

/* What some rows of it take on one kind of units. */
struct share_of_units {
    double compute_s, memory_s, time_s;
    double readings; /* of the weights */
};

/* Rows that are computed: experts have any number of rows, some more and some fewer than the mean,
 * so that a part of their tiles is empty whatever it is. */
static double padded(const struct product *product, double rows)
{
    if (!product->experts)
        return matrix_rows(product->compute, rows);
    return rows + product->compute->expert_rows;
}

static struct share_of_units on_units(const struct product *product, bool matrix, double rows)
{
    double most = (double)product->compute->vector_rows;
    double rounds = product->experts ? fmax(1, rows) : ceil(rows / most);
    struct share_of_units out = {.readings = product->count * (matrix ? 1 : rounds)};
    double row_s = matrix ? padded(product, rows) * product->matrix_s : rows * product->vector_s;
    out.compute_s = product->count * row_s + out.readings * product->dequant_s[matrix];
    out.memory_s = product->count * rows * product->activation_s + out.readings * product->weight_s;
    out.time_s = device_norm(out.compute_s, out.memory_s, product->compute->overlap_p);
    return out;
}

/* The last `left` rows on the vector units, vector_rows at a time, each time reading the weights;
 * the others before them on the matrix units. */
static struct share_of_units mixed(const struct product *product, double left)
{
    struct share_of_units out = on_units(product, false, left);
    if (left >= product->rows)
        return out;
    struct share_of_units tiles = on_units(product, true, product->rows - left);
    out.compute_s += tiles.compute_s;
    out.memory_s += tiles.memory_s;
    out.time_s += tiles.time_s;
    out.readings += tiles.readings;
    return out;
}

/* Whole tiles go through the matrix units, and so do the rows that are left unless the vector units
 * do them sooner, with a tile more where that fits. */
static struct share_of_units sooner(const struct product *product)
{
    struct share_of_units best = on_units(product, true, product->rows);
    double tile = tile_of(product->compute), most = (double)product->compute->vector_rows;
    if (most == 0)
        return best;
    double first = product->experts ? product->rows : fmod(product->rows, tile);
    double last = product->experts ? product->rows : fmin(product->rows, most + tile);
    double left = first > 0 ? first : tile;
    while (left <= last) {
        struct share_of_units other = mixed(product, left);
        if (other.time_s < best.time_s)
            best = other;
        left += tile;
    }
    return best;
}

/* 1 where nothing is told; beyond the first and last point as there. */
static double row_factor(const struct device_compute *compute, double rows)
{
    const struct device_row_factor *point = compute->row_factor;
    size_t n = compute->n_row_factors, i = 0;
    if (n == 0)
        return 1;
    while (i < n && point[i].rows < rows)
        i++;
    if (i == 0 || i == n)
        return point[i == 0 ? 0 : n - 1].factor;
    double share = log(rows / point[i - 1].rows) / log(point[i].rows / point[i - 1].rows);
    return point[i - 1].factor + share * (point[i].factor - point[i - 1].factor);
}

static struct product product_of(const struct device *device, const struct workload_operator *op,
                                 double rows, const struct device_condition *at)
{
    const struct device_peak *peak = peak_for(device, op->format);
    double share = workload_operator_share(op, rows), activation_B = op->activation_bytes_per_row;
    double chosen = op->experts > 0 ? op->experts * share : 1;
    double used = op->experts > 0 ? op->experts_used : 1;
    double row_flops = op->flops_per_row / used / at->clock;
    double weights = share * op->weights / chosen;
    struct product product = {
        .compute = &device->compute,
        .count = chosen,
        .rows = rows * used / chosen,
        .experts = op->experts > 0,
        .matrix_s = row_flops / (efficiency_for(device, op->format) * peak->matrix_FLOPps),
        .vector_s = row_flops / peak->vector_FLOPps,
        .dequant_s = {dequant_s(device, op->format, false) * weights / at->clock,
                      dequant_s(device, op->format, true) * weights / at->clock},
        .weight_s =
            share * op->weight_bytes / chosen / device_read_Bps(device, at, at->pass_weight_bytes),
        .activation_s = activation_B / used / device_read_Bps(device, at, rows * activation_B),
    };
    return product;
}

/* Embedding, products and element-wise operators: all rows go through alike. */
static struct device_cost dense_cost(const struct device *device,
                                     const struct workload_operator *whole, double rows,
                                     const struct device_condition *at)
{
    struct workload_operator own = *whole;
    const struct workload_operator *op = &own;
    bool matmul = op->kind == WORKLOAD_MATMUL, joined = op->joins && device->software.fused;
    bool element = !matmul && device->overheads.element_s > 0;
    own.activation_bytes_per_row -= joined ? own.shared_bytes_per_row : 0;
    double activation_B = rows * op->activation_bytes_per_row;
    double weight_B = workload_operator_share(op, rows) * op->weight_bytes;
    struct device_cost one = {.bytes = weight_B + activation_B, .flops = rows * op->flops_per_row};
    if (matmul) {
        struct product product = product_of(device, op, rows, at);
        struct share_of_units best = sooner(&product);
        best.time_s *= op->experts > 0 ? 1 : row_factor(&device->compute, rows);
        one.bytes = best.readings / product.count * weight_B + activation_B;
        one.compute_s = best.compute_s;
        one.memory_s = best.memory_s;
        one.time_s = best.time_s;
    } else {
        double share = device->memory.element_efficiency;
        one.memory_s =
            activation_B / (share > 0 ? share : 1) / device_read_Bps(device, at, activation_B);
        if (weight_B > 0)
            one.memory_s += weight_B / device_read_Bps(device, at, at->pass_weight_bytes);
        one.time_s = one.memory_s;
    }
    if (!joined)
        one.overhead_s =
            (element ? device->overheads.element_s : device->overheads.operator_s) / at->clock;
    one.time_s += one.overhead_s;
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
