/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/statistics.h"

#include "base/memory.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

void analysis_sum_add(struct analysis_sum *sum, double value)
{
    double total = sum->sum + value;
    if (fabs(sum->sum) >= fabs(value))
        sum->lost += (sum->sum - total) + value;
    else
        sum->lost += (value - total) + sum->sum;
    sum->sum = total;
}

double analysis_sum_value(const struct analysis_sum *sum)
{
    /* An infinite sum has lost inf - inf, which says nothing. */
    return isfinite(sum->sum) ? sum->sum + sum->lost : sum->sum;
}

void analysis_moments_add(struct analysis_moments *moments, double value)
{
    bool first = moments->n++ == 0;
    double before = value - moments->mean;
    moments->mean += before / (double)moments->n;
    moments->squares += before * (value - moments->mean);
    moments->least = first ? value : fmin(moments->least, value);
    moments->greatest = first ? value : fmax(moments->greatest, value);
}

double analysis_moments_sd(const struct analysis_moments *moments)
{
    return moments->n < 2 ? (double)NAN : sqrt(moments->squares / (double)(moments->n - 1));
}

double analysis_mean(const double *value, size_t n)
{
    struct analysis_sum sum = {0, 0};
    for (size_t i = 0; i < n; i++)
        analysis_sum_add(&sum, value[i]);
    return n == 0 ? (double)NAN : analysis_sum_value(&sum) / (double)n;
}

double analysis_sd(const double *value, size_t n)
{
    if (n < 2)
        return (double)NAN;
    double mean = analysis_mean(value, n);
    struct analysis_sum squares = {0, 0};
    for (size_t i = 0; i < n; i++)
        analysis_sum_add(&squares, (value[i] - mean) * (value[i] - mean));
    return sqrt(analysis_sum_value(&squares) / (double)(n - 1));
}

static int ascending(const void *a, const void *b)
{
    const double *x = a, *y = b;
    if (isnan(*x) || isnan(*y))
        return (isnan(*x) != 0) - (isnan(*y) != 0);
    return (*x > *y) - (*x < *y);
}

void analysis_sort(double *value, size_t n)
{
    qsort(value, n, sizeof *value, ascending);
}

/* nan is last after sorting, so that one look tells whether there is any. */
static bool has_no_percentile(const double *sorted, size_t n, double p)
{
    return n == 0 || isnan(sorted[n - 1]) || !(p >= 0 && p <= 100);
}

double analysis_sorted_percentile(const double *sorted, size_t n, double p)
{
    if (has_no_percentile(sorted, n, p))
        return (double)NAN;
    double place = p / 100 * (double)(n - 1);
    size_t below = (size_t)place;
    double share = place - (double)below;
    if (share == 0 || below + 1 >= n || sorted[below] == sorted[below + 1])
        return sorted[below];
    return sorted[below] + share * (sorted[below + 1] - sorted[below]);
}

double analysis_sorted_percentile_rank(const double *sorted, size_t n, double p)
{
    if (has_no_percentile(sorted, n, p))
        return (double)NAN;
    /* p·n first: it is exact for the whole percents that people ask for, p/100 is not. */
    double rank = ceil(p * (double)n / 100);
    return sorted[rank < 1 ? 0 : (size_t)rank - 1];
}

static double *sorted_copy(const double *value, size_t n)
{
    double *copy = mem_calloc(n, sizeof *copy);
    if (n > 0)
        memcpy(copy, value, n * sizeof *copy);
    analysis_sort(copy, n);
    return copy;
}

double analysis_percentile(const double *value, size_t n, double p)
{
    double result;
    analysis_percentiles(value, n, &p, 1, &result);
    return result;
}

double analysis_median(const double *value, size_t n)
{
    return analysis_percentile(value, n, 50);
}

double analysis_percentile_rank(const double *value, size_t n, double p)
{
    double *copy = sorted_copy(value, n);
    double result = analysis_sorted_percentile_rank(copy, n, p);
    free(copy);
    return result;
}

void analysis_percentiles(const double *value, size_t n, const double *p, size_t n_p, double *out)
{
    double *copy = sorted_copy(value, n);
    for (size_t i = 0; i < n_p; i++)
        out[i] = analysis_sorted_percentile(copy, n, p[i]);
    free(copy);
}
