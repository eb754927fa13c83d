/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What calibration tells on the terminal. */
#ifndef CLI_REPORT_CALIBRATE_H
#define CLI_REPORT_CALIBRATE_H

#include "scenarios/calibrate.h"

void report_calibration(const struct scenario_calibration *calibration);
void report_check(const struct scenario_check *check);
/* What there is to measure and to measure with, and what is skipped and why. */
void report_machine(const struct places *places);

#endif
