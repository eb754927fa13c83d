/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/csv.h"
#include "base/memory.h"
#include "cli/commands.h"
#include "cli/complete.h"
#include "cli/grid.h"
#include "workloads/workload.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

const struct option_usage cmd_trace_usage = {
    .command = "trace",
    .arguments = "FILE",
    .summary = "statistics of a recorded trace of requests",
    .details =
        "FILE is sought here, in $QEILSIM_TRACES and in the catalogue. A request without output\n"
        "tokens counts as failed. Deviations are those of the set itself; percentiles interpolate "
        "between\nranks; a peak is the largest number of arrivals in any window of that length.",
    .min_arguments = 1,
    .max_arguments = 1,
    .operand_words = complete_traces};

static const char *const units[] = {"s", "ms", "us", "ns", NULL};

/* The first column that only this format has. */
static const char *const marks[] = {[WORKLOAD_AZURE] = "TIMESTAMP",
                                    [WORKLOAD_VIDUR] = "arrived_at",
                                    [WORKLOAD_BURSTGPT] = "Response tokens",
                                    [WORKLOAD_SPLITWISE_SIM] = "arrival_timestamp"};
enum { MARKS = sizeof marks / sizeof *marks };

static int index_of(const char *word, const char *const *words)
{
    int i = 0;
    while (words[i] && strcmp(words[i], word) != 0)
        i++;
    return i;
}

/* The header tells the format where no option does. */
static bool find_format(struct workload_trace_spec *trace, struct error *err)
{
    char *path = workload_trace_path(trace, err);
    struct csv *csv = path ? csv_open(path, err) : NULL;
    bool found = false;
    size_t column;
    for (int i = 0; csv && !found && i < MARKS; i++)
        if (csv_find(csv, marks[i], &column)) {
            trace->format = i;
            found = true;
        }
    if (csv && !found)
        error_at(err, path, 1, 1,
                 "the header is of none of azure, vidur, burstgpt and splitwise-sim; --format "
                 "names the others");
    csv_close(csv);
    free(path);
    return found;
}

/* Rows that `sort` had to move. */
static bool count_inversions(const struct workload *workload, size_t *inversions, struct error *err)
{
    *inversions = 0;
    if (!workload->trace.sort)
        return true;
    struct workload_source *source = workload_source_open(workload, 0, err);
    if (source)
        *inversions = workload_source_inversions(source);
    workload_source_close(source);
    return source != NULL;
}

static json_t *lengths_json(double sum, double mean, double sd, const uint64_t rank[4])
{
    return json_pack("{s:I, s:f, s:f, s:I, s:I, s:I, s:I}", "sum", (json_int_t)sum, "mean", mean,
                     "sd", sd, "p50", (json_int_t)rank[0], "p90", (json_int_t)rank[1], "p99",
                     (json_int_t)rank[2], "max", (json_int_t)rank[3]);
}

static void print_json(const struct workload_trace_spec *trace,
                       const struct workload_statistics *all, size_t inversions)
{
    const uint64_t prompt[] = {all->prompt_p50, all->prompt_p90, all->prompt_p99, all->prompt_max};
    const uint64_t output[] = {all->output_p50, all->output_p90, all->output_p99, all->output_max};
    json_t *root = json_pack(
        "{s:s, s:s, s:f, s:f, s:I, s:I, s:I, s:f, s:f, s:f, s:f, s:o, s:o, s:{s:I, s:I, s:I}}",
        "trace", trace->file, "format", workload_trace_formats[trace->format], "thin", trace->thin,
        "stretch", trace->stretch, "requests", (json_int_t)all->requests, "failed",
        (json_int_t)all->failed, "inversions", (json_int_t)inversions, "span_s", all->span_s,
        "rate_per_s", all->rate_per_s, "cv", all->cv, "correlation", all->correlation,
        "prompt_tokens", lengths_json(all->prompt_sum, all->prompt_mean, all->prompt_sd, prompt),
        "output_tokens", lengths_json(all->output_sum, all->output_mean, all->output_sd, output),
        "peak_arrivals", "1s", (json_int_t)all->peak_1s, "10s", (json_int_t)all->peak_10s, "60s",
        (json_int_t)all->peak_60s);
    char *text = json_dumps(root, JSON_INDENT(2));
    puts(text ? text : "null");
    free(text);
    json_decref(root);
}

static void add_lengths(struct grid *grid, const char *name, const double sum_mean_sd[3],
                        const uint64_t rank[4])
{
    grid_add(grid, "%s", name);
    grid_add(grid, "%.0f", sum_mean_sd[0]);
    grid_add(grid, "%.1f", sum_mean_sd[1]);
    grid_add(grid, "%.1f", sum_mean_sd[2]);
    for (size_t i = 0; i < 4; i++)
        grid_add(grid, "%llu", (unsigned long long)rank[i]);
}

