/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/fields.h"

#include "base/fields_range.h"
#include "base/memory.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Members are reached by offset; memory keeps the type that was declared there. */
static void *member(void *out, size_t offset)
{
    return (char *)out + offset;
}

static const char *kind_words(const struct tree *node)
{
    switch (node->kind) {
    case TREE_MAP:
        return "a map";
    case TREE_LIST:
        return "a list";
    case TREE_SCALAR:
        break;
    }
    return *node->text || node->quoted ? "a single value" : "nothing";
}

static bool wrong_kind(const struct tree *node, const struct field *field, const char *wanted,
                       struct error *err)
{
    return tree_error(err, node, "'%s' wants %s, not %s", field->key, wanted, kind_words(node));
}

/* A scalar that has a value. */
static bool check_scalar(const struct tree *node, const struct field *field, const char *wanted,
                         struct error *err)
{
    if (node->kind != TREE_SCALAR)
        return wrong_kind(node, field, wanted, err);
    if (!node->quoted && !*node->text)
        return tree_error(err, node, "'%s' has no value: %s is wanted", field->key, wanted);
    return true;
}

/* nan and the infinities in any of the usual spellings: .nan, -.Inf, infinity. */
static bool is_not_finite(const char *text)
{
    static const char *const words[] = {"nan", "inf", "infinity", NULL};
    text += *text == '+' || *text == '-';
    text += *text == '.';
    for (size_t i = 0; words[i]; i++) {
        size_t n = 0;
        while (words[i][n] && tolower((unsigned char)text[n]) == words[i][n])
            n++;
        if (!words[i][n] && !text[n])
            return true;
    }
    return false;
}

static bool starts_like_number(const char *text)
{
    text += *text == '+' || *text == '-';
    return isdigit((unsigned char)*text) || *text == '.';
}

static bool not_a_number(const struct tree *node, const struct field *field, struct error *err)
{
    const char *unit = fields_unit(field), *in = *unit ? " in " : "";
    struct text_clipped text = text_clip(node->text);
    double value;
    if (text_number(node->text, &value))
        return tree_error(err, node, "'%s' is in quotes: write the number without them",
                          text.bytes);
    if (is_not_finite(node->text))
        return tree_error(err, node, "'%s' is not a finite number", text.bytes);
    if (!starts_like_number(node->text))
        return tree_error(err, node, "'%s' is not a number: '%s' wants one%s%s", text.bytes,
                          field->key, in, unit);
    return tree_error(err, node, "'%s' is not a number: give only the number%s%s", text.bytes,
                      *unit ? ", in " : "", unit);
}

static bool out_of_range(const struct tree *node, const struct field *field, struct error *err)
{
    struct text range = {0};
    fields_range_text(field, &range);
    if (strncmp(range.length ? range.bytes : "", "at ", 3) == 0)
        tree_error(err, node, "%s is out of range: '%s' must be %s", text_clip(node->text).bytes,
                   field->key, range.bytes);
    else
        tree_error(err, node, "%s is outside %s", text_clip(node->text).bytes,
                   range.length ? range.bytes : "what a number can hold");
    text_free(&range);
    return false;
}

static bool read_number(const struct field *field, const struct tree *node, double *out,
                        struct error *err)
{
    if (!check_scalar(node, field, "a number", err))
        return false;
    double value, scale = field->scale != 0 ? field->scale : 1;
    if (node->quoted || !text_number(node->text, &value))
        return not_a_number(node, field, err);
    struct fields_range range = fields_range(field);
    if (!(value >= range.min && value <= range.max) || !isfinite(value * scale))
        return out_of_range(node, field, err);
    *out = value * scale + field->shift;
    return true;
}

static bool read_count(const struct field *field, const struct tree *node, uint64_t *out,
                       struct error *err)
{
    if (!check_scalar(node, field, "a whole number", err))
        return false;
    struct fields_range range = fields_range(field);
    double value;
    if (node->quoted || !text_number(node->text, &value))
        return not_a_number(node, field, err);
    if (value < range.min || value > range.max || value > FIELDS_MAX_COUNT || value < 0)
        return out_of_range(node, field, err);
    if (text_count(node->text, out))
        return true;
    return tree_error(err, node, "'%s' is not a whole number written in digits",
                      text_clip(node->text).bytes);
}

