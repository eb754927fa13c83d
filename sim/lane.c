/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/lane.h"

#include "base/memory.h"
#include "devices/gear.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Which rows of a pass go through a unit: it may serve prefill rows, decode rows or both at once.
 */
enum rows_of { OF_PREFILL, OF_DECODE, OF_BOTH, ROWS_OF };

/* Costs by number of rows, filled when first asked for. */
struct cost_table {
    struct device_cost *cost; /* (capacity) */
    bool *known;
    size_t capacity;
};

/* What a device was last asked for: the same again while limits and steps are settled. */
struct asked {
    bool known;
    size_t gear;
    struct sim_pass pass;
    struct device_cost cost;
};

/* Operators of one kind, by class. */
struct operator_at {
    size_t class, op;
};

struct sim_lane {
    const struct sim_system *system;
    size_t most_pstates;
    uint32_t *units;               /* (ROWS_OF, n_classes, n_devices) */
    uint32_t *cuts;                /* (ROWS_OF, n_devices, n_devices) */
    struct cost_table *dense;      /* (ROWS_OF, n_devices, most_pstates) by rows */
    struct cost_table *sampled;    /* the same by sampled rows */
    struct operator_at *attention; /* (n_attention) */
    size_t n_attention;
    struct asked *asked; /* (n_devices) */
    struct sim_pass_cost result;
};

bool sim_plan_disjoint(const struct sim_plan *plan)
{
    for (size_t d = 0; d < plan->n_devices; d++) {
        bool prefill = memchr(plan->prefill, (int)d, plan->n_units) != NULL;
        bool decode = memchr(plan->decode, (int)d, plan->n_units) != NULL;
        if (prefill && decode)
            return false;
    }
    return true;
}

static uint32_t *units_at(const struct sim_lane *lane, enum rows_of of, size_t class)
{
    const struct sim_system *system = lane->system;
    return &lane->units[((size_t)of * system->n_classes + class) * system->n_devices];
}

static uint32_t *cut_at(const struct sim_lane *lane, enum rows_of of, size_t from, size_t to)
{
    size_t n = lane->system->n_devices;
    return &lane->cuts[((size_t)of * n + from) * n + to];
}

static void count_cut(struct sim_lane *lane, enum rows_of of, size_t from, size_t to)
{
    if (from != to)
        (*cut_at(lane, of, from, to))++;
}

static void count_units(struct sim_lane *lane, const struct sim_plan *plan, enum sim_lane_role role)
{
    const struct sim_system *system = lane->system;
    for (size_t u = 0; u < system->n_units; u++) {
        size_t class = system->class_of[u], p = plan->prefill[u], d = plan->decode[u];
        if (role == SIM_LANE_BOTH && p == d) {
            units_at(lane, OF_BOTH, class)[p]++;
            continue;
        }
        if (role != SIM_LANE_DECODE)
            units_at(lane, OF_PREFILL, class)[p]++;
        if (role != SIM_LANE_PREFILL)
            units_at(lane, OF_DECODE, class)[d]++;
    }
}

static void count_cuts(struct sim_lane *lane, const struct sim_plan *plan, enum sim_lane_role role)
{
    for (size_t u = 0; u + 1 < lane->system->n_units; u++) {
        size_t p = plan->prefill[u], q = plan->prefill[u + 1];
        size_t d = plan->decode[u], e = plan->decode[u + 1];
        if (role == SIM_LANE_BOTH && p == d && q == e) {
            count_cut(lane, OF_BOTH, p, q);
            continue;
        }
        if (role != SIM_LANE_DECODE)
            count_cut(lane, OF_PREFILL, p, q);
        if (role != SIM_LANE_PREFILL)
            count_cut(lane, OF_DECODE, d, e);
    }
}

static void find_attention(struct sim_lane *lane)
{
    const struct sim_system *system = lane->system;
    lane->attention =
        mem_calloc(system->n_classes * WORKLOAD_UNIT_OPERATORS, sizeof *lane->attention);
    for (size_t c = 0; c < system->n_classes; c++)
        for (size_t i = 0; i < system->class[c].n_ops; i++)
            if (system->class[c].op[i].kind == WORKLOAD_ATTENTION)
                lane->attention[lane->n_attention++] = (struct operator_at){c, i};
}

