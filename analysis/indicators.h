/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How far a set of points a (n, m) is from a reference set z (n_z, m), 1 <= m <=
 * PARETO_OBJECTIVES, all objectives minimised and finite. The first three never rank a set behind
 * one that it dominates; where a weakly dominates all of z they are at most 0 (the multiplicative
 * one at most 1). With no point in a they are infinite, with none in z nan. Each costs O(m n n_z).
 */
#ifndef ANALYSIS_INDICATORS_H
#define ANALYSIS_INDICATORS_H

#include <stddef.h>

/* Mean over z of the least sqrt(sum max(a_o - z_o, 0)^2) (Ishibuchi et al., "Modified distance
 * calculation in generational distance and inverted generational distance", EMO 2015). */
double analysis_igd_plus(const double *a, size_t n, const double *z, size_t n_z, size_t m);

/* The least value that, added to each objective of z, makes all of z weakly dominated by a (Zitzler
 * et al., "Performance assessment of multiobjective optimizers", IEEE TEC 7(2), 2003). */
double analysis_epsilon_additive(const double *a, size_t n, const double *z, size_t n_z, size_t m);
/* The same for a factor. All values must be greater than 0; else nan. */
double analysis_epsilon_multiplicative(const double *a, size_t n, const double *z, size_t n_z,
                                       size_t m);

/* Share of z's points that a has too, equal in every objective. */
double analysis_share_found(const double *a, size_t n, const double *z, size_t n_z, size_t m);

#endif
