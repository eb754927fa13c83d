/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a device file takes what a heating and a cooling run told. Internal to this folder. */
#ifndef SCENARIOS_CALIBRATE_HEAT_H
#define SCENARIOS_CALIBRATE_HEAT_H

#include "base/tree.h"
#include "scenarios/calibrate.h"

struct json_t;

/* Fits a thermal network and the leakage to a run, the leakage in the form that the device has and
 * as a part of the draw at rest. Where the run does not tell them, out->why says so, or the leakage
 * is nan. The caller frees *out
 * with scenario_heat_free. */
void scenario_heat_fit(const struct calibrate_heat *run, const struct device_leakage *form,
                       const struct calibrate_draw *draw, const char *device,
                       struct scenario_heat *out);
void scenario_heat_free(struct scenario_heat *heat);

/* Puts network and leakage into a device map, each with its source, and takes them out of what
 * *prior says that no measurement tells of. */
void scenario_heat_put(struct tree *device, const struct calibrate_heat *run,
                       const struct scenario_heat *heat, char **prior);

/* Null where no run was made. */
struct json_t *scenario_heat_json(const struct calibrate_heat *run,
                                  const struct scenario_heat *heat);

#endif
