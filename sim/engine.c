/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/engine_state.h"

#include "base/memory.h"
#include "devices/gear.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool plan_pass(struct sim_engine *engine, struct sim_worker *worker, struct sim_pass *pass)
{
    const struct sim_serving *serving = &engine->system->serving;
    uint64_t budget = serving->max_num_batched_tokens;
    uint64_t *reserved = &worker->run.reserved;
    engine->batch.turn = worker->run.stream;
    *pass = (struct sim_pass){0};
    *reserved = 0;
    if (worker->role == SIM_LANE_BOTH && !serving->chunked_prefill) {
        sim_batch_take_prompts(&engine->batch, budget, engine->now_ps, pass);
        if (pass->prefill_rows == 0)
            *reserved = sim_batch_take_decodes(&engine->batch, pass);
    } else {
        if (worker->role != SIM_LANE_PREFILL)
            *reserved = sim_batch_take_decodes(&engine->batch, pass);
        if (worker->role != SIM_LANE_DECODE)
            sim_batch_take_prompts(&engine->batch, budget - pass->decode_rows, engine->now_ps,
                                   pass);
    }
    return pass->decode_rows + pass->prefill_rows > 0;
}

bool sim_engine_start_lanes(struct sim_engine *engine)
{
    if (engine->recovery && !sim_recovery_turn(engine))
        return false;
    if (engine->now_ps < engine->awake_ps)
        return true;
    for (size_t i = 0; i < engine->n_workers; i++) {
        struct sim_worker *worker = &engine->worker[i];
        struct sim_pass pass;
        if (worker->run.active || (engine->recovery && sim_recovery_holds(engine, worker)) ||
            !plan_pass(engine, worker, &pass))
            continue;
        if (!sim_engine_start(engine, worker, &pass) || !sim_engine_retime_others(engine, worker))
            return false;
    }
    return true;
}

static bool end_run(struct sim_engine *engine, struct sim_worker *worker)
{
    struct sim_run_state *run = &worker->run;
    if (engine->options->token_resolution && run->told + 1 < run->steps.count) {
        sim_engine_tell(engine, run, 1);
        sim_engine_schedule_end(engine, worker);
        return true;
    }
    engine->out->passes += run->steps.count;
    sim_engine_read(engine);
    sim_engine_charge(engine, worker, (double)run->steps.count);
    sim_cap_look(engine);
    sim_engine_count_time(engine, worker);
    run->active = engine->batch.busy[run->stream] = false;
    if (!sim_links_refresh(engine, worker))
        return false;
    sim_engine_settle(engine, run);
    sim_pressure_set(&engine->pressure, &engine->batch.kv);
    return sim_engine_start_lanes(engine) &&
           (engine->n_workers == 1 || sim_engine_retime_others(engine, worker));
}

static bool set_governed(struct sim_engine *engine, size_t d, uint8_t pstate)
{
    engine->governed[d] = pstate;
    bool throttled = pstate > engine->plan->pstate[d];
    sim_meter_set_gear(engine->meter, d, pstate * (size_t)DEVICE_GEARS, throttled);
    for (size_t i = 0; i < engine->n_workers; i++)
        if (sim_lane_uses(engine->worker[i].lane, d) &&
            !sim_engine_retime(engine, &engine->worker[i]))
            return false;
    return true;
}

void sim_engine_schedule_poll(struct sim_engine *engine, size_t d)
{
    double poll_s = engine->system->platform->device[d].thermal.poll_s;
    heap_push(&engine->events, engine->now_ps + (int64_t)llround(poll_s * 1e12), SIM_EVENT_POLL,
              SIM_EVENT_POLL, (uint32_t)d, 0);
}

/* The governor: a P-state down at the throttle temperature, up again below it less the hysteresis.
 */
static bool poll(struct sim_engine *engine, size_t d)
{
    const struct device *device = &engine->system->platform->device[d];
    uint8_t state = engine->governed[d];
    sim_engine_read(engine);
    sim_engine_schedule_poll(engine, d);
    double die_K = sim_meter_die_K(engine->meter, d);
    if (engine->recovery && !sim_plan_uses(engine->plan, d))
        return true;
    if (engine->recovery)
        sim_recovery_watch(engine, d, die_K);
    if (die_K >= device->thermal.throttle_K && (size_t)state + 1 < device_pstates(device))
        return set_governed(engine, d, (uint8_t)(state + 1));
    if (die_K < device->thermal.throttle_K - device->thermal.hysteresis_K &&
        state > engine->plan->pstate[d])
        return set_governed(engine, d, (uint8_t)(state - 1));
    return true;
}

static void sample(struct sim_engine *engine)
{
    sim_engine_read(engine);
    sim_meter_sample(engine->meter, &engine->options->sink, engine->batch.n_running,
                     engine->batch.n_waiting, sim_pressure_sample(&engine->pressure));
    engine->next_sample_ps += (int64_t)llround(engine->options->series_period_s * 1e12);
    heap_push(&engine->events, engine->next_sample_ps, SIM_EVENT_SAMPLE, SIM_EVENT_SAMPLE, 0, 0);
}

