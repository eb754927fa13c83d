/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A log of power beside measured rows or a log of requests. */
#ifndef SCENARIOS_MEASURED_POWER_H
#define SCENARIOS_MEASURED_POWER_H

#include "devices/measurements/power_log.h"

/* path NULL: there is no log of power. */
struct scenario_power_ask {
    const char *path;
    double offset_s; /* added to the log's times */
};

/* Joins the rows of a table with a log of power, if there is one. *out is freed with
 * measured_power_report_free. */
bool scenario_power_join(const struct scenario_power_ask *ask, struct measured_table *table,
                         struct measured_power_report *out, struct error *err);
struct json_t;
/* {rows, joined, left_out: [{reason, rows, example}]}. */
struct json_t *scenario_power_report_json(const struct measured_power_report *report);

#endif
