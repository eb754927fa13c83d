/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rate of matrix products over their rows, by the format of the weights: measured, and the fitted
 * device's for the shape that was measured at most rows. */
#include "base/memory.h"
#include "devices/calibrate/evidence.h"
#include "plots/calibration.h"
#include "plots/kinds.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CURVE_POINTS = 120, MOST_PEAKS = 4 };

/* The same shape filled is the next one. */
static const int hollow[KERNELS_FORMATS] = {4, 8, 10, 12, 6};

#define PEAK "dt 2 lw 1.2 lc rgb '#606060'"

static enum kernels_format format_of(const struct scenario_kernel_row *row)
{
    enum kernels_format f = 0;
    while (f < KERNELS_FORMATS && strcmp(kernels_format_name(f), row->format) != 0)
        f++;
    return f;
}

static bool is_product(const struct scenario_kernel_row *row)
{
    return row->kind == CALIBRATE_PRODUCT && format_of(row) < KERNELS_FORMATS && row->rows > 0 &&
           plot_is_positive(row->flops);
}

static bool is_peak(const struct scenario_kernel_row *row)
{
    return row->kind == CALIBRATE_PEAK && plot_is_positive(row->flops);
}

struct shape {
    int64_t outputs, inputs;
};

/* How a device's panel looks. */
struct panel {
    const struct calibration_page *page;
    size_t d;
    const struct table *kernels;
    struct shape shape; /* of the curves */
    struct plot_axis x, y;
    bool has[KERNELS_FORMATS];
    /* What there is of each format: gnuplot takes no data without a point. */
    bool main[KERNELS_FORMATS], other[KERNELS_FORMATS], fitted;
};

static bool is_of(const struct scenario_kernel_row *row, struct shape shape)
{
    return row->outputs == shape.outputs && row->inputs == shape.inputs;
}

/* The shape of most measurements, the first of them. */
static struct shape main_shape(const struct table *kernels)
{
    struct scenario_kernel_row row, other;
    struct shape best = {0, 0};
    size_t most = 0;
    for (size_t at = 0; calibration_next(kernels, is_product, &at, &row);) {
        struct shape shape = {row.outputs, row.inputs};
        size_t n = 0;
        for (size_t k = 0; calibration_next(kernels, is_product, &k, &other);)
            n += is_of(&other, shape);
        if (n > most)
            best = shape;
        most = n > most ? n : most;
    }
    return best;
}

static double rate_of(const struct scenario_kernel_row *row)
{
    return row->flops / row->time_s / 1e9;
}

static void widen(struct plot_axis *axis, double value)
{
    axis->low = fmin(axis->low, value);
    axis->high = fmax(axis->high, value);
}

static struct panel find_panel(const struct calibration_page *page, size_t d)
{
    const double side = 1.3, air = 1.4;
    struct panel panel = {.page = page,
                          .d = d,
                          .kernels = &page->device[d]->kernels,
                          .shape = main_shape(&page->device[d]->kernels),
                          .x = {INFINITY, 0, true},
                          .y = {INFINITY, 0, true}};
    struct scenario_kernel_row row;
    for (size_t at = 0; calibration_next(panel.kernels, is_product, &at, &row);) {
        enum kernels_format f = format_of(&row);
        panel.has[f] = true;
        if (is_of(&row, panel.shape))
            panel.main[f] = true;
        else
            panel.other[f] = true;
        widen(&panel.x, (double)row.rows);
        widen(&panel.y, rate_of(&row));
    }
    for (size_t at = 0; calibration_next(panel.kernels, is_peak, &at, &row);)
        widen(&panel.y, rate_of(&row));
    panel.x.low /= side;
    /* The curve has a point at least. */
    panel.x.high = fmax(panel.x.high * side, 2 * KERNELS_VECTOR_ROWS);
    panel.y.low /= air;
    panel.y.high *= air;
    return panel;
}

static void add_points(const struct panel *panel, enum kernels_format format, bool main)
{
    struct text *out = panel->page->out;
    struct scenario_kernel_row row;
    text_add(out, "$%s%d_%zu << END\n", main ? "main" : "other", (int)format, panel->d);
    for (size_t at = 0; calibration_next(panel->kernels, is_product, &at, &row);)
        if (format_of(&row) == format && is_of(&row, panel->shape) == main)
            text_add(out, "%lld %.9g # %lld x %lld\n", (long long)row.rows, rate_of(&row),
                     (long long)row.outputs, (long long)row.inputs);
    text_add(out, "END\n");
}

