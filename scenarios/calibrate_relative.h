/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What no calibration measures, from a device of the catalogue. Internal to this folder. */
#ifndef SCENARIOS_CALIBRATE_RELATIVE_H
#define SCENARIOS_CALIBRATE_RELATIVE_H

#include "base/tree.h"
#include "scenarios/calibrate.h"

/* Gives a device map the power, heat and voltage of the same device in the catalogue, else of a
 * relative: a processor by the number of its cores; a GPU or NPU takes those of the nearest in
 * bandwidth and arithmetic of its maker that has memory of its own as it has, and that one's class.
 * *prior says so, freed with free(). */
bool scenario_take_relative(struct tree *device, const struct scenario_calibration *calibration,
                            char **prior, struct error *err);

#endif
