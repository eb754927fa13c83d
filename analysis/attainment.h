/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What several runs of a search reach: the k-th attainment surface is the lower edge of all that
 * at least k of the runs' sets weakly dominate, all objectives minimised; k = 1 is the best, the
 * number of sets the worst, half of it the median (Grunert da Fonseca, Fonseca, Hall, "Inferential
 * performance assessment of stochastic optimisers and the attainment function", EMO 2001). */
#ifndef ANALYSIS_ATTAINMENT_H
#define ANALYSIS_ATTAINMENT_H

#include <stddef.h>

/* Points of several sets: that of point i is set[i] < n_sets. */
struct analysis_sets {
    const double *f;   /* (n, m), m = 2 or 3 */
    const size_t *set; /* (n) */
    size_t n, m, n_sets;
};

/* The points that make the k-th surface, 1 <= k <= n_sets: (*n_out, m), ordered by the third
 * objective where there is one, then by the first; none dominates or equals another. Points with a
 * nan belong to no set. The caller frees the result. Three objectives take a time that grows with
 * the points times the steps of all sets that each of them hides in the plane of the first two. */
double *analysis_attainment(const struct analysis_sets *sets, size_t k, size_t *n_out);

#endif
