/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Calibrated devices as a platform: those that share the host's memory stand on one pool, each
 * other one on its own. */
#include "base/memory.h"
#include "scenarios/calibrate_machine.h"
#include "scenarios/fit_device.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct writer {
    const struct scenario_machine *machine;
    struct tree *platform, *devices, *pools, *sources;
    char **name; /* (n) of the devices in the platform */
};

static struct tree *new_list(const struct tree *like)
{
    struct tree *list = tree_new_map(&like->mark);
    list->kind = TREE_LIST;
    return list;
}

static void put(struct tree *map, const char *key, const char *text)
{
    tree_put(map, key, tree_new_scalar(text, &map->mark));
}

static void put_number(struct tree *map, const char *key, double value)
{
    char *text = mem_printf("%.4g", value);
    put(map, key, text);
    free(text);
}

static void put_source(struct writer *writer, const char *path, const char *kind, const char *ref)
{
    struct tree *source = tree_new_map(&writer->platform->mark);
    put(source, "kind", kind);
    put(source, "ref", ref);
    tree_put(writer->sources, path, source);
}

/* "gpu"; "gpu-0", "gpu-1" where there are several; with `own` those with memory of their own. */
static char *count_name(const struct scenario_machine *machine, size_t which, const char *stem,
                        bool own)
{
    size_t before = 0, all = 0;
    for (size_t i = 0; i < machine->n; i++) {
        const struct scenario_found *one = &machine->device[i].found;
        bool same = own ? !one->shares_memory : one->kind == machine->device[which].found.kind;
        all += same;
        before += same && i < which;
    }
    return all > 1 ? mem_printf("%s-%zu", stem, before) : mem_strdup(stem);
}

char *scenario_machine_device_name(const struct scenario_machine *machine, size_t which)
{
    static const char *const kinds[] = {"cpu", "gpu", "npu"};
    return count_name(machine, which, kinds[machine->device[which].found.kind], false);
}

static char *pool_name(const struct scenario_machine *machine, size_t which)
{
    bool shares = machine->device[which].found.shares_memory;
    return shares ? mem_strdup("dram") : count_name(machine, which, "vram", true);
}

static double number_of(const struct tree *device, const char *path)
{
    const struct tree *value = tree_find(device, path);
    return value && value->text ? strtod(value->text, NULL) : 0;
}

/* Several devices of one memory: as much of it, and as fast, as the best of them sees. */
static void add_pool(struct writer *writer, const char *name, const struct tree *device)
{
    static const struct {
        const char *key, *path;
    } values[] = {{"capacity_GiB", "memory.capacity_GiB"},
                  {"bandwidth_GBps", "memory.bandwidth_GBps"}};
    struct tree *pool = NULL;
    for (size_t i = 0; i < writer->pools->n_children; i++)
        if (strcmp(tree_get_text(writer->pools->child[i], "name"), name) == 0)
            pool = writer->pools->child[i];
    if (!pool) {
        pool = tree_new_map(&writer->platform->mark);
        put(pool, "name", name);
        tree_append(writer->pools, pool);
    }
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        put_number(pool, values[i].key,
                   fmax(number_of(pool, values[i].key), number_of(device, values[i].path)));
    char *path = mem_printf("pools.%s", name);
    put_source(writer, path, "measured", "by its devices, as their files say");
    free(path);
}

static bool add_device(struct writer *writer, size_t which, struct error *err)
{
    const char *yaml = writer->machine->device[which].fit.yaml;
    struct tree *device = tree_parse("calibration", yaml, strlen(yaml), err);
    char *pool = pool_name(writer->machine, which);
    bool ok = device != NULL;
    writer->name[which] = scenario_machine_device_name(writer->machine, which);
    if (ok) {
        add_pool(writer, pool, device);
        tree_remove(device, "schema");
        put(device, "name", writer->name[which]);
        put(device, "pool", pool);
        tree_append(writer->devices, device);
    } else {
        tree_free(device);
    }
    free(pool);
    return ok;
}

