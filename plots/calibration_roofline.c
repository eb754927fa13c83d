/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The measured roofline: what reading from each level of memory and arithmetic in registers reach,
 * and the kernels under them. */
#include "base/memory.h"
#include "plots/calibration.h"
#include "plots/kinds.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_ROOFS = 8, LEVELS = 4, GROUPS = 4 };

static const char *const group_names[GROUPS] = {"products of one row", "products of more rows",
                                                "attention, decode", "attention, prefill"};

#define ROOF "lw 1.8 lc rgb '#303030'"

/* Caches from the nearest on, apart from the colours of kernels. */
static const char *const cache_looks[LEVELS] = {
    "dt 3 lw 1.8 lc rgb '#9575cd'", "dt 4 lw 1.8 lc rgb '#673ab7'", "dt 2 lw 1.8 lc rgb '#311b92'",
    "dt 5 lw 1.8 lc rgb '#1a237e'"};
static const char *const cache_colours[LEVELS] = {"#9575cd", "#673ab7", "#311b92", "#1a237e"};

/* GROUPS: the picture does not show it. */
static size_t group_of(const struct scenario_kernel_row *row)
{
    if (row->kind == CALIBRATE_PRODUCT)
        return row->rows == 1 ? 0 : 1;
    return row->kind == CALIBRATE_DECODE ? 2 : row->kind == CALIBRATE_PROMPT ? 3 : GROUPS;
}

static bool is_kernel(const struct scenario_kernel_row *row)
{
    return group_of(row) < GROUPS && plot_is_positive(row->flops) && plot_is_positive(row->bytes);
}

static bool is_peak(const struct scenario_kernel_row *row)
{
    return row->kind == CALIBRATE_PEAK && plot_is_positive(row->flops);
}

static bool is_read(const struct scenario_kernel_row *row)
{
    return row->kind == CALIBRATE_STREAM && strcmp(row->name, "read") == 0 &&
           plot_is_positive(row->working_set_B) && plot_is_positive(row->bytes);
}

/* One whose weights come from memory. */
static bool is_row(const struct scenario_kernel_row *row)
{
    return row->kind == CALIBRATE_PRODUCT && row->rows == 1 && plot_is_positive(row->bytes);
}

/* A slope in GB/s, or a ceiling in GFLOP/s. */
struct roof {
    char name[24];
    double rate;
    bool ceiling;
    size_t level; /* of a slope: LEVELS is memory */
};

struct panel {
    const struct calibration_page *page;
    size_t d;
    const struct table *kernels;
    struct roof roof[MOST_ROOFS]; /* (n) */
    size_t n;
    struct plot_axis x, y; /* FLOP/byte; GFLOP/s */
    bool has[GROUPS];      /* gnuplot takes no data without a point */
};

static double best_read(const struct table *kernels, double least_B, double most_B)
{
    struct scenario_kernel_row row;
    double best = 0;
    for (size_t at = 0; calibration_next(kernels, is_read, &at, &row);)
        if (row.working_set_B > least_B && row.working_set_B <= most_B)
            best = fmax(best, row.bytes / row.time_s / 1e9);
    return best;
}

static void add_roof(struct panel *panel, const char *name, double rate, size_t level)
{
    if (panel->n == MOST_ROOFS || !plot_is_positive(rate))
        return;
    struct roof *roof = &panel->roof[panel->n++];
    *roof = (struct roof){.rate = rate, .ceiling = level > LEVELS, .level = level};
    snprintf(roof->name, sizeof roof->name, "%s", name);
}

/* What a level holds and the one before it does not; from memory comes what is as large as the
 * half of the largest stream, and the weights of products. */
