/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "devices/platform.h"

#include "base/memory.h"
#include "devices/network.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define AT(type, member) .offset = offsetof(struct type, member)
#define LIST_OF(type, items, n, table, element)                                                    \
    .offset = offsetof(struct type, items), .count_offset = offsetof(struct type, n),              \
    .fields = table, .size = sizeof(struct element)

static const char *const store_policies[] = {"lru", "pinned", NULL};

static const struct field pool_fields[] = {
    {"name", FIELD_TEXT, true, AT(device_pool, name), .help = "dram, vram ..."},
    {"capacity_GiB", FIELD_NUMBER, true, AT(device_pool, capacity_B), .scale = 1073741824.0,
     .min = 1e-3, .max = 1e6, .unit = "GiB", .help = "capacity"},
    {"reserve_GiB", FIELD_NUMBER, false, AT(device_pool, reserve_B), .scale = 1073741824.0,
     .min = 0, .max = 1e6, .preset = "0", .unit = "GiB", .help = "what system and runtime keep"},
    {"bandwidth_GBps", FIELD_NUMBER, true, AT(device_pool, bandwidth_Bps), .scale = 1e9,
     .min = 1e-3, .max = 1e6, .unit = "GB/s", .help = "of the pool, shared by its devices"},
    {"store_GBps", FIELD_NUMBER, false, AT(device_pool, store_Bps), .scale = 1e9, .min = 0,
     .max = 1e4, .preset = "0", .unit = "GB/s",
     .help = "bandwidth of the store that it pages to (0: none, then too large is refused)"},
    {"store_pJ_per_byte", FIELD_NUMBER, false, AT(device_pool, store_byte_J), .scale = 1e-12,
     .min = 0, .max = 1e6, .preset = "0", .unit = "pJ", .help = "energy of a byte from the store"},
    {"store_policy", FIELD_ENUM, false, AT(device_pool, store_policy), .names = store_policies,
     .preset = "lru", .help = "what paging keeps in memory"},
    {0}};

static const struct field link_fields[] = {
    {"name", FIELD_TEXT, true, AT(device_link, name), .help = "pcie, usb, ethernet ..."},
    {"from", FIELD_TEXT, true, AT(device_link, from), .help = "device"},
    {"to", FIELD_TEXT, true, AT(device_link, to), .help = "device"},
    {"bandwidth_GBps", FIELD_NUMBER, true, AT(device_link, bandwidth_Bps), .scale = 1e9,
     .min = 1e-6, .max = 1e5, .unit = "GB/s", .help = "each way"},
    {"latency_us", FIELD_NUMBER, true, AT(device_link, latency_s), .scale = 1e-6, .min = 0,
     .max = 1e7, .unit = "us", .help = "per transfer"},
    {"pJ_per_byte", FIELD_NUMBER, false, AT(device_link, byte_J), .scale = 1e-12, .min = 0,
     .max = 1e6, .preset = "0", .unit = "pJ", .help = "energy of a byte"},
    {0}};

static const struct field heat_fields[] = {
    {"nodes", FIELD_LIST, false,
     LIST_OF(device_platform, node, n_nodes, device_node_fields, device_node),
     .help = "shared thermal nodes: case, spreader"},
    {"couplings", FIELD_LIST, false,
     LIST_OF(device_platform, coupling, n_couplings, device_coupling_fields, device_coupling),
     .help = "conductances between DEVICE.NODE and shared nodes"},
    {0}};

static const struct field package_fields[] = {
    {"cap_W", FIELD_NUMBER, true, AT(device_package, cap_W), .min = 0, .max = 1e5, .unit = "W",
     .help = "power limit of the devices together"},
    {"cap_window_s", FIELD_NUMBER, false, AT(device_package, cap_window_s), .min = 0, .max = 1000,
     .preset = "0.01", .unit = "s",
     .help = "time constant of the average that the limit binds; shorter bursts may draw more (0: "
             "every pass keeps to it)"},
    {"devices", FIELD_TEXTS, true, AT(device_package, devices),
     .count_offset = offsetof(struct device_package, n_devices), .help = "whose limit it is"},
    {"priority", FIELD_TEXTS, false, AT(device_package, priority),
     .count_offset = offsetof(struct device_package, n_priority),
     .help = "served first, in this order; the others share what is left"},
    {0}};

