/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The nondominated points of a growing set in the plane, both coordinates minimised: sorted by
 * rising x, hence by falling y. For analysis/ alone. */
#ifndef ANALYSIS_STAIRCASE_H
#define ANALYSIS_STAIRCASE_H

#include <stdbool.h>
#include <stddef.h>

struct staircase_step {
    double x, y;
};
/* A zeroed struct is empty. */
struct staircase {
    struct staircase_step *step; /* (n) */
    size_t n, capacity;
};

void staircase_free(struct staircase *stairs);
void staircase_copy(struct staircase *to, const struct staircase *from); /* reuses to's room */

/* A step with both coordinates at or below (x, y), or NULL. Borrowed until a step is added. O(log
 * n).
 */
const struct staircase_step *staircase_cover(const struct staircase *stairs, double x, double y);
/* Adds a point unless it is covered; false when it is. O(log n) and the steps behind it move. */
bool staircase_add(struct staircase *stairs, double x, double y);
/* Adds a point and returns by how much the area of the union of [x, corner[0]] *
 * [y, corner[1]] grows. The point must lie below and left of that corner. */
double staircase_gain(struct staircase *stairs, double x, double y, const double *corner);

#endif
