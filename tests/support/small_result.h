/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A result with a few rows, made without running anything. */
#ifndef TESTS_SUPPORT_SMALL_RESULT_H
#define TESTS_SUPPORT_SMALL_RESULT_H

#include "base/memory.h"
#include "scenarios/result.h"

#include <math.h>

static inline void small_result_front(struct scenario_result *result, size_t rows)
{
    struct scenario_front *front = result->front = mem_calloc(1, sizeof *front);
    result->n_fronts = 1;
    front->scheduler = mem_strdup("pgsam");
    front->evaluations = 100;
    front->least_latency = rows > 0 ? rows - 1 : 0;
    table_init(&front->rows, "front", scenario_front_columns);
    for (size_t r = 0; r < rows; r++) {
        struct scenario_front_row row = {.id = (int64_t)r,
                                         .scheduler = "pgsam",
                                         .energy_J = 1 + (double)r,
                                         .latency_s = 9 - (double)r,
                                         .replay_energy_J = NAN,
                                         .mark = r == 0 ? "knee" : "",
                                         .summary = "all on cpu",
                                         .plan = "aa|aa|0|1"};
        table_add(&front->rows, &row);
    }
}

static inline void small_result_run(struct scenario_result *result, size_t rows)
{
    result->has_run = true;
    result->plan = mem_strdup("aa|aa|0|1");
    result->plan_summary = mem_strdup("all on cpu");
    table_init(&result->requests, "requests", sim_request_columns);
    table_init(&result->devices, "devices", sim_device_columns);
    table_init(&result->series, "series", sim_sample_columns);
    table_init(&result->changes, "changes", sim_change_columns);
    for (size_t r = 0; r < rows; r++) {
        struct sim_request_row request = {.id = (int64_t)r, .status = SIM_DONE, .tpot_s = NAN};
        struct sim_device_row device = {.device = "cpu", .energy_J = 2};
        struct sim_sample_row sample = {.time_s = (double)r, .device = "cpu", .power_W = 3};
        table_add(&result->requests, &request);
        table_add(&result->devices, &device);
        struct sim_change_row change = {.device = "cpu", .plan = "none"};
        table_add(&result->series, &sample);
        table_add(&result->changes, &change);
    }
}

/* The caller frees it with scenario_result_free. */
static inline struct scenario_result small_result(bool front, bool run, size_t rows)
{
    struct scenario_result result = {.name = mem_strdup("made"), .seed = 1};
    result.yaml = mem_strdup("schema: qeilsim/scenario/1\n");
    if (front)
        small_result_front(&result, rows);
    if (run)
        small_result_run(&result, rows);
    return result;
}

#endif
