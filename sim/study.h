/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Searches of an assignment instance by one scheduler, each with a seed of its own, and how near
 * their fronts come to the true one.
 *
 * Objectives are mapped to the true front's ranges before anything is measured: ideal 0, nadir 1;
 * an objective that is the same all over the true front keeps its unit. The reference of volumes is
 * 1.1 in each. */
#ifndef SIM_STUDY_H
#define SIM_STUDY_H

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

/* Without a truth all four are nan. */
struct sim_study_quality {
    double hv_ratio;    /* volume over that of the true front */
    double igd_plus;    /* see analysis/indicators.h */
    double epsilon;     /* additive */
    double share_found; /* of the true front */
};

struct sim_study_run {
    uint64_t seed;
    uint64_t evaluations; /* counted by the problem */
    struct sched_front front;
    struct sim_study_quality quality;
    double wall_s;
    double *ratio; /* (n_marks) hv_ratio when so many evaluations were used; NULL: no marks */
    char *fault;   /* why there was no search, or NULL */
};

struct sim_study_truth {
    struct sched_front front;
    double *mapped;               /* (front.archive.n, 3) */
    double least[3], greatest[3]; /* ideal and nadir */
    double volume;                /* of the mapped front */
    double raw_volume;            /* of the front as it is, the reference being nadir + 1 */
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