const struct field device_platform_fields[] = {
    {"schema", FIELD_TEXT, false, AT(device_platform, schema), .help = "qeilsim/platform/1"},
    {"name", FIELD_TEXT, true, AT(device_platform, name), .help = "lower-case words joined by -"},
    {"title", FIELD_TEXT, false, AT(device_platform, title), .help = "as people call it"},
    {"ambient_C", FIELD_NUMBER, false, AT(device_platform, ambient_K), .shift = 273.15, .min = -40,
     .max = 60, .preset = "25", .unit = "C", .help = "air around the machine"},
    {"sync_us", FIELD_NUMBER, false, AT(device_platform, sync_s), .scale = 1e-6, .min = 0,
     .max = 1e6, .preset = "20", .unit = "us", .help = "hand-over between devices of one pool"},
    {"devices", FIELD_LIST, true,
     LIST_OF(device_platform, device, n_devices, device_fields, device),
     .help = "its devices: name, device (catalogue name), pool, and any key to override"},
    {"pools", FIELD_LIST, true, LIST_OF(device_platform, pool, n_pools, pool_fields, device_pool),
     .help = "memory pools; unified memory is one pool of several devices"},
    {"links", FIELD_LIST, false, LIST_OF(device_platform, link, n_links, link_fields, device_link),
     .help = "links between devices of different pools"},
    {"thermal", FIELD_MAP, false, .offset = 0, .fields = heat_fields,
     .help = "what the devices heat together"},
    {"package", FIELD_MAP, false, AT(device_platform, package), .fields = package_fields,
     .present_offset = offsetof(struct device_platform, has_package),
     .help = "a power limit shared by devices"},
    {"price_usd", FIELD_NUMBER, false, AT(device_platform, price_usd), .min = 0, .max = 1e8,
     .preset = "0", .unit = "USD", .help = "of the machine (0: the sum of its devices)"},
    {"sources", FIELD_TREE, false, AT(device_platform, sources),
     .help = "origin of the numbers, as in a device file"},
    {0}};

size_t device_platform_find(const struct device_platform *platform, const char *name)
{
    for (size_t i = 0; i < platform->n_devices; i++)
        if (strcmp(platform->device[i].name, name) == 0)
            return i;
    return platform->n_devices;
}

size_t device_platform_pool_of(const struct device_platform *platform, size_t device)
{
    for (size_t i = 0; i < platform->n_pools; i++)
        if (strcmp(platform->pool[i].name, platform->device[device].pool) == 0)
            return i;
    return platform->n_pools;
}

bool device_platform_route(const struct device_platform *platform, size_t from, size_t to,
                           struct device_route *out)
{
    if (device_platform_pool_of(platform, from) == device_platform_pool_of(platform, to)) {
        *out = (struct device_route){from == to ? 0 : platform->sync_s, INFINITY, 0};
        return true;
    }
    for (size_t i = 0; i < platform->n_links; i++) {
        const struct device_link *link = &platform->link[i];
        size_t a = device_platform_find(platform, link->from);
        size_t b = device_platform_find(platform, link->to);
        if ((a == from && b == to) || (a == to && b == from)) {
            *out = (struct device_route){link->latency_s, link->bandwidth_Bps, link->byte_J};
            return true;
        }
    }
    return false;
}

static const struct tree *element(const struct tree *node, const char *list, size_t index)
{
    const struct tree *items = tree_get(node, list);
    return items && index < items->n_children ? items->child[index] : node;
}

static bool check_devices(const struct device_platform *platform, const struct tree *node,
                          struct error *err)
{
    bool ok =
        platform->n_devices > 0 || tree_error(err, node, "a platform needs at least one device");
    if (platform->n_devices > 32)
        ok = tree_error(err, node, "%zu devices are more than 32", platform->n_devices);
    for (size_t i = 0; i < platform->n_devices; i++) {
        const struct device *device = &platform->device[i];
        const struct tree *at = element(node, "devices", i);
        if (device_platform_find(platform, device->name) != i)
            ok = tree_error(err, at, "two devices are named '%s'", device->name);
        if (!device->pool)
            ok = tree_error(err, at, "device '%s' needs a pool", device->name);
        else if (device_platform_pool_of(platform, i) == platform->n_pools)
            ok = tree_error(err, at, "device '%s' is in pool '%s', which is not in pools",
                            device->name, device->pool);
        ok = device_check(device, at, true, err) && ok;
    }
    return ok;
}

static bool check_pools(const struct device_platform *platform, const struct tree *node,
                        struct error *err)
{
    bool ok = true;
    for (size_t i = 0; i < platform->n_pools; i++) {
        const struct device_pool *pool = &platform->pool[i];
        if (pool->reserve_B >= pool->capacity_B)
            ok = tree_error(err, element(node, "pools", i),
                            "pool '%s' reserves all of its capacity", pool->name);
        for (size_t j = 0; j < i; j++)
            if (strcmp(platform->pool[j].name, pool->name) == 0)
                ok = tree_error(err, element(node, "pools", i), "two pools are named '%s'",
                                pool->name);
    }
    return ok;
}

