/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Recorded temperatures over time: a CSV table with a row for each reading, as logs of power,
 * clock and temperature. */
#ifndef DEVICES_MEASUREMENTS_THERMAL_LOG_H
#define DEVICES_MEASUREMENTS_THERMAL_LOG_H

#include "devices/measurements/measured.h"

/* Where the power of a log comes from, best first: the chip, its power controller, the board's
 * supply, or nowhere. */
enum measured_power {
    MEASURED_POWER_DEVICE, /* column power_W */
    MEASURED_POWER_PMIC,   /* column pmic_W */
    MEASURED_POWER_BOARD,  /* column dc_mW */
    MEASURED_POWER_NONE
};

/* One reading, in SI units; nan where the cell is empty. What a row tells of power and load is
 * taken to hold since the row before. */
struct measured_reading {
    double time_s;        /* from the log's first row */
    double temperature_K; /* column temperature_C */
    double power_W;       /* of the log's source */
    double load;          /* column cpu_pct, as a share */
    double clock_Hz;      /* column freq_MHz_max, or clock_MHz */
    double voltage_V;     /* column vcore_V */
    double given_W[MEASURED_POWER_NONE];
    size_t line;
};

struct measured_thermal_log {
    const char *name; /* log_id, or the model of its first row; borrowed from the table */
    const char *device;
    struct measured_reading *reading; /* (n) times ascend */
    size_t n, room;
    enum measured_power source; /* the first one that nine rows of ten have */
    size_t first_line;
    size_t runs;          /* of one model after another, where logs have no name of their own */
    size_t repeated;      /* rows at the same time as the one before, which they replace */
    size_t backward_line; /* row whose time lies before that of the row before it; 0: none */
};

/* Logs of a file, in the order of their first rows. */
struct measured_thermal {
    struct measured_table table; /* the rows as written; `path`, `line` and `cell` alone are set */
    struct measured_thermal_log *log; /* (n) */
    size_t n, room, rows;
};

/* Wanted columns: device, elapsed_s, temperature_C. A log is the rows of one log_id and device;
 * without that column, of one device and source_url: runs of several models that follow each other
 * in time are one log, and where a new model's time starts anew there starts another. `where`
 * chooses rows (measured_where_parse; NULL: all). A number that is none, a time or power below 0 is
 * a fault with its place. The caller frees *out with measured_thermal_free, also after a failure.
 */
bool measured_thermal_read(const char *path, const char *where, struct measured_thermal *out,
                           struct error *err);
void measured_thermal_free(struct measured_thermal *logs);

#endif
