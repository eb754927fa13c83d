/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two resolutions of one run: counts and times equal, energies and temperatures to 1e-9. */
#ifndef TESTS_SUPPORT_SAME_RUN_H
#define TESTS_SUPPORT_SAME_RUN_H

#include "sim/engine.h"

#include <math.h>

static inline bool same_number(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

static inline bool same_distribution(const struct sim_distribution *a,
                                     const struct sim_distribution *b)
{
    return same_number(a->mean, b->mean) && same_number(a->p50, b->p50) &&
           same_number(a->p90, b->p90) && same_number(a->p95, b->p95) &&
           same_number(a->p99, b->p99);
}

static inline bool near_run(double a, double b)
{
    return a == b || fabs(a - b) <= 1e-9 * fmax(fabs(a), fabs(b));
}

static inline bool same_run(const struct sim_summary *a, const struct sim_summary *b)
{
    return a->done == b->done && a->rejected == b->rejected && a->failed == b->failed &&
           a->tokens_out == b->tokens_out && a->preemptions == b->preemptions &&
           a->passes == b->passes && a->segments == b->segments &&
           same_distribution(&a->ttft_s, &b->ttft_s) && same_distribution(&a->tpot_s, &b->tpot_s) &&
           same_distribution(&a->e2e_s, &b->e2e_s) && same_number(a->makespan_s, b->makespan_s) &&
           near_run(a->energy.total, b->energy.total) &&
           near_run(a->peak_temperature_C, b->peak_temperature_C) &&
           near_run(a->throttled_s, b->throttled_s) &&
           a->prefix_cached_tokens == b->prefix_cached_tokens &&
           a->prefix_evicted_blocks == b->prefix_evicted_blocks &&
           same_number(a->cpq_mean, b->cpq_mean) && same_number(a->cpq_peak, b->cpq_peak) &&
           same_number(a->kv_fragmentation, b->kv_fragmentation);
}

#endif
