/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/engine.h"

#include "base/heap.h"
#include "base/memory.h"
#include "sim/batch.h"
#include "sim/latency.h"
#include "sim/meter.h"
#include "sim/steps.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Kinds of events; at one time they come in this order. */
enum event_kind { EVENT_RUN_END, EVENT_HANDOVER, EVENT_ARRIVAL, EVENT_POLL, EVENT_SAMPLE };

enum { MOST_LANES = 2, PROGRESS_EVENTS = 8192 };

/* A lane at work: a stretch of equal passes, or one pass with prompt rows. */
struct run {
    bool active;
    uint16_t generation; /* of its end event */
    struct sim_steps steps;
    struct sim_pass pass;
    uint64_t told;                  /* steps whose tokens were handed out */
    uint64_t reserved;              /* KV blocks taken for the steps not yet told */
    double alone_s;                 /* first step without a neighbour on its pools */
    double charged;                 /* steps already charged to the meter */
    struct sim_work *fixed, *slope; /* (n_devices) work of a step: fixed + slope contexts */
    uint8_t *pstate;                /* (n_devices) in force */
    double link_J, storage_J, overhead_s, transfer_s, paging_s; /* per step */
};

struct worker {
    struct sim_lane *lane;
    enum sim_lane_role role;
    struct run run;
};

struct engine {
    const struct sim_system *system;
    const struct sim_plan *plan;
    struct workload_source *source;
    const struct sim_options *options;
    struct sim_summary *out;
    struct error *err;
    struct heap events;
    struct sim_meter *meter;
    struct sim_batch batch;
    struct worker worker[MOST_LANES];
    size_t n_workers;
    int64_t now_ps, last_finish_ps, next_sample_ps;
    uint8_t *governed;                  /* (n_devices) P-state that the governor allows */
    double *peak_FLOPps;                /* (n_devices, 2) vector and matrix units, for DASI */
    double *kv_pool_B, *weights_pool_B; /* (n_pools) */
    struct workload_request next;       /* the arrival on the heap */
    bool more;                          /* `next` is valid */
    bool pools_shared;                  /* the two lanes meet on a pool */
    struct sim_values ttft, tpot, e2e;
    struct sim_gaps gaps;
    uint32_t *seen; /* (n_seen) queue length that each arrival saw */
    size_t n_seen, seen_capacity;
    uint64_t work_in, work_done; /* tokens, for the saturation test */
    double left_at_last_arrival;
};

/* --- starting a pass --- */

static double room_B(const struct engine *engine, size_t pool)
{
    const struct device_pool *spec = &engine->system->platform->pool[pool];
    return engine->system->serving.memory_fraction * (spec->capacity_B - spec->reserve_B);
}

/* Bytes that a pass fetches from the store behind a pool (0 without pressure), and the pressure.
 * A pass is a cyclic scan: under LRU all hot weights miss, pinned only what does not fit. */
static double paged_B(struct engine *engine, size_t pool)
{
    const struct device_pool *spec = &engine->system->platform->pool[pool];
    const struct sim_kv *kv = &engine->batch.kv;
    double weights_B = engine->weights_pool_B[pool], room = room_B(engine, pool);
    if (weights_B <= 0)
        return 0;
    double kv_B = (double)((kv->total - kv->free) * kv->block_tokens) * engine->kv_pool_B[pool];
    double cpq = (weights_B + engine->system->activations_B + kv_B) / room;
    engine->out->peak_cpq = fmax(engine->out->peak_cpq, cpq);
    if (cpq <= 1 || spec->store_Bps <= 0)
        return 0;
    double over_B = (cpq - 1) * room;
    return fmin(weights_B, spec->store_policy == DEVICE_STORE_LRU ? weights_B : over_B);
}

static void add_paging(struct engine *engine, struct run *run)
{
    run->paging_s = run->storage_J = 0;
    for (size_t p = 0; p < engine->system->n_pools; p++) {
        const struct device_pool *spec = &engine->system->platform->pool[p];
        double bytes = paged_B(engine, p);
        if (bytes <= 0)
            continue;
        run->paging_s += bytes / spec->store_Bps;
        run->storage_J += bytes * spec->store_byte_J;
    }
}

/* What a package leaves a member: its limit less what the others draw when idle. */
static double cap_W(const struct engine *engine, size_t d)
{
    const struct device_platform *platform = engine->system->platform;
    const struct device_package *package = &platform->package;
    double own_W = platform->device[d].power.cap_W > 0 ? platform->device[d].power.cap_W : INFINITY;
    double left_W = package->cap_W;
    bool member = false;
    for (size_t i = 0; i < package->n_devices; i++) {
        size_t other = device_platform_find(platform, package->devices[i]);
        member = member || other == d;
        if (other != d)
            left_W -= platform->device[other].power.idle_W;
    }
    return member ? fmin(own_W, left_W) : own_W;
}