struct sim_lane *sim_lane_create(const struct sim_system *system, const struct sim_plan *plan,
                                 enum sim_lane_role role)
{
    struct sim_lane *lane = mem_calloc(1, sizeof *lane);
    size_t n = system->n_devices;
    lane->system = system;
    for (size_t d = 0; d < n; d++)
        if (device_pstates(&system->platform->device[d]) > lane->most_pstates)
            lane->most_pstates = device_pstates(&system->platform->device[d]);
    lane->units = mem_calloc(ROWS_OF * system->n_classes * n, sizeof *lane->units);
    lane->cuts = mem_calloc(ROWS_OF * n * n, sizeof *lane->cuts);
    lane->dense = mem_calloc(ROWS_OF * n * lane->most_pstates, sizeof *lane->dense);
    lane->sampled = mem_calloc(ROWS_OF * n * lane->most_pstates, sizeof *lane->sampled);
    lane->result.device = mem_calloc(n, sizeof *lane->result.device);
    lane->asked = mem_calloc(n, sizeof *lane->asked);
    count_units(lane, plan, role);
    count_cuts(lane, plan, role);
    find_attention(lane);
    return lane;
}

void sim_lane_destroy(struct sim_lane *lane)
{
    if (!lane)
        return;
    size_t tables = ROWS_OF * lane->system->n_devices * lane->most_pstates;
    for (size_t i = 0; i < tables; i++) {
        free(lane->dense[i].cost);
        free(lane->dense[i].known);
        free(lane->sampled[i].cost);
        free(lane->sampled[i].known);
    }
    free(lane->dense);
    free(lane->sampled);
    free(lane->units);
    free(lane->cuts);
    free(lane->attention);
    free(lane->asked);
    free(lane->result.device);
    free(lane);
}

bool sim_lane_uses(const struct sim_lane *lane, size_t device)
{
    for (int of = 0; of < ROWS_OF; of++)
        for (size_t c = 0; c < lane->system->n_classes; c++)
            if (units_at(lane, (enum rows_of)of, c)[device] > 0)
                return true;
    return false;
}

/* Which operators but attention a sum takes. */
enum pick { PICK_DENSE, PICK_SAMPLED };

static bool picked(const struct workload_operator *op, enum pick pick)
{
    return op->kind != WORKLOAD_ATTENTION &&
           (op->rows == WORKLOAD_ROWS_SAMPLED ? pick == PICK_SAMPLED : pick == PICK_DENSE);
}

/* Where in the lane a sum is taken. */
struct corner {
    enum rows_of of;
    size_t device, pstate;
};

static struct device_condition condition_at(const struct sim_lane *lane, const struct corner *at)
{
    const struct sim_system *system = lane->system;
    return (struct device_condition){
        .clock = device_relative_clock(&system->platform->device[at->device], at->pstate),
        .bandwidth_Bps = INFINITY,
        .pass_weight_bytes = system->weights_B,
    };
}

static void sum_attention(const struct sim_lane *lane, const struct corner *at,
                          const struct device_pass *pass, struct device_cost *out)
{
    const struct sim_system *system = lane->system;
    const struct device *device = &system->platform->device[at->device];
    struct device_condition condition = condition_at(lane, at);
    for (size_t i = 0; i < lane->n_attention; i++) {
        const struct operator_at *which = &lane->attention[i];
        double count = units_at(lane, at->of, which->class)[at->device];
        if (count > 0)
            device_operator_cost(device, &system->class[which->class].op[which->op], pass,
                                 &condition, count, out);
    }
}

static void sum_operators(const struct sim_lane *lane, const struct corner *at, enum pick pick,
                          const struct device_pass *pass, struct device_cost *out)
{
    const struct sim_system *system = lane->system;
    const struct device *device = &system->platform->device[at->device];
    struct device_condition condition = condition_at(lane, at);
    for (size_t c = 0; c < system->n_classes; c++) {
        double count = units_at(lane, at->of, c)[at->device];
        if (count == 0)
            continue;
        for (size_t i = 0; i < system->class[c].n_ops; i++)
            if (picked(&system->class[c].op[i], pick))
                device_operator_cost(device, &system->class[c].op[i], pass, &condition, count, out);
    }
}

