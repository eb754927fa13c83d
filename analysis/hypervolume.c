/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/hypervolume.h"

#include "analysis/pareto.h"
#include "analysis/sweep.h"
#include "base/memory.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Points are strictly better than r throughout, unless said otherwise. */

static struct staircase_step *flat_copy(const double *f, size_t n)
{
    struct staircase_step *step = mem_calloc(n, sizeof *step);
    for (size_t i = 0; i < n; i++)
        step[i] = (struct staircase_step){f[2 * i], f[2 * i + 1]};
    return step;
}

static int by_x(const void *a, const void *b)
{
    const struct staircase_step *p = a, *q = b;
    return (p->x > q->x) - (p->x < q->x);
}

static double volume_2(const double *f, size_t n, const double *r)
{
    struct staircase_step *step = flat_copy(f, n);
    double area = 0, top = r[1];
    qsort(step, n, sizeof *step, by_x);
    for (size_t i = 0; i < n; i++) {
        if (step[i].y < top) {
            area += (r[0] - step[i].x) * (top - step[i].y);
            top = step[i].y;
        }
    }
    free(step);
    return area;
}

/* Up to three objectives as three: where there are fewer, all share one value in the others, 0
 * against a reference of 1. */
static struct sweep_point lifted(const double *f, size_t m)
{
    return (struct sweep_point){f[0], m > 1 ? f[1] : 0, m > 2 ? f[2] : 0, 0};
}

static void lift_reference(const double *r, size_t m, double out[3])
{
    for (size_t o = 0; o < 3; o++)
        out[o] = o < m ? r[o] : 1;
}

static double volume_3(const double *f, size_t n, size_t m, const double *r)
{
    struct sweep_point *point = mem_calloc(n, sizeof *point);
    double corner[3];
    lift_reference(r, m, corner);
    for (size_t i = 0; i < n; i++)
        point[i] = lifted(f + i * m, m);
    double volume = sweep_volume(point, n, corner);
    free(point);
    return volume;
}

struct ordered {
    const double *f; /* borrowed */
    size_t last;     /* the objective that orders */
};

static int by_last(const void *a, const void *b)
{
    const struct ordered *p = a, *q = b;
    double x = p->f[p->last], y = q->f[q->last];
    return (x > y) - (x < y);
}

/* Freed by the caller. */
static struct ordered *order_by_last(const double *f, size_t n, size_t m)
{
    struct ordered *order = mem_calloc(n, sizeof *order);
    for (size_t i = 0; i < n; i++)
        order[i] = (struct ordered){f + i * m, m - 1};
    qsort(order, n, sizeof *order, by_last);
    return order;
}

/* Puts p among the points and takes out those that it weakly dominates. */
static void enlist(struct sweep *sweep, const struct sweep_point *p)
{
    struct sweep_point *point = sweep->point;
    size_t kept = 0, at = 0;
    for (size_t i = 0; i < sweep->n; i++) {
        struct sweep_point q = point[i];
        if (q.z < p->z)
            at = kept + 1;
        else if (q.x >= p->x && q.y >= p->y)
            continue;
        point[kept++] = q;
    }
    memmove(point + at + 1, point + at, (kept - at) * sizeof *point);
    point[at] = *p;
    sweep->n = kept + 1;
}

static struct sweep sweep_open(size_t room, size_t m, const double *r)
{
    struct sweep sweep = {.point = mem_calloc(room, sizeof *sweep.point)};
    lift_reference(r, m, sweep.r);
    return sweep;
}

static void sweep_close(struct sweep *sweep)
{
    free(sweep->point);
    staircase_free(&sweep->work);
}

/* In order of the last objective, each point adds to the cross-section what it contributes in the
 * first three, from its own last objective on. */
static double volume_4(const double *f, size_t n, const double *r)
{
    struct ordered *order = order_by_last(f, n, 4);
    struct sweep sweep = sweep_open(n + 1, 3, r);
    double volume = 0;
    for (size_t i = 0; i < n; i++) {
        struct sweep_point p = lifted(order[i].f, 3);
        double section = sweep_contribution(&sweep, &p, SIZE_MAX);
        if (!(section > 0))
            continue;
        volume += section * (r[3] - order[i].f[3]);
        enlist(&sweep, &p);
    }
    sweep_close(&sweep);
    free(order);
    return volume;
}

static double volume_of(const double *f, size_t n, size_t m, const double *r);

static double box(const double *p, size_t m, const double *r)
{
    double volume = 1;
    for (size_t o = 0; o < m; o++)
        volume *= r[o] - p[o];
    return volume;
}

/* Where point p is the lower corner of the world. The caller frees the result. */
static double *clipped(const double *f, size_t n, size_t m, const double *p, size_t *n_out)
{
    struct analysis_archive archive;
    double corner[PARETO_OBJECTIVES];
    analysis_archive_init(&archive, m);
    for (size_t i = 0; i < n; i++) {
        for (size_t o = 0; o < m; o++)
            corner[o] = fmax(f[i * m + o], p[o]);
        analysis_archive_insert(&archive, corner, i);
    }
    double *kept = mem_calloc(archive.n, m * sizeof *kept);
    if (archive.n > 0)
        memcpy(kept, archive.f, archive.n * m * sizeof *kept);
    *n_out = archive.n;
    analysis_archive_free(&archive);
    return kept;
}

