/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/hypervolume.h"
#include "analysis/pareto.h"
#include "base/memory.h"
#include "base/points.h"
#include "base/text.h"
#include "cli/attainment.h"
#include "cli/commands.h"

#include <stdlib.h>
#include <string.h>

const struct option_usage cmd_hv_usage = {
    .command = "hv",
    .arguments = "FILE",
    .summary = "hypervolume of sets of points",
    .details =
        "FILE has a point a line, its numbers parted by blanks, all minimised. Lines without "
        "a number part\nsets, '#' begins a comment. Printed is one number a set: the volume "
        "of what its points weakly\ndominate below the reference. Points that are not "
        "smaller than the reference in every number add\nnothing; how many they are is told "
        "on standard error.\n\nWith --attainment the sets are runs of a search in two or three "
        "objectives: 1 is the best that\nany run reached, the number of sets the worst, half of it "
        "the median.",
    .min_arguments = 1,
    .max_arguments = 1};

struct reference {
    double value[PARETO_OBJECTIVES];
    size_t n;
};

static bool reference_number(struct reference *reference, const char *text, struct error *err)
{
    if (reference->n == PARETO_OBJECTIVES)
        return error_set(err, "--ref: more than %d numbers; hv knows up to %d objectives",
                         PARETO_OBJECTIVES, PARETO_OBJECTIVES);
    if (!text_number(text, &reference->value[reference->n]))
        return error_set(err, "--ref: '%s' is not a finite number", text_clip(text).bytes);
    reference->n++;
    return true;
}

static bool read_reference(const char *text, struct reference *reference, struct error *err)
{
    if (!text)
        return error_set(err, "hv needs --ref: one number for each objective, as --ref 10,10");
    char *copy = mem_strdup(text), *p = copy, *comma;
    bool ok = true;
    reference->n = 0;
    do {
        comma = strchr(p, ',');
        if (comma)
            *comma = '\0';
        ok = reference_number(reference, p, err);
        p = comma ? comma + 1 : p;
    } while (ok && comma);
    free(copy);
    return ok;
}

static bool fits(const struct points *points, const struct reference *reference, struct error *err)
{
    if (points->m == reference->n)
        return true;
    return error_at(err, points->lines.path, points->line, 1,
                    "points have %zu number%s here, --ref has %zu", points->m,
                    points->m == 1 ? "" : "s", reference->n);
}

/* What is to be printed, all at the end: a fault in a later set must leave nothing written. */
struct answers {
    struct text volumes, notes;
    size_t sets;
};

static void add_answer(struct answers *answers, const struct points *points,
                       const struct reference *reference)
{
    size_t discarded;
    double volume =
        analysis_hypervolume(points->f, points->n, points->m, reference->value, &discarded);
    text_add(&answers->volumes, "%.17g\n", volume);
    answers->sets++;
    if (discarded > 0)
        text_add(&answers->notes,
                 "qeilsim: set %zu: %zu of %zu points discarded, not smaller than the reference in "
                 "every number\n",
                 answers->sets, discarded, points->n);
}

static bool measure(const char *path, const struct reference *reference, struct answers *answers,
                    struct error *err)
{
    struct points points;
    enum points_status status;
    bool ok = points_open(&points, path, err);
    while (ok && (status = points_next(&points, err)) != POINTS_END) {
        ok = status == POINTS_SET && fits(&points, reference, err);
        if (ok)
            add_answer(answers, &points, reference);
    }
    points_close(&points);
    return ok;
}

static void print(const struct cli *cli, const struct answers *answers)
{
    fputs(answers->volumes.bytes, stdout);
    if (!cli->quiet && answers->notes.bytes)
        fputs(answers->notes.bytes, stderr);
}

static bool volumes(struct cli *cli, const char *path, const char *text)
{
    struct reference reference = {.n = 0};
    struct answers answers = {0};
    bool ok = read_reference(text, &reference, &cli->err) &&
              measure(path, &reference, &answers, &cli->err);
    if (ok)
        print(cli, &answers);
    text_free(&answers.volumes);
    text_free(&answers.notes);
    return ok;
}

int cmd_hv(int argc, char **argv)
{
    struct cli cli = CLI_START;
    const char *text = NULL;
    uint64_t attained = 0;
    const struct option table[] = {{'r', "ref", OPTION_TEXT, "A,B,...",
                                    "the reference: one number for each objective", .value = &text},
                                   {0, "attainment", OPTION_COUNT, "K",
                                    "print instead the points that at least K of the sets reach",
                                    &attained, 1, 1e9, NULL},
                                   CLI_QUIET_OPTION(cli),
                                   CLI_HELP_OPTION(cli),
                                   {0}};
    int first, code;
    (void)argc;
    if (!cli_parse(&cli, table, &cmd_hv_usage, argv, &first, &code))
        return code;
    bool ok = true;
    if (text && attained > 0)
        ok = error_set(&cli.err, "--ref and --attainment ask for different things: give one");
    else if (attained > 0)
        ok = attainment_print(argv[first], attained, &cli.err);
    else
        ok = volumes(&cli, argv[first], text);
    return ok ? CLI_DONE : cli_fail(&cli.err);
}