static double busy_power_W(const struct engine *engine, size_t d, size_t pstate,
                           const struct device_cost *cost, double contexts)
{
    const struct device *device = &engine->system->platform->device[d];
    double time_s = cost->time_s + contexts * cost->time_per_context_s;
    double work_J = device_work_J(device, pstate, cost->flops + contexts * cost->flops_per_context,
                                  cost->bytes + contexts * cost->bytes_per_context);
    return device_base_W(device) + sim_meter_leakage_W(engine->meter, d) +
           device_busy_W(device, pstate) + work_J / time_s;
}

/* The fastest state at or below what plan and governor allow that keeps the power cap. */
static uint8_t capped_pstate(struct engine *engine, struct worker *worker, size_t d)
{
    uint8_t state = engine->governed[d];
    double limit_W = cap_W(engine, d);
    if (!sim_lane_uses(worker->lane, d) || !isfinite(limit_W))
        return state;
    double contexts = (double)worker->run.pass.contexts;
    for (;; state++) {
        struct device_cost cost = sim_lane_price_device(worker->lane, &worker->run.pass, d, state);
        if (cost.time_s <= 0 || busy_power_W(engine, d, state, &cost, contexts) <= limit_W)
            return state;
        if ((size_t)state + 1 >= device_pstates(&engine->system->platform->device[d])) {
            engine->out->cap_unreachable = true;
            return state;
        }
    }
}

/* Work of a step, by counts; a device that waits for its memory is busy all the longer. */
static void set_work(struct engine *engine, struct run *run, const struct sim_pass_cost *cost,
                     double stretch)
{
    double rows = (double)(run->pass.decode_rows + run->pass.prefill_rows);
    for (size_t d = 0; d < engine->system->n_devices; d++) {
        const struct device *device = &engine->system->platform->device[d];
        const struct device_cost *part = &cost->device[d];
        bool vector = rows <= (double)device->compute.vector_rows;
        double peak = engine->peak_FLOPps[2 * d + (vector ? 0 : 1)] *
                      device_relative_clock(device, run->pstate[d]);
        double fixed_s = stretch * part->time_s, slope_s = stretch * part->time_per_context_s;
        run->fixed[d] = (struct sim_work){fixed_s, part->flops, part->bytes, peak * fixed_s};
        run->slope[d] = (struct sim_work){slope_s, part->flops_per_context, part->bytes_per_context,
                                          peak * slope_s};
    }
    run->link_J = cost->link_J;
    run->transfer_s = cost->transfer_s;
    run->overhead_s = cost->host_s;
    for (size_t d = 0; d < engine->system->n_devices; d++)
        run->overhead_s += cost->device[d].overhead_s;
}

/* Devices on one pool share its bandwidth max-min over their demands: the factor by which this
 * lane's memory time grows while the neighbour lane is at work too. */
static double pool_squeeze(const struct engine *engine, const struct worker *worker,
                           const struct sim_pass_cost *cost)
{
    double factor = 1;
    for (size_t p = 0; p < engine->system->n_pools && engine->n_workers > 1; p++) {
        const struct worker *other = &engine->worker[worker == &engine->worker[0] ? 1 : 0];
        double mine = 0, theirs = 0, pool = engine->system->platform->pool[p].bandwidth_Bps;
        for (size_t d = 0; d < engine->system->n_devices; d++) {
            if (engine->system->pool_of[d] != p)
                continue;
            mine += cost->device[d].bytes;
            theirs += other->run.fixed[d].bytes;
        }
        if (!other->run.active || theirs <= 0 || mine <= 0)
            continue;
        double want = mine / cost->step_s, neighbour = theirs / other->run.alone_s;
        double share = fmax(pool - neighbour, fmin(want, 0.5 * pool));
        factor = fmax(factor, want / share);
    }
    return factor;
}

static bool price_run(struct engine *engine, struct worker *worker)
{
    struct run *run = &worker->run;
    for (size_t d = 0; d < engine->system->n_devices; d++) {
        run->pstate[d] = capped_pstate(engine, worker, d);
        if (sim_lane_uses(worker->lane, d))
            sim_meter_set_pstate(engine->meter, d, run->pstate[d],
                                 engine->governed[d] > engine->plan->pstate[d]);
    }
    const struct sim_pass_cost *cost = sim_lane_price(worker->lane, &run->pass, run->pstate);
    double squeeze = pool_squeeze(engine, worker, cost), memory_s = 0;
    for (size_t d = 0; d < engine->system->n_devices; d++)
        memory_s += cost->device[d].memory_s;
    add_paging(engine, run);
    run->alone_s = cost->step_s;
    double squeezed_s = cost->step_s + (squeeze - 1) * memory_s;
    set_work(engine, run, cost, squeezed_s / cost->step_s);
    run->steps.contexts = run->pass.contexts;
    run->steps.growth = run->pass.decode_rows;
    double step_s = squeezed_s + run->paging_s;
    return sim_steps_set(&run->steps, step_s, squeeze * cost->per_context_s) ||
           error_set(engine->err, "the run would take longer than 53 days: a pass of %.3g s",
                     step_s);
}

