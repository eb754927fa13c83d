/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plots/roofline.h"

#include "base/memory.h"
#include "plots/kinds.h"
#include "plots/label.h"
#include "plots/script.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { TITLE_LETTERS = 110, KEY_LETTERS = 31, ROOF_SPOTS = 60 };

/* Hollow for decode, the same shape filled for prefill. */
static const struct {
    const char *name;
    int hollow, filled;
} groups[ROOFLINE_GROUPS] = {{"attention projections", 4, 5},
                             {"attention", 6, 7},
                             {"FFN", 8, 9},
                             {"LM head", 10, 11},
                             {"whole pass", 12, 13}};

struct view {
    const struct plot_roofline *what;
    const struct plot_options *options;
    struct roofline_device *device; /* (n_devices) that differ */
    size_t n_devices;
    struct plot_axis x, y; /* FLOP/byte; FLOP/s over `unit_FLOPps` */
    double unit_FLOPps;
    const char *unit;
    struct text *out;
};

static const char *name_of(const struct view *view, size_t d)
{
    return view->what->platform->device[view->device[d].index].name;
}

static double matrix_ridge(const struct roofline_device *device)
{
    return device->matrix_FLOPps / device->slope_Bps;
}

static double vector_ridge(const struct roofline_device *device)
{
    return device->vector_FLOPps / device->slope_Bps;
}

static bool has_two_ceilings(const struct roofline_device *device)
{
    return fabs(device->vector_FLOPps / device->matrix_FLOPps - 1) > 0.02;
}

/* Calls for each point of a device. */
static void each_point(const struct roofline_device *device,
                       void (*take)(void *context, struct roofline_point point), void *context)
{
    for (size_t g = 0; g < ROOFLINE_GROUPS; g++) {
        if (isfinite(device->decode[g].intensity))
            take(context, device->decode[g]);
        if (isfinite(device->prefill[g].intensity))
            take(context, device->prefill[g]);
    }
}

struct extent {
    double low_I, high_I, low_FLOPps, high_FLOPps;
};

static void widen(void *context, struct roofline_point point)
{
    struct extent *extent = context;
    extent->low_I = fmin(extent->low_I, point.intensity);
    extent->high_I = fmax(extent->high_I, point.intensity);
    extent->low_FLOPps = fmin(extent->low_FLOPps, point.FLOPps);
    extent->high_FLOPps = fmax(extent->high_FLOPps, point.FLOPps);
}

static void choose_unit(struct view *view, double most_FLOPps)
{
    bool tera = most_FLOPps >= 2e12;
    view->unit_FLOPps = tera ? 1e12 : 1e9;
    view->unit = tera ? "TFLOP/s" : "GFLOP/s";
}

/* Room for all points and ridges, and for the ceilings to be seen as such. */
static void fit_axes(struct view *view)
{
    struct extent extent = {INFINITY, 0, INFINITY, 0};
    for (size_t d = 0; d < view->n_devices; d++) {
        const struct roofline_device *device = &view->device[d];
        double high = fmax(device->matrix_FLOPps, device->vector_FLOPps);
        each_point(device, widen, &extent);
        widen(&extent, (struct roofline_point){high / device->slope_Bps, high});
        widen(&extent, (struct roofline_point){matrix_ridge(device), device->matrix_FLOPps});
    }
    choose_unit(view, extent.high_FLOPps);
    view->x = (struct plot_axis){extent.low_I / 2.5, extent.high_I * 2.5, true};
    view->y = (struct plot_axis){extent.low_FLOPps / view->unit_FLOPps / 2.5,
                                 extent.high_FLOPps / view->unit_FLOPps * 2.5, true};
}

static void add_vertex(const struct view *view, double intensity, double FLOPps)
{
    text_add(view->out, "%.9g %.9g\n", intensity, FLOPps / view->unit_FLOPps);
}

