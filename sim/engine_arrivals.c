/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Requests that come: at times of their own, after the call before them, or when a user of a closed
 * loop has had an answer. */
#include "sim/engine_state.h"

/* An arrival event's subject: 0 for engine->next, else one more than a slot of the batch. */
static void schedule_arrival(struct sim_engine *engine, int64_t time_ps, uint32_t subject)
{
    heap_push(&engine->events, time_ps, SIM_EVENT_ARRIVAL, SIM_EVENT_ARRIVAL, subject, 0);
}

/* Whether the request read last waits for the end of another. */
static bool hold_call(struct sim_engine *engine)
{
    const struct workload_call *call = &engine->next.call;
    struct sim_session *session =
        call->follows ? sim_sessions_find(&engine->sessions, call->session) : NULL;
    if (!session)
        return false;
    uint32_t slot = sim_batch_hold(&engine->batch, &engine->next);
    if (session->first == SIM_NO_SLOT)
        session->first = slot;
    else
        engine->batch.job[session->last].next_call = slot;
    session->last = slot;
    engine->batch.job[slot].next_call = SIM_NO_SLOT;
    engine->n_held++;
    return true;
}

bool sim_engine_fetch(struct sim_engine *engine)
{
    bool end;
    do {
        if (!workload_source_next(engine->source, &engine->next, &end, engine->err))
            return false;
    } while (!end && hold_call(engine));
    engine->more = !end;
    if (engine->more)
        schedule_arrival(engine, engine->next.arrival_ps, 0);
    return true;
}

/* A held call gets its time. */
static void release_call(struct sim_engine *engine, struct sim_session *session)
{
    uint32_t slot = session->first;
    struct sim_job *job = &engine->batch.job[slot];
    struct workload_request *request = &job->request;
    session->first = job->next_call;
    session->open++;
    int64_t ready_ps = engine->now_ps + request->call.think_ps;
    if (request->arrival_ps < ready_ps)
        request->arrival_ps = ready_ps;
    schedule_arrival(engine, request->arrival_ps, slot + 1);
}

static void end_call(struct sim_engine *engine, uint64_t name)
{
    struct sim_session *session = sim_sessions_find(&engine->sessions, name);
    if (--session->open > 0)
        return;
    if (session->first != SIM_NO_SLOT)
        release_call(engine, session);
    else
        sim_sessions_forget(&engine->sessions, session);
}

void sim_engine_ended(struct sim_engine *engine, uint64_t session)
{
    struct workload_request request;
    bool some;
    if (session > 0)
        end_call(engine, session);
    if (!engine->closed)
        return;
    if (!workload_source_ended(engine->source, engine->now_ps, &request, &some, engine->err)) {
        engine->broken = true;
    } else if (some) {
        engine->n_held++;
        schedule_arrival(engine, request.arrival_ps, sim_batch_hold(&engine->batch, &request) + 1);
    }
}

static void take_in(struct sim_engine *engine, uint32_t slot)
{
    const struct workload_request *request = &engine->batch.job[slot].request;
    engine->out->requests_in++;
    if (request->output_tokens == 0 || sim_recovery_hopeless(engine)) {
        sim_engine_refuse(engine, slot, SIM_FAILED);
    } else if (!sim_batch_fits(&engine->batch, request, engine->system->model->max_context)) {
        sim_engine_refuse(engine, slot, SIM_REJECTED);
    } else {
        sim_course_add(&engine->seen, (double)engine->batch.n_waiting);
        engine->work_in += request->prompt_tokens + request->output_tokens;
        sim_batch_queue(&engine->batch, slot);
        if (sim_batch_admits(&engine->batch))
            sim_pipeline_let_in(engine);
    }
}

bool sim_engine_arrive(struct sim_engine *engine, uint32_t subject)
{
    if (subject > 0) {
        engine->n_held--;
        take_in(engine, subject - 1);
    } else {
        if (engine->next.call.session > 0)
            sim_sessions_open(&engine->sessions, engine->next.call.session)->open++;
        take_in(engine, sim_batch_hold(&engine->batch, &engine->next));
        if (!sim_engine_fetch(engine))
            return false;
    }
    bool last = !engine->more && engine->n_held == 0;
    if (last && engine->work_in > 0)
        engine->left_at_last_arrival = 1 - (double)engine->work_done / (double)engine->work_in;
    return !engine->broken;
}
