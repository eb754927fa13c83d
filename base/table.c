/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/table.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static size_t cell_size(enum column_type type)
{
    switch (type) {
    case COLUMN_NUMBER:
        return sizeof(double);
    case COLUMN_COUNT:
        return sizeof(int64_t);
    case COLUMN_CODE:
        return sizeof(int32_t);
    case COLUMN_TEXT:
        break;
    }
    return sizeof(char *);
}

void table_init(struct table *table, const char *name, const struct column_spec *spec)
{
    *table = (struct table){.name = name, .spec = spec};
    while (spec[table->n_columns].name)
        table->n_columns++;
    table->column = mem_calloc(table->n_columns, sizeof *table->column);
}

static void make_room(struct table *table)
{
    if (table->n_rows < table->capacity)
        return;
    table->capacity = table->capacity ? table->capacity * 2 : 16;
    for (size_t c = 0; c < table->n_columns; c++)
        table->column[c] =
            mem_realloc(table->column[c], table->capacity, cell_size(table->spec[c].type));
}

void table_add(struct table *table, const void *row)
{
    make_room(table);
    for (size_t c = 0; c < table->n_columns; c++) {
        const struct column_spec *spec = &table->spec[c];
        const char *member = (const char *)row + spec->offset;
        size_t size = cell_size(spec->type);
        if (spec->type == COLUMN_TEXT) {
            const char *text;
            memcpy(&text, member, sizeof text);
            ((char **)table->column[c])[table->n_rows] = mem_strdup(text ? text : "");
        } else {
            memcpy((char *)table->column[c] + table->n_rows * size, member, size);
        }
    }
    table->n_rows++;
}

void table_get(const struct table *table, size_t row, void *out)
{
    for (size_t c = 0; c < table->n_columns; c++) {
        const struct column_spec *spec = &table->spec[c];
        size_t size = cell_size(spec->type);
        memcpy((char *)out + spec->offset, (const char *)table->column[c] + row * size, size);
    }
}

void table_free(struct table *table)
{
    for (size_t c = 0; c < table->n_columns; c++) {
        if (table->spec[c].type == COLUMN_TEXT)
            for (size_t r = 0; r < table->n_rows; r++)
                free(((char **)table->column[c])[r]);
        free(table->column[c]);
    }
    free(table->column);
    *table = (struct table){0};
}

/* Quotes only where a reader would otherwise see another cell or row. */
static void add_quoted(struct text *out, const char *cell)
{
    if (!cell[strcspn(cell, ",\"\r\n")]) {
        text_add_bytes(out, cell, strlen(cell));
        return;
    }
    text_add_bytes(out, "\"", 1);
    for (const char *p = cell; *p; p++) {
        if (*p == '"')
            text_add_bytes(out, "\"", 1);
        text_add_bytes(out, p, 1);
    }
    text_add_bytes(out, "\"", 1);
}

static const char *code_name(const struct column_spec *spec, int32_t code)
{
    for (int32_t i = 0; spec->names && spec->names[i]; i++)
        if (i == code)
            return spec->names[i];
    return "";
}

static void add_cell(const struct table *table, size_t c, size_t r, struct text *out)
{
    switch (table->spec[c].type) {
    case COLUMN_NUMBER: {
        double value = ((const double *)table->column[c])[r];
        if (!isnan(value))
            text_add(out, "%.17g", value);
        break;
    }
    case COLUMN_COUNT:
        text_add(out, "%lld", (long long)((const int64_t *)table->column[c])[r]);
        break;
    case COLUMN_CODE:
        add_quoted(out, code_name(&table->spec[c], ((const int32_t *)table->column[c])[r]));
        break;
    case COLUMN_TEXT:
        add_quoted(out, ((char *const *)table->column[c])[r]);
        break;
    }
}

void table_csv(const struct table *table, struct text *out)
{
    for (size_t c = 0; c < table->n_columns; c++) {
        if (c > 0)
            text_add_bytes(out, ",", 1);
        add_quoted(out, table->spec[c].name);
    }
    text_add_bytes(out, "\n", 1);
    for (size_t r = 0; r < table->n_rows; r++) {
        for (size_t c = 0; c < table->n_columns; c++) {
            if (c > 0)
                text_add_bytes(out, ",", 1);
            add_cell(table, c, r, out);
        }
        text_add_bytes(out, "\n", 1);
    }
}
