/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Scenario files: one machine, one model, one workload, and what to do with them. References
 * (`platform: qeil-box`, `device: rtx-4090`) are expanded at tree level, then `--set` applies, then
 * field tables read the structs; the expanded text is stored in every result. */
#ifndef SCENARIOS_SCENARIO_H
#define SCENARIOS_SCENARIO_H

#include "scenarios/slo.h"
#include "sim/engine.h"
#include "sim/space.h"

struct scenario_outputs {
    double series_period_s; /* 0: no series */
    uint64_t replay;        /* front members to replay in explore; 0: all */
};

struct scenario {
    char *schema;
    char *name, *title;
    struct tree *tree; /* expanded */
    struct device_platform platform;
    struct workload_model model;
    struct workload workload;
    struct sim_serving serving;
    struct scenario_slo slo;
    struct sim_search search;
    struct sim_faults faults;
    struct sim_replan replan;
    char **schedulers;
    size_t n_schedulers;
    char **objectives;
    size_t n_objectives;
    char *plan; /* what `run` replays unless --plan says otherwise; may be NULL */
    uint64_t seed;
    struct scenario_outputs outputs;
};

/* What is written in scenario files; used by `schema`. */
extern const struct field scenario_fields[];

/* Loads a scenario (a path, or a name in DATA/scenarios), expands it, applies the assignments
 * ("path=value"), reads and checks it. False: all faults in err; *out is empty. */
bool scenario_load(const char *path, const char *const *set, size_t n_set, struct scenario *out,
                   struct error *err);
/* Reads an already expanded text, as stored in results. */
bool scenario_parse(const char *name, const char *yaml, struct scenario *out, struct error *err);
/* Reads an expanded tree, which moves in also when there are faults: for callers that change the
 * tree of a scenario (tree_copy) and read it again. */
bool scenario_read(struct tree *tree, struct scenario *out, struct error *err);
void scenario_free(struct scenario *scenario);

/* A catalogue entry or file of a kind ("device", "platform", "model", "workload"), expanded. An
 * unknown name is a fault with "did you mean". `beside` is the file that names it, or NULL. The
 * caller frees the result with tree_free. */
struct tree *scenario_find(const char *kind, const char *name, const char *beside,
                           const struct tree *place, struct error *err);
/* Names in the catalogue of a kind, sorted, NULL-ended; freed with file_names_free. */
char **scenario_catalogue(const char *kind, struct error *err);
/* The folder in which its files NAME.yaml lie. Freed with free(); NULL with a fault. */
char *scenario_catalogue_folder(const char *kind, struct error *err);

#endif
