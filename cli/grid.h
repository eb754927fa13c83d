/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tables on a terminal: cells are gathered, then printed in columns that are as wide as needed. */
#ifndef CLI_GRID_H
#define CLI_GRID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct grid {
    const char *align; /* borrowed: 'l' or 'r' for each column */
    char **cell;       /* row by row; owned */
    size_t n, capacity;
};

/* Adds the next cell. */
void grid_add(struct grid *grid, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Adds a number with four digits, "-" where there is none. */
void grid_add_number(struct grid *grid, double value);
/* Adds several cells of text: grid_add_row(&grid, GRID_CELLS("a", "b")). */
void grid_add_row(struct grid *grid, const char *const *cells);
#define GRID_CELLS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* Prints the rows, each after `indent` blanks; the first one in bold when it is a head and the
 * stream a terminal. Then frees the cells; without a stream it does only that. */
void grid_print(struct grid *grid, size_t indent, bool head, FILE *stream);

/* A number as grid_add_number writes it. */
struct grid_number {
    char text[32];
};
struct grid_number grid_number(double value);

#endif
