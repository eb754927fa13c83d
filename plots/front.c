/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/memory.h"
#include "plots/kinds.h"
#include "plots/label.h"
#include "plots/script.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LOG_FACTOR 12.0 /* an axis over more than this factor is logarithmic */

enum {
    TITLE_LETTERS = 110,
    KEY_LETTERS = 34,
    REPLAYS = 40, /* replayed plans that are drawn, besides the named ones */
    CROWD = 150   /* from so many plans on, points are small and have no outline */
};

/* What is drawn: the first front is the searched one, the others stand beside it. */
struct view {
    const struct scenario_result *result;
    const struct plot_options *options;
    struct plot_axis latency, energy, idle;
    struct text *out;
};

/* Numbers of all rows in one array; freed with free(). */
struct values {
    double *value;
    size_t n, capacity;
};

static void add_value(struct values *values, double value)
{
    values->value = mem_grow(values->value, &values->capacity, values->n + 1, sizeof(double));
    values->value[values->n++] = value;
}

static bool is_drawn(const struct scenario_front_row *row)
{
    return isfinite(row->latency_s) && isfinite(row->energy_J);
}

static bool is_replayed(const struct scenario_front_row *row)
{
    return is_drawn(row) && isfinite(row->replay_e2e_mean_s) && isfinite(row->replay_energy_J);
}

static void fit_axes(struct view *view)
{
    struct values latency = {0}, energy = {0}, idle = {0};
    struct scenario_front_row row;
    for (size_t f = 0; f < view->result->n_fronts; f++) {
        const struct table *rows = &view->result->front[f].rows;
        for (size_t r = 0; r < rows->n_rows; r++) {
            table_get(rows, r, &row);
            add_value(&latency, row.latency_s);
            add_value(&energy, row.energy_J);
            if (f > 0)
                continue;
            add_value(&idle, row.underutilisation);
            add_value(&latency, row.replay_e2e_mean_s);
            add_value(&energy, row.replay_energy_J);
        }
    }
    view->latency = plot_axis_fit(latency.value, latency.n, LOG_FACTOR);
    view->energy = plot_axis_fit(energy.value, energy.n, LOG_FACTOR);
    view->idle = plot_axis_fit(idle.value, idle.n, 0);
    free(latency.value);
    free(energy.value);
    free(idle.value);
}

static void add_front_data(const struct view *view, size_t f)
{
    const struct table *rows = &view->result->front[f].rows;
    struct scenario_front_row row;
    text_add(view->out, "# latency in s, energy in J/request, underutilisation\n$front%zu << END\n",
             f);
    for (size_t r = 0; r < rows->n_rows; r++) {
        table_get(rows, r, &row);
        if (is_drawn(&row))
            text_add(view->out, "%.9g %.9g %.9g\n", row.latency_s, row.energy_J,
                     row.underutilisation);
    }
    text_add(view->out, "END\n");
}

static bool is_named(const struct scenario_front *front, size_t row)
{
    return row == front->knee || row == front->least_energy || row == front->least_latency;
}

static size_t count_replayed(const struct table *rows)
{
    struct scenario_front_row row;
    size_t n = 0;
    for (size_t r = 0; r < rows->n_rows; r++) {
        table_get(rows, r, &row);
        n += is_replayed(&row);
    }
    return n;
}

/* Replays of the searched front, the named ones and some others; returns how many there are. */
static size_t add_replay_data(const struct view *view)
{
    const struct scenario_front *front = &view->result->front[0];
    struct scenario_front_row row;
    size_t n = count_replayed(&front->rows), stride = n / REPLAYS + 1, seen = 0;
    text_add(view->out, "# latency in s and energy in J/request as replayed, then the way back to "
                        "the closed form\n$replay << END\n");
    for (size_t r = 0; r < front->rows.n_rows; r++) {
        table_get(&front->rows, r, &row);
        if (!is_replayed(&row) || (seen++ % stride != 0 && !is_named(front, r)))
            continue;
        text_add(view->out, "%.9g %.9g %.9g %.9g\n", row.replay_e2e_mean_s, row.replay_energy_J,
                 row.latency_s - row.replay_e2e_mean_s, row.energy_J - row.replay_energy_J);
    }
    text_add(view->out, "END\n");
    return n;
}

/* The plans that no other beats in both energy and latency; the rows are in order of energy. */
static void add_edge_data(const struct view *view)
{
    const struct table *rows = &view->result->front[0].rows;
    struct scenario_front_row row;
    double least_s = INFINITY;
    text_add(view->out, "# least energy for a latency: latency in s, energy in J/request\n"
                        "$edge << END\n");
    for (size_t r = 0; r < rows->n_rows; r++) {
        table_get(rows, r, &row);
        if (!is_drawn(&row) || row.latency_s >= least_s)
            continue;
        least_s = row.latency_s;
        text_add(view->out, "%.9g %.9g\n", row.latency_s, row.energy_J);
    }
    text_add(view->out, "END\n");
}

