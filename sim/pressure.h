/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Memory pressure of the pools, CPQ, now and over time. */
#ifndef SIM_PRESSURE_H
#define SIM_PRESSURE_H

#include "sim/engine.h"
#include "sim/kv.h"

struct sim_pressure {
    const struct sim_system *system;
    double *weights_B;    /* (n_pools) 0: the plan does not use the pool */
    double *kv_B;         /* (n_pools) per token */
    double *cpq;          /* (n_pools) now */
    double *since_sample; /* (n_pools) CPQ seconds */
    double *sampled;      /* (n_pools) mean over the last period */
    double worst, peak;   /* of the fullest pool */
    double used, occupied;
    double worst_s, used_s, occupied_s, all_s, period_s; /* integrals over time */
};

/* Of the idle cache. The caller frees with sim_pressure_free. */
void sim_pressure_init(struct sim_pressure *pressure, const struct sim_system *system,
                       const struct sim_plan *plan);
/* Goes on with another plan. */
void sim_pressure_move(struct sim_pressure *pressure, const struct sim_plan *plan);
void sim_pressure_free(struct sim_pressure *pressure);
/* What it is from now on. */
void sim_pressure_set(struct sim_pressure *pressure, const struct sim_kv *kv);
void sim_pressure_pass(struct sim_pressure *pressure, double seconds);
/* Means over the time since the last call, (n_pools); the pressure now where no time passed. */
const double *sim_pressure_sample(struct sim_pressure *pressure);
/* Bytes that a pass fetches from the store behind a pool, 0 without pressure. A pass is a cyclic
 * scan: under LRU all hot weights miss, pinned only what does not fit. */
double sim_pressure_paged_B(const struct sim_pressure *pressure, size_t pool);
void sim_pressure_finish(const struct sim_pressure *pressure, struct sim_summary *out);

#endif
