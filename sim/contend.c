/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/contend.h"

#include "sim/engine_state.h"
#include "sim/share.h"

#include <math.h>

/* Bytes of a pool that a share of each device's step moves. */
static double pool_B(const struct sim_engine *engine, size_t pool, const struct sim_pass *pass,
                     const struct sim_share *share)
{
    double bytes = 0;
    for (size_t d = 0; d < engine->system->n_devices; d++)
        if (engine->system->pool_of[d] == pool)
            bytes += sim_steps_first(&pass->contexts, &pass->window, &share[d].bytes);
    return bytes;
}

static double my_pool_B(const struct sim_engine *engine, size_t pool, const struct sim_pass *pass,
                        const struct sim_pass_cost *cost)
{
    double bytes = 0;
    for (size_t d = 0; d < engine->system->n_devices; d++) {
        const struct device_cost *part = &cost->device[d];
        struct sim_affine of = {part->bytes, part->bytes_per_context, part->bytes_per_window};
        if (engine->system->pool_of[d] == pool)
            bytes += sim_steps_first(&pass->contexts, &pass->window, &of);
    }
    return bytes;
}

double sim_contend_pools(const struct sim_engine *engine, const struct sim_worker *worker,
                         const struct sim_pass_cost *cost)
{
    double factor = 1, demand_Bps[SIM_MOST_LANES];
    const struct sim_run_state *run = &worker->run;
    for (size_t p = 0; p < engine->system->n_pools && engine->n_workers > 1; p++) {
        size_t n = 1;
        demand_Bps[0] = my_pool_B(engine, p, &run->pass, cost) / run->alone_s;
        for (size_t i = 0; i < engine->n_workers && demand_Bps[0] > 0; i++) {
            const struct sim_worker *other = &engine->worker[i];
            if (other == worker || !other->run.active)
                continue;
            double bytes = pool_B(engine, p, &other->run.pass, other->run.share);
            if (bytes > 0)
                demand_Bps[n++] = bytes / other->run.alone_s;
        }
        /* Alone, a device's own roofline bounds it. */
        double pool_Bps = engine->system->platform->pool[p].bandwidth_Bps;
        if (n > 1)
            factor = fmax(factor, demand_Bps[0] / sim_share_level(demand_Bps, n, 0, pool_Bps));
    }
    return factor;
}

double sim_contend_devices(const struct sim_engine *engine, struct sim_worker *worker,
                           const struct sim_pass_cost *cost)
{
    double factor = 1, use[SIM_MOST_LANES];
    struct sim_run_state *run = &worker->run;
    for (size_t d = 0; d < engine->system->n_devices; d++) {
        const struct device_cost *part = &cost->device[d];
        struct sim_affine busy_s = {part->time_s, part->time_per_context_s,
                                    part->time_per_window_s};
        size_t n = 1;
        run->use[d] = use[0] =
            sim_steps_first(&run->pass.contexts, &run->pass.window, &busy_s) / run->alone_s;
        for (size_t i = 0; i < engine->n_workers && use[0] > 0; i++) {
            const struct sim_worker *other = &engine->worker[i];
            if (other != worker && other->run.active && other->run.use[d] > 0)
                use[n++] = other->run.use[d];
        }
        if (use[0] > 0)
            factor = fmax(factor, use[0] / sim_share_level(use, n, 0, 1));
    }
    return factor;
}

/* The level of a link with `n` caches under way, each of which takes all that it can get, and the
 * traffic of lanes at work, lane number `also` among them. */
static double link_level(const struct sim_engine *engine, size_t pair, size_t n, size_t also)
{
    double demand_Bps[SIM_MOST_LANES];
    size_t lanes = 0;
    for (size_t i = 0; i < engine->n_workers; i++) {
        const struct sim_worker *worker = &engine->worker[i];
        if (!worker->run.active && i != also)
            continue;
        double bytes = sim_lane_cut_B(worker->lane, &worker->run.pass, pair);
        if (bytes > 0)
            demand_Bps[lanes++] = bytes / worker->run.alone_s;
    }
    return sim_share_level(demand_Bps, lanes, n, engine->system->route[pair].bandwidth_Bps);
}

double sim_contend_flow_Bps(const struct sim_engine *engine, size_t pair, size_t n)
{
    return link_level(engine, pair, n, SIM_MOST_LANES);
}

double sim_contend_links(const struct sim_engine *engine, const struct sim_worker *worker)
{
    const struct sim_system *system = engine->system;
    double longer_s = 0;
    for (size_t pair = 0; pair < system->n_devices * system->n_devices; pair++) {
        size_t n = sim_links_busy(&engine->links, pair);
        double bytes = n > 0 ? sim_lane_cut_B(worker->lane, &worker->run.pass, pair) : 0;
        if (bytes <= 0)
            continue;
        double demand_Bps = bytes / worker->run.alone_s;
        double squeeze =
            demand_Bps / link_level(engine, pair, n, (size_t)(worker - engine->worker));
        longer_s += fmax(0, squeeze - 1) * bytes / system->route[pair].bandwidth_Bps;
    }
    return longer_s;
}
