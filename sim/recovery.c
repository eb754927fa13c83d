/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/recovery_state.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { RAMP_STEPS = 5 };
static const double CELSIUS_K = 273.15, PS_PER_S = 1e12, LAST_S = 4e6;

static int64_t after_ps(const struct sim_engine *engine, double seconds)
{
    return engine->now_ps + (int64_t)llround(seconds * PS_PER_S);
}

static void push(struct sim_engine *engine, int64_t time_ps, enum sim_event kind, size_t subject)
{
    heap_push(&engine->events, time_ps, (uint8_t)kind, (uint16_t)kind, (uint32_t)subject, 0);
}

/* The next failure that the device's reliability brings, counted from now. */
static void draw_fault(struct sim_engine *engine, size_t d)
{
    const struct sim_change_options *options = engine->options->changes;
    struct sim_fault_draw draw = {options->parts.seed, (uint32_t)d,
                                  engine->recovery->device[d].failures};
    double gap_s = sim_fault_gap_s(&engine->system->platform->device[d].reliability, &draw);
    if (options->faults->drawn && gap_s < LAST_S)
        push(engine, after_ps(engine, gap_s), SIM_EVENT_FAULT, options->faults->n_scheduled + d);
}

static void schedule_faults(struct sim_engine *engine)
{
    const struct sim_faults *faults = engine->options->changes->faults;
    for (size_t i = 0; i < faults->n_scheduled; i++)
        push(engine, after_ps(engine, faults->scheduled[i].at_s), SIM_EVENT_FAULT, i);
    for (size_t d = 0; d < engine->system->n_devices; d++)
        draw_fault(engine, d);
}

void sim_recovery_open(struct sim_engine *engine)
{
    const struct sim_system *system = engine->system;
    const struct sim_change_options *options = engine->options->changes;
    if (!options || !(sim_faults_any(options->faults) || options->parts.replan->guard))
        return;
    struct sim_recovery *recovery = mem_calloc(1, sizeof *recovery);
    engine->recovery = recovery;
    recovery->device = mem_calloc(system->n_devices, sizeof *recovery->device);
    recovery->available = mem_calloc(system->n_devices, sizeof *recovery->available);
    recovery->resident = mem_calloc(system->n_pools * system->n_units, sizeof(bool));
    recovery->first = engine->plan;
    recovery->first_s = sim_replan_latency_s(&options->parts, engine->plan);
    recovery->stopped_ps = -1;
    sim_plan_init(&recovery->now, system);
    sim_plan_init(&recovery->next, system);
    sim_plan_copy(&recovery->now, engine->plan);
    engine->plan = &recovery->now;
    for (size_t d = 0; d < system->n_devices; d++) {
        recovery->device[d].share = 1;
        recovery->device[d].polled = sim_plan_uses(engine->plan, d);
    }
    for (size_t p = 0; p < system->n_pools; p++)
        for (size_t u = 0; u < system->n_units; u++)
            recovery->resident[p * system->n_units + u] =
                sim_plan_needs(system, engine->plan, p, u);
    schedule_faults(engine);
}

void sim_recovery_close(struct sim_engine *engine)
{
    struct sim_recovery *recovery = engine->recovery;
    if (!recovery)
        return;
    sim_plan_free(&recovery->now);
    sim_plan_free(&recovery->next);
    free(recovery->away.move);
    free(recovery->device);
    free(recovery->available);
    free(recovery->resident);
    free(recovery);
}

bool sim_recovery_uses_failed(const struct sim_engine *engine, const struct sim_lane *lane)
{
    const struct sim_recovery *recovery = engine->recovery;
    for (size_t d = 0; d < engine->system->n_devices && recovery->n_failed > 0; d++)
        if (recovery->device[d].failed && sim_lane_uses(lane, d))
            return true;
    return false;
}

bool sim_recovery_holds(const struct sim_engine *engine, const struct sim_worker *worker)
{
    return engine->recovery->switching || sim_recovery_uses_failed(engine, worker->lane);
}

