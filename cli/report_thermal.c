/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/report_rows.h"
#include "cli/rows.h"

#include <math.h>
#include <stdlib.h>

/* "67.3 s 5%", in brackets where the log does not tell it. */
static void add_time(struct grid *grid, double time_s, double error, bool identified)
{
    if (isnan(time_s))
        grid_add(grid, "-");
    else if (identified)
        grid_add(grid, "%.3g s (%.0f %%)", time_s, 100 * error);
    else
        grid_add(grid, "[%.3g s]", time_s);
}

static void add_log(struct grid *grid, const struct scenario_thermal_log *log)
{
    grid_add_row(grid, GRID_CELLS(*log->log ? log->log : "-", log->device, log->power));
    grid_add(grid, "%lld", (long long)log->order);
    add_time(grid, log->time_constant_1_s, log->error_1, log->identified_1);
    add_time(grid, log->time_constant_2_s, log->error_2, log->identified_2);
    add_time(grid, log->time_constant_3_s, log->error_3, log->identified_3);
    grid_add(grid, "%s", log->fan_pK > 0 ? "yes" : "-");
    grid_add(grid, "%lld", (long long)log->gaps);
    grid_add_number(grid, log->rmse_fit_K);
    grid_add_number(grid, log->rmse_K);
}

static void print_logs(const struct scenario_thermal *thermal)
{
    struct grid grid = {.align = "lllrrrrrrrr"};
    grid_add_row(&grid, GRID_CELLS("log", "device", "power", "nodes", "slowest", "second", "third",
                                   "fan", "gaps", "fit K", "ahead K"));
    size_t head = grid.n;
    for (size_t i = 0; i < thermal->logs.n_rows; i++) {
        struct scenario_thermal_log log;
        table_get(&thermal->logs, i, &log);
        if (!*log.skipped)
            add_log(&grid, &log);
    }
    bool any = grid.n > head;
    if (any)
        printf("\ntime constants (standard error; in brackets: the log does not tell it), and root "
               "mean square errors\n");
    grid_print(&grid, 0, true, any ? stdout : NULL);
}

static void add_group(struct grid *grid, const char *name,
                      const struct scenario_thermal_group *group)
{
    grid_add(grid, "%s", name);
    grid_add(grid, "%zu", group->n);
    grid_add_number(grid, group->median_rmse_fit_K);
    grid_add(grid, "%zu", group->held_back);
    grid_add_number(grid, group->median_rmse_K);
}

static void print_groups(const struct scenario_thermal *thermal)
{
    struct scenario_thermal_group *group;
    struct grid grid = {.align = "lrrrr"};
    size_t n = scenario_thermal_groups(thermal, &group);
    grid_add_row(&grid, GRID_CELLS("device", "logs", "fit K", "ahead", "ahead K"));
    for (size_t i = 0; i < n; i++)
        add_group(&grid, group[i].device, &group[i]);
    struct scenario_thermal_group all = scenario_thermal_all(thermal);
    if (n > 1)
        add_group(&grid, "all", &all);
    if (n > 0)
        printf("\nby device: median errors of the logs, and of those with a part held back "
               "(ahead)\n");
    grid_print(&grid, 0, true, n > 0 ? stdout : NULL);
    free(group);
}

static void print_skipped(const struct scenario_thermal *thermal)
{
    struct grid grid = {.align = "llll"};
    grid_add_row(&grid, GRID_CELLS("log", "device", "reason", "place"));
    size_t head = grid.n;
    for (size_t i = 0; i < thermal->logs.n_rows; i++) {
        struct scenario_thermal_log log;
        table_get(&thermal->logs, i, &log);
        if (*log.skipped)
            grid_add_row(&grid, GRID_CELLS(log.log, log.device, log.skipped, log.place));
    }
    bool any = grid.n > head;
    if (any)
        printf("\nskipped logs\n");
    grid_print(&grid, 0, true, any ? stdout : NULL);
}

void report_thermal(const struct scenario_thermal *thermal)
{
    size_t used = 0;
    for (size_t i = 0; i < thermal->logs.n_rows; i++) {
        struct scenario_thermal_log log;
        table_get(&thermal->logs, i, &log);
        used += !*log.skipped;
    }
    printf("logs       %zu, %zu of them used\n", thermal->logs.n_rows, used);
    print_logs(thermal);
    print_groups(thermal);
    print_skipped(thermal);
}
