/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/memory.h"
#include "cli/cli.h"
#include "cli/grid.h"
#include "cli/report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { DOZEN = 12 };

static const char columns[] = "rlrrrrrrrrrl";

static void add_heads(struct grid *grid, const char *first)
{
    grid_add_row(grid, first, "", "J/request", "replayed", "latency s", "replayed", "idle share",
                 "TTFT p50 s", "TTFT p99 s", "TPOT s", "peak \302\260C", "what runs where", NULL);
}

/* A replay that never caught up with the arrivals has a star at its latency. */
static void add_row(struct grid *grid, const char *name, const struct scenario_front_row *row)
{
    double peak = isfinite(row->replay_peak_temperature_C) ? row->replay_peak_temperature_C
                                                           : row->peak_temperature_C;
    const double after[] = {row->underutilisation, row->replay_ttft_p50_s, row->replay_ttft_p99_s,
                            row->replay_tpot_mean_s, peak};
    grid_add_row(grid, name, row->mark, NULL);
    grid_add_number(grid, row->energy_J);
    grid_add_number(grid, row->replay_energy_J);
    grid_add_number(grid, row->latency_s);
    grid_add(grid, "%s%s", grid_number(row->replay_e2e_mean_s).text,
             row->saturated == 1 ? "*" : "");
    for (size_t i = 0; i < sizeof after / sizeof *after; i++)
        grid_add_number(grid, after[i]);
    grid_add(grid, "%s", row->summary);
}

/* Which rows to show: all of a short front, else the named ones and others spread evenly. */
static bool *choose_rows(const struct scenario_front *front, bool all)
{
    size_t n = front->rows.n_rows, named = 0;
    const size_t names[] = {front->knee, front->least_energy, front->least_latency};
    bool *shown = mem_calloc(n, sizeof *shown);
    for (size_t i = 0; i < 3; i++)
        if (names[i] < n && !shown[names[i]]) {
            shown[names[i]] = true;
            named++;
        }
    size_t others = all || n <= DOZEN ? n : DOZEN - named;
    for (size_t i = 0; i < others; i++)
        shown[others == n ? i : (2 * i + 1) * n / (2 * others)] = true;
    return shown;
}

static void print_front(const struct scenario_front *front, bool all)
{
    struct cli_style style = cli_style(stdout);
    struct grid grid = {.align = columns};
    struct scenario_front_row row;
    size_t n = front->rows.n_rows, printed = 0;
    bool *shown = choose_rows(front, all);
    add_heads(&grid, "plan");
    for (size_t r = 0; r < n; r++) {
        if (!shown[r])
            continue;
        char name[24];
        table_get(&front->rows, r, &row);
        snprintf(name, sizeof name, "%lld", (long long)row.id);
        add_row(&grid, name, &row);
        printed++;
    }
    printf("%s%s%s: %zu plans after %llu evaluations", style.bold, front->scheduler, style.plain, n,
           (unsigned long long)front->evaluations);
    printf(printed < n ? "; %zu of them here, --all shows all\n" : "\n", printed);
    grid_print(&grid, 2, true, stdout);
    printf("\n");
    free(shown);
}

/* Schedulers that gave one plan, in one table. */
static void print_baselines(const struct scenario_result *result)
{
    struct grid grid = {.align = "llrrrrrrrrrl"};
    struct scenario_front_row row;
    size_t n = 0;
    for (size_t f = 0; f < result->n_fronts; f++) {
        const struct scenario_front *front = &result->front[f];
        if (front->rows.n_rows != 1)
            continue;
        if (n++ == 0)
            add_heads(&grid, "scheduler");
        table_get(&front->rows, 0, &row);
        row.mark = "";
        add_row(&grid, front->scheduler, &row);
    }
    if (n == 0)
        return;
    printf("schedulers with one plan\n");
    grid_print(&grid, 2, true, stdout);
    printf("\n");
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

static void print_answer(const struct scenario_result *result, const char *name, size_t r)
{
    const struct scenario_front *front = &result->front[0];
    struct scenario_front_row row, other = {0};
    if (r >= front->rows.n_rows)
        return;
    table_get(&front->rows, r, &row);
    printf("  %-14s plan %lld: %s J/request, %s s, idle share %s", name, (long long)row.id,
           grid_number(row.energy_J).text, grid_number(row.latency_s).text,
           grid_number(row.underutilisation).text);
    const struct scenario_front *single = best_single(result, &other);
    if (single && single != front)
        printf("; against %s %+.0f %% energy, %+.0f %% latency", single->scheduler,
               100 * (row.energy_J / other.energy_J - 1),
               100 * (row.latency_s / other.latency_s - 1));
    printf("\n  %-14s %s\n", "", row.summary);
}

static bool any_saturated(const struct scenario_result *result)
{
    struct scenario_front_row row;
    for (size_t f = 0; f < result->n_fronts; f++)
        for (size_t r = 0; r < result->front[f].rows.n_rows; r++) {
            table_get(&result->front[f].rows, r, &row);
            if (row.saturated == 1)
                return true;
        }
    return false;
}

void report_fronts(const struct scenario_result *result, bool all)
{
    for (size_t f = 0; f < result->n_fronts; f++)
        if (result->front[f].rows.n_rows != 1)
            print_front(&result->front[f], all);
    print_baselines(result);
    if (any_saturated(result))
        printf("* saturated: more work arrives than is done, so latencies tell how long the trace "
               "is, not how\n  fast the plan\n\n");
    if (result->n_fronts == 0)
        return;
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
    grid_add_row(&grid, "front", "plans", "evaluations", "least J/request", "least latency s",
                 NULL);
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
