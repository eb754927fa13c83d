/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Results as tables for a person to read, on standard output. */
#ifndef CLI_REPORT_H
#define CLI_REPORT_H

#include "scenarios/result.h"

/* What one replayed plan gave. */
void report_run(const struct scenario_result *result);
/* Where every second and joule went, by cause and by device. */
void report_detail(const struct scenario_result *result);
/* Which inputs of an expanded scenario were estimated or taken from their class. */
void report_estimates(const struct tree *scenario);

/* Every front: its plans (at most a dozen, or all), then the named ones and why. */
void report_fronts(const struct scenario_result *result, bool all);
/* How near the fronts come to the true one, where that is known. */
void report_truth(const struct scenario_result *result);
/* One line about each front. */
void report_front_lines(const struct scenario_result *result);

#endif
