/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Predicted against measured token rates: a panel for each phase that has rows. */
#include "base/memory.h"
#include "plots/kinds.h"
#include "plots/script.h"
#include "plots/validation_panels.h"

#include <math.h>
#include <stdlib.h>

/* Shares of the page's height; between panels and key stand the panels' titles. */
#define PANEL_TOP 0.825
#define KEY_MIDDLE 0.915
#define TITLE_MIDDLE 0.97

#define EQUAL "lw 1.5 lc rgb '#303030'"
#define NEAR "dt 2 lw 1.2 lc rgb '#808080'"
#define BAR "lw 1 lc rgb '#b0b0b0'"

enum {
    CROWD = 400, /* from so many points on they are small */
    TITLE_LETTERS = 110
};

struct view {
    const struct scenario_validation *validation;
    const struct plot_options *options;
    struct validation_panels panels;
    struct text *out;
};

/* An interval is cut off where its panel ends: gnuplot draws no line with both ends outside. */
static void add_row(const struct view *view, const struct plot_axis *axis,
                    const struct scenario_validated_row *row)
{
    bool drawn = plot_is_positive(row->low) && !isnan(row->high);
    text_add(view->out, "%.9g %.9g ", row->measured, row->predicted);
    plot_number(drawn ? fmax(row->low, axis->low) : NAN, view->out);
    text_add(view->out, " ");
    plot_number(drawn ? fmin(row->high, axis->high) : NAN, view->out);
    text_add(view->out, " # ");
    plot_quotef(view->options->format, view->out, "%s: %s, %s %s", row->place, row->device,
                row->model, row->quant);
    text_add(view->out, "\n");
}

static void add_data(const struct view *view)
{
    struct scenario_validated_row row;
    text_add(view->out, "# measured and predicted tokens/s, ends of the 90 %% interval\n");
    for (size_t p = 0; p < VALIDATION_PHASES; p++)
        for (size_t g = 0; g < VALIDATION_GROUPS; g++) {
            if (!view->panels.panel[p].has[g])
                continue;
            text_add(view->out, "$%s%zu << END\n", view->panels.panel[p].group.name, g);
            for (size_t at = 0; validation_next(&view->panels, p, &at, &row);)
                if (validation_group(&row) == g)
                    add_row(view, &view->panels.panel[p].axis, &row);
            text_add(view->out, "END\n");
        }
}

static bool is_dumb(const struct view *view)
{
    return view->options->format == PLOT_DUMB;
}

static void add_title(const struct view *view)
{
    const struct scenario_validation *validation = view->validation;
    char *title = mem_printf("Predicted against measured speed: %zu rows of %zu device%s",
                             view->panels.panel[0].points + view->panels.panel[1].points,
                             validation->n_devices, validation->n_devices == 1 ? "" : "s");
    text_add(view->out, "set label 1 ");
    plot_quote(title, TITLE_LETTERS, view->options->format, view->out);
    text_add(view->out, " at screen 0.5,%g center\n", TITLE_MIDDLE);
    free(title);
}

/* Rows that a device was fitted to count only where there are no others. */
static void add_panel_title(const struct view *view, const struct validation_panel *panel)
{
    const struct scenario_group *group = &panel->group;
    bool all_fitted = view->validation->fitted_rows == view->validation->rows.n_rows;
    text_add(view->out, "set title ");
    if (group->n == 0)
        plot_quotef(view->options->format, view->out, "%s: only rows that were fitted to",
                    group->name);
    else
        plot_quotef(view->options->format, view->out, "%s: n = %zu%s, median error %.1f %%",
                    group->name, group->n, all_fitted ? " (fitted to)" : "",
                    100 * group->median_abs_error);
    text_add(view->out, "\n");
}

/* The look of a group's points: filled, and hollow for rows that were fitted to. */
static void add_look(const struct view *view, size_t g, bool crowd)
{
    size_t k = g / 2;
    bool fitted = g % 2 == 1;
    if (is_dumb(view))
        text_add(view->out, " with points pt '%c'", (fitted ? "CGN" : "cgn")[k]);
    else
        text_add(view->out, " with points pt %d ps %s lw 1.2 lc rgb '%s'",
                 plot_point_type(k) + !fitted, crowd ? "0.6" : "1", plot_colour(k));
}

/* Equal rates, and 10 % more and less. */
static void add_lines(const struct view *view)
{
    if (is_dumb(view))
        text_add(view->out, "set samples 48\nplot x with points pt '.'");
    else
        text_add(view->out, "plot x with lines " EQUAL ", \\\n  1.1*x with lines " NEAR ", \\\n"
                            "  0.9*x with lines " NEAR);
}