static void find_slopes(struct panel *panel)
{
    const struct table *levels = &panel->page->device[panel->d]->levels;
    struct scenario_kernel_row row;
    double below_B = 0, far_B = 0;
    for (size_t r = 0; r < levels->n_rows && r < LEVELS; r++) {
        struct scenario_level_row level;
        char name[24];
        table_get(levels, r, &level);
        snprintf(name, sizeof name, "L%lld", (long long)level.level);
        add_roof(panel, name, best_read(panel->kernels, 1.01 * below_B, level.capacity_B), r);
        below_B = level.capacity_B;
    }
    for (size_t at = 0; calibration_next(panel->kernels, is_read, &at, &row);)
        far_B = fmax(far_B, row.working_set_B / 2);
    double far = best_read(panel->kernels, far_B, INFINITY);
    for (size_t at = 0; calibration_next(panel->kernels, is_row, &at, &row);)
        far = fmax(far, row.bytes / row.time_s / 1e9);
    add_roof(panel, "memory", far, LEVELS);
}

/* Integers that are slower than floats, the first ones, bound nothing. */
static void find_ceilings(struct panel *panel)
{
    struct scenario_kernel_row row;
    double first = 0;
    for (size_t at = 0; calibration_next(panel->kernels, is_peak, &at, &row);) {
        double rate = row.flops / row.time_s / 1e9;
        if (rate >= first)
            add_roof(panel, row.name, rate, LEVELS + 1);
        first = first > 0 ? first : rate;
    }
}

static void widen(struct plot_axis *axis, double value)
{
    axis->low = fmin(axis->low, value);
    axis->high = fmax(axis->high, value);
}

static double highest_ceiling(const struct panel *panel)
{
    double most = 0;
    for (size_t i = 0; i < panel->n; i++)
        if (panel->roof[i].ceiling)
            most = fmax(most, panel->roof[i].rate);
    return most;
}

static struct panel find_panel(const struct calibration_page *page, size_t d)
{
    const double air = 1.8;
    struct panel panel = {.page = page,
                          .d = d,
                          .kernels = &page->device[d]->kernels,
                          .x = {INFINITY, 0, true},
                          .y = {INFINITY, 0, true}};
    struct scenario_kernel_row row;
    find_slopes(&panel);
    find_ceilings(&panel);
    for (size_t at = 0; calibration_next(panel.kernels, is_kernel, &at, &row);) {
        panel.has[group_of(&row)] = true;
        widen(&panel.x, row.flops / row.bytes);
        widen(&panel.y, row.flops / row.time_s / 1e9);
    }
    if (highest_ceiling(&panel) > 0)
        widen(&panel.y, highest_ceiling(&panel));
    panel.x.low /= air;
    panel.x.high *= air;
    panel.y.low /= air;
    panel.y.high *= air;
    return panel;
}

static void add_data(const struct panel *panel)
{
    struct scenario_kernel_row row;
    struct text *out = panel->page->out;
    for (size_t g = 0; g < GROUPS; g++) {
        if (!panel->has[g])
            continue;
        text_add(out, "$group%zu_%zu << END\n", g, panel->d);
        for (size_t at = 0; calibration_next(panel->kernels, is_kernel, &at, &row);) {
            if (group_of(&row) != g)
                continue;
            text_add(out, "%.6g %.6g # ", row.flops / row.bytes, row.flops / row.time_s / 1e9);
            plot_quotef(panel->page->options->format, out, "%s %s, %lld rows", row.name, row.format,
                        (long long)row.rows);
            text_add(out, "\n");
        }
        text_add(out, "END\n");
    }
}

static void write_name(const struct panel *panel, size_t label, const struct roof *roof)
{
    text_add(panel->page->out, "set label %zu ", label);
    plot_quotef(panel->page->options->format, panel->page->out, "%s %.3g %s", roof->name,
                roof->rate, roof->ceiling ? "GFLOP/s" : "GB/s");
}

/* A slope ends at the highest ceiling. The corner below the roof holds their names, memory's last.
 */
static void add_slope(const struct panel *panel, const struct roof *roof, size_t label, size_t line)
{
    struct text *out = panel->page->out;
    double top = highest_ceiling(panel) > 0 ? highest_ceiling(panel) : panel->y.high;
    double begin = fmax(panel->x.low, panel->y.low / roof->rate);
    if (top / roof->rate > begin)
        text_add(out, "set arrow from %.6g,%.6g to %.6g,%.6g nohead %s\n", begin,
                 begin * roof->rate, top / roof->rate, top,
                 roof->level < LEVELS ? cache_looks[roof->level] : ROOF);
    write_name(panel, label, roof);
    text_add(out, " at graph 0.985, graph 0 right offset 0,%g tc rgb '%s'\n",
             0.8 + 1.1 * (double)line,
             roof->level < LEVELS ? cache_colours[roof->level] : "#303030");
}

