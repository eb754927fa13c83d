/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a calibration says of itself while it goes on. Internal to this folder. */
#ifndef SCENARIOS_CALIBRATE_NOTES_H
#define SCENARIOS_CALIBRATE_NOTES_H

#include "scenarios/calibrate.h"

/* A sentence with one number, and one with a reason behind it. */
void scenario_calibrate_note(const struct scenario_calibrate_talk *talk, const char *format,
                             double value);
void scenario_calibrate_say(const struct scenario_calibrate_talk *talk, const char *what,
                            const char *why);

/* What disturbed the measurements, and what part of a machine they are of. `hottest_K`: nan where
 * no sensor tells a temperature. */
void scenario_calibrate_troubles(const struct scenario_calibrate_ask *ask,
                                 const struct scenario_calibration *out, double hottest_K);
/* What a heating run told, or why it told nothing. */
void scenario_calibrate_heated(const struct scenario_calibrate_ask *ask,
                               const struct scenario_heat *heat);

#endif
