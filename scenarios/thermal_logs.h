/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What validating and fitting logs share. Internal to this folder. */
#ifndef SCENARIOS_THERMAL_LOGS_H
#define SCENARIOS_THERMAL_LOGS_H

#include "base/tree.h"
#include "scenarios/thermal.h"
#include "scenarios/thermal_fit.h"

void scenario_thermal_init(struct scenario_thermal *out);
/* Fits a log and adds it with its readings, or with the reason why it was not used. Returns that
 * reason, or NULL and the fit. */
const char *scenario_thermal_add(const struct measured_thermal *logs, size_t log, double split,
                                 struct scenario_thermal *out, struct thermal_fit *fit);
/* "file:line" with the file's last name. Freed with free(). */
char *scenario_thermal_place(const struct measured_thermal *logs, size_t line);

/* Range and time constants, as a source tells them. */
void scenario_thermal_tell(const struct thermal_fit *fit, struct text *out);
/* Makes a chain the thermal network of a device map, with where it comes from. */
void scenario_thermal_put(struct tree *device, const struct thermal_chain *chain, const char *ref);

#endif
