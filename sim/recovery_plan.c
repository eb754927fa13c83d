/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/recovery_state.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static double seconds(int64_t time_ps)
{
    return (double)time_ps * 1e-12;
}

/* Devices that the server may use; returns how many. */
static size_t find_available(struct sim_engine *engine)
{
    struct sim_recovery *recovery = engine->recovery;
    size_t n = 0;
    for (size_t d = 0; d < engine->system->n_devices; d++)
        n += recovery->available[d] = !recovery->device[d].known;
    return n;
}

static bool all_available(const struct sim_engine *engine, const struct sim_plan *plan)
{
    for (size_t d = 0; d < engine->system->n_devices; d++)
        if (!engine->recovery->available[d] && sim_plan_uses(plan, d))
            return false;
    return true;
}

/* When all that the first plan needs is there it comes back without a search. */
static bool find_plan(struct sim_engine *engine, enum sim_cause cause, uint64_t *evaluations)
{
    struct sim_recovery *recovery = engine->recovery;
    *evaluations = 0;
    if (cause != SIM_CAUSE_GUARD && all_available(engine, recovery->first)) {
        sim_plan_copy(&recovery->next, recovery->first);
        return true;
    }
    struct sim_replan_wish wish = {recovery->available, cause == SIM_CAUSE_GUARD};
    bool found =
        sim_replan_find(&engine->options->changes->parts, &wish, &recovery->next, evaluations);
    engine->out->recovery.evaluations += *evaluations;
    return found;
}

/* Weights that the next plan's pools lack, through one store. */
static double load_s(const struct sim_engine *engine)
{
    const struct sim_system *system = engine->system;
    const struct sim_recovery *recovery = engine->recovery;
    double load_Bps = engine->options->changes->parts.replan->load_Bps, bytes = 0;
    for (size_t p = 0; p < system->n_pools; p++)
        for (size_t u = 0; u < system->n_units; u++)
            if (!recovery->resident[p * system->n_units + u] &&
                sim_plan_needs(system, &recovery->next, p, u))
                bytes += sim_system_weights_B(system, u, p);
    return load_Bps > 0 ? bytes / load_Bps : 0;
}

/* Until all that the next plan switches on is up. */
static double wake_s(const struct sim_engine *engine)
{
    const struct sim_recovery *recovery = engine->recovery;
    double longest_s = 0;
    for (size_t d = 0; d < engine->system->n_devices; d++)
        if (!sim_plan_powers(engine->system, &recovery->now, d) &&
            sim_plan_uses(&recovery->next, d))
            longest_s = fmax(longest_s, engine->system->platform->device[d].power.wake_s);
    return longest_s;
}

static bool same_plan(const struct sim_plan *a, const struct sim_plan *b)
{
    return memcmp(a->prefill, b->prefill, a->n_units) == 0 &&
           memcmp(a->decode, b->decode, a->n_units) == 0 &&
           memcmp(a->pstate, b->pstate, a->n_devices) == 0 && a->in_flight == b->in_flight;
}

static bool any_returns(const struct sim_engine *engine)
{
    for (size_t d = 0; d < engine->system->n_devices; d++)
        if (engine->recovery->device[d].failed && engine->recovery->device[d].back_ps < INT64_MAX)
            return true;
    return false;
}

/* The widest gap between the papers' premise and what the survivors can do. */
static void note_latency(struct sim_engine *engine, struct sim_change_row *row)
{
    const struct sim_recovery *recovery = engine->recovery;
    const struct sim_replan_parts *parts = &engine->options->changes->parts;
    struct sim_recovered *out = &engine->out->recovery;
    struct sim_replan_limits limits = sim_replan_limits(parts, recovery->available);
    row->latency_s = sim_replan_latency_s(parts, &recovery->next);
    row->equal_limit_s = limits.equal * recovery->first_s;
    row->rate_limit_s = limits.rate * recovery->first_s;
    double ratio = row->latency_s / recovery->first_s;
    if (row->cause != SIM_CAUSE_FAULT || ratio <= out->latency_ratio)
        return;
    out->latency_ratio = ratio;
    out->equal_limit = limits.equal;
    out->rate_limit = limits.rate;
}

void sim_recovery_report(struct sim_engine *engine, const struct sim_plan *plan)
{
    struct sim_recovery *recovery = engine->recovery;
    const struct sim_sink *sink = &engine->options->sink;
    recovery->pending = recovery->switching = false;
    recovery->row.recomputed = (int64_t)recovery->lost;
    recovery->lost = 0;
    if (!sink->change)
        return;
    char *shown = plan ? sim_plan_describe(engine->system, plan) : NULL;
    recovery->row.plan = shown ? shown : "none";
    sink->change(sink->state, &recovery->row);
    free(shown);
}

static struct sim_change_row begin_row(const struct sim_engine *engine,
                                       const struct sim_recovery_call *call)
{
    return (struct sim_change_row){
        .cause = (int32_t)call->cause,
        .device = engine->system->platform->device[call->device].name,
        .at_s = seconds(call->at_ps),
        .asked_s = seconds(engine->now_ps),
        .in_force_s = NAN,
        .latency_s = NAN,
        .equal_limit_s = NAN,
        .rate_limit_s = NAN,
    };
}

/* No plan can run on what is left. */
static void strand(struct sim_engine *engine)
{
    struct sim_recovery *recovery = engine->recovery;
    sim_recovery_report(engine, NULL);
    recovery->stranded = !all_available(engine, &recovery->now);
    sim_recovery_despair(engine);
}

void sim_recovery_despair(struct sim_engine *engine)
{
    struct sim_recovery *recovery = engine->recovery;
    if (!recovery->stranded || recovery->hopeless || any_returns(engine))
        return;
    recovery->hopeless = true;
    sim_recovery_give_up(engine);
}

void sim_recovery_call(struct sim_engine *engine, const struct sim_recovery_call *call)
{
    struct sim_recovery *recovery = engine->recovery;
    uint64_t evaluations;
    if (recovery->pending) /* overtaken before it came into force */
        sim_recovery_report(engine, &recovery->next);
    recovery->row = begin_row(engine, call);
    recovery->stranded = false;
    recovery->row.healthy = (int64_t)find_available(engine);
    bool stands = call->cause == SIM_CAUSE_FAULT && all_available(engine, &recovery->now);
    if (stands) { /* the plan did not need the device */
        sim_plan_copy(&recovery->next, &recovery->now);
        evaluations = 0;
    } else if (!find_plan(engine, call->cause, &evaluations)) {
        recovery->row.evaluations = (int64_t)evaluations;
        strand(engine);
        return;
    }
    recovery->row.evaluations = (int64_t)evaluations;
    note_latency(engine, &recovery->row);
    double search_s = (double)evaluations * engine->options->changes->parts.replan->evaluation_s;
    double ready_s = search_s + fmax(load_s(engine), wake_s(engine));
    recovery->generation++;
    recovery->pending = true;
    if (same_plan(&recovery->now, &recovery->next) && ready_s <= search_s &&
        recovery->stopped_ps < 0) {
        recovery->row.in_force_s = seconds(engine->now_ps);
        sim_recovery_report(engine, &recovery->now);
        return;
    }
    heap_push(&engine->events, engine->now_ps + (int64_t)llround(ready_s * 1e12), SIM_EVENT_SWITCH,
              SIM_EVENT_SWITCH, 0, recovery->generation);
}
