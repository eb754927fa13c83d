/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a device file takes what sensors told of power. Internal to this folder. */
#ifndef SCENARIOS_CALIBRATE_POWER_H
#define SCENARIOS_CALIBRATE_POWER_H

#include "base/tree.h"
#include "devices/calibrate/draw.h"

struct json_t;

/* The power of a device as its map says it. */
bool scenario_power_read(const struct tree *device, struct device_power *out);

/* Puts the idle draw, that of being busy, of an operation and of a byte into a device whose power
 * is a relative's, each with its source. Where a heating
 * run did not tell what leaks, its share of the idle draw stays the relative's. Where the sensors
 * do not tell, nothing changes. *prior is then told anew: what no measurement here tells of. *split
 * is what was put there. False: nothing was. */
bool scenario_calibrated_power(struct tree *device, const struct calibrate_draw *draw, char **prior,
                               struct sensor_split *split);

/* Draws at rest and under load; null where no sensor tells. */
struct json_t *scenario_power_json(const struct calibrate_draw *draw,
                                   const struct sensor_split *split);

#endif
