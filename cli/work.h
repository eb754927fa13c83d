/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What `run` and `explore` have in common: a scenario with the assignments of the command line,
 * progress, and a result that may be stored. */
#ifndef CLI_WORK_H
#define CLI_WORK_H

#include "cli/progress.h"
#include "scenarios/result.h"

enum { WORK_OWN = 4 }; /* most assignments made of other options */

struct work {
    struct cli cli;
    struct option_texts set; /* of --set, then of other options */
    uint64_t seed;           /* WORK_NO_SEED: the scenario's */
    char *own[WORK_OWN];     /* assignments made of other options */
    size_t n_own;
    struct scenario scenario;
    struct cli_progress progress;
    struct scenario_options options;
    struct scenario_result result;
};
#define WORK_NO_SEED UINT64_MAX
#define WORK_START                                                                                 \
    {                                                                                              \
        .cli = CLI_START, .seed = WORK_NO_SEED, .options = {.replay = true }                       \
    }

/* Rows of an option table. */
#define WORK_SET_OPTION(work)                                                                      \
    {                                                                                              \
        's', "set", OPTION_TEXTS, "PATH=VALUE", "change the expanded scenario (repeatable)",       \
            .value = &(work).set                                                                   \
    }
#define WORK_SEED_OPTION(work)                                                                     \
    {                                                                                              \
        0, "seed", OPTION_COUNT, "N", "seed of all random draws (default: the scenario's)",        \
            .value = &(work).seed                                                                  \
    }

/* An assignment as --set would give it. */
void work_assign(struct work *work, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Loads the scenario, sees that the output can be written, and readies progress. False: a fault. */
bool work_begin(struct work *work, const char *path);
/* Stores the result where -o says. Not after a signal: then it fails. */
bool work_store(struct work *work);
/* Frees all; after a fault tells it. Returns how the program ends. */
int work_end(struct work *work, bool ok);

#endif
