/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Thermal networks identified from recorded temperatures, and judged on the second part of each
 * log. */
#ifndef SCENARIOS_THERMAL_H
#define SCENARIOS_THERMAL_H

#include "base/error.h"
#include "base/table.h"

struct scenario_thermal_ask {
    const char *path;   /* a log file, as measured_thermal_read reads it */
    const char *where;  /* rows; NULL: all */
    double split;       /* share of each log's time that is fitted to; 1: all of it */
    const char *device; /* a fit: the device that the network is laid over; NULL: none */
};

/* A log. What a log that was not used does not tell is nan, 0 or "". */
struct scenario_thermal_log {
    const char *log, *device, *place; /* place: "file:line" of its first row */
    const char *power;                /* "measured" or "proxy" */
    const char *skipped;              /* why it was not used; "": it was */
    int64_t order;                    /* nodes of the network */
    int64_t identified;               /* time constants that the log tells */
    double time_constant_1_s, time_constant_2_s, time_constant_3_s; /* slowest first */
    double error_1, error_2, error_3;                               /* relative standard errors */
    int64_t identified_1, identified_2, identified_3;               /* 1: the log tells it */
    double rmse_fit_K;     /* of the readings that were fitted to */
    double rmse_K;         /* of those behind them; nan: none were held back */
    double ambient_C;      /* fitted */
    double fan_pK;         /* growth of the cooling with temperature, relative; 0: no fan */
    double gain, offset_W; /* watts at the die = gain x input + offset */
    int64_t readings, fitted, gaps, repeated;
};
extern const struct column_spec scenario_thermal_log_columns[];

/* A reading of a log that was used. */
struct scenario_thermal_reading {
    const char *log, *device;
    double time_s, input; /* watts, or the proxy from 0 to 1 */
    double measured_C, predicted_C;
    int64_t fitted; /* 1: fitted to */
};
extern const struct column_spec scenario_thermal_reading_columns[];

struct scenario_thermal {
    struct table logs;     /* of struct scenario_thermal_log */
    struct table readings; /* of struct scenario_thermal_reading, log after log */
    char *yaml;            /* of a fit; NULL: a validation */
};

/* Logs of one device that were used. */
struct scenario_thermal_group {
    const char *device;  /* borrowed from the logs */
    size_t n, held_back; /* logs, and those with readings that were not fitted to */
    double median_rmse_fit_K, median_rmse_K;
};

/* Fits each log on its first part and predicts the rest from its power alone. A log without
 * measured power is fitted whole. The caller frees *out with scenario_thermal_free, also after a
 * failure. */
bool scenario_thermal_validate(const struct scenario_thermal_ask *ask, struct scenario_thermal *out,
                               struct error *err);
/* Fits the one log that `where` leaves, as the thermal part of a device file. */
bool scenario_thermal_fit(const struct scenario_thermal_ask *ask, struct scenario_thermal *out,
                          struct error *err);
void scenario_thermal_free(struct scenario_thermal *thermal);

/* All logs that were used; the device is NULL. */
struct scenario_thermal_group scenario_thermal_all(const struct scenario_thermal *thermal);
/* By device in the order of the logs; returns how many. The caller frees *out with free(). */
size_t scenario_thermal_groups(const struct scenario_thermal *thermal,
                               struct scenario_thermal_group **out);
/* `logs`, `all` of them, `groups` by device, `skipped`, `skipped_by_reason`. Freed with free(). */
char *scenario_thermal_json(const struct scenario_thermal *thermal);
/* HDF5 with groups /thermal_logs and /thermal_readings; scenario_result_read reads it. */
bool scenario_thermal_write(const struct scenario_thermal *thermal, const char *path,
                            struct error *err);

#endif