static void schedule_end(struct engine *engine, struct worker *worker)
{
    struct run *run = &worker->run;
    uint64_t step = engine->options->token_resolution ? run->told + 1 : run->steps.count;
    if (step > run->steps.count)
        step = run->steps.count;
    heap_push(&engine->events, sim_steps_end_ps(&run->steps, step), EVENT_RUN_END, EVENT_RUN_END,
              (uint32_t)(worker - engine->worker), run->generation);
}

static bool start_run(struct engine *engine, struct worker *worker, const struct sim_pass *pass)
{
    struct run *run = &worker->run;
    run->pass = *pass;
    run->told = run->reserved = 0;
    run->charged = 0;
    run->steps = (struct sim_steps){.start_ps = engine->now_ps, .count = 1, .head = 1};
    sim_meter_read(engine->meter, engine->now_ps);
    if (!price_run(engine, worker))
        return false;
    if (pass->decode_rows > 0) {
        if (pass->prefill_rows == 0) {
            uint64_t most = sim_batch_steps(&engine->batch);
            uint64_t growth = sim_steps_growth_limit(&run->steps);
            run->steps.count = most < growth ? most : growth;
            if (!price_run(engine, worker))
                return false;
        }
        run->reserved = sim_batch_new_blocks(&engine->batch, run->steps.count);
        sim_kv_take(&engine->batch.kv, run->reserved);
    }
    run->active = true;
    run->generation++;
    engine->out->segments++;
    schedule_end(engine, worker);
    return true;
}

/* --- charging what was done --- */

static struct sim_work work_between(const struct run *run, size_t d, double from, double to)
{
    const struct sim_work *fixed = &run->fixed[d], *slope = &run->slope[d];
    const struct sim_steps *steps = &run->steps;
    struct sim_work work;
#define BETWEEN(member)                                                                            \
    (sim_steps_sum(steps, to, fixed->member, slope->member) -                                      \
     sim_steps_sum(steps, from, fixed->member, slope->member))
    work.busy_s = BETWEEN(busy_s);
    work.flops = BETWEEN(flops);
    work.bytes = BETWEEN(bytes);
    work.peak_flops = BETWEEN(peak_flops);
#undef BETWEEN
    return work;
}

static void charge(struct engine *engine, struct worker *worker, double progress)
{
    struct run *run = &worker->run;
    double steps = progress - run->charged;
    if (steps <= 0)
        return;
    for (size_t d = 0; d < engine->system->n_devices; d++) {
        if (run->fixed[d].busy_s <= 0)
            continue;
        struct sim_work work = work_between(run, d, run->charged, progress);
        sim_meter_add(engine->meter, d, run->pstate[d], &work);
    }
    sim_meter_add_link_J(engine->meter, steps * run->link_J);
    sim_meter_add_storage_J(engine->meter, steps * run->storage_J);
    struct sim_time *time = &engine->out->time;
    time->transfer_s += steps * run->transfer_s;
    time->paging_s += steps * run->paging_s;
    time->overhead_s += steps * run->overhead_s;
    run->charged = progress;
}

/* Charges all lanes up to now and takes a reading. */
static void read_meter(struct engine *engine)
{
    if (sim_meter_time_ps(engine->meter) == engine->now_ps)
        return;
    for (size_t i = 0; i < engine->n_workers; i++)
        if (engine->worker[i].run.active)
            charge(engine, &engine->worker[i],
                   sim_steps_progress(&engine->worker[i].run.steps, engine->now_ps));
    sim_meter_read(engine->meter, engine->now_ps);
}

/* --- ending a pass --- */

