/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/rank_tests.h"
#include "analysis/statistics.h"
#include "base/memory.h"
#include "base/points.h"
#include "cli/commands.h"
#include "cli/grid.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

const struct option_usage cmd_ranks_usage = {
    .command = "ranks",
    .arguments = "FILE",
    .summary = "compare samples by ranks: is one greater?",
    .details =
        "FILE has a number a line; lines without a number part samples, '#' begins a comment. The "
        "first sample\nis held against each other one: the chance that a value of it is greater "
        "(A12, 0.5 is no effect), and\nthe chance p that such a difference comes about without "
        "one, alone and adjusted for all tests of the\nfile (Holm). Up to 50 values a test count "
        "all ways in which the ranks could have fallen, more go by the\nnormal law.",
    .min_arguments = 1,
    .max_arguments = 1};

struct sample {
    double *value; /* (n) */
    size_t n, line;
};

struct samples {
    struct sample *sample; /* (n) */
    size_t n, room;
};

struct comparison {
    size_t first, second; /* samples */
    struct analysis_test test;
    double holm, a12;
};

struct wishes {
    struct cli cli;
    bool pairs, matched;
};

static void samples_free(struct samples *samples)
{
    for (size_t i = 0; i < samples->n; i++)
        free(samples->sample[i].value);
    free(samples->sample);
}

static bool keep(struct samples *samples, const struct points *points, struct error *err)
{
    if (points->m != 1)
        return error_at(err, points->lines.path, points->line, 1,
                        "%zu numbers on a line: a sample has one a line", points->m);
    struct sample one = {mem_calloc(points->n, sizeof *one.value), points->n, points->line};
    memcpy(one.value, points->f, points->n * sizeof *one.value);
    samples->sample =
        mem_grow(samples->sample, &samples->room, samples->n + 1, sizeof *samples->sample);
    samples->sample[samples->n++] = one;
    return true;
}

static bool read_samples(const char *path, struct samples *out, struct error *err)
{
    struct points points;
    enum points_status status;
    bool ok = points_open(&points, path, err);
    while (ok && (status = points_next(&points, err)) != POINTS_END)
        ok = status == POINTS_SET && keep(out, &points, err);
    points_close(&points);
    return ok;
}

static bool check_samples(const struct wishes *wishes, const struct samples *samples,
                          const char *path, struct error *err)
{
    if (samples->n < 2)
        return error_set(err, "%s: one sample: there is nothing to compare it with",
                         text_clip(path).bytes);
    if (wishes->pairs && samples->n % 2 > 0)
        return error_set(err, "%s: %zu samples do not go into pairs", text_clip(path).bytes,
                         samples->n);
    for (size_t i = 1; i < samples->n && wishes->matched; i++) {
        size_t other = wishes->pairs ? i - i % 2 : 0;
        if (samples->sample[i].n != samples->sample[other].n)
            error_at(err, path, samples->sample[i].line, 1,
                     "%zu value%s here, %zu in sample %zu: --matched wants as many",
                     samples->sample[i].n, samples->sample[i].n == 1 ? "" : "s",
                     samples->sample[other].n, other + 1);
    }
    return err->n_faults == 0;
}

static size_t compare(const struct wishes *wishes, const struct samples *samples,
                      struct comparison *out)
{
    size_t n = wishes->pairs ? samples->n / 2 : samples->n - 1;
    double *p = mem_calloc(n, sizeof *p);
    for (size_t i = 0; i < n; i++) {
        struct comparison *one = &out[i];
        one->first = wishes->pairs ? 2 * i : 0;
        one->second = wishes->pairs ? 2 * i + 1 : i + 1;
        const struct sample *x = &samples->sample[one->first], *y = &samples->sample[one->second];
        one->test = wishes->matched ? analysis_wilcoxon(x->value, y->value, x->n)
                                    : analysis_mann_whitney(x->value, x->n, y->value, y->n);
        one->a12 = analysis_a12(x->value, x->n, y->value, y->n);
        p[i] = one->test.p;
    }
    analysis_holm(p, n, p);
    for (size_t i = 0; i < n; i++)
        out[i].holm = p[i];
    free(p);
    return n;
}