static void make_room(struct cost_table *table, size_t rows)
{
    if (rows < table->capacity)
        return;
    size_t capacity = rows + rows / 2 + 64;
    table->cost = mem_realloc(table->cost, capacity, sizeof *table->cost);
    table->known = mem_realloc(table->known, capacity, sizeof *table->known);
    memset(table->known + table->capacity, 0, capacity - table->capacity);
    table->capacity = capacity;
}

/* The kept cost of `rows` rows through the dense or the sampled operators of a corner. */
static void add_kept(struct sim_lane *lane, const struct corner *at, enum pick pick, uint64_t rows,
                     struct device_cost *cost)
{
    if (rows == 0)
        return;
    size_t index =
        ((size_t)at->of * lane->system->n_devices + at->device) * lane->most_pstates + at->pstate;
    struct cost_table *table = pick == PICK_DENSE ? &lane->dense[index] : &lane->sampled[index];
    make_room(table, rows);
    if (!table->known[rows]) {
        struct device_pass pass = {.rows = (double)rows, .sampled = (double)rows};
        struct device_cost fresh = {0};
        sum_operators(lane, at, pick, &pass, &fresh);
        table->cost[rows] = fresh;
        table->known[rows] = true;
    }
    device_cost_add(cost, &table->cost[rows], 1, 1);
}

static void add_corner(struct sim_lane *lane, const struct corner *at, const struct sim_pass *pass,
                       struct device_cost *cost)
{
    bool prefill = at->of != OF_DECODE && pass->prefill_rows > 0;
    bool decode = at->of != OF_PREFILL && pass->decode_rows > 0;
    uint64_t rows = (prefill ? pass->prefill_rows : 0) + (decode ? pass->decode_rows : 0);
    uint64_t sampled =
        (prefill ? pass->sampled - pass->decode_rows : 0) + (decode ? pass->decode_rows : 0);
    add_kept(lane, at, PICK_DENSE, rows, cost);
    add_kept(lane, at, PICK_SAMPLED, sampled, cost);
    if (rows == 0)
        return;
    struct device_pass whole = {
        .rows = (double)rows,
        .decode_sequences = decode ? (double)pass->decode_rows : 0,
        .prefill_sequences = prefill ? (double)pass->prefill_sequences : 0,
        .prefill_rows = prefill ? (double)pass->prefill_rows : 0,
        .prefill_pairs = prefill ? pass->prefill_pairs : 0,
        .prefill_window_pairs = prefill ? pass->prefill_window_pairs : 0,
        .decode_context = decode ? (double)pass->contexts.sum : 0,
        .decode_window = decode ? (double)pass->window.sum : 0,
    };
    struct device_cost attention = {0};
    sum_attention(lane, at, &whole, &attention);
    if (!decode) {
        attention.time_per_context_s = attention.time_per_window_s = 0;
        attention.flops_per_context = attention.flops_per_window = 0;
        attention.bytes_per_context = attention.bytes_per_window = 0;
    }
    device_cost_add(cost, &attention, 1, 1);
}

static struct device_cost price_pstate(struct sim_lane *lane, const struct sim_pass *pass,
                                       size_t device, size_t pstate)
{
    struct device_cost cost = {0};
    for (int of = 0; of < ROWS_OF; of++) {
        struct corner at = {(enum rows_of)of, device, pstate};
        add_corner(lane, &at, pass, &cost);
    }
    return cost;
}

/* Between two P-states on the line that joins them over 1/f: exact for what waits for the clock or
 * for the memory alone, a little long where both overlap. */