static void add_ceiling(const struct panel *panel, const struct roof *roof, size_t label)
{
    struct text *out = panel->page->out;
    double steepest = 0;
    for (size_t i = 0; i < panel->n; i++)
        if (!panel->roof[i].ceiling)
            steepest = fmax(steepest, panel->roof[i].rate);
    double begin = steepest > 0 ? fmax(panel->x.low, roof->rate / steepest) : panel->x.low;
    text_add(out, "set arrow from %.6g,%.6g to graph 1, first %.6g nohead " ROOF "\n", begin,
             roof->rate, roof->rate);
    write_name(panel, label, roof);
    text_add(out, " at graph 0.99, first %.6g right offset 0,0.6\n", roof->rate);
}

static void add_roofs(const struct panel *panel)
{
    size_t slopes = 0, line = 0;
    for (size_t i = 0; i < MOST_ROOFS; i++)
        text_add(panel->page->out, "unset label %zu\n", 10 + i);
    for (size_t i = 0; i < panel->n; i++)
        slopes += !panel->roof[i].ceiling;
    for (size_t i = 0; i < panel->n; i++)
        if (panel->roof[i].ceiling)
            add_ceiling(panel, &panel->roof[i], 10 + i);
        else
            add_slope(panel, &panel->roof[i], 10 + i, slopes - 1 - line++);
}

static void add_look(const struct calibration_page *page, size_t g)
{
    if (calibration_is_dumb(page))
        text_add(page->out, " with points pt '%c'", "gGdp"[g]);
    else
        text_add(page->out, " with points pt %d ps 1 lw 1.3 lc rgb '%s'", plot_point_type(g),
                 plot_colour(g));
}

static void add_panel(const struct panel *panel)
{
    struct text *out = panel->page->out;
    calibration_page_panel(panel->page, panel->d);
    plot_axis_write(&panel->x, "x", out);
    plot_axis_write(&panel->y, "y", out);
    if (!calibration_is_dumb(panel->page))
        add_roofs(panel);
    const char *comma = "plot ";
    for (size_t g = 0; g < GROUPS; g++) {
        if (!panel->has[g])
            continue;
        text_add(out, "%s$group%zu_%zu using 1:2", comma, g, panel->d);
        add_look(panel->page, g);
        comma = ", \\\n  ";
    }
    text_add(out, "\n");
}

static void add_key(const struct calibration_page *page)
{
    calibration_page_key(page, "Measured roofline");
    for (size_t g = 0; g < GROUPS; g++) {
        text_add(page->out, ", \\\n  keyentry");
        add_look(page, g);
        text_add(page->out, " title '%s'", group_names[g]);
    }
    if (!calibration_is_dumb(page)) {
        text_add(page->out, ", \\\n  keyentry title ' ', \\\n  keyentry with lines " ROOF
                            " title 'memory, arithmetic'");
        for (size_t level = 0; level + 1 < LEVELS; level++)
            text_add(page->out, ", \\\n  keyentry with lines %s title 'L%zu cache'",
                     cache_looks[level], level + 1);
    }
    calibration_page_end(page);
}

bool plot_kernels(const struct scenario_result *result, const struct plot_options *options,
                  struct text *out, struct error *err)
{
    struct calibration_page page = {.options = options, .out = out};
    struct panel panel[CALIBRATION_PANELS] = {{.page = &page}};
    if (!calibration_page_open(&page, result, is_kernel, "kernels", err))
        return false;
    for (size_t d = 0; d < page.n; d++) {
        panel[d] = find_panel(&page, d);
        add_data(&panel[d]);
    }
    calibration_page_begin(&page, "arithmetic intensity (FLOP/byte)", "rate (GFLOP/s)");
    for (size_t d = 0; d < page.n; d++)
        add_panel(&panel[d]);
    add_key(&page);
    return true;
}
