/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "devices/gear.h"
#include "sim/contend.h"
#include "sim/engine_state.h"

#include <math.h>
#include <string.h>

static void add_paging(struct sim_engine *engine, struct sim_run_state *run)
{
    run->paging_s = run->storage_J = 0;
    sim_pressure_set(&engine->pressure, &engine->batch.kv);
    for (size_t p = 0; p < engine->system->n_pools; p++) {
        const struct device_pool *spec = &engine->system->platform->pool[p];
        double bytes = sim_pressure_paged_B(&engine->pressure, p);
        if (bytes <= 0)
            continue;
        run->paging_s += bytes / spec->store_Bps;
        run->storage_J += bytes * spec->store_byte_J;
    }
}

static struct sim_share share_of(const struct device_cost *cost)
{
    return (struct sim_share){
        .busy_s = {cost->time_s, cost->time_per_context_s, cost->time_per_window_s},
        .flops = {cost->flops, cost->flops_per_context, cost->flops_per_window},
        .bytes = {cost->bytes, cost->bytes_per_context, cost->bytes_per_window},
    };
}

static struct sim_affine scaled(struct sim_affine quantity, double factor)
{
    return (struct sim_affine){factor * quantity.fixed, factor * quantity.per_context,
                               factor * quantity.per_window};
}

/* Work of a step, by counts; a device that waits for its memory is busy all the longer. */
static void set_work(struct sim_engine *engine, struct sim_run_state *run,
                     const struct sim_pass_cost *cost, double stretch)
{
    double rows = (double)(run->pass.decode_rows + run->pass.prefill_rows);
    /* Experts may take the matrix units whatever the rows of the pass. */
    double unit_rows = engine->system->model->experts.n > 0 ? INFINITY : rows;
    for (size_t d = 0; d < engine->system->n_devices; d++) {
        const struct device *device = &engine->system->platform->device[d];
        const struct device_cost *part = &cost->device[d];
        double peak = fmax(device_unit_FLOPps(device, engine->format, unit_rows),
                           device_attention_FLOPps(device, rows)) *
                      device_gear_clock(device, run->gear[d]);
        run->share[d] = share_of(part);
        run->share[d].busy_s = scaled(run->share[d].busy_s, stretch);
        run->share[d].peak_flops = scaled(run->share[d].busy_s, peak);
    }
    run->link_J = cost->link_J;
    run->transfer_s = cost->transfer_s;
    run->overhead_s = cost->host_s;
    for (size_t d = 0; d < engine->system->n_devices; d++)
        run->overhead_s += cost->device[d].overhead_s;
}

static bool price_run(struct sim_engine *engine, struct sim_worker *worker)
{
    struct sim_run_state *run = &worker->run;
    sim_cap_look(engine);
    sim_cap_choose(engine, worker);
    for (size_t d = 0; d < engine->system->n_devices; d++)
        if (sim_lane_uses(worker->lane, d))
            sim_meter_set_gear(engine->meter, d, run->gear[d],
                               engine->governed[d] > engine->plan->pstate[d]);
    const struct sim_pass_cost *cost = sim_lane_price(worker->lane, &run->pass, run->gear);
    run->alone_s = sim_steps_first(&run->pass.contexts, &run->pass.window, &cost->step_s);
    double squeeze = sim_contend_pools(engine, worker, cost), memory_s = 0;
    for (size_t d = 0; d < engine->system->n_devices; d++)
        memory_s += cost->device[d].memory_s;
    add_paging(engine, run);
    struct sim_affine step_s = scaled(cost->step_s, squeeze);
    step_s.fixed = cost->step_s.fixed + (squeeze - 1) * memory_s;
    set_work(engine, run, cost, step_s.fixed / cost->step_s.fixed);
    step_s.fixed += run->paging_s;
    if (engine->batch.n_streams > 1)
        step_s = scaled(step_s, sim_contend_devices(engine, worker, cost));
    if (engine->links.n_flows > 0)
        step_s.fixed += sim_contend_links(engine, worker);
    if (engine->recovery)
        sim_recovery_slow(engine, cost, &step_s);
    run->steps.contexts = run->pass.contexts;
    run->steps.window = run->pass.window;
    return sim_steps_set(&run->steps, &step_s) ||
           error_set(engine->err, "the run would take longer than 53 days: a pass of %.3g s",
                     step_s.fixed);
}

