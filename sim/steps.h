/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The clock of a stretch of steps. Step i takes A + B (S + i n): S context tokens at its first
 * step, n more at each further one; layers with a sliding window have a B, S and n of their own. A
 * is a whole number of picoseconds, B of 2^-16 picoseconds, so that any stretch of steps sums to
 * the same integer, however it is cut. */
#ifndef SIM_STEPS_H
#define SIM_STEPS_H

#include <stdbool.h>
#include <stdint.h>

/* Context tokens at the first step, and how many more there are at each further one. */
struct sim_contexts {
    uint64_t sum, growth;
};

/* A quantity of a step: affine in its context tokens, all and those inside the sliding window. */
struct sim_affine {
    double fixed, per_context, per_window;
};

struct sim_steps {
    int64_t start_ps;
    int64_t a;           /* ps */
    int64_t b, window_b; /* 2^-16 ps */
    struct sim_contexts contexts, window;
    uint64_t count; /* steps planned; a cut lowers it */
    double head;    /* share of the first step that is left: 1, less after a change of clock */
};

/* False when the stretch would pass the end of time (2^62 ps, 53 days). */
bool sim_steps_set(struct sim_steps *steps, const struct sim_affine *step_s);
/* When step number `step` (1 for the first) ends; start_ps for 0. */
int64_t sim_steps_end_ps(const struct sim_steps *steps, uint64_t step);
/* The fewest steps whose end is at or after a time; at most count. */
uint64_t sim_steps_until(const struct sim_steps *steps, int64_t time_ps);
/* Steps until the step time has grown by 2 %; at least 1. */
uint64_t sim_steps_growth_limit(const struct sim_steps *steps);
/* Steps done at a time as a real number, counting the head's missing share as done. */
double sim_steps_progress(const struct sim_steps *steps, int64_t time_ps);
/* A quantity summed over the first `progress` steps (a part of the head and of the last). */
double sim_steps_sum(const struct sim_steps *steps, double progress,
                     const struct sim_affine *quantity);
/* A quantity of the first step. */
double sim_steps_first(const struct sim_contexts *contexts, const struct sim_contexts *window,
                       const struct sim_affine *quantity);

#endif
