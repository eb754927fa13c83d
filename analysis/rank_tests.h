/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two samples compared by ranks, without a law of the values: who tends to be greater, and how
 * likely is that by chance. All tests are two-sided; equal values share the mean of their ranks. */
#ifndef ANALYSIS_RANK_TESTS_H
#define ANALYSIS_RANK_TESTS_H

#include <stdbool.h>
#include <stddef.h>

/* Samples of up to this many values are tested exactly: by counting all ways in which the ranks,
 * ties and all, could have fallen (Streitberg, Röhmel, "Exact distributions for permutation and
 * rank tests", Statistical Software Newsletter 12, 1986). */
enum { ANALYSIS_EXACT_VALUES = 50 };

struct analysis_test {
    double statistic;
    double p;   /* of a statistic at least as far from its mean; nan for samples with nan or none */
    bool exact; /* else by the normal law, with corrections for ties and continuity */
};

/* Are the values of x (n) greater or smaller than those of y (n_y)? The samples are independent.
 * Statistic: U, the pairs in which x is greater, ties by half (Mann, Whitney, Annals of
 * Mathematical Statistics 18, 1947). */
struct analysis_test analysis_mann_whitney(const double *x, size_t n, const double *y, size_t n_y);
/* The same by the normal law, whatever the size. */
struct analysis_test analysis_mann_whitney_normal(const double *x, size_t n, const double *y,
                                                  size_t n_y);

/* Are the values of x (n) greater or smaller than those of y (n), pair by pair? Pairs of equal
 * values are left out; with no pair left p is 1. Statistic: the sum of the ranks of |x - y| over
 * pairs with x > y (Wilcoxon, Biometrics Bulletin 1, 1945). */
struct analysis_test analysis_wilcoxon(const double *x, const double *y, size_t n);
struct analysis_test analysis_wilcoxon_normal(const double *x, const double *y, size_t n);

/* The chance that a value of x (n) is greater than one of y (n_y), ties by half; 0.5 is no effect
 * (A12 of Vargha, Delaney, Journal of Educational and Behavioral Statistics 25, 2000). nan for
 * samples with nan or none. */
double analysis_a12(const double *x, size_t n, const double *y, size_t n_y);

/* Into out (n), which may be p itself: p (n) of n tests made together, adjusted so that the chance
 * of any false alarm is at most the level asked for (Holm, Scandinavian Journal of Statistics 6,
 * 1979). nan stays nan and counts as no test. */
void analysis_holm(const double *p, size_t n, double *out);

#endif
