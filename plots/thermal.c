/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Measured and predicted temperatures over time: a panel for each of the first logs. */
#include "scenarios/thermal.h"
#include "base/memory.h"
#include "plots/kinds.h"
#include "plots/script.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_PANELS = 12, MOST_POINTS = 2000, TITLE_LETTERS = 110, PANEL_LETTERS = 140, TICS = 4 };

#define PAGE_LEFT 0.06
#define PAGE_RIGHT 0.985
#define PAGE_TOP 0.86
#define PAGE_BOTTOM 0.075
#define GAP_ACROSS 0.045
#define GAP_UP 0.085 /* a panel's title, and the numbers of the one above */
#define KEY_MIDDLE 0.935
#define TITLE_MIDDLE 0.975

#define MEASURED "lc rgb '#606060'"
#define PREDICTED "lw 1.6 lc rgb '#d55e00'"
#define SPLIT "dt 2 lw 1 lc rgb '#0072b2'"

/* A round step that gives an axis of so many seconds a few numbers. */
static double tic_step(double span_s)
{
    double step = pow(10, floor(log10(span_s / TICS)));
    double times = span_s / TICS / step;
    return step * (times > 5 ? 10 : times > 2 ? 5 : times > 1 ? 2 : 1);
}

/* One log's rows of the readings. */
struct panel {
    struct scenario_thermal_log log;
    size_t first, n;
    double end_s;   /* of the last reading */
    double split_s; /* of the last fitted reading; nan: none was held back */
};

struct view {
    const struct scenario_thermal *thermal;
    const struct plot_options *options;
    struct panel panel[MOST_PANELS];
    size_t n, used, columns;
    struct text *out;
};

static bool is_dumb(const struct view *view)
{
    return view->options->format == PLOT_DUMB;
}

/* Readings stand log after log, in the order of the logs that were used. */
static struct panel panel_of(const struct view *view, const struct scenario_thermal_log *log,
                             size_t *at)
{
    struct panel panel = {.log = *log, .first = *at, .split_s = NAN};
    struct scenario_thermal_reading reading;
    double fitted_s = NAN;
    for (; *at < view->thermal->readings.n_rows && panel.n < (size_t)log->readings; ++*at) {
        table_get(&view->thermal->readings, *at, &reading);
        if (strcmp(reading.log, log->log) != 0 || strcmp(reading.device, log->device) != 0)
            break;
        if (reading.fitted)
            fitted_s = reading.time_s;
        else
            panel.split_s = fitted_s;
        panel.end_s = fmax(panel.end_s, reading.time_s);
        panel.n++;
    }
    return panel;
}

static void find_panels(struct view *view)
{
    size_t at = 0;
    for (size_t i = 0; i < view->thermal->logs.n_rows; i++) {
        struct scenario_thermal_log log;
        table_get(&view->thermal->logs, i, &log);
        if (*log.skipped || log.readings <= 0)
            continue;
        struct panel panel = panel_of(view, &log, &at);
        view->used++;
        if (view->n < MOST_PANELS && panel.n > 0)
            view->panel[view->n++] = panel;
    }
    view->columns = (size_t)ceil(sqrt((double)view->n));
}

static void add_data(const struct view *view, size_t p)
{
    const struct panel *panel = &view->panel[p];
    size_t step = panel->n / MOST_POINTS + 1;
    text_add(view->out, "# seconds, measured and predicted degrees Celsius\n$log%zu << END\n", p);
    for (size_t i = 0; i < panel->n; i += step) {
        struct scenario_thermal_reading reading;
        table_get(&view->thermal->readings, panel->first + i, &reading);
        plot_number(reading.time_s, view->out);
        text_add(view->out, " ");
        plot_number(reading.measured_C, view->out);
        text_add(view->out, " ");
        plot_number(reading.predicted_C, view->out);
        text_add(view->out, "\n");
    }
    text_add(view->out, "END\n");
}

