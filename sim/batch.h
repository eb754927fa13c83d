/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Requests under way and what vLLM's rules make of them: first come first served, blocks taken as
 * tokens come, the newest preempted by recompute when blocks run out. */
#ifndef SIM_BATCH_H
#define SIM_BATCH_H

#include "sim/kv.h"
#include "sim/lane.h"
#include "sim/prefix.h"
#include "sim/rows.h"

enum { SIM_MOST_STREAMS = 8 };

struct sim_moves; /* sim/link.h */

enum sim_job_state {
    SIM_JOB_WAITING,
    SIM_JOB_PREFILL,
    SIM_JOB_HANDOVER, /* its cache is on the way to the decoding devices */
    SIM_JOB_READY,    /* joins the next decoding pass */
    SIM_JOB_DECODE
};

struct sim_job {
    struct workload_request request;
    enum sim_job_state state;
    uint8_t stream;     /* the batch in flight that it belongs to */
    uint64_t target;    /* tokens to compute before decoding: prompt, and output when recomputed */
    uint64_t computed;  /* tokens whose keys and values are in the cache */
    uint64_t generated; /* output tokens so far */
    uint64_t chunk;     /* rows of it in the pass under way */
    uint64_t held;      /* its first blocks are kept for others: so many */
    uint64_t cached;    /* prompt tokens that it found when first admitted */
    struct sim_segment piece; /* of the cache, but for paged memory */
    uint64_t preemptions;
    bool faulted; /* a fault stopped it */
    int64_t scheduled_ps, first_token_ps, last_token_ps;
    uint32_t next_call;            /* slot of the session's call after it, while it is held */
    const struct sim_moves *moves; /* of its cache, while that is under way, and the one now */
    size_t move;
    int64_t sent_ps;
    uint16_t generation; /* tells late hand-over events from the present one */
};

struct sim_batch {
    const struct sim_serving *serving;
    struct sim_kv kv;
    uint64_t window;     /* the model's sliding window, UINT64_MAX without */
    uint64_t in_flight;  /* most requests that run together */
    struct sim_job *job; /* (n_jobs) slots */
    uint32_t *vacant;    /* free slots */
    size_t n_jobs, job_capacity, n_vacant, vacant_capacity;
    uint32_t *waiting; /* ring of slots, first to be admitted at `head` */
    size_t head, n_waiting, ring_capacity;
    uint32_t *running; /* (n_running) slots in order of admission */
    size_t n_running, running_capacity;
    /* Batches in flight. What plans, tells and ends passes works on the jobs of the batch whose
     * turn it is; a busy one has a pass under way. */
    size_t n_streams, turn;
    uint64_t of_stream[SIM_MOST_STREAMS]; /* running jobs */
    bool busy[SIM_MOST_STREAMS];
    uint64_t preemptions;
    struct sim_prefix prefix;
    struct sim_known *known; /* by slot, where prefixes are kept */
    size_t known_capacity;
    uint64_t admitted_tokens, cached_tokens; /* prompts of all first admissions; found of them */
    bool crowded; /* decoding had to preempt: nobody new is admitted to the next prompts */
};

void sim_batch_init(struct sim_batch *batch, const struct sim_serving *serving, uint64_t in_flight,
                    uint64_t blocks);
/* Another bound on the requests that run together; those that run go on. */
void sim_batch_bound(struct sim_batch *batch, uint64_t in_flight);
void sim_batch_free(struct sim_batch *batch);

/* Whether a request can ever run: its context fits the model and all of the cache. */
bool sim_batch_fits(const struct sim_batch *batch, const struct workload_request *request,
                    uint64_t max_context);
/* A slot for a request that does not wait yet. */
uint32_t sim_batch_hold(struct sim_batch *batch, const struct workload_request *request);
/* It waits now, or will never run. */
void sim_batch_queue(struct sim_batch *batch, uint32_t slot);
void sim_batch_drop(struct sim_batch *batch, uint32_t slot);
/* Whether the first waiting request could be admitted now. */
bool sim_batch_admits(const struct sim_batch *batch);

/* Chooses the prompt rows of the next pass: prompts under way, then waiting ones, within
 * `budget` rows. Sets chunk of the jobs that take part and adds them to *pass. */
void sim_batch_take_prompts(struct sim_batch *batch, uint64_t budget, int64_t now_ps,
                            struct sim_pass *pass);
/* Makes sure that every decoding job has room for one more token, preempting the newest where
 * needed, and adds them to *pass. The blocks of that token are taken, and their number is returned:
 * the run that is started, or the caller, answers for them. */
uint64_t sim_batch_take_decodes(struct sim_batch *batch, struct sim_pass *pass);
/* How many steps the decoding jobs can run: to the first end, and while blocks are free. >= 1 */
uint64_t sim_batch_steps(const struct sim_batch *batch);
/* Blocks that the decoding jobs, or one of them, need for `steps` further tokens each. */
uint64_t sim_batch_new_blocks(const struct sim_batch *batch, uint64_t steps);
static inline uint64_t sim_batch_job_blocks(const struct sim_batch *batch,
                                            const struct sim_job *job, uint64_t steps)
{
    return sim_kv_blocks(&batch->kv, job->computed + steps) -
           sim_kv_blocks(&batch->kv, job->computed);
}

/* Running job number i loses its cache and waits, first in the queue, to be computed anew. No pass
 * may be at work on it. */
void sim_batch_lose(struct sim_batch *batch, size_t i);
/* The first waiting job leaves the queue and keeps its slot, which is returned. */
uint32_t sim_batch_dismiss(struct sim_batch *batch);
/* The first waiting job goes to the end of the queue. */
void sim_batch_rotate(struct sim_batch *batch);

/* Removes running job number i, giving its blocks back; the slot is free for another. */
void sim_batch_remove(struct sim_batch *batch, size_t i);

/* Whether it is the turn of a job's batch. */
static inline bool sim_batch_turn_of(const struct sim_batch *batch, const struct sim_job *job)
{
    return job->stream == batch->turn;
}

#endif
