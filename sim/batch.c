/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/batch.h"

#include "base/memory.h"
#include "sim/batch_prefix.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void sim_batch_init(struct sim_batch *batch, const struct sim_serving *serving, uint64_t in_flight,
                    uint64_t blocks)
{
    *batch = (struct sim_batch){.serving = serving, .window = UINT64_MAX, .n_streams = 1};
    sim_batch_bound(batch, in_flight);
    sim_kv_init(&batch->kv, blocks, serving->kv_block_tokens);
    sim_prefix_init(&batch->prefix, serving->prefix_cache && serving->kv_allocator == SIM_KV_PAGED,
                    serving->kv_block_tokens);
}

void sim_batch_bound(struct sim_batch *batch, uint64_t in_flight)
{
    const struct sim_serving *serving = batch->serving;
    batch->in_flight = in_flight;
    if (batch->in_flight > serving->max_num_seqs)
        batch->in_flight = serving->max_num_seqs;
    if (batch->in_flight > serving->max_num_batched_tokens)
        batch->in_flight = serving->max_num_batched_tokens;
}

void sim_batch_free(struct sim_batch *batch)
{
    sim_kv_free(&batch->kv);
    sim_prefix_free(&batch->prefix);
    for (size_t i = 0; i < batch->known_capacity; i++)
        free(batch->known[i].chain);
    free(batch->known);
    free(batch->job);
    free(batch->vacant);
    free(batch->waiting);
    free(batch->running);
    *batch = (struct sim_batch){0};
}

bool sim_batch_fits(const struct sim_batch *batch, const struct workload_request *request,
                    uint64_t max_context)
{
    uint64_t tokens = request->prompt_tokens + request->output_tokens;
    /* The last output token is never fed back, so it needs no place in the cache. */
    return tokens <= max_context && sim_kv_fits(&batch->kv, tokens - 1);
}

static uint32_t new_slot(struct sim_batch *batch)
{
    if (batch->n_vacant > 0)
        return batch->vacant[--batch->n_vacant];
    batch->job = mem_grow(batch->job, &batch->job_capacity, batch->n_jobs + 1, sizeof *batch->job);
    batch->job[batch->n_jobs] = (struct sim_job){0};
    return (uint32_t)batch->n_jobs++;
}

/* Doubles the ring and lays it out from its head. */
static void grow_ring(struct sim_batch *batch)
{
    size_t capacity = batch->ring_capacity ? 2 * batch->ring_capacity : 64;
    uint32_t *wider = mem_calloc(capacity, sizeof *wider);
    for (size_t i = 0; i < batch->n_waiting; i++)
        wider[i] = batch->waiting[(batch->head + i) % batch->ring_capacity];
    free(batch->waiting);
    batch->waiting = wider;
    batch->ring_capacity = capacity;
    batch->head = 0;
}

static void push_waiting(struct sim_batch *batch, uint32_t slot, bool first)
{
    if (batch->n_waiting == batch->ring_capacity)
        grow_ring(batch);
    size_t capacity = batch->ring_capacity;
    if (first)
        batch->head = (batch->head + capacity - 1) % capacity;
    size_t place = first ? batch->head : (batch->head + batch->n_waiting) % capacity;
    batch->waiting[place] = slot;
    batch->n_waiting++;
}

uint32_t sim_batch_hold(struct sim_batch *batch, const struct workload_request *request)
{
    uint32_t slot = new_slot(batch);
    uint16_t generation = (uint16_t)(batch->job[slot].generation + 1);
    batch->job[slot] = (struct sim_job){.request = *request,
                                        .target = request->prompt_tokens,
                                        .scheduled_ps = -1,
                                        .first_token_ps = -1,
                                        .generation = generation};
    sim_batch_prefix_know(batch, slot, &request->known);
    return slot;
}

void sim_batch_queue(struct sim_batch *batch, uint32_t slot)
{
    push_waiting(batch, slot, false);
}

void sim_batch_drop(struct sim_batch *batch, uint32_t slot)
{
    batch->vacant = mem_grow(batch->vacant, &batch->vacant_capacity, batch->n_vacant + 1,
                             sizeof *batch->vacant);
    batch->vacant[batch->n_vacant++] = slot;
}

/* The prompt is taken whole; the last output token needs no place. */
static struct sim_kv_need need_of(const struct sim_job *job)
{
    return (struct sim_kv_need){job->target,
                                job->request.prompt_tokens + job->request.output_tokens - 1};
}

bool sim_batch_admits(const struct sim_batch *batch)
{
    if (batch->n_waiting == 0 || batch->n_running >= batch->in_flight)
        return false;
    uint32_t slot = batch->waiting[batch->head];
    struct sim_kv_need need = need_of(&batch->job[slot]);
    return sim_kv_admits(&batch->kv, &need) ||
           (batch->prefix.on && sim_batch_prefix_room(batch, slot));
}

static uint32_t take_waiting(struct sim_batch *batch)
{
    uint32_t slot = batch->waiting[batch->head];
    batch->head = (batch->head + 1) % batch->ring_capacity;
    batch->n_waiting--;
    return slot;
}

