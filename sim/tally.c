/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/memory.h"
#include "sim/score_tables.h"

#include <stdlib.h>
#include <string.h>

struct sim_tally *sim_tally_create(const struct sim_scorer *scorer)
{
    const struct sim_system *system = scorer->system;
    size_t n = system->n_devices;
    struct sim_tally *tally = mem_calloc(1, sizeof *tally);
    tally->scorer = scorer;
    sim_plan_init(&tally->plan, system);
    tally->units = mem_calloc(2 * system->n_classes * n, sizeof *tally->units);
    tally->cuts = mem_calloc(2 * n * n, sizeof *tally->cuts);
    tally->kv_moves = mem_calloc(n * n, sizeof *tally->kv_moves);
    tally->used = mem_calloc(n, sizeof *tally->used);
    tally->weights_B = mem_calloc(2 * system->n_pools, sizeof *tally->weights_B);
    tally->kv_B = tally->weights_B + system->n_pools;
    sim_tally_set(tally, &tally->plan);
    return tally;
}

void sim_tally_destroy(struct sim_tally *tally)
{
    if (!tally)
        return;
    sim_plan_free(&tally->plan);
    free(tally->units);
    free(tally->cuts);
    free(tally->kv_moves);
    free(tally->used);
    free(tally->weights_B);
    free(tally);
}

const struct sim_plan *sim_tally_plan(const struct sim_tally *tally)
{
    return &tally->plan;
}

static void count_cut(struct sim_tally *tally, bool decode, size_t left, int by)
{
    const struct sim_system *system = tally->scorer->system;
    const uint8_t *where = decode ? tally->plan.decode : tally->plan.prefill;
    size_t n = system->n_devices;
    if (left + 1 < system->n_units && where[left] != where[left + 1])
        tally->cuts[((size_t)decode * n + where[left]) * n + where[left + 1]] += (uint32_t)by;
}

/* Adds (by = 1) or removes (by = -1) what unit `u` brings in one phase or both. */
static void count_unit(struct sim_tally *tally, size_t u, int by)
{
    const struct sim_system *system = tally->scorer->system;
    size_t class = system->class_of[u], n = system->n_devices;
    size_t prefill = tally->plan.prefill[u], decode = tally->plan.decode[u];
    double kv_B = system->class[class].kv_bytes_per_token;
    sim_units_at(tally, false, class)[prefill] += (uint32_t)by;
    sim_units_at(tally, true, class)[decode] += (uint32_t)by;
    tally->used[prefill] += (uint32_t)by;
    tally->used[decode] += (uint32_t)by;
    size_t pool[2] = {system->pool_of[prefill], system->pool_of[decode]};
    for (size_t i = 0; i < (pool[0] == pool[1] ? 1u : 2u); i++) {
        tally->weights_B[pool[i]] += by * sim_system_weights_B(system, u, pool[i]);
        tally->kv_B[pool[i]] += by * kv_B;
    }
    if (kv_B > 0 && pool[0] != pool[1])
        tally->kv_moves[prefill * n + decode] += (uint32_t)by;
}

void sim_tally_set(struct sim_tally *tally, const struct sim_plan *plan)
{
    const struct sim_system *system = tally->scorer->system;
    size_t n = system->n_devices;
    if (plan != &tally->plan)
        sim_plan_copy(&tally->plan, plan);
    memset(tally->units, 0, 2 * system->n_classes * n * sizeof *tally->units);
    memset(tally->cuts, 0, 2 * n * n * sizeof *tally->cuts);
    memset(tally->kv_moves, 0, n * n * sizeof *tally->kv_moves);
    memset(tally->used, 0, n * sizeof *tally->used);
    memset(tally->weights_B, 0, 2 * system->n_pools * sizeof *tally->weights_B);
    for (size_t u = 0; u < system->n_units; u++) {
        count_unit(tally, u, 1);
        count_cut(tally, false, u, 1);
        count_cut(tally, true, u, 1);
    }
}

static void count_cuts_around(struct sim_tally *tally, bool decode, size_t u, int by)
{
    if (u > 0)
        count_cut(tally, decode, u - 1, by);
    count_cut(tally, decode, u, by);
}

void sim_tally_place(struct sim_tally *tally, bool decode, size_t unit, size_t device)
{
    uint8_t *where = decode ? tally->plan.decode : tally->plan.prefill;
    if (where[unit] == device)
        return;
    count_cuts_around(tally, decode, unit, -1);
    count_unit(tally, unit, -1);
    where[unit] = (uint8_t)device;
    count_unit(tally, unit, 1);
    count_cuts_around(tally, decode, unit, 1);
}

void sim_tally_clock(struct sim_tally *tally, size_t device, size_t pstate)
{
    tally->plan.pstate[device] = (uint8_t)pstate;
}

void sim_tally_in_flight(struct sim_tally *tally, uint64_t in_flight)
{
    tally->plan.in_flight = in_flight;
}
