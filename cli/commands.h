/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The commands, one file each: cmd_NAME.c. */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "cli/cli.h"

extern const struct option_usage cmd_run_usage, cmd_explore_usage, cmd_plot_usage, cmd_trace_usage,
    cmd_validate_usage, cmd_fit_usage, cmd_import_usage, cmd_show_usage, cmd_list_usage,
    cmd_schema_usage, cmd_search_usage, cmd_hv_usage, cmd_ranks_usage;

int cmd_run(int argc, char **argv);
int cmd_explore(int argc, char **argv);
int cmd_plot(int argc, char **argv);
int cmd_validate(int argc, char **argv);
int cmd_fit(int argc, char **argv);
int cmd_trace(int argc, char **argv);
int cmd_import(int argc, char **argv);
int cmd_show(int argc, char **argv);
int cmd_list(int argc, char **argv);
int cmd_search(int argc, char **argv);
int cmd_hv(int argc, char **argv);
int cmd_ranks(int argc, char **argv);
int cmd_schema(int argc, char **argv);
int cmd_calibrate(int argc, char **argv);
extern const struct option_usage cmd_calibrate_usage;

#endif
