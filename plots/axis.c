/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plots/script.h"

#include <math.h>

#define AIR 0.06 /* share of the range that stays free at each end */

struct range {
    double least, most;
};

static struct range range_of(const double *value, size_t n)
{
    struct range range = {INFINITY, -INFINITY};
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(value[i]))
            continue;
        range.least = fmin(range.least, value[i]);
        range.most = fmax(range.most, value[i]);
    }
    return range.least <= range.most ? range : (struct range){0, 1};
}

/* One value alone gets a range around it. */
static struct plot_axis linear_axis(struct range range)
{
    double width = range.most - range.least;
    if (width <= 1e-9 * fabs(range.most))
        width = range.most != 0 ? 2 * fabs(range.most) : 2;
    double low = range.least - AIR * width;
    if (range.least >= 0 && low < 0)
        low = 0;
    return (struct plot_axis){low, range.most + AIR * width, false};
}

struct plot_axis plot_axis_fit(const double *value, size_t n, double log_factor)
{
    struct range range = range_of(value, n);
    if (log_factor <= 0 || range.least <= 0 || range.most <= log_factor * range.least)
        return linear_axis(range);
    double air = pow(range.most / range.least, AIR);
    return (struct plot_axis){range.least / air, range.most * air, true};
}

bool plot_is_positive(double value)
{
    return value >= 1e-30 && value <= 1e30;
}

double plot_axis_place(const struct plot_axis *axis, double value)
{
    if (axis->log)
        return log(value / axis->low) / log(axis->high / axis->low);
    return (value - axis->low) / (axis->high - axis->low);
}

/* Over few decades gnuplot would label powers of ten only: 1, 2 and 5 are added. */
static void add_tics(const struct plot_axis *axis, const char *name, struct text *out)
{
    static const double steps[] = {1, 2, 5};
    int n_steps = axis->high / axis->low < 2000 ? 3 : 1;
    int first = (int)floor(log10(axis->low)), last = (int)ceil(log10(axis->high));
    const char *comma = "";
    text_add(out, "set %stics (", name);
    for (int i = first * n_steps; i <= last * n_steps; i++) {
        int step = (i % n_steps + n_steps) % n_steps;
        int decade = (i - step) / n_steps;
        double tic = pow(10, decade) * steps[step];
        if (tic < axis->low || tic > axis->high)
            continue;
        text_add(out, "%s%.6g", comma, tic);
        comma = ", ";
    }
    text_add(out, ")\n");
}

void plot_axis_write(const struct plot_axis *axis, const char *name, struct text *out)
{
    text_add(out, "set %srange [%.9g:%.9g]\n", name, axis->low, axis->high);
    if (!axis->log)
        return;
    text_add(out, "set logscale %s\n", name);
    add_tics(axis, name, out);
}