static bool handle(struct sim_engine *engine, const struct heap_event *event)
{
    struct sim_worker *worker = &engine->worker[event->subject % SIM_MOST_LANES];
    switch ((enum sim_event)event->kind) {
    case SIM_EVENT_RUN_END:
        if (!worker->run.active || worker->run.generation != event->generation)
            return true;
        return end_run(engine, worker);
    case SIM_EVENT_HANDOVER:
        return sim_links_arrive(engine, event) && sim_engine_start_lanes(engine);
    case SIM_EVENT_THROUGH:
        return sim_links_through(engine, event);
    case SIM_EVENT_FAULT:
    case SIM_EVENT_DETECT:
    case SIM_EVENT_BACK:
    case SIM_EVENT_SWITCH:
    case SIM_EVENT_RAMP:
        return sim_recovery_handle(engine, event);
    case SIM_EVENT_AWAKE:
        sim_engine_read(engine);
        return sim_engine_start_lanes(engine);
    case SIM_EVENT_ARRIVAL:
        return sim_engine_arrive(engine, event->subject) && sim_engine_start_lanes(engine);
    case SIM_EVENT_BURST:
        return worker->run.burst_ps != event->time_ps || sim_engine_retime(engine, worker);
    case SIM_EVENT_POLL:
        return poll(engine, event->subject);
    case SIM_EVENT_SAMPLE:
        sample(engine);
        return true;
    }
    return true;
}

static bool work_left(const struct sim_engine *engine)
{
    return engine->more || engine->n_held > 0 || engine->batch.n_running > 0 ||
           engine->batch.n_waiting > 0;
}

static bool report(const struct sim_engine *engine)
{
    return !engine->options->progress ||
           engine->options->progress(engine->options->progress_state,
                                     (double)engine->now_ps * 1e-12,
                                     (double)engine->next.arrival_ps * 1e-12) ||
           error_machine(engine->err, "interrupted");
}

static bool loop(struct sim_engine *engine)
{
    struct heap_event event;
    for (uint64_t n = 1; work_left(engine); n++) {
        if (!heap_pop(&engine->events, &event))
            break;
        engine->now_ps = event.time_ps;
        if (!handle(engine, &event) || engine->broken ||
            (n % SIM_PROGRESS_EVENTS == 0 && !report(engine)))
            return false;
    }
    return true;
}

/* The format of the weights that do most of the work: those of the first product. */
static const struct workload_format *main_format(const struct sim_system *system)
{
    for (size_t c = 0; c < system->n_classes; c++)
        for (size_t i = 0; i < system->class[c].n_ops; i++)
            if (system->class[c].op[i].kind == WORKLOAD_MATMUL)
                return system->class[c].op[i].format;
    return NULL;
}

static void add_worker(struct sim_engine *engine, enum sim_lane_role role)
{
    struct sim_worker *worker = &engine->worker[engine->n_workers++];
    size_t n = engine->system->n_devices;
    sim_lane_destroy(worker->lane);
    worker->role = role;
    worker->run.stream = role == SIM_LANE_BOTH ? (uint8_t)(engine->n_workers - 1) : 0;
    worker->lane = sim_lane_create(engine->system, engine->plan, role);
    worker->run.burst_ps = INT64_MAX;
    if (worker->run.share)
        return;
    worker->run.use = mem_calloc(n, sizeof *worker->run.use);
    worker->run.share = mem_calloc(n, sizeof *worker->run.share);
    worker->run.demand_W = mem_calloc(n, sizeof *worker->run.demand_W);
    worker->run.gear = mem_calloc(n, sizeof *worker->run.gear);
}

static bool lanes_meet(const struct sim_engine *engine)
{
    const struct sim_system *system = engine->system;
    for (size_t i = 0; i < system->n_devices; i++)
        for (size_t j = 0; j < system->n_devices; j++)
            if ((system->pool_of[i] == system->pool_of[j] || system->platform->has_package) &&
                sim_lane_uses(engine->worker[0].lane, i) &&
                sim_lane_uses(engine->worker[1].lane, j))
                return true;
    return false;
}

void sim_engine_set_workers(struct sim_engine *engine)
{
    struct sim_batch *batch = &engine->batch;
    engine->n_workers = 0;
    engine->lanes_meet = false;
    if (!sim_plan_disjoint(engine->plan)) {
        add_worker(engine, SIM_LANE_BOTH);
        batch->n_streams = sim_pipeline_batches(engine);
        while (engine->n_workers < batch->n_streams)
            add_worker(engine, SIM_LANE_BOTH);
        engine->lanes_meet = batch->n_streams > 1;
        sim_pipeline_deal(engine);
        return;
    }
    batch->n_streams = 1;
    sim_pipeline_deal(engine);
    add_worker(engine, SIM_LANE_PREFILL);
    add_worker(engine, SIM_LANE_DECODE);
    engine->lanes_meet = lanes_meet(engine);
}

