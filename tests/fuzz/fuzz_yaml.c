/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes are read as YAML; what is accepted must survive writing and reading. */
#include "base/fields.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const words[] = {"one", "two", NULL};

struct inner {
    char *name;
    double value;
};

struct outer {
    int word;
    uint64_t count;
    bool flag;
    struct inner *list;
    size_t n_list;
    double *numbers;
    size_t n_numbers;
    char **texts;
    size_t n_texts;
};

static const struct field inner_fields[] = {
    {.key = "name", .type = FIELD_TEXT, .required = true, .offset = offsetof(struct inner, name)},
    {.key = "value", .type = FIELD_NUMBER, .offset = offsetof(struct inner, value), .max = 9},
    {.key = NULL}};

static const struct field outer_fields[] = {
    {.key = "word", .type = FIELD_ENUM, .offset = offsetof(struct outer, word), .names = words},
    {.key = "count", .type = FIELD_COUNT, .offset = offsetof(struct outer, count)},
    {.key = "flag", .type = FIELD_BOOL, .offset = offsetof(struct outer, flag)},
    {.key = "list",
     .type = FIELD_LIST,
     .offset = offsetof(struct outer, list),
     .count_offset = offsetof(struct outer, n_list),
     .fields = inner_fields,
     .size = sizeof(struct inner)},
    {.key = "numbers",
     .type = FIELD_NUMBERS,
     .offset = offsetof(struct outer, numbers),
     .count_offset = offsetof(struct outer, n_numbers)},
    {.key = "texts",
     .type = FIELD_TEXTS,
     .offset = offsetof(struct outer, texts),
     .count_offset = offsetof(struct outer, n_texts)},
    {.key = NULL}};

static void check_rewriting(const struct tree *tree)
{
    struct text first = {0}, second = {0};
    struct error err = {0};
    tree_write(tree, &first);
    struct tree *again = tree_parse("again", first.bytes, first.length, &err);
    /* What is written may be longer than what was read, and too long to be read. */
    if (!again && first.length <= (1 << 20))
        abort();
    if (again) {
        tree_write(again, &second);
        if (strcmp(first.bytes, second.bytes) != 0)
            abort();
    }
    tree_free(again);
    text_free(&first);
    text_free(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err = {0};
    struct tree *tree = tree_parse("fuzz", (const char *)data, size, &err);
    if (!tree) {
        if (err.n_faults == 0)
            abort();
        return 0;
    }
    check_rewriting(tree);
    struct outer outer;
    if (fields_read(tree, outer_fields, &outer, &err))
        fields_free(outer_fields, &outer);
    else if (err.n_faults == 0)
        abort();
    char *assignment = mem_strndup((const char *)data, size);
    tree_set(tree, assignment, &err);
    free(assignment);
    tree_free(tree);
    return 0;
}
