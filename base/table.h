/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows with named columns that carry units. One column table per row struct gives the HDF5
 * datasets, the CSV header, the JSON keys and the documentation. */
#ifndef BASE_TABLE_H
#define BASE_TABLE_H

#include "base/text.h"

#include <stddef.h>
#include <stdint.h>

enum column_type {
    COLUMN_NUMBER, /* double; nan is "missing" */
    COLUMN_COUNT,  /* int64_t */
    COLUMN_CODE,   /* int32_t, index into .names (NULL-ended) */
    COLUMN_TEXT    /* const char *, copied into the table */
};

struct column_spec {
    const char *name; /* ends in its unit where it has one: "energy_J" */
    enum column_type type;
    size_t offset;    /* of the member in the row struct */
    const char *unit; /* "s", "J", "W", "1"; "" never */
    const char *long_name;
    const char *const *names; /* COLUMN_CODE */
};

/* A column that is called as its member of struct `row`. */
#define COLUMN_OF(row, type, name, unit, text)                                                     \
    {                                                                                              \
#name, type, offsetof(struct row, name), unit, text, NULL                                  \
    }

struct table {
    const char *name;               /* borrowed */
    const struct column_spec *spec; /* borrowed, ends with a NULL name */
    size_t n_columns, n_rows, capacity;
    void **column; /* (n_columns) arrays of double, int64_t, int32_t or char * */
};

void table_init(struct table *table, const char *name, const struct column_spec *spec);
void table_add(struct table *table, const void *row);
/* Fills *out, a row struct, with row `row`; its texts are borrowed until the table changes. */
void table_get(const struct table *table, size_t row, void *out);
void table_free(struct table *table);

/* The header holds the columns' names; numbers are %.17g, missing is empty. */
void table_csv(const struct table *table, struct text *out);

#endif
