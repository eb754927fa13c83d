/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/memory.h"
#include "cli/cli.h"
#include "cli/grid.h"
#include "cli/report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { DOZEN = 12 }; /* plans of a front that are shown */

/* What fits behind the numbers; the whole is among the answers and in the result. */
enum { SUMMARY_LETTERS = 56 };
/* Fronts of so few plans, mostly of schedulers that do not search, share a table. */
enum { FEW = 3 };

/* A table of plans; without replays it has no columns for them. */
struct plans {
    struct grid grid;
    bool replayed;
    bool starred; /* a row was marked as saturated */
};

static bool is_replayed(const struct scenario_result *result)
{
    struct scenario_front_row row;
    for (size_t f = 0; f < result->n_fronts; f++)
        for (size_t r = 0; r < result->front[f].rows.n_rows; r++) {
            table_get(&result->front[f].rows, r, &row);
            if (isfinite(row.replay_energy_J))
                return true;
        }
    return false;
}

static struct plans begin_plans(bool replayed)
{
    struct plans plans = {.replayed = replayed};
    plans.grid.align = replayed ? "lrlrrrrrrrrrl" : "lrlrrrrl";
    grid_add_row(&plans.grid, GRID_CELLS("scheduler", "plan", "", "J/request"));
    if (replayed)
        grid_add_row(&plans.grid, GRID_CELLS("replayed"));
    grid_add_row(&plans.grid, GRID_CELLS("latency s"));
    if (replayed)
        grid_add_row(&plans.grid, GRID_CELLS("replayed"));
    grid_add_row(&plans.grid, GRID_CELLS("idle share"));
    if (replayed)
        grid_add_row(&plans.grid, GRID_CELLS("TTFT p50 s", "p99 s", "TPOT s"));
    grid_add_row(&plans.grid, GRID_CELLS("peak \302\260C", "what runs where"));
    return plans;
}

static void add_number(struct plans *plans, double value, const char *mark)
{
    if (!isfinite(value))
        grid_add(&plans->grid, "-");
    else if (fabs(value) >= 100)
        grid_add(&plans->grid, "%.0f%s", value, mark);
    else
        grid_add(&plans->grid, "%.3g%s", value, mark);
}

static void add_replayed(struct plans *plans, double value, const char *mark)
{
    if (plans->replayed)
        add_number(plans, value, mark);
}

/* A replay that never caught up with the arrivals has a star at its latency. */
static void add_plan(struct plans *plans, const struct scenario_front_row *row)
{
    double peak = isfinite(row->replay_peak_temperature_C) ? row->replay_peak_temperature_C
                                                           : row->peak_temperature_C;
    grid_add(&plans->grid, "%s", row->scheduler);
    grid_add(&plans->grid, "%lld", (long long)row->id);
    grid_add(&plans->grid, "%s", row->mark);
    add_number(plans, row->energy_J, "");
    add_replayed(plans, row->replay_energy_J, "");
    add_number(plans, row->latency_s, "");
    plans->starred = plans->starred || row->saturated == 1;
    add_replayed(plans, row->replay_e2e_mean_s, row->saturated == 1 ? "*" : "");
    add_number(plans, row->underutilisation, "");
    add_replayed(plans, row->replay_ttft_p50_s, "");
    add_replayed(plans, row->replay_ttft_p99_s, "");
    add_replayed(plans, row->replay_tpot_mean_s, "");
    add_number(plans, peak, "");
    grid_add(&plans->grid, strlen(row->summary) > SUMMARY_LETTERS ? "%.*s..." : "%.*s",
             SUMMARY_LETTERS, row->summary);
}

/* Marks the named rows; returns how many they are. */
static size_t show_named(const struct scenario_front *front, bool *shown)
{
    const size_t names[] = {front->knee, front->least_energy, front->least_latency};
    size_t n = 0;
    for (size_t i = 0; i < 3; i++)
        if (names[i] < front->rows.n_rows && !shown[names[i]]) {
            shown[names[i]] = true;
            n++;
        }
    return n;
}

/* Rows to fill up with: not yet shown, and where some were replayed those. Freed with free(). */
static size_t *candidates(const struct scenario_front *front, const bool *shown, size_t *n)
{
    size_t *row = mem_calloc(front->rows.n_rows, sizeof *row);
    struct scenario_front_row at;
    for (int any = 0; any < 2; any++) {
        *n = 0;
        for (size_t r = 0; r < front->rows.n_rows; r++) {
            table_get(&front->rows, r, &at);
            if (!shown[r] && (any || isfinite(at.replay_energy_J)))
                row[(*n)++] = r;
        }
        if (*n > 0)
            break;
    }
    return row;
}

/* Which rows to show: all of a short front, else the named ones and others spread evenly. */
static bool *choose_rows(const struct scenario_front *front, bool all)
{
    size_t n_rows = front->rows.n_rows, n;
    bool *shown = mem_calloc(n_rows, sizeof *shown);
    if (all || n_rows <= DOZEN) {
        for (size_t r = 0; r < n_rows; r++)
            shown[r] = true;
        return shown;
    }
    size_t others = DOZEN - show_named(front, shown);
    size_t *row = candidates(front, shown, &n);
    if (others > n)
        others = n;
    for (size_t i = 0; i < others; i++)
        shown[row[(2 * i + 1) * n / (2 * others)]] = true;
    free(row);
    return shown;
}

