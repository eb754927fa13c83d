/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bandwidth over working set: reading, copying and the triad, with the sizes of the caches. */
#include "base/memory.h"
#include "devices/roofline.h"
#include "plots/calibration.h"
#include "plots/kinds.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { STREAMS = 3 };
static const char *const streams[STREAMS] = {"read", "copy", "triad"};

#define LEVEL "dt 3 lw 1.2 lc rgb '#808080'"
#define FITTED "dt 2 lw 1.5 lc rgb '#303030'"

static bool is_stream(const struct scenario_kernel_row *row)
{
    return row->kind == CALIBRATE_STREAM && plot_is_positive(row->working_set_B) &&
           plot_is_positive(row->bytes);
}

/* Names of the levels stand below the curves. */
static void fit_axes(const struct table *kernels, struct plot_axis *x, struct plot_axis *y)
{
    const double side = 1.4, below = 1.6, above = 1.15;
    struct scenario_kernel_row row;
    *x = *y = (struct plot_axis){INFINITY, 0, true};
    for (size_t at = 0; calibration_next(kernels, is_stream, &at, &row);) {
        double rate = row.bytes / row.time_s / 1e9;
        x->low = fmin(x->low, row.working_set_B);
        x->high = fmax(x->high, row.working_set_B);
        y->low = fmin(y->low, rate);
        y->high = fmax(y->high, rate);
    }
    x->low /= side;
    x->high *= side;
    y->low /= below;
    y->high *= above;
}

static bool is_named(const struct scenario_kernel_row *row, const char *name)
{
    return strcmp(row->name, name) == 0;
}

/* gnuplot takes no data without a point. */
static bool has_stream(const struct table *kernels, const char *name)
{
    struct scenario_kernel_row row;
    for (size_t at = 0; calibration_next(kernels, is_stream, &at, &row);)
        if (is_named(&row, name))
            return true;
    return false;
}

/* The best rate of a stream at each size, in the order of their measurement. */
static void add_stream(const struct calibration_page *page, const struct table *kernels,
                       const char *name)
{
    struct scenario_kernel_row row;
    double size_B = 0, best = 0;
    for (size_t at = 0; calibration_next(kernels, is_stream, &at, &row);) {
        if (!is_named(&row, name))
            continue;
        if (row.working_set_B != size_B && best > 0)
            text_add(page->out, "%.9g %.9g\n", size_B, best);
        best = fmax(row.working_set_B == size_B ? best : 0, row.bytes / row.time_s / 1e9);
        size_B = row.working_set_B;
    }
    text_add(page->out, "%.9g %.9g\n", size_B, best);
}

static void add_data(const struct calibration_page *page, size_t d)
{
    for (size_t s = 0; s < STREAMS; s++) {
        if (!has_stream(&page->device[d]->kernels, streams[s]))
            continue;
        text_add(page->out, "$%s%zu << END\n", streams[s], d);
        add_stream(page, &page->device[d]->kernels, streams[s]);
        text_add(page->out, "END\n");
    }
}

/* "64 KiB" */
static char *size_text(double bytes)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    size_t u = 0;
    for (; bytes >= 1024 && u + 1 < sizeof units / sizeof *units; u++)
        bytes /= 1024;
    return mem_printf("%.4g %s", bytes, units[u]);
}

/* Powers of two, a few of them. */
static void add_size_tics(const struct calibration_page *page, const struct plot_axis *x)
{
    const double most = 6;
    double doublings = log2(x->high / x->low);
    double step = ceil(doublings * (double)page->columns / most);
    const char *comma = "";
    text_add(page->out, "set xtics (");
    for (double e = ceil(log2(x->low) / step) * step; exp2(e) <= x->high; e += step) {
        char *size = size_text(exp2(e));
        text_add(page->out, "%s'%s' %.9g", comma, size, exp2(e));
        comma = ", ";
        free(size);
    }
    text_add(page->out, ")\n");
}

