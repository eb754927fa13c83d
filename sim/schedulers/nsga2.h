/* SPDX-License-Identifier: GPL-3.0-or-later */
/* NSGA-II with exchangeable operators, so that it can be checked on problems of real numbers. */
#ifndef SIM_SCHEDULERS_NSGA2_H
#define SIM_SCHEDULERS_NSGA2_H

#include "sim/schedulers/sched.h"

enum { NSGA2_POPULATION = 100 };

struct nsga2_operators {
    /* Turns copies of two parents into two children. */
    void (*cross)(const struct problem *problem, struct stream *stream, uint16_t *a, uint16_t *b);
    void (*mutate)(const struct problem *problem, struct stream *stream, uint16_t *genes);
};

/* Searches until the budget is used; then calls survivors(context) with the scores of the last
 * whole population, if not NULL. */
struct nsga2_survivors {
    void *context;
    void (*call)(void *context, const struct problem_score *score, size_t n);
};
void nsga2_search(struct problem *problem, const struct sched_options *options,
                  const struct nsga2_operators *operators, const struct nsga2_survivors *survivors,
                  struct sched_front *front);

#endif
