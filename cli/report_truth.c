/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/grid.h"
#include "cli/report.h"

static void print_head(const struct scenario_truth_row *row)
{
    printf("against the true front: %lld points of %lld plans%s\n", (long long)row->points,
           (long long)row->plans,
           row->plans_of == SCENARIO_TRUTH_STAGES ? ", all in stages; plans that are not may lie "
                                                    "beyond it"
                                                  : "");
}

void report_truth(const struct scenario_result *result)
{
    struct grid grid = {.align = "lrrrr"};
    struct scenario_truth_row row;
    if (result->truth.n_rows == 0)
        return;
    grid_add_row(&grid, GRID_CELLS("scheduler", "volume / true", "IGD+", "epsilon", "share found"));
    for (size_t r = 0; r < result->truth.n_rows; r++) {
        table_get(&result->truth, r, &row);
        grid_add(&grid, "%s", row.scheduler);
        grid_add(&grid, "%.5f", row.hv_ratio);
        grid_add_number(&grid, row.igd_plus);
        grid_add_number(&grid, row.epsilon);
        grid_add(&grid, "%.3f", row.share_found);
    }
    print_head(&row);
    grid_print(&grid, 2, true, stdout);
    printf("\n");
}
