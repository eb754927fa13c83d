/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A folder of files that a test makes, changes and takes away, in place of /sys. */
#ifndef TESTS_SUPPORT_MADE_TREE_H
#define TESTS_SUPPORT_MADE_TREE_H

#include "base/memory.h"
#include "tests/check.h"

#include <sys/stat.h>
#include <unistd.h>

struct made_tree {
    char root[64];
    char *path[256]; /* (n) */
    size_t n;
};

static inline bool made_tree_open(struct made_tree *tree)
{
    *tree = (struct made_tree){.root = "/tmp/qeilsim-tree-XXXXXX"};
    return mkdtemp(tree->root) != NULL;
}

static inline void made_tree_write(const char *path, const void *bytes, size_t n)
{
    FILE *file = fopen(path, "wb");
    if (CHECK(file != NULL)) {
        CHECK(fwrite(bytes, 1, n, file) == n);
        CHECK(fclose(file) == 0);
    }
}

static inline void made_tree_bytes(struct made_tree *tree, const char *name, const void *bytes,
                                   size_t n)
{
    char *full = mem_printf("%s%s", tree->root, name);
    bool known = false;
    for (char *slash = full + strlen(tree->root) + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = '\0';
        mkdir(full, 0755);
        *slash = '/';
    }
    made_tree_write(full, bytes, n);
    for (size_t i = 0; i < tree->n; i++)
        known = known || strcmp(tree->path[i], full) == 0;
    if (known)
        free(full);
    else
        tree->path[tree->n++] = full;
}

static inline void made_tree_put(struct made_tree *tree, const char *name, const char *text)
{
    made_tree_bytes(tree, name, text, strlen(text));
}

static inline void made_tree_remove(const struct made_tree *tree, const char *name)
{
    char *full = mem_printf("%s%s", tree->root, name);
    CHECK(unlink(full) == 0);
    free(full);
}

/* Takes all files away, and the folders that they leave empty. */
static inline void made_tree_clear(struct made_tree *tree)
{
    while (tree->n > 0) {
        char *path = tree->path[--tree->n];
        unlink(path);
        for (char *slash; (slash = strrchr(path, '/')) && slash > path + strlen(tree->root);) {
            *slash = '\0';
            rmdir(path);
        }
        free(path);
    }
}

static inline void made_tree_close(struct made_tree *tree)
{
    made_tree_clear(tree);
    CHECK(rmdir(tree->root) == 0);
}

#endif
