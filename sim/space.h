/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The plan space as a scheduler's problem: genes that place units, choose clocks and the number in
 * flight. */
#ifndef SIM_SPACE_H
#define SIM_SPACE_H

#include "sim/problem.h"
#include "sim/score.h"

enum sim_granularity {
    SIM_GRAIN_MODEL,    /* one gene places all units of a phase */
    SIM_GRAIN_LAYER,    /* embedding, each layer, head */
    SIM_GRAIN_OPERATOR, /* attention and FFN of a layer apart */
    SIM_GRAIN_STAGES /* one gene places all units of a phase in stages (sim/stages.h); its choices
                      * are no devices, so that of the schedulers only `exact` can use it */
};

struct sim_search {
    int granularity;   /* enum sim_granularity */
    bool split_phases; /* prefill and decode are placed apart */
    bool clocks;       /* P-states are genes */
    bool keep_up;      /* a plan that is slower than the arrivals is no answer */
    uint64_t evaluations;
    bool objective[PROBLEM_OBJECTIVES]; /* which ones count; set by the scenario's objectives */
};
extern const struct field sim_search_fields[];

struct sim_space;

/* `scorer` must outlive it. The caller frees it with sim_space_destroy. */
/* Which plans a space holds. */
struct sim_space_bounds {
    const bool *available; /* (n_devices) where units may be placed, at least one; NULL: all */
    bool cool;             /* a die above its guard temperature violates */
};

struct sim_space *sim_space_create(const struct sim_scorer *scorer, const struct sim_system *system,
                                   const struct sim_search *search);
/* The same with bounds. */
struct sim_space *sim_space_create_within(const struct sim_scorer *scorer,
                                          const struct sim_system *system,
                                          const struct sim_search *search,
                                          const struct sim_space_bounds *bounds);
void sim_space_destroy(struct sim_space *space);
/* Choices of a gene that places stages; above UINT16_MAX there can be no such space. */
uint64_t sim_space_stages(const struct sim_system *system);
struct problem *sim_space_problem(struct sim_space *space);
/* The plan of an assignment (freed by the caller with sim_plan_free). */
void sim_space_plan(const struct sim_space *space, const uint16_t *assignment,
                    struct sim_plan *out);

#endif
