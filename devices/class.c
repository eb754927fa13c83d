/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "devices/class.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define AT(type, member) .offset = offsetof(struct type, member)

static const struct field spread_fields[] = {
    {"name", FIELD_TEXT, true, AT(device_class_spread, name), .help = "memory.efficiency ..."},
    {"sigma", FIELD_NUMBER, true, AT(device_class_spread, sigma), .min = 0, .max = 10, .unit = "1",
     .help = "standard deviation: of shares themselves, of the logarithm of times"},
    {0}};

static const struct field fit_fields[] = {
    {"devices", FIELD_TEXTS, false, AT(device_class_fit, devices),
     .count_offset = offsetof(struct device_class_fit, n_devices), .help = "members with rows"},
    {"rows", FIELD_COUNT, false, AT(device_class_fit, rows), .min = 0, .max = 1e9, .preset = "0",
     .unit = "rows", .help = "measured rows that it was fitted to"},
    {"decode_error", FIELD_NUMBER, false, AT(device_class_fit, decode_error), .min = 0, .max = 1e3,
     .unit = "1", .preset = "0",
     .help = "median error in decode of members left out of the fit (0: none)"},
    {"prefill_error", FIELD_NUMBER, false, AT(device_class_fit, prefill_error), .min = 0,
     .max = 1e3, .unit = "1", .preset = "0", .help = "the same in prefill"},
    {0}};

#define PART(name)                                                                                 \
    {                                                                                              \
#name, FIELD_TREE, false, AT(device_class, name),                                          \
            .help = "this part of a device, any of its keys"                                       \
    }

const struct field device_class_fields[] = {
    {"schema", FIELD_TEXT, false, AT(device_class, schema), .help = "qeilsim/class/1"},
    {"name", FIELD_TEXT, true, AT(device_class, name), .help = "lower-case words joined by -"},
    {"title", FIELD_TEXT, false, AT(device_class, title), .help = "what its members are"},
    {"parent", FIELD_TEXT, false, AT(device_class, parent),
     .help = "class that gives what this one does not"},
    PART(compute),
    PART(attention),
    PART(memory),
    PART(overheads),
    {"fit", FIELD_MAP, false, AT(device_class, fit), .fields = fit_fields,
     .help = "what it was fitted to (nothing: chosen by hand)"},
    {"spread", FIELD_LIST, false, AT(device_class, spread),
     .count_offset = offsetof(struct device_class, n_spreads), .fields = spread_fields,
     .size = sizeof(struct device_class_spread),
     .help = "how far single devices scatter around the class's values"},
    {0}};

bool device_class_read(const struct tree *node, struct device_class *out, struct error *err)
{
    return fields_read(node, device_class_fields, out, err);
}

void device_class_free(struct device_class *class)
{
    fields_free(device_class_fields, class);
}

double device_class_sigma(const struct device_class *class, const char *path)
{
    for (size_t i = 0; i < class->n_spreads; i++)
        if (strcmp(class->spread[i].name, path) == 0)
            return class->spread[i].sigma;
    return NAN;
}

static void note_source(const struct device_class *class, struct tree *sources, const char *path)
{
    if (!sources || tree_get(sources, path))
        return;
    struct tree *source = tree_new_map(&sources->mark);
    char *ref = class->fit.n_devices > 0
                    ? mem_printf("class %s, fitted to %zu rows of %zu devices", class->name,
                                 (size_t) class->fit.rows, class->fit.n_devices)
                    : mem_printf("class %s, chosen by hand", class->name);
    tree_put(source, "kind", tree_new_scalar("class", &sources->mark));
    tree_put(source, "ref", tree_new_scalar(ref, &sources->mark));
    tree_put(sources, path, source);
    free(ref);
}

static struct tree *element(const struct tree *list, const char *name)
{
    for (size_t i = 0; name && i < list->n_children; i++) {
        const char *other = tree_get_text(list->child[i], "name");
        if (other && strcmp(other, name) == 0)
            return list->child[i];
    }
    return NULL;
}

/* Elements are told apart by their names, and lack what they do not say. */
static void fill_list(struct tree *list, const struct tree *from)
{
    for (size_t i = 0; i < from->n_children; i++) {
        const struct tree *given = from->child[i];
        struct tree *there = element(list, tree_get_text(given, "name"));
        if (!there)
            tree_append(list, tree_copy(given));
        for (size_t j = 0; there && j < given->n_children; j++)
            if (!tree_get(there, given->child[j]->key))
                tree_put(there, given->child[j]->key, tree_copy(given->child[j]));
    }
}

struct filling {
    const struct device_class *class;
    struct tree *sources;
};

static void fill_map(const struct filling *filling, struct tree *map, const struct tree *from,
                     const char *path)
{
    for (size_t i = 0; i < from->n_children; i++) {
        const struct tree *child = from->child[i];
        struct tree *there = tree_get(map, child->key);
        char *below = mem_printf("%s.%s", path, child->key);
        if (!there) {
            tree_put(map, child->key, tree_copy(child));
            note_source(filling->class, filling->sources, below);
        } else if (there->kind == TREE_MAP && child->kind == TREE_MAP) {
            fill_map(filling, there, child, below);
        } else if (there->kind == TREE_LIST && child->kind == TREE_LIST) {
            fill_list(there, child);
        }
        free(below);
    }
}

void device_class_fill(const struct device_class *class, struct tree *device)
{
    const struct tree *parts[] = {class->compute, class->attention, class->memory,
                                  class->overheads};
    static const char *const names[] = {"compute", "attention", "memory", "overheads"};
    struct filling filling = {class, tree_get(device, "sources")};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (!parts[i] || parts[i]->kind != TREE_MAP)
            continue;
        if (!tree_get(device, names[i]))
            tree_put(device, names[i], tree_new_map(&device->mark));
        struct tree *part = tree_get(device, names[i]);
        if (part->kind == TREE_MAP)
            fill_map(&filling, part, parts[i], names[i]);
    }
}
