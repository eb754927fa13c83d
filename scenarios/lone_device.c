/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "scenarios/lone_device.h"

#include <string.h>

static const char schema[] = "qeilsim/device/1";

bool scenario_is_device(const struct tree *tree)
{
    const char *text = tree_get_text(tree, "schema");
    return text && strcmp(text, schema) == 0;
}

static void put(struct tree *map, const char *key, const char *text, const struct tree *like)
{
    tree_put(map, key, tree_new_scalar(text, &like->mark));
}

/* A list of one element under a key. */
static void put_alone(struct tree *map, const char *key, struct tree *element)
{
    struct tree *list = tree_new_map(&map->mark);
    list->kind = TREE_LIST;
    tree_append(list, element);
    tree_put(map, key, list);
}

struct tree *scenario_lone_device(struct tree *device, struct error *err)
{
    const struct tree *capacity = tree_find(device, "memory.capacity_GiB");
    const struct tree *bandwidth = tree_find(device, "memory.bandwidth_GBps");
    const struct tree *name = tree_get(device, "name"), *kind = tree_get(device, "kind");
    if (!capacity || !bandwidth || !name || !kind || kind->kind != TREE_SCALAR) {
        tree_error(err, device,
                   "a device stands for a platform only with name, kind, memory.bandwidth_GBps and "
                   "memory.capacity_GiB");
        tree_free(device);
        return NULL;
    }
    struct tree *platform = tree_new_map(&device->mark), *pool = tree_new_map(&device->mark);
    struct tree *title = tree_get(device, "title");
    tree_put(platform, "name", tree_copy(name));
    if (title)
        tree_put(platform, "title", tree_copy(title));
    put(pool, "name", "dram", device);
    tree_put(pool, "capacity_GiB", tree_copy(capacity));
    tree_put(pool, "bandwidth_GBps", tree_copy(bandwidth));
    tree_remove(device, "schema");
    tree_put(device, "name", tree_copy(kind));
    put(device, "pool", "dram", device);
    put_alone(platform, "devices", device);
    put_alone(platform, "pools", pool);
    return platform;
}
