/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/fields_range.h"

#include <math.h>
#include <string.h>

struct fields_range fields_range(const struct field *field)
{
    bool limited = field->min != 0 || field->max != 0;
    if (limited)
        return (struct fields_range){field->min, field->max};
    if (field->type == FIELD_COUNT)
        return (struct fields_range){0, FIELDS_MAX_COUNT};
    return (struct fields_range){-INFINITY, INFINITY};
}

const char *fields_unit(const struct field *field)
{
    return field->unit && strcmp(field->unit, "1") != 0 ? field->unit : "";
}

static bool is_limit(double value)
{
    return fabs(value) < 1e300;
}

void fields_range_text(const struct field *field, struct text *out)
{
    struct fields_range range = fields_range(field);
    bool above = is_limit(range.min);
    bool below =
        is_limit(range.max) && (field->type != FIELD_COUNT || range.max < FIELDS_MAX_COUNT);
    if (above && below)
        text_add(out, "%.15g ... %.15g", range.min, range.max);
    else if (above)
        text_add(out, "at least %.15g", range.min);
    else if (below)
        text_add(out, "at most %.15g", range.max);
    if ((above || below) && *fields_unit(field))
        text_add(out, " %s", fields_unit(field));
}

static const char *type_words(enum field_type type)
{
    static const char *const words[] = {
        [FIELD_NUMBER] = "number",       [FIELD_COUNT] = "whole number",
        [FIELD_BOOL] = "true or false",  [FIELD_TEXT] = "text",
        [FIELD_ENUM] = "one of",         [FIELD_MAP] = "map",
        [FIELD_LIST] = "list of maps",   [FIELD_NUMBERS] = "list of numbers",
        [FIELD_TEXTS] = "list of texts", [FIELD_TREE] = "any value",
    };
    return words[type];
}

static void add_range(const struct field *field, struct text *out)
{
    bool numeric =
        field->type == FIELD_NUMBER || field->type == FIELD_COUNT || field->type == FIELD_NUMBERS;
    struct text range = {0};
    if (numeric)
        fields_range_text(field, &range);
    if (range.length > 0)
        text_add(out, ", %s", range.bytes);
    else if (*fields_unit(field))
        text_add(out, " in %s", fields_unit(field));
    text_free(&range);
}

static void add_preset(const struct field *field, struct text *out)
{
    const char *unit = fields_unit(field);
    if (field->required)
        text_add(out, ", required");
    else if (field->preset && !*field->preset)
        text_add(out, ", preset: empty");
    else if (field->preset)
        text_add(out, ", preset %s%s%s", field->preset, *unit ? " " : "", unit);
    else
        text_add(out, ", optional");
}

static void describe_table(const struct field *table, int indent, struct text *out)
{
    for (const struct field *field = table; field->key; field++) {
        text_add(out, "%*s- `%s`: %s", indent, "", field->key, type_words(field->type));
        for (size_t i = 0; field->type == FIELD_ENUM && field->names[i]; i++)
            text_add(out, "%s%s", i ? ", " : " ", field->names[i]);
        add_range(field, out);
        add_preset(field, out);
        text_add(out, ".%s%s\n", field->help ? " " : "", field->help ? field->help : "");
        if (field->fields)
            describe_table(field->fields, indent + 2, out);
    }
}

void fields_describe(const struct field *table, const char *kind, struct text *out)
{
    if (kind)
        text_add(out, "# %s\n\nThe first line is `schema: qeilsim/%s/1`.\n\n", kind, kind);
    describe_table(table, 0, out);
}
