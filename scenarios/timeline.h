/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A run as a trace for viewers (Perfetto, chrome://tracing): the JSON array of Google's "Trace
 * Event Format". Process 1 has the requests: served ones in slots, one row for each that ran at the
 * same time, and those that waited. Process 2 has the series of the devices as counters. */
#ifndef SCENARIOS_TIMELINE_H
#define SCENARIOS_TIMELINE_H

#include "scenarios/result.h"

/* Writes the file whole or not at all. Needs the rows of the requests. */
bool scenario_timeline_write(const struct scenario_result *result, const char *path,
                             struct error *err);

#endif
