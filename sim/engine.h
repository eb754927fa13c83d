/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The discrete-event engine: replays a workload under one plan. Continuous batching, first come
 * first served, paged KV with preemption by recompute or other allocators; the clock is an int64 of
 * picoseconds. */
#ifndef SIM_ENGINE_H
#define SIM_ENGINE_H

#include "sim/fault.h"
#include "sim/plan.h"
#include "sim/replan.h"
#include "sim/rows.h"

struct sim_distribution {
    double mean, p50, p90, p95, p99; /* nan when there are none */
};

struct sim_energy {
    double total, net, base, active, compute, memory, leakage, link, storage; /* J */
    double integral; /* of power over time, summed apart: equals total to 1e-9 */
};

/* Where the time of the passes went, summed over passes. */
struct sim_time {
    double prefill_s, decode_s, transfer_s, paging_s, overhead_s, queue_s;
};

/* What faults and the guard did. */
struct sim_recovered {
    uint64_t faults, guard_calls;
    uint64_t changes, evaluations; /* of the plan, and what the searches for them used */
    uint64_t affected;             /* requests that were running when a fault stopped their lane */
    uint64_t recovered;            /* of these, answered all the same */
    double outage_s;               /* time in which a lane stood still */
    /* Of the fault that cost most: latency of a request without waiting, closed form, over that of
     * the first plan, and what bounds it: see struct sim_replan_limits. 0: no fault. */
    double latency_ratio, equal_limit, rate_limit;
    /* Latency of affected requests less that in a run without faults: mean and most. Filled by who
     * has such a run, else 0. */
    double added_mean_s, added_most_s;
};

/* Whether a limit of the latency ratio holds, but for rounding. */
static inline bool sim_recovered_held(const struct sim_recovered *recovery, double limit)
{
    return recovery->latency_ratio <= limit * (1 + 1e-9);
}

struct sim_summary {
    uint64_t requests_in, done, rejected, failed;
    uint64_t tokens_in, tokens_out; /* of the requests that were done */
    struct sim_distribution ttft_s, tpot_s, itl_s, e2e_s;
    double requests_per_s, output_tokens_per_s;
    struct sim_energy energy;
    struct sim_time time;
    double peak_temperature_C, throttled_s, makespan_s;
    bool saturated, runaway, cap_unreachable;
    uint64_t preemptions, passes, segments, kv_blocks;
    uint64_t kv_blocks_held;        /* by nobody, at the end: 0 */
    double cpq_mean, cpq_peak;      /* of the fullest pool: over time, and the most */
    uint64_t prefix_cached_tokens;  /* prompt tokens that their requests found in the cache */
    uint64_t prefix_evicted_blocks; /* kept ones that had to make room */
    double prefix_hit_rate;         /* cached over all prompt tokens; nan: no prefix cache */
    struct sim_recovered recovery;
    double kv_fragmentation; /* share of the occupied cache that holds no tokens, over time */
};

/* What may change the plan in a run. */
struct sim_change_options {
    const struct sim_faults *faults;
    struct sim_replan_parts parts;
};

struct sim_options {
    bool token_resolution;                    /* step every token inside the same segments */
    double series_period_s;                   /* 0: no series */
    const struct sim_change_options *changes; /* NULL: nothing does */
    struct sim_sink sink;
    /* Called now and then; false stops the run. May be NULL. */
    bool (*progress)(void *state, double done_s, double of_s);
    void *progress_state;
};

/* Replays `source` (read to its end). False: err; nothing useful in *out. */
bool sim_run(const struct sim_system *system, const struct sim_plan *plan,
             struct workload_source *source, const struct sim_options *options,
             struct sim_summary *out, struct error *err);

#endif
