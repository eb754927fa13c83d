/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/indicators.h"

#include "analysis/pareto.h"
#include "analysis/statistics.h"

#include <math.h>
#include <stdbool.h>

/* How far a is from weakly dominating z. */
typedef double distance(const double *a, const double *z, size_t m);

static double excess(const double *a, const double *z, size_t m)
{
    double squares = 0;
    for (size_t o = 0; o < m; o++) {
        double above = a[o] > z[o] ? a[o] - z[o] : 0;
        squares += above * above;
    }
    return sqrt(squares);
}

static double greatest_difference(const double *a, const double *z, size_t m)
{
    double greatest = -INFINITY;
    for (size_t o = 0; o < m; o++)
        greatest = fmax(greatest, a[o] - z[o]);
    return greatest;
}

static double greatest_ratio(const double *a, const double *z, size_t m)
{
    double greatest = 0;
    for (size_t o = 0; o < m; o++)
        greatest = fmax(greatest, a[o] / z[o]);
    return greatest;
}

static double inequality(const double *a, const double *z, size_t m)
{
    return analysis_lexicographic(a, z, m) == 0 ? 0 : 1;
}

struct comparison {
    const double *a, *z;
    size_t n, n_z, m;
    distance *of;
};

static double least(const struct comparison *both, size_t j)
{
    double nearest = INFINITY;
    for (size_t i = 0; i < both->n; i++)
        nearest = fmin(nearest, both->of(both->a + i * both->m, both->z + j * both->m, both->m));
    return nearest;
}

static double mean_least(const struct comparison *both)
{
    struct analysis_sum sum = {0, 0};
    for (size_t j = 0; j < both->n_z; j++)
        analysis_sum_add(&sum, least(both, j));
    return both->n_z == 0 ? (double)NAN : analysis_sum_value(&sum) / (double)both->n_z;
}

static double greatest_least(const struct comparison *both)
{
    double greatest = -INFINITY;
    for (size_t j = 0; j < both->n_z; j++)
        greatest = fmax(greatest, least(both, j));
    return both->n_z == 0 ? (double)NAN : greatest;
}

double analysis_igd_plus(const double *a, size_t n, const double *z, size_t n_z, size_t m)
{
    return mean_least(&(struct comparison){a, z, n, n_z, m, excess});
}

double analysis_epsilon_additive(const double *a, size_t n, const double *z, size_t n_z, size_t m)
{
    return greatest_least(&(struct comparison){a, z, n, n_z, m, greatest_difference});
}

static bool all_positive(const double *f, size_t values)
{
    for (size_t i = 0; i < values; i++)
        if (!(f[i] > 0))
            return false;
    return true;
}

double analysis_epsilon_multiplicative(const double *a, size_t n, const double *z, size_t n_z,
                                       size_t m)
{
    if (!all_positive(a, n * m) || !all_positive(z, n_z * m))
        return (double)NAN;
    return greatest_least(&(struct comparison){a, z, n, n_z, m, greatest_ratio});
}

double analysis_share_found(const double *a, size_t n, const double *z, size_t n_z, size_t m)
{
    if (n == 0 && n_z > 0)
        return 0;
    return 1 - mean_least(&(struct comparison){a, z, n, n_z, m, inequality});
}