static void emit(struct engine *engine, const struct sim_job *job, enum sim_status status)
{
    const struct workload_request *request = &job->request;
    bool done = status == SIM_DONE;
    double arrival_s = (double)request->arrival_ps * 1e-12;
    double first_s = (double)job->first_token_ps * 1e-12;
    double finish_s = (double)job->last_token_ps * 1e-12;
    struct sim_request_row row = {
        .id = (int64_t)request->id,
        .status = (int32_t)status,
        .prompt_tokens = (int64_t)request->prompt_tokens,
        .output_tokens = (int64_t)request->output_tokens,
        .preemptions = (int64_t)job->preemptions,
        .arrival_s = arrival_s,
        .scheduled_s = done ? (double)job->scheduled_ps * 1e-12 : NAN,
        .first_token_s = done ? first_s : NAN,
        .finish_s = done ? finish_s : NAN,
        .ttft_s = done ? (double)(job->first_token_ps - request->arrival_ps) * 1e-12 : NAN,
        .tpot_s = NAN,
        .e2e_s = done ? (double)(job->last_token_ps - request->arrival_ps) * 1e-12 : NAN,
    };
    if (done && request->output_tokens > 1)
        row.tpot_s = (double)(job->last_token_ps - job->first_token_ps) * 1e-12 /
                     (double)(request->output_tokens - 1);
    if (done) {
        sim_values_add(&engine->ttft, row.ttft_s);
        sim_values_add(&engine->e2e, row.e2e_s);
        engine->out->time.queue_s += row.scheduled_s - arrival_s;
    }
    if (isfinite(row.tpot_s))
        sim_values_add(&engine->tpot, row.tpot_s);
    if (engine->options->sink.request)
        engine->options->sink.request(engine->options->sink.state, &row);
}

static void finish_job(struct engine *engine, size_t i)
{
    struct sim_job *job = &engine->batch.job[engine->batch.running[i]];
    struct sim_summary *out = engine->out;
    out->done++;
    out->tokens_in += job->request.prompt_tokens;
    out->tokens_out += job->request.output_tokens;
    engine->work_done += job->request.prompt_tokens + job->request.output_tokens;
    engine->last_finish_ps = job->last_token_ps;
    emit(engine, job, SIM_DONE);
    sim_batch_remove(&engine->batch, i);
}

/* Seconds and joules of moving a prompt's keys and values to where they are decoded. */
static double handover_s(const struct engine *engine, uint64_t tokens, double *link_J)
{
    const struct sim_system *system = engine->system;
    const struct sim_plan *plan = engine->plan;
    double seconds = 0, n = (double)system->n_devices;
    bool *started = mem_calloc((size_t)(n * n), sizeof *started);
    *link_J = 0;
    for (size_t u = 0; u < system->n_units; u++) {
        size_t from = plan->prefill[u], to = plan->decode[u], pair = from * system->n_devices + to;
        double kv_B = system->class[system->class_of[u]].kv_bytes_per_token * (double)tokens;
        if (from == to || kv_B <= 0)
            continue;
        seconds += sim_transfer_s(system, from, to, started[pair] ? 0 : 1, kv_B);
        *link_J += kv_B * system->route[pair].byte_J;
        started[pair] = true;
    }
    free(started);
    return seconds;
}

/* A prompt is done: its first (or, after a recompute, next) token appears, and its cache goes to
 * the decoding devices. */
static void finish_prompt(struct engine *engine, uint32_t slot)
{
    struct sim_job *job = &engine->batch.job[slot];
    if (job->first_token_ps < 0)
        job->first_token_ps = engine->now_ps;
    else
        sim_gaps_add(&engine->gaps, (double)(engine->now_ps - job->last_token_ps) * 1e-12, 1);
    job->last_token_ps = engine->now_ps;
    job->generated++;
    job->state = SIM_JOB_READY;
    double link_J, seconds = handover_s(engine, job->computed, &link_J);
    if (job->generated == job->request.output_tokens || seconds <= 0)
        return;
    job->state = SIM_JOB_HANDOVER;
    sim_meter_add_link_J(engine->meter, link_J);
    engine->out->time.transfer_s += seconds;
    heap_push(&engine->events, engine->now_ps + (int64_t)llround(seconds * 1e12), EVENT_HANDOVER,
              EVENT_HANDOVER, slot, job->generation);
}

/* Hands out the tokens of the next `steps` steps of a run to its decoding jobs. */
static void tell(struct engine *engine, struct run *run, uint64_t steps)
{
    struct sim_batch *batch = &engine->batch;
    if (run->pass.decode_rows == 0 || steps == 0)
        return;
    /* The blocks were taken when the run was planned; now they are the jobs'. */
    run->reserved -= sim_batch_new_blocks(batch, steps);
    int64_t first_ps = sim_steps_end_ps(&run->steps, 1);
    int64_t last_ps = sim_steps_end_ps(&run->steps, run->told + steps);
    for (size_t i = 0; i < batch->n_running; i++) {
        struct sim_job *job = &batch->job[batch->running[i]];
        if (job->state != SIM_JOB_DECODE)
            continue;
        if (run->told == 0)
            sim_gaps_add(&engine->gaps, (double)(first_ps - job->last_token_ps) * 1e-12, 1);
        job->generated += steps;
        job->computed += steps;
        job->last_token_ps = last_ps;
    }
    run->told += steps;
}

