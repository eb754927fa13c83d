/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sets of points as text: a point a line, its numbers parted by blanks; sets parted by lines
 * without a number. '#' begins a comment. One set in memory at a time. */
#ifndef BASE_POINTS_H
#define BASE_POINTS_H

#include "base/lines.h"

/* Opened by points_open, closed by points_close. */
struct points {
    struct lines lines;
    size_t m;    /* numbers of each point of the file; 0 before the first */
    size_t n;    /* points of the current set */
    double *f;   /* (n, m) */
    size_t line; /* of the set's first point */
    size_t room; /* numbers that f has room for */
};

enum points_status { POINTS_SET, POINTS_END, POINTS_FAILED };

bool points_open(struct points *points, const char *path, struct error *err);
/* As points_open, for bytes in memory (borrowed until points_close); `name` stands in messages. */
bool points_open_memory(struct points *points, const char *name, const char *bytes, size_t n,
                        struct error *err);
void points_close(struct points *points);

/* Reads the next set that has points. What is no finite number and a point that has not as many
 * numbers as the file's first are faults; so is a file without points. All faults of the file are
 * told before it fails, as many as err holds. */
enum points_status points_next(struct points *points, struct error *err);

#endif
