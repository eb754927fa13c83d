/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "devices/forward.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Formats and names point to constants, so equal operators have equal members. */
static bool same_operator(const struct workload_operator *a, const struct workload_operator *b)
{
    return a->name == b->name && a->kind == b->kind && a->rows == b->rows && a->joins == b->joins &&
           a->format == b->format && a->weights == b->weights &&
           a->weight_bytes == b->weight_bytes && a->flops_per_row == b->flops_per_row &&
           a->activation_bytes_per_row == b->activation_bytes_per_row &&
           a->shared_bytes_per_row == b->shared_bytes_per_row && a->experts == b->experts &&
           a->experts_used == b->experts_used && a->flops_per_pair == b->flops_per_pair &&
           a->kv_bytes_per_token == b->kv_bytes_per_token && a->q_heads == b->q_heads &&
           a->kv_heads == b->kv_heads && a->window == b->window;
}

static void add_operator(struct device_forward *out, const struct workload_operator *op)
{
    for (size_t i = 0; i < out->n; i++)
        if (same_operator(&out->op[i].op, op)) {
            out->op[i].count++;
            return;
        }
    out->op = mem_realloc(out->op, out->n + 1, sizeof *out->op);
    out->op[out->n++] = (struct device_forward_op){*op, 1};
}

void device_forward_init(struct device_forward *out, const struct workload_model *model)
{
    struct workload_operator op[WORKLOAD_UNIT_OPERATORS];
    *out = (struct device_forward){.kv_bytes_per_token = workload_model_kv_bytes(model)};
    for (size_t unit = 0; unit < workload_units(model); unit++) {
        memset(op, 0, sizeof op);
        size_t n = workload_unit_operators(model, unit, op);
        for (size_t i = 0; i < n; i++) {
            add_operator(out, &op[i]);
            out->weight_bytes += op[i].weight_bytes;
            out->expert_bytes += op[i].experts > 0 ? op[i].weight_bytes : 0;
            if (op[i].window > 0) {
                out->windows = true;
                out->window = op[i].window;
            }
        }
    }
}

void device_forward_free(struct device_forward *forward)
{
    free(forward->op);
    *forward = (struct device_forward){0};
}

/* Weights and cache that a pass touches: experts by the share that its rows choose. */
static double pass_bytes(const struct device_forward *forward, const struct device_pass *pass,
                         double contexts, double scale)
{
    double bytes = forward->kv_bytes_per_token * contexts;
    for (size_t i = 0; i < forward->n; i++) {
        const struct workload_operator *op = &forward->op[i].op;
        if (op->weight_bytes > 0)
            bytes += scale * forward->op[i].count * op->weight_bytes *
                     workload_operator_share(op, fmax(1, pass->rows));
    }
    return bytes;
}

/* What one pass attends to. */
struct contexts {
    double all, window; /* of its decode rows together */
    double held;        /* in the cache, over all its sequences */
};

static double scale_of(const struct device_run *run)
{
    return run->weight_scale > 0 ? run->weight_scale : 1;
}

/* Time to fetch what memory does not hold. A pass is a cyclic scan: when it touches more than fits,
 * the least recently used is always what comes next, and all of it is fetched. When it does not,
 * only those experts are missing that there was no room for, in proportion. */
static double paging_s(const struct device_forward *forward, const struct device_run *run,
                       double touched_B, double cache_B)
{
    if (run->memory_B <= 0 || run->store_Bps <= 0)
        return 0;
    if (touched_B > run->memory_B)
        return touched_B / run->store_Bps;
    double scale = scale_of(run), experts_B = scale * forward->expert_bytes;
    double over_B = scale * forward->weight_bytes + cache_B - run->memory_B;
    if (experts_B <= 0 || over_B <= 0)
        return 0;
    double dense_B = scale * (forward->weight_bytes - forward->expert_bytes);
    double used_B = fmax(0, touched_B - dense_B - cache_B);
    return fmin(1, over_B / experts_B) * used_B / run->store_Bps;
}

static struct device_spent pass_spent(const struct device *device,
                                      const struct device_forward *forward,
                                      const struct device_pass *pass,
                                      const struct contexts *contexts, const struct device_run *run)
{
    struct device_cost cost = {0};
    double scale = scale_of(run), clock = run->clock > 0 ? run->clock : 1;
    double touched_B = pass_bytes(forward, pass, contexts->held, scale);
    double cache_B = forward->kv_bytes_per_token * contexts->held;
    struct device_condition at = {clock, INFINITY, touched_B};
    for (size_t i = 0; i < forward->n; i++) {
        struct workload_operator op = forward->op[i].op;
        op.weight_bytes *= scale;
        device_operator_cost(device, &op, pass, &at, forward->op[i].count, &cost);
    }
    return (struct device_spent){.pressure = run->memory_B > 0 ? touched_B / run->memory_B : 0,
                                 .time_s = device->overheads.pass_s +
                                           paging_s(forward, run, touched_B, cache_B) +
                                           cost.time_s + cost.time_per_context_s * contexts->all +
                                           cost.time_per_window_s * contexts->window,
                                 .flops = cost.flops + cost.flops_per_context * contexts->all +
                                          cost.flops_per_window * contexts->window,
                                 .bytes = cost.bytes + cost.bytes_per_context * contexts->all +
                                          cost.bytes_per_window * contexts->window};
}

/* Context tokens of rows first+1 ... first+rows, each its own included, at most `window` each. */
static double pairs(double first, double rows, double window)
{
    double growing = fmin(rows, fmax(0, window - first));
    double pairs = growing * first + growing * (growing + 1) / 2;
    return rows > growing ? pairs + (rows - growing) * window : pairs;
}

static double window_of(const struct device_forward *forward)
{
    return forward->windows ? forward->window : INFINITY;
}

static void add(struct device_spent *to, struct device_spent from, double count)
{
    to->time_s += count * from.time_s;
    to->flops += count * from.flops;
    to->bytes += count * from.bytes;
    to->pressure = fmax(to->pressure, from.pressure);
}

struct device_spent device_prefill(const struct device *device,
                                   const struct device_forward *forward,
                                   const struct device_run *run)
{
    struct device_spent all = {0};
    for (double done = 0; done < run->tokens;) {
        double rows = fmin(run->tokens - done, run->ubatch);
        double depth = run->depth + done;
        done += rows;
        struct device_pass pass = {
            .rows = rows * run->batch,
            .sampled = done >= run->tokens ? run->batch : 0,
            .prefill_sequences = run->batch,
            .prefill_rows = rows * run->batch,
            .prefill_pairs = run->batch * pairs(depth, rows, INFINITY),
            .prefill_window_pairs = run->batch * pairs(depth, rows, window_of(forward)),
        };
        struct contexts contexts = {0, 0, run->batch * (depth + rows)};
        add(&all, pass_spent(device, forward, &pass, &contexts, run), 1);
    }
    return all;
}

struct device_spent device_decode(const struct device *device, const struct device_forward *forward,
                                  const struct device_run *run)
{
    struct device_spent total = {0};
    struct device_pass pass = {
        .rows = run->batch, .sampled = run->batch, .decode_sequences = run->batch};
    /* The cache level is that of the middle step. */
    double all = run->batch * pairs(run->depth, run->tokens, INFINITY) / run->tokens;
    double window = run->batch * pairs(run->depth, run->tokens, window_of(forward)) / run->tokens;
    struct contexts contexts = {all, window, all};
    add(&total, pass_spent(device, forward, &pass, &contexts, run), run->tokens);
    return total;
}
