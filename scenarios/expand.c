/* SPDX-License-Identifier: GPL-3.0-or-later */
/* References become what they refer to. Nodes keep the place that they came from, so that a fault
 * in a catalogue file is told there. */
#include "base/fields.h"
#include "base/file.h"
#include "base/memory.h"
#include "scenarios/class.h"
#include "scenarios/given.h"
#include "scenarios/lone_device.h"
#include "scenarios/reference.h"
#include "scenarios/scenario.h"
#include "workloads/import.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_REFERENCES = 8 }; /* files that name files; more means that one names itself */

/* The file whose folder relative names start from; NULL for what --set brought. */
static const char *file_of(const struct tree *node)
{
    return strncmp(node->mark.path, "--set ", strlen("--set ")) == 0 ? NULL : node->mark.path;
}

/* A trace beside a referred file is named from the referring file instead: the expanded text then
 * finds it from there. */
static void carry_trace(struct tree *workload, const struct scenario_reference *reference)
{
    struct tree *file = tree_find(workload, "trace.file");
    if (!file || file->kind != TREE_SCALAR || file->text[0] == '/' || !reference->place ||
        !strchr(reference->name, '/') || !scenario_reference_is_path(reference->name))
        return;
    char *seen = file_beside(file->mark.path, file->text);
    if (file_exists(seen)) {
        char *name = file_beside(reference->name, file->text);
        struct tree *moved = tree_new_scalar(name, &reference->place->mark);
        tree_put(tree_get(workload, "trace"), "file", moved);
        free(name);
    }
    free(seen);
}

/* Splits "llama-3.2-1b:Q4_K_M" at its last colon; returns the name (owned), and the quantisation or
 * NULL in *quant (borrowed). */
static char *split_quant(const char *text, const char **quant)
{
    const char *colon = strrchr(text, ':');
    *quant = NULL;
    if (!colon || colon == text || !colon[1] || scenario_reference_is_path(colon + 1))
        return mem_strdup(text);
    *quant = colon + 1;
    return mem_strndup(text, (size_t)(colon - text));
}

static void set_quant(struct tree *model, const char *quant, size_t offset,
                      const struct scenario_reference *reference)
{
    struct tree_mark mark = reference->place ? reference->place->mark : model->mark;
    if (reference->place)
        mark.column += offset;
    tree_put(model, "quant", tree_new_scalar(quant, &mark));
}

static struct tree *derive(const char *kind, struct tree *map, size_t depth, struct error *err);

/* The file that a reference means, expanded. */
static struct tree *load(const struct scenario_reference *reference, size_t depth,
                         struct error *err)
{
    if (depth > MOST_REFERENCES) {
        scenario_reference_fault(reference, err,
                                 "%s '%s' leads through more than %d files: does "
                                 "one of them lead back to itself?",
                                 reference->kind, text_clip(reference->name).bytes,
                                 MOST_REFERENCES);
        return NULL;
    }
    char *path = scenario_reference_path(reference, err);
    struct tree *tree = path ? tree_read(path, err) : NULL;
    free(path);
    if (tree && strcmp(reference->kind, "platform") == 0 && scenario_is_device(tree))
        return scenario_lone_device(tree, err);
    if (tree && !fields_check_schema(tree, reference->kind, err)) {
        tree_free(tree);
        return NULL;
    }
    if (tree)
        tree = derive(reference->kind, tree, depth, err);
    if (tree && strcmp(reference->kind, "workload") == 0)
        carry_trace(tree, reference);
    return tree;
}

/* What a name means; a model's may end in its quantisation. */
static struct tree *load_name(const char *kind, const struct tree *node, size_t depth,
                              struct error *err)
{
    const char *quant = NULL;
    bool model = strcmp(kind, "model") == 0;
    char *name = model ? split_quant(node->text, &quant) : mem_strdup(node->text);
    struct scenario_reference reference = {kind, name, file_of(node), node};
    struct tree *tree = load(&reference, depth, err);
    if (tree && quant)
        set_quant(tree, quant, (size_t)(quant - node->text), &reference);
    free(name);
    return tree;
}

