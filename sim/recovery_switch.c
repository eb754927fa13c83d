/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/recovery_state.h"

#include "devices/gear.h"
#include "sim/kv.h"

#include <stdlib.h>
#include <string.h>

static bool holds_kv(const struct sim_engine *engine, size_t unit)
{
    const struct sim_system *system = engine->system;
    return system->class[system->class_of[unit]].kv_bytes_per_token > 0;
}

static bool kv_failed(const struct sim_engine *engine, const uint8_t *where)
{
    for (size_t u = 0; u < engine->system->n_units; u++)
        if (holds_kv(engine, u) && engine->recovery->device[where[u]].failed)
            return true;
    return false;
}

static bool kv_stays(const struct sim_engine *engine, const uint8_t *from, const uint8_t *to)
{
    for (size_t u = 0; u < engine->system->n_units; u++)
        if (holds_kv(engine, u) && from[u] != to[u])
            return false;
    return true;
}

static bool kv_can_move(const struct sim_engine *engine, const uint8_t *from, const uint8_t *to)
{
    const struct sim_system *system = engine->system;
    for (size_t u = 0; u < system->n_units; u++)
        if (holds_kv(engine, u) && !system->routed[from[u] * system->n_devices + to[u]])
            return false;
    return !kv_failed(engine, from) && !kv_failed(engine, to);
}

static void lose(struct sim_engine *engine, size_t i)
{
    engine->recovery->lost++;
    sim_batch_lose(&engine->batch, i);
}

/* What a job of a given state needs to be where it was. */
struct stays {
    bool prompt, answer; /* caches of prompts and of answers */
    bool between;        /* caches on their way from prompts to answers */
};

static bool keeps(const struct stays *stays, const struct sim_job *job)
{
    switch (job->state) {
    case SIM_JOB_PREFILL:
        return stays->prompt;
    case SIM_JOB_HANDOVER:
        return stays->between;
    default:
        return stays->answer;
    }
}

/* Newest first, so that the oldest comes to the front of the queue. */
static void send_back(struct sim_engine *engine, const struct stays *stays)
{
    struct sim_batch *batch = &engine->batch;
    for (size_t i = batch->n_running; i-- > 0;)
        if (!keeps(stays, &batch->job[batch->running[i]]))
            lose(engine, i);
    if (!stays->prompt || !stays->answer)
        sim_prefix_trim(&batch->prefix, 0); /* nor are blocks kept for others there any more */
    sim_pressure_set(&engine->pressure, &batch->kv);
}

void sim_recovery_drop(struct sim_engine *engine)
{
    bool prompt = !kv_failed(engine, engine->plan->prefill);
    bool answer = !kv_failed(engine, engine->plan->decode);
    struct stays stays = {prompt, answer, prompt && answer};
    sim_engine_read(engine);
    for (size_t i = 0; i < engine->batch.n_running; i++) {
        struct sim_job *job = &engine->batch.job[engine->batch.running[i]];
        job->faulted = job->faulted || !keeps(&stays, job);
    }
    send_back(engine, &stays);
}

void sim_recovery_give_up(struct sim_engine *engine)
{
    sim_engine_read(engine);
    for (size_t i = 0; i < engine->n_workers; i++)
        sim_engine_abort(engine, &engine->worker[i]);
    send_back(engine, &(struct stays){false, false, false});
    while (engine->batch.n_waiting > 0)
        sim_engine_refuse(engine, sim_batch_dismiss(&engine->batch), SIM_FAILED);
}

void sim_recovery_end(struct sim_engine *engine)
{
    struct sim_recovery *recovery = engine->recovery;
    if (recovery->stopped_ps >= 0)
        engine->out->recovery.outage_s += (double)(engine->now_ps - recovery->stopped_ps) * 1e-12;
    recovery->stopped_ps = -1;
}

void sim_recovery_resume(struct sim_engine *engine)
{
    for (size_t i = 0; i < engine->n_workers; i++)
        if (sim_recovery_uses_failed(engine, engine->worker[i].lane))
            return;
    sim_recovery_end(engine);
}

/* Makes room for what runs on in a cache of another size. */
static void resize(struct sim_engine *engine, uint64_t blocks)
{
    struct sim_batch *batch = &engine->batch;
    while (batch->n_running > 0 && batch->kv.total - batch->kv.free > blocks)
        lose(engine, batch->n_running - 1);
    if (batch->kv.total != blocks)
        sim_kv_resize(&batch->kv, blocks, sim_system_slot_tokens(engine->system));
    sim_prefix_trim(&batch->prefix, batch->kv.free);
    sim_batch_bound(batch, engine->plan->in_flight);
}