static void add_points(const struct view *view, const struct validation_panel *panel)
{
    for (size_t g = 0; g < VALIDATION_GROUPS && panel->bars && !is_dumb(view); g++)
        if (panel->has[g])
            text_add(view->out, ", \\\n  $%s%zu using 1:3:(0):($4-$3) with vectors nohead " BAR,
                     panel->group.name, g);
    for (size_t g = 0; g < VALIDATION_GROUPS; g++) {
        if (!panel->has[g])
            continue;
        text_add(view->out, ", \\\n  $%s%zu using 1:2", panel->group.name, g);
        add_look(view, g, panel->points >= CROWD);
    }
    text_add(view->out, "\n");
}

static void add_panel(const struct view *view, size_t phase)
{
    const struct validation_panel *panel = &view->panels.panel[phase];
    add_panel_title(view, panel);
    text_add(view->out, "set lmargin at screen %.4f\nset rmargin at screen %.4f\n", panel->left,
             panel->right);
    plot_axis_write(&panel->axis, "x", view->out);
    plot_axis_write(&panel->axis, "y", view->out);
    add_lines(view);
    add_points(view, panel);
}

static bool any_panel(const struct view *view, size_t g)
{
    return view->panels.panel[0].has[g] || view->panels.panel[1].has[g];
}

static bool any_bars(const struct view *view)
{
    for (size_t i = 0; i < view->panels.n_shown && !is_dumb(view); i++)
        if (view->panels.panel[view->panels.shown[i]].bars)
            return true;
    return false;
}

/* A plot of nothing over the whole page, with the title and the key of all: the key of a panel
 * would be as narrow as the panel. */
static void add_key(const struct view *view)
{
    bool dumb = is_dumb(view);
    add_title(view);
    text_add(view->out,
             "unset title\nunset xlabel\nunset ylabel\nunset logscale\n"
             "unset border\nunset tics\nset lmargin at screen 0\nset rmargin at screen 1\n"
             "set xrange [0:1]\nset yrange [0:1]\n"
             "set key at screen 0.5,%g center center horizontal Left reverse samplen %g\n"
             "plot NaN notitle",
             KEY_MIDDLE, dumb ? 1.0 : 1.5);
    for (size_t g = 0; g < VALIDATION_GROUPS; g++) {
        if (!any_panel(view, g))
            continue;
        text_add(view->out, ", \\\n  keyentry");
        add_look(view, g, false);
        text_add(view->out, " title '%s%s'", validation_kinds[g / 2], g % 2 ? ", fitted to" : "");
    }
    if (any_bars(view))
        text_add(view->out, ", \\\n  keyentry with lines " BAR " title '90 %% interval'");
    if (dumb)
        text_add(view->out, ", \\\n  keyentry with points pt '.' title 'equal'\n");
    else
        text_add(view->out, ", \\\n  keyentry with lines " EQUAL " title 'equal', \\\n"
                            "  keyentry with lines " NEAR " title '\302\26110 %%'\n");
}

/* A terminal of text has no room for a name beside the panels. */
static void add_axes(const struct view *view)
{
    bool dumb = is_dumb(view);
    text_add(view->out, "unset key\nset tmargin at screen %g\nset bmargin at screen %g\n",
             dumb ? 0.78 : PANEL_TOP, dumb ? 0.14 : PLOT_BOTTOM);
    text_add(view->out, dumb ? "set xlabel 'measured, upwards predicted (tokens/s)'\n"
                             : "set xlabel 'measured (tokens/s)'\n"
                               "set ylabel 'predicted (tokens/s)'\n");
}

bool plot_validation(const struct scenario_result *result, const struct plot_options *options,
                     struct text *out, struct error *err)
{
    struct view view = {.validation = result->validation, .options = options, .out = out};
    if (view.validation)
        validation_panels_find(view.validation, &view.panels);
    if (view.panels.n_shown == 0)
        return error_set(err, "the result holds no validation: make one with 'qeilsim validate "
                              "--measured FILE -o FILE.h5'");
    plot_head(options, out);
    add_data(&view);
    add_axes(&view);
    text_add(out, "set multiplot\n");
    for (size_t i = 0; i < view.panels.n_shown; i++)
        add_panel(&view, view.panels.shown[i]);
    add_key(&view);
    text_add(out, "unset multiplot\n");
    return true;
}
