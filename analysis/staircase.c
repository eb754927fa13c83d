/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/staircase.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

void staircase_free(struct staircase *stairs)
{
    free(stairs->step);
    *stairs = (struct staircase){0};
}

void staircase_copy(struct staircase *to, const struct staircase *from)
{
    to->step = mem_grow(to->step, &to->capacity, from->n, sizeof *to->step);
    if (from->n > 0)
        memcpy(to->step, from->step, from->n * sizeof *to->step);
    to->n = from->n;
}

/* The first step that is not left of x. */
static size_t find(const struct staircase *stairs, double x)
{
    const struct staircase_step *step = stairs->step;
    size_t first = 0;
    for (size_t n = stairs->n; n > 0;) {
        size_t half = n / 2;
        bool left = step[first + half].x < x;
        first = left ? first + half + 1 : first;
        n = left ? n - half - 1 : half;
    }
    return first;
}

/* The step left of x reaches lowest of all that are; one at x itself may reach lower. */
static const struct staircase_step *cover_at(const struct staircase *stairs, size_t at, double x,
                                             double y)
{
    const struct staircase_step *step = stairs->step;
    if (at > 0 && step[at - 1].y <= y)
        return step + at - 1;
    return at < stairs->n && step[at].x <= x && step[at].y <= y ? step + at : NULL;
}

const struct staircase_step *staircase_cover(const struct staircase *stairs, double x, double y)
{
    return cover_at(stairs, find(stairs, x), x, y);
}

/* Puts (x, y) in place of the steps from `at` to `end`. */
static void replace(struct staircase *stairs, size_t at, size_t end, struct staircase_step step)
{
    size_t behind = stairs->n - end, n = at + 1 + behind;
    stairs->step = mem_grow(stairs->step, &stairs->capacity, n, sizeof *stairs->step);
    memmove(stairs->step + at + 1, stairs->step + end, behind * sizeof *stairs->step);
    stairs->step[at] = step;
    stairs->n = n;
}

bool staircase_add(struct staircase *stairs, double x, double y)
{
    size_t at = find(stairs, x), end = at;
    if (cover_at(stairs, at, x, y))
        return false;
    while (end < stairs->n && stairs->step[end].y >= y)
        end++;
    replace(stairs, at, end, (struct staircase_step){x, y});
    return true;
}

double staircase_gain(struct staircase *stairs, double x, double y, const double *corner)
{
    const struct staircase_step *step = stairs->step;
    size_t at = find(stairs, x), end = at;
    if (cover_at(stairs, at, x, y))
        return 0;
    /* Fresh is what lies between y and the height of the step to the left, then of each step that
     * becomes superfluous. */
    double height = at > 0 ? step[at - 1].y : corner[1], from = x, gain = 0;
    for (; end < stairs->n && step[end].y >= y; end++) {
        gain += (step[end].x - from) * (height - y);
        from = step[end].x;
        height = step[end].y;
    }
    gain += ((end < stairs->n ? step[end].x : corner[0]) - from) * (height - y);
    replace(stairs, at, end, (struct staircase_step){x, y});
    return gain;
}
