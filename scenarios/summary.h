/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The summary of a run as named values: one table gives the keys of `run --json` and the datasets
 * of /summary in results. A dot in a name is a level in JSON. Internal to this folder. */
#ifndef SCENARIOS_SUMMARY_H
#define SCENARIOS_SUMMARY_H

#include "base/table.h"
#include "sim/engine.h"

struct scenario_summary_row {
    struct sim_summary summary;
    double dynamic_J; /* active, compute and memory together */
    /* codes of "false", "true" */
    int32_t saturated, runaway, cap_unreachable, equal_held, rate_held;
};
extern const struct column_spec scenario_summary_columns[];

void scenario_summary_fill(struct scenario_summary_row *row, const struct sim_summary *summary);
void scenario_summary_take(const struct scenario_summary_row *row, struct sim_summary *summary);

#endif
