/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/facts.h"

#include "base/file.h"
#include "base/memory.h"
#include "workloads/model.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_BYTES = 1 << 20 };

static void add_text(const struct tree *entry, const char *path, struct grid *grid)
{
    const struct tree *node = entry ? tree_find(entry, path) : NULL;
    grid_add(grid, "%s", node && node->kind == TREE_SCALAR ? node->text : "-");
}

static double number_at(const struct tree *entry, const char *path)
{
    const struct tree *node = entry ? tree_find(entry, path) : NULL;
    double value;
    return node && node->kind == TREE_SCALAR && text_number(node->text, &value) ? value : NAN;
}

/* The peak for 16-bit weights, else the first one. */
static double peak_of(const struct tree *entry)
{
    double peak = number_at(entry, "compute.peaks.f16.matrix_TFLOPS");
    return isnan(peak) ? number_at(entry, "compute.peaks.0.matrix_TFLOPS") : peak;
}

static void add_device(const struct tree *entry, struct grid *grid)
{
    add_text(entry, "kind", grid);
    add_text(entry, "class", grid);
    grid_add_number(grid, number_at(entry, "memory.bandwidth_GBps"));
    grid_add_number(grid, peak_of(entry));
    grid_add_number(grid, number_at(entry, "power.cap_W"));
    grid_add_number(grid, number_at(entry, "price_usd"));
    add_text(entry, "title", grid);
}

static const struct tree *list_at(const struct tree *entry, const char *key)
{
    const struct tree *list = tree_get(entry, key);
    return list && list->kind == TREE_LIST ? list : NULL;
}

static void add_platform(const struct tree *entry, struct grid *grid)
{
    const struct tree *pools = list_at(entry, "pools"), *devices = list_at(entry, "devices");
    struct text names = {0};
    double capacity_GiB = 0;
    for (size_t i = 0; pools && i < pools->n_children; i++)
        capacity_GiB += number_at(pools->child[i], "capacity_GiB");
    for (size_t i = 0; devices && i < devices->n_children; i++) {
        const char *name = tree_get_text(devices->child[i], "name");
        text_add(&names, "%s%s", i ? " " : "", name ? name : "-");
    }
    grid_add(grid, "%s", names.bytes ? names.bytes : "-");
    grid_add_number(grid, pools ? capacity_GiB : NAN);
    add_text(entry, "title", grid);
    text_free(&names);
}

static void add_model(const struct tree *entry, struct grid *grid)
{
    struct workload_model model;
    struct error unused = {0};
    bool whole = entry && workload_model_read(entry, &model, &unused);
    grid_add_number(grid, whole ? workload_model_parameters(&model) / 1e9 : NAN);
    add_text(entry, "num_hidden_layers", grid);
    grid_add_number(grid, number_at(entry, "max_position_embeddings"));
    add_text(entry, "quant", grid);
    grid_add_number(grid, whole ? workload_model_file_bytes(&model) / 1073741824.0 : NAN);
    if (whole)
        workload_model_free(&model);
}

static void add_workload(const struct tree *entry, struct grid *grid)
{
    const char *trace = tree_get_text(tree_get(entry, "trace"), "file");
    grid_add(grid, "%s", trace ? trace : tree_get(entry, "generator") ? "generator" : "-");
    add_text(entry, "generator.requests", grid);
    add_text(entry, "generator.rate_per_s", grid);
}

static void add_scenario(const struct tree *entry, struct grid *grid)
{
    add_text(entry, "platform", grid);
    add_text(entry, "model", grid);
    add_text(entry, "title", grid);
}

static void add_class(const struct tree *entry, struct grid *grid)
{
    const struct tree *fit = tree_get(entry, "fit");
    const struct tree *members = list_at(fit, "devices");
    add_text(entry, "parent", grid);
    grid_add_number(grid, members ? (double)members->n_children : NAN);
    grid_add_number(grid, number_at(fit, "rows"));
    grid_add_number(grid, 100 * number_at(fit, "decode_error"));
    grid_add_number(grid, 100 * number_at(fit, "prefill_error"));
    add_text(entry, "title", grid);
}

#define HEADS(...) ((const char *const[]){__VA_ARGS__, NULL})
static const struct facts facts[] = {
    {"device", "lllrrrrl",
     HEADS("name", "kind", "class", "GB/s", "TFLOP/s", "cap W", "usd", "title"), add_device},
    {"platform", "llrl", HEADS("name", "devices", "GiB", "title"), add_platform},
    {"model", "lrrrlr", HEADS("name", "10^9 parameters", "layers", "context", "quant", "GiB"),
     add_model},
    {"workload", "llrr", HEADS("name", "from", "requests", "per s"), add_workload},
    {"class", "llrrrrl",
     HEADS("name", "parent", "members", "rows", "decode error %", "prefill error %", "title"),
     add_class},
    {"scenario", "llll", HEADS("name", "platform", "model", "title"), add_scenario},
};

const struct facts *facts_of(const char *kind)
{
    for (size_t i = 0; kind && i < sizeof facts / sizeof *facts; i++)
        if (strcmp(facts[i].kind, kind) == 0)
            return &facts[i];
    return NULL;
}

struct tree *facts_read(const char *folder, const char *name)
{
    struct error unused = {0};
    char *path = mem_printf("%s/%s.yaml", folder, name), *bytes = NULL;
    struct tree *entry = NULL;
    size_t n;
    if (file_read(path, MOST_BYTES, &bytes, &n, &unused)) {
        const char *sources = strstr(bytes, "\nsources:");
        entry = tree_parse(path, bytes, sources ? (size_t)(sources + 1 - bytes) : n, &unused);
    }
    free(bytes);
    free(path);
    return entry;
}

static bool has_part(const char *text, const char *part)
{
    for (; text && *text; text++) {
        size_t i = 0;
        while (part[i] && tolower((unsigned char)text[i]) == tolower((unsigned char)part[i]))
            i++;
        if (!part[i])
            return true;
    }
    return false;
}

static bool matches_word(const char *name, const struct tree *entry, const char *word)
{
    static const char *const keys[] = {"kind", "class", "title", "platform", "model"};
    const struct tree *aliases = list_at(entry, "aliases");
    bool found = has_part(name, word);
    for (size_t i = 0; !found && i < sizeof keys / sizeof *keys; i++)
        found = has_part(tree_get_text(entry, keys[i]), word);
    for (size_t i = 0; !found && aliases && i < aliases->n_children; i++)
        found = has_part(aliases->child[i]->text, word);
    return found;
}

bool facts_match(const char *name, const struct tree *entry, char *const *words)
{
    for (; *words; words++)
        if (!matches_word(name, entry, *words))
            return false;
    return true;
}