/* The slope up to the matrix ceiling, and from it the vector units' ceiling. */
static void add_roof_data(const struct view *view, size_t d)
{
    const struct roofline_device *device = &view->device[d];
    text_add(view->out, "$roof%zu << END\n", d);
    add_vertex(view, view->x.low, view->x.low * device->slope_Bps);
    add_vertex(view, matrix_ridge(device), device->matrix_FLOPps);
    add_vertex(view, view->x.high, device->matrix_FLOPps);
    text_add(view->out, "END\n$vector%zu << END\n", d);
    if (device->vector_FLOPps > device->matrix_FLOPps)
        add_vertex(view, matrix_ridge(device), device->matrix_FLOPps);
    add_vertex(view, vector_ridge(device), device->vector_FLOPps);
    add_vertex(view, view->x.high, device->vector_FLOPps);
    text_add(view->out, "END\n");
}

static void add_phase_data(const struct view *view, size_t d, const char *phase,
                           const struct roofline_point *point)
{
    text_add(view->out, "$%s%zu << END\n", phase, d);
    for (size_t g = 0; g < ROOFLINE_GROUPS; g++) {
        plot_number(point[g].intensity, view->out);
        text_add(view->out, " ");
        plot_number(point[g].FLOPps / view->unit_FLOPps, view->out);
        text_add(view->out, " # %s\n", groups[g].name);
    }
    text_add(view->out, "END\n");
}

static void add_data(const struct view *view)
{
    text_add(view->out, "# FLOP/byte and %s: roofs from memory to the ceiling, then points\n",
             view->unit);
    for (size_t d = 0; d < view->n_devices; d++) {
        add_roof_data(view, d);
        add_phase_data(view, d, "decode", view->device[d].decode);
        add_phase_data(view, d, "prefill", view->device[d].prefill);
    }
}

static void add_axes(const struct view *view)
{
    struct text *out = view->out;
    bool dumb = view->options->format == PLOT_DUMB;
    char *title = mem_printf("Rooflines of %s with %s in %s", view->what->platform->name,
                             view->what->model->name, view->what->model->quant);
    text_add(out, "set title ");
    plot_quote(title, dumb ? 76 : TITLE_LETTERS, view->options->format, out);
    free(title);
    text_add(out,
             "\nset xlabel 'arithmetic intensity (FLOP/byte)'\n"
             "set ylabel 'attainable and achieved rate (%s)'\n",
             view->unit);
    plot_axis_write(&view->x, "x", out);
    plot_axis_write(&view->y, "y", out);
    text_add(out, "set tmargin at screen %g\nset bmargin at screen %g\n", dumb ? 0.92 : PLOT_TOP,
             dumb ? 0.14 : PLOT_BOTTOM);
    text_add(out, "set key at screen %g,%g left top Left reverse samplen %g\n", PLOT_RIGHT + 0.015,
             dumb ? 0.9 : PLOT_TOP, dumb ? 1.0 : 2.0);
}

/* Places on the graph that names should not cover. */
struct spots {
    const struct view *view;
    struct plot_spot *spot;
    size_t n, capacity;
};

static struct plot_spot spot_of(const struct view *view, struct roofline_point point)
{
    return (struct plot_spot){plot_axis_place(&view->x, point.intensity),
                              plot_axis_place(&view->y, point.FLOPps / view->unit_FLOPps)};
}

static void add_spot(void *context, struct roofline_point point)
{
    struct spots *spots = context;
    spots->spot = mem_grow(spots->spot, &spots->capacity, spots->n + 1, sizeof *spots->spot);
    spots->spot[spots->n++] = spot_of(spots->view, point);
}

static void add_roof_spots(struct spots *spots, const struct roofline_device *device)
{
    const struct plot_axis *x = &spots->view->x;
    for (int i = 0; i <= ROOF_SPOTS; i++) {
        double intensity = x->low * pow(x->high / x->low, i / (double)ROOF_SPOTS);
        double slope = intensity * device->slope_Bps;
        add_spot(spots, (struct roofline_point){intensity, fmin(slope, device->matrix_FLOPps)});
        add_spot(spots, (struct roofline_point){intensity, fmin(slope, device->vector_FLOPps)});
    }
    each_point(device, add_spot, spots);
}

