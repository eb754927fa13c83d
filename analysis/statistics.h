/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sums that do not lose digits, moments and percentiles of arrays. Missing values are the caller's
 * business: a nan among the values gives nan. Functions of no values give nan. */
#ifndef ANALYSIS_STATISTICS_H
#define ANALYSIS_STATISTICS_H

#include <stddef.h>
#include <stdint.h>

/* Compensated sum (Neumaier, ZAMM 54, 1974): its error does not grow with the number of terms. */
struct analysis_sum {
    double sum, lost;
};
void analysis_sum_add(struct analysis_sum *sum, double value);
double analysis_sum_value(const struct analysis_sum *sum);

/* Running moments and extremes (Welford, Technometrics 4, 1962). A zeroed struct is empty. The
 * extremes pass over nan. */
struct analysis_moments {
    uint64_t n;
    double mean, squares; /* squares: sum of squared deviations from the mean */
    double least, greatest;
};
void analysis_moments_add(struct analysis_moments *moments, double value);
double analysis_moments_sd(const struct analysis_moments *moments); /* of a sample; nan if n < 2 */

double analysis_mean(const double *value, size_t n);
double analysis_sd(const double *value, size_t n); /* of a sample (n - 1); nan if n < 2 */
double analysis_median(const double *value, size_t n);

/* Percentile p in [0, 100] by linear interpolation between order statistics, type 7 of Hyndman and
 * Fan (The American Statistician 50, 1996): what numpy and R give by default. */
double analysis_percentile(const double *value, size_t n, double p);
/* Percentile by nearest rank: the least value with at least p % of the values at or below it. */
double analysis_percentile_rank(const double *value, size_t n, double p);
/* Percentiles p (n_p) of type 7 into out (n_p), sorting one copy of the values once. */
void analysis_percentiles(const double *value, size_t n, const double *p, size_t n_p, double *out);

/* The same of values already in ascending order, without a copy. */
double analysis_sorted_percentile(const double *sorted, size_t n, double p);
double analysis_sorted_percentile_rank(const double *sorted, size_t n, double p);
void analysis_sort(double *value, size_t n); /* ascending; nan last */

#endif
