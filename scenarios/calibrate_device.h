/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The device file that a calibration starts from. Internal to this folder. */
#ifndef SCENARIOS_CALIBRATE_DEVICE_H
#define SCENARIOS_CALIBRATE_DEVICE_H

#include "base/tree.h"
#include "scenarios/calibrate.h"

/* What was measured directly, with the class's parts laid under; what nothing tells of (power,
 * heat, voltages) is a relative's in the catalogue, and *prior says so. NULL with a fault. The
 * caller frees the tree with tree_free and *prior with free(). */
struct tree *scenario_calibrated_device(const struct scenario_calibrate_ask *ask,
                                        const struct scenario_calibration *calibration,
                                        char **prior, struct error *err);

/* What the device, or the platform, is called where nobody named it. */
const char *scenario_calibrated_name(const struct scenario_calibrate_ask *ask,
                                     const struct scenario_found *found);

/* Notes where a value of the file comes from. */
void scenario_calibrated_source(struct tree *device, const char *path, const char *kind,
                                const char *ref);

#endif
