/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A log of power over time, and its mean over the times of measured runs. */
#ifndef DEVICES_MEASUREMENTS_POWER_LOG_H
#define DEVICES_MEASUREMENTS_POWER_LOG_H

#include "base/csv.h"
#include "devices/measurements/measured.h"

struct measured_power_sample {
    double time_s;                 /* since the log's `zero_s` */
    double power_W, temperature_K; /* temperature: nan where it is not told */
    size_t line, place;            /* place: among the samples of the file, from 0 */
};

struct measured_power_log {
    struct measured_power_sample *sample; /* (n) in order of time */
    size_t n, room;
    double zero_s; /* since 1970, with the offset that was asked for */
    double step_s; /* median of the steps; 0 where all times are equal */
    bool no_zone;  /* its clock times name no zone and were taken as UTC */
};

/* Reads CSV with a header: a time (`time_s`, `timestamp`, `unix time` and the like, a number in the
 * unit that the name ends in, else seconds; or a clock time), a power (`power_W`, `power.draw [W]`)
 * and, where there is one, a temperature (`temperature_C`, `temperature.gpu`); all names stand in
 * power_log.c. A cell may hold its unit, as nvidia-smi writes it; a row whose
 * power is empty or "[N/A]" is passed over. No such column, a cell that is neither, several devices
 * (`index`, `uuid`) and fewer than two samples are faults. `offset_s` is added to all times. The
 * caller frees *out with measured_power_free, also after a failure. */
bool measured_power_read(const char *path, double offset_s, struct measured_power_log *out,
                         struct error *err);
bool measured_power_read_csv(struct csv *csv, double offset_s, struct measured_power_log *out,
                             struct error *err);
void measured_power_free(struct measured_power_log *log);

/* What the log tells of a stretch of time (since 1970). */
struct measured_power_mean {
    double power_W;       /* the integral by trapezoids, its ends interpolated, over the time */
    double temperature_K; /* likewise; nan where a sample tells none */
    const char *missing;  /* why there is none; NULL: all is there */
    char detail[96];      /* of what is missing, "line 7, 12.5 s" */
};
/* None where the log begins later or ends earlier, has no sample within, a step of more than ten
 * usual ones, or times that go back or stand twice. */
struct measured_power_mean measured_power_over(const struct measured_power_log *log, double start_s,
                                               double end_s);

/* How many rows got power from a log, and why others did not. */
struct measured_power_left {
    const char *reason;
    size_t rows;
    char *example; /* "file:line: detail" of the first */
};
struct measured_power_report {
    size_t rows, joined;
    struct measured_power_left *left; /* (n_left) in the order in which they came */
    size_t n_left;
    bool no_zone;
};
/* Gives rows that tell their times, and no power of their own, power_W, temperature_K and
 * energy_J_per_token. The caller frees *out with measured_power_report_free. */
void measured_power_join(const struct measured_power_log *log, struct measured_table *table,
                         struct measured_power_report *out);
void measured_power_report_free(struct measured_power_report *report);

#endif
