/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/rows.h"

#include "base/file.h"

#include <math.h>
#include <stdarg.h>

double rows_ubatch(const struct rows_options *options)
{
    return options->ubatch == ROWS_NO_UBATCH ? ROWS_UBATCH : (double)options->ubatch;
}

void rows_options_free(struct rows_options *options)
{
    option_texts_free(&options->paths);
    file_names_free(options->device_words);
    file_names_free(options->model_words);
    options->device_words = options->model_words = NULL;
}

/* To one decimal, without a zero's sign. */
static double percent(double fraction)
{
    return round(1000 * fraction) / 10 + 0.0;
}

void rows_add_percent(struct grid *grid, double fraction)
{
    if (isfinite(fraction))
        grid_add(grid, "%.1f", percent(fraction));
    else
        grid_add(grid, "-");
}

void rows_add_bias(struct grid *grid, double fraction)
{
    if (isfinite(fraction))
        grid_add(grid, "%+.1f", percent(fraction));
    else
        grid_add(grid, "-");
}

void rows_add_errors(struct grid *grid, const struct scenario_group *group)
{
    grid_add(grid, "%zu", group->n);
    rows_add_percent(grid, group->median_abs_error);
    rows_add_percent(grid, group->mean_abs_error);
    rows_add_percent(grid, group->p90_abs_error);
    rows_add_bias(grid, group->bias);
}

void rows_print_skipped(const struct scenario_skipped *skipped, size_t n)
{
    struct grid grid = {.align = "rll"};
    if (n == 0)
        return;
    grid_add_row(&grid, GRID_CELLS("rows", "reason", "for example"));
    for (size_t i = 0; i < n; i++) {
        grid_add(&grid, "%zu", skipped[i].rows);
        grid_add_row(&grid, GRID_CELLS(skipped[i].reason, skipped[i].example));
    }
    printf("\nskipped rows\n");
    grid_print(&grid, 0, true, stdout);
}

void rows_note(const struct cli *cli, const char *format, ...)
{
    va_list arguments;
    if (cli->quiet)
        return;
    va_start(arguments, format);
    fputs("qeilsim: note: ", stderr);
    vfprintf(stderr, format, arguments);
    fputs("\n", stderr);
    va_end(arguments);
}

bool rows_check_power(const struct rows_options *options, struct error *err)
{
    bool offset = options->power.offset_s < 0 || options->power.offset_s > 0;
    return !offset || options->power.path ||
           error_set(err, "--power-log-offset goes with --power-log only");
}

void rows_note_power(const struct cli *cli, const struct measured_power_report *power)
{
    if (power->rows == 0)
        return;
    if (power->no_zone)
        rows_note(cli, ROWS_NO_ZONE);
    rows_note(cli, "the power log tells of %zu of %zu rows", power->joined, power->rows);
    for (size_t i = 0; i < power->n_left; i++)
        rows_note(cli, "no power from it for %zu: %s (%s)", power->left[i].rows,
                  power->left[i].reason, power->left[i].example);
}
