/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/pipeline.h"

#include "devices/gear.h"
#include "sim/engine_state.h"

#include <math.h>

static const uint64_t CONTEXT = 512; /* tokens of a typical request, to weigh batches by */

/* Tokens per second with `in_flight` requests in `batches` batches. */
static double rate_per_s(const struct sim_engine *engine, uint64_t in_flight, size_t batches)
{
    struct sim_lane *lane = engine->worker[0].lane;
    uint64_t rows = (in_flight + batches - 1) / batches;
    struct sim_pass pass = {.decode_rows = rows,
                            .sampled = rows,
                            .contexts = {rows * CONTEXT, rows},
                            .window = {rows * CONTEXT, rows}};
    uint16_t *gear = engine->worker[0].run.gear;
    for (size_t d = 0; d < engine->system->n_devices; d++)
        gear[d] = (uint16_t)(engine->plan->pstate[d] * DEVICE_GEARS);
    const struct sim_pass_cost *cost = sim_lane_price(lane, &pass, gear);
    double slowest_s = 0;
    for (size_t d = 0; d < engine->system->n_devices; d++) {
        const struct device_cost *part = &cost->device[d];
        struct sim_affine busy_s = {part->time_s, part->time_per_context_s,
                                    part->time_per_window_s};
        slowest_s = fmax(slowest_s, sim_steps_first(&pass.contexts, &pass.window, &busy_s));
    }
    double step_s = sim_steps_first(&pass.contexts, &pass.window, &cost->step_s);
    return (double)in_flight / fmax(step_s, (double)batches * slowest_s);
}

size_t sim_pipeline_batches(const struct sim_engine *engine)
{
    uint64_t in_flight = engine->batch.in_flight, most = 0;
    uint64_t wanted = engine->system->serving.pipeline_batches;
    for (size_t d = 0; d < engine->system->n_devices; d++)
        most += sim_plan_uses(engine->plan, d);
    most = wanted > 0 ? wanted : most;
    most = most < in_flight ? most : in_flight;
    most = most < SIM_MOST_STREAMS ? most : SIM_MOST_STREAMS;
    size_t best = 1;
    if (wanted > 0 || most < 2)
        return most > 0 ? (size_t)most : 1;
    double best_per_s = rate_per_s(engine, in_flight, 1);
    for (size_t batches = 2; batches <= most; batches++) {
        double per_s = rate_per_s(engine, in_flight, batches);
        if (per_s <= best_per_s * (1 + 1e-9))
            continue;
        best = batches;
        best_per_s = per_s;
    }
    return best;
}

void sim_pipeline_deal(struct sim_engine *engine)
{
    struct sim_batch *batch = &engine->batch;
    for (size_t i = 0; i < SIM_MOST_STREAMS; i++)
        batch->of_stream[i] = 0;
    for (size_t i = 0; i < batch->n_running; i++) {
        struct sim_job *job = &batch->job[batch->running[i]];
        job->stream = (uint8_t)(i % batch->n_streams);
        batch->of_stream[job->stream]++;
    }
}

void sim_pipeline_let_in(struct sim_engine *engine)
{
    const struct sim_batch *batch = &engine->batch;
    size_t least = 0;
    if (engine->worker[0].role != SIM_LANE_BOTH)
        return; /* prompts have a lane of their own */
    for (size_t i = 1; i < batch->n_streams; i++)
        if (batch->of_stream[i] < batch->of_stream[least])
            least = i;
    sim_engine_cut(engine, &engine->worker[least]);
}

struct sim_worker *sim_pipeline_decoder(struct sim_engine *engine, size_t stream)
{
    return &engine->worker[engine->batch.n_streams > 1 ? stream : engine->n_workers - 1];
}
