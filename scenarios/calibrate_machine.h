/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The platform that calibrated devices make. Internal to this folder. */
#ifndef SCENARIOS_CALIBRATE_MACHINE_H
#define SCENARIOS_CALIBRATE_MACHINE_H

#include "scenarios/calibrate.h"

/* The devices with their memories and links; freed with free(). NULL with a fault. */
char *scenario_machine_yaml(const struct scenario_machine *machine, double ambient_K,
                            struct error *err);

/* What a device is called among the others: "cpu"; "gpu-0" where there are several. Freed with
 * free(). */
char *scenario_machine_device_name(const struct scenario_machine *machine, size_t which);

#endif