/* Gaps after the first differ by 2 % at most within a run: they count as their mean. */
static void note_gaps(struct engine *engine, const struct run *run)
{
    if (run->pass.decode_rows == 0 || run->told < 2)
        return;
    int64_t span_ps = sim_steps_end_ps(&run->steps, run->told) - sim_steps_end_ps(&run->steps, 1);
    sim_gaps_add(&engine->gaps, (double)span_ps * 1e-12 / (double)(run->told - 1),
                 (run->told - 1) * run->pass.decode_rows);
}

static void settle_prompts(struct engine *engine)
{
    struct sim_batch *batch = &engine->batch;
    for (size_t i = 0; i < batch->n_running; i++) {
        struct sim_job *job = &batch->job[batch->running[i]];
        if (job->chunk == 0)
            continue;
        job->computed += job->chunk;
        job->chunk = 0;
        if (job->computed == job->target)
            finish_prompt(engine, batch->running[i]);
    }
}

/* Applies a finished run to its jobs, in order of admission. */
static void settle(struct engine *engine, struct run *run)
{
    struct sim_batch *batch = &engine->batch;
    tell(engine, run, run->steps.count - run->told);
    note_gaps(engine, run);
    sim_kv_give(&batch->kv, run->reserved);
    run->reserved = 0;
    if (run->pass.prefill_rows > 0)
        settle_prompts(engine);
    for (size_t i = 0; i < batch->n_running;) {
        const struct sim_job *job = &batch->job[batch->running[i]];
        if (job->generated >= job->request.output_tokens)
            finish_job(engine, i);
        else
            i++;
    }
}

static void count_time(struct engine *engine, const struct worker *worker)
{
    const struct run *run = &worker->run;
    double seconds = (double)(engine->now_ps - run->steps.start_ps) * 1e-12;
    struct sim_time *time = &engine->out->time;
    if (run->pass.prefill_rows > 0)
        time->prefill_s += seconds;
    else
        time->decode_s += seconds;
}

/* After a change of clock, or of a neighbour, the rest of a stretch goes on at the new rate: what
 * is left of the step under way becomes the head of a new stretch. */
static bool retime(struct engine *engine, struct worker *worker)
{
    struct run *run = &worker->run;
    if (!run->active)
        return true;
    double progress = sim_steps_progress(&run->steps, engine->now_ps);
    uint64_t whole = (uint64_t)floor(progress);
    if (whole >= run->steps.count)
        return true; /* it ends at this very time */
    read_meter(engine);
    count_time(engine, worker);
    tell(engine, run, whole - run->told);
    note_gaps(engine, run);
    run->pass.contexts += whole * run->pass.decode_rows;
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
    schedule_end(engine, worker);
    return true;
}

/* A neighbour on the same pools started or stopped. */
static bool retime_others(struct engine *engine, const struct worker *worker)
{
    for (size_t i = 0; i < engine->n_workers && engine->pools_shared; i++)
        if (&engine->worker[i] != worker && !retime(engine, &engine->worker[i]))
            return false;
    return true;
}

/* --- what to do next --- */

static bool plan_pass(struct engine *engine, struct worker *worker, struct sim_pass *pass)
{
    const struct sim_serving *serving = &engine->system->serving;
    uint64_t budget = serving->max_num_batched_tokens;
    *pass = (struct sim_pass){0};
    if (worker->role == SIM_LANE_BOTH && !serving->chunked_prefill) {
        sim_batch_take_prompts(&engine->batch, budget, engine->now_ps, pass);
        if (pass->prefill_rows == 0)
            sim_batch_take_decodes(&engine->batch, pass);
    } else {
        if (worker->role != SIM_LANE_PREFILL)
            sim_batch_take_decodes(&engine->batch, pass);
        if (worker->role != SIM_LANE_DECODE)
            sim_batch_take_prompts(&engine->batch, budget - pass->decode_rows, engine->now_ps,
                                   pass);
    }
    return pass->decode_rows + pass->prefill_rows > 0;
}

static bool start_lanes(struct engine *engine)
{
    for (size_t i = 0; i < engine->n_workers; i++) {
        struct worker *worker = &engine->worker[i];
        struct sim_pass pass;
        if (worker->run.active || !plan_pass(engine, worker, &pass))
            continue;
        if (!start_run(engine, worker, &pass) || !retime_others(engine, worker))
            return false;
    }
    return true;
}