static double predicted_rate(const struct panel *panel, enum kernels_format format, double rows,
                             const struct device *device)
{
    struct calibrate_sample one = {.kind = CALIBRATE_PRODUCT,
                                   .name = "product",
                                   .format = format,
                                   .rows = (size_t)rows,
                                   .outputs = (size_t)panel->shape.outputs,
                                   .inputs = (size_t)panel->shape.inputs};
    double flops = 2 * rows * (double)one.outputs * (double)one.inputs;
    return flops / calibrate_predicted_s(device, &one) / 1e9;
}

/* Of a few rows more than one the fit takes no products: that stretch is drawn apart. */
static void add_curve(const struct panel *panel, enum kernels_format format,
                      const struct device *device)
{
    struct text *out = panel->page->out;
    double span = panel->x.high / panel->x.low, last = KERNELS_VECTOR_ROWS;
    text_add(out, "$few%d_%zu << END\n", (int)format, panel->d);
    for (int rows = 1; rows <= KERNELS_VECTOR_ROWS + 1; rows++)
        text_add(out, "%d %.9g\n", rows, predicted_rate(panel, format, rows, device));
    text_add(out, "END\n$curve%d_%zu << END\n", (int)format, panel->d);
    for (int i = 0; i <= CURVE_POINTS; i++) {
        double rows = round(panel->x.low * pow(span, i / (double)CURVE_POINTS));
        if (rows > last)
            text_add(out, "%g %.9g\n", rows, predicted_rate(panel, format, rows, device));
        last = fmax(rows, last);
    }
    text_add(out, "END\n");
}

static void add_data(struct panel *panel)
{
    struct calibration_fitted fitted;
    panel->fitted = calibration_fitted_read(panel->page->device[panel->d], &fitted);
    for (enum kernels_format f = 0; f < KERNELS_FORMATS; f++) {
        if (panel->main[f])
            add_points(panel, f, true);
        if (panel->other[f])
            add_points(panel, f, false);
        if (panel->has[f] && panel->fitted)
            add_curve(panel, f, &fitted.device);
    }
    if (panel->fitted)
        calibration_fitted_free(&fitted);
}

/* Whether the name of a peak would lie on the line of another one. */
static bool is_crowded(const struct panel *panel, double rate)
{
    const double near = 0.05;
    struct scenario_kernel_row row;
    for (size_t at = 0; calibration_next(panel->kernels, is_peak, &at, &row);) {
        double above = plot_axis_place(&panel->y, rate_of(&row)) - plot_axis_place(&panel->y, rate);
        if (above > 0 && above < near)
            return true;
    }
    return false;
}

/* Arithmetic in registers. */
static void add_peaks(const struct panel *panel)
{
    struct scenario_kernel_row row;
    struct text *out = panel->page->out;
    for (size_t k = 0; k < MOST_PEAKS; k++)
        text_add(out, "unset label %zu\n", 10 + k);
    for (size_t at = 0, k = 0;
         k < MOST_PEAKS && calibration_next(panel->kernels, is_peak, &at, &row); k++) {
        double rate = rate_of(&row);
        text_add(out, "set arrow from graph 0, first %.9g to graph 1, first %.9g nohead " PEAK "\n",
                 rate, rate);
        text_add(out, "set label %zu ", 10 + k);
        plot_quotef(panel->page->options->format, out, "%s%s %.4g", row.name,
                    panel->page->columns == 1 ? " in registers:" : "", rate);
        text_add(out, " at graph 0.99, first %.9g right offset 0,%s\n", rate,
                 is_crowded(panel, rate) ? "-0.7" : "0.6");
    }
}

/* Begins what is drawn next. */
static void add_series(const struct panel *panel, const char *name, int format, const char **comma)
{
    text_add(panel->page->out, "%s$%s%d_%zu using 1:2 with ", *comma, name, format, panel->d);
    *comma = ", \\\n  ";
}