/* The model in another program's file, of which the map says what is to differ. */
static struct tree *load_import(const struct tree *map, struct error *err)
{
    const struct tree *name = tree_get(map, "import");
    const char *beside = file_of(name);
    if (tree_get(map, "model")) {
        tree_error(err, name, "a model builds on 'import' or on 'model', not on both");
        return NULL;
    }
    if (name->kind != TREE_SCALAR || !*name->text) {
        tree_error(err, name, "'import' wants the name of a config.json or .gguf file");
        return NULL;
    }
    char *path = beside ? file_beside(beside, name->text) : mem_strdup(name->text);
    struct tree *tree = NULL;
    if (file_exists(path))
        tree = workload_import(path, err);
    else
        tree_error(err, name, "the file '%s' to import is not there or cannot be read", path);
    free(path);
    struct tree *sources = tree_get(tree, "sources");
    for (size_t i = 0; sources && i < map->n_children; i++)
        tree_remove(sources, map->child[i]->key);
    return tree;
}

/* What a map builds on, by the name or the file that stands under `key`. NULL with a fault. */
static struct tree *load_base(const char *kind, const struct tree *map, const char *key,
                              size_t depth, struct error *err)
{
    const struct tree *name = tree_get(map, key);
    if (strcmp(key, "import") == 0)
        return load_import(map, err);
    if (name->kind == TREE_SCALAR && *name->text)
        return load_name(kind, name, depth + 1, err);
    if (name->kind == TREE_SCALAR)
        tree_error(err, name, "'%s' has no value: a name or a file is wanted", kind);
    else
        tree_error(err, name, "'%s' wants a name or a file here", kind);
    return NULL;
}

/* A map that names what it builds on (`model: llama-3.2-1b` within a model) is laid over that. The
 * map's ownership moves in. Device entries keep the name: it tells where they come from. */
static struct tree *derive(const char *kind, struct tree *map, size_t depth, struct error *err)
{
    bool import = strcmp(kind, "model") == 0 && tree_get(map, "import");
    const char *key = import ? "import" : kind;
    tree_remove(map, "schema"); /* checked, and the whole has its own */
    if (!tree_get(map, key))
        return map;
    struct tree *base = load_base(kind, map, key, depth, err);
    if (base) {
        tree_remove(base, "schema");
        if (strcmp(kind, "device") != 0)
            tree_remove(map, key);
        scenario_note_given(base, map);
        tree_merge(base, map);
    }
    tree_free(map);
    return base;
}

static bool check_own_schema(const char *kind, const struct tree *map, struct error *err)
{
    return !tree_get(map, "schema") || fields_check_schema(map, kind, err);
}

struct tree *scenario_expand(const char *kind, const struct tree *node, struct error *err)
{
    if (node->kind == TREE_SCALAR && *node->text)
        return load_name(kind, node, 1, err);
    if (node->kind == TREE_MAP)
        return check_own_schema(kind, node, err) ? derive(kind, tree_copy(node), 0, err) : NULL;
    tree_error(err, node, "'%s' wants a name, a file or a map of keys", kind);
    return NULL;
}

bool scenario_expand_devices(struct tree *platform, struct error *err)
{
    struct tree *devices = tree_get(platform, "devices");
    bool ok = true;
    if (!devices || devices->kind != TREE_LIST)
        return true; /* for the field table to judge */
    for (size_t i = 0; i < devices->n_children; i++) {
        struct tree *entry = devices->child[i];
        if (tree_get(entry, "device")) {
            struct tree *whole = derive("device", tree_copy(entry), 0, err);
            if (!whole) {
                ok = false;
                continue;
            }
            tree_free(entry);
            entry = devices->child[i] = whole;
        }
        ok = scenario_class_fill(entry, err) && ok;
    }
    return ok;
}

struct tree *scenario_find(const char *kind, const char *name, const char *beside,
                           const struct tree *place, struct error *err)
{
    const char *quant = NULL;
    bool model = strcmp(kind, "model") == 0;
    char *bare = model ? split_quant(name, &quant) : mem_strdup(name);
    struct scenario_reference reference = {kind, bare, beside, place};
    struct tree *tree = load(&reference, 1, err);
    if (tree && quant)
        set_quant(tree, quant, 0, &reference);
    free(bare);
    bool ok = true;
    if (tree && strcmp(kind, "platform") == 0)
        ok = scenario_expand_devices(tree, err);
    else if (tree && strcmp(kind, "device") == 0)
        ok = scenario_class_fill(tree, err);
    if (!ok) {
        tree_free(tree);
        tree = NULL;
    }
    return tree;
}