bool sim_recovery_hopeless(const struct sim_engine *engine)
{
    return engine->recovery && engine->recovery->hopeless;
}

/* What only this device could reach of its pool's content is gone. */
static void forget_weights(struct sim_engine *engine, size_t d)
{
    const struct sim_system *system = engine->system;
    struct sim_recovery *recovery = engine->recovery;
    size_t pool = system->pool_of[d];
    for (size_t i = 0; i < system->n_devices; i++)
        if (system->pool_of[i] == pool && !recovery->device[i].failed)
            return;
    memset(recovery->resident + pool * system->n_units, 0, system->n_units * sizeof(bool));
}

/* Running jobs that a lane works on, by their state. */
static bool is_of(const struct sim_job *job, enum sim_lane_role role)
{
    bool prompt = job->state == SIM_JOB_PREFILL;
    return role == SIM_LANE_BOTH || prompt == (role == SIM_LANE_PREFILL);
}

/* Lanes with a failed device stand still; the pass under way is lost. */
static void stop_lanes(struct sim_engine *engine)
{
    struct sim_batch *batch = &engine->batch;
    for (size_t i = 0; i < engine->n_workers; i++) {
        struct sim_worker *worker = &engine->worker[i];
        if (!sim_recovery_uses_failed(engine, worker->lane))
            continue;
        if (engine->recovery->stopped_ps < 0)
            engine->recovery->stopped_ps = engine->now_ps;
        engine->recovery->lost += sim_engine_abort(engine, worker);
        for (size_t j = 0; j < batch->n_running; j++)
            if (is_of(&batch->job[batch->running[j]], worker->role))
                batch->job[batch->running[j]].faulted = true;
    }
    sim_recovery_drop(engine);
}

static bool fail(struct sim_engine *engine, size_t subject)
{
    const struct sim_faults *faults = engine->options->changes->faults;
    bool told = subject < faults->n_scheduled;
    const struct device_platform *platform = engine->system->platform;
    size_t d = told ? device_platform_find(platform, faults->scheduled[subject].device)
                    : subject - faults->n_scheduled;
    double for_s = told ? faults->scheduled[subject].for_s : faults->repair_s;
    struct sim_recovery_device *device = &engine->recovery->device[d];
    int64_t back_ps = for_s > 0 ? after_ps(engine, for_s) : INT64_MAX;
    if (device->failed && back_ps <= device->back_ps)
        return true;
    device->back_ps = back_ps;
    if (back_ps < INT64_MAX)
        push(engine, back_ps, SIM_EVENT_BACK, d);
    if (device->failed) { /* it only stays away for longer */
        sim_recovery_despair(engine);
        return true;
    }
    device->failed = true;
    device->failures++;
    device->failed_ps = engine->now_ps;
    engine->recovery->n_failed++;
    engine->out->recovery.faults++;
    forget_weights(engine, d);
    stop_lanes(engine);
    push(engine, after_ps(engine, faults->detection_s), SIM_EVENT_DETECT, d);
    return sim_links_refresh(engine, NULL) && sim_engine_start_lanes(engine);
}

static bool detect(struct sim_engine *engine, size_t d)
{
    struct sim_recovery_device *device = &engine->recovery->device[d];
    double detection_s = engine->options->changes->faults->detection_s;
    bool this_one = after_ps(engine, -detection_s) == device->failed_ps;
    if (!device->failed || device->known || !this_one)
        return true; /* it came back by itself */
    device->known = true;
    sim_recovery_drop(engine);
    sim_recovery_call(engine, &(struct sim_recovery_call){SIM_CAUSE_FAULT, d, device->failed_ps});
    return sim_links_refresh(engine, NULL) && sim_engine_start_lanes(engine);
}

