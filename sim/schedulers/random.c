/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Uniform random assignments, repeats included: what any search has to beat. */
#include "sim/schedulers/sched.h"

#include "base/memory.h"
#include "base/stream.h"

#include <stdlib.h>

static bool run(struct problem *problem, const struct sched_options *options,
                struct sched_front *front, struct error *err)
{
    (void)err;
    struct sched_trial trial;
    struct problem_score score;
    struct stream stream = stream_open(options->seed, STREAM_SCHEDULER, 0, 0);
    uint16_t *genes = mem_calloc(problem->n_genes, sizeof *genes);
    sched_trial_open(&trial, problem, options, front);
    do {
        for (size_t g = 0; g < problem->n_genes; g++)
            genes[g] = (uint16_t)stream_below(&stream, problem->gene[g].choices);
    } while (sched_trial_evaluate(&trial, genes, &score));
    sched_trial_close(&trial);
    free(genes);
    return true;
}

const struct sched sched_random = {"random", "uniform random plans, the baseline of all searches",
                                   run};
