/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What `search` found, on standard output and in files. */
#ifndef CLI_REPORT_SEARCH_H
#define CLI_REPORT_SEARCH_H

#include "sim/study.h"

void report_search(const struct sim_study *study, const struct sim_study_ask *ask);
void report_search_json(const struct sim_study *study, const struct sim_study_ask *ask);
/* One line a point: seed, objectives, and the number of each layer's device. */
bool report_search_points(const struct sim_study *study, const char *path, struct error *err);
/* One line a mark: seed, evaluations, share of the true volume. */
bool report_search_curve(const struct sim_study *study, const char *path, struct error *err);

#endif
