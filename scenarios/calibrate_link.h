/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What copies between two memories tell of the way between them. Internal to this folder. */
#ifndef SCENARIOS_CALIBRATE_LINK_H
#define SCENARIOS_CALIBRATE_LINK_H

#include "scenarios/calibrate.h"

/* Fits latency + bytes / bandwidth to copies that took time_s (n); `error` (n) are the standard
 * errors of the times, as shares. Errors count by their share of the time, so that short copies
 * tell the latency, and far ones little. False: fewer than three copies, or of one size only. */
bool scenario_way_fit(const double *bytes, const double *time_s, const double *error, size_t n,
                      struct scenario_way *out);
/* The same of the copies of a name, "upload" or "download", among samples. */
bool scenario_way_of(const struct calibrate_samples *samples, const char *name,
                     struct scenario_way *out);

/* The links between the devices of a machine that have memories of their own; *out (the count is
 * returned) is freed with free(). */
size_t scenario_machine_links(const struct scenario_machine *machine,
                              struct scenario_machine_link **out);

#endif
