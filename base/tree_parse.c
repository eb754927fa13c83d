/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From libyaml's events to a tree. Events instead of libyaml's own documents, so that the limits
 * hold while it reads: its time grows with the square of the nesting. */
#include "base/file.h"
#include "base/memory.h"
#include "base/tree_plain.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

struct parse {
    yaml_parser_t yaml;
    const char *name;
    const char *bytes; // (n)
    size_t n;
    struct error *err;
    struct tree *root;
    struct tree *open[TREE_DEPTH]; // (depth) the containers around the current event
    size_t depth;
    size_t n_nodes, n_documents;
    char *key; /* a key whose value has not come yet, else NULL */
    struct tree_mark key_mark;
    bool faulty;   /* something that leaves no tree */
    bool repeated; /* a key given twice: the tree is there, its first value counts */
    bool finished;
};

/* A fault after which reading goes on. Returns true. */
static bool fault(struct parse *p, yaml_mark_t mark, const char *sentence)
{
    p->faulty = true;
    error_at(p->err, p->name, mark.line + 1, mark.column + 1, "%s", sentence);
    return true;
}

/* A fault that ends the reading. Returns false. */
static bool stop(struct parse *p, yaml_mark_t mark, const char *sentence)
{
    return !fault(p, mark, sentence);
}

static void place_of(const char *bytes, size_t offset, size_t *line, size_t *column)
{
    *line = *column = 1;
    for (size_t i = 0; i < offset; i++) {
        (*column)++;
        if (bytes[i] == '\n') {
            (*line)++;
            *column = 1;
        }
    }
}

/* Binary files are told apart here, with a place, before libyaml sees them. */
static bool check_bytes(const struct parse *p)
{
    if (p->n > TREE_BYTES)
        return error_at(p->err, p->name, 1, 1, "the file is too large: at most %d bytes are read",
                        TREE_BYTES);
    for (size_t i = 0; i < p->n; i++) {
        unsigned char byte = (unsigned char)p->bytes[i];
        if ((byte >= 0x20 && byte != 0x7F) || byte == '\n' || byte == '\r' || byte == '\t')
            continue;
        size_t line, column;
        place_of(p->bytes, i, &line, &column);
        return error_at(p->err, p->name, line, column, "not text: byte 0x%02X at offset %zu", byte,
                        i);
    }
    return true;
}

static bool reader_error(struct parse *p)
{
    size_t offset = p->yaml.problem_offset < p->n ? p->yaml.problem_offset : p->n;
    size_t line, column;
    place_of(p->bytes, offset, &line, &column);
    return error_at(p->err, p->name, line, column, "not text: %s at offset %zu", p->yaml.problem,
                    offset);
}

static bool syntax_error(struct parse *p)
{
    p->faulty = true;
    const yaml_parser_t *yaml = &p->yaml;
    if (yaml->error == YAML_MEMORY_ERROR)
        return error_machine(p->err, "%s: out of memory", p->name);
    if (yaml->error == YAML_READER_ERROR)
        return reader_error(p);
    size_t line = yaml->problem_mark.line + 1, column = yaml->problem_mark.column + 1;
    if (!yaml->context)
        return error_at(p->err, p->name, line, column, "not valid YAML: %s", yaml->problem);
    return error_at(p->err, p->name, line, column, "not valid YAML: %s, %s that starts in line %zu",
                    yaml->problem, yaml->context, yaml->context_mark.line + 1);
}

static bool refuse_extras(struct parse *p, const yaml_event_t *event, const yaml_char_t *anchor,
                          const yaml_char_t *tag)
{
    if (anchor)
        fault(p, event->start_mark, "anchors (&name) are not known here: write the value out");
    if (tag)
        fault(p, event->start_mark, "tags (!name) are not known here: leave it out");
    return true;
}

static bool wants_key(const struct parse *p)
{
    return p->depth > 0 && p->open[p->depth - 1]->kind == TREE_MAP && !p->key;
}