static void add_axes(const struct view *view)
{
    struct text *out = view->out;
    bool dumb = view->options->format == PLOT_DUMB;
    char *title = mem_printf("%s: energy against latency of %s's plans", view->result->name,
                             view->result->front[0].scheduler);
    text_add(out, "set title ");
    plot_quote(title, dumb ? 76 : TITLE_LETTERS, view->options->format, out);
    free(title);
    text_add(out, "\nset xlabel 'latency of a request (s)'\n"
                  "set ylabel 'energy per request (J/request)'\n");
    plot_axis_write(&view->latency, "x", out);
    plot_axis_write(&view->energy, "y", out);
    if (dumb) {
        text_add(out,
                 "set tmargin at screen 0.92\nset bmargin at screen 0.14\n"
                 "set key at screen %g,0.9 left top Left reverse samplen 1\n",
                 PLOT_RIGHT + 0.02);
        return;
    }
    text_add(out, "set tmargin at screen %g\nset bmargin at screen %g\n", PLOT_TOP, PLOT_BOTTOM);
    text_add(out, "set key at screen %g,%g left top Left reverse samplen 1 spacing 1.3\n",
             PLOT_RIGHT + 0.015, PLOT_TOP);
}

/* Eight colours of viridis (van der Walt and Smith 2015), which this gnuplot has no name for. */
static void add_palette(const struct view *view)
{
    text_add(view->out, "set palette defined (0 '#440154', 1 '#46327e', 2 '#365c8d', 3 '#277f8e', "
                        "4 '#1fa187', 5 '#4ac16d', 6 '#a0da39', 7 '#fde725')\n");
    text_add(view->out, "set cbrange [%.9g:%.9g]\n", view->idle.low, view->idle.high);
    text_add(view->out,
             "set cblabel 'underutilisation (idle share)'\n"
             "set colorbox user origin screen %g,%g size screen 0.018,0.36\n",
             PLOT_RIGHT + 0.025, PLOT_BOTTOM);
}

/* The three named rows; those that fall on one row share a name. */
static size_t named_rows(const struct scenario_front *front, size_t row[3], char *name[3])
{
    const size_t rows[] = {front->knee, front->least_energy, front->least_latency};
    static const char *const names[] = {"knee", "least energy", "least latency"};
    size_t n = 0;
    for (size_t i = 0; i < 3; i++) {
        size_t k = 0;
        while (k < n && row[k] != rows[i])
            k++;
        char *old = k < n ? name[k] : NULL;
        name[k] = old ? mem_printf("%s, %s", old, names[i]) : mem_strdup(names[i]);
        free(old);
        row[k] = rows[i];
        n += k == n;
    }
    return n;
}

static struct plot_spot spot_of(const struct view *view, const struct scenario_front_row *row)
{
    return (struct plot_spot){plot_axis_place(&view->latency, row->latency_s),
                              plot_axis_place(&view->energy, row->energy_J)};
}

/* All points, which the names should not cover. Freed with free(). */
static struct plot_spot *all_spots(const struct view *view, size_t *n)
{
    struct plot_spot *spot = NULL;
    size_t capacity = 0;
    struct scenario_front_row row;
    *n = 0;
    for (size_t f = 0; f < view->result->n_fronts; f++) {
        const struct table *rows = &view->result->front[f].rows;
        for (size_t r = 0; r < rows->n_rows; r++) {
            table_get(rows, r, &row);
            if (!is_drawn(&row))
                continue;
            spot = mem_grow(spot, &capacity, *n + 2, sizeof *spot);
            spot[(*n)++] = spot_of(view, &row);
            if (f == 0 && is_replayed(&row))
                spot[(*n)++] =
                    (struct plot_spot){plot_axis_place(&view->latency, row.replay_e2e_mean_s),
                                       plot_axis_place(&view->energy, row.replay_energy_J)};
        }
    }
    return spot;
}

/* Names the knee and the ends in the picture, with rings around their points. */
static void add_names(const struct view *view)
{
    const struct scenario_front *front = &view->result->front[0];
    size_t row[3] = {0}, n = 0, n_spots;
    char *name[3] = {NULL};
    struct plot_label label[3] = {0};
    size_t n_named = named_rows(front, row, name);
    text_add(view->out, "$named << END\n");
    for (size_t i = 0; i < n_named; i++) {
        struct scenario_front_row at = {.latency_s = NAN};
        if (row[i] < front->rows.n_rows)
            table_get(&front->rows, row[i], &at);
        if (is_drawn(&at)) {
            text_add(view->out, "%.9g %.9g\n", at.latency_s, at.energy_J);
            label[n].spot = spot_of(view, &at);
            label[n++].text = mem_printf("%s (%.3g J, %.3g s)", name[i], at.energy_J, at.latency_s);
        }
        free(name[i]);
    }
    text_add(view->out, "END\n");
    struct plot_spot *spot = all_spots(view, &n_spots);
    struct plot_letter letter = plot_letter(view->options->format);
    letter.width /= PLOT_RIGHT - PLOT_LEFT;
    letter.height /= PLOT_TOP - PLOT_BOTTOM;
    plot_labels_place(label, n, spot, n_spots, letter);
    plot_labels_write(label, n, view->options->format, view->out);
    for (size_t i = 0; i < n; i++)
        free(label[i].text);
    free(spot);
}

