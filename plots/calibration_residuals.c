/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Predicted over measured time of all that a device was fitted to, group by group; within a group
 * from short to long. */
#include "analysis/statistics.h"
#include "base/memory.h"
#include "plots/calibration.h"
#include "plots/kinds.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Medians are black. */
enum { MOST_GROUPS = 12, COLOURS = 6 };

#define EQUAL "lw 1.5 lc rgb '#303030'"
#define NEAR "dt 2 lw 1.2 lc rgb '#808080'"
#define MEDIAN "lw 3 lc rgb '#000000'"

/* Share of the page that the groups' names take. */
#define NAMES 0.19

/* Share of a group's place that its points take. */
static const double spread = 0.7;

static bool is_fitted(const struct scenario_kernel_row *row)
{
    return *row->group && plot_is_positive(row->predicted_s) &&
           plot_is_positive(row->predicted_s / row->time_s);
}

struct point {
    double time_s, ratio;
};

struct group {
    const char *name;    /* borrowed from the kernels */
    struct point *point; /* (n) by time */
    size_t n;
    double median;
};

struct panel {
    const struct calibration_page *page;
    size_t d, n;
    struct group group[MOST_GROUPS]; /* (n) in the order of their first rows */
    struct plot_axis x;
};

static int by_time(const void *a, const void *b)
{
    const struct point *x = a, *y = b;
    return (x->time_s > y->time_s) - (x->time_s < y->time_s);
}

static struct group *group_of(struct panel *panel, const char *name, size_t most)
{
    for (size_t g = 0; g < panel->n; g++)
        if (strcmp(panel->group[g].name, name) == 0)
            return &panel->group[g];
    if (panel->n == MOST_GROUPS)
        return NULL;
    struct group *group = &panel->group[panel->n++];
    *group = (struct group){.name = name, .point = mem_calloc(most, sizeof *group->point)};
    return group;
}

static void take_median(struct group *group)
{
    double *ratio = mem_calloc(group->n, sizeof *ratio);
    for (size_t i = 0; i < group->n; i++)
        ratio[i] = group->point[i].ratio;
    group->median = analysis_median(ratio, group->n);
    free(ratio);
}

static struct panel find_panel(const struct calibration_page *page, size_t d)
{
    const double air = 1.15, least = 1.25;
    const struct table *kernels = &page->device[d]->kernels;
    struct panel panel = {.page = page, .d = d, .x = {1 / least, least, true}};
    struct scenario_kernel_row row;
    for (size_t at = 0; calibration_next(kernels, is_fitted, &at, &row);) {
        struct group *group = group_of(&panel, row.group, kernels->n_rows);
        if (!group)
            continue;
        struct point point = {row.time_s, row.predicted_s / row.time_s};
        group->point[group->n++] = point;
        panel.x.low = fmin(panel.x.low, point.ratio);
        panel.x.high = fmax(panel.x.high, point.ratio);
    }
    panel.x.low /= air;
    panel.x.high *= air;
    for (size_t g = 0; g < panel.n; g++) {
        qsort(panel.group[g].point, panel.group[g].n, sizeof(struct point), by_time);
        take_median(&panel.group[g]);
    }
    return panel;
}

static double place_of(const struct group *group, size_t g, size_t i)
{
    double share = group->n > 1 ? (double)i / (double)(group->n - 1) - 0.5 : 0;
    return (double)g + spread * share;
}

static void add_data(const struct panel *panel)
{
    struct text *out = panel->page->out;
    for (size_t g = 0; g < panel->n; g++) {
        const struct group *group = &panel->group[g];
        text_add(out, "$group%zu_%zu << END\n", g, panel->d);
        for (size_t i = 0; i < group->n; i++)
            text_add(out, "%.6g %.4f # %.4g s\n", group->point[i].ratio, place_of(group, g, i),
                     group->point[i].time_s);
        text_add(out, "END\n");
    }
}