static void add_format(const struct panel *panel, int format, const char **comma)
{
    struct text *out = panel->page->out;
    const char *colour = plot_colour((size_t)format);
    if (panel->fitted) {
        add_series(panel, "curve", format, comma);
        text_add(out, "lines lw 1.8 lc rgb '%s'", colour);
        add_series(panel, "few", format, comma);
        text_add(out, "lines dt 3 lw 1.5 lc rgb '%s'", colour);
    }
    if (panel->other[format]) {
        add_series(panel, "other", format, comma);
        text_add(out, "points pt %d ps 0.8 lw 1 lc rgb '%s'", hollow[format], colour);
    }
    if (panel->main[format]) {
        add_series(panel, "main", format, comma);
        text_add(out, "points pt %d ps 1.3 lc rgb '%s'", hollow[format] + 1, colour);
    }
}

static void add_panel(const struct panel *panel)
{
    struct text *out = panel->page->out;
    bool dumb = calibration_is_dumb(panel->page);
    const char *comma = "plot ";
    calibration_page_panel(panel->page, panel->d);
    plot_axis_write(&panel->x, "x", out);
    plot_axis_write(&panel->y, "y", out);
    text_add(out, "set xtics (%s)\n",
             panel->page->columns > 1 ? "1, 4, 16, 64, 256, 1024"
                                      : "1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048");
    if (!dumb)
        add_peaks(panel);
    for (int f = 0; f < KERNELS_FORMATS; f++) {
        if (!dumb && panel->has[f])
            add_format(panel, f, &comma);
        if (!dumb || !panel->main[f])
            continue;
        add_series(panel, "main", f, &comma);
        text_add(out, "points pt '%c'", 'a' + f);
    }
    text_add(out, "\n");
}

static void add_key(const struct calibration_page *page, struct shape shape,
                    const bool has[KERNELS_FORMATS])
{
    struct text *out = page->out;
    bool dumb = calibration_is_dumb(page);
    calibration_page_key(page, "Products over rows");
    for (int f = 0; f < KERNELS_FORMATS; f++) {
        if (!has[f])
            continue;
        text_add(out, ", \\\n  keyentry with points ");
        if (dumb)
            text_add(out, "pt '%c'", 'a' + f);
        else
            text_add(out, "pt %d ps 1.3 lc rgb '%s'", hollow[f] + 1, plot_colour((size_t)f));
        text_add(out, " title '%s'", kernels_format_name((enum kernels_format)f));
    }
    if (!dumb)
        text_add(
            out,
            ", \\\n  keyentry title ' ', \\\n"
            "  keyentry with points pt 5 ps 1.3 lc rgb '#505050' title '%lld \303\227 %lld', "
            "\\\n  keyentry with points pt 4 ps 0.8 lw 1 lc rgb '#505050' title 'other "
            "shapes', \\\n  keyentry with lines lw 1.8 lc rgb '#505050' title 'fitted, of "
            "%lld \303\227 %lld', \\\n  keyentry with lines dt 3 lw 1.5 lc rgb '#505050' title "
            "'  where nothing is fitted to', \\\n  keyentry with lines " PEAK
            " title 'arithmetic alone'",
            (long long)shape.outputs, (long long)shape.inputs, (long long)shape.outputs,
            (long long)shape.inputs);
    calibration_page_end(page);
}

bool plot_compute(const struct scenario_result *result, const struct plot_options *options,
                  struct text *out, struct error *err)
{
    struct calibration_page page = {.options = options, .out = out};
    struct panel panel[CALIBRATION_PANELS] = {{.page = &page}};
    bool has[KERNELS_FORMATS] = {false};
    if (!calibration_page_open(&page, result, is_product, "products", err))
        return false;
    for (size_t d = 0; d < page.n; d++) {
        panel[d] = find_panel(&page, d);
        add_data(&panel[d]);
        for (int f = 0; f < KERNELS_FORMATS; f++)
            has[f] = has[f] || panel[d].has[f];
    }
    calibration_page_begin(&page, "rows", "rate (GFLOP/s)");
    for (size_t d = 0; d < page.n; d++)
        add_panel(&panel[d]);
    add_key(&page, panel[0].shape, has);
    return true;
}