/* The first waiting job starts to run; the cache holds its first blocks, `found` of them. */
static uint32_t admit(struct sim_batch *batch, uint64_t found, int64_t now_ps)
{
    uint32_t slot = batch->waiting[batch->head];
    struct sim_job *job = &batch->job[slot];
    struct sim_kv_need need = need_of(job);
    sim_batch_prefix_enter(batch, slot, found);
    need.now -= job->computed;
    sim_kv_enter(&batch->kv, &need, &job->piece);
    sim_prefix_trim(&batch->prefix, batch->kv.free);
    take_waiting(batch);
    batch->running = mem_grow(batch->running, &batch->running_capacity, batch->n_running + 1,
                              sizeof *batch->running);
    batch->running[batch->n_running++] = slot;
    job->state = SIM_JOB_PREFILL;
    job->stream = (uint8_t)batch->turn;
    batch->of_stream[batch->turn]++;
    if (job->scheduled_ps < 0) {
        job->scheduled_ps = now_ps;
        job->cached = job->computed;
        batch->cached_tokens += job->cached;
        batch->admitted_tokens += job->request.prompt_tokens;
    }
    return slot;
}

/* Rows r of a chunk that starts at context c attend to c + 1 ... c + r tokens, or to no more than
 * the window. */
static double pairs(uint64_t start, uint64_t rows, uint64_t window)
{
    double c = (double)start, r = (double)rows, w = (double)window;
    double short_rows = fmin(r, fmax(0, w - c)); /* whose context is inside the window */
    return short_rows * c + short_rows * (short_rows + 1) / 2 + (r - short_rows) * w;
}

/* Without chunking a prompt goes whole, alone if it exceeds the budget. */
static uint64_t chunk_of(const struct sim_batch *batch, const struct sim_job *job, uint64_t budget,
                         const struct sim_pass *pass)
{
    uint64_t left = job->target - job->computed;
    if (left <= budget)
        return left;
    if (batch->serving->chunked_prefill)
        return budget;
    return pass->prefill_rows == 0 ? left : 0;
}

/* Blocks are kept for others from when they are planned on, as vLLM does: a job that comes later
 * into the same pass finds them written when it reads them. */
static void add_chunk(struct sim_batch *batch, uint32_t slot, uint64_t rows, struct sim_pass *pass)
{
    struct sim_job *job = &batch->job[slot];
    job->chunk = rows;
    sim_batch_prefix_keep(batch, slot, job->computed + rows);
    pass->prefill_rows += rows;
    pass->prefill_sequences++;
    pass->prefill_pairs += pairs(job->computed, rows, UINT64_MAX);
    pass->prefill_window_pairs += pairs(job->computed, rows, batch->window);
    if (job->computed + rows == job->target)
        pass->sampled++;
}

static uint64_t continue_prompts(struct sim_batch *batch, uint64_t budget, struct sim_pass *pass)
{
    uint64_t used = 0;
    for (size_t i = 0; i < batch->n_running; i++) {
        const struct sim_job *job = &batch->job[batch->running[i]];
        if (job->state != SIM_JOB_PREFILL || used >= budget || !sim_batch_turn_of(batch, job))
            continue;
        uint64_t rows = chunk_of(batch, job, budget - used, pass);
        if (rows > 0)
            add_chunk(batch, batch->running[i], rows, pass);
        used += rows;
    }
    return used;
}

/* Batches in flight are filled evenly. */
static bool has_place(const struct sim_batch *batch)
{
    uint64_t all = batch->n_running + batch->n_waiting, n = batch->n_streams;
    all = all < batch->in_flight ? all : batch->in_flight;
    return n == 1 || batch->of_stream[batch->turn] < (all + n - 1) / n;
}

void sim_batch_take_prompts(struct sim_batch *batch, uint64_t budget, int64_t now_ps,
                            struct sim_pass *pass)
{
    sim_prefix_trim(&batch->prefix, batch->kv.free);
    uint64_t used = continue_prompts(batch, budget, pass);
    bool crowded = batch->crowded && batch->n_running > 0;
    batch->crowded = false;
    while (used < budget && !crowded && has_place(batch) && sim_batch_admits(batch)) {
        uint32_t slot = batch->waiting[batch->head];
        uint64_t idle, found = sim_batch_prefix_found(batch, slot, &idle);
        batch->job[slot].computed = found * batch->kv.block_tokens;
        uint64_t rows = chunk_of(batch, &batch->job[slot], budget - used, pass);
        if (rows == 0)
            break;
        add_chunk(batch, admit(batch, found, now_ps), rows, pass);
        used += rows;
    }
}

uint64_t sim_batch_new_blocks(const struct sim_batch *batch, uint64_t steps)
{
    uint64_t blocks = 0;
    for (size_t i = 0; i < batch->n_running; i++) {
        const struct sim_job *job = &batch->job[batch->running[i]];
        if (job->state == SIM_JOB_DECODE && sim_batch_turn_of(batch, job))
            blocks += sim_batch_job_blocks(batch, job, steps);
    }
    return blocks;
}

