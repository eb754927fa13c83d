/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/tree.h"

#include "base/memory.h"
#include "base/tree_plain.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct tree *tree_new(enum tree_kind kind, const char *path, size_t line, size_t column)
{
    struct tree *node = mem_calloc(1, sizeof *node);
    node->kind = kind;
    node->mark = (struct tree_mark){mem_strdup(path), line, column};
    return node;
}

static struct tree_mark copy_mark(const struct tree_mark *mark)
{
    return (struct tree_mark){mark->path ? mem_strdup(mark->path) : NULL, mark->line, mark->column};
}

static void free_content(struct tree *node)
{
    for (size_t i = 0; i < node->n_children; i++)
        tree_free(node->child[i]);
    free(node->child);
    free(node->text);
    free(node->mark.path);
}

void tree_free(struct tree *node)
{
    if (!node)
        return;
    free_content(node);
    free(node->key);
    free(node->key_mark.path);
    free(node);
}

struct tree *tree_copy(const struct tree *node)
{
    struct tree *copy = mem_calloc(1, sizeof *copy);
    copy->kind = node->kind;
    copy->quoted = node->quoted;
    copy->text = node->text ? mem_strdup(node->text) : NULL;
    copy->key = node->key ? mem_strdup(node->key) : NULL;
    copy->mark = copy_mark(&node->mark);
    copy->key_mark = copy_mark(&node->key_mark);
    copy->n_children = copy->capacity = node->n_children;
    copy->child = mem_calloc(node->n_children, sizeof(struct tree *));
    for (size_t i = 0; i < node->n_children; i++)
        copy->child[i] = tree_copy(node->child[i]);
    return copy;
}

struct tree *tree_new_map(const struct tree_mark *like)
{
    return tree_new(TREE_MAP, like->path ? like->path : "", like->line, like->column);
}

struct tree *tree_new_scalar(const char *text, const struct tree_mark *like)
{
    struct tree *node =
        tree_new(TREE_SCALAR, like->path ? like->path : "", like->line, like->column);
    node->text = mem_strdup(text);
    node->quoted = !tree_is_plain(text);
    return node;
}

struct tree *tree_get(const struct tree *node, const char *key)
{
    if (!node || node->kind != TREE_MAP)
        return NULL;
    for (size_t i = 0; i < node->n_children; i++)
        if (strcmp(node->child[i]->key, key) == 0)
            return node->child[i];
    return NULL;
}

const char *tree_get_text(const struct tree *node, const char *key)
{
    const struct tree *member = tree_get(node, key);
    return member && member->kind == TREE_SCALAR ? member->text : NULL;
}

static void add_child(struct tree *node, struct tree *value)
{
    node->child =
        mem_grow(node->child, &node->capacity, node->n_children + 1, sizeof(struct tree *));
    node->child[node->n_children++] = value;
}

static size_t member_index(const struct tree *map, const char *key)
{
    size_t i = 0;
    while (i < map->n_children && strcmp(map->child[i]->key, key) != 0)
        i++;
    return i;
}

void tree_put(struct tree *map, const char *key, struct tree *value)
{
    char *own_key = mem_strdup(key); /* `key` may be the value's own */
    free(value->key);
    value->key = own_key;
    if (!value->key_mark.path)
        value->key_mark = copy_mark(&value->mark);
    size_t i = member_index(map, own_key);
    if (i == map->n_children) {
        add_child(map, value);
        return;
    }
    tree_free(map->child[i]);
    map->child[i] = value;
}

bool tree_remove(struct tree *map, const char *key)
{
    size_t i = member_index(map, key);
    if (i == map->n_children)
        return false;
    tree_free(map->child[i]);
    map->n_children--;
    memmove(map->child + i, map->child + i + 1, (map->n_children - i) * sizeof(struct tree *));
    return true;
}

void tree_append(struct tree *list, struct tree *value)
{
    free(value->key);
    free(value->key_mark.path);
    value->key = NULL;
    value->key_mark = (struct tree_mark){0};
    add_child(list, value);
}

/* What a path calls a child: its key, or the name of a list's element; NULL when it has neither. */
static const char *label_of(const struct tree *child)
{
    return child->key ? child->key : tree_get_text(child, "name");
}

/* The element of a list whose number starts the path, or NULL. */
static struct tree *numbered_child(const struct tree *list, const char *path, size_t *used)
{
    char digits[24];
    size_t length = strcspn(path, ".");
    uint64_t number;
    if (list->kind != TREE_LIST || length >= sizeof digits)
        return NULL;
    memcpy(digits, path, length);
    digits[length] = '\0';
    if (!text_count(digits, &number) || number >= list->n_children)
        return NULL;
    *used = length;
    return list->child[number];
}

/* The child that starts the path; the longest label wins, because names may contain dots. */
static struct tree *step(const struct tree *node, const char *path, size_t *used)
{
    struct tree *found = NULL;
    *used = 0;
    for (size_t i = 0; i < node->n_children; i++) {
        const char *label = label_of(node->child[i]);
        size_t length = label ? strlen(label) : 0;
        if (length <= *used || strncmp(path, label, length) != 0)
            continue;
        if (path[length] == '.' || path[length] == '\0') {
            found = node->child[i];
            *used = length;
        }
    }
    return found ? found : numbered_child(node, path, used);
}

struct tree *tree_find(const struct tree *root, const char *path)
{
    const struct tree *node = root;
    while (node) {
        size_t used;
        struct tree *child = step(node, path, &used);
        if (!child || !path[used])
            return child;
        node = child;
        path += used + 1;
    }
    return NULL;
}

