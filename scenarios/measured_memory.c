/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "scenarios/measured_memory.h"

#include "base/file.h"
#include "base/memory.h"
#include "scenarios/scenario.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* A size is sold in GiB, of which firmware keeps some. */
static const double GiB = 1073741824.0, kept = 0.1;

static void add(struct scenario_memories *out, const char *device, const struct device_pool *pool)
{
    out->item = mem_realloc(out->item, out->n + 1, sizeof *out->item);
    out->item[out->n] = (struct scenario_memory){mem_strdup(device), *pool};
    out->item[out->n++].pool.name = NULL;
}

static void add_platform(struct scenario_memories *out, const struct device_platform *platform)
{
    for (size_t d = 0; d < platform->n_devices; d++) {
        size_t p = device_platform_pool_of(platform, d);
        if (platform->device[d].catalogue && platform->pool[p].store_Bps > 0)
            add(out, platform->device[d].catalogue, &platform->pool[p]);
    }
}

bool scenario_memories_read(struct scenario_memories *out, struct error *err)
{
    *out = (struct scenario_memories){0};
    char **names = scenario_catalogue("platform", err);
    bool ok = names != NULL;
    for (size_t i = 0; ok && names[i]; i++) {
        struct device_platform platform;
        struct tree *tree = scenario_find("platform", names[i], NULL, NULL, err);
        ok = tree && device_platform_read(tree, &platform, err);
        if (ok) {
            add_platform(out, &platform);
            device_platform_free(&platform);
        }
        tree_free(tree);
    }
    file_names_free(names);
    return ok;
}

void scenario_memories_free(struct scenario_memories *memories)
{
    for (size_t i = 0; i < memories->n; i++)
        free(memories->item[i].device);
    free(memories->item);
    *memories = (struct scenario_memories){0};
}

/* The size that a name tells in bytes, 0 when it tells none. */
static double told_B(const char *name)
{
    for (const char *p = name; *p; p++) {
        char *end;
        if (*p < '0' || *p > '9')
            continue;
        double size = strtod(p, &end);
        end += *end == ' ';
        if (strncasecmp(end, "gb", 2) == 0)
            return size * GiB;
        p = end > p ? end - 1 : p;
        if (!*p)
            break;
    }
    return 0;
}

const struct device_pool *scenario_memory_find(const struct scenario_memories *memories,
                                               const char *device, const char *name)
{
    double bytes = told_B(name);
    for (size_t i = 0; bytes > 0 && i < memories->n; i++) {
        const struct scenario_memory *item = &memories->item[i];
        if (strcmp(item->device, device) == 0 && fabs(item->pool.capacity_B / bytes - 1) <= kept)
            return &item->pool;
    }
    return NULL;
}
