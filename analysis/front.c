/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What to point out to a person on a front, its bounds, its extremes and its knee; and where a
 * search should go on. */
#include "analysis/pareto.h"

#include "base/memory.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

void analysis_bounds(const double *f, size_t n, size_t m, double *least, double *greatest)
{
    assert(n >= 1);
    for (size_t o = 0; o < m; o++)
        least[o] = greatest[o] = f[o];
    for (size_t i = 1; i < n; i++) {
        for (size_t o = 0; o < m; o++) {
            double value = f[i * m + o];
            least[o] = value < least[o] ? value : least[o];
            greatest[o] = value > greatest[o] ? value : greatest[o];
        }
    }
}

struct frame {
    const double *f; /* (n, m) */
    size_t n, m;
    double least[PARETO_OBJECTIVES], greatest[PARETO_OBJECTIVES];
};

static struct frame frame_of(const double *f, size_t n, size_t m)
{
    assert(m >= 1 && m <= PARETO_OBJECTIVES);
    struct frame frame = {.f = f, .n = n, .m = m};
    analysis_bounds(f, n, m, frame.least, frame.greatest);
    return frame;
}

/* Objective o of point i over its range; 0 where all points agree. */
static double normalised(const struct frame *frame, size_t i, size_t o)
{
    double range = frame->greatest[o] - frame->least[o];
    return range > 0 ? (frame->f[i * frame->m + o] - frame->least[o]) / range : 0;
}

static double weighed(const struct frame *frame, size_t i, const double *weight)
{
    double sum = 0;
    for (size_t o = 0; o < frame->m; o++)
        sum += weight[o] * normalised(frame, i, o);
    return sum;
}

static size_t extreme(const struct frame *frame, size_t objective)
{
    double ones[PARETO_OBJECTIVES];
    for (size_t o = 0; o < frame->m; o++)
        ones[o] = 1;
    size_t best = 0;
    for (size_t i = 1; i < frame->n; i++) {
        double gain = frame->f[i * frame->m + objective] - frame->f[best * frame->m + objective];
        if (gain < 0 || (gain == 0 && weighed(frame, i, ones) < weighed(frame, best, ones)))
            best = i;
    }
    return best;
}

size_t analysis_extreme(const double *f, size_t n, size_t m, size_t o)
{
    struct frame frame = frame_of(f, n, m);
    return extreme(&frame, o);
}

/* Brings the row with the largest entry of column k to row k; false when all are near zero. */
static bool pivot(double a[][PARETO_OBJECTIVES + 1], size_t m, size_t k)
{
    size_t best = k;
    for (size_t row = k + 1; row < m; row++)
        if (fabs(a[row][k]) > fabs(a[best][k]))
            best = row;
    if (fabs(a[best][k]) < 1e-9)
        return false;
    for (size_t column = 0; column <= m; column++) {
        double kept = a[k][column];
        a[k][column] = a[best][column];
        a[best][column] = kept;
    }
    return true;
}

/* Solves the m equations a[row][0..m-1] · x = a[row][m] by elimination. */
static bool solve(double a[][PARETO_OBJECTIVES + 1], size_t m, double *x)
{
    for (size_t k = 0; k < m; k++) {
        if (!pivot(a, m, k))
            return false;
        for (size_t row = 0; row < m; row++) {
            double factor = row == k ? 0 : a[row][k] / a[k][k];
            for (size_t column = k; column <= m; column++)
                a[row][column] -= factor * a[k][column];
        }
    }
    for (size_t k = 0; k < m; k++)
        x[k] = a[k][m] / a[k][k];
    return true;
}

/* The vector w with w·e = 1 for each extreme e, or all ones when that is no descending plane. */
static void plane(const struct frame *frame, double *w)
{
    double a[PARETO_OBJECTIVES][PARETO_OBJECTIVES + 1];
    for (size_t row = 0; row < frame->m; row++) {
        size_t i = extreme(frame, row);
        for (size_t o = 0; o < frame->m; o++)
            a[row][o] = normalised(frame, i, o);
        a[row][frame->m] = 1;
    }
    bool descends = solve(a, frame->m, w);
    for (size_t o = 0; descends && o < frame->m; o++)
        descends = w[o] > 0;
    for (size_t o = 0; !descends && o < frame->m; o++)
        w[o] = 1;
}

size_t analysis_knee(const double *f, size_t n, size_t m)
{
    struct frame frame = frame_of(f, n, m);
    double w[PARETO_OBJECTIVES];
    plane(&frame, w);
    /* Distance to the plane on the ideal's side is (1 - w·x)/|w|: the least w·x is farthest. */
    size_t best = 0;
    for (size_t i = 1; i < n; i++)
        if (weighed(&frame, i, w) < weighed(&frame, best, w))
            best = i;
    return best;
}

/* Three objectives are much the most frequent case. */
static double sum_of(const double *f, const double *weight, size_t m)
{
    if (m == 3)
        return weight[0] * f[0] + weight[1] * f[1] + weight[2] * f[2];
    double sum = 0;
    for (size_t o = 0; o < m; o++)
        sum += weight[o] * f[o];
    return sum;
}

size_t analysis_archive_least(const struct analysis_archive *archive, const double *weight)
{
    size_t best = 0, m = archive->m;
    double least = INFINITY;
    for (size_t i = 0; i < archive->n; i++) {
        double sum = sum_of(archive->f + i * m, weight, m);
        if (sum < least) {
            least = sum;
            best = i;
        }
    }
    return best;
}

static double distance(const struct analysis_archive *archive, size_t i, size_t j,
                       const double *weight)
{
    const double *f = analysis_archive_point(archive, i), *g = analysis_archive_point(archive, j);
    double sum = 0;
    for (size_t o = 0; o < archive->m; o++)
        sum += weight[o] * fabs(f[o] - g[o]);
    return sum;
}

double analysis_archive_gap(const struct analysis_archive *archive, size_t i, const double *weight)
{
    const double *first = archive->f;
    size_t m = archive->m;
    double nearest = INFINITY;
    /* Members are sorted by the first objective: those farther off in it alone need no look. */
    for (size_t j = i + 1; j < archive->n; j++) {
        if (weight[0] * (first[j * m] - first[i * m]) >= nearest)
            break;
        nearest = fmin(nearest, distance(archive, i, j, weight));
    }
    for (size_t j = i; j-- > 0;) {
        if (weight[0] * (first[i * m] - first[j * m]) >= nearest)
            break;
        nearest = fmin(nearest, distance(archive, i, j, weight));
    }
    return nearest;
}

size_t analysis_edge_knee(const double *f, size_t n, size_t m)
{
    double *edge = mem_calloc(2 * n, sizeof *edge);
    size_t *point = mem_calloc(n, sizeof *point), on_edge = 0;
    for (size_t i = 0; i < n; i++) {
        if (on_edge > 0 && f[i * m + 1] >= edge[2 * on_edge - 1])
            continue;
        edge[2 * on_edge] = f[i * m];
        edge[2 * on_edge + 1] = f[i * m + 1];
        point[on_edge++] = i;
    }
    size_t knee = point[analysis_knee(edge, on_edge, 2)];
    free(edge);
    free(point);
    return knee;
}