/* Volume of [p, r] that none of f (n, m) covers (While, Bradstreet, Barone, "A fast way of
 * calculating exact hypervolumes", IEEE TEC 16(1), 2012). */
static double exclusive(const double *f, size_t n, size_t m, const double *p, const double *r)
{
    for (size_t i = 0; i < n; i++)
        if (analysis_weakly_dominates(f + i * m, p, m))
            return 0;
    size_t n_seen;
    double *seen = clipped(f, n, m, p, &n_seen);
    double volume = box(p, m, r) - volume_of(seen, n_seen, m, r);
    free(seen);
    return volume;
}

static double volume_many(const double *f, size_t n, size_t m, const double *r)
{
    struct ordered *order = order_by_last(f, n, m);
    double *earlier = mem_calloc(n, (m - 1) * sizeof *earlier), volume = 0;
    size_t n_earlier = 0;
    for (size_t i = 0; i < n; i++) {
        double section = exclusive(earlier, n_earlier, m - 1, order[i].f, r);
        if (!(section > 0))
            continue;
        volume += section * (r[m - 1] - order[i].f[m - 1]);
        memcpy(earlier + n_earlier++ * (m - 1), order[i].f, (m - 1) * sizeof *earlier);
    }
    free(earlier);
    free(order);
    return volume;
}

static double volume_of(const double *f, size_t n, size_t m, const double *r)
{
    if (n == 0)
        return 0;
    switch (m) {
    case 2:
        return volume_2(f, n, r);
    case 1:
    case 3:
        return volume_3(f, n, m, r);
    case 4:
        return volume_4(f, n, r);
    default:
        return volume_many(f, n, m, r);
    }
}

static bool strictly_better(const double *f, const double *r, size_t m)
{
    for (size_t o = 0; o < m; o++)
        if (!(f[o] < r[o]))
            return false;
    return true;
}

/* Which points of f are strictly better than r. The caller frees the result. */
static size_t *inside_of(const double *f, size_t n, size_t m, const double *r, size_t *n_inside)
{
    size_t *inside = mem_calloc(n, sizeof *inside);
    *n_inside = 0;
    for (size_t i = 0; i < n; i++)
        if (strictly_better(f + i * m, r, m))
            inside[(*n_inside)++] = i;
    return inside;
}

/* The caller frees the result. */
static double *gather(const double *f, size_t m, const size_t *index, size_t n)
{
    double *out = mem_calloc(n, m * sizeof *out);
    for (size_t i = 0; i < n; i++)
        memcpy(out + i * m, f + index[i] * m, m * sizeof *out);
    return out;
}

double analysis_hypervolume(const double *f, size_t n, size_t m, const double *r, size_t *discarded)
{
    assert(m >= 1 && m <= PARETO_OBJECTIVES);
    size_t n_inside, *index = inside_of(f, n, m, r, &n_inside);
    double *inside = gather(f, m, index, n_inside);
    double volume = volume_of(inside, n_inside, m, r);
    free(inside);
    free(index);
    if (discarded)
        *discarded = n - n_inside;
    return volume;
}

static void contributions_3(const double *f, size_t n, size_t m, const double *r, double *out)
{
    struct sweep sweep = sweep_open(n, m, r);
    sweep.n = n;
    for (size_t i = 0; i < n; i++) {
        sweep.point[i] = lifted(f + i * m, m);
        sweep.point[i].slot = i;
    }
    sweep_sort(sweep.point, n);
    for (size_t i = 0; i < n; i++)
        out[sweep.point[i].slot] = sweep_contribution(&sweep, &sweep.point[i], i);
    sweep_close(&sweep);
}

static void contributions_many(double *f, size_t n, size_t m, const double *r, double *out)
{
    double kept[PARETO_OBJECTIVES];
    /* Each point in turn lies behind all the others. */
    for (size_t i = 0; i < n; i++) {
        memcpy(kept, f + i * m, m * sizeof *f);
        memmove(f + i * m, f + (n - 1) * m, m * sizeof *f);
        out[i] = exclusive(f, n - 1, m, kept, r);
        memcpy(f + i * m, kept, m * sizeof *f);
    }
}

void analysis_contributions(const double *f, size_t n, size_t m, const double *r, double *out)
{
    assert(m >= 1 && m <= PARETO_OBJECTIVES);
    size_t n_inside, *index = inside_of(f, n, m, r, &n_inside);
    double *inside = gather(f, m, index, n_inside);
    double *share = mem_calloc(n_inside, sizeof *share);
    if (m <= 3)
        contributions_3(inside, n_inside, m, r, share);
    else
        contributions_many(inside, n_inside, m, r, share);
    for (size_t i = 0; i < n; i++)
        out[i] = 0;
    for (size_t i = 0; i < n_inside; i++)
        out[index[i]] = share[i];
    free(share);
    free(inside);
    free(index);
}
