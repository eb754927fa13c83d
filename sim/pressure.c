/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/pressure.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>

static double room_B(const struct sim_system *system, size_t pool)
{
    const struct device_pool *spec = &system->platform->pool[pool];
    return system->serving.memory_fraction * (spec->capacity_B - spec->reserve_B);
}

static void find_cpq(struct sim_pressure *pressure, double tokens)
{
    const struct sim_system *system = pressure->system;
    pressure->worst = 0;
    for (size_t p = 0; p < system->n_pools; p++) {
        if (pressure->weights_B[p] <= 0)
            continue;
        double kv_B = tokens * pressure->kv_B[p];
        pressure->cpq[p] =
            (pressure->weights_B[p] + system->activations_B + kv_B) / room_B(system, p);
        pressure->worst = fmax(pressure->worst, pressure->cpq[p]);
    }
    pressure->peak = fmax(pressure->peak, pressure->worst);
}

void sim_pressure_init(struct sim_pressure *pressure, const struct sim_system *system,
                       const struct sim_plan *plan)
{
    size_t n = system->n_pools;
    *pressure = (struct sim_pressure){.system = system};
    pressure->weights_B = mem_calloc(5 * n, sizeof(double));
    pressure->kv_B = pressure->weights_B + n;
    pressure->cpq = pressure->kv_B + n;
    pressure->since_sample = pressure->cpq + n;
    pressure->sampled = pressure->since_sample + n;
    sim_pressure_move(pressure, plan);
    find_cpq(pressure, 0);
}

void sim_pressure_move(struct sim_pressure *pressure, const struct sim_plan *plan)
{
    sim_plan_weights_B(pressure->system, plan, pressure->weights_B);
    sim_plan_kv_B(pressure->system, plan, pressure->kv_B);
    for (size_t p = 0; p < pressure->system->n_pools; p++)
        pressure->cpq[p] = 0;
}

void sim_pressure_free(struct sim_pressure *pressure)
{
    free(pressure->weights_B);
    *pressure = (struct sim_pressure){0};
}

void sim_pressure_set(struct sim_pressure *pressure, const struct sim_kv *kv)
{
    uint64_t occupied = sim_kv_occupied(kv);
    pressure->used = (double)(kv->total - kv->free);
    pressure->occupied = (double)occupied;
    find_cpq(pressure, (double)(occupied * kv->block_tokens));
}

void sim_pressure_pass(struct sim_pressure *pressure, double seconds)
{
    pressure->all_s += seconds;
    pressure->period_s += seconds;
    pressure->worst_s += pressure->worst * seconds;
    pressure->used_s += pressure->used * seconds;
    pressure->occupied_s += pressure->occupied * seconds;
    for (size_t p = 0; p < pressure->system->n_pools; p++)
        pressure->since_sample[p] += pressure->cpq[p] * seconds;
}

const double *sim_pressure_sample(struct sim_pressure *pressure)
{
    for (size_t p = 0; p < pressure->system->n_pools; p++) {
        pressure->sampled[p] = pressure->period_s > 0
                                   ? pressure->since_sample[p] / pressure->period_s
                                   : pressure->cpq[p];
        pressure->since_sample[p] = 0;
    }
    pressure->period_s = 0;
    return pressure->sampled;
}

double sim_pressure_paged_B(const struct sim_pressure *pressure, size_t pool)
{
    const struct device_pool *spec = &pressure->system->platform->pool[pool];
    double weights_B = pressure->weights_B[pool], cpq = pressure->cpq[pool];
    if (weights_B <= 0 || cpq <= 1 || spec->store_Bps <= 0)
        return 0;
    double over_B = (cpq - 1) * room_B(pressure->system, pool);
    return fmin(weights_B, spec->store_policy == DEVICE_STORE_LRU ? weights_B : over_B);
}

void sim_pressure_finish(const struct sim_pressure *pressure, struct sim_summary *out)
{
    out->cpq_peak = pressure->peak;
    /* A sum of equal parts may round to above their mean. */
    out->cpq_mean = pressure->all_s > 0 ? fmin(pressure->worst_s / pressure->all_s, pressure->peak)
                                        : pressure->worst;
    out->kv_fragmentation =
        pressure->occupied_s > 0 ? 1 - pressure->used_s / pressure->occupied_s : 0;
}
