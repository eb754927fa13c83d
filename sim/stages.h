/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Placements in stages: each device works on one unbroken run of units, or on none. Layers stay
 * whole. For layers that are all alike such a placement is how many of them each device has, and in
 * which order. */
#ifndef SIM_STAGES_H
#define SIM_STAGES_H

#include <stddef.h>
#include <stdint.h>

/* Placements of `items`, which cannot be divided, over `devices`: the sum over the number of stages
 * k of devices!/(devices - k)! orders times C(items - 1, k - 1) ways to cut. UINT64_MAX when there
 * are more than fit. */
uint64_t sim_stages_count(size_t items, size_t devices);

/* All of them as the device of each item (count, items), neighbours mostly alike; count is what
 * sim_stages_count says. The caller frees the result. */
uint8_t *sim_stages_list(size_t items, size_t devices, size_t count);

#endif
