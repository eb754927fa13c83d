/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Another plan in the middle of a run: a scheduler searches the plans over the devices that are
 * left, within a number of evaluations that cost simulated time. */
#ifndef SIM_REPLAN_H
#define SIM_REPLAN_H

#include "sim/space.h"

enum sim_replan_take { SIM_TAKE_KNEE, SIM_TAKE_ENERGY, SIM_TAKE_LATENCY };

struct sim_replan {
    char *scheduler;
    uint64_t evaluations;
    double evaluation_s; /* that one costs in the run */
    double load_Bps;     /* at which weights come to pools that lack them; 0: they are there */
    int take;            /* enum sim_replan_take */
    bool guard;          /* also when a die reaches its guard temperature */
};
extern const struct field sim_replan_fields[];

/* Each borrowed, and outliving the replanner. */
struct sim_replan_parts {
    const struct sim_scorer *scorer;
    const struct sim_system *system;
    const struct sim_search *search;
    const struct sim_replan *replan;
    uint64_t seed;
};

/* What to search for. */
struct sim_replan_wish {
    const bool *available; /* (n_devices) */
    bool cool;             /* no die at or above its guard temperature, if that can be had */
};

/* The plan that the scheduler finds, into an initialised *out, and what the search used: the one
 * of the front that `take` names; where nothing is feasible the plan that lacks least, as long as
 * memory and links allow to run it. False: nothing can run. */
bool sim_replan_find(const struct sim_replan_parts *parts, const struct sim_replan_wish *wish,
                     struct sim_plan *out, uint64_t *evaluations);

/* Latency of a request without waiting, closed form. */
double sim_replan_latency_s(const struct sim_replan_parts *parts, const struct sim_plan *plan);

/* By what factor a request may take longer on the devices that are left. */
struct sim_replan_limits {
    double equal; /* D/D_healthy: the papers' bound, as if devices were equal */
    double rate;  /* sum of all rates over the sum of those left, prefill or decode, the greater;
                     a device's rate is one over its time for all of the phase */
};
struct sim_replan_limits sim_replan_limits(const struct sim_replan_parts *parts,
                                           const bool *available);

#endif