/* Hangs a node into the container around it, under the key that came before. */
static void attach(struct parse *p, struct tree *node)
{
    if (p->depth == 0) {
        tree_free(p->root);
        p->root = node;
        return;
    }
    struct tree *parent = p->open[p->depth - 1];
    node->key = p->key;
    node->key_mark = p->key_mark;
    p->key = NULL;
    p->key_mark = (struct tree_mark){0};
    parent->child =
        mem_grow(parent->child, &parent->capacity, parent->n_children + 1, sizeof(struct tree *));
    parent->child[parent->n_children++] = node;
}

static struct tree *add_node(struct parse *p, enum tree_kind kind, yaml_mark_t mark)
{
    if (++p->n_nodes > TREE_NODES) {
        stop(p, mark, "too many values: at most 200000 are read");
        return NULL;
    }
    struct tree *node = tree_new(kind, p->name, mark.line + 1, mark.column + 1);
    attach(p, node);
    return node;
}

static bool take_key(struct parse *p, const yaml_event_t *event)
{
    const char *text = (const char *)event->data.scalar.value;
    size_t length = event->data.scalar.length;
    if (length == 0)
        fault(p, event->start_mark, "a key is missing before ':'");
    else if (length > TREE_KEY_BYTES)
        fault(p, event->start_mark, "a key longer than 200 bytes");
    p->key = mem_strndup(text, length);
    p->key_mark = (struct tree_mark){mem_strdup(p->name), event->start_mark.line + 1,
                                     event->start_mark.column + 1};
    return true;
}

static bool take_scalar(struct parse *p, const yaml_event_t *event)
{
    const char *text = (const char *)event->data.scalar.value;
    size_t length = event->data.scalar.length;
    refuse_extras(p, event, event->data.scalar.anchor, event->data.scalar.tag);
    if (memchr(text, '\0', length))
        fault(p, event->start_mark, "a zero byte within a text");
    if (wants_key(p))
        return take_key(p, event);
    struct tree *node = add_node(p, TREE_SCALAR, event->start_mark);
    if (!node)
        return false;
    node->text = mem_strndup(text, length);
    node->quoted =
        event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE || !tree_is_plain(node->text);
    return true;
}

static bool open_container(struct parse *p, const yaml_event_t *event, enum tree_kind kind)
{
    if (wants_key(p))
        return stop(p, event->start_mark, "a key must be a word, not a list or a map");
    if (p->depth == TREE_DEPTH)
        return stop(p, event->start_mark, "nested too deeply: at most 64 levels are read");
    struct tree *node = add_node(p, kind, event->start_mark);
    if (!node)
        return false;
    p->open[p->depth++] = node;
    return true;
}

static int compare_members(const void *a, const void *b)
{
    const struct tree *x = *(struct tree *const *)a, *y = *(struct tree *const *)b;
    int order = strcmp(x->key, y->key);
    if (order != 0)
        return order;
    if (x->key_mark.line != y->key_mark.line)
        return x->key_mark.line < y->key_mark.line ? -1 : 1;
    return x->key_mark.column < y->key_mark.column ? -1 : 1;
}

/* Sorted, because comparing each key with each takes minutes on the largest file that is read. */
static void refuse_duplicates(struct parse *p, const struct tree *map)
{
    size_t n = map->n_children;
    struct tree **sorted = mem_calloc(n, sizeof(struct tree *));
    if (n > 0)
        memcpy(sorted, map->child, n * sizeof(struct tree *));
    qsort(sorted, n, sizeof(struct tree *), compare_members);
    for (size_t i = 1, first = 0; i < n; i++) {
        if (strcmp(sorted[i]->key, sorted[first]->key) != 0) {
            first = i;
            continue;
        }
        p->repeated = true;
        error_at(p->err, p->name, sorted[i]->key_mark.line, sorted[i]->key_mark.column,
                 "key '%s' is given twice (first in line %zu)", text_clip(sorted[i]->key).bytes,
                 sorted[first]->key_mark.line);
    }
    free(sorted);
}