static void forget(struct sim_batch *batch, size_t i)
{
    uint32_t slot = batch->running[i];
    const struct sim_job *job = &batch->job[slot];
    uint64_t tokens = job->state == SIM_JOB_PREFILL ? job->target : job->computed;
    sim_batch_prefix_keep(batch, slot, job->computed);
    sim_kv_leave(&batch->kv, tokens - job->held * batch->kv.block_tokens, &job->piece);
    sim_batch_prefix_leave(batch, slot);
    memmove(batch->running + i, batch->running + i + 1,
            (batch->n_running - i - 1) * sizeof *batch->running);
    batch->n_running--;
    batch->of_stream[job->stream]--;
}

void sim_batch_remove(struct sim_batch *batch, size_t i)
{
    uint32_t slot = batch->running[i];
    forget(batch, i);
    sim_batch_drop(batch, slot);
}

/* Recompute: the job loses its cache and goes to the front of the queue; what it has generated
 * becomes part of the prompt. */
void sim_batch_lose(struct sim_batch *batch, size_t i)
{
    uint32_t slot = batch->running[i];
    struct sim_job *job = &batch->job[slot];
    forget(batch, i);
    job->state = SIM_JOB_WAITING;
    job->target = job->request.prompt_tokens + job->generated;
    job->computed = 0;
    job->generation++;
    push_waiting(batch, slot, true);
}

static void preempt(struct sim_batch *batch, size_t i)
{
    batch->job[batch->running[i]].preemptions++;
    batch->preemptions++;
    sim_batch_lose(batch, i);
}

uint32_t sim_batch_dismiss(struct sim_batch *batch)
{
    return take_waiting(batch);
}

void sim_batch_rotate(struct sim_batch *batch)
{
    push_waiting(batch, take_waiting(batch), false);
}

/* Preempts the newest job that no pass under way works on; false when there is none. */
static bool preempt_newest(struct sim_batch *batch)
{
    for (size_t i = batch->n_running; i-- > 0;) {
        const struct sim_job *job = &batch->job[batch->running[i]];
        bool at_work = job->state == SIM_JOB_DECODE && batch->busy[job->stream] &&
                       !sim_batch_turn_of(batch, job);
        if (job->chunk > 0 || at_work)
            continue;
        preempt(batch, i);
        return true;
    }
    return false;
}

/* Rows with a sliding window attend to that many tokens at most. */
static void add_context(const struct sim_batch *batch, uint64_t context, struct sim_pass *pass)
{
    bool grows = context < batch->window;
    pass->contexts.sum += context;
    pass->contexts.growth++;
    pass->window.sum += grows ? context : batch->window;
    pass->window.growth += grows;
}

/* All jobs that decode now; the blocks that their next tokens need. */
static uint64_t add_decodes(struct sim_batch *batch, struct sim_pass *pass)
{
    uint64_t blocks = 0;
    for (size_t i = 0; i < batch->n_running; i++) {
        struct sim_job *job = &batch->job[batch->running[i]];
        if (!sim_batch_turn_of(batch, job))
            continue;
        if (job->state == SIM_JOB_READY)
            job->state = SIM_JOB_DECODE;
        if (job->state != SIM_JOB_DECODE)
            continue;
        pass->decode_rows++;
        pass->sampled++;
        add_context(batch, job->computed + 1, pass);
        blocks += sim_batch_job_blocks(batch, job, 1);
    }
    return blocks;
}

uint64_t sim_batch_take_decodes(struct sim_batch *batch, struct sim_pass *pass)
{
    struct sim_pass before = *pass;
    uint64_t blocks = add_decodes(batch, pass);
    while (blocks > batch->kv.free && preempt_newest(batch)) {
        batch->crowded = true;
        *pass = before;
        blocks = add_decodes(batch, pass);
    }
    if (sim_kv_take(&batch->kv, blocks))
        return blocks;
    *pass = before; /* prompts under way hold the blocks: decoding goes on when they are done */
    return 0;
}

uint64_t sim_batch_steps(const struct sim_batch *batch)
{
    uint64_t most = UINT64_MAX;
    for (size_t i = 0; i < batch->n_running; i++) {
        const struct sim_job *job = &batch->job[batch->running[i]];
        uint64_t left = job->request.output_tokens - job->generated;
        if (job->state != SIM_JOB_DECODE || !sim_batch_turn_of(batch, job))
            continue;
        most = left < most ? left : most;
        /* A window that fills ends the stretch: from then on its context grows no more. */
        uint64_t context = job->computed + 1;
        if (context < batch->window && batch->window - context + 1 < most)
            most = batch->window - context + 1;
    }
    if (sim_batch_new_blocks(batch, most) <= batch->kv.free)
        return most;
    uint64_t low = 1, high = most; /* low fits, high does not */
    while (high - low > 1) {
        uint64_t middle = low + (high - low) / 2;
        if (sim_batch_new_blocks(batch, middle) <= batch->kv.free)
            low = middle;
        else
            high = middle;
    }
    return low;
}