/* Names each ridge. */
static void add_names(const struct view *view)
{
    struct plot_label *label = mem_calloc(view->n_devices, sizeof *label);
    struct spots spots = {.view = view};
    for (size_t d = 0; d < view->n_devices; d++) {
        const struct roofline_device *device = &view->device[d];
        double ridge = matrix_ridge(device);
        label[d].spot = spot_of(view, (struct roofline_point){ridge, device->matrix_FLOPps});
        label[d].text = mem_printf("%s ridge: %.3g FLOP/byte", name_of(view, d), ridge);
        add_roof_spots(&spots, device);
    }
    struct plot_letter letter = plot_letter(view->options->format);
    letter.width /= PLOT_RIGHT - PLOT_LEFT;
    letter.height /= PLOT_TOP - PLOT_BOTTOM;
    plot_labels_place(label, view->n_devices, spots.spot, spots.n, letter);
    plot_labels_write(label, view->n_devices, view->options->format, view->out);
    for (size_t d = 0; d < view->n_devices; d++)
        free(label[d].text);
    free(label);
    free(spots.spot);
}

static void add_title(const struct view *view, char *name)
{
    text_add(view->out, " title ");
    plot_quote(name, KEY_LETTERS, view->options->format, view->out);
    free(name);
}

/* The device's name, its solid roof in numbers, its vector units' dashed one. */
static void add_roof(const struct view *view, size_t d)
{
    const struct roofline_device *device = &view->device[d];
    const char *colour = plot_colour(d);
    char alike[32] = "";
    if (device->alike > 0)
        snprintf(alike, sizeof alike, " and %zu alike", device->alike);
    text_add(view->out, "%s$roof%zu using 1:2 with lines lw 2.5 lc rgb '%s'",
             d > 0 ? ", \\\n  " : "plot ", d, colour);
    add_title(view,
              mem_printf("%s%s%s", name_of(view, d), alike, device->fits ? "" : ": too small"));
    text_add(view->out, ", \\\n  keyentry");
    add_title(view, mem_printf("  %.3g GB/s, %.3g %s", device->slope_Bps / 1e9,
                               device->matrix_FLOPps / view->unit_FLOPps, view->unit));
    if (has_two_ceilings(device)) {
        text_add(view->out, ", \\\n  $vector%zu using 1:2 with lines lw 2 dt 2 lc rgb '%s'", d,
                 colour);
        add_title(view, mem_printf("  %s vector: %.3g %s", device->peak,
                                   device->vector_FLOPps / view->unit_FLOPps, view->unit));
    }
    text_add(view->out,
             ", \\\n  $roof%zu every ::1::1 using 1:2 with points pt 7 ps 1.1 lc rgb '%s' notitle",
             d, colour);
}

static void add_phase(const struct view *view, size_t d, size_t g, bool prefill)
{
    const struct roofline_point *point = prefill ? view->device[d].prefill : view->device[d].decode;
    if (!isfinite(point[g].intensity))
        return;
    text_add(view->out,
             ", \\\n  $%s%zu every ::%zu::%zu using 1:2 with points pt %d ps 1.4 lw 1.6 "
             "lc rgb '%s' notitle",
             prefill ? "prefill" : "decode", d, g, g, prefill ? groups[g].filled : groups[g].hollow,
             plot_colour(d));
}

/* What the shapes mean, in grey: colours are the devices'. */
static void add_shape_key(const struct view *view)
{
    const char *entry = ", \\\n  keyentry with points ps 1.4 lw 1.6 lc rgb '#505050' pt";
    text_add(view->out, ", \\\n  keyentry title ' ', \\\n  keyentry title 'hollow: decode'");
    text_add(view->out, ", \\\n  keyentry");
    add_title(view,
              mem_printf("  %llu row%s at context %llu", (unsigned long long)view->what->batch,
                         view->what->batch == 1 ? "" : "s",
                         (unsigned long long)view->what->context));
    text_add(view->out, ", \\\n  keyentry title 'filled: prefill'");
    text_add(view->out, ", \\\n  keyentry");
    add_title(view, mem_printf("  %llu rows", (unsigned long long)view->what->rows));
    for (size_t g = 0; g < ROOFLINE_GROUPS; g++) {
        text_add(view->out, "%s %d", entry, groups[g].hollow);
        add_title(view, mem_strdup(groups[g].name));
    }
}

