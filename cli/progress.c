/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/progress.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

/* Seconds between two lines; the first waits too, so that quick work shows none. */
#define REDRAW_S 0.2
#define LOG_S 30.0

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

void cli_progress_begin(struct cli_progress *progress, const struct cli *cli)
{
    bool terminal = isatty(STDERR_FILENO);
    bool always = strcmp(cli->progress, "always") == 0;
    bool never = strcmp(cli->progress, "never") == 0 || cli->quiet;
    *progress = (struct cli_progress){
        .shown = (terminal || always) && !never, .terminal = terminal, .quiet = cli->quiet};
}

static void draw(struct cli_progress *progress, double done, double of, double spent_s)
{
    double share = of > 0 ? done / of : 0, since = share - progress->begin_share;
    fprintf(stderr, "%s%s: %3.0f %%", progress->terminal ? "\r\033[K" : "qeilsim: ", progress->what,
            100 * (share < 1 ? share : 1));
    if (since > 0.01 && share < 1)
        fprintf(stderr, ", about %.0f s left", spent_s * (1 - share) / since);
    fprintf(stderr, "%s", progress->terminal ? "" : "\n");
    fflush(stderr);
    progress->drawn = progress->terminal;
}

bool cli_progress_step(void *context, const char *what, double done, double of)
{
    struct cli_progress *progress = context;
    if (cli_interrupted())
        return false;
    if (!progress->shown)
        return true;
    double now = now_s();
    if (strncmp(progress->what, what, sizeof progress->what - 1) != 0) {
        progress->begin_s = now;
        progress->begin_share = of > 0 ? done / of : 0;
        if (!*progress->what)
            progress->next_s = now + REDRAW_S;
        snprintf(progress->what, sizeof progress->what, "%s", what);
    }
    if (now >= progress->next_s) {
        draw(progress, done, of, now - progress->begin_s);
        progress->next_s = now + (progress->terminal ? REDRAW_S : LOG_S);
    }
    return true;
}

void cli_progress_note(void *context, const char *sentence)
{
    struct cli_progress *progress = context;
    cli_progress_end(progress);
    if (!progress->quiet)
        fprintf(stderr, "qeilsim: note: %s\n", sentence);
}

void cli_progress_end(struct cli_progress *progress)
{
    if (progress->drawn)
        fprintf(stderr, "\r\033[K");
    progress->drawn = false;
}