/* Median of a sample; the values stay in their order. */
static double median_of(const struct sample *sample)
{
    double *copy = mem_calloc(sample->n, sizeof *copy);
    memcpy(copy, sample->value, sample->n * sizeof *copy);
    double median = analysis_median(copy, sample->n);
    free(copy);
    return median;
}

static void print(const struct samples *samples, const struct comparison *comparison, size_t n)
{
    struct grid grid = {.align = "rrrrrrrrr"};
    grid_add_row(&grid, GRID_CELLS("sample", "values", "median", "against", "values", "median",
                                   "A12", "p", "p, Holm"));
    for (size_t i = 0; i < n; i++) {
        const struct comparison *one = &comparison[i];
        for (size_t side = 0; side < 2; side++) {
            size_t which = side == 0 ? one->first : one->second;
            grid_add(&grid, "%zu", which + 1);
            grid_add(&grid, "%zu", samples->sample[which].n);
            grid_add(&grid, "%.6g", median_of(&samples->sample[which]));
        }
        grid_add(&grid, "%.3f", one->a12);
        grid_add(&grid, "%.3g", one->test.p);
        grid_add(&grid, "%.3g", one->holm);
    }
    grid_print(&grid, 0, true, stdout);
}

static void print_json(const struct wishes *wishes, const struct samples *samples,
                       const struct comparison *comparison, size_t n)
{
    json_t *object = json_object(), *sets = json_array(), *tests = json_array();
    for (size_t i = 0; i < samples->n; i++)
        json_array_append_new(sets,
                              json_pack("{s:I,s:f}", "values", (json_int_t)samples->sample[i].n,
                                        "median", median_of(&samples->sample[i])));
    for (size_t i = 0; i < n; i++) {
        const struct comparison *one = &comparison[i];
        json_array_append_new(
            tests, json_pack("{s:I,s:I,s:f,s:b,s:f,s:f,s:f}", "sample", (json_int_t)one->first + 1,
                             "against", (json_int_t)one->second + 1, "statistic",
                             one->test.statistic, "exact", (int)one->test.exact, "p", one->test.p,
                             "holm", one->holm, "a12", one->a12));
    }
    json_object_set_new(object, "test", json_string(wishes->matched ? "wilcoxon" : "mann-whitney"));
    json_object_set_new(object, "samples", sets);
    json_object_set_new(object, "tests", tests);
    char *text = json_dumps(object, JSON_INDENT(2) | JSON_REAL_PRECISION(17));
    puts(text);
    free(text);
    json_decref(object);
}

static bool work(struct wishes *wishes, const char *path)
{
    struct samples samples = {0};
    bool ok = read_samples(path, &samples, &wishes->cli.err) &&
              check_samples(wishes, &samples, path, &wishes->cli.err);
    if (ok && samples.sample) {
        struct comparison *comparison = mem_calloc(samples.n, sizeof *comparison);
        size_t n = compare(wishes, &samples, comparison);
        if (wishes->cli.json)
            print_json(wishes, &samples, comparison, n);
        else
            print(&samples, comparison, n);
        free(comparison);
    }
    samples_free(&samples);
    return ok;
}

int cmd_ranks(int argc, char **argv)
{
    struct wishes wishes = {.cli = CLI_START};
    const struct option table[] = {
        {0, "pairs", OPTION_FLAG, .help = "compare sample 1 with 2, 3 with 4 and so on",
         .value = &wishes.pairs},
        {0, "matched", OPTION_FLAG,
         .help = "values belong together one by one: test their differences (Wilcoxon)",
         .value = &wishes.matched},
        CLI_JSON_OPTION(wishes.cli),
        CLI_HELP_OPTION(wishes.cli),
        {0}};
    int first, code;
    (void)argc;
    if (!cli_parse(&wishes.cli, table, &cmd_ranks_usage, argv, &first, &code))
        return code;
    return work(&wishes, argv[first]) ? CLI_DONE : cli_fail(&wishes.cli.err);
}
