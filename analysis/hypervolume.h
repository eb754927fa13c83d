/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Hypervolume: the volume of the union of the boxes [a, r] over the points a of a set, all
 * objectives minimised. Exact. Two and three objectives are swept in O(n log n) (Fonseca, Paquete,
 * López-Ibáñez, "An improved dimension-sweep algorithm for the hypervolume indicator", CEC 2006).
 * From four on, points come in order of their last objective and each adds what it contributes to
 * those before it in one dimension less: O(n k log k) for four, k being the greatest number of
 * points that are nondominated in the first three; each further dimension costs a factor n. */
#ifndef ANALYSIS_HYPERVOLUME_H
#define ANALYSIS_HYPERVOLUME_H

#include <stddef.h>

/* Of f (n, m) against r (m), 1 <= m <= PARETO_OBJECTIVES. Points that are not strictly better than
 * r in every objective (or have a nan) add nothing; *discarded (may be NULL) gets their number.
 * Dominated and repeated points are allowed and change nothing. */
double analysis_hypervolume(const double *f, size_t n, size_t m, const double *r,
                            size_t *discarded);

/* Into out (n), for each point, the volume that would be lost without it alone: 0 for dominated
 * and repeated points and for those that analysis_hypervolume discards. O(n^2 log n) for up to
 * three objectives. */
void analysis_contributions(const double *f, size_t n, size_t m, const double *r, double *out);

#endif
