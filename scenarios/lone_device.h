/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A device that stands for a machine: `platform: host.yaml`, a device file. Internal to this
 * folder.
 */
#ifndef SCENARIOS_LONE_DEVICE_H
#define SCENARIOS_LONE_DEVICE_H

#include "base/tree.h"

bool scenario_is_device(const struct tree *tree);
/* A platform of the device alone, named "cpu", "gpu" or "npu", on a pool "dram" of its memory's
 * size. The device moves in. NULL with a fault: it does not tell that size. */
struct tree *scenario_lone_device(struct tree *device, struct error *err);

#endif