/* Ends a decoding run at its first step boundary from now on, because something waits for it. */
static void cut(struct engine *engine, struct worker *worker)
{
    struct run *run = &worker->run;
    if (!run->active || run->pass.prefill_rows > 0)
        return;
    uint64_t step = sim_steps_until(&run->steps, engine->now_ps);
    if (step < 1)
        step = 1;
    if (step >= run->steps.count)
        return;
    run->steps.count = step;
    run->generation++;
    schedule_end(engine, worker);
}

static struct worker *decoder(struct engine *engine)
{
    return &engine->worker[engine->n_workers - 1];
}

static bool end_run(struct engine *engine, struct worker *worker)
{
    struct run *run = &worker->run;
    if (engine->options->token_resolution && run->told + 1 < run->steps.count) {
        tell(engine, run, 1);
        schedule_end(engine, worker);
        return true;
    }
    engine->out->passes += run->steps.count;
    read_meter(engine);
    charge(engine, worker, (double)run->steps.count);
    count_time(engine, worker);
    run->active = false;
    settle(engine, run);
    return start_lanes(engine) && (engine->n_workers == 1 || retime_others(engine, worker));
}

/* --- events --- */

static bool fetch_arrival(struct engine *engine)
{
    bool end;
    if (!workload_source_next(engine->source, &engine->next, &end, engine->err))
        return false;
    engine->more = !end;
    if (engine->more)
        heap_push(&engine->events, engine->next.arrival_ps, EVENT_ARRIVAL, EVENT_ARRIVAL, 0, 0);
    return true;
}

static void refuse(struct engine *engine, const struct workload_request *request,
                   enum sim_status status)
{
    struct sim_job job = {.request = *request};
    if (status == SIM_FAILED)
        engine->out->failed++;
    else
        engine->out->rejected++;
    emit(engine, &job, status);
}

static void note_queue(struct engine *engine)
{
    engine->seen =
        mem_grow(engine->seen, &engine->seen_capacity, engine->n_seen + 1, sizeof *engine->seen);
    engine->seen[engine->n_seen++] = (uint32_t)engine->batch.n_waiting;
}

static bool arrive(struct engine *engine)
{
    struct workload_request request = engine->next;
    engine->out->requests_in++;
    if (request.output_tokens == 0) {
        refuse(engine, &request, SIM_FAILED);
    } else if (!sim_batch_fits(&engine->batch, &request, engine->system->model->max_context)) {
        refuse(engine, &request, SIM_REJECTED);
    } else {
        note_queue(engine);
        engine->work_in += request.prompt_tokens + request.output_tokens;
        sim_batch_arrive(&engine->batch, &request);
        if (sim_batch_admits(&engine->batch) && engine->n_workers == 1)
            cut(engine, &engine->worker[0]);
    }
    if (!fetch_arrival(engine))
        return false;
    if (!engine->more && engine->work_in > 0)
        engine->left_at_last_arrival = 1 - (double)engine->work_done / (double)engine->work_in;
    return start_lanes(engine);
}

static bool hand_over(struct engine *engine, const struct heap_event *event)
{
    struct sim_job *job = &engine->batch.job[event->subject];
    if (job->generation != event->generation || job->state != SIM_JOB_HANDOVER)
        return true;
    job->state = SIM_JOB_READY;
    cut(engine, decoder(engine));
    return start_lanes(engine);
}

static bool set_governed(struct engine *engine, size_t d, uint8_t pstate)
{
    engine->governed[d] = pstate;
    bool throttled = pstate > engine->plan->pstate[d];
    sim_meter_set_pstate(engine->meter, d, pstate, throttled);
    for (size_t i = 0; i < engine->n_workers; i++)
        if (sim_lane_uses(engine->worker[i].lane, d) && !retime(engine, &engine->worker[i]))
            return false;
    return true;
}

static void schedule_poll(struct engine *engine, size_t d)
{
    double poll_s = engine->system->platform->device[d].thermal.poll_s;
    heap_push(&engine->events, engine->now_ps + (int64_t)llround(poll_s * 1e12), EVENT_POLL,
              EVENT_POLL, (uint32_t)d, 0);
}

/* The governor: a P-state down at the throttle temperature, up again below it less the hysteresis.
 */
static bool poll(struct engine *engine, size_t d)
{
    const struct device *device = &engine->system->platform->device[d];
    uint8_t state = engine->governed[d];
    read_meter(engine);
    schedule_poll(engine, d);
    double die_K = sim_meter_die_K(engine->meter, d);
    if (die_K >= device->thermal.throttle_K && (size_t)state + 1 < device_pstates(device))
        return set_governed(engine, d, (uint8_t)(state + 1));
    if (die_K < device->thermal.throttle_K - device->thermal.hysteresis_K &&
        state > engine->plan->pstate[d])
        return set_governed(engine, d, (uint8_t)(state - 1));
    return true;
}

