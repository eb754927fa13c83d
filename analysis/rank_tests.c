/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/rank_tests.h"

#include "base/memory.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

struct value {
    double value;
    size_t index; /* in the caller's order */
};

static int by_value(const void *a, const void *b)
{
    const struct value *p = a, *q = b;
    return (p->value > q->value) - (p->value < q->value);
}

/* Ranks of values, all doubled so that means of neighbouring ranks are whole. */
struct ranking {
    uint32_t *rank; /* (n) in the caller's order; 2, 4, ... where there are no ties */
    size_t n;
    double ties; /* sum of t^3 - t over groups of t equal values */
};

/* The caller frees ranking.rank. Sorts the values. */
static struct ranking ranking_of(struct value *value, size_t n)
{
    struct ranking ranking = {.rank = mem_calloc(n, sizeof *ranking.rank), .n = n};
    qsort(value, n, sizeof *value, by_value);
    for (size_t i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && value[end].value == value[i].value; end++)
            ;
        double t = (double)(end - i);
        ranking.ties += t * t * t - t;
        for (size_t j = i; j < end; j++)
            ranking.rank[value[j].index] = (uint32_t)(i + end + 1);
    }
    return ranking;
}

/* How far the law of a statistic reaches beyond what was seen, on both sides of its mean; all
 * doubled. */
struct tail {
    uint64_t sum;  /* seen */
    uint64_t mean; /* twice the mean, which may be half a number */
};

static bool beyond(const struct tail *tail, uint64_t sum)
{
    uint64_t seen = 2 * tail->sum, other = 2 * sum;
    uint64_t far = seen > tail->mean ? seen - tail->mean : tail->mean - seen;
    return (other > tail->mean ? other - tail->mean : tail->mean - other) >= far;
}

/* Share of the ways (sums) in which the sum is as far from the mean as tail->sum. */
static double share_beyond(const double *ways, size_t sums, const struct tail *tail)
{
    double all = 0, far = 0;
    for (size_t sum = 0; sum < sums; sum++) {
        all += ways[sum];
        far += beyond(tail, sum) ? ways[sum] : 0;
    }
    return fmin(1, far / all);
}

static uint64_t total(const struct ranking *ranking)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < ranking->n; i++)
        sum += ranking->rank[i];
    return sum;
}

/* Share of the choices of n among all ranks whose sum is as far from the mean as that of the first
 * n. ways (n + 1, sums): choices so far of each size with each sum. */
static double chosen_beyond(const struct ranking *ranking, size_t n, uint64_t seen)
{
    size_t sums = (size_t)total(ranking) + 1;
    double *ways = mem_calloc((n + 1) * sums, sizeof *ways);
    ways[0] = 1;
    for (size_t i = 0; i < ranking->n; i++) {
        uint32_t rank = ranking->rank[i];
        for (size_t size = n; size > 0; size--) {
            double *with = ways + size * sums, *without = with - sums;
            for (size_t sum = rank; sum < sums; sum++)
                with[sum] += without[sum - rank];
        }
    }
    struct tail tail = {seen, (uint64_t)n * 2 * (ranking->n + 1)};
    double p = share_beyond(ways + n * sums, sums, &tail);
    free(ways);
    return p;
}

/* The same of all subsets, of whatever size. */
static double subset_beyond(const struct ranking *ranking, uint64_t seen)
{
    size_t sums = (size_t)total(ranking) + 1;
    double *ways = mem_calloc(sums, sizeof *ways);
    ways[0] = 1;
    for (size_t i = 0; i < ranking->n; i++)
        for (size_t sum = sums; sum-- > ranking->rank[i];)
            ways[sum] += ways[sum - ranking->rank[i]];
    struct tail tail = {seen, sums - 1};
    double p = share_beyond(ways, sums, &tail);
    free(ways);
    return p;
}

/* Of a statistic this far from its mean. */
static double normal_p(double distance, double variance)
{
    if (!(variance > 0))
        return 1;
    return 2 * gsl_cdf_ugaussian_Q(fmax(fabs(distance) - 0.5, 0) / sqrt(variance));
}

static bool has_nan(const double *value, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (isnan(value[i]))
            return true;
    return false;
}

static const struct analysis_test no_test = {(double)NAN, (double)NAN, false};

