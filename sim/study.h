/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Searches of an assignment instance by one scheduler, each with a seed of its own, and how near
 * their fronts come to the true one, by analysis/quality.h. */
#ifndef SIM_STUDY_H
#define SIM_STUDY_H

#include "analysis/quality.h"
#include "sim/assignment.h"
#include "sim/schedulers/sched.h"

enum { SIM_STUDY_RUNS = 10000, SIM_STUDY_THREADS = 1024, SIM_STUDY_MARKS = 128 };

struct sim_study_ask {
    const char *scheduler;
    struct sched_options options; /* seed: of the first run, later ones count up */
    size_t runs, threads;         /* >= 1 */
    bool truth;                   /* find the true front and hold the runs against it */
    bool curve;                   /* with truth: also at marks on the way */
};

struct sim_study_run {
    uint64_t seed;
    uint64_t evaluations; /* counted by the problem */
    struct sched_front front;
    struct analysis_quality quality; /* without a truth all nan */
    double wall_s, cpu_s;            /* of the clock on the wall, of the processor */
    double *ratio; /* (n_marks) hv_ratio when so many evaluations were used; NULL: no marks */
    char *fault;   /* why there was no search, or NULL */
};

struct sim_study_truth {
    struct sched_front front;
    struct analysis_truth measured;
    double raw_volume; /* of the front as it is, the reference being nadir + 1 */
};

struct sim_study {
    bool has_truth;
    struct sim_study_truth truth;
    struct sim_study_run *run; /* (n_runs) by seed */
    size_t n_runs;
    uint64_t mark[SIM_STUDY_MARKS]; /* (n_marks) numbers of evaluations, each some 1.2 times the
                                       last, the budget at the end */
    size_t n_marks;
    bool cut_short; /* progress() ended it */
};

/* Equal asks give equal fronts, whatever the number of threads. The caller frees *study with
 * sim_study_free. False: err says why; *study is empty. */
bool sim_study_run(const struct sim_assignment *assignment, const struct sim_study_ask *ask,
                   struct sim_study *study, struct error *err);
void sim_study_free(struct sim_study *study);

#endif
