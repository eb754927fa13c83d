/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs with faults and the guard on a machine of known numbers. */
#ifndef TESTS_SUPPORT_RECOVERED_H
#define TESTS_SUPPORT_RECOVERED_H

#include "tests/support/served.h"

struct recovered {
    struct served served;
    struct sim_scorer *scorer;
    struct sim_faults faults;
    struct sim_replan replan;
    struct sim_search search;
    char scheduler[8];
    struct sim_change_row last; /* of the last run; its texts are gone */
    size_t seen;                /* changes of the last run */
};

static inline void recovered_open(struct recovered *r, const char *platform, const char *model,
                                  struct sim_serving serving, const char *workload_text)
{
    struct error err = {0};
    struct workload workload;
    struct sim_load load;
    struct tree *tree = machine_parse(workload_text);
    *r = (struct recovered){.scheduler = "pgsam"};
    served_open(&r->served, platform, model, serving);
    if (!workload_read(tree, &workload, &err) || !sim_load_measure(&workload, 1, &load, &err))
        machine_fail(&err, workload_text);
    workload_free(&workload);
    tree_free(tree);
    r->scorer = sim_scorer_create(&r->served.system, &load);
    r->faults = (struct sim_faults){.detection_s = 0.1, .return_share = 0.5, .ramp_s = 1};
    r->search = (struct sim_search){
        .granularity = SIM_GRAIN_MODEL, .split_phases = true, .objective = {true, true, true}};
    r->replan = (struct sim_replan){.scheduler = r->scheduler,
                                    .evaluations = 200,
                                    .evaluation_s = 1e-6,
                                    .take = SIM_TAKE_LATENCY};
}

static inline void recovered_close(struct recovered *r)
{
    sim_scorer_destroy(r->scorer);
    served_close(&r->served);
}

static inline void recovered_see(void *state, const struct sim_change_row *row)
{
    struct recovered *r = state;
    r->last = *row;
    r->seen++;
}

static inline struct sim_summary recovered_run(struct recovered *r, const char *workload,
                                               bool token)
{
    struct error err;
    struct sim_summary out;
    struct sim_change_options changes = {&r->faults,
                                         {r->scorer, &r->served.system, &r->search, &r->replan, 1}};
    struct sim_options options = {.token_resolution = token,
                                  .changes = &changes,
                                  .sink = {.state = r, .change = recovered_see}};
    r->seen = 0;
    if (!served_run(&r->served, workload, &options, &out, &err))
        machine_fail(&err, workload);
    return out;
}

#endif
