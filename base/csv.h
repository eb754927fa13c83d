/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Streaming CSV: the header decides columns by name, one row in memory at a time. Quotes (with
 * doubled inner quotes), CR-LF and a last line without newline are read; a row whose length differs
 * from the header's, a zero byte or an unclosed quote is an error with its line.
 * Empty lines are passed over. A cell ends with its line, also within quotes. */
#ifndef BASE_CSV_H
#define BASE_CSV_H

#include "base/error.h"

#include <stdint.h>

struct csv;
enum csv_status { CSV_ROW, CSV_END, CSV_FAILED };

/* Opens and reads the header. The caller owns the result and frees it with csv_close. */
struct csv *csv_open(const char *path, struct error *err);
/* As csv_open, for bytes in memory (borrowed until csv_close); `name` stands in messages. */
struct csv *csv_open_memory(const char *name, const char *bytes, size_t n, struct error *err);
void csv_close(struct csv *csv);

size_t csv_columns(const struct csv *csv);
const char *csv_column_name(const struct csv *csv, size_t column);
/* Finds a column by its exact name; false when there is none (no fault is set). */
bool csv_find(const struct csv *csv, const char *name, size_t *column);
/* As csv_find, but an absent column is a fault that names the columns that are there. */
bool csv_need(const struct csv *csv, const char *name, size_t *column, struct error *err);

enum csv_status csv_next(struct csv *csv, struct error *err);
size_t csv_line(const struct csv *csv); /* line of the current row, from 1 */
const char *csv_path(const struct csv *csv);

/* Cells of the current row; text is borrowed until the next csv_next. */
const char *csv_text(const struct csv *csv, size_t column);
bool csv_number(const struct csv *csv, size_t column, double *out, struct error *err);
bool csv_count(const struct csv *csv, size_t column, uint64_t *out, struct error *err);
/* A fault at the cell: it is not what is wanted ("a number from 0"). Returns false. */
bool csv_cell_error(const struct csv *csv, size_t column, const char *wanted, struct error *err);

#endif
