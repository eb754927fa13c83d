/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plots/calibration.h"

#include "base/memory.h"
#include "base/tree.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TITLE_LETTERS = 110, PANEL_LETTERS = 90 };

/* Shares of the page; between panels stand numbers and names of the axes. */
#define GAP_UP 0.13
#define PAGE_TOP 0.9
#define TITLE_MIDDLE 0.965

/* The axis' own name, which the left panels alone have room for. */
static const double edge = 0.01;

static bool has_any(const struct scenario_kept_device *kept, calibration_shows *shows)
{
    struct scenario_kernel_row row;
    size_t at = 0;
    return calibration_next(&kept->kernels, shows, &at, &row);
}

bool calibration_page_open(struct calibration_page *page, const struct scenario_result *result,
                           calibration_shows *shows, const char *what, struct error *err)
{
    const struct scenario_calibrations *all = result->calibrations;
    page->n = page->there = 0;
    for (size_t i = 0; all && i < all->n; i++) {
        if (!has_any(&all->device[i], shows))
            continue;
        page->there++;
        if (page->n < CALIBRATION_PANELS)
            page->device[page->n++] = &all->device[i];
    }
    if (page->n == 0)
        return error_set(err,
                         "the result holds no %s of a calibration: make one with 'qeilsim "
                         "calibrate --store FILE.h5'",
                         what);
    page->columns = (size_t)ceil(sqrt((double)page->n));
    page->names = PLOT_LEFT;
    plot_head(page->options, page->out);
    return true;
}

bool calibration_is_dumb(const struct calibration_page *page)
{
    return page->options->format == PLOT_DUMB;
}

static void set_name(const struct calibration_page *page, const char *axis, const char *name)
{
    text_add(page->out, "set %slabel ", axis);
    plot_quotef(page->options->format, page->out, "%s", name);
    text_add(page->out, "\n");
}

void calibration_page_begin(const struct calibration_page *page, const char *x_label,
                            const char *y_label)
{
    text_add(page->out, "unset key\nset multiplot\n");
    set_name(page, "x", x_label);
    set_name(page, "y", y_label);
}

void calibration_page_panel(const struct calibration_page *page, size_t device)
{
    const struct scenario_kept_device *kept = page->device[device];
    size_t rows = (page->n + page->columns - 1) / page->columns, row = device / page->columns;
    double gap = page->names - edge;
    double width = (PLOT_RIGHT - page->names + gap) / (double)page->columns;
    double height = (PAGE_TOP - PLOT_BOTTOM + GAP_UP) / (double)rows;
    double left = page->names + width * (double)(device % page->columns);
    double top = PAGE_TOP - height * (double)row;
    text_add(page->out,
             "set lmargin at screen %.4f\nset rmargin at screen %.4f\n"
             "set tmargin at screen %.4f\nset bmargin at screen %.4f\nunset arrow\n",
             left, left + width - gap, top, top - height + GAP_UP);
    if (page->there > 1) {
        char *title = mem_printf("%s: %s", kept->name, kept->title);
        text_add(page->out, "set title ");
        plot_quote(title, PANEL_LETTERS / page->columns, page->options->format, page->out);
        text_add(page->out, "\n");
        free(title);
    }
}

static void add_title(const struct calibration_page *page, const char *title)
{
    const struct scenario_kept_device *kept = page->device[0];
    char *whole = page->there == 1 ? mem_printf("%s: %s, %s", title, kept->name, kept->title)
                  : page->there == page->n
                      ? mem_printf("%s: %zu devices", title, page->n)
                      : mem_printf("%s: %zu of %zu devices", title, page->n, page->there);
    text_add(page->out, "set label 1 ");
    plot_quote(whole, calibration_is_dumb(page) ? 76 : TITLE_LETTERS, page->options->format,
               page->out);
    text_add(page->out, " at screen 0.5,%g center\n", TITLE_MIDDLE);
    free(whole);
}

void calibration_page_key(const struct calibration_page *page, const char *title)
{
    bool dumb = calibration_is_dumb(page);
    text_add(page->out, "unset label\n");
    add_title(page, title);
    text_add(page->out,
             "unset title\nunset arrow\nunset xlabel\nunset ylabel\nunset logscale\n"
             "unset border\nunset tics\nset lmargin at screen 0\nset rmargin at screen 1\n"
             "set tmargin at screen 1\nset bmargin at screen 0\n"
             "set xrange [0:1]\nset yrange [0:1]\n"
             "set key at screen %g,%g left top Left reverse samplen %g\nplot NaN notitle",
             PLOT_RIGHT + 0.015, PAGE_TOP, dumb ? 1.0 : 2.0);
}

void calibration_page_end(const struct calibration_page *page)
{
    text_add(page->out, "\nunset multiplot\n");
}

bool calibration_next(const struct table *kernels, calibration_shows *shows, size_t *at,
                      struct scenario_kernel_row *row)
{
    while (*at < kernels->n_rows) {
        table_get(kernels, (*at)++, row);
        if (plot_is_positive(row->time_s) && shows(row))
            return true;
    }
    return false;
}

bool calibration_fitted_read(const struct scenario_kept_device *kept,
                             struct calibration_fitted *out)
{
    struct error err = {0};
    *out = (struct calibration_fitted){
        .tree = tree_parse(kept->name, kept->yaml, strlen(kept->yaml), &err)};
    if (out->tree && device_read(out->tree, &out->device, &err))
        return true;
    tree_free(out->tree);
    return false;
}

void calibration_fitted_free(struct calibration_fitted *fitted)
{
    device_free(&fitted->device);
    tree_free(fitted->tree);
}
