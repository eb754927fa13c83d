/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/report_log.h"
#include "cli/rows.h"

#include <stdio.h>

static const char *const names[LOG_QUANTITIES] = {
    [LOG_TTFT] = "TTFT", [LOG_TPOT] = "TPOT", [LOG_E2E] = "E2E"};

static void print_head(const struct scenario_log *log, const char *path)
{
    const struct scenario_log_case *at = &log->at[LOG_BLOCKS];
    printf("log        %s\n", path);
    printf("scenario   %s\n", log->result.name);
    printf("plan       %s\n", log->result.plan_summary);
    printf("requests   %zu, %zu compared, %zu without measured times, %llu rejected; %llu "
           "preemptions\n",
           log->requests, at->compared, log->unmeasured, (unsigned long long)at->rejected,
           (unsigned long long)at->preemptions);
    if (log->failed + log->cancelled + log->warm_up + log->unsized > 0)
        printf("left out   %zu failed, %zu cancelled, %zu of the warm-up, %zu without lengths\n",
               log->failed, log->cancelled, log->warm_up, log->unsized);
    printf("KV blocks  %llu of %llu tokens, ", (unsigned long long)at->kv_blocks,
           (unsigned long long)log->block_tokens);
    if (*log->blocks_from == 'm')
        printf("what a memory fraction of %g leaves\n", log->memory_fraction);
    else
        printf("as %s says\n", log->blocks_from);
    const struct scenario_log_draw *draw = &log->draw;
    if (draw->asked && draw->missing)
        printf("power      not measured: %s (%s)\n", draw->missing, draw->detail);
    else if (draw->asked)
        printf("power      %.4g W measured, %.4g W ours (%+.1f %%); %.4g and %.4g J an output "
               "token\n",
               draw->W.measured, draw->W.ours, 100 * draw->W.deviation, draw->J.measured,
               draw->J.ours);
    if (*log->settings)
        printf("settings   %s, as %s says\n", log->settings, log->meta);
}

static void add_value(struct grid *grid, const struct scenario_log *log, int quantity, int figure)
{
    const struct scenario_log_value *value = &log->at[LOG_BLOCKS].value[quantity][figure];
    grid_add(grid, "%s %s (s)", names[quantity], scenario_log_figures[figure]);
    grid_add_number(grid, value->measured);
    grid_add_number(grid, value->ours);
    for (int i = 0; i < LOG_CASES; i++)
        rows_add_bias(grid, log->at[i].value[quantity][figure].deviation);
}

void report_log(const struct scenario_log *log, const char *path)
{
    char fewer[64], more[64];
    struct grid grid = {.align = "lrrrrr"};
    print_head(log, path);
    snprintf(fewer, sizeof fewer, "%llu blocks",
             (unsigned long long)log->at[LOG_FEWER_BLOCKS].kv_blocks);
    snprintf(more, sizeof more, "%llu blocks",
             (unsigned long long)log->at[LOG_MORE_BLOCKS].kv_blocks);
    printf("\ndeviation in %% of the measured value; the last two with 5 %% fewer and more "
           "blocks\n");
    grid_add_row(&grid, GRID_CELLS("", "measured", "ours", "deviation", fewer, more));
    for (int q = 0; q < LOG_QUANTITIES; q++)
        for (int f = 0; f < LOG_FIGURES; f++)
            add_value(&grid, log, q, f);
    grid_print(&grid, 0, true, stdout);
}
