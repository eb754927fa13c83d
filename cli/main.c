/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/memory.h"
#include "cli/commands.h"
#include "version.h"

#include <errno.h>
#include <gsl/gsl_errno.h>
#include <gsl/gsl_version.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

const struct cli_command cli_commands[] = {{&cmd_run_usage, cmd_run},
                                           {&cmd_explore_usage, cmd_explore},
                                           {&cmd_search_usage, cmd_search},
                                           {&cmd_hv_usage, cmd_hv},
                                           {&cmd_ranks_usage, cmd_ranks},
                                           {&cmd_plot_usage, cmd_plot},
                                           {&cmd_calibrate_usage, cmd_calibrate},
                                           {&cmd_validate_usage, cmd_validate},
                                           {&cmd_fit_usage, cmd_fit},
                                           {&cmd_import_usage, cmd_import},
                                           {&cmd_trace_usage, cmd_trace},
                                           {&cmd_show_usage, cmd_show},
                                           {&cmd_list_usage, cmd_list},
                                           {&cmd_schema_usage, cmd_schema},
                                           {NULL, NULL}};

static void print_help(FILE *stream)
{
    fprintf(stream, "qeilsim predicts speed, heat, energy and memory of machines that serve "
                    "language models,\nand searches the best ways to split a model over them.\n\n"
                    "Usage: qeilsim COMMAND [OPTION...] ARGUMENT...\n\nCommands:\n");
    for (const struct cli_command *command = cli_commands; command->usage; command++)
        fprintf(stream, "  %-10s %s\n", command->usage->command, command->usage->summary);
    fprintf(stream, "  %-10s %s\n", "help", "how a command is called: help COMMAND");
    fprintf(stream, "\nOptions:\n  -h, --help     show this help\n"
                    "      --version  show the version and what it was built with\n\n"
                    "Exit codes: 0 done, 1 the machine failed, 2 the input is wrong, 130 "
                    "interrupted.\n");
}

/* HDF5 is known by its version only: the program sees its library through a lower floor. */
static int print_version(void)
{
    printf("qeilsim %s (commit %s)\n", QEILSIM_VERSION, QEILSIM_COMMIT);
    printf("compiler %s\n", __VERSION__);
    printf("GSL %s, HDF5 %s, libyaml %s, jansson %s\n", gsl_version, QEILSIM_HDF5_VERSION,
           yaml_get_version_string(), jansson_version_str());
    return CLI_DONE;
}

/* For the shell: all words that can follow the program's name. */
static int print_words(void)
{
    for (const struct cli_command *command = cli_commands; command->usage; command++)
        puts(command->usage->command);
    puts("help\n--help\n--version");
    return CLI_DONE;
}

static const struct cli_command *find_command(const char *name)
{
    for (const struct cli_command *command = cli_commands; command->usage; command++)
        if (strcmp(command->usage->command, name) == 0)
            return command;
    return NULL;
}

static int unknown_command(const char *name)
{
    const char *names[sizeof cli_commands / sizeof *cli_commands + 1];
    struct error err = {0};
    size_t n = 0;
    for (const struct cli_command *command = cli_commands; command->usage; command++)
        names[n++] = command->usage->command;
    names[n++] = "help";
    names[n] = NULL;
    char *hint = text_hint(name, names);
    error_set(&err, "unknown %s '%s'%s; see 'qeilsim --help'", *name == '-' ? "option" : "command",
              text_clip(name).bytes, hint);
    free(hint);
    return cli_fail(&err);
}

/* `help NAME` is `NAME --help`. */
static int help(char *name)
{
    char option[] = "--help";
    char *argv[] = {name, option, NULL};
    if (!name) {
        print_help(stdout);
        return CLI_DONE;
    }
    const struct cli_command *command = find_command(name);
    return command ? command->run(2, argv) : unknown_command(name);
}

static int dispatch(int argc, char **argv)
{
    struct error err = {0};
    if (argc < 2) {
        error_set(&err, "which command? See 'qeilsim --help'");
        return cli_fail(&err);
    }
    const char *name = argv[1];
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
        return help(NULL);
    if (strcmp(name, "help") == 0)
        return argc > 2 && strcmp(argv[2], "--complete-words") == 0 ? print_words() : help(argv[2]);
    if (strcmp(name, "--version") == 0)
        return print_version();
    if (strcmp(name, "--complete-words") == 0)
        return print_words();
    if (strcmp(name, "--man") == 0)
        return cli_man();
    const struct cli_command *command = find_command(name);
    return command ? command->run(argc - 1, argv + 1) : unknown_command(name);
}

int main(int argc, char **argv)
{
    gsl_set_error_handler_off();
    int code = dispatch(argc, argv);
    if (fflush(stdout) == 0 && !ferror(stdout))
        return code;
    struct error err = {0};
    error_machine(&err, "cannot write the standard output: %s", strerror(errno));
    return cli_fail(&err);
}
