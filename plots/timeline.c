/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/memory.h"
#include "base/tree.h"
#include "plots/kinds.h"
#include "plots/samples.h"
#include "plots/script.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    MEANS = 600, /* most periods; more are joined to means */
    DUMB_MEANS = 100,
    TITLE_LETTERS = 115,
    KEY_LETTERS = 34
};

/* Panels from above: power, temperature, requests; shares of the page's height. */
static const double panel_top[] = {PLOT_TOP, 0.64, 0.36}, panel_bottom[] = {0.67, 0.39, 0.10};

struct view {
    const struct scenario_result *result;
    const struct plot_options *options;
    struct plot_samples samples;
    double *throttle_C; /* (n_devices) nan where the scenario names none */
    double time_scale;  /* seconds of the unit on the axis */
    const char *time_unit;
    struct text *out;
};

/* The throttling temperature that the stored scenario gives each device. */
static void find_throttles(struct view *view)
{
    const char *yaml = view->result->yaml;
    struct error ignored = {0}; /* a result without its scenario is drawn without these lines */
    struct tree *tree = yaml ? tree_parse("scenario", yaml, strlen(yaml), &ignored) : NULL;
    view->throttle_C = mem_calloc(view->samples.n_devices, sizeof(double));
    for (size_t d = 0; d < view->samples.n_devices; d++) {
        char *path = mem_printf("platform.devices.%s.thermal.throttle_C", view->samples.device[d]);
        const struct tree *node = tree ? tree_find(tree, path) : NULL;
        if (!node || node->kind != TREE_SCALAR || !text_number(node->text, &view->throttle_C[d]))
            view->throttle_C[d] = NAN;
        free(path);
    }
    tree_free(tree);
}

static void choose_time_unit(struct view *view)
{
    double last = view->samples.time_s[view->samples.n_times - 1];
    view->time_scale = last <= 600 ? 1 : last <= 3 * 3600 ? 60 : 3600;
    view->time_unit = last <= 600 ? "s" : last <= 3 * 3600 ? "min" : "h";
}

/* Columns: 1 time, 2 running, 3 waiting, then temperature and power by device. */
static void add_row(const struct view *view, double time_s, size_t t)
{
    const struct plot_samples *samples = &view->samples;
    plot_number(time_s, view->out);
    text_add(view->out, " ");
    plot_number(samples->running[t], view->out);
    text_add(view->out, " ");
    plot_number(samples->waiting[t], view->out);
    for (size_t d = 0; d < samples->n_devices; d++) {
        double power_W = samples->power_W[t * samples->n_devices + d];
        text_add(view->out, " ");
        plot_number(samples->temperature_C[t * samples->n_devices + d], view->out);
        text_add(view->out, " %.9g", isfinite(power_W) ? power_W : 0);
    }
    text_add(view->out, "\n");
}

static void add_data(const struct view *view)
{
    const struct plot_samples *samples = &view->samples;
    size_t n = samples->n_times;
    double first = samples->time_s[0];
    double period = n > 1 ? samples->time_s[1] - first : first;
    text_add(view->out,
             "# means over periods, a row for the begin and one for the end of each: time "
             "in s, running and\n# waiting requests; then temperature in C and power in "
             "W of\n#");
    for (size_t d = 0; d < samples->n_devices; d++) {
        text_add(view->out, " ");
        plot_quote(samples->device[d], KEY_LETTERS, PLOT_DUMB, view->out);
    }
    text_add(view->out, "\n$series << END\n");
    for (size_t t = 0; t < n; t++) {
        add_row(view, t > 0 ? samples->time_s[t - 1] : fmax(0, first - period), t);
        add_row(view, samples->time_s[t], t);
    }
    text_add(view->out, "END\n");
}

static void add_panel(const struct view *view, size_t panel, const char *label)
{
    text_add(view->out, "set tmargin at screen %g\nset bmargin at screen %g\nset ylabel ",
             panel_top[panel], panel_bottom[panel]);
    plot_quotef(view->options->format, view->out, "%s", label);
    text_add(view->out, "\nset key at screen %g,%g left top Left reverse samplen 2\n",
             PLOT_RIGHT + 0.015, panel_top[panel]);
    if (panel == 2) {
        text_add(view->out, "set format x '%%g'\nset xlabel 'time (%s)", view->time_unit);
        if (view->samples.joined > 1)
            text_add(view->out, ", means of %zu samples", view->samples.joined);
        text_add(view->out, "'\n");
        text_add(view->out, "unset title\n");
    } else {
        text_add(view->out, "set format x ''\n");
    }
}

static void add_name(const struct view *view, const char *name)
{
    bool dumb = view->options->format == PLOT_DUMB;
    text_add(view->out, " title ");
    plot_quote(name, dumb ? 22 : KEY_LETTERS, view->options->format, view->out);
}

static void add_curve(const struct view *view, size_t column, const char *style, const char *name)
{
    text_add(view->out, "$series using ($1/%g):%zu with %s", view->time_scale, column, style);
    add_name(view, name);
}

/* A terminal of text has letters for the curves: a, b, c ... */
static void letter_of(size_t i, char style[40])
{
    snprintf(style, 40, "points pt '%c'", (char)('a' + i % 26));
}

