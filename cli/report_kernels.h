/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What calibrations kept, for people. */
#ifndef CLI_REPORT_KERNELS_H
#define CLI_REPORT_KERNELS_H

#include "scenarios/calibrate_store.h"

/* Each device with how many of its kernels were measured, and the errors of each group. */
void report_kernels(const struct scenario_calibrations *all);

#endif