static char *way_text(const struct scenario_way *way)
{
    if (!isfinite(way->bandwidth_Bps))
        return mem_strdup("not measured");
    return mem_printf("%.4g GB/s behind %.3g us", way->bandwidth_Bps / 1e9, 1e6 * way->latency_s);
}

static char *link_source(const struct writer *writer, const struct scenario_machine_link *link)
{
    if (link->through_host)
        return mem_strdup("two copies one behind the other, through the host's memory");
    const struct scenario_calibration *from = &writer->machine->device[link->from];
    const struct scenario_calibration *own =
        from->found.shares_memory ? &writer->machine->device[link->to] : from;
    char *up = way_text(&own->upload), *down = way_text(&own->download);
    char *text = mem_printf("copies of 4 KiB to 64 MiB, the slower way: to the device %s, back %s",
                            up, down);
    free(up);
    free(down);
    return text;
}

/* What PCIe costs a byte, as in the catalogue's platforms. */
static const double pcie_pJ = 60;

static void add_link(struct writer *writer, const struct scenario_machine_link *link,
                     struct tree *links)
{
    struct tree *map = tree_new_map(&writer->platform->mark);
    const char *from = writer->name[link->from], *to = writer->name[link->to];
    char *name = mem_printf("%s-%s", from, to), *path = mem_printf("links.%s", name);
    char *energy = mem_printf("%s.pJ_per_byte", path), *ref = link_source(writer, link);
    put(map, "name", name);
    put(map, "from", from);
    put(map, "to", to);
    put_number(map, "bandwidth_GBps", link->bandwidth_Bps / 1e9);
    put_number(map, "latency_us", 1e6 * link->latency_s);
    put_number(map, "pJ_per_byte", (link->through_host ? 2 : 1) * pcie_pJ);
    tree_append(links, map);
    put_source(writer, path, link->through_host ? "estimated" : "measured", ref);
    put_source(writer, energy, "class", "not measured: about 7 pJ a bit of PCIe");
    free(name);
    free(path);
    free(energy);
    free(ref);
}

static char *title_of(const struct scenario_machine *machine)
{
    struct text text = {0};
    for (size_t i = 0; i < machine->n; i++)
        text_add(&text, "%s%s", i ? " and " : "", machine->device[i].title);
    return text.bytes;
}

static void add_head(struct writer *writer, double ambient_K)
{
    char *title = title_of(writer->machine);
    put(writer->platform, "name", writer->machine->name);
    put(writer->platform, "title", title);
    if (ambient_K > 0)
        put_number(writer->platform, "ambient_C", ambient_K - 273.15);
    free(title);
}

static void add_links(struct writer *writer)
{
    const struct scenario_machine *machine = writer->machine;
    struct tree *links = new_list(writer->platform);
    for (size_t i = 0; i < machine->n_links; i++)
        add_link(writer, &machine->link[i], links);
    if (machine->n_links > 0)
        tree_put(writer->platform, "links", links);
    else
        tree_free(links);
}

char *scenario_machine_yaml(const struct scenario_machine *machine, double ambient_K,
                            struct error *err)
{
    static const struct tree_mark nowhere = {NULL, 1, 1};
    struct writer writer = {.machine = machine, .platform = tree_new_map(&nowhere)};
    writer.devices = new_list(writer.platform);
    writer.pools = new_list(writer.platform);
    writer.sources = tree_new_map(&nowhere);
    writer.name = mem_calloc(machine->n, sizeof *writer.name);
    add_head(&writer, ambient_K);
    bool ok = true;
    for (size_t i = 0; ok && i < machine->n; i++)
        ok = add_device(&writer, i, err);
    tree_put(writer.platform, "devices", writer.devices);
    tree_put(writer.platform, "pools", writer.pools);
    if (ok)
        add_links(&writer);
    tree_put(writer.platform, "sources", writer.sources);
    char *text = ok ? scenario_fit_yaml(writer.platform, "platform") : NULL;
    for (size_t i = 0; i < machine->n; i++)
        free(writer.name[i]);
    free(writer.name);
    tree_free(writer.platform);
    return text;
}
