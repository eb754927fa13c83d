/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/report_tree.h"

#include "base/memory.h"
#include "cli/grid.h"

#include <stdlib.h>
#include <string.h>

/* The map with `sources` that a value stands in, and the value's path from there. */
struct owner {
    const struct tree *sources;
    size_t path_start; /* where paths below the owner start in the whole path */
};

struct lines {
    struct grid grid;
};

/* Whether `path` is `key` or lies below it. */
static bool lies_below(const char *path, const char *key)
{
    size_t n = strlen(key);
    return strncmp(path, key, n) == 0 && (path[n] == '\0' || path[n] == '.');
}

/* The source that speaks most closely of a path, or NULL. */
static const struct tree *source_of(const struct owner *owner, const char *path)
{
    const struct tree *best = NULL;
    for (size_t i = 0; owner->sources && i < owner->sources->n_children; i++) {
        const struct tree *source = owner->sources->child[i];
        if (lies_below(path + owner->path_start, source->key) &&
            (!best || strlen(source->key) > strlen(best->key)))
            best = source;
    }
    return best;
}

static void add_line(struct lines *lines, const char *path, const char *value,
                     const struct owner *owner)
{
    const struct tree *source = source_of(owner, path);
    const char *kind = source ? tree_get_text(source, "kind") : NULL;
    const char *ref = source ? tree_get_text(source, "ref") : NULL;
    grid_add_row(&lines->grid, GRID_CELLS(path, value, kind ? kind : "", ref ? ref : ""));
}

/* "[a, b]" for a list of scalars, NULL for any other. Freed with free(). */
static char *list_text(const struct tree *list)
{
    struct text text = {0};
    text_add(&text, "[");
    for (size_t i = 0; i < list->n_children; i++) {
        if (list->child[i]->kind != TREE_SCALAR) {
            text_free(&text);
            return NULL;
        }
        text_add(&text, "%s%s", i ? ", " : "", list->child[i]->text);
    }
    text_add(&text, "]");
    return text.bytes;
}

static void walk(struct lines *lines, const struct tree *node, const char *path,
                 struct owner owner);

static void walk_children(struct lines *lines, const struct tree *node, const char *path,
                          struct owner owner)
{
    for (size_t i = 0; i < node->n_children; i++) {
        const struct tree *child = node->child[i];
        const char *name = tree_get_text(child, "name");
        if (node->kind == TREE_MAP && strcmp(child->key, "sources") == 0)
            continue;
        char *below = node->kind == TREE_MAP
                          ? mem_printf("%s%s%s", path, *path ? "." : "", child->key)
                      : name ? mem_printf("%s.%s", path, name)
                             : mem_printf("%s.%zu", path, i);
        walk(lines, child, below, owner);
        free(below);
    }
}

static void walk(struct lines *lines, const struct tree *node, const char *path, struct owner owner)
{
    const struct tree *sources = tree_get(node, "sources");
    if (node->kind == TREE_SCALAR) {
        add_line(lines, path, node->text, &owner);
        return;
    }
    if (sources && sources->kind == TREE_MAP) {
        owner = (struct owner){sources, *path ? strlen(path) + 1 : 0};
    }
    char *list = node->kind == TREE_LIST ? list_text(node) : NULL;
    if (list)
        add_line(lines, path, list, &owner);
    else
        walk_children(lines, node, path, owner);
    free(list);
}

/* Sources whose key names no single value of theirs, such as `architecture`. */
static void print_general_sources(const struct tree *tree)
{
    const struct tree *sources = tree_get(tree, "sources");
    for (size_t i = 0; sources && i < sources->n_children; i++) {
        const struct tree *source = sources->child[i];
        const char *kind = tree_get_text(source, "kind"), *ref = tree_get_text(source, "ref");
        if (tree_find(tree, source->key) == NULL)
            printf("%s: %s, %s\n", source->key, kind ? kind : "", ref ? ref : "");
    }
}

void report_tree(const struct tree *tree)
{
    struct lines lines = {.grid = {.align = "llll"}};
    grid_add_row(&lines.grid, GRID_CELLS("key", "value", "source", "from"));
    walk(&lines, tree, "", (struct owner){NULL, 0});
    grid_print(&lines.grid, 0, true, stdout);
    print_general_sources(tree);
}
