/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What calibration tells on the terminal. */
#ifndef CLI_REPORT_CALIBRATE_H
#define CLI_REPORT_CALIBRATE_H

#include "scenarios/calibrate.h"

void report_calibration(const struct scenario_calibration *calibration);
/* Links between devices, and those that were left out; nothing where there are none. */
void report_links(const struct scenario_machine *machine);
void report_check(const struct scenario_check *check);
/* The processor and its memory. */
void report_machine(const struct places *places);
/* What there is to measure, and what is skipped and why. */
void report_devices(const struct scenario_founds *founds);

#endif
