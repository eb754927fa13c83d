/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What sensors tell, on the terminal. */
#ifndef CLI_REPORT_SENSORS_H
#define CLI_REPORT_SENSORS_H

#include "scenarios/calibrate.h"

/* The sensors of this machine, those that are of no use and why, and what power is taken from. */
void report_sensors(const struct sensors *sensors);
/* Draws at rest and under load; nothing where no sensor tells. */
void report_draw(const struct scenario_calibration *calibration);
/* The heating and the cooling run; nothing where there was none. */
void report_heat(const struct scenario_calibration *calibration);

#endif
