/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "scenarios/given.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

/* Says what an entry is, or is the user's to choose: no estimate of anything. */
static bool is_choice(const char *key)
{
    static const char *const keys[] = {"name",  "title",     "device",   "pool",    "platform",
                                       "model", "workload",  "schema",   "sources", "aliases",
                                       "quant", "kv_format", "ambient_C"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (strcmp(keys[i], key) == 0)
            return true;
    return false;
}

/* Without the folder: results hold no paths. */
static const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static void note(struct tree *sources, const char *path, const struct tree_mark *mark)
{
    struct tree *source = tree_new_map(mark);
    char *where = strncmp(mark->path, "--set ", strlen("--set ")) == 0
                      ? mem_strdup("given by --set")
                      : mem_printf("given in %s:%zu", file_name(mark->path), mark->line);
    tree_put(source, "kind", tree_new_scalar("estimated", mark));
    tree_put(source, "ref", tree_new_scalar(where, mark));
    tree_put(sources, path, source);
    free(where);
}

static void note_below(struct tree *sources, const struct tree *over, const char *path)
{
    for (size_t i = 0; i < over->n_children; i++) {
        const struct tree *child = over->child[i];
        if (!*path && is_choice(child->key))
            continue;
        char *below = mem_printf("%s%s%s", path, *path ? "." : "", child->key);
        if (child->kind == TREE_MAP)
            note_below(sources, child, below);
        else
            note(sources, below, &child->mark);
        free(below);
    }
}

void scenario_note_given(struct tree *base, const struct tree *over)
{
    struct tree *sources = tree_get(base, "sources");
    if (sources && sources->kind == TREE_MAP)
        note_below(sources, over, "");
}

void scenario_note_set(struct tree *root, const char *assignment)
{
    char *path = mem_strndup(assignment, strcspn(assignment, "="));
    const struct tree *value = tree_find(root, path);
    /* The nearest entry above the value that tells sources; its own path is the rest. */
    for (char *dot = strrchr(path, '.'); value && dot; dot = strrchr(path, '.')) {
        *dot = '\0';
        struct tree *sources = tree_get(tree_find(root, path), "sources");
        const char *below = assignment + strlen(path) + 1;
        if (!sources || sources->kind != TREE_MAP)
            continue;
        char *rest = mem_strndup(below, strcspn(below, "="));
        if (!is_choice(rest))
            note(sources, rest, &value->mark);
        free(rest);
        break;
    }
    free(path);
}
