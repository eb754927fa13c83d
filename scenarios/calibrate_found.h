/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What OpenCL's drivers tell, as devices of this machine. Internal to this folder. */
#ifndef SCENARIOS_CALIBRATE_FOUND_H
#define SCENARIOS_CALIBRATE_FOUND_H

#include "devices/kernels/opencl.h"
#include "scenarios/calibrate.h"

/* Adds all of them behind those that are there; `free_B` is free of the host's memory, 0: not told.
 * The processor, and a device that another driver tells of too, are marked as there again. */
void scenario_founds_add(const struct opencl_devices *opencl, double free_B,
                         struct scenario_founds *out);

#endif