/* Sets the share that the device has by now. */
static bool ramp(struct sim_engine *engine, size_t d)
{
    const struct sim_faults *faults = engine->options->changes->faults;
    struct sim_recovery_device *device = &engine->recovery->device[d];
    double passed_s = (double)(engine->now_ps - device->returned_ps) / PS_PER_S;
    double step_s = faults->ramp_s / RAMP_STEPS;
    double steps = step_s > 0 ? fmin(RAMP_STEPS, round(passed_s / step_s)) : RAMP_STEPS;
    device->share = faults->return_share + (1 - faults->return_share) * steps / RAMP_STEPS;
    if (steps < RAMP_STEPS)
        heap_push(&engine->events, after_ps(engine, step_s), SIM_EVENT_RAMP, SIM_EVENT_RAMP,
                  (uint32_t)d, (uint16_t)device->failures);
    for (size_t i = 0; i < engine->n_workers; i++)
        if (sim_lane_uses(engine->worker[i].lane, d) &&
            !sim_engine_retime(engine, &engine->worker[i]))
            return false;
    return true;
}

static bool come_back(struct sim_engine *engine, size_t d)
{
    struct sim_recovery *recovery = engine->recovery;
    struct sim_recovery_device *device = &recovery->device[d];
    if (!device->failed || device->back_ps != engine->now_ps)
        return true;
    bool known = device->known;
    device->failed = device->known = false;
    recovery->n_failed--;
    draw_fault(engine, d);
    if (known) {
        device->returned_ps = engine->now_ps;
        if (!ramp(engine, d))
            return false;
        sim_recovery_call(engine, &(struct sim_recovery_call){SIM_CAUSE_RETURN, d, engine->now_ps});
    } else {
        sim_recovery_resume(engine);
    }
    return sim_engine_start_lanes(engine);
}

/* The plan that was asked for is ready: lanes rest at their next step boundary. */
static bool ready(struct sim_engine *engine, uint16_t generation)
{
    struct sim_recovery *recovery = engine->recovery;
    if (!recovery->pending || recovery->generation != generation)
        return true;
    recovery->switching = true;
    for (size_t i = 0; i < engine->n_workers; i++)
        sim_engine_cut(engine, &engine->worker[i]);
    return sim_engine_start_lanes(engine);
}

bool sim_recovery_handle(struct sim_engine *engine, const struct heap_event *event)
{
    size_t d = event->subject;
    switch ((enum sim_event)event->kind) {
    case SIM_EVENT_FAULT:
        return fail(engine, d);
    case SIM_EVENT_DETECT:
        return detect(engine, d);
    case SIM_EVENT_BACK:
        return come_back(engine, d);
    case SIM_EVENT_SWITCH:
        return ready(engine, event->generation);
    case SIM_EVENT_RAMP:
        return engine->recovery->device[d].failed ||
               event->generation != (uint16_t)engine->recovery->device[d].failures ||
               ramp(engine, d);
    default:
        return true;
    }
}

void sim_recovery_watch(struct sim_engine *engine, size_t d, double die_K)
{
    const struct device_thermal_spec *spec = &engine->system->platform->device[d].thermal;
    struct sim_recovery *recovery = engine->recovery;
    double guard_K = CELSIUS_K + spec->guard * (spec->limit_K - CELSIUS_K);
    if (!engine->options->changes->parts.replan->guard)
        return;
    if (die_K < guard_K - spec->hysteresis_K)
        recovery->device[d].hot = false;
    if (die_K < guard_K || recovery->device[d].hot || recovery->pending)
        return;
    recovery->device[d].hot = true;
    engine->out->recovery.guard_calls++;
    sim_recovery_call(engine, &(struct sim_recovery_call){SIM_CAUSE_GUARD, d, engine->now_ps});
}

void sim_recovery_slow(const struct sim_engine *engine, const struct sim_pass_cost *cost,
                       struct sim_affine *step_s)
{
    for (size_t d = 0; d < engine->system->n_devices; d++) {
        double longer = 1 / engine->recovery->device[d].share - 1;
        step_s->fixed += longer * cost->device[d].time_s;
        step_s->per_context += longer * cost->device[d].time_per_context_s;
        step_s->per_window += longer * cost->device[d].time_per_window_s;
    }
}