void sim_engine_schedule_end(struct sim_engine *engine, struct sim_worker *worker)
{
    struct sim_run_state *run = &worker->run;
    uint64_t step = engine->options->token_resolution ? run->told + 1 : run->steps.count;
    if (step > run->steps.count)
        step = run->steps.count;
    /* Ends of both lanes at one time come in the order of the lanes, however they were stepped. */
    uint8_t lane = (uint8_t)(worker - engine->worker);
    heap_push(&engine->events, sim_steps_end_ps(&run->steps, step), lane, SIM_EVENT_RUN_END, lane,
              run->generation);
}

/* The clock falls when the window of a power limit is full. */
static void schedule_burst(struct sim_engine *engine, const struct sim_worker *worker)
{
    const struct sim_run_state *run = &worker->run;
    if (run->burst_ps < sim_steps_end_ps(&run->steps, run->steps.count))
        heap_push(&engine->events, run->burst_ps, SIM_EVENT_BURST, SIM_EVENT_BURST,
                  (uint32_t)(worker - engine->worker), 0);
}

/* How many steps a decoding run makes; takes the blocks that they need. With prompt rows it is one
 * step, whose blocks were taken when the pass was planned. */
static bool plan_steps(struct sim_engine *engine, struct sim_worker *worker)
{
    struct sim_run_state *run = &worker->run;
    struct sim_batch *batch = &engine->batch;
    if (run->pass.prefill_rows > 0)
        return true;
    sim_kv_give(&batch->kv, run->reserved);
    uint64_t most = sim_batch_steps(batch), growth = sim_steps_growth_limit(&run->steps);
    run->steps.count = most < growth ? most : growth;
    run->reserved = sim_batch_new_blocks(batch, run->steps.count);
    sim_kv_take(&batch->kv, run->reserved);
    return price_run(engine, worker);
}

bool sim_engine_start(struct sim_engine *engine, struct sim_worker *worker,
                      const struct sim_pass *pass)
{
    struct sim_run_state *run = &worker->run;
    run->pass = *pass;
    run->told = 0;
    run->charged = 0;
    run->steps = (struct sim_steps){.start_ps = engine->now_ps, .count = 1, .head = 1};
    sim_engine_read(engine);
    if (!price_run(engine, worker))
        return false;
    engine->batch.turn = run->stream;
    if (pass->decode_rows > 0 && !plan_steps(engine, worker))
        return false;
    run->active = engine->batch.busy[run->stream] = true;
    run->generation++;
    engine->out->segments++;
    sim_engine_schedule_end(engine, worker);
    schedule_burst(engine, worker);
    return sim_links_refresh(engine, worker);
}

static struct sim_work work_between(const struct sim_run_state *run, size_t d, double from,
                                    double to)
{
    const struct sim_share *share = &run->share[d];
    const struct sim_steps *steps = &run->steps;
    return (struct sim_work){
        .busy_s =
            sim_steps_sum(steps, to, &share->busy_s) - sim_steps_sum(steps, from, &share->busy_s),
        .flops =
            sim_steps_sum(steps, to, &share->flops) - sim_steps_sum(steps, from, &share->flops),
        .bytes =
            sim_steps_sum(steps, to, &share->bytes) - sim_steps_sum(steps, from, &share->bytes),
        .peak_flops = sim_steps_sum(steps, to, &share->peak_flops) -
                      sim_steps_sum(steps, from, &share->peak_flops),
    };
}

void sim_engine_charge(struct sim_engine *engine, struct sim_worker *worker, double progress)
{
    struct sim_run_state *run = &worker->run;
    double steps = progress - run->charged;
    if (steps <= 0)
        return;
    for (size_t d = 0; d < engine->system->n_devices; d++) {
        if (run->share[d].busy_s.fixed <= 0)
            continue;
        struct sim_work work = work_between(run, d, run->charged, progress);
        sim_meter_add(engine->meter, d, run->gear[d], &work);
    }
    sim_meter_add_link_J(engine->meter, steps * run->link_J);
    sim_meter_add_storage_J(engine->meter, steps * run->storage_J);
    struct sim_time *time = &engine->out->time;
    time->transfer_s += steps * run->transfer_s;
    time->paging_s += steps * run->paging_s;
    time->overhead_s += steps * run->overhead_s;
    run->charged = progress;
}

