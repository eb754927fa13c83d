/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a scheduler sees of the world: genes with choices, and a score for an assignment. Nothing
 * else of the simulator is visible from sim/schedulers/.
 *
 * One evaluation is one objective vector of a complete assignment obtained by any means, full or
 * by one changed gene, accepted or not, repeats included. The counter sits in the two functions
 * below, so that no scheduler can forget to count. */
#ifndef SIM_PROBLEM_H
#define SIM_PROBLEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PROBLEM_OBJECTIVES = 3 }; /* all minimised */

/* What a gene decides; schedulers of the greedy family need it, searchers may ignore it. */
enum problem_role {
    PROBLEM_PREFILL, /* device of a unit of work in prefill */
    PROBLEM_DECODE,  /* device of a unit of work in decode */
    PROBLEM_BOTH,    /* device of a unit of work in both phases */
    PROBLEM_CLOCK,   /* P-state of a device; choice 0 is the fastest */
    PROBLEM_INFLIGHT /* how many requests are in flight */
};

struct problem_gene {
    const char *name; /* borrowed from the problem */
    uint16_t choices; /* >= 1 */
    enum problem_role role;
};

struct problem_score {
    double objective[PROBLEM_OBJECTIVES];
    double violation; /* 0: feasible; else how far from it, comparable between assignments */
    double guard;     /* hottest device's temperature over its guard temperature; > 1: guard acts */
};

/* What makes a problem an additive chain, for those who can use it: gene l is the device of layer
 * l, every layer costs on each device, and every change of device between neighbours costs. All
 * costs are whole numbers >= 0 whose sums stay below 2^53, so that sums are exact. Objectives are
 * energy, latency and underutilisation, each non-decreasing in what the chain counts: energy,
 * latency   sums of costs, those of changes included underutilisation  of the devices' loads, which
 * are sums of latencies without changes: n_devices * largest - sum, or with `share` 1 - sum /
 * (n_devices * largest) */
struct problem_chain {
    const double *latency, *energy; /* (n_genes, n_devices) */
    double change_latency, change_energy;
    bool share;
};

struct problem {
    size_t n_genes;
    const struct problem_gene *gene; /* (n_genes) */
    size_t n_devices;
    const char *const *device; /* (n_devices) names; choice d of a placement gene */
    const char *objective_name[PROBLEM_OBJECTIVES];
    const struct problem_chain *chain; /* NULL: it is none */
    void *context;
    uint64_t evaluations; /* counted by problem_evaluate and problem_delta */

    /* A point in the search: an assignment and what makes scoring its neighbours cheap. */
    void *(*state_create)(const struct problem *problem);
    void (*state_destroy)(void *state);
    void (*evaluate)(const struct problem *problem, void *state, const uint16_t *assignment,
                     struct problem_score *score);
    /* Score of the state's assignment with one gene changed; the state stays as it is. */
    void (*delta)(const struct problem *problem, void *state, size_t gene, uint16_t choice,
                  struct problem_score *score);
    /* Makes the change. Gives no score, costs no evaluation. */
    void (*apply)(const struct problem *problem, void *state, size_t gene, uint16_t choice);
};

static inline void problem_evaluate(struct problem *problem, void *state,
                                    const uint16_t *assignment, struct problem_score *score)
{
    problem->evaluations++;
    problem->evaluate(problem, state, assignment, score);
}

static inline void problem_delta(struct problem *problem, void *state, size_t gene, uint16_t choice,
                                 struct problem_score *score)
{
    problem->evaluations++;
    problem->delta(problem, state, gene, choice, score);
}

#endif
