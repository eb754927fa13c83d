/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "devices/measurements/columns.h"

#include "base/memory.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

bool measured_column_find(const struct measured_table *table, const char *name, size_t *column)
{
    for (size_t i = 0; i < table->n_columns; i++) {
        if (strcmp(table->column[i], name) == 0) {
            *column = i;
            return true;
        }
    }
    return false;
}

bool measured_column_need(const struct measured_table *table, const char *name, size_t *column,
                          struct error *err)
{
    if (measured_column_find(table, name, column))
        return true;
    struct text there = {0};
    const char **names = mem_calloc(table->n_columns + 1, sizeof *names);
    for (size_t i = 0; i < table->n_columns; i++) {
        names[i] = table->column[i];
        text_add(&there, "%s%s", i ? ", " : "", text_clip(names[i]).bytes);
    }
    char *hint = text_hint(name, names);
    error_set(err, "there is no column '%s'%s; the columns are: %s", text_clip(name).bytes, hint,
              there.bytes ? there.bytes : "none");
    free(hint);
    free(names);
    text_free(&there);
    return false;
}
