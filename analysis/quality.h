/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How near a front comes to the true one. Objectives are mapped to the true front's ranges before
 * anything is measured: ideal 0, nadir 1; an objective that is the same all over the true front
 * keeps its unit. The reference of volumes is 1.1 in each. */
#ifndef ANALYSIS_QUALITY_H
#define ANALYSIS_QUALITY_H

#include "analysis/pareto.h"

struct analysis_truth {
    size_t n, m;
    const double *f;                                              /* (n, m) borrowed */
    double *mapped;                                               /* (n, m) */
    double least[PARETO_OBJECTIVES], greatest[PARETO_OBJECTIVES]; /* ideal and nadir */
    double volume;                                                /* of the mapped front */
};

/* A true front f (n, m), n >= 1, which must outlive *truth. Freed with analysis_truth_free. */
void analysis_truth_init(struct analysis_truth *truth, const double *f, size_t n, size_t m);
void analysis_truth_free(struct analysis_truth *truth); /* also of a zeroed struct */

struct analysis_quality {
    double hv_ratio;    /* volume over that of the true front */
    double igd_plus;    /* see analysis/indicators.h */
    double epsilon;     /* additive */
    double share_found; /* of the true front */
};

/* Of f (n, m). */
double analysis_hv_ratio(const struct analysis_truth *truth, const double *f, size_t n);
struct analysis_quality analysis_quality_of(const struct analysis_truth *truth, const double *f,
                                            size_t n);

#endif
