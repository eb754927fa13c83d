/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Volumes in three dimensions, swept along z. For hypervolume.c alone. */
#ifndef ANALYSIS_SWEEP_H
#define ANALYSIS_SWEEP_H

#include "analysis/staircase.h"

struct sweep_point {
    double x, y, z;
    size_t slot; /* the caller's; sweep_volume overwrites it */
};

/* Puts points in order of rising z. */
void sweep_sort(struct sweep_point *point, size_t n);

/* Volume of the union of the boxes [point, r], all points strictly better than r. Reorders them.
 * O(n log n). */
double sweep_volume(struct sweep_point *point, size_t n, const double r[3]);

/* Points in order of rising z, seen from any one of them. */
struct sweep {
    struct sweep_point *point; /* (n) */
    size_t n;
    double r[3];
    struct staircase work; /* overwritten; zeroed at first, freed at last by the caller */
};

/* Volume of [p, r] that no box [point[i], r] with i != skip covers; 0 when a point weakly dominates
 * p, which is strictly better than r. O(n log k), k being the steps of the points as p sees them.
 */
double sweep_contribution(struct sweep *sweep, const struct sweep_point *p, size_t skip);

#endif
