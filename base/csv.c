/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/csv.h"

#include "base/lines.h"
#include "base/memory.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_COLUMNS = 4096 };

struct cell {
    const char *text; /* within the line, ends with a zero byte */
    size_t column;    /* where it stands in the line, from 1 */
};

struct csv {
    struct lines lines; /* the current one is cut into cells in place */
    struct cell *cell;  // (n_cells) of the current row
    size_t n_cells, cell_room;
    char **name; // (n_columns)
    size_t n_columns;
};

static bool line_error(const struct csv *csv, size_t column, const char *what, struct error *err)
{
    return error_at(err, csv->lines.path, csv->lines.number, column, "%s", what);
}

static bool add_cell(struct csv *csv, const char *text, const char *from, struct error *err)
{
    size_t column = (size_t)(from - csv->lines.text) + 1;
    if (csv->n_cells == MAX_COLUMNS)
        return error_at(err, csv->lines.path, csv->lines.number, column,
                        "more than %d columns are not read", MAX_COLUMNS);
    csv->cell = mem_grow(csv->cell, &csv->cell_room, csv->n_cells + 1, sizeof *csv->cell);
    csv->cell[csv->n_cells++] = (struct cell){.text = text, .column = column};
    return true;
}

/* Cuts the quoted cell that starts at `p`, joining doubled quotes in place. Returns its end (a
 * comma or the line's end), or NULL with a fault. */
static char *cut_quoted(struct csv *csv, char *p, struct error *err)
{
    size_t column = (size_t)(p - csv->lines.text) + 1;
    char *to = p + 1;
    bool closed = false;
    if (!add_cell(csv, to, p, err))
        return NULL;
    for (p++; *p && !closed; p++) {
        if (*p == '"' && p[1] != '"') {
            closed = true;
            continue;
        }
        p += *p == '"';
        *to++ = *p;
    }
    if (!closed) {
        line_error(csv, column, "this quote is not closed in its line", err);
        return NULL;
    }
    if (*p && *p != ',') {
        line_error(csv, (size_t)(p - csv->lines.text) + 1, "text after a closing quote", err);
        return NULL;
    }
    *to = '\0';
    return p;
}

static char *cut_plain(struct csv *csv, char *p, char *end, struct error *err)
{
    if (!add_cell(csv, p, p, err))
        return NULL;
    char *comma = memchr(p, ',', (size_t)(end - p));
    return comma ? comma : end;
}

/* Cuts the line in the buffer into cells. */
static bool cut_line(struct csv *csv, size_t length, struct error *err)
{
    char *p = csv->lines.text, *end = csv->lines.text + length;
    csv->n_cells = 0;
    for (;;) {
        p = *p == '"' ? cut_quoted(csv, p, err) : cut_plain(csv, p, end, err);
        if (!p)
            return false;
        if (p == end)
            return true;
        *p++ = '\0';
    }
}

static enum csv_status next_line(struct csv *csv, struct error *err)
{
    enum lines_status status;
    do
        status = lines_next(&csv->lines, err);
    while (status == LINES_LINE && csv->lines.length == 0);
    if (status == LINES_LINE)
        return cut_line(csv, csv->lines.length, err) ? CSV_ROW : CSV_FAILED;
    return status == LINES_END ? CSV_END : CSV_FAILED;
}

static bool add_names(struct csv *csv, struct error *err)
{
    csv->name = mem_calloc(csv->n_cells, sizeof *csv->name);
    for (size_t i = 0; i < csv->n_cells; i++) {
        const char *name = csv->cell[i].text;
        size_t other;
        if (*name && csv_find(csv, name, &other))
            return error_at(err, csv->lines.path, csv->lines.number, csv->cell[i].column,
                            "column '%s' is named twice", text_clip(name).bytes);
        csv->name[csv->n_columns++] = mem_strdup(name);
    }
    return true;
}

static bool read_header(struct csv *csv, struct error *err)
{
    enum csv_status status = next_line(csv, err);
    if (status == CSV_END)
        return error_at(err, csv->lines.path, 1, 1, "the file is empty");
    return status == CSV_ROW && add_names(csv, err);
}

/* Takes the lines over, if they were opened. */
static struct csv *open_lines(bool opened, const struct lines *lines, struct error *err)
{
    if (!opened)
        return NULL;
    struct csv *csv = mem_calloc(1, sizeof *csv);
    csv->lines = *lines;
    if (read_header(csv, err))
        return csv;
    csv_close(csv);
    return NULL;
}

struct csv *csv_open(const char *path, struct error *err)
{
    struct lines lines;
    return open_lines(lines_open(&lines, path, err), &lines, err);
}

struct csv *csv_open_memory(const char *name, const char *bytes, size_t n, struct error *err)
{
    struct lines lines;
    return open_lines(lines_open_memory(&lines, name, bytes, n, err), &lines, err);
}

void csv_close(struct csv *csv)
{
    if (!csv)
        return;
    lines_close(&csv->lines);
    for (size_t i = 0; i < csv->n_columns; i++)
        free(csv->name[i]);
    free(csv->name);
    free(csv->cell);
    free(csv);
}

size_t csv_columns(const struct csv *csv)
{
    return csv->n_columns;
}

const char *csv_column_name(const struct csv *csv, size_t column)
{
    return csv->name[column];
}

bool csv_find(const struct csv *csv, const char *name, size_t *column)
{
    for (size_t i = 0; i < csv->n_columns; i++) {
        if (strcmp(csv->name[i], name) == 0) {
            *column = i;
            return true;
        }
    }
    return false;
}

bool csv_need(const struct csv *csv, const char *name, size_t *column, struct error *err)
{
    if (csv_find(csv, name, column))
        return true;
    struct text there = {0};
    for (size_t i = 0; i < csv->n_columns; i++)
        text_add(&there, "%s%s", i ? ", " : "", text_clip(csv->name[i]).bytes);
    error_at(err, csv->lines.path, 1, 1, "column '%s' is not there; the columns are: %s", name,
             there.bytes);
    text_free(&there);
    return false;
}

enum csv_status csv_next(struct csv *csv, struct error *err)
{
    enum csv_status status = next_line(csv, err);
    if (status != CSV_ROW || csv->n_cells == csv->n_columns)
        return status;
    error_at(err, csv->lines.path, csv->lines.number, 1, "the row has %zu cells, the header %zu",
             csv->n_cells, csv->n_columns);
    return CSV_FAILED;
}

size_t csv_line(const struct csv *csv)
{
    return csv->lines.number;
}

const char *csv_path(const struct csv *csv)
{
    return csv->lines.path;
}

const char *csv_text(const struct csv *csv, size_t column)
{
    return csv->cell[column].text;
}

bool csv_cell_error(const struct csv *csv, size_t column, const char *wanted, struct error *err)
{
    const struct cell *cell = &csv->cell[column];
    const char *name = csv->name[column];
    if (!*cell->text)
        return error_at(err, csv->lines.path, csv->lines.number, cell->column,
                        "column '%s': the cell is empty, %s is wanted", name, wanted);
    return error_at(err, csv->lines.path, csv->lines.number, cell->column,
                    "column '%s': '%s' is not %s", name, text_clip(cell->text).bytes, wanted);
}

bool csv_number(const struct csv *csv, size_t column, double *out, struct error *err)
{
    return text_number(csv->cell[column].text, out) || csv_cell_error(csv, column, "a number", err);
}

bool csv_count(const struct csv *csv, size_t column, uint64_t *out, struct error *err)
{
    return text_count(csv->cell[column].text, out) ||
           csv_cell_error(csv, column, "a whole number from 0", err);
}
