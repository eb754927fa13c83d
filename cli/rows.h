/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What `validate` and `fit` have in common: options about measured rows, and tables of them. */
#ifndef CLI_ROWS_H
#define CLI_ROWS_H

#include "cli/cli.h"
#include "cli/grid.h"
#include "scenarios/validate.h"

struct rows_options {
    struct option_texts paths;
    const char *device, *where, *best_of, *model; /* NULL: not given */
    struct scenario_power_ask power;
    uint64_t ubatch;                    /* ROWS_NO_UBATCH: not given */
    char **device_words, **model_words; /* for the shell */
};
#define ROWS_NO_UBATCH UINT64_MAX
#define ROWS_UBATCH 512 /* what llama.cpp does without being told */

/* Rows of an option table. */
#define ROWS_FILES_OPTION(options)                                                                 \
    {                                                                                              \
        'm', "measured", OPTION_TEXTS, "FILE",                                                     \
            "measured rows: CSV, what llama-bench prints, or replies with their times "            \
            "(repeatable)",                                                                        \
            .value = &(options).paths                                                              \
    }
#define ROWS_DEVICE_OPTION(options, text)                                                          \
    {                                                                                              \
        'd', "device", OPTION_TEXT, "NAME|FILE", text,                                             \
            .value = &(options).device, .words = (const char *const *)(options).device_words       \
    }
#define ROWS_MODEL_OPTION(options, text)                                                           \
    {                                                                                              \
        0, "model", OPTION_TEXT, "MODEL[:QUANT]", text,                                            \
            .value = &(options).model, .words = (const char *const *)(options).model_words         \
    }
/* Two rows. */
#define ROWS_POWER_OPTIONS(options)                                                                \
    {0,                                                                                            \
     "power-log",                                                                                  \
     OPTION_TEXT,                                                                                  \
     "FILE",                                                                                       \
     "power over time as CSV: gives what tells its times power and temperature",                   \
     .value = &(options).power.path},                                                              \
    {                                                                                              \
        0, "power-log-offset", OPTION_NUMBER, "SECONDS",                                           \
            "with --power-log: added to its times, where clocks differ (default 0)",               \
            &(options).power.offset_s, -1e10, 1e10, NULL                                           \
    }
#define ROWS_WHERE_OPTION(options, text)                                                           \
    {                                                                                              \
        'w', "where", OPTION_TEXT, "W", text, .value = &(options).where                            \
    }
#define ROWS_BEST_OPTION(options)                                                                  \
    {                                                                                              \
        0, "best-of", OPTION_TEXT, "COLUMN",                                                       \
            "of rows that differ in this column alone, take the fastest",                          \
            .value = &(options).best_of                                                            \
    }
#define ROWS_UBATCH_OPTION(options)                                                                \
    {                                                                                              \
        0, "ubatch", OPTION_COUNT, "N", "most prompt tokens of a pass (default 512)",              \
            &(options).ubatch, 1, 1e6, NULL                                                        \
    }

/* How W is written, for the helps. */
#define ROWS_HELP_OF_W                                                                             \
    "W chooses rows: column=value[,value...] terms joined by '&', numbers compare as numbers, "    \
    "text\nwithout regard to case, and a value may be quoted: "                                    \
    "quant=Q4_0,Q8_0&backend='llama.cpp CUDA'."

/* Tokens of a pass, given or preset. */
double rows_ubatch(const struct rows_options *options);
void rows_options_free(struct rows_options *options);

/* A cell with a fraction as percent, "-" where there is none. */
void rows_add_percent(struct grid *grid, double fraction);
/* The same with its sign. */
void rows_add_bias(struct grid *grid, double fraction);

/* Cells of a group's errors: rows, median, mean, 90th percentile and bias. */
void rows_add_errors(struct grid *grid, const struct scenario_group *group);

/* Faults of options that go with others only. */
bool rows_check_power(const struct rows_options *options, struct error *err);

#define ROWS_NO_ZONE                                                                               \
    "times of the power log name no zone and are taken as UTC; --power-log-offset shifts them"
/* What a log of power gave, and why some rows have none of it. */
void rows_note_power(const struct cli *cli, const struct measured_power_report *power);

/* Why rows were left out; nothing where none were. */
void rows_print_skipped(const struct scenario_skipped *skipped, size_t n);

/* A sentence on standard error, unless --quiet. */
void rows_note(const struct cli *cli, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
