/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plots/roofline.h"

#include "devices/roofline.h"

#include <math.h>
#include <string.h>

static enum roofline_group group_of(const struct workload_operator *op)
{
    if (op->kind == WORKLOAD_ATTENTION)
        return ROOFLINE_ATTENTION;
    if (op->kind != WORKLOAD_MATMUL)
        return ROOFLINE_PASS;
    if (strncmp(op->name, "attn", 4) == 0)
        return ROOFLINE_PROJECTIONS;
    return op->rows == WORKLOAD_ROWS_SAMPLED ? ROOFLINE_HEAD : ROOFLINE_FFN;
}

static void join(struct device_cost *sum, const struct device_cost *cost, double contexts)
{
    sum->flops += cost->flops + contexts * cost->flops_per_context;
    sum->bytes += cost->bytes + contexts * cost->bytes_per_context;
    sum->time_s += cost->time_s + contexts * cost->time_per_context_s;
}

static struct roofline_point point_of(const struct device_cost *sum)
{
    if (sum->flops <= 0)
        return (struct roofline_point){NAN, NAN};
    return (struct roofline_point){sum->flops / sum->bytes, sum->flops / sum->time_s};
}

/* One pass of all units on the device. */
static void place_pass(const struct device *device, const struct workload_model *model,
                       const struct device_condition *at, const struct device_pass *pass,
                       double contexts, struct roofline_point out[ROOFLINE_GROUPS])
{
    struct device_cost sum[ROOFLINE_GROUPS] = {0};
    struct workload_operator op[WORKLOAD_UNIT_OPERATORS];
    sum[ROOFLINE_PASS].time_s = device->overheads.pass_s * device->software.factor;
    for (size_t unit = 0; unit < workload_units(model); unit++) {
        size_t n = workload_unit_operators(model, unit, op);
        for (size_t i = 0; i < n; i++) {
            struct device_cost cost = {0};
            enum roofline_group group = group_of(&op[i]);
            device_operator_cost(device, &op[i], pass, at, 1, &cost);
            join(&sum[ROOFLINE_PASS], &cost, contexts);
            if (group != ROOFLINE_PASS)
                join(&sum[group], &cost, contexts);
        }
    }
    for (size_t g = 0; g < ROOFLINE_GROUPS; g++)
        out[g] = point_of(&sum[g]);
}

/* The storage format that most weights are multiplied in. */
static const struct workload_format *main_format(const struct workload_model *model)
{
    const struct workload_format *format[8] = {NULL};
    double weights[8] = {0};
    struct workload_operator op[WORKLOAD_UNIT_OPERATORS];
    for (size_t unit = 0; unit < workload_units(model); unit++) {
        size_t n = workload_unit_operators(model, unit, op);
        for (size_t i = 0, k; i < n; i++) {
            for (k = 0; k < 7 && format[k] && format[k] != op[i].format;)
                k++;
            format[k] = op[i].weights > 0 ? op[i].format : format[k];
            weights[k] += op[i].weights;
        }
    }
    size_t most = 0;
    for (size_t k = 1; k < 8; k++)
        most = weights[k] > weights[most] ? k : most;
    return format[most];
}

static void find_roof(const struct plot_roofline *what, size_t d, struct roofline_device *out)
{
    const struct device *device = &what->platform->device[d];
    const struct workload_format *format = main_format(what->model);
    const struct device_pool *pool =
        &what->platform->pool[device_platform_pool_of(what->platform, d)];
    const struct device_compute *compute = &device->compute;
    bool is_float = !format || format->block_weights == 1;
    const struct device_peak *peak =
        device_find_peak(device, is_float ? compute->float_weights : compute->quantised_weights);
    out->peak = peak->name;
    out->slope_Bps = fmin(device_stream_Bps(device, 1), pool->bandwidth_Bps);
    out->matrix_FLOPps = compute->efficiency * peak->matrix_FLOPps;
    out->vector_FLOPps = peak->vector_FLOPps;
    out->fits = workload_model_file_bytes(what->model) <= pool->capacity_B - pool->reserve_B;
}

void roofline_compute(const struct plot_roofline *what, size_t device, struct roofline_device *out)
{
    double rows = (double)what->rows, batch = (double)what->batch;
    struct device_pass prefill = {.rows = rows,
                                  .sampled = 1,
                                  .prefill_sequences = 1,
                                  .prefill_rows = rows,
                                  .prefill_pairs = rows * (rows + 1) / 2};
    struct device_pass decode = {.rows = batch, .sampled = batch, .decode_sequences = batch};
    *out = (struct roofline_device){.index = device};
    find_roof(what, device, out);
    struct device_condition at = {.clock = 1,
                                  .bandwidth_Bps = out->slope_Bps,
                                  .pass_weight_bytes = workload_model_file_bytes(what->model)};
    const struct device *where = &what->platform->device[device];
    place_pass(where, what->model, &at, &prefill, 0, out->prefill);
    out->prefill[ROOFLINE_HEAD] = (struct roofline_point){NAN, NAN};
    place_pass(where, what->model, &at, &decode, batch * (double)what->context, out->decode);
}
