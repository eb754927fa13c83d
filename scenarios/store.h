/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What result files of all kinds have in common. Internal to this folder. */
#ifndef SCENARIOS_STORE_H
#define SCENARIOS_STORE_H

#include "scenarios/calibrate_store.h"
#include "scenarios/hdf5.h"
#include "scenarios/thermal.h"
#include "scenarios/validate.h"

/* The attributes of the file itself that say what it is. */
void scenario_store_head(struct scenario_h5 *file, const char *title);

/* Whether a file holds a validation, and reading it. The caller frees *out with
 * scenario_validation_free, also after a failure. */
bool scenario_validation_stored(const struct scenario_h5 *file);
bool scenario_validation_get(struct scenario_h5 *file, struct scenario_validation *out);

/* The same of a thermal validation, freed with scenario_thermal_free. */
bool scenario_thermal_stored(const struct scenario_h5 *file);
bool scenario_thermal_get(struct scenario_h5 *file, struct scenario_thermal *out);
void scenario_thermal_put_tables(struct scenario_h5 *file, const struct scenario_thermal *thermal);

/* The same of calibrations, freed with scenario_calibrations_free. */
bool scenario_calibrations_stored(const struct scenario_h5 *file);
bool scenario_calibrations_get(struct scenario_h5 *file, struct scenario_calibrations *out);

#endif
