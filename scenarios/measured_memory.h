/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Memories of the catalogue's machines, for rows that name one by its device and its size:
 * "Raspberry Pi 5 8GB". Internal to this folder. */
#ifndef SCENARIOS_MEASURED_MEMORY_H
#define SCENARIOS_MEASURED_MEMORY_H

#include "devices/platform.h"

struct scenario_memory {
    char *device;            /* catalogue name */
    struct device_pool pool; /* with a store behind it; its name is not kept */
};

struct scenario_memories {
    struct scenario_memory *item; /* (n) */
    size_t n;
};

/* The pools with a store of all platforms. The caller frees *out with scenario_memories_free, also
 * after a failure. */
bool scenario_memories_read(struct scenario_memories *out, struct error *err);
void scenario_memories_free(struct scenario_memories *memories);

/* The pool of that device whose size `name` tells ("8GB", "16 GB"), or NULL. */
const struct device_pool *scenario_memory_find(const struct scenario_memories *memories,
                                               const char *device, const char *name);

#endif
