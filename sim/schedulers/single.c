/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Standard inference: everything on one device at its fastest clock. */
#include "sim/schedulers/sched.h"

#include "base/memory.h"

#include <stdlib.h>

static bool run(struct problem *problem, const struct sched_options *options,
                struct sched_front *front, struct error *err)
{
    for (size_t g = 0; g < problem->n_genes; g++)
        if (sched_places(problem->gene[g].role) && options->device >= problem->gene[g].choices)
            return error_set(err, "single-DEVICE: '%s' cannot be placed on device %zu",
                             problem->gene[g].name, options->device);
    struct sched_trial trial;
    struct problem_score score;
    uint16_t *genes = mem_calloc(problem->n_genes, sizeof *genes);
    sched_plain(problem, options->device, genes);
    sched_trial_open(&trial, problem, options, front);
    if (sched_trial_evaluate(&trial, genes, &score))
        sched_trial_flights(&trial);
    sched_trial_close(&trial);
    free(genes);
    return true;
}

const struct sched sched_single = {
    "single-DEVICE", "everything on one device at its fastest clock: standard inference", run};