static void print_lengths(const struct workload_statistics *all)
{
    const double prompt[] = {all->prompt_sum, all->prompt_mean, all->prompt_sd};
    const double output[] = {all->output_sum, all->output_mean, all->output_sd};
    const uint64_t prompts[] = {all->prompt_p50, all->prompt_p90, all->prompt_p99, all->prompt_max};
    const uint64_t outputs[] = {all->output_p50, all->output_p90, all->output_p99, all->output_max};
    struct grid grid = {.align = "lrrrrrrr"};
    grid_add_row(&grid, GRID_CELLS("tokens", "sum", "mean", "sd", "p50", "p90", "p99", "max"));
    add_lengths(&grid, "prompt", prompt, prompts);
    add_lengths(&grid, "output", output, outputs);
    grid_print(&grid, 0, true, stdout);
    printf("correlation of prompt and output lengths: %.3f\n", all->correlation);
}

static void print_tables(const struct workload_trace_spec *trace,
                         const struct workload_statistics *all, size_t inversions)
{
    printf("trace     %s (%s)", trace->file, workload_trace_formats[trace->format]);
    if (trace->thin < 1)
        printf(", thinned to %g", trace->thin);
    if (trace->stretch < 1 || trace->stretch > 1)
        printf(", stretched by %g", trace->stretch);
    printf("\nrequests  %llu, of which %llu failed", (unsigned long long)all->requests,
           (unsigned long long)all->failed);
    if (trace->sort)
        printf("; %zu came before the one above them", inversions);
    printf("\nspan      %.3f s\n", all->span_s);
    printf("arrivals  %.4g /s, CV of the gaps %.4g\n", all->rate_per_s, all->cv);
    printf("peak      %llu in 1 s, %llu in 10 s, %llu in 60 s\n\n",
           (unsigned long long)all->peak_1s, (unsigned long long)all->peak_10s,
           (unsigned long long)all->peak_60s);
    print_lengths(all);
}

static int show_statistics(struct cli *cli, const struct workload *workload, uint64_t seed)
{
    struct workload_statistics all;
    size_t inversions;
    if (!count_inversions(workload, &inversions, &cli->err) ||
        !workload_statistics(workload, seed, &all, &cli->err))
        return cli_fail(&cli->err);
    if (cli->json)
        print_json(&workload->trace, &all, inversions);
    else
        print_tables(&workload->trace, &all, inversions);
    return CLI_DONE;
}

int cmd_trace(int argc, char **argv)
{
    struct cli cli = CLI_START;
    struct workload workload = {.has_trace = true, .trace = {.thin = 1, .stretch = 1}};
    struct workload_trace_spec *trace = &workload.trace;
    const char *format = NULL, *unit = "s";
    uint64_t seed = 1;
    const struct option table[] = {
        {0, "format", OPTION_WORD, "NAME",
         "azure, vidur, mooncake ... (default: as the header of a table tells)", .value = &format,
         .words = workload_trace_formats},
        {0, "time-unit", OPTION_WORD, "UNIT",
         "of stamps in format vidur: s, ms, us, ns (default "
         "s)",
         .value = &unit, .words = units},
        {0, "thin", OPTION_NUMBER, "F", "keep each request with this probability (default 1)",
         &trace->thin, 1e-9, 1, NULL},
        {0, "stretch", OPTION_NUMBER, "F", "multiply arrival times by this (default 1)",
         &trace->stretch, 1e-6, 1e6, NULL},
        {0, "limit", OPTION_COUNT, "N", "at most so many requests (default 0: all)",
         .value = &trace->limit},
        {0, "sort", OPTION_FLAG, .help = "put requests in order of time instead of refusing",
         .value = &trace->sort},
        {0, "drop-failed", OPTION_FLAG, .help = "leave out requests without output tokens",
         .value = &trace->drop_failed},
        {0, "seed", OPTION_COUNT, "N", "decides what thinning keeps (default 1)", .value = &seed},
        CLI_JSON_OPTION(cli),
        CLI_HELP_OPTION(cli),
        {0}};
    int first, code;
    (void)argc;
    if (!cli_parse(&cli, table, &cmd_trace_usage, argv, &first, &code))
        return code;
    trace->file = mem_strdup(argv[first]);
    trace->time_unit = index_of(unit, units);
    if (format)
        trace->format = index_of(format, workload_trace_formats);
    code = format || find_format(trace, &cli.err) ? show_statistics(&cli, &workload, seed)
                                                  : cli_fail(&cli.err);
    workload_free(&workload);
    return code;
}