static bool read_bool(const struct field *field, const struct tree *node, bool *out,
                      struct error *err)
{
    if (!check_scalar(node, field, "true or false", err))
        return false;
    *out = strcmp(node->text, "true") == 0;
    bool known = *out || strcmp(node->text, "false") == 0;
    if (known && !node->quoted)
        return true;
    return tree_error(err, node, "'%s' is not true or false%s", text_clip(node->text).bytes,
                      known ? ": write it without quotes" : "");
}

static bool read_text(const struct field *field, const struct tree *node, char **out,
                      struct error *err)
{
    if (!check_scalar(node, field, "a text", err))
        return false;
    *out = mem_strdup(node->text);
    return true;
}

static bool read_enum(const struct field *field, const struct tree *node, int *out,
                      struct error *err)
{
    if (!check_scalar(node, field, "a word", err))
        return false;
    struct text words = {0};
    for (int i = 0; field->names[i]; i++) {
        if (strcmp(node->text, field->names[i]) == 0) {
            *out = i;
            text_free(&words);
            return true;
        }
        text_add(&words, "%s%s", i ? ", " : "", field->names[i]);
    }
    char *hint = text_hint(node->text, field->names);
    tree_error(err, node, "'%s' is none of %s%s", text_clip(node->text).bytes,
               words.bytes ? words.bytes : "(nothing)", hint);
    free(hint);
    text_free(&words);
    return false;
}

static bool read_numbers(const struct field *field, const struct tree *node, void *out,
                         struct error *err)
{
    double *numbers = mem_calloc(node->n_children, sizeof *numbers);
    bool ok = true;
    *(double **)member(out, field->offset) = numbers;
    *(size_t *)member(out, field->count_offset) = node->n_children;
    for (size_t i = 0; i < node->n_children; i++)
        ok = read_number(field, node->child[i], &numbers[i], err) && ok;
    return ok;
}

static bool read_texts(const struct field *field, const struct tree *node, void *out,
                       struct error *err)
{
    char **texts = mem_calloc(node->n_children, sizeof *texts);
    bool ok = true;
    *(char ***)member(out, field->offset) = texts;
    *(size_t *)member(out, field->count_offset) = node->n_children;
    for (size_t i = 0; i < node->n_children; i++)
        ok = read_text(field, node->child[i], &texts[i], err) && ok;
    return ok;
}

static bool read_members(const struct tree *node, const struct field *table, void *out,
                         struct error *err);

static bool read_list(const struct field *field, const struct tree *node, void *out,
                      struct error *err)
{
    char *elements = mem_calloc(node->n_children, field->size);
    bool ok = true;
    *(void **)member(out, field->offset) = elements;
    *(size_t *)member(out, field->count_offset) = node->n_children;
    for (size_t i = 0; i < node->n_children; i++) {
        const struct tree *element = node->child[i];
        if (element->kind != TREE_MAP)
            ok = tree_error(err, element, "each element of '%s' must be a map, not %s", field->key,
                            kind_words(element));
        else
            ok = read_members(element, field->fields, elements + i * field->size, err) && ok;
    }
    return ok;
}

/* A value of any type but the scalar ones. */
static bool read_container(const struct field *field, const struct tree *node, void *out,
                           struct error *err)
{
    if (field->type == FIELD_TREE) {
        *(const struct tree **)member(out, field->offset) = node;
        return true;
    }
    if (field->type == FIELD_MAP)
        return node->kind == TREE_MAP
                   ? read_members(node, field->fields, member(out, field->offset), err)
                   : wrong_kind(node, field, "a map of keys", err);
    if (node->kind != TREE_LIST)
        return wrong_kind(node, field, "a list", err);
    if (field->type == FIELD_NUMBERS)
        return read_numbers(field, node, out, err);
    if (field->type == FIELD_TEXTS)
        return read_texts(field, node, out, err);
    return read_list(field, node, out, err);
}