/* Areas on each other, the first device lowest; drawn from the top, as the key lists them. */
static void add_power(const struct view *view)
{
    const struct plot_samples *samples = &view->samples;
    char style[40];
    add_panel(view, 0, "power (W)");
    text_add(view->out, "set yrange [0:*]\nplot ");
    for (size_t d = samples->n_devices; d-- > 0;) {
        letter_of(d, style);
        if (view->options->format == PLOT_DUMB) {
            add_curve(view, 5 + 2 * d, style, samples->device[d]);
        } else {
            text_add(view->out, "$series using ($1/%g):(", view->time_scale);
            for (size_t below = 0; below <= d; below++)
                text_add(view->out, "%s$%zu", below ? "+" : "", 5 + 2 * below);
            text_add(view->out, ") with filledcurves y=0 fs solid 0.8 noborder lc rgb '%s'",
                     plot_colour(d));
            add_name(view, samples->device[d]);
        }
        text_add(view->out, d > 0 ? ", \\\n  " : "\nunset title\n");
    }
}

/* A limit far above all temperatures would squeeze them into a line: it is told in the key alone.
 */
static bool is_far(const struct view *view, double limit_C)
{
    double hottest_C = -INFINITY;
    for (size_t i = 0; i < view->samples.n_times * view->samples.n_devices; i++)
        if (view->samples.temperature_C[i] > hottest_C)
            hottest_C = view->samples.temperature_C[i];
    return limit_C > hottest_C + 30;
}

static void add_throttle(const struct view *view, size_t d)
{
    char level[32];
    snprintf(level, sizeof level, "%.9g", view->throttle_C[d]);
    char *name = mem_printf("%s throttles: %g %s", view->samples.device[d], view->throttle_C[d],
                            plot_celsius(view->options->format));
    text_add(view->out, ", \\\n  %s with lines lw 1.5 dt 2 lc rgb '%s' title ",
             is_far(view, view->throttle_C[d]) ? "NaN" : level, plot_colour(d));
    plot_quote(name, KEY_LETTERS, view->options->format, view->out);
    free(name);
}

static void add_temperature(const struct view *view)
{
    const struct plot_samples *samples = &view->samples;
    char style[80], label[40];
    size_t interval = samples->n_times / 12 + 1;
    snprintf(label, sizeof label, "temperature (%s)", plot_celsius(view->options->format));
    add_panel(view, 1, label);
    text_add(view->out, "set yrange [*:*]\nset offsets 0,0,graph 0.08,graph 0.08\nplot ");
    for (size_t d = 0; d < samples->n_devices; d++) {
        letter_of(d, style);
        if (view->options->format != PLOT_DUMB)
            snprintf(style, sizeof style, "linespoints lw 2 pt %d ps 1 pi %zu lc rgb '%s'",
                     plot_point_type(d), interval, plot_colour(d));
        /* One row of the two that a period has: heat has no steps. */
        text_add(view->out, "%s$series every 2::1 using ($1/%g):%zu with %s",
                 d > 0 ? ", \\\n  " : "", view->time_scale, 4 + 2 * d, style);
        add_name(view, samples->device[d]);
    }
    for (size_t d = 0; d < samples->n_devices; d++)
        if (isfinite(view->throttle_C[d]))
            add_throttle(view, d);
    text_add(view->out, "\nset offsets\n");
}

static void add_requests(const struct view *view)
{
    bool dumb = view->options->format == PLOT_DUMB;
    add_panel(view, 2, "requests");
    text_add(view->out, "set yrange [0:*]\nplot ");
    add_curve(view, 3,
              dumb ? "points pt 'w'" : "filledcurves y=0 fs solid 0.5 noborder lc rgb '#e69f00'",
              "waiting");
    text_add(view->out, ", \\\n  ");
    add_curve(view, 2, dumb ? "points pt 'r'" : "lines lw 2 lc rgb '#0072b2'", "running");
    text_add(view->out, "\n");
}

static void add_title(const struct view *view)
{
    const char *plan = view->result->plan_summary;
    char *title = mem_printf("%s: %s", view->result->name, plan ? plan : "");
    text_add(view->out, "set title ");
    plot_quote(title, view->options->format == PLOT_DUMB ? 76 : TITLE_LETTERS,
               view->options->format, view->out);
    text_add(view->out, "\n");
    free(title);
}

bool plot_timeline(const struct scenario_result *result, const struct plot_options *options,
                   struct text *out, struct error *err)
{
    if (!result->has_run || result->series.n_rows == 0)
        return error_set(err, "the result holds no series over time: make one with 'qeilsim run "
                              "SCENARIO -o FILE.h5', with outputs.series_period_s above 0");
    struct view view = {.result = result, .options = options, .out = out};
    plot_samples_read(&result->series, options->format == PLOT_DUMB ? DUMB_MEANS : MEANS,
                      &view.samples);
    find_throttles(&view);
    choose_time_unit(&view);
    plot_head(options, out);
    add_data(&view);
    text_add(out, "set xrange [0:%.9g]\n",
             view.samples.time_s[view.samples.n_times - 1] / view.time_scale);
    text_add(out, "set multiplot\n");
    add_title(&view);
    add_power(&view);
    add_temperature(&view);
    add_requests(&view);
    text_add(out, "unset multiplot\n");
    free(view.throttle_C);
    plot_samples_free(&view.samples);
    return true;
}
