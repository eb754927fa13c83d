/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/hypervolume.h"

#include "analysis/pareto.h"
#include "base/memory.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Points are held with stride m and are strictly better than r throughout. */

struct step {
    double x, y;
};

/* Mutually nondominated (x, y) in order of rising x, hence of falling y. */
struct staircase {
    struct step *step; /* (n) */
    size_t n;
    double right, top; /* the reference */
    double area;       /* of the union of [x, right] × [y, top] */
};

static size_t first_not_left(const struct staircase *stairs, double x)
{
    size_t low = 0, high = stairs->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (stairs->step[middle].x < x)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Puts (x, y) into the staircase. The freshly covered area lies between the height of the step to
 * the left and the steps that the new one makes superfluous. */
static void climb(struct staircase *stairs, double x, double y)
{
    struct step *step = stairs->step;
    size_t at = first_not_left(stairs, x);
    double height = at > 0 ? step[at - 1].y : stairs->top;
    if (height <= y || (at < stairs->n && step[at].x == x && step[at].y <= y))
        return;
    double from = x, gained = 0;
    size_t end = at;
    for (; end < stairs->n && step[end].y >= y; end++) {
        gained += (step[end].x - from) * (height - y);
        from = step[end].x;
        height = step[end].y;
    }
    double to = end < stairs->n ? step[end].x : stairs->right;
    stairs->area += gained + (to - from) * (height - y);
    memmove(step + at + 1, step + end, (stairs->n - end) * sizeof *step);
    step[at] = (struct step){x, y};
    stairs->n = stairs->n - (end - at) + 1;
}

static int by_first(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static int by_third(const void *a, const void *b)
{
    return by_first((const double *)a + 2, (const double *)b + 2);
}

static double volume_1(const double *f, size_t n, const double *r)
{
    double best = r[0];
    for (size_t i = 0; i < n; i++)
        best = f[i] < best ? f[i] : best;
    return r[0] - best;
}

static double volume_2(double *f, size_t n, const double *r)
{
    qsort(f, n, 2 * sizeof *f, by_first);
    double area = 0, top = r[1];
    for (size_t i = 0; i < n; i++) {
        if (f[2 * i + 1] < top) {
            area += (r[0] - f[2 * i]) * (top - f[2 * i + 1]);
            top = f[2 * i + 1];
        }
    }
    return area;
}

static double volume_3(double *f, size_t n, const double *r)
{
    qsort(f, n, 3 * sizeof *f, by_third);
    struct staircase stairs = {mem_calloc(n + 1, sizeof(struct step)), 0, r[0], r[1], 0};
    double volume = 0;
    for (size_t i = 0; i < n; i++) {
        climb(&stairs, f[3 * i], f[3 * i + 1]);
        double next = i + 1 < n ? f[3 * i + 5] : r[2];
        volume += stairs.area * (next - f[3 * i + 2]);
    }
    free(stairs.step);
    return volume;
}

static double volume_of(double *f, size_t n, size_t m, const double *r);

struct slice {
    double value;
    size_t index;
};

static int by_value(const void *a, const void *b)
{
    const struct slice *x = a, *y = b;
    if (x->value != y->value)
        return x->value < y->value ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

/* Slices along the last objective (While et al., "A faster algorithm for calculating hypervolume",
 * IEEE TEC 10(1), 2006): between two neighbouring values the cross-section is the volume of the
 * points so far in one dimension less. */
static double volume_sliced(const double *f, size_t n, size_t m, const double *r)
{
    struct slice *slice = mem_calloc(n, sizeof *slice);
    double *section = mem_calloc(n, m * sizeof *section), volume = 0;
    double *work = mem_calloc(n, m * sizeof *work);
    for (size_t i = 0; i < n; i++)
        slice[i] = (struct slice){f[i * m + m - 1], i};
    qsort(slice, n, sizeof *slice, by_value);
    for (size_t i = 0; i < n; i++) {
        memcpy(section + i * (m - 1), f + slice[i].index * m, (m - 1) * sizeof *f);
        double next = i + 1 < n ? slice[i + 1].value : r[m - 1];
        if (next > slice[i].value) {
            memcpy(work, section, (i + 1) * (m - 1) * sizeof *work);
            volume += volume_of(work, i + 1, m - 1, r) * (next - slice[i].value);
        }
    }
    free(slice);
    free(section);
    free(work);
    return volume;
}

/* May reorder f. */
static double volume_of(double *f, size_t n, size_t m, const double *r)
{
    if (n == 0)
        return 0;
    switch (m) {
    case 1:
        return volume_1(f, n, r);
    case 2:
        return volume_2(f, n, r);
    case 3:
        return volume_3(f, n, r);
    default:
        return volume_sliced(f, n, m, r);
    }
}

static bool strictly_better(const double *f, const double *r, size_t m)
{
    for (size_t o = 0; o < m; o++)
        if (!(f[o] < r[o]))
            return false;
    return true;
}

double analysis_hypervolume(const double *f, size_t n, size_t m, const double *r, size_t *discarded)
{
    assert(m >= 1 && m <= PARETO_OBJECTIVES);
    double *inside = mem_calloc(n, m * sizeof *inside);
    size_t n_inside = 0;
    for (size_t i = 0; i < n; i++)
        if (strictly_better(f + i * m, r, m))
            memcpy(inside + m * n_inside++, f + i * m, m * sizeof *f);
    double volume = volume_of(inside, n_inside, m, r);
    free(inside);
    if (discarded)
        *discarded = n - n_inside;
    return volume;
}