static bool read_value(const struct field *field, const struct tree *node, void *out,
                       struct error *err)
{
    void *place = member(out, field->offset);
    switch (field->type) {
    case FIELD_NUMBER:
        return read_number(field, node, place, err);
    case FIELD_COUNT:
        return read_count(field, node, place, err);
    case FIELD_BOOL:
        return read_bool(field, node, place, err);
    case FIELD_TEXT:
        return read_text(field, node, place, err);
    case FIELD_ENUM:
        return read_enum(field, node, place, err);
    case FIELD_MAP:
    case FIELD_LIST:
    case FIELD_NUMBERS:
    case FIELD_TEXTS:
    case FIELD_TREE:
        break;
    }
    return read_container(field, node, out, err);
}

static bool fill_presets(const struct field *table, void *out, struct error *err);

/* A preset goes the way of a value from a file, so that it is checked and scaled alike. */
static bool fill_preset(const struct field *field, void *out, struct error *err)
{
    if (field->type == FIELD_MAP)
        return fill_presets(field->fields, member(out, field->offset), err);
    if (!field->preset || field->type == FIELD_TREE)
        return true;
    char name[] = "preset";
    bool list =
        field->type == FIELD_LIST || field->type == FIELD_NUMBERS || field->type == FIELD_TEXTS;
    struct tree scalar = {.kind = TREE_SCALAR,
                          .text = mem_strdup(field->preset),
                          .quoted = !*field->preset,
                          .mark = {.path = name, .line = 1, .column = 1}};
    struct tree *parsed = list ? tree_parse(name, field->preset, strlen(field->preset), err) : NULL;
    bool ok = (!list || parsed) && read_value(field, list ? parsed : &scalar, out, err);
    tree_free(parsed);
    free(scalar.text);
    return ok;
}

static bool fill_presets(const struct field *table, void *out, struct error *err)
{
    bool ok = true;
    for (const struct field *field = table; field->key; field++)
        ok = fill_preset(field, out, err) && ok;
    return ok;
}

static const struct field *find_field(const struct field *table, const char *key)
{
    for (const struct field *field = table; field->key; field++)
        if (strcmp(field->key, key) == 0)
            return field;
    return NULL;
}

static bool key_error(const struct tree *node, const char *sentence, struct error *err)
{
    const struct tree_mark *mark = node->key_mark.path ? &node->key_mark : &node->mark;
    return error_at(err, mark->path, mark->line, mark->column, "unknown key '%s'%s",
                    text_clip(node->key).bytes, sentence);
}

static bool unknown_key(const struct tree *node, const struct field *table, struct error *err)
{
    if (!err || err->n_faults == ERROR_FAULTS) /* spares the search for what nobody will read */
        return key_error(node, "", err);
    size_t n = 0;
    while (table[n].key)
        n++;
    const char **keys = mem_calloc(n + 1, sizeof *keys);
    struct text sentence = {0};
    for (size_t i = 0; i < n; i++)
        keys[i] = table[i].key;
    const char *near = text_nearest(node->key, keys);
    if (near)
        text_add(&sentence, " (did you mean '%s'?)", near);
    for (size_t i = 0; !near && i < n; i++)
        text_add(&sentence, "%s%s", i ? ", " : "; known here: ", keys[i]);
    key_error(node, sentence.bytes ? sentence.bytes : "", err);
    text_free(&sentence);
    free(keys);
    return false;
}

static bool missing_key(const struct tree *node, const struct field *field, struct error *err)
{
    const char *help = field->help ? field->help : "";
    size_t length = strlen(help);
    length -= length > 0 && help[length - 1] == '.';
    if (length == 0)
        return tree_error(err, node, "missing key '%s'", field->key);
    return tree_error(err, node, "missing key '%s' (%.*s)", field->key, (int)length, help);
}

