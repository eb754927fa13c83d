/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How near the fronts of an exploration come to the true one, where that can be enumerated: of all
 * plans of the scenario, or, when these are too many, of those whose phases are placed in stages
 * (sim/stages.h). */
#ifndef SCENARIOS_TRUTH_H
#define SCENARIOS_TRUTH_H

#include "analysis/quality.h"
#include "scenarios/search.h"

/* The most plans that are enumerated: about a quarter of an hour on one core. */
#define SCENARIO_TRUTH_LIMIT UINT64_C(1000000000)

struct scenario_truth {
    int32_t plans_of; /* enum scenario_truth_plans */
    uint64_t plans;   /* enumerated */
    double *f;        /* (n, PROBLEM_OBJECTIVES) */
    size_t n;
    struct analysis_truth measured;
};

/* Says how many plans there are, then goes through them; where none is feasible there is no front.
 * False: they are too many, or our caller ended it. The caller frees *out with scenario_truth_free.
 */
bool scenario_truth_find(struct scenario_bench *bench, struct scenario_truth *out,
                         struct error *err);
void scenario_truth_free(struct scenario_truth *truth);

/* Adds what the members of a front lack; nothing where there is no true front. */
void scenario_truth_tell(const struct scenario_truth *truth, const char *scheduler,
                         const struct scenario_members *members, struct table *out);

#endif
