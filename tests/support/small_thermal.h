/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A thermal validation of made-up logs: one that was divided, one that was fitted whole, and one
 * that was not used. */
#ifndef TESTS_SUPPORT_SMALL_THERMAL_H
#define TESTS_SUPPORT_SMALL_THERMAL_H

#include "base/memory.h"
#include "scenarios/thermal.h"

#include <math.h>

static inline void small_thermal_log(struct scenario_thermal *thermal, const char *name,
                                     int64_t readings, int64_t fitted)
{
    struct scenario_thermal_log log = {.log = name,
                                       .device = "it's a box",
                                       .place = "log.csv:2",
                                       .power = "measured",
                                       .skipped = readings > 0 ? "" : "time goes backward",
                                       .order = readings > 0,
                                       .identified = readings > 0,
                                       .identified_1 = 1,
                                       .time_constant_1_s = 60,
                                       .rmse_fit_K = 0.5,
                                       .rmse_K = fitted < readings ? 1.5 : NAN,
                                       .readings = readings,
                                       .fitted = fitted};
    table_add(&thermal->logs, &log);
    for (int64_t i = 0; i < readings; i++) {
        struct scenario_thermal_reading reading = {.log = name,
                                                   .device = log.device,
                                                   .time_s = 2 * (double)i,
                                                   .input = 5,
                                                   .measured_C = i == 1 ? NAN : 20 + (double)i,
                                                   .predicted_C = 20.5 + (double)i,
                                                   .fitted = i < fitted};
        table_add(&thermal->readings, &reading);
    }
}

/* The caller frees it with scenario_thermal_free. */
static inline struct scenario_thermal small_thermal(void)
{
    struct scenario_thermal thermal = {.yaml = NULL};
    table_init(&thermal.logs, "thermal_logs", scenario_thermal_log_columns);
    table_init(&thermal.readings, "thermal_readings", scenario_thermal_reading_columns);
    small_thermal_log(&thermal, "a", 8, 4);
    small_thermal_log(&thermal, "none", 0, 0);
    small_thermal_log(&thermal, "b", 5, 5);
    return thermal;
}

#endif