/* True when a row was marked as saturated. */
static bool print_front(const struct scenario_front *front, bool replayed, bool all)
{
    struct cli_style style = cli_style(stdout);
    struct plans plans = begin_plans(replayed);
    struct scenario_front_row row;
    size_t n = front->rows.n_rows, printed = 0;
    bool *shown = choose_rows(front, all);
    for (size_t r = 0; r < n; r++) {
        if (!shown[r])
            continue;
        table_get(&front->rows, r, &row);
        add_plan(&plans, &row);
        printed++;
    }
    printf("%s%s%s: %zu plans after %llu evaluations", style.bold, front->scheduler, style.plain, n,
           (unsigned long long)front->evaluations);
    if (printed < n)
        printf("; %zu of them here, --all shows all", printed);
    printf("\n");
    grid_print(&plans.grid, 2, true, n > 0 ? stdout : NULL);
    printf("\n");
    free(shown);
    return plans.starred;
}

static bool print_few(const struct scenario_result *result, bool replayed)
{
    struct plans plans = begin_plans(replayed);
    struct scenario_front_row row;
    size_t n = 0;
    for (size_t f = 0; f < result->n_fronts; f++) {
        const struct table *rows = &result->front[f].rows;
        for (size_t r = 0; rows->n_rows <= FEW && r < rows->n_rows; r++) {
            table_get(rows, r, &row);
            add_plan(&plans, &row);
            n++;
        }
    }
    if (n > 0)
        printf("schedulers with few plans\n");
    grid_print(&plans.grid, 2, true, n > 0 ? stdout : NULL);
    if (n > 0)
        printf("\n");
    return plans.starred;
}

/* The device that alone does best by energy times latency: "standard inference". */
static const struct scenario_front *best_single(const struct scenario_result *result,
                                                struct scenario_front_row *best)
{
    const struct scenario_front *found = NULL;
    double least = INFINITY;
    for (size_t f = 0; f < result->n_fronts; f++) {
        const struct scenario_front *front = &result->front[f];
        struct scenario_front_row row;
        if (strncmp(front->scheduler, "single-", strlen("single-")) != 0 ||
            front->rows.n_rows == 0 || front->least_latency >= front->rows.n_rows)
            continue;
        table_get(&front->rows, front->least_latency, &row);
        if (row.energy_J * row.latency_s < least) {
            least = row.energy_J * row.latency_s;
            *best = row;
            found = front;
        }
    }
    return found;
}

/* "-32 % energy", "29 times the latency" or "the same energy". */
static void print_ratio(double ratio, const char *what)
{
    if (fabs(ratio - 1) < 0.005)
        printf("the same %s", what);
    else if (ratio > 0.5 && ratio < 2)
        printf("%+.0f %% %s", 100 * (ratio - 1), what);
    else
        printf("%.2g times the %s", ratio, what);
}

static void print_replayed(double value)
{
    if (isfinite(value))
        printf(" (replayed %s)", grid_number(value).text);
}

static void print_answer(const struct scenario_result *result, const char *name, size_t r)
{
    const struct scenario_front *front = &result->front[0];
    struct scenario_front_row row, other = {0};
    if (r >= front->rows.n_rows)
        return;
    table_get(&front->rows, r, &row);
    printf("  %-14s plan %lld: %s J/request", name, (long long)row.id,
           grid_number(row.energy_J).text);
    print_replayed(row.replay_energy_J);
    printf(", %s s", grid_number(row.latency_s).text);
    print_replayed(row.replay_e2e_mean_s);
    printf(", idle share %s", grid_number(row.underutilisation).text);
    const struct scenario_front *single = best_single(result, &other);
    if (single && single != front) {
        printf("; against %s ", single->scheduler);
        print_ratio(row.energy_J / other.energy_J, "energy");
        printf(", ");
        print_ratio(row.latency_s / other.latency_s, "latency");
    }
    printf("\n  %-14s %s\n", "", row.summary);
}

void report_fronts(const struct scenario_result *result, bool all)
{
    bool replayed = is_replayed(result), starred = false;
    for (size_t f = 0; f < result->n_fronts; f++)
        if (result->front[f].rows.n_rows > FEW || result->front[f].rows.n_rows == 0)
            starred = print_front(&result->front[f], replayed, all) || starred;
    starred = print_few(result, replayed) || starred;
    if (starred)
        printf("* saturated: more work arrives than is done, so latencies tell how long the trace "
               "is, not how\n  fast the plan\n\n");
    if (result->n_fronts == 0)
        return;
    report_truth(result);
    const struct scenario_front *front = &result->front[0];
    printf("answers of %s\n", front->scheduler);
    print_answer(result, "knee", front->knee);
    print_answer(result, "least energy", front->least_energy);
    print_answer(result, "least latency", front->least_latency);
}

void report_front_lines(const struct scenario_result *result)
{
    struct grid grid = {.align = "lrrrr"};
    struct scenario_front_row energy, latency;
    grid_add_row(&grid,
                 GRID_CELLS("front", "plans", "evaluations", "least J/request", "least latency s"));
    for (size_t f = 0; f < result->n_fronts; f++) {
        const struct scenario_front *front = &result->front[f];
        energy = latency = (struct scenario_front_row){.energy_J = NAN, .latency_s = NAN};
        if (front->least_energy < front->rows.n_rows)
            table_get(&front->rows, front->least_energy, &energy);
        if (front->least_latency < front->rows.n_rows)
            table_get(&front->rows, front->least_latency, &latency);
        grid_add(&grid, "%s", front->scheduler);
        grid_add(&grid, "%zu", front->rows.n_rows);
        grid_add(&grid, "%llu", (unsigned long long)front->evaluations);
        grid_add_number(&grid, energy.energy_J);
        grid_add_number(&grid, latency.latency_s);
    }
    grid_print(&grid, 0, true, stdout);
}
