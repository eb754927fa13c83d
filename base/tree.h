/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A YAML document as a tree whose every node knows file, line and column it came from, so that a
 * fault found much later still names its place. Strict: one document, no anchors or aliases, no
 * duplicate keys, scalar keys only; at most 1 MiB, 64 levels, 200,000 nodes. */
#ifndef BASE_TREE_H
#define BASE_TREE_H

#include "base/error.h"
#include "base/text.h"

enum tree_kind { TREE_SCALAR, TREE_MAP, TREE_LIST };

struct tree_mark {
    char *path;          /* owned by the node */
    size_t line, column; /* from 1 */
};

struct tree {
    enum tree_kind kind;
    bool quoted;               /* scalar written in quotes: text, never a number or a truth value */
    char *text;                /* scalar: its text */
    char *key;                 /* member of a map: its key, else NULL */
    struct tree_mark mark;     /* where the value stands */
    struct tree_mark key_mark; /* where the key stands (path NULL when there is no key) */
    struct tree **child; /* (n_children) members of a map in file order, or elements of a list */
    size_t n_children, capacity;
};

/* The caller owns the result and frees it with tree_free. NULL on failure, err filled. */
struct tree *tree_read(const char *path, struct error *err);
struct tree *tree_parse(const char *name, const char *bytes, size_t n, struct error *err);
/* As tree_read, but gives the tree also when keys were given twice (*sound is false then), so that
 * a caller can tell the file's other faults too before it fails. */
struct tree *tree_read_anyway(const char *path, bool *sound, struct error *err);
void tree_free(struct tree *node);

/* A deep copy. The caller owns the result and frees it with tree_free. */
struct tree *tree_copy(const struct tree *node);

/* An empty map / a scalar, marked as standing at `like`'s place. The caller owns the result. */
struct tree *tree_new_map(const struct tree_mark *like);
struct tree *tree_new_scalar(const char *text, const struct tree_mark *like);

/* The member of a map, or NULL (also when node is NULL or no map). Borrowed. */
struct tree *tree_get(const struct tree *node, const char *key);
const char *tree_get_text(const struct tree *node, const char *key); /* scalar text or NULL */

/* Puts `value` (ownership moves in) under `key`, replacing what stood there. */
void tree_put(struct tree *map, const char *key, struct tree *value);
/* Removes a member; false when there is none. */
bool tree_remove(struct tree *map, const char *key);
void tree_append(struct tree *list, struct tree *value);

/* What a dotted path leads to; list elements by the text of their `name` member, or by number from
 * 0. NULL when nothing stands there. Borrowed. */
struct tree *tree_find(const struct tree *root, const char *path);

/* Applies "path=value": value is YAML (so lists work). The parents must exist; an unknown last key
 * is added and left to the field table to judge. Faults name "--set path=value". */
bool tree_set(struct tree *root, const char *assignment, struct error *err);

/* Lays `over` on `base`: maps merge key by key, lists whose elements all have `name` merge by name,
 * all else is replaced. `over` is copied. */
void tree_merge(struct tree *base, const struct tree *over);

/* Appends the tree as YAML; reading it again gives the same tree. Equal trees give equal bytes. */
void tree_write(const struct tree *node, struct text *out);

/* error_at at the node's place. */
bool tree_error(struct error *err, const struct tree *node, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