static void add_key_name(const struct view *view, size_t f)
{
    const struct scenario_front *front = &view->result->front[f];
    char *key = front->rows.n_rows == 1
                    ? mem_strdup(front->scheduler)
                    : mem_printf("%s, %zu plans", front->scheduler, front->rows.n_rows);
    text_add(view->out, " title ");
    plot_quote(key, KEY_LETTERS, view->options->format, view->out);
    free(key);
}

/* Hollow, so that what they fall on stays visible, and on white, so that they stay so themselves.
 */
static void add_baselines(const struct view *view)
{
    for (size_t f = 1; f < view->result->n_fronts; f++) {
        size_t n = view->result->front[f].rows.n_rows;
        if (n == 0)
            continue;
        const char *size = n > 10 ? "0.7" : "1.7";
        int type = plot_point_type(f - 1);
        text_add(view->out,
                 ", \\\n  $front%zu using 1:2 with points pt %d ps %s lw 5 lc rgb '#ffffff' "
                 "notitle, \\\n  $front%zu using 1:2 with points pt %d ps %s lw 2 lc rgb '%s'",
                 f, type, size, f, type, size, plot_colour(f - 1));
        add_key_name(view, f);
    }
}

/* The searched front stands first in the key. */
static void add_plots(const struct view *view, bool replayed)
{
    struct text *out = view->out;
    bool crowd = view->result->front[0].rows.n_rows >= CROWD;
    text_add(out, "plot keyentry with points pt 7 ps 1.4 lc rgb '#277f8e'");
    add_key_name(view, 0);
    text_add(out, ", \\\n  $edge using 1:2 with fsteps lw 1 lc rgb '#303030' title "
                  "'least energy for a latency'");
    if (replayed)
        text_add(out, ", \\\n  $replay using 1:2:3:4 with vectors nohead lw 1 lc rgb '#b0b0b0' "
                      "notitle, \\\n  $replay using 1:2 with points pt 6 ps 0.8 lc rgb '#707070' "
                      "title 'replayed event by event'");
    text_add(out, ", \\\n  $front0 using 1:2:3 with points pt 7 ps %s lc palette notitle",
             crowd ? "0.8" : "1.4");
    if (!crowd)
        text_add(out, ", \\\n  $front0 using 1:2 with points pt 6 ps 1.4 lw 0.8 lc rgb '#303030' "
                      "notitle");
    add_baselines(view);
    text_add(out,
             ", \\\n  $named using 1:2 with points pt 6 ps 2.4 lw 2 lc rgb '#000000' notitle\n");
}

/* Letters stand for points: o the front, K, E and L its named plans, a, b, c ... the others. */
static void add_dumb_plots(const struct view *view)
{
    static const char *const names[] = {"knee", "least energy", "least latency"};
    const struct scenario_front *front = &view->result->front[0];
    const size_t row[] = {front->knee, front->least_energy, front->least_latency};
    text_add(view->out, "plot $front0 using 1:2 with points pt 'o'");
    add_key_name(view, 0);
    for (size_t f = 1; f < view->result->n_fronts; f++) {
        if (view->result->front[f].rows.n_rows == 0)
            continue;
        text_add(view->out, ", \\\n  $front%zu using 1:2 with points pt '%c'", f,
                 (char)('a' + (f - 1) % 26));
        add_key_name(view, f);
    }
    for (size_t i = 3; i-- > 0;) {
        struct scenario_front_row at = {.latency_s = NAN};
        if (row[i] < front->rows.n_rows)
            table_get(&front->rows, row[i], &at);
        if (is_drawn(&at))
            text_add(view->out,
                     ", \\\n  '+' using (%.9g):(%.9g) every ::::0 with points pt '%c' "
                     "title '%s'",
                     at.latency_s, at.energy_J, "KEL"[i], names[i]);
    }
    text_add(view->out, "\n");
}

/* The first front is drawn on; without a plan in it there is nothing to show. */
static bool has_plans(const struct scenario_result *result)
{
    struct scenario_front_row row;
    for (size_t r = 0; result->n_fronts > 0 && r < result->front[0].rows.n_rows; r++) {
        table_get(&result->front[0].rows, r, &row);
        if (is_drawn(&row))
            return true;
    }
    return false;
}

bool plot_front(const struct scenario_result *result, const struct plot_options *options,
                struct text *out, struct error *err)
{
    if (!has_plans(result))
        return error_set(err,
                         "the result holds no front of plans: make one with 'qeilsim explore'");
    struct view view = {.result = result, .options = options, .out = out};
    bool dumb = options->format == PLOT_DUMB;
    fit_axes(&view);
    plot_head(options, out);
    for (size_t f = 0; f < result->n_fronts; f++)
        add_front_data(&view, f);
    add_axes(&view);
    if (dumb) {
        add_dumb_plots(&view);
        return true;
    }
    bool replayed = add_replay_data(&view) > 0;
    add_edge_data(&view);
    add_palette(&view);
    add_names(&view);
    add_plots(&view, replayed);
    return true;
}
