/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/memory.h"
#include "sim/engine_state.h"

#include <math.h>

static void emit(struct sim_engine *engine, const struct sim_job *job, enum sim_status status)
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
        .cached_tokens = (int64_t)job->cached,
        .faulted = job->faulted,
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
    engine->out->recovery.affected += job->faulted;
    engine->out->recovery.recovered += done && job->faulted;
    if (isfinite(row.tpot_s))
        sim_values_add(&engine->tpot, row.tpot_s);
    if (engine->options->sink.request)
        engine->options->sink.request(engine->options->sink.state, &row);
}

static void finish_job(struct sim_engine *engine, size_t i)
{
    struct sim_job *job = &engine->batch.job[engine->batch.running[i]];
    struct sim_summary *out = engine->out;
    out->done++;
    out->tokens_in += job->request.prompt_tokens;
    out->tokens_out += job->request.output_tokens;
    engine->work_done += job->request.prompt_tokens + job->request.output_tokens;
    engine->last_finish_ps = job->last_token_ps;
    emit(engine, job, SIM_DONE);
    uint64_t session = job->request.call.session;
    sim_batch_remove(&engine->batch, i);
    sim_engine_ended(engine, session);
}

/* A prompt is done: its first (or, after a recompute, next) token appears, and its cache goes to
 * the decoding devices. */
static void finish_prompt(struct sim_engine *engine, uint32_t slot)
{
    struct sim_job *job = &engine->batch.job[slot];
    if (job->first_token_ps < 0)
        job->first_token_ps = engine->now_ps;
    else
        sim_gaps_add(&engine->gaps, (double)(engine->now_ps - job->last_token_ps) * 1e-12, 1);
    job->last_token_ps = engine->now_ps;
    job->generated++;
    job->state = SIM_JOB_READY;
    if (job->generated < job->request.output_tokens &&
        !sim_links_send(engine, slot, &engine->moves))
        engine->broken = true;
}

/* The first gap of a run. Most jobs had their last token at one time. */
static void add_first_gap(struct sim_engine *engine, int64_t gap_ps, uint64_t jobs)
{
    if (jobs > 0)
        sim_gaps_add(&engine->gaps, (double)gap_ps * 1e-12, jobs);
}

void sim_engine_tell(struct sim_engine *engine, struct sim_run_state *run, uint64_t steps)
{
    struct sim_batch *batch = &engine->batch;
    if (run->pass.decode_rows == 0 || steps == 0)
        return;
    batch->turn = run->stream;
    int64_t first_ps = sim_steps_end_ps(&run->steps, 1), gap_ps = 0;
    int64_t last_ps = sim_steps_end_ps(&run->steps, run->told + steps);
    uint64_t alike = 0, blocks = 0;
    for (size_t i = 0; i < batch->n_running; i++) {
        struct sim_job *job = &batch->job[batch->running[i]];
        if (job->state != SIM_JOB_DECODE || !sim_batch_turn_of(batch, job))
            continue;
        if (run->told == 0 && first_ps - job->last_token_ps != gap_ps) {
            add_first_gap(engine, gap_ps, alike);
            gap_ps = first_ps - job->last_token_ps;
            alike = 0;
        }
        alike++;
        blocks += sim_batch_job_blocks(batch, job, steps);
        job->generated += steps;
        job->computed += steps;
        job->last_token_ps = last_ps;
    }
    if (run->told == 0)
        add_first_gap(engine, gap_ps, alike);
    /* They were taken when the run was planned; now they are the jobs'. */
    run->reserved -= blocks;
    run->told += steps;
}

void sim_engine_note_gaps(struct sim_engine *engine, const struct sim_run_state *run)
{
    if (run->pass.decode_rows == 0 || run->told < 2)
        return;
    int64_t span_ps = sim_steps_end_ps(&run->steps, run->told) - sim_steps_end_ps(&run->steps, 1);
    sim_gaps_add(&engine->gaps, (double)span_ps * 1e-12 / (double)(run->told - 1),
                 (run->told - 1) * run->pass.decode_rows);
}

static void settle_prompts(struct sim_engine *engine, size_t stream)
{
    struct sim_batch *batch = &engine->batch;
    for (size_t i = 0; i < batch->n_running; i++) {
        struct sim_job *job = &batch->job[batch->running[i]];
        if (job->chunk == 0 || job->stream != stream) /* links may turn to other batches */
            continue;
        job->computed += job->chunk;
        job->chunk = 0;
        if (job->computed == job->target)
            finish_prompt(engine, batch->running[i]);
    }
}

void sim_engine_settle(struct sim_engine *engine, struct sim_run_state *run)
{
    struct sim_batch *batch = &engine->batch;
    batch->turn = run->stream;
    sim_engine_tell(engine, run, run->steps.count - run->told);
    sim_engine_note_gaps(engine, run);
    sim_kv_give(&batch->kv, run->reserved);
    run->reserved = 0;
    if (run->pass.prefill_rows > 0)
        settle_prompts(engine, run->stream);
    for (size_t i = 0; i < batch->n_running;) {
        const struct sim_job *job = &batch->job[batch->running[i]];
        if (job->generated >= job->request.output_tokens)
            finish_job(engine, i);
        else
            i++;
    }
}

void sim_engine_refuse(struct sim_engine *engine, uint32_t slot, enum sim_status status)
{
    const struct sim_job *job = &engine->batch.job[slot];
    if (status == SIM_FAILED)
        engine->out->failed++;
    else
        engine->out->rejected++;
    emit(engine, job, status);
    uint64_t session = job->request.call.session;
    sim_batch_drop(&engine->batch, slot);
    sim_engine_ended(engine, session);
}
