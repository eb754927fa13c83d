/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/report_kernels.h"

#include "analysis/statistics.h"
#include "base/memory.h"
#include "cli/rows.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Errors of the rows of a group, (predicted - measured) / measured; returns how many. */
static size_t errors_of(const struct table *kernels, const char *group, double *error)
{
    struct scenario_kernel_row row;
    size_t n = 0;
    for (size_t r = 0; r < kernels->n_rows; r++) {
        table_get(kernels, r, &row);
        if (strcmp(row.group, group) == 0 && isfinite(row.predicted_s))
            error[n++] = row.predicted_s / row.time_s - 1;
    }
    return n;
}

static void add_group(struct grid *grid, const struct table *kernels, const char *group)
{
    double *error = mem_calloc(kernels->n_rows, sizeof *error);
    size_t n = errors_of(kernels, group, error);
    double bias = analysis_median(error, n);
    for (size_t i = 0; i < n; i++)
        error[i] = fabs(error[i]);
    grid_add(grid, "%s", group);
    grid_add(grid, "%zu", n);
    rows_add_percent(grid, analysis_median(error, n));
    grid_add(grid, "%+.1f", 100 * bias);
    free(error);
}

/* A group is told where its first row stands. */
static bool is_first(const struct table *kernels, size_t r, const char *group)
{
    struct scenario_kernel_row row;
    for (size_t i = 0; i < r; i++) {
        table_get(kernels, i, &row);
        if (strcmp(row.group, group) == 0)
            return false;
    }
    return *group != '\0';
}

static void report_one(const struct scenario_kept_device *kept)
{
    struct grid grid = {.align = "lrrr"};
    struct scenario_kernel_row row;
    printf("device     %s: %s\n", kept->name, kept->title);
    printf("kernels    %zu times; %s, products by %s\n", kept->kernels.n_rows, kept->vectors,
           kept->gemm);
    grid_add_row(&grid, GRID_CELLS("fitted to", "n", "error of times %", "bias of times %"));
    for (size_t r = 0; r < kept->kernels.n_rows; r++) {
        table_get(&kept->kernels, r, &row);
        if (is_first(&kept->kernels, r, row.group))
            add_group(&grid, &kept->kernels, row.group);
    }
    grid_print(&grid, 0, true, stdout);
}

void report_kernels(const struct scenario_calibrations *all)
{
    for (size_t i = 0; i < all->n; i++) {
        if (i > 0)
            printf("\n");
        report_one(&all->device[i]);
    }
}