static void sample(struct engine *engine)
{
    read_meter(engine);
    sim_meter_sample(engine->meter, &engine->options->sink, engine->batch.n_running,
                     engine->batch.n_waiting);
    engine->next_sample_ps += (int64_t)llround(engine->options->series_period_s * 1e12);
    heap_push(&engine->events, engine->next_sample_ps, EVENT_SAMPLE, EVENT_SAMPLE, 0, 0);
}

static bool handle(struct engine *engine, const struct heap_event *event)
{
    struct worker *worker = &engine->worker[event->subject % MOST_LANES];
    switch ((enum event_kind)event->kind) {
    case EVENT_RUN_END:
        if (!worker->run.active || worker->run.generation != event->generation)
            return true;
        return end_run(engine, worker);
    case EVENT_HANDOVER:
        return hand_over(engine, event);
    case EVENT_ARRIVAL:
        return arrive(engine);
    case EVENT_POLL:
        return poll(engine, event->subject);
    case EVENT_SAMPLE:
        sample(engine);
        return true;
    }
    return true;
}

static bool work_left(const struct engine *engine)
{
    return engine->more || engine->batch.n_running > 0 || engine->batch.n_waiting > 0;
}

static bool report(const struct engine *engine)
{
    return !engine->options->progress ||
           engine->options->progress(engine->options->progress_state,
                                     (double)engine->now_ps * 1e-12,
                                     (double)engine->next.arrival_ps * 1e-12) ||
           error_machine(engine->err, "interrupted");
}

static bool loop(struct engine *engine)
{
    struct heap_event event;
    for (uint64_t n = 1; work_left(engine); n++) {
        if (!heap_pop(&engine->events, &event))
            break;
        engine->now_ps = event.time_ps;
        if (!handle(engine, &event) || (n % PROGRESS_EVENTS == 0 && !report(engine)))
            return false;
    }
    return true;
}

/* --- beginning and end --- */

static void find_peaks(struct engine *engine)
{
    const struct sim_system *system = engine->system;
    const struct workload_format *format = NULL;
    for (size_t c = 0; c < system->n_classes && !format; c++)
        for (size_t i = 0; i < system->class[c].n_ops && !format; i++)
            if (system->class[c].op[i].kind == WORKLOAD_MATMUL)
                format = system->class[c].op[i].format;
    for (size_t d = 0; d < system->n_devices; d++) {
        const struct device *device = &system->platform->device[d];
        double rows = (double)device->compute.vector_rows;
        engine->peak_FLOPps[2 * d] = device_rate_FLOPps(device, format, rows);
        engine->peak_FLOPps[2 * d + 1] =
            device_rate_FLOPps(device, format, rows + 1) / device->compute.efficiency;
    }
}

static void add_worker(struct engine *engine, enum sim_lane_role role)
{
    struct worker *worker = &engine->worker[engine->n_workers++];
    size_t n = engine->system->n_devices;
    worker->role = role;
    worker->lane = sim_lane_create(engine->system, engine->plan, role);
    worker->run.fixed = mem_calloc(n, sizeof *worker->run.fixed);
    worker->run.slope = mem_calloc(n, sizeof *worker->run.slope);
    worker->run.pstate = mem_calloc(n, 1);
}

static bool lanes_meet(const struct engine *engine)
{
    const struct sim_system *system = engine->system;
    for (size_t i = 0; i < system->n_devices; i++)
        for (size_t j = 0; j < system->n_devices; j++)
            if (system->pool_of[i] == system->pool_of[j] &&
                sim_lane_uses(engine->worker[0].lane, i) &&
                sim_lane_uses(engine->worker[1].lane, j))
                return true;
    return false;
}

static void add_workers(struct engine *engine)
{
    if (!sim_plan_disjoint(engine->plan)) {
        add_worker(engine, SIM_LANE_BOTH);
        return;
    }
    add_worker(engine, SIM_LANE_PREFILL);
    add_worker(engine, SIM_LANE_DECODE);
    engine->pools_shared = lanes_meet(engine);
}

static bool missing_link(const struct engine *engine)
{
    const struct sim_system *system = engine->system;
    const struct sim_plan *plan = engine->plan;
    size_t n = system->n_devices;
    for (size_t u = 0; u < system->n_units; u++) {
        size_t next = u + 1 < system->n_units ? u + 1 : u;
        if (!system->routed[plan->prefill[u] * n + plan->decode[u]] ||
            !system->routed[plan->prefill[u] * n + plan->prefill[next]] ||
            !system->routed[plan->decode[u] * n + plan->decode[next]])
            return true;
    }
    return false;
}