/* Keys in the order of the file first, so that faults come in the order of its lines. */
static bool read_members(const struct tree *node, const struct field *table, void *out,
                         struct error *err)
{
    bool ok = true;
    for (size_t i = 0; i < node->n_children; i++) {
        const struct tree *child = node->child[i];
        const struct field *field = find_field(table, child->key);
        if (!field) {
            ok = unknown_key(child, table, err);
            continue;
        }
        if (field->present_offset)
            *(bool *)member(out, field->present_offset) = true;
        ok = read_value(field, child, out, err) && ok;
    }
    for (const struct field *field = table; field->key; field++) {
        if (tree_get(node, field->key))
            continue;
        ok = (field->required ? missing_key(node, field, err) : fill_preset(field, out, err)) && ok;
    }
    return ok;
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* Bytes up to the end of the last member that the table names. */
static size_t table_extent(const struct field *table)
{
    size_t extent = 0;
    for (const struct field *field = table; field->key; field++) {
        size_t sizes[] = {
            [FIELD_NUMBER] = sizeof(double), [FIELD_COUNT] = sizeof(uint64_t),
            [FIELD_BOOL] = sizeof(bool),     [FIELD_TEXT] = sizeof(char *),
            [FIELD_ENUM] = sizeof(int),      [FIELD_MAP] = 0,
            [FIELD_LIST] = sizeof(void *),   [FIELD_NUMBERS] = sizeof(double *),
            [FIELD_TEXTS] = sizeof(char **), [FIELD_TREE] = sizeof(struct tree *),
        };
        size_t size = field->type == FIELD_MAP ? table_extent(field->fields) : sizes[field->type];
        extent = larger(extent, field->offset + size);
        if (field->count_offset)
            extent = larger(extent, field->count_offset + sizeof(size_t));
        if (field->present_offset)
            extent = larger(extent, field->present_offset + sizeof(bool));
    }
    return extent;
}

bool fields_read(const struct tree *node, const struct field *table, void *out, struct error *err)
{
    memset(out, 0, table_extent(table));
    if (node->kind != TREE_MAP)
        return tree_error(err, node, "a map of keys is wanted here, not %s", kind_words(node));
    if (read_members(node, table, out, err))
        return true;
    fields_free(table, out);
    return false;
}

static void free_list(const struct field *field, void *out)
{
    char **list = member(out, field->offset);
    size_t *n = member(out, field->count_offset);
    for (size_t i = 0; i < *n; i++) {
        if (field->type == FIELD_LIST)
            fields_free(field->fields, *list + i * field->size);
        else if (field->type == FIELD_TEXTS)
            free(((char **)(void *)*list)[i]);
    }
    free(*list);
    *list = NULL;
    *n = 0;
}

void fields_free(const struct field *table, void *out)
{
    for (const struct field *field = table; field->key; field++) {
        char **text = member(out, field->offset);
        switch (field->type) {
        case FIELD_TEXT:
            free(*text);
            *text = NULL;
            break;
        case FIELD_MAP:
            fields_free(field->fields, member(out, field->offset));
            break;
        case FIELD_LIST:
        case FIELD_NUMBERS:
        case FIELD_TEXTS:
            free_list(field, out);
            break;
        case FIELD_NUMBER:
        case FIELD_COUNT:
        case FIELD_BOOL:
        case FIELD_ENUM:
        case FIELD_TREE:
            break;
        }
    }
}

static bool wrong_schema(const struct tree *value, const char *wanted, struct error *err)
{
    if (value->kind == TREE_SCALAR)
        return tree_error(err, value, "this file is '%s', not '%s'", text_clip(value->text).bytes,
                          wanted);
    return tree_error(err, value, "'schema' wants %s, not %s", wanted, kind_words(value));
}

bool fields_check_schema(const struct tree *root, const char *kind, struct error *err)
{
    char *wanted = mem_printf("qeilsim/%s/1", kind);
    const struct tree *schema = tree_get(root, "schema");
    bool ok = false;
    if (!schema)
        tree_error(err, root, "the first key must be 'schema: %s'", wanted);
    else if (schema->kind != TREE_SCALAR || strcmp(schema->text, wanted) != 0)
        wrong_schema(schema, wanted, err);
    else if (root->child[0] != schema)
        tree_error(err, schema, "'schema: %s' must be the first key", wanted);
    else
        ok = true;
    free(wanted);
    return ok;
}
