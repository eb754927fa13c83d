/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A thermal network as arrays: nodes with heat capacity, conductances between them and to ambient.
 */
#ifndef DEVICES_NETWORK_H
#define DEVICES_NETWORK_H

#include "devices/device.h"

struct device_network {
    size_t n, capacity;
    char **name;          /* (n) owned */
    double *capacity_JpK; /* (n) */
    double *ambient_WpK;  /* (n) */
    double *coupling_WpK; /* (n, n) symmetric, row stride = capacity */
};

/* Adds a node under `name`; returns its index. */
size_t device_network_add(struct device_network *network, const char *name,
                          const struct device_node *node);
/* Index by name; n when there is none. */
size_t device_network_find(const struct device_network *network, const char *name);
double device_network_coupling(const struct device_network *network, size_t i, size_t j);
/* Joins two nodes; unknown names are faults at `place`. */
bool device_network_couple(struct device_network *network, const struct device_coupling *coupling,
                           const struct tree *place, struct error *err);
/* A node from which no path leads to ambient, or NULL. Borrowed. */
const char *device_network_unconnected(const struct device_network *network);
void device_network_free(struct device_network *network);

#endif