static bool begin(struct engine *engine)
{
    const struct sim_system *system = engine->system;
    uint64_t blocks;
    if (missing_link(engine))
        return error_set(engine->err, "the plan hands over between devices that no link joins");
    if (!sim_plan_blocks(system, engine->plan, &blocks, engine->err) ||
        !sim_meter_create(system, engine->plan, &engine->meter, engine->err))
        return false;
    engine->out->kv_blocks = blocks;
    sim_batch_init(&engine->batch, &system->serving, engine->plan->in_flight, blocks);
    engine->governed = mem_calloc(system->n_devices, 1);
    memcpy(engine->governed, engine->plan->pstate, system->n_devices);
    engine->peak_FLOPps = mem_calloc(2 * system->n_devices, sizeof(double));
    engine->kv_pool_B = mem_calloc(2 * system->n_pools, sizeof(double));
    engine->weights_pool_B = engine->kv_pool_B + system->n_pools;
    sim_plan_kv_B(system, engine->plan, engine->kv_pool_B);
    sim_plan_weights_B(system, engine->plan, engine->weights_pool_B);
    find_peaks(engine);
    add_workers(engine);
    for (size_t d = 0; d < system->n_devices; d++)
        if (sim_plan_uses(engine->plan, d))
            schedule_poll(engine, d);
    if (engine->options->series_period_s > 0 && engine->options->sink.sample) {
        engine->next_sample_ps = (int64_t)llround(engine->options->series_period_s * 1e12);
        heap_push(&engine->events, engine->next_sample_ps, EVENT_SAMPLE, EVENT_SAMPLE, 0, 0);
    }
    return fetch_arrival(engine);
}

static double mean_seen(const struct engine *engine, size_t quarter)
{
    size_t from = engine->n_seen * quarter / 4, to = engine->n_seen * (quarter + 1) / 4;
    double sum = 0;
    for (size_t i = from; i < to; i++)
        sum += engine->seen[i];
    return to > from ? sum / (double)(to - from) : 0;
}

/* The queue grew: its mean in the last quarter of the arrivals is at least one request and twice
 * the second quarter's; or a tenth of the work was left when the last request came. */
static bool saturated(const struct engine *engine)
{
    double second = mean_seen(engine, 1), last = mean_seen(engine, 3);
    return (last >= 1 && last > 2 * second) ||
           (engine->n_seen >= 8 && engine->left_at_last_arrival > 0.1);
}

static void finish(struct engine *engine)
{
    struct sim_summary *out = engine->out;
    if (engine->options->series_period_s > 0 && engine->options->sink.sample)
        sample(engine);
    sim_meter_finish(engine->meter, &engine->options->sink, out);
    out->ttft_s = sim_values_distribution(&engine->ttft);
    out->tpot_s = sim_values_distribution(&engine->tpot);
    out->e2e_s = sim_values_distribution(&engine->e2e);
    out->itl_s = sim_gaps_distribution(&engine->gaps);
    out->makespan_s = (double)engine->last_finish_ps * 1e-12;
    if (out->makespan_s > 0) {
        out->requests_per_s = (double)out->done / out->makespan_s;
        out->output_tokens_per_s = (double)out->tokens_out / out->makespan_s;
    }
    out->preemptions = engine->batch.preemptions;
    out->saturated = saturated(engine);
}

static void release(struct engine *engine)
{
    for (size_t i = 0; i < engine->n_workers; i++) {
        sim_lane_destroy(engine->worker[i].lane);
        free(engine->worker[i].run.fixed);
        free(engine->worker[i].run.slope);
        free(engine->worker[i].run.pstate);
    }
    sim_meter_destroy(engine->meter);
    sim_batch_free(&engine->batch);
    heap_free(&engine->events);
    free(engine->governed);
    free(engine->peak_FLOPps);
    free(engine->kv_pool_B);
    free(engine->seen);
    sim_values_free(&engine->ttft);
    sim_values_free(&engine->tpot);
    sim_values_free(&engine->e2e);
    free(engine);
}

bool sim_run(const struct sim_system *system, const struct sim_plan *plan,
             struct workload_source *source, const struct sim_options *options,
             struct sim_summary *out, struct error *err)
{
    struct engine *engine = mem_calloc(1, sizeof *engine);
    *out = (struct sim_summary){0};
    engine->system = system;
    engine->plan = plan;
    engine->source = source;
    engine->options = options;
    engine->out = out;
    engine->err = err;
    heap_init(&engine->events);
    bool ok = begin(engine) && loop(engine);
    if (ok)
        finish(engine);
    release(engine);
    return ok;
}
