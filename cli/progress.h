/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Progress and notes on standard error while long work goes on. */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include "cli/cli.h"

struct cli_progress {
    bool shown, terminal, quiet;
    bool drawn;         /* a line stands on the terminal */
    double begin_s;     /* when `what` began */
    double begin_share; /* that was done by then */
    double next_s;      /* when to draw again */
    char what[40];      /* as the last call named it */
};

void cli_progress_begin(struct cli_progress *progress, const struct cli *cli);
/* For the callbacks of floors below: `context` is the progress. False after a signal. */
bool cli_progress_step(void *context, const char *what, double done, double of);
void cli_progress_note(void *context, const char *sentence);
/* Takes the line off the terminal. */
void cli_progress_end(struct cli_progress *progress);

#endif
