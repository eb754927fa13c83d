/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What all commands share: how they start, what they print where, and how they end. */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "base/option.h"

#include <stdio.h>

enum cli_exit { CLI_DONE = 0, CLI_MACHINE = 1, CLI_INPUT = 2, CLI_INTERRUPTED = 130 };

/* One command: its usage tells name and help, its function parses the options and does the work. */
struct cli_command {
    const struct option_usage *usage;
    int (*run)(int argc, char **argv);
};
/* All commands in the order of the help, ended by a NULL usage. */
extern const struct cli_command cli_commands[];

/* Options that several commands have. */
struct cli {
    bool help, json, quiet;
    const char *progress; /* "auto", "always", "never" */
    const char *output;   /* NULL: none given */
    struct error err;
};
#define CLI_START                                                                                  \
    {                                                                                              \
        .progress = "auto"                                                                         \
    }

extern const char *const cli_progress_words[];

/* Rows of an option table. */
#define CLI_HELP_OPTION(cli)                                                                       \
    {                                                                                              \
        'h', "help", OPTION_FLAG, .help = "show this help", .value = &(cli).help                   \
    }
#define CLI_JSON_OPTION(cli)                                                                       \
    {                                                                                              \
        0, "json", OPTION_FLAG, .help = "print JSON instead of tables", .value = &(cli).json       \
    }
#define CLI_QUIET_OPTION(cli)                                                                      \
    {                                                                                              \
        'q', "quiet", OPTION_FLAG, .help = "no notes and no progress", .value = &(cli).quiet       \
    }
#define CLI_PROGRESS_OPTION(cli)                                                                   \
    {                                                                                              \
        0, "progress", OPTION_WORD, "WHEN",                                                        \
            "auto, always or never (default auto: only on a terminal)",                            \
            .value = &(cli).progress, .words = cli_progress_words                                  \
    }
#define CLI_OUTPUT_OPTION(cli, text)                                                               \
    {                                                                                              \
        'o', "output", OPTION_TEXT, "FILE", text, .value = &(cli).output                           \
    }

/* Parses the command's line. True: go on with the operands from argv[*first]. False: *code is how
 * the program ends, after --help, --complete-words, --man or a fault that was told. */
bool cli_parse(struct cli *cli, const struct option *table, const struct option_usage *usage,
               char **argv, int *first, int *code);

/* Prints the manual page, in roff. */
int cli_man(void);

/* Tells all faults on standard error, a line each: one with a place as "file:line:column: what",
 * any other as "qeilsim: error: what". Returns how the program ends; after a signal that is
 * CLI_INTERRUPTED, told in one line. */
int cli_fail(const struct error *err);

/* Whether a file can be written there, before long work is begun. NULL is no file: true. */
bool cli_can_write(const char *path, struct error *err);

/* Escape sequences for a stream, empty where it is no terminal or NO_COLOR is set. */
struct cli_style {
    const char *bold, *dim, *red, *plain;
};
struct cli_style cli_style(FILE *stream);

/* From now on SIGINT and SIGTERM set a flag, and a second one ends the program. */
void cli_catch_signals(void);
bool cli_interrupted(void);

#endif