static void add_levels(const struct calibration_page *page, size_t d, const struct plot_axis *x)
{
    const struct table *levels = &page->device[d]->levels;
    for (size_t r = 0; r < levels->n_rows && r < 8; r++) {
        struct scenario_level_row level;
        table_get(levels, r, &level);
        text_add(page->out, "unset label %zu\n", 10 + r);
        if (!(level.capacity_B > x->low && level.capacity_B < x->high))
            continue;
        text_add(page->out, "set arrow from %.9g, graph 0 to %.9g, graph 1 nohead " LEVEL "\n",
                 level.capacity_B, level.capacity_B);
        char *size = size_text(level.capacity_B);
        text_add(page->out, "set label %zu ", 10 + r);
        plot_quotef(page->options->format, page->out, "L%lld %s", (long long)level.level, size);
        text_add(page->out, " at %.9g, graph 0.02 rotate by 90 left offset char -1.0,0\n",
                 level.capacity_B);
        free(size);
    }
}

static void add_panel(const struct calibration_page *page, size_t d)
{
    struct plot_axis x, y;
    struct calibration_fitted fitted;
    fit_axes(&page->device[d]->kernels, &x, &y);
    calibration_page_panel(page, d);
    plot_axis_write(&x, "x", page->out);
    plot_axis_write(&y, "y", page->out);
    add_size_tics(page, &x);
    if (!calibration_is_dumb(page))
        add_levels(page, d, &x);
    const char *comma = "plot ";
    if (calibration_fitted_read(page->device[d], &fitted)) {
        text_add(page->out, "plot %.9g with %s", device_stream_Bps(&fitted.device, 1) / 1e9,
                 calibration_is_dumb(page) ? "points pt '.'" : "lines " FITTED);
        comma = ", \\\n  ";
        calibration_fitted_free(&fitted);
    }
    for (size_t s = 0; s < STREAMS; s++) {
        if (!has_stream(&page->device[d]->kernels, streams[s]))
            continue;
        text_add(page->out, "%s$%s%zu using 1:2 with ", comma, streams[s], d);
        if (calibration_is_dumb(page))
            text_add(page->out, "points pt '%c'", *streams[s]);
        else
            text_add(page->out, "linespoints pt %d ps 1 lw 1.8 lc rgb '%s'", plot_point_type(s),
                     plot_colour(s));
        comma = ", \\\n  ";
    }
    text_add(page->out, "\n");
}

static void add_key(const struct calibration_page *page)
{
    bool dumb = calibration_is_dumb(page);
    calibration_page_key(page, "Bandwidth over working set");
    for (size_t s = 0; s < STREAMS; s++) {
        if (dumb)
            text_add(page->out, ", \\\n  keyentry with points pt '%c'", *streams[s]);
        else
            text_add(page->out, ", \\\n  keyentry with linespoints pt %d ps 1 lw 1.8 lc rgb '%s'",
                     plot_point_type(s), plot_colour(s));
        text_add(page->out, " title '%s'", streams[s]);
    }
    text_add(page->out, ", \\\n  keyentry with %s title 'memory, as fitted'",
             dumb ? "points pt '.'" : "lines " FITTED);
    if (!dumb)
        text_add(page->out, ", \\\n  keyentry with lines " LEVEL " title 'caches in use'");
    calibration_page_end(page);
}

bool plot_bandwidth(const struct scenario_result *result, const struct plot_options *options,
                    struct text *out, struct error *err)
{
    struct calibration_page page = {.options = options, .out = out};
    if (!calibration_page_open(&page, result, is_stream, "streams", err))
        return false;
    for (size_t d = 0; d < page.n; d++)
        add_data(&page, d);
    calibration_page_begin(&page, "working set of all threads", "bandwidth (GB/s)");
    for (size_t d = 0; d < page.n; d++)
        add_panel(&page, d);
    add_key(&page);
    return true;
}
