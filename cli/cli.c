/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/cli.h"

#include "base/file.h"

#include <ctype.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *const cli_progress_words[] = {"auto", "always", "never", NULL};

/* The one thing that a signal handler may change. */
static volatile sig_atomic_t interrupted;

static void note_signal(int number)
{
    (void)number;
    interrupted = 1;
}

void cli_catch_signals(void)
{
    struct sigaction action = {.sa_handler = note_signal, .sa_flags = (int)SA_RESETHAND};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

bool cli_interrupted(void)
{
    return interrupted != 0;
}

struct cli_style cli_style(FILE *stream)
{
    const char *none = getenv("NO_COLOR"), *terminal = getenv("TERM");
    bool coloured =
        isatty(fileno(stream)) && !(none && *none) && terminal && strcmp(terminal, "dumb") != 0;
    if (!coloured)
        return (struct cli_style){"", "", "", ""};
    return (struct cli_style){"\033[1m", "\033[2m", "\033[1;31m", "\033[0m"};
}

static const char *back_over_digits(const char *begin, const char *end)
{
    while (end > begin && isdigit((unsigned char)end[-1]))
        end--;
    return end;
}

/* Whether the sentence starts with "path:line:column: ". */
static bool has_place(const char *sentence)
{
    const char *end = strstr(sentence, ": ");
    if (!end)
        return false;
    const char *column = back_over_digits(sentence, end);
    if (column == end || column == sentence || column[-1] != ':')
        return false;
    const char *line = back_over_digits(sentence, column - 1);
    return line < column - 1 && line > sentence + 1 && line[-1] == ':';
}

int cli_fail(const struct error *err)
{
    struct cli_style style = cli_style(stderr);
    if (cli_interrupted()) {
        fprintf(stderr, "qeilsim: interrupted; nothing was written\n");
        return CLI_INTERRUPTED;
    }
    for (size_t i = 0; i < err->n_faults; i++) {
        if (has_place(err->fault[i]))
            fprintf(stderr, "%s\n", err->fault[i]);
        else
            fprintf(stderr, "qeilsim: %serror:%s %s\n", style.red, style.plain, err->fault[i]);
    }
    if (err->n_suppressed > 0)
        fprintf(stderr, "qeilsim: %serror:%s %zu more such lines are left out\n", style.red,
                style.plain, err->n_suppressed);
    return err->kind == ERROR_MACHINE ? CLI_MACHINE : CLI_INPUT;
}

static int count(char **argv)
{
    int n = 0;
    while (argv[n])
        n++;
    return n;
}

bool cli_parse(struct cli *cli, const struct option *table, const struct option_usage *usage,
               char **argv, int *first, int *code)
{
    struct text page = {0};
    *code = CLI_DONE;
    if (argv[1] && strcmp(argv[1], "--complete-words") == 0) {
        option_words(table, usage, (const char *const *)(argv + 2), &page);
    } else if (argv[1] && strcmp(argv[1], "--man") == 0) {
        option_roff(table, usage, &page);
    } else if (!option_parse(count(argv), argv, table, usage, first, &cli->err)) {
        *code = cli_fail(&cli->err);
        return false;
    } else if (cli->help) {
        option_help(table, usage, &page);
    } else {
        return true;
    }
    if (page.bytes)
        fputs(page.bytes, stdout);
    text_free(&page);
    return false;
}

bool cli_can_write(const char *path, struct error *err)
{
    struct file_atomic file;
    if (!path)
        return true;
    if (!file_atomic_name(&file, path, err))
        return false;
    file_atomic_abandon(&file);
    return true;
}
