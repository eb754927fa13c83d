/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A machine: devices on memory pools, the links between them, the case that they heat. */
#ifndef DEVICES_PLATFORM_H
#define DEVICES_PLATFORM_H

#include "devices/device.h"

enum device_store_policy { DEVICE_STORE_LRU, DEVICE_STORE_PINNED };

struct device_pool {
    char *name;
    double capacity_B;
    double reserve_B;     /* what system and runtime keep */
    double bandwidth_Bps; /* of the whole pool, shared by its devices */
    double store_Bps;     /* bandwidth of what lies behind the pool (SSD); 0: nothing does */
    double store_byte_J;
    int store_policy; /* enum device_store_policy */
};

struct device_link {
    char *name;
    char *from, *to; /* devices; a link works both ways */
    double bandwidth_Bps, latency_s, byte_J;
};

struct device_package {
    double cap_W;        /* 0: none */
    double cap_window_s; /* the average that it binds; 0: in every pass */
    char **devices;      /* names; the limit is theirs together */
    size_t n_devices;
    char **priority; /* names that are served first, in this order */
    size_t n_priority;
};

struct device_platform {
    char *schema;
    char *name, *title;
    double ambient_K;
    double sync_s; /* hand-over between devices of one pool */
    struct device *device;
    size_t n_devices;
    struct device_pool *pool;
    size_t n_pools;
    struct device_link *link;
    size_t n_links;
    struct device_node *node; /* shared thermal nodes: case, heat spreader */
    size_t n_nodes;
    struct device_coupling *coupling; /* between "DEVICE.NODE" and shared nodes */
    size_t n_couplings;
    struct device_package package;
    bool has_package;
    double price_usd;           /* of the whole machine; 0: the sum of its devices */
    const struct tree *sources; /* borrowed */
};

struct device_network;

extern const struct field device_platform_fields[]; /* kind "platform" */

/* Reads an expanded platform (device entries hold the whole device) and checks it: names known and
 * unique, pools and links between existing devices, thermal nodes connected to ambient. */
bool device_platform_read(const struct tree *node, struct device_platform *out, struct error *err);
void device_platform_free(struct device_platform *platform);

/* The network of all nodes: each device's as "DEVICE.NODE", then the shared ones. Faults stand at
 * `node`. The caller frees *network with device_network_free, also after a fault. */
bool device_platform_network(const struct device_platform *platform, const struct tree *node,
                             struct device_network *network, struct error *err);

/* Index by name; n when there is none. */
size_t device_platform_find(const struct device_platform *platform, const char *name);
size_t device_platform_pool_of(const struct device_platform *platform, size_t device);

/* How `from` reaches `to`: seconds of latency, bytes per second (inf inside one pool) and joules
 * per byte. False when no link joins them. */
struct device_route {
    double latency_s, bandwidth_Bps, byte_J;
};
bool device_platform_route(const struct device_platform *platform, size_t from, size_t to,
                           struct device_route *out);

#endif