/* Ratios as what they differ by from 1. */
/* Those that matter most first: a later one stands where there is still room. */
static void add_x_tics(const struct panel *panel)
{
    static const double percent[] = {0,   -50, 100, 300, -80, 25,  -20, 50,
                                     -65, 200, 10,  -10, -90, 900, -30};
    enum { TICS = sizeof percent / sizeof *percent };
    const double room = 0.08 * (double)panel->page->columns;
    double taken[TICS] = {0};
    size_t n = 0;
    text_add(panel->page->out, "set xtics (");
    for (size_t i = 0; i < TICS; i++) {
        double ratio = 1 + percent[i] / 100, place = plot_axis_place(&panel->x, ratio);
        bool free = place >= 0 && place <= 1;
        for (size_t k = 0; k < n; k++)
            free = free && fabs(taken[k] - place) > room;
        if (!free)
            continue;
        text_add(panel->page->out, percent[i] != 0 ? "%s'%+g' %.9g" : "%s'%g' %.9g",
                 n > 0 ? ", " : "", percent[i], ratio);
        taken[n++] = place;
    }
    text_add(panel->page->out, ")\n");
}

/* The first group stands on top. */
static void add_y_tics(const struct panel *panel)
{
    struct text *out = panel->page->out;
    text_add(out, "set yrange [%g:-0.6]\nset ytics (", (double)panel->n - 0.4);
    for (size_t g = 0; g < panel->n; g++) {
        text_add(out, "%s", g > 0 ? ", " : "");
        plot_quotef(panel->page->options->format, out, "%s (%zu)", panel->group[g].name,
                    panel->group[g].n);
        text_add(out, " %zu", g);
    }
    text_add(out, ")\n");
}

static void add_line(const struct panel *panel, double ratio, const char *look)
{
    if (ratio > panel->x.low && ratio < panel->x.high)
        text_add(panel->page->out, "set arrow from %.6g, graph 0 to %.6g, graph 1 nohead %s\n",
                 ratio, ratio, look);
}

static void add_lines(const struct panel *panel)
{
    add_line(panel, 1, EQUAL);
    add_line(panel, 1.1, NEAR);
    add_line(panel, 0.9, NEAR);
    for (size_t g = 0; g < panel->n; g++)
        text_add(panel->page->out,
                 "set arrow from %.6g,%.4f to %.6g,%.4f nohead front " MEDIAN "\n",
                 panel->group[g].median, (double)g - spread / 2, panel->group[g].median,
                 (double)g + spread / 2);
}

static void add_panel(const struct panel *panel)
{
    struct text *out = panel->page->out;
    bool dumb = calibration_is_dumb(panel->page);
    calibration_page_panel(panel->page, panel->d);
    plot_axis_write(&panel->x, "x", out);
    add_x_tics(panel);
    add_y_tics(panel);
    if (!dumb)
        add_lines(panel);
    for (size_t g = 0; g < panel->n; g++) {
        text_add(out, "%s$group%zu_%zu using 1:2 with points ", g > 0 ? ", \\\n  " : "plot ", g,
                 panel->d);
        if (dumb)
            text_add(out, "pt '%c'", (char)('a' + g));
        else
            text_add(out, "pt %d ps 0.9 lw 1.2 lc rgb '%s'", plot_point_type(g),
                     plot_colour(g % COLOURS));
    }
    text_add(out, "\n");
}

static void add_key(const struct calibration_page *page)
{
    calibration_page_key(page, "Predicted against measured times");
    if (calibration_is_dumb(page))
        text_add(page->out, ", \\\n  keyentry title 'from the shortest,', \\\n"
                            "  keyentry title 'on top, to the longest'");
    else
        text_add(page->out, ", \\\n  keyentry with lines " EQUAL " title 'equal', \\\n"
                            "  keyentry with lines " NEAR " title '\302\26110 %%', \\\n"
                            "  keyentry with lines " MEDIAN " title 'median of the group', \\\n"
                            "  keyentry with points pt 4 ps 0.9 lw 1.2 lc rgb '#505050' title "
                            "'a kernel or pass', \\\n"
                            "  keyentry title '  the shortest on top'");
    calibration_page_end(page);
}

bool plot_residuals(const struct scenario_result *result, const struct plot_options *options,
                    struct text *out, struct error *err)
{
    struct calibration_page page = {.options = options, .out = out};
    struct panel panel[CALIBRATION_PANELS] = {{.page = &page}};
    if (!calibration_page_open(&page, result, is_fitted, "fitted kernels", err))
        return false;
    for (size_t d = 0; d < page.n; d++) {
        panel[d] = find_panel(&page, d);
        add_data(&panel[d]);
    }
    page.names = NAMES;
    calibration_page_begin(&page, "predicted less measured time (%)", "");
    for (size_t d = 0; d < page.n; d++) {
        add_panel(&panel[d]);
        for (size_t g = 0; g < panel[d].n; g++)
            free(panel[d].group[g].point);
    }
    add_key(&page);
    return true;
}
