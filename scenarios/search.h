/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What exploring and running share: the machine with its closed form, a scheduler's front as plans,
 * and the replay of one plan. Internal to this folder. */
#ifndef SCENARIOS_SEARCH_H
#define SCENARIOS_SEARCH_H

#include "scenarios/result.h"

struct scenario_bench {
    const struct scenario *scenario; /* borrowed, as are the options */
    const struct scenario_options *options;
    struct sim_load load;
    struct sim_system system;
    struct sim_scorer *scorer;
    struct sim_space *space;
    double replayed, to_replay; /* how many plans, for progress */
    bool stopped;               /* progress() said so */
};
/* Measures the workload and sets up what scores plans. The caller frees *bench with
 * scenario_bench_close, also after a fault. */
bool scenario_bench_open(struct scenario_bench *bench, const struct scenario *scenario,
                         const struct scenario_options *options, struct error *err);
void scenario_bench_close(struct scenario_bench *bench);

struct scenario_member {
    struct sim_plan plan;
    struct sim_score score;
    double found[PROBLEM_OBJECTIVES]; /* as the scheduler saw it */
    bool replayed;
    struct sim_summary replay;
};
struct scenario_members {
    struct scenario_member *member; /* (n) by energy, then latency, then underutilisation */
    size_t n;
    uint64_t evaluations;
    size_t knee, least_energy, least_latency; /* meaningless when there are none */
    struct error why;                         /* when there are none: what the nearest plan lacks */
};
/* The front that a scheduler finds; none may be feasible. The caller frees *out with
 * scenario_members_free. */
bool scenario_search(struct scenario_bench *bench, const char *scheduler,
                     struct scenario_members *out, struct error *err);
void scenario_members_free(struct scenario_members *members);

/* Replays a plan without faults and guard, so that it can be held against the closed form. */
bool scenario_replay(struct scenario_bench *bench, const struct sim_plan *plan,
                     struct sim_summary *out, struct error *err);
/* Replays a plan as the run that `result` tells of, with its rows; where devices may fail once more
 * without faults, for the latency that they add. */
bool scenario_replay_run(struct scenario_bench *bench, const struct sim_plan *plan,
                         struct scenario_result *result, struct error *err);
/* Tells our caller how far we are; false when it asks to stop. */
bool scenario_bench_goes_on(struct scenario_bench *bench, const char *what, double done, double of);
/* Name, seed and text of the scenario into an empty result. */
void scenario_result_head(const struct scenario *scenario, struct scenario_result *result);

#endif
