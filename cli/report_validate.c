/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/report_rows.h"
#include "cli/rows.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Devices and worst rows that are listed without being asked for. */
enum { FEW = 40, WORST = 10 };

const char *const report_columns[] = {"device", "class", "kind", "quant", "model", "backend", NULL};

static const char *const phases[] = {[SCENARIO_PREFILL] = "prefill",
                                     [SCENARIO_DECODE] = "decode",
                                     [SCENARIO_POWER] = "power",
                                     [SCENARIO_ENERGY] = "energy"};
static const char *const units[] = {"tok/s", "tok/s", "W", "J/tok"};

/* "*" behind the name of a device or class that few devices stand behind. */
static const char *star(const struct scenario_validation *validation, const char *column,
                        const char *name)
{
    bool of_device = strcmp(column, "device") == 0;
    if (!of_device && strcmp(column, "class") != 0)
        return "";
    for (size_t i = 0; i < validation->n_devices; i++) {
        const struct scenario_validated_device *device = &validation->device[i];
        if (strcmp(of_device ? device->name : device->class, name) == 0)
            return device->class_devices < REPORT_FEW_DEVICES ? "*" : "";
    }
    return "";
}

static void print_counts(const struct scenario_validation *validation)
{
    printf("rows       %zu predicted, %zu of them fitted to, %zu skipped\n",
           validation->rows.n_rows, validation->fitted_rows, validation->skipped_rows);
    printf("devices    %zu\n", validation->n_devices);
    size_t borderline = scenario_validation_borderline(validation);
    if (borderline > 0)
        printf("borderline %zu: within 4 %% of a full memory, not judged\n", borderline);
}

static void add_group(struct grid *grid, const struct scenario_group *group)
{
    rows_add_errors(grid, group);
    rows_add_percent(grid, group->n ? (double)group->inside / (double)group->n : NAN);
}

static void print_phases(const struct scenario_validation *validation)
{
    struct scenario_group group[SCENARIO_QUANTITIES];
    struct grid grid = {.align = "lrrrrrr"};
    scenario_validation_phases(validation, group);
    printf("\nerror in %% of the measured value (bias: the median with its sign; inside: "
           "measured within the 90 %% interval)\n");
    grid_add_row(&grid, GRID_CELLS("phase", "rows", "median", "mean", "p90", "bias", "inside"));
    for (size_t i = 0; i < SCENARIO_QUANTITIES; i++) {
        if (i > SCENARIO_DECODE && group[i].n == 0)
            continue;
        grid_add(&grid, "%s", phases[i]);
        add_group(&grid, &group[i]);
    }
    grid_print(&grid, 0, true, stdout);
}

static void add_groups(struct grid *grid, const struct scenario_validation *validation, int phase,
                       const char *column)
{
    struct scenario_group *group;
    size_t n = scenario_validation_groups(validation, phase, column, &group);
    for (size_t i = 0; i < n; i++) {
        const char *name = group[i].name;
        grid_add(grid, "%s", phases[phase]);
        grid_add(grid, "%s%s", *name ? name : "-", star(validation, column, name));
        add_group(grid, &group[i]);
    }
    free(group);
}

static void print_groups(const struct scenario_validation *validation, const char *column)
{
    struct grid grid = {.align = "llrrrrrr"};
    grid_add_row(&grid,
                 GRID_CELLS("phase", column, "rows", "median", "mean", "p90", "bias", "inside"));
    size_t head = grid.n;
    for (int phase = 0; phase < SCENARIO_QUANTITIES; phase++)
        add_groups(&grid, validation, phase, column);
    bool any = grid.n > head;
    if (any)
        printf("\nby %s\n", column);
    grid_print(&grid, 0, true, any ? stdout : NULL);
}

static void add_worst(struct grid *grid, const struct scenario_validation *validation, size_t row)
{
    struct scenario_validated_row at;
    table_get(&validation->rows, row, &at);
    bool prompt = isnan(at.gen_tokens) || at.phase == SCENARIO_PREFILL;
    rows_add_bias(grid, at.error);
    grid_add_number(grid, at.measured);
    grid_add_number(grid, at.predicted);
    grid_add(grid, "%s", units[at.phase]);
    grid_add(grid, "%s", phases[at.phase]);
    grid_add_number(grid, prompt ? at.prompt_tokens : at.gen_tokens);
    grid_add_number(grid, at.context_depth);
    grid_add_number(grid, at.batch);
    grid_add(grid, "%s%s", at.device, star(validation, "device", at.device));
    grid_add_row(grid, GRID_CELLS(at.model, at.quant, at.place));
}

static void print_worst(const struct scenario_validation *validation)
{
    size_t row[WORST], n = scenario_validation_worst(validation, WORST, row);
    struct grid grid = {.align = "rrrllrrrllll"};
    if (n == 0)
        return;
    grid_add_row(&grid, GRID_CELLS("error %", "measured", "predicted", "unit", "phase", "tokens",
                                   "depth", "batch", "device", "model", "quant", "place"));
    for (size_t i = 0; i < n; i++)
        add_worst(&grid, validation, row[i]);
    printf("\nworst rows (tokens: of the prompt in prefill, of the answer in decode)\n");
    grid_print(&grid, 0, true, stdout);
}

void report_validation(const struct scenario_validation *validation, const char *by)
{
    print_counts(validation);
    print_phases(validation);
    print_groups(validation, "kind");
    print_groups(validation, "class");
    if (!by && validation->n_devices <= FEW)
        by = "device";
    if (by && strcmp(by, "kind") != 0 && strcmp(by, "class") != 0)
        print_groups(validation, by);
    print_worst(validation);
    rows_print_skipped(validation->skipped, validation->n_skipped);
}