static void add_plots(const struct view *view)
{
    for (size_t d = 0; d < view->n_devices; d++)
        add_roof(view, d);
    for (size_t d = 0; d < view->n_devices; d++)
        for (size_t g = 0; g < ROOFLINE_GROUPS; g++) {
            add_phase(view, d, g, false);
            add_phase(view, d, g, true);
        }
    add_shape_key(view);
    text_add(view->out, "\n");
}

/* Small letters are the roofs, D and P where the whole passes lie. */
static void add_dumb_plots(const struct view *view)
{
    text_add(view->out, "set samples 80\n");
    for (size_t d = 0; d < view->n_devices; d++) {
        const struct roofline_device *device = &view->device[d];
        text_add(view->out, "%s(x*%.9g < %.9g ? x*%.9g : %.9g) with points pt '%c'",
                 d > 0 ? ", \\\n  " : "plot ", device->slope_Bps / view->unit_FLOPps,
                 device->matrix_FLOPps / view->unit_FLOPps, device->slope_Bps / view->unit_FLOPps,
                 device->matrix_FLOPps / view->unit_FLOPps, (char)('a' + d % 26));
        add_title(view, mem_strdup(name_of(view, d)));
    }
    for (size_t d = 0; d < view->n_devices; d++)
        text_add(view->out,
                 ", \\\n  $decode%zu every ::%d::%d using 1:2 with points pt 'D' %s, \\\n"
                 "  $prefill%zu every ::%d::%d using 1:2 with points pt 'P' %s",
                 d, ROOFLINE_PASS, ROOFLINE_PASS, d ? "notitle" : "title 'decode, whole pass'", d,
                 ROOFLINE_PASS, ROOFLINE_PASS, d ? "notitle" : "title 'prefill, whole pass'");
    text_add(view->out, "\n");
}

static bool same(const struct roofline_device *a, const struct roofline_device *b)
{
    return a->slope_Bps == b->slope_Bps && a->matrix_FLOPps == b->matrix_FLOPps &&
           a->vector_FLOPps == b->vector_FLOPps && a->fits == b->fits &&
           a->prefill[ROOFLINE_PASS].FLOPps == b->prefill[ROOFLINE_PASS].FLOPps &&
           a->decode[ROOFLINE_PASS].FLOPps == b->decode[ROOFLINE_PASS].FLOPps;
}

/* Devices that are alike are drawn once. */
static void find_devices(struct view *view)
{
    size_t n = view->what->platform->n_devices;
    view->device = mem_calloc(n, sizeof *view->device);
    for (size_t i = 0; i < n; i++) {
        struct roofline_device *next = &view->device[view->n_devices];
        size_t d = 0;
        roofline_compute(view->what, i, next);
        while (d < view->n_devices && !same(&view->device[d], next))
            d++;
        if (d == view->n_devices)
            view->n_devices++;
        else
            view->device[d].alike++;
    }
}

void plot_roofline(const struct plot_roofline *what, const struct plot_options *options,
                   struct text *out)
{
    struct view view = {.what = what, .options = options, .out = out};
    find_devices(&view);
    fit_axes(&view);
    plot_head(options, out);
    add_data(&view);
    add_axes(&view);
    if (options->format == PLOT_DUMB) {
        add_dumb_plots(&view);
    } else {
        add_names(&view);
        add_plots(&view);
    }
    free(view.device);
}

bool plot_rooflines(const struct scenario_result *result, const struct plot_options *options,
                    struct text *out, struct error *err)
{
    struct scenario scenario;
    if (result->calibrations)
        return plot_kernels(result, options, out, err);
    if (!result->yaml)
        return error_set(err, "the result holds no scenario, so no machine to draw");
    if (!scenario_parse(result->name, result->yaml, &scenario, err))
        return false;
    struct plot_roofline what = {&scenario.platform, &scenario.model, PLOT_ROWS, PLOT_BATCH,
                                 PLOT_CONTEXT};
    plot_roofline(&what, options, out);
    scenario_free(&scenario);
    return true;
}