static struct device_cost price_gear(struct sim_lane *lane, const struct sim_pass *pass,
                                     size_t device, size_t gear)
{
    const struct device *spec = &lane->system->platform->device[device];
    size_t pstate = gear / DEVICE_GEARS;
    struct device_cost fast = price_pstate(lane, pass, device, pstate);
    if (gear % DEVICE_GEARS == 0)
        return fast;
    struct device_cost slow = price_pstate(lane, pass, device, pstate + 1), cost = {0};
    double high = device_relative_clock(spec, pstate),
           low = device_relative_clock(spec, pstate + 1);
    double share = (1 / device_gear_clock(spec, gear) - 1 / high) / (1 / low - 1 / high);
    device_cost_add(&cost, &fast, 1 - share, 1);
    device_cost_add(&cost, &slow, share, 1);
    return cost;
}

static bool same_contexts(const struct sim_contexts *a, const struct sim_contexts *b)
{
    return a->sum == b->sum && a->growth == b->growth;
}

static bool same_pass(const struct sim_pass *a, const struct sim_pass *b)
{
    return a->decode_rows == b->decode_rows && same_contexts(&a->contexts, &b->contexts) &&
           same_contexts(&a->window, &b->window) && a->prefill_rows == b->prefill_rows &&
           a->prefill_sequences == b->prefill_sequences && a->prefill_pairs == b->prefill_pairs &&
           a->prefill_window_pairs == b->prefill_window_pairs && a->sampled == b->sampled;
}

struct device_cost sim_lane_price_device(struct sim_lane *lane, const struct sim_pass *pass,
                                         size_t device, size_t gear)
{
    struct asked *asked = &lane->asked[device];
    if (!asked->known || asked->gear != gear || !same_pass(&asked->pass, pass)) {
        asked->cost = price_gear(lane, pass, device, gear);
        asked->pass = *pass;
        asked->gear = gear;
        asked->known = true;
    }
    return asked->cost;
}

static uint64_t rows_through(const struct sim_pass *pass, enum rows_of of)
{
    return (of != OF_DECODE ? pass->prefill_rows : 0) + (of != OF_PREFILL ? pass->decode_rows : 0);
}

double sim_lane_cut_B(const struct sim_lane *lane, const struct sim_pass *pass, size_t pair)
{
    size_t from = pair / lane->system->n_devices, to = pair % lane->system->n_devices;
    double bytes = 0;
    for (int of = 0; of < ROWS_OF; of++)
        bytes += *cut_at(lane, (enum rows_of)of, from, to) *
                 (double)rows_through(pass, (enum rows_of)of) * lane->system->row_B;
    return bytes;
}

static void add_cuts(struct sim_lane *lane, const struct sim_pass *pass)
{
    const struct sim_system *system = lane->system;
    size_t n = system->n_devices;
    for (int of = 0; of < ROWS_OF; of++) {
        double rows = (double)rows_through(pass, (enum rows_of)of);
        for (size_t i = 0; rows > 0 && i < n; i++)
            for (size_t j = 0; j < n; j++) {
                double cuts = *cut_at(lane, (enum rows_of)of, i, j);
                if (cuts == 0)
                    continue;
                double bytes = cuts * rows * system->row_B;
                lane->result.transfer_s += sim_transfer_s(system, i, j, cuts, bytes);
                lane->result.link_J += bytes * system->route[i * n + j].byte_J;
            }
    }
}

const struct sim_pass_cost *sim_lane_price(struct sim_lane *lane, const struct sim_pass *pass,
                                           const uint16_t *gear)
{
    struct sim_pass_cost *out = &lane->result;
    out->step_s = (struct sim_affine){0};
    out->transfer_s = out->host_s = out->link_J = 0;
    for (size_t d = 0; d < lane->system->n_devices; d++) {
        out->device[d] = sim_lane_price_device(lane, pass, d, gear[d]);
        out->step_s.fixed += out->device[d].time_s;
        out->step_s.per_context += out->device[d].time_per_context_s;
        out->step_s.per_window += out->device[d].time_per_window_s;
        if (out->device[d].time_s > 0)
            out->host_s = fmax(out->host_s, lane->system->platform->device[d].overheads.pass_s);
    }
    add_cuts(lane, pass);
    out->step_s.fixed += out->transfer_s + out->host_s;
    return out;
}