static void add_place(const struct view *view, size_t p)
{
    size_t row = p / view->columns, rows = (view->n + view->columns - 1) / view->columns;
    double width = (PAGE_RIGHT - PAGE_LEFT + GAP_ACROSS) / (double)view->columns;
    double height = (PAGE_TOP - PAGE_BOTTOM + GAP_UP) / (double)rows;
    double left = PAGE_LEFT + width * (double)(p % view->columns);
    double top = PAGE_TOP - height * (double)row;
    text_add(view->out,
             "set lmargin at screen %.4f\nset rmargin at screen %.4f\n"
             "set tmargin at screen %.4f\nset bmargin at screen %.4f\n",
             left, left + width - GAP_ACROSS, top, top - height + GAP_UP);
}

static void add_panel_title(const struct view *view, const struct scenario_thermal_log *log)
{
    const char *name = *log->log ? log->log : log->device;
    bool ahead = isfinite(log->rmse_K);
    char *title = mem_printf("%.1f K%s: %s, %s", ahead ? log->rmse_K : log->rmse_fit_K,
                             ahead ? "" : " (fitted)", name, log->device);
    text_add(view->out, "set title ");
    plot_quote(title, PANEL_LETTERS / view->columns, view->options->format, view->out);
    text_add(view->out, is_dumb(view) ? "\n" : " font ',10' offset 0,-0.6\n");
    free(title);
}

static void add_panel(const struct view *view, size_t p)
{
    const struct panel *panel = &view->panel[p];
    bool dumb = is_dumb(view);
    add_place(view, p);
    add_panel_title(view, &panel->log);
    text_add(view->out, "unset arrow\n");
    if (isfinite(panel->end_s) && panel->end_s > 0)
        text_add(view->out, "set xrange [0:%.9g]\nset xtics 0,%.9g\n", panel->end_s,
                 tic_step(panel->end_s));
    if (isfinite(panel->split_s) && !dumb)
        text_add(view->out, "set arrow from %.9g, graph 0 to %.9g, graph 1 nohead " SPLIT "\n",
                 panel->split_s, panel->split_s);
    text_add(view->out, "plot $log%zu using 1:2 with points %s, \\\n  $log%zu using 1:3 with %s\n",
             p, dumb ? "pt 'o'" : "pt 7 ps 0.35 " MEASURED, p,
             dumb ? "points pt '*'" : "lines " PREDICTED);
}

static void add_key(const struct view *view)
{
    bool dumb = is_dumb(view);
    char *title = mem_printf("Measured and predicted temperatures: %zu of %zu logs, %s against s; "
                             "errors of what was not fitted to",
                             view->n, view->used, plot_celsius(view->options->format));
    text_add(view->out, "set label 1 ");
    plot_quote(title, TITLE_LETTERS, view->options->format, view->out);
    text_add(view->out, " at screen 0.5,%g center\n", TITLE_MIDDLE);
    free(title);
    text_add(view->out,
             "unset title\nunset arrow\nunset border\nunset tics\n"
             "set lmargin at screen 0\nset rmargin at screen 1\nset xrange [0:1]\n"
             "set yrange [0:1]\nset key at screen 0.5,%g center center horizontal Left reverse\n"
             "plot NaN notitle, \\\n  keyentry with points %s title 'measured', \\\n"
             "  keyentry with %s title 'predicted from power or load alone'",
             KEY_MIDDLE, dumb ? "pt 'o'" : "pt 7 ps 0.8 " MEASURED,
             dumb ? "points pt '*'" : "lines " PREDICTED);
    text_add(view->out,
             dumb ? "\n" : ", \\\n  keyentry with lines " SPLIT " title 'fitted before'\n");
}

bool plot_thermal(const struct scenario_result *result, const struct plot_options *options,
                  struct text *out, struct error *err)
{
    struct view view = {.thermal = result->thermal, .options = options, .out = out};
    if (view.thermal)
        find_panels(&view);
    if (view.n == 0)
        return error_set(err, "the result holds no temperatures: make one with 'qeilsim validate "
                              "--thermal FILE -o FILE.h5'");
    plot_head(options, out);
    for (size_t p = 0; p < view.n; p++)
        add_data(&view, p);
    text_add(out, "unset key\nset xtics autofreq\nset multiplot\n");
    for (size_t p = 0; p < view.n; p++)
        add_panel(&view, p);
    add_key(&view);
    text_add(out, "unset multiplot\n");
    return true;
}
