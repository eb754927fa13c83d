/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A sweep along the last objective. Of each set the sweep keeps the staircase of what it has in the
 * first two; the k-th surface's section is the staircase of the k-th least heights. A point can
 * lower that section only where it lowers its own set's staircase, so only there it is drawn anew.
 */
#include "analysis/attainment.h"

#include "analysis/staircase.h"
#include "analysis/statistics.h"
#include "base/memory.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct point {
    double x, y, z; /* z is 0 where there are two objectives */
    size_t set;
};

/* Where a set's staircase goes down to y. */
struct step {
    double x, y;
    size_t set;
};

struct sweep {
    size_t n_sets, k, m;
    struct staircase *stairs; /* (n_sets) */
    struct staircase section; /* of the surface */
    struct step *step;        /* (n_steps) of all sets in the stretch that is drawn */
    size_t n_steps, step_room;
    double *height; /* (n_sets) at the present x */
    double *sorted; /* (n_sets) the same, ascending */
    double *out;    /* (n_out, m) */
    size_t n_out, out_room;
};

static int by_z(const void *a, const void *b)
{
    const struct point *p = a, *q = b;
    return (p->z > q->z) - (p->z < q->z);
}

static int by_x(const void *a, const void *b)
{
    const struct step *p = a, *q = b;
    return (p->x > q->x) - (p->x < q->x);
}

/* The first step with x above the given one. */
static size_t step_above(const struct staircase *stairs, double x)
{
    size_t low = 0, high = stairs->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (stairs->step[middle].x > x)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

/* Takes the steps of one set from x = low, where its height is noted, up to x = high. */
static void take_steps(struct sweep *sweep, size_t set, double low, double high)
{
    const struct staircase *stairs = &sweep->stairs[set];
    size_t i = step_above(stairs, low);
    sweep->height[set] = i > 0 ? stairs->step[i - 1].y : INFINITY;
    for (; i < stairs->n && stairs->step[i].x < high; i++) {
        sweep->step =
            mem_grow(sweep->step, &sweep->step_room, sweep->n_steps + 1, sizeof *sweep->step);
        sweep->step[sweep->n_steps++] = (struct step){stairs->step[i].x, stairs->step[i].y, set};
    }
}

/* One height of the sorted ones goes down. */
static void lower_height(struct sweep *sweep, double from, double to)
{
    size_t i = 0;
    while (sweep->sorted[i] < from)
        i++;
    for (; i > 0 && sweep->sorted[i - 1] > to; i--)
        sweep->sorted[i] = sweep->sorted[i - 1];
    sweep->sorted[i] = to;
}

/* The surface begins at this place with the k-th height, unless it does already farther left or
 * earlier. */
static void add_corner(struct sweep *sweep, double x, double z)
{
    double y = sweep->sorted[sweep->k - 1];
    if (y == (double)INFINITY || !staircase_add(&sweep->section, x, y))
        return;
    const double corner[] = {x, y, z};
    sweep->out =
        mem_grow(sweep->out, &sweep->out_room, (sweep->n_out + 1) * sweep->m, sizeof *sweep->out);
    memcpy(sweep->out + sweep->n_out++ * sweep->m, corner, sweep->m * sizeof *corner);
}

/* Draws the section anew from x = low up to x = high. */
static void draw(struct sweep *sweep, double low, double high, double z)
{
    sweep->n_steps = 0;
    for (size_t set = 0; set < sweep->n_sets; set++)
        take_steps(sweep, set, low, high);
    memcpy(sweep->sorted, sweep->height, sweep->n_sets * sizeof *sweep->sorted);
    analysis_sort(sweep->sorted, sweep->n_sets);
    add_corner(sweep, low, z);
    if (sweep->n_steps > 0)
        qsort(sweep->step, sweep->n_steps, sizeof *sweep->step, by_x);
    for (size_t i = 0; i < sweep->n_steps;) {
        double x = sweep->step[i].x;
        for (; i < sweep->n_steps && sweep->step[i].x == x; i++) {
            const struct step *step = &sweep->step[i];
            lower_height(sweep, sweep->height[step->set], step->y);
            sweep->height[step->set] = step->y;
        }
        add_corner(sweep, x, z);
    }
}

/* Adds the points of one z, and draws where they lowered anything. */
static void add_level(struct sweep *sweep, const struct point *point, size_t n)
{
    double low = INFINITY, high = -INFINITY;
    for (size_t i = 0; i < n; i++) {
        struct staircase *stairs = &sweep->stairs[point[i].set];
        if (!staircase_add(stairs, point[i].x, point[i].y))
            continue;
        size_t next = step_above(stairs, point[i].x);
        low = fmin(low, point[i].x);
        high = fmax(high, next < stairs->n ? stairs->step[next].x : (double)INFINITY);
    }
    if (low < high)
        draw(sweep, low, high, point->z);
}

/* The points without a nan, in order of z. The caller frees the result. */
static struct point *order_points(const struct analysis_sets *sets, size_t *n_out)
{
    struct point *point = mem_calloc(sets->n, sizeof *point);
    size_t n = 0;
    for (size_t i = 0; i < sets->n; i++) {
        const double *f = sets->f + i * sets->m;
        struct point p = {f[0], f[1], sets->m > 2 ? f[2] : 0, sets->set[i]};
        assert(p.set < sets->n_sets);
        if (!isnan(p.x) && !isnan(p.y) && !isnan(p.z))
            point[n++] = p;
    }
    if (n > 0)
        qsort(point, n, sizeof *point, by_z);
    *n_out = n;
    return point;
}

double *analysis_attainment(const struct analysis_sets *sets, size_t k, size_t *n_out)
{
    assert((sets->m == 2 || sets->m == 3) && k >= 1 && k <= sets->n_sets);
    struct sweep sweep = {.n_sets = sets->n_sets, .k = k, .m = sets->m};
    sweep.stairs = mem_calloc(sets->n_sets, sizeof *sweep.stairs);
    sweep.height = mem_calloc(sets->n_sets, sizeof *sweep.height);
    sweep.sorted = mem_calloc(sets->n_sets, sizeof *sweep.sorted);
    size_t n, end;
    struct point *point = order_points(sets, &n);
    for (size_t i = 0; i < n; i = end) {
        for (end = i + 1; end < n && point[end].z == point[i].z; end++)
            ;
        add_level(&sweep, point + i, end - i);
    }
    for (size_t set = 0; set < sets->n_sets; set++)
        staircase_free(&sweep.stairs[set]);
    staircase_free(&sweep.section);
    free(point);
    free(sweep.stairs);
    free(sweep.height);
    free(sweep.sorted);
    free(sweep.step);
    *n_out = sweep.n_out;
    return sweep.out ? sweep.out : mem_calloc(0, sizeof *sweep.out);
}
