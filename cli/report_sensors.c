/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/report_sensors.h"

#include "cli/grid.h"

#include <math.h>
#include <stdio.h>

static void print_temperature(const struct sensors *sensors)
{
    double hottest_K = sensors_hottest_K(sensors);
    if (isfinite(hottest_K))
        printf("%-12s the hottest sensor tells %.0f C\n", "temperature", hottest_K - 273.15);
    else
        printf("%-12s no sensor: --max-temp cannot be kept to\n", "temperature");
}

static void print_power(const struct sensors *sensors)
{
    enum { MOST = 16 };
    const struct sensor *group[MOST];
    size_t n = sensors_of_processor(sensors, group, MOST);
    printf("%-12s ", "power");
    for (size_t i = 0; i < n; i++)
        printf("%s%s", i ? " + " : "by ", group[i]->name);
    puts(n ? "" : "no sensor: power and heat stay those of a relative in the catalogue");
}

void report_sensors(const struct sensors *sensors)
{
    for (size_t i = 0; i < sensors->n; i++) {
        const struct sensor *one = &sensors->sensor[i];
        printf("%-12s %s: %s, %s\n", i ? "" : "sensors", one->name,
               sensor_quantity_text(one->quantity), sensor_place_text(one->place));
    }
    if (sensors->n == 0)
        printf("%-12s none\n", "sensors");
    for (size_t i = 0; i < sensors->n_skipped; i++)
        printf("%-12s %s: %s\n", i ? "" : "not read", sensors->skipped[i].name,
               sensors->skipped[i].why);
    print_temperature(sensors);
    print_power(sensors);
}

static void print_loads(const struct calibrate_draw *draw)
{
    struct grid grid = {.align = "lrrrr"};
    grid_add_row(&grid, GRID_CELLS("load", "W", "die C", "GFLOP/s", "GB/s"));
    grid_add(&grid, "rest");
    grid_add_number(&grid, draw->idle_W);
    grid_add_number(&grid, draw->idle_K - 273.15);
    grid_add_number(&grid, 0);
    grid_add_number(&grid, 0);
    for (size_t i = 0; i < draw->n; i++) {
        const struct calibrate_load *one = &draw->load[i];
        grid_add(&grid, "%s", one->name);
        grid_add_number(&grid, one->power_W);
        grid_add_number(&grid, one->die_K - 273.15);
        grid_add_number(&grid, one->FLOP_per_s / 1e9);
        grid_add_number(&grid, one->B_per_s / 1e9);
    }
    grid_print(&grid, 0, true, stdout);
}

static void print_chain(const struct scenario_heat *heat)
{
    printf("%zu thermal %s, %.3g K/W (%.0f %%) to the air; time constants", heat->nodes,
           heat->nodes == 1 ? "node" : "nodes", heat->resistance_KpW, 100 * heat->resistance_error);
    for (size_t m = 0; m < heat->nodes; m++)
        printf("%s %.3g s (%s%.0f %%)", m > 0 ? "," : "", heat->time_constant_s[m],
               heat->identified[m] ? "" : "not identified, ", 100 * heat->time_error[m]);
    printf("; %.2g K off\n", heat->rmse_K);
}

void report_heat(const struct scenario_calibration *calibration)
{
    const struct calibrate_heat *run = &calibration->heat_run;
    const struct scenario_heat *heat = &calibration->heat;
    if (run->n == 0)
        return;
    printf("\nheat by %s: %.0f s of load%s, %.0f s of rest\n", run->sensors, run->up_s,
           run->limited  ? " up to the limit"
           : run->steady ? " until it was steady"
                         : "",
           run->down_s);
    if (heat->told)
        print_chain(heat);
    else
        printf("of no use: %s\n", heat->why);
    if (isfinite(heat->leakage_W))
        printf("leakage %.3g W (%.0f %%) at the reference temperature\n", heat->leakage_W,
               100 * heat->leakage_error_W / heat->leakage_W);
    if (isfinite(heat->throttle.die_K))
        printf("slower by %.0f %% from %.0f C on%s\n", 100 * heat->throttle.fall,
               heat->throttle.die_K - 273.15, heat->throttle.clock ? ", as its clock fell" : "");
}

void report_draw(const struct scenario_calibration *calibration)
{
    const struct calibrate_draw *draw = &calibration->draw;
    const struct sensor_split *split = &calibration->split;
    if (!draw->sensors)
        return;
    printf("\npower by %s%s\n", draw->sensors, draw->whole ? ", the whole machine" : "");
    print_loads(draw);
    if (isfinite(split->error))
        printf("busy %.3g W, %.3g pJ/FLOP, %.3g pJ/byte; the loads scatter by %.2g %%\n",
               split->active_W, 1e12 * split->FLOP_J, 1e12 * split->B_J, 100 * split->error);
    else
        printf("of no use: %s\n", draw->why ? draw->why : "the loads are not told apart");
}