static bool close_container(struct parse *p)
{
    const struct tree *node = p->open[--p->depth];
    if (node->kind == TREE_MAP)
        refuse_duplicates(p, node);
    return true;
}

static bool take_alias(struct parse *p, const yaml_event_t *event)
{
    return stop(p, event->start_mark, "aliases (*name) are not known here: write the value out");
}

static bool start_document(struct parse *p, const yaml_event_t *event)
{
    if (++p->n_documents > 1)
        return stop(p, event->start_mark, "a second document starts here; a file holds one");
    return true;
}

/* True while reading can go on. */
static bool take_event(struct parse *p, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        return start_document(p, event);
    case YAML_ALIAS_EVENT:
        return take_alias(p, event);
    case YAML_SCALAR_EVENT:
        return take_scalar(p, event);
    case YAML_SEQUENCE_START_EVENT:
        refuse_extras(p, event, event->data.sequence_start.anchor, event->data.sequence_start.tag);
        return open_container(p, event, TREE_LIST);
    case YAML_MAPPING_START_EVENT:
        refuse_extras(p, event, event->data.mapping_start.anchor, event->data.mapping_start.tag);
        return open_container(p, event, TREE_MAP);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        return close_container(p);
    case YAML_STREAM_END_EVENT:
        p->finished = true;
        return true;
    default:
        return true;
    }
}

static void take_events(struct parse *p)
{
    bool more = true;
    while (more && !p->finished) {
        yaml_event_t event;
        if (!yaml_parser_parse(&p->yaml, &event)) {
            syntax_error(p);
            return;
        }
        more = take_event(p, &event);
        yaml_event_delete(&event);
    }
}

static bool is_nothing(const struct tree *root)
{
    return !root || (root->kind == TREE_SCALAR && !root->quoted && !*root->text);
}

static size_t mark_length(const char *bytes, size_t n)
{
    return n >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
}

static struct tree *parse_bytes(const char *name, const char *bytes, size_t n, bool *sound,
                                struct error *err)
{
    size_t mark = mark_length(bytes, n);
    struct parse p = {.name = name, .bytes = bytes + mark, .n = n - mark, .err = err};
    *sound = false;
    if (!check_bytes(&p))
        return NULL;
    if (!yaml_parser_initialize(&p.yaml)) {
        error_machine(err, "%s: out of memory", name);
        return NULL;
    }
    yaml_parser_set_encoding(&p.yaml, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&p.yaml, (const unsigned char *)p.bytes, p.n);
    take_events(&p);
    yaml_parser_delete(&p.yaml);
    free(p.key);
    free(p.key_mark.path);
    if (!p.faulty && is_nothing(p.root)) {
        p.faulty = true;
        error_at(err, name, 1, 1, "the file is empty");
    }
    *sound = !p.faulty && !p.repeated;
    if (!p.faulty)
        return p.root;
    tree_free(p.root);
    return NULL;
}

struct tree *tree_parse(const char *name, const char *bytes, size_t n, struct error *err)
{
    bool sound;
    struct tree *tree = parse_bytes(name, bytes, n, &sound, err);
    if (sound)
        return tree;
    tree_free(tree);
    return NULL;
}

struct tree *tree_read_anyway(const char *path, bool *sound, struct error *err)
{
    char *bytes;
    size_t n;
    *sound = false;
    if (!file_read(path, TREE_BYTES, &bytes, &n, err))
        return NULL;
    struct tree *tree = parse_bytes(path, bytes, n, sound, err);
    free(bytes);
    return tree;
}

struct tree *tree_read(const char *path, struct error *err)
{
    bool sound;
    struct tree *tree = tree_read_anyway(path, &sound, err);
    if (sound)
        return tree;
    tree_free(tree);
    return NULL;
}
