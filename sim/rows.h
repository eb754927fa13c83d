/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a run emits: rows through a sink of functions. HDF5, CSV and in-memory sinks live above. */
#ifndef SIM_ROWS_H
#define SIM_ROWS_H

#include "base/table.h"

enum sim_status { SIM_DONE, SIM_REJECTED, SIM_FAILED };

struct sim_request_row {
    int64_t id;
    int32_t status; /* enum sim_status */
    int64_t prompt_tokens, output_tokens, preemptions, cached_tokens;
    int64_t faulted; /* 1: a fault stopped it */
    double arrival_s, scheduled_s, first_token_s, finish_s;
    double ttft_s, tpot_s, e2e_s; /* nan where there is none */
};
extern const struct column_spec sim_request_columns[];

/* One device in one period of the series. */
struct sim_sample_row {
    double time_s; /* end of the period */
    const char *device;
    double power_W, temperature_C, clock, busy; /* means; clock over nominal; busy share */
    int64_t running, waiting;
    double cpq; /* memory pressure of its pool, mean; 0 where the plan does not use the pool */
};
extern const struct column_spec sim_sample_columns[];

struct sim_device_row {
    const char *device;
    double busy_s, utilisation;
    double base_J, active_J, compute_J, memory_J, leakage_J; /* they sum to energy_J */
    double energy_J;
    double thermal_yield; /* Phi = 1 - leakage/energy */
    double dasi;          /* F / (busy seconds x peak rate of the unit used) */
    double peak_temperature_C, mean_temperature_C;
    double throttled_s;
};
extern const struct column_spec sim_device_columns[];

/* A change of plan in a run. */
enum sim_cause { SIM_CAUSE_FAULT, SIM_CAUSE_RETURN, SIM_CAUSE_GUARD };
struct sim_change_row {
    int32_t cause;       /* enum sim_cause */
    const char *device;  /* that failed, returned or got too hot */
    double at_s;         /* when it did */
    double asked_s;      /* when another plan was asked for */
    double in_force_s;   /* when it came into force; nan: never */
    int64_t healthy;     /* devices that the server counts on */
    int64_t evaluations; /* of the search; 0: the plan stays, or is the first one */
    int64_t recomputed;  /* running requests whose cache was lost */
    int64_t moved;       /* ... whose cache was moved */
    double latency_s;    /* of a request under the plan, without waiting, closed form */
    double equal_limit_s, rate_limit_s; /* latency of the first plan times sim_replan_limits */
    const char *plan;                   /* sim_plan_describe, or "none" */
};
extern const struct column_spec sim_change_columns[];

struct sim_sink {
    void *state;
    void (*request)(void *state, const struct sim_request_row *row); /* may be NULL */
    void (*sample)(void *state, const struct sim_sample_row *row);   /* may be NULL */
    void (*device)(void *state, const struct sim_device_row *row);   /* may be NULL */
    void (*change)(void *state, const struct sim_change_row *row);   /* may be NULL */
};

#endif
