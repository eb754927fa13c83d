/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The device file that measurements of one device make. Internal to this folder. */
#ifndef SCENARIOS_CALIBRATE_FIT_H
#define SCENARIOS_CALIBRATE_FIT_H

#include "scenarios/calibrate.h"
#include "scenarios/calibrate_passes.h"

/* Whether there is what a device cannot do without: its bandwidth, its peaks, a product. */
bool scenario_calibrated_enough(const struct scenario_calibration *out);
/* Fills evidence, predicted_s, fit, split and prior. False with a fault. */
bool scenario_calibrated_fit(const struct scenario_calibrate_ask *ask,
                             const struct scenario_passes *passes, struct scenario_calibration *out,
                             struct error *err);

#endif