static bool check_names(const struct device_platform *platform, const struct tree *place,
                        char *const *name, size_t n, struct error *err)
{
    bool ok = true;
    for (size_t i = 0; i < n; i++)
        if (device_platform_find(platform, name[i]) == platform->n_devices)
            ok = tree_error(err, place, "'%s' is no device of this platform", name[i]);
    return ok;
}

static bool check_links(const struct device_platform *platform, const struct tree *node,
                        struct error *err)
{
    bool ok = true;
    for (size_t i = 0; i < platform->n_links; i++) {
        char *ends[] = {platform->link[i].from, platform->link[i].to};
        ok = check_names(platform, element(node, "links", i), ends, 2, err) && ok;
    }
    return ok;
}

static bool check_package(const struct device_platform *platform, const struct tree *node,
                          struct error *err)
{
    const struct device_package *package = &platform->package;
    const struct tree *at = tree_get(node, "package") ? tree_get(node, "package") : node;
    bool ok = check_names(platform, at, package->devices, package->n_devices, err);
    ok = check_names(platform, at, package->priority, package->n_priority, err) && ok;
    double least_W = 0;
    for (size_t i = 0; i < package->n_devices && ok; i++) {
        size_t d = device_platform_find(platform, package->devices[i]);
        const struct device_power *power = &platform->device[d].power;
        least_W += power->can_sleep ? power->sleep_W : power->idle_W;
    }
    if (package->cap_W > 0 && package->cap_W < least_W)
        ok = tree_error(err, tree_get(at, "cap_W") ? tree_get(at, "cap_W") : at,
                        "the package's cap of %.6g W is below what its devices draw at rest, "
                        "%.6g W",
                        package->cap_W, least_W);
    return ok;
}

bool device_platform_network(const struct device_platform *platform, const struct tree *node,
                             struct device_network *network, struct error *err)
{
    bool ok = true;
    for (size_t d = 0; d < platform->n_devices; d++) {
        const struct device *device = &platform->device[d];
        for (size_t i = 0; i < device->thermal.n_nodes; i++) {
            char *name = mem_printf("%s.%s", device->name, device->thermal.node[i].name);
            device_network_add(network, name, &device->thermal.node[i]);
            free(name);
        }
    }
    for (size_t i = 0; i < platform->n_nodes; i++)
        device_network_add(network, platform->node[i].name, &platform->node[i]);
    for (size_t d = 0; d < platform->n_devices; d++) {
        const struct device *device = &platform->device[d];
        for (size_t i = 0; i < device->thermal.n_couplings; i++) {
            const struct device_coupling *inner = &device->thermal.coupling[i];
            struct device_coupling outer = {mem_printf("%s.%s", device->name, inner->from),
                                            mem_printf("%s.%s", device->name, inner->to),
                                            inner->conductance_WpK};
            ok = device_network_couple(network, &outer, node, err) && ok;
            free(outer.from);
            free(outer.to);
        }
    }
    for (size_t i = 0; i < platform->n_couplings; i++)
        ok = device_network_couple(network, &platform->coupling[i], node, err) && ok;
    return ok;
}

static bool check_heat(const struct device_platform *platform, const struct tree *node,
                       struct error *err)
{
    const struct tree *at = tree_get(node, "thermal") ? tree_get(node, "thermal") : node;
    struct device_network network = {0};
    bool ok = device_platform_network(platform, at, &network, err);
    const char *lonely = ok ? device_network_unconnected(&network) : NULL;
    if (lonely)
        ok = tree_error(err, at, "no path leads from node '%s' to ambient: give ambient_W_per_K",
                        lonely);
    device_network_free(&network);
    for (size_t d = 0; d < platform->n_devices; d++) {
        double limit_K = platform->device[d].thermal.limit_K;
        const struct tree *place = tree_find(element(node, "devices", d), "thermal.limit_C");
        if (platform->ambient_K >= limit_K)
            ok = tree_error(err, place ? place : node,
                            "an ambient of %.6g C is not below the limit of device '%s', %.6g C",
                            platform->ambient_K - 273.15, platform->device[d].name,
                            limit_K - 273.15);
    }
    return ok;
}

bool device_platform_read(const struct tree *node, struct device_platform *out, struct error *err)
{
    if (!fields_read(node, device_platform_fields, out, err))
        return false;
    bool ok = check_devices(out, node, err);
    ok = check_pools(out, node, err) && ok;
    ok = check_links(out, node, err) && ok;
    ok = check_package(out, node, err) && ok;
    ok = ok && check_heat(out, node, err);
    if (!ok)
        device_platform_free(out);
    return ok;
}

void device_platform_free(struct device_platform *platform)
{
    fields_free(device_platform_fields, platform);
}