/* A plan switches on what it uses before the first request comes to it. */
static void wake_devices(struct sim_engine *engine)
{
    double wake_s = 0;
    for (size_t d = 0; d < engine->system->n_devices; d++) {
        const struct device_power *power = &engine->system->platform->device[d].power;
        if (power->can_sleep && sim_plan_uses(engine->plan, d))
            wake_s = fmax(wake_s, power->wake_s);
    }
    engine->awake_ps = (int64_t)llround(wake_s * 1e12);
    if (engine->awake_ps > 0)
        heap_push(&engine->events, engine->awake_ps, SIM_EVENT_AWAKE, SIM_EVENT_AWAKE, 0, 0);
}

static bool begin(struct sim_engine *engine)
{
    const struct sim_system *system = engine->system;
    uint64_t blocks;
    if (!sim_plan_linked(system, engine->plan))
        return error_set(engine->err, "the plan hands over between devices that no link joins");
    if (!sim_plan_blocks(system, engine->plan, &blocks, engine->err) ||
        !sim_meter_create(system, engine->plan, &engine->meter, engine->err))
        return false;
    engine->out->kv_blocks = blocks;
    sim_batch_init(&engine->batch, &system->serving, engine->plan->in_flight, blocks);
    sim_kv_reserve_by(&engine->batch.kv, (enum sim_kv_allocator)system->serving.kv_allocator,
                      sim_system_slot_tokens(system));
    if (system->model->sliding_window > 0)
        engine->batch.window = system->model->sliding_window;
    engine->governed = mem_calloc(system->n_devices, 1);
    memcpy(engine->governed, engine->plan->pstate, system->n_devices);
    engine->format = main_format(system);
    sim_pressure_init(&engine->pressure, system, engine->plan);
    sim_cap_init(engine);
    sim_links_init(&engine->links, system->n_devices);
    sim_recovery_open(engine);
    sim_engine_set_workers(engine);
    engine->moves = sim_moves_find(system, engine->plan->prefill, engine->plan->decode);
    for (size_t d = 0; d < system->n_devices; d++)
        if (sim_plan_uses(engine->plan, d))
            sim_engine_schedule_poll(engine, d);
    wake_devices(engine);
    if (engine->options->series_period_s > 0 && engine->options->sink.sample) {
        engine->next_sample_ps = (int64_t)llround(engine->options->series_period_s * 1e12);
        heap_push(&engine->events, engine->next_sample_ps, SIM_EVENT_SAMPLE, SIM_EVENT_SAMPLE, 0,
                  0);
    }
    engine->closed = workload_source_serve(engine->source);
    return sim_engine_fetch(engine);
}

/* The queue grew: its mean in the last quarter of the arrivals is at least one request and twice
 * the second quarter's; or a tenth of the work was left when the last request came. Users who wait
 * for their answers cannot ask faster than they are served. */
static bool saturated(const struct sim_engine *engine)
{
    if (engine->closed)
        return false;
    double second = sim_course_mean(&engine->seen, 1), last = sim_course_mean(&engine->seen, 3);
    return (last >= 1 && last > 2 * second) ||
           (engine->seen.n >= 8 && engine->left_at_last_arrival > 0.1);
}

static void tell_prefixes(const struct sim_batch *batch, struct sim_summary *out)
{
    double asked = (double)batch->admitted_tokens;
    out->prefix_cached_tokens = batch->cached_tokens;
    out->prefix_evicted_blocks = batch->prefix.evicted;
    out->prefix_hit_rate =
        batch->prefix.on && asked > 0 ? (double)batch->cached_tokens / asked : NAN;
}

static void finish(struct sim_engine *engine)
{
    struct sim_summary *out = engine->out;
    if (engine->recovery)
        sim_recovery_end(engine);
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
    tell_prefixes(&engine->batch, out);
    sim_pressure_finish(&engine->pressure, out);
    out->kv_blocks_held = engine->batch.kv.total - engine->batch.kv.free;
    out->saturated = saturated(engine);
}

static void release(struct sim_engine *engine)
{
    for (size_t i = 0; i < SIM_MOST_LANES; i++) {
        sim_lane_destroy(engine->worker[i].lane);
        free(engine->worker[i].run.use);
        free(engine->worker[i].run.share);
        free(engine->worker[i].run.demand_W);
        free(engine->worker[i].run.gear);
    }
    sim_meter_destroy(engine->meter);
    sim_batch_free(&engine->batch);
    heap_free(&engine->events);
    free(engine->governed);
    free(engine->moves.move);
    sim_links_free(&engine->links);
    sim_pressure_free(&engine->pressure);
    sim_cap_free(&engine->cap);
    sim_recovery_close(engine);
    sim_sessions_free(&engine->sessions);
    sim_values_free(&engine->ttft);
    sim_values_free(&engine->tpot);
    sim_values_free(&engine->e2e);
    free(engine);
}

bool sim_run(const struct sim_system *system, const struct sim_plan *plan,
             struct workload_source *source, const struct sim_options *options,
             struct sim_summary *out, struct error *err)
{
    struct sim_engine *engine = mem_calloc(1, sizeof *engine);
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
