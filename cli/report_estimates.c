/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/memory.h"
#include "cli/grid.h"
#include "cli/report.h"

#include <stdlib.h>
#include <string.h>

/* Sources seen, and those that are no more than an estimate. */
struct estimates {
    struct grid grid;
    size_t seen, listed;
};

static bool is_estimate(const char *kind)
{
    return kind && (strcmp(kind, "estimated") == 0 || strcmp(kind, "class") == 0);
}

static const char *value_of(const struct tree *owner, const char *key)
{
    const struct tree *value = tree_find(owner, key);
    return value && value->kind == TREE_SCALAR ? value->text : "";
}

static void list_sources(const struct tree *owner, const struct tree *sources, const char *path,
                         struct estimates *estimates)
{
    for (size_t i = 0; i < sources->n_children; i++) {
        const struct tree *source = sources->child[i];
        const char *kind = tree_get_text(source, "kind"), *ref = tree_get_text(source, "ref");
        estimates->seen++;
        if (!is_estimate(kind))
            continue;
        estimates->listed++;
        grid_add(&estimates->grid, "%s.%s", path, source->key);
        grid_add_row(&estimates->grid,
                     GRID_CELLS(value_of(owner, source->key), kind, ref ? ref : ""));
    }
}

/* Looks for maps that have `sources`; elements of lists go by their name. */
static void walk(const struct tree *node, const char *path, struct estimates *estimates)
{
    const struct tree *sources = tree_get(node, "sources");
    if (sources && sources->kind == TREE_MAP)
        list_sources(node, sources, path, estimates);
    for (size_t i = 0; i < node->n_children; i++) {
        const struct tree *child = node->child[i];
        const char *name = node->kind == TREE_MAP ? child->key : tree_get_text(child, "name");
        if (child == sources || child->kind == TREE_SCALAR || !name)
            continue;
        char *below = mem_printf("%s%s%s", path, *path ? "." : "", name);
        walk(child, below, estimates);
        free(below);
    }
}

void report_estimates(const struct tree *scenario)
{
    struct estimates estimates = {.grid = {.align = "llll"}};
    grid_add_row(&estimates.grid, GRID_CELLS("input", "value", "kind", "from"));
    walk(scenario, "", &estimates);
    printf("\n%zu of %zu inputs with a source were estimated or taken from their class\n",
           estimates.listed, estimates.seen);
    grid_print(&estimates.grid, 0, true, stdout);
}