/* Ranks of x and y together, x first. The caller frees the rank. */
static struct ranking rank_together(const double *x, size_t n, const double *y, size_t n_y)
{
    struct value *value = mem_calloc(n + n_y, sizeof *value);
    for (size_t i = 0; i < n + n_y; i++)
        value[i] = (struct value){i < n ? x[i] : y[i - n], i};
    struct ranking ranking = ranking_of(value, n + n_y);
    free(value);
    return ranking;
}

static struct analysis_test mann_whitney(const double *x, size_t n, const double *y, size_t n_y,
                                         bool exact)
{
    if (n == 0 || n_y == 0 || has_nan(x, n) || has_nan(y, n_y))
        return no_test;
    struct ranking ranking = rank_together(x, n, y, n_y);
    uint64_t sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += ranking.rank[i];
    double a = (double)n, b = (double)n_y, all = a + b;
    struct analysis_test test = {(double)sum / 2 - a * (a + 1) / 2, 0, exact};
    double variance = a * b / 12 * (all + 1 - ranking.ties / (all * (all - 1)));
    test.p =
        exact ? chosen_beyond(&ranking, n, sum) : normal_p(test.statistic - a * b / 2, variance);
    free(ranking.rank);
    return test;
}

struct analysis_test analysis_mann_whitney(const double *x, size_t n, const double *y, size_t n_y)
{
    bool small = n <= ANALYSIS_EXACT_VALUES && n_y <= ANALYSIS_EXACT_VALUES;
    return mann_whitney(x, n, y, n_y, small);
}

struct analysis_test analysis_mann_whitney_normal(const double *x, size_t n, const double *y,
                                                  size_t n_y)
{
    return mann_whitney(x, n, y, n_y, false);
}

double analysis_a12(const double *x, size_t n, const double *y, size_t n_y)
{
    double u = analysis_mann_whitney_normal(x, n, y, n_y).statistic;
    return u / ((double)n * (double)n_y);
}

/* Ranks of the differences that are not 0; *sum gets that of the positive ones' ranks. The caller
 * frees the rank. */
static struct ranking rank_differences(const double *x, const double *y, size_t n, uint64_t *sum)
{
    struct value *value = mem_calloc(n, sizeof *value);
    bool *positive = mem_calloc(n, sizeof *positive);
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        if (x[i] == y[i])
            continue;
        positive[kept] = x[i] > y[i];
        value[kept] = (struct value){fabs(x[i] - y[i]), kept};
        kept++;
    }
    struct ranking ranking = ranking_of(value, kept);
    *sum = 0;
    for (size_t i = 0; i < kept; i++)
        *sum += positive[i] ? ranking.rank[i] : 0;
    free(positive);
    free(value);
    return ranking;
}

static struct analysis_test wilcoxon(const double *x, const double *y, size_t n, bool exact)
{
    if (n == 0 || has_nan(x, n) || has_nan(y, n))
        return no_test;
    uint64_t sum;
    struct ranking ranking = rank_differences(x, y, n, &sum);
    double pairs = (double)ranking.n;
    struct analysis_test test = {(double)sum / 2, 0, exact};
    double variance = pairs * (pairs + 1) * (2 * pairs + 1) / 24 - ranking.ties / 48;
    test.p = exact ? subset_beyond(&ranking, sum)
                   : normal_p(test.statistic - pairs * (pairs + 1) / 4, variance);
    free(ranking.rank);
    return test;
}

struct analysis_test analysis_wilcoxon(const double *x, const double *y, size_t n)
{
    return wilcoxon(x, y, n, n <= ANALYSIS_EXACT_VALUES);
}

struct analysis_test analysis_wilcoxon_normal(const double *x, const double *y, size_t n)
{
    return wilcoxon(x, y, n, false);
}

void analysis_holm(const double *p, size_t n, double *out)
{
    struct value *value = mem_calloc(n, sizeof *value);
    size_t tests = 0;
    for (size_t i = 0; i < n; i++) {
        if (isnan(p[i]))
            out[i] = p[i];
        else
            value[tests++] = (struct value){p[i], i};
    }
    qsort(value, tests, sizeof *value, by_value);
    double greatest = 0;
    for (size_t i = 0; i < tests; i++) {
        greatest = fmax(greatest, fmin(1, (double)(tests - i) * value[i].value));
        out[value[i].index] = greatest;
    }
    free(value);
}