void sim_engine_read(struct sim_engine *engine)
{
    int64_t passed_ps = engine->now_ps - sim_meter_time_ps(engine->meter);
    if (passed_ps == 0)
        return;
    sim_pressure_pass(&engine->pressure, (double)passed_ps * 1e-12);
    for (size_t i = 0; i < engine->n_workers; i++)
        if (engine->worker[i].run.active)
            sim_engine_charge(engine, &engine->worker[i],
                              sim_steps_progress(&engine->worker[i].run.steps, engine->now_ps));
    sim_meter_read(engine->meter, engine->now_ps);
}

void sim_engine_count_time(struct sim_engine *engine, const struct sim_worker *worker)
{
    const struct sim_run_state *run = &worker->run;
    double seconds = (double)(engine->now_ps - run->steps.start_ps) * 1e-12;
    struct sim_time *time = &engine->out->time;
    if (run->pass.prefill_rows > 0)
        time->prefill_s += seconds;
    else
        time->decode_s += seconds;
}

uint64_t sim_engine_abort(struct sim_engine *engine, struct sim_worker *worker)
{
    struct sim_run_state *run = &worker->run;
    struct sim_batch *batch = &engine->batch;
    uint64_t lost = 0;
    if (!run->active)
        return 0;
    sim_engine_read(engine);
    sim_engine_count_time(engine, worker);
    uint64_t whole = sim_steps_until(&run->steps, engine->now_ps);
    if (whole > 0 && sim_steps_end_ps(&run->steps, whole) > engine->now_ps)
        whole--;
    sim_engine_tell(engine, run, whole - run->told);
    sim_engine_note_gaps(engine, run);
    sim_kv_give(&batch->kv, run->reserved);
    run->reserved = 0;
    run->active = batch->busy[run->stream] = false;
    run->generation++;
    engine->out->passes += whole;
    for (size_t i = batch->n_running; i-- > 0 && run->pass.prefill_rows > 0;) {
        struct sim_job *job = &batch->job[batch->running[i]];
        if (job->chunk == 0 || job->stream != run->stream)
            continue;
        job->chunk = 0;
        job->faulted = true;
        lost++;
        sim_batch_lose(batch, i);
    }
    sim_prefix_trim(&batch->prefix, 0); /* nothing is kept that was not computed */
    return lost;
}

bool sim_engine_retime(struct sim_engine *engine, struct sim_worker *worker)
{
    struct sim_run_state *run = &worker->run;
    if (!run->active)
        return true;
    double progress = sim_steps_progress(&run->steps, engine->now_ps);
    uint64_t whole = (uint64_t)floor(progress);
    if (whole >= run->steps.count)
        return true; /* it ends at this very time */
    sim_engine_read(engine);
    sim_engine_count_time(engine, worker);
    sim_engine_tell(engine, run, whole - run->told);
    sim_engine_note_gaps(engine, run);
    run->pass.contexts.sum += whole * run->pass.contexts.growth;
    run->pass.window.sum += whole * run->pass.window.growth;
    run->steps.count -= whole;
    run->steps.start_ps = engine->now_ps;
    run->charged = progress - (double)whole;
    run->steps.head = 1 - run->charged;
    run->told = 0;
    if (!price_run(engine, worker))
        return false;
    engine->out->passes += whole;
    engine->out->segments++;
    run->generation++;
    sim_engine_schedule_end(engine, worker);
    schedule_burst(engine, worker);
    return sim_links_refresh(engine, worker);
}

bool sim_engine_retime_others(struct sim_engine *engine, const struct sim_worker *worker)
{
    for (size_t i = 0; i < engine->n_workers && engine->lanes_meet; i++)
        if (&engine->worker[i] != worker && !sim_engine_retime(engine, &engine->worker[i]))
            return false;
    return true;
}

void sim_engine_cut(struct sim_engine *engine, struct sim_worker *worker)
{
    struct sim_run_state *run = &worker->run;
    if (!run->active || run->pass.prefill_rows > 0)
        return;
    uint64_t step = sim_steps_until(&run->steps, engine->now_ps);
    if (step < 1)
        step = 1;
    if (step >= run->steps.count)
        return;
    run->steps.count = step;
    run->generation++;
    sim_engine_schedule_end(engine, worker);
}
