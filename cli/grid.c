/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/grid.h"

#include "base/memory.h"
#include "cli/cli.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static void add_cell(struct grid *grid, char *text)
{
    grid->cell = mem_grow(grid->cell, &grid->capacity, grid->n + 1, sizeof *grid->cell);
    grid->cell[grid->n++] = text;
}

void grid_add(struct grid *grid, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    char *text = mem_calloc((size_t)(length < 0 ? 0 : length) + 1, 1);
    if (length > 0)
        vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    add_cell(grid, text);
}

struct grid_number grid_number(double value)
{
    struct grid_number number;
    double size = fabs(value);
    if (!isfinite(value))
        snprintf(number.text, sizeof number.text, "-");
    else if (size >= 1000 && size < 1e9)
        snprintf(number.text, sizeof number.text, "%.0f", value);
    else
        snprintf(number.text, sizeof number.text, "%.4g", value);
    return number;
}

void grid_add_number(struct grid *grid, double value)
{
    add_cell(grid, mem_strdup(grid_number(value).text));
}

void grid_add_row(struct grid *grid, const char *const *cells)
{
    for (size_t i = 0; cells[i]; i++)
        add_cell(grid, mem_strdup(cells[i]));
}

/* Letters, not bytes, of UTF-8. */
static size_t width_of(const char *text)
{
    size_t width = 0;
    for (; *text; text++)
        width += ((unsigned char)*text & 0xC0) != 0x80;
    return width;
}

static size_t *column_widths(const struct grid *grid, size_t columns)
{
    size_t *width = mem_calloc(columns, sizeof *width);
    for (size_t i = 0; i < grid->n; i++) {
        size_t w = width_of(grid->cell[i]);
        if (w > width[i % columns])
            width[i % columns] = w;
    }
    return width;
}

/* Blanks that follow come out only when a further cell does, so that no line ends with them. */
static void print_row(const struct grid *grid, size_t row, const size_t *width, FILE *stream)
{
    size_t columns = strlen(grid->align), blanks = 0;
    for (size_t c = 0; c < columns && row * columns + c < grid->n; c++) {
        const char *cell = grid->cell[row * columns + c];
        size_t room = width[c] - width_of(cell);
        if (grid->align[c] == 'r')
            blanks += room;
        if (*cell) {
            fprintf(stream, "%*s%s", (int)blanks, "", cell);
            blanks = 0;
        }
        blanks += grid->align[c] == 'r' ? 2 : room + 2;
    }
}

void grid_print(struct grid *grid, size_t indent, bool head, FILE *stream)
{
    size_t columns = strlen(grid->align);
    size_t rows = (grid->n + columns - 1) / columns;
    size_t *width = column_widths(grid, columns);
    struct cli_style style = cli_style(stream ? stream : stdout);
    for (size_t r = 0; stream && r < rows; r++) {
        fprintf(stream, "%*s%s", (int)indent, "", head && r == 0 ? style.bold : "");
        print_row(grid, r, width, stream);
        fprintf(stream, "%s\n", head && r == 0 ? style.plain : "");
    }
    for (size_t i = 0; i < grid->n; i++)
        free(grid->cell[i]);
    free(grid->cell);
    free(width);
    *grid = (struct grid){0};
}
