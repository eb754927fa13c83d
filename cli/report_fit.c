/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/report_rows.h"
#include "cli/rows.h"

#include <math.h>
#include <string.h>

/* Two parameters beyond this can hardly be told apart. */
static const double strong_correlation = 0.9;

static void print_counts(const struct scenario_fit *fit, bool of_class)
{
    printf("fit of     %s\n", fit->name);
    printf("rows       %zu fitted to, ", fit->rows);
    if (!of_class)
        printf("%zu held back, ", fit->held_back);
    printf("%zu skipped\n", fit->skipped_rows);
    printf("scatter    %.1f %% of a time, one robust standard deviation\n", 100 * fit->scatter);
}

static const char *judged_rows(const struct scenario_fit *fit, bool of_class)
{
    if (of_class)
        return "each device, by a class fitted without it";
    return fit->held_back > 0 ? "the rows that were held back" : "the rows that were fitted to";
}

static void print_errors(const struct scenario_fit *fit, bool of_class)
{
    struct grid grid = {.align = "lrrrrr"};
    printf(
        "\nerror of the rate in %% of the measured one, of %s (bias: the median with its sign)\n",
        judged_rows(fit, of_class));
    grid_add_row(&grid, GRID_CELLS("", "rows", "median", "mean", "p90", "bias"));
    for (size_t i = 0; i < fit->n_groups; i++) {
        grid_add(&grid, "%s", fit->group[i].name);
        rows_add_errors(&grid, &fit->group[i]);
    }
    grid_print(&grid, 0, true, stdout);
}

static void add_parameter(struct grid *grid, const struct scenario_fitted *parameter)
{
    grid_add(grid, "%s", parameter->path);
    grid_add_number(grid, parameter->prior);
    grid_add_number(grid, parameter->value);
    grid_add_number(grid, parameter->standard_error);
    rows_add_percent(grid, parameter->learned);
    grid_add(grid, "%s", parameter->learned < FIT_LEARNED_LITTLE ? "stays near the prior" : "");
}

/* Formats that no row has are not worth a word. */
static bool is_of_format(const struct scenario_fitted *parameter)
{
    static const char formats[] = "compute.dequant.";
    return strncmp(parameter->path, formats, strlen(formats)) == 0;
}

static void print_parameters(const struct scenario_fit *fit)
{
    struct grid grid = {.align = "lrrrrl"};
    const char *comma = "held, for such rows cannot tell them: ";
    printf("\nparameters (learned: 0 the prior decides, 100 the rows decide)\n");
    grid_add_row(&grid, GRID_CELLS("parameter", "prior", "value", "std. error", "learned %", ""));
    for (size_t i = 0; i < fit->n; i++)
        if (!fit->parameter[i].held)
            add_parameter(&grid, &fit->parameter[i]);
    grid_print(&grid, 0, true, stdout);
    for (size_t i = 0; i < fit->n; i++) {
        if (!fit->parameter[i].held || is_of_format(&fit->parameter[i]))
            continue;
        printf("%s%s", comma, fit->parameter[i].path);
        comma = ", ";
    }
    printf("%s", *comma == ',' ? "\n" : "");
}

static void add_pair(struct grid *grid, const struct scenario_fit *fit, size_t a, size_t b)
{
    const struct scenario_fitted *x = &fit->parameter[a], *y = &fit->parameter[b];
    grid_add(grid, "%s", x->path);
    grid_add(grid, "%s", y->path);
    grid_add(grid, "%+.2f", fit->correlation[a * fit->n + b]);
}

static void print_correlations(const struct scenario_fit *fit)
{
    struct grid grid = {.align = "llr"};
    for (size_t a = 0; a < fit->n; a++)
        for (size_t b = a + 1; b < fit->n; b++)
            if (fabs(fit->correlation[a * fit->n + b]) > strong_correlation)
                add_pair(&grid, fit, a, b);
    if (grid.n == 0)
        return;
    printf("\nhardly told apart by these rows (correlation)\n");
    grid_print(&grid, 0, false, stdout);
}

void report_fit_of_kernels(const struct scenario_fit *fit)
{
    print_errors(fit, false);
    print_parameters(fit);
    print_correlations(fit);
}

void report_fit(const struct scenario_fit *fit, bool of_class)
{
    print_counts(fit, of_class);
    print_errors(fit, of_class);
    print_parameters(fit);
    print_correlations(fit);
    rows_print_skipped(fit->skipped, fit->n_skipped);
}