/* " (did you mean 'x'?); there are: x, y" for a child that is not there. */
static char *what_is_there(const struct tree *node, const char *word)
{
    enum { SHOWN = 30 };
    const char **labels = mem_calloc(node->n_children + 1, sizeof *labels);
    struct text list = {0};
    size_t n = 0;
    for (size_t i = 0; i < node->n_children; i++) {
        const char *label = label_of(node->child[i]);
        if (!label)
            continue;
        labels[n++] = label;
        if (n <= SHOWN)
            text_add(&list, "%s%s", n > 1 ? ", " : "", text_clip(label).bytes);
    }
    char *hint = text_hint(word, labels);
    if (n == 0 && node->kind == TREE_LIST)
        text_add(&list, "numbers below %zu", node->n_children);
    else if (n == 0)
        text_add(&list, "nothing");
    char *sentence = mem_printf("%s; there is: %s%s", hint, list.bytes, n > SHOWN ? ", ..." : "");
    free(hint);
    text_free(&list);
    free(labels);
    return sentence;
}

/* Where an assignment goes: the parent, and what is there now or the key that is to be added. */
struct target {
    struct tree *parent, *old;
    const char *key;
};

static bool not_there(const struct tree *node, const char *rest, const char *where,
                      struct error *err)
{
    char *word = mem_strndup(rest, strcspn(rest, "."));
    if (!*word) {
        error_set(err, "%s: the path has an empty part; write --set path=value", where);
    } else if (node->kind == TREE_SCALAR) {
        error_set(err, "%s: '%s' is not there: what stands before it is a single value", where,
                  word);
    } else {
        char *there = what_is_there(node, word);
        error_set(err, "%s: '%s' is not there%s", where, text_clip(word).bytes, there);
        free(there);
    }
    free(word);
    return false;
}

static bool find_target(struct tree *root, const char *path, const char *where,
                        struct target *target, struct error *err)
{
    *target = (struct target){.parent = root};
    for (;;) {
        size_t used;
        struct tree *child = step(target->parent, path, &used);
        if (child && !path[used]) {
            target->old = child;
            return true;
        }
        if (!child && *path && !strchr(path, '.') && target->parent->kind == TREE_MAP) {
            target->key = path;
            return true;
        }
        if (!child)
            return not_there(target->parent, path, where, err);
        target->parent = child;
        path += used + 1;
    }
}

/* The new content moves in; key and key's place stay. */
static void replace_content(struct tree *node, struct tree *value)
{
    char *key = node->key;
    struct tree_mark key_mark = node->key_mark;
    free_content(node);
    free(value->key);
    free(value->key_mark.path);
    *node = *value;
    node->key = key;
    node->key_mark = key_mark;
    free(value);
}

/* Reads the value behind blanks as long as the path, so that its columns are the argument's. */
static struct tree *parse_value(const char *where, const char *assignment, size_t path_length,
                                struct error *err)
{
    char *padded = mem_strdup(assignment);
    memset(padded, ' ', path_length + 1);
    struct tree *value = tree_parse(where, padded, strlen(padded), err);
    free(padded);
    return value;
}

bool tree_set(struct tree *root, const char *assignment, struct error *err)
{
    struct target target;
    struct tree *value = NULL;
    bool ok = false;
    char *where = mem_printf("--set %s", text_clip(assignment).bytes);
    size_t length = strcspn(assignment, "=");
    char *path = mem_strndup(assignment, length);
    if (length == 0 || !assignment[length]) {
        error_set(err, "%s: no path=value", where);
        goto done;
    }
    if (!assignment[length + 1]) {
        error_set(err, "%s: no value after '='", where);
        goto done;
    }
    if (!find_target(root, path, where, &target, err))
        goto done;
    value = parse_value(where, assignment, length, err);
    if (!value)
        goto done;
    if (target.old)
        replace_content(target.old, value);
    else
        tree_put(target.parent, target.key, value);
    ok = true;
done:
    free(path);
    free(where);
    return ok;
}

static bool all_named(const struct tree *list)
{
    for (size_t i = 0; i < list->n_children; i++)
        if (!tree_get_text(list->child[i], "name"))
            return false;
    return list->kind == TREE_LIST && list->n_children > 0;
}

static struct tree *element_named(const struct tree *list, const char *name)
{
    for (size_t i = 0; i < list->n_children; i++) {
        const char *other = tree_get_text(list->child[i], "name");
        if (other && strcmp(other, name) == 0)
            return list->child[i];
    }
    return NULL;
}

void tree_merge(struct tree *base, const struct tree *over)
{
    bool maps = base->kind == TREE_MAP && over->kind == TREE_MAP;
    if (!maps && !(all_named(base) && all_named(over))) {
        replace_content(base, tree_copy(over));
        return;
    }
    for (size_t i = 0; i < over->n_children; i++) {
        const struct tree *child = over->child[i];
        struct tree *old =
            maps ? tree_get(base, child->key) : element_named(base, tree_get_text(child, "name"));
        if (old)
            tree_merge(old, child);
        else
            add_child(base, tree_copy(child));
    }
}

bool tree_error(struct error *err, const struct tree *node, const char *format, ...)
{
    char sentence[ERROR_SENTENCE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(sentence, sizeof sentence, format, arguments);
    va_end(arguments);
    return error_at(err, node->mark.path, node->mark.line, node->mark.column, "%s", sentence);
}
