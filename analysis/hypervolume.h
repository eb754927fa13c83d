/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Hypervolume: the volume of the union of the boxes [a, r] over the points a of a set, all
 * objectives minimised. Exact. Two and three dimensions are swept in O(n log n + n·s), s being the
 * largest staircase met (Fonseca, Paquete, López-Ibáñez, "An improved dimension-sweep algorithm for
 * the hypervolume indicator", CEC 2006, with the staircase in an array); each further dimension
 * slices the set and costs a factor n. */
#ifndef ANALYSIS_HYPERVOLUME_H
#define ANALYSIS_HYPERVOLUME_H

#include <stddef.h>

/* Of f (n, m) against r (m), 1 <= m <= PARETO_OBJECTIVES. Points that are not strictly better than
 * r in every objective (or have a nan) add nothing; *discarded (may be NULL) gets their number.
 * Dominated and repeated points are allowed and change nothing. */
double analysis_hypervolume(const double *f, size_t n, size_t m, const double *r,
                            size_t *discarded);

#endif