/* Caches of running answers go to where the new plan decodes. */
static bool move_answers(struct sim_engine *engine, const uint8_t *from)
{
    struct sim_batch *batch = &engine->batch;
    free(engine->recovery->away.move); /* nothing is under way any more */
    engine->recovery->away = sim_moves_find(engine->system, from, engine->plan->decode);
    for (size_t i = 0; i < batch->n_running; i++) {
        const struct sim_job *job = &batch->job[batch->running[i]];
        if (job->state != SIM_JOB_READY && job->state != SIM_JOB_DECODE)
            continue;
        engine->recovery->row.moved++;
        if (!sim_links_send(engine, batch->running[i], &engine->recovery->away))
            return false;
    }
    return true;
}

/* Those that the new plan's cache could never hold have to go. */
static void sift(struct sim_engine *engine)
{
    struct sim_batch *batch = &engine->batch;
    for (size_t n = batch->n_waiting; n > 0; n--) {
        const struct sim_job *job = &batch->job[batch->waiting[batch->head]];
        if (sim_batch_fits(batch, &job->request, engine->system->model->max_context))
            sim_batch_rotate(batch);
        else
            sim_engine_refuse(engine, sim_batch_dismiss(batch), SIM_FAILED);
    }
}

/* Clocks of the new plan; a device that the governor holds back stays held back. */
static void set_clocks(struct sim_engine *engine, const struct sim_plan *before)
{
    for (size_t d = 0; d < engine->system->n_devices; d++) {
        uint8_t planned = engine->plan->pstate[d], allowed = engine->governed[d];
        bool throttled = allowed > before->pstate[d] && allowed > planned;
        engine->governed[d] = throttled ? allowed : planned;
        struct sim_recovery_device *device = &engine->recovery->device[d];
        if (!sim_plan_uses(engine->plan, d))
            continue;
        sim_meter_set_gear(engine->meter, d, engine->governed[d] * (size_t)DEVICE_GEARS, throttled);
        if (!device->polled)
            sim_engine_schedule_poll(engine, d);
        device->polled = true;
    }
}

/* The weights that the plan in force needs, and no others, are in the pools. */
static void note_weights(struct sim_engine *engine)
{
    const struct sim_system *system = engine->system;
    for (size_t p = 0; p < system->n_pools; p++)
        for (size_t u = 0; u < system->n_units; u++)
            engine->recovery->resident[p * system->n_units + u] =
                sim_plan_needs(system, engine->plan, p, u);
}

static struct stays what_stays(const struct sim_engine *engine, const struct sim_plan *before,
                               uint64_t blocks, bool *moves)
{
    const struct sim_plan *after = engine->plan;
    bool prompt = kv_stays(engine, before->prefill, after->prefill);
    bool answer = kv_stays(engine, before->decode, after->decode);
    struct stays stays = {prompt, answer, prompt && answer};
    bool paged = engine->batch.kv.allocator == SIM_KV_PAGED;
    if (!paged && blocks != engine->batch.kv.total)
        stays = (struct stays){false, false, false};
    *moves = paged && !stays.answer && kv_can_move(engine, before->decode, after->decode);
    return stays;
}

/* Puts the next plan in force; all lanes rest. */
static bool switch_plan(struct sim_engine *engine)
{
    struct sim_recovery *recovery = engine->recovery;
    struct sim_plan before = recovery->now;
    uint64_t blocks;
    bool moves;
    recovery->now = recovery->next; /* of the same size: they change places */
    recovery->next = before;
    sim_engine_read(engine);
    if (!sim_plan_blocks(engine->system, engine->plan, &blocks, engine->err))
        return false;
    struct stays stays = what_stays(engine, &before, blocks, &moves);
    stays.answer = stays.answer || moves;
    send_back(engine, &stays);
    resize(engine, blocks);
    sim_pressure_move(&engine->pressure, engine->plan);
    sim_pressure_set(&engine->pressure, &engine->batch.kv);
    sim_meter_follow(engine->meter, engine->plan);
    set_clocks(engine, &before);
    note_weights(engine);
    sim_engine_set_workers(engine);
    free(engine->moves.move);
    engine->moves = sim_moves_find(engine->system, engine->plan->prefill, engine->plan->decode);
    if (moves && !move_answers(engine, before.decode))
        return false;
    sift(engine);
    return sim_links_refresh(engine, NULL);
}

bool sim_recovery_turn(struct sim_engine *engine)
{
    struct sim_recovery *recovery = engine->recovery;
    if (!recovery->switching)
        return true;
    for (size_t i = 0; i < engine->n_workers; i++)
        if (engine->worker[i].run.active)
            return true;
    if (!switch_plan(engine))
        return false;
    recovery->row.in_force_s = (double)engine->now_ps * 1e-12;
    engine->out->recovery.changes++;
    sim_recovery_report(engine, &recovery->now);
    sim_recovery_resume(engine);
    return true;
}
