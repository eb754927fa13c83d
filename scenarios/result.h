/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What running and exploring a scenario gives, as tables, and how it is stored. */
#ifndef SCENARIOS_RESULT_H
#define SCENARIOS_RESULT_H

#include "scenarios/scenario.h"

/* One member of a front: the closed form beside the replay. */
struct scenario_front_row {
    int64_t id; /* from 0, in order of energy */
    const char *scheduler;
    double energy_J, latency_s, underutilisation; /* closed form; per request */
    double net_energy_J, throughput_per_s, batch, cpq, peak_temperature_C, power_W;
    /* The replay of the same plan; nan where it was not replayed. */
    double replay_energy_J, replay_net_energy_J, replay_e2e_mean_s, replay_e2e_p50_s,
        replay_e2e_p99_s;
    double replay_ttft_mean_s, replay_ttft_p50_s, replay_ttft_p99_s, replay_tpot_mean_s,
        replay_tpot_p50_s, replay_tpot_p99_s;
    double replay_output_tokens_per_s, replay_peak_temperature_C, replay_throttled_s;
    int64_t replay_done, replay_rejected, saturated; /* saturated: 0 or 1, -1 not replayed */
    const char *mark;    /* "knee", "least-energy", "least-latency", joined by " "; may be "" */
    const char *summary; /* sim_plan_describe */
    const char *plan;    /* sim_plan_encode */
};
extern const struct column_spec scenario_front_columns[];

struct scenario_front {
    char *scheduler;
    struct table rows; /* of struct scenario_front_row, by energy */
    uint64_t evaluations;
    size_t knee, least_energy, least_latency; /* rows */
};

/* Of which plans a true front was enumerated: of all, or of those in stages (sim/stages.h). */
enum scenario_truth_plans { SCENARIO_TRUTH_ALL, SCENARIO_TRUTH_STAGES };

/* How near a scheduler's front comes to the true one. */
struct scenario_truth_row {
    const char *scheduler;
    double hv_ratio, igd_plus, epsilon, share_found; /* see analysis/quality.h */
    int32_t plans_of;                                /* enum scenario_truth_plans */
    int64_t plans, points; /* of the truth: plans enumerated, points of its front */
};
extern const struct column_spec scenario_truth_columns[];

struct scenario_validation;   /* scenarios/validate.h */
struct scenario_thermal;      /* scenarios/thermal.h */
struct scenario_calibrations; /* scenarios/calibrate_store.h */

/* Of a scenario; or of a validation or calibrations: then all but `validation`, `thermal` or
 * `calibrations` is empty. */
struct scenario_result {
    char *yaml; /* the expanded scenario */
    char *name;
    uint64_t seed;
    struct scenario_front *front; /* (n_fronts), one per scheduler */
    size_t n_fronts;
    bool has_run;       /* the members below are of one replayed plan */
    char *plan_summary; /* sim_plan_describe */
    char *plan;         /* sim_plan_encode */
    char *kv_summary;   /* sim_plan_describe_blocks */
    struct sim_summary summary;
    struct table requests, devices, series, changes; /* of sim_*_row */
    struct table slo;   /* of struct scenario_slo_row; no columns: no classes */
    struct table truth; /* of struct scenario_truth_row; no columns: none was asked for */
    struct table log;   /* of struct scenario_log_row; no columns: no log was replayed */
    struct scenario_validation *validation;     /* NULL: none */
    struct scenario_thermal *thermal;           /* NULL: none */
    struct scenario_calibrations *calibrations; /* NULL: none */
};

struct scenario_options {
    bool token_resolution;
    bool replay;        /* explore: replay members */
    bool truth;         /* explore: find the true front and hold the others against it */
    bool drop_requests; /* the rows of requests are not kept */
    bool as_server;     /* run: max_num_seqs in flight, not as many as were found best */
    void *context;
    void (*note)(void *context, const char *sentence);
    bool (*progress)(void *context, const char *what, double done, double of);
};

/* Searches plans with every scheduler of the scenario, replays members, and replays the knee of
 * the first scheduler with its series. The caller frees *out with scenario_result_free. */
bool scenario_explore(const struct scenario *scenario, const struct scenario_options *options,
                      struct scenario_result *out, struct error *err);

/* Replays one plan: `choice` is NULL (the scenario's own, else the knee), "knee", "least-energy",
 * "least-latency", a scheduler's name (the knee of its front), or "FILE.h5:ID" (a row of the first
 * front, or "FILE.h5:SCHEDULER:ID"). */
bool scenario_run(const struct scenario *scenario, const char *choice,
                  const struct scenario_options *options, struct scenario_result *out,
                  struct error *err);
void scenario_result_free(struct scenario_result *result);

/* HDF5 with groups /scenario, /front/<scheduler>, /summary, /requests, /devices, /series; equal
 * results give equal files. Written to a temporary name and renamed. */
bool scenario_result_write(const struct scenario_result *result, const char *path,
                           struct error *err);
/* Reads what scenario_result_write, scenario_validation_write, scenario_thermal_write or
 * scenario_calibrations_write wrote; false for a file that is not one of ours. The caller frees
 * *out with scenario_result_free. */
bool scenario_result_read(const char *path, struct scenario_result *out, struct error *err);

/* DESIGN's keys of `run --json`, and the fronts of `explore --json`. Freed with free(). */
char *scenario_run_json(const struct scenario_result *result);
char *scenario_explore_json(const struct scenario_result *result);

#endif
