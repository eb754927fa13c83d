/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/csv.h"
#include "base/file.h"
#include "base/memory.h"
#include "cli/commands.h"
#include "cli/complete.h"
#include "cli/grid.h"
#include "cli/rows.h"
#include "scenarios/scenario.h"
#include "workloads/bench.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

const struct option_usage cmd_trace_usage = {
    .command = "trace",
    .arguments = "FILE",
    .summary = "statistics of a trace of requests, and other formats of it",
    .details =
        "FILE is sought here, in $QEILSIM_TRACES and in the catalogue; a workload's file NAME.yaml "
        "gives what it\ngenerates. With -o the requests that are left after thinning, stretching "
        "and sorting are written, in any\nof the formats; without --sort a trace may be of any "
        "length. A request without output tokens counts as\nfailed. Deviations are those of the "
        "set itself; percentiles interpolate between ranks; a peak is the\nlargest number of "
        "arrivals in any window of that length.",
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
    enum workload_bench_kind kind = path ? workload_bench_kind(path) : WORKLOAD_BENCH_NONE;
    bool found = kind == WORKLOAD_BENCH_VLLM || kind == WORKLOAD_BENCH_AIPERF;
    if (found)
        trace->format = kind == WORKLOAD_BENCH_VLLM ? WORKLOAD_VLLM_BENCH : WORKLOAD_AIPERF;
    struct csv *csv = path && !found ? csv_open(path, err) : NULL;
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
    if (!workload->has_trace || !workload->trace.sort)
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

/* What the requests came from. */
static const char *name_of(const struct workload *workload)
{
    if (workload->has_trace)
        return workload->trace.file;
    return workload->name ? workload->name : "generated";
}

static const char *format_of(const struct workload *workload)
{
    return workload->has_trace ? workload_trace_formats[workload->trace.format] : "generator";
}

static void print_json(const struct workload *workload, const struct workload_statistics *all,
                       size_t inversions)
{
    const struct workload_trace_spec *trace = &workload->trace;
    const uint64_t prompt[] = {all->prompt_p50, all->prompt_p90, all->prompt_p99, all->prompt_max};
    const uint64_t output[] = {all->output_p50, all->output_p90, all->output_p99, all->output_max};
    json_t *root = json_pack(
        "{s:s, s:s, s:f, s:f, s:I, s:I, s:I, s:f, s:f, s:f, s:f, s:o, s:o, s:{s:I, s:I, s:I}, "
        "s:{s:I, "
        "s:I}}",
        "trace", name_of(workload), "format", format_of(workload), "thin",
        workload->has_trace ? trace->thin : 1, "stretch", workload->has_trace ? trace->stretch : 1,
        "requests", (json_int_t)all->requests, "failed", (json_int_t)all->failed, "inversions",
        (json_int_t)inversions, "span_s", all->span_s, "rate_per_s", all->rate_per_s, "cv", all->cv,
        "correlation", all->correlation, "prompt_tokens",
        lengths_json(all->prompt_sum, all->prompt_mean, all->prompt_sd, prompt), "output_tokens",
        lengths_json(all->output_sum, all->output_mean, all->output_sd, output), "peak_arrivals",
        "1s", (json_int_t)all->peak_1s, "10s", (json_int_t)all->peak_10s, "60s",
        (json_int_t)all->peak_60s, "blocks", "references", (json_int_t)all->blocks, "distinct",
        (json_int_t)all->distinct_blocks);
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

static void print_tables(const struct workload *workload, const struct workload_statistics *all,
                         size_t inversions)
{
    const struct workload_trace_spec *trace = &workload->trace;
    printf("trace     %s (%s)", name_of(workload), format_of(workload));
    if (workload->has_trace && trace->thin < 1)
        printf(", thinned to %g", trace->thin);
    if (workload->has_trace && (trace->stretch < 1 || trace->stretch > 1))
        printf(", stretched by %g", trace->stretch);
    printf("\nrequests  %llu, of which %llu failed", (unsigned long long)all->requests,
           (unsigned long long)all->failed);
    if (workload->has_trace && trace->sort)
        printf("; %zu came before the one above them", inversions);
    printf("\nspan      %.3f s\n", all->span_s);
    printf("arrivals  %.4g /s, CV of the gaps %.4g\n", all->rate_per_s, all->cv);
    printf("peak      %llu in 1 s, %llu in 10 s, %llu in 60 s\n\n",
           (unsigned long long)all->peak_1s, (unsigned long long)all->peak_10s,
           (unsigned long long)all->peak_60s);
    print_lengths(all);
    if (all->blocks > 0)
        printf(
            "blocks of prompts: %llu, of which %llu differ; an unbounded prefix cache finds %.1f "
            "%%\n",
            (unsigned long long)all->blocks, (unsigned long long)all->distinct_blocks,
            100 * (1 - (double)all->distinct_blocks / (double)all->blocks));
}

/* A file of requests, of any length. */
static bool write_trace(const struct cli *cli, const struct workload *workload, uint64_t seed,
                        int format, struct error *err)
{
    struct workload_written written;
    struct file_atomic file;
    if (!file_atomic_open(&file, cli->output, err))
        return false;
    if (!workload_write(workload, seed, format, file.stream, &written, err)) {
        file_atomic_abandon(&file);
        return false;
    }
    if (!file_atomic_commit(&file, err))
        return false;
    if (written.ids_left_out > 0)
        rows_note(cli, "format %s cannot tell the blocks of %llu requests: they are left out",
                  workload_trace_formats[format], (unsigned long long)written.ids_left_out);
    return true;
}

static bool tell(struct cli *cli, const struct workload *workload, uint64_t seed, int format)
{
    struct workload_statistics all;
    size_t inversions;
    if (!cli_can_write(cli->output, &cli->err) ||
        !count_inversions(workload, &inversions, &cli->err) ||
        !workload_statistics(workload, seed, &all, &cli->err) ||
        (cli->output && !write_trace(cli, workload, seed, format, &cli->err)))
        return false;
    if (cli->json)
        print_json(workload, &all, inversions);
    else
        print_tables(workload, &all, inversions);
    return true;
}

struct wishes {
    struct workload_trace_spec trace;
    const char *format, *unit, *to;
    uint64_t seed;
};

static bool changes_a_trace(const struct wishes *wishes)
{
    const struct workload_trace_spec *trace = &wishes->trace;
    return wishes->format || trace->thin < 1 || trace->stretch < 1 || trace->stretch > 1 ||
           trace->limit > 0 || trace->sort || trace->drop_failed;
}

static bool read_file(const char *file, const struct wishes *wishes, struct workload *out,
                      struct error *err)
{
    static const char suffix[] = ".yaml";
    size_t length = strlen(file), tail = strlen(suffix);
    if (length <= tail || strcmp(file + length - tail, suffix) != 0) {
        *out = (struct workload){.has_trace = true, .trace = wishes->trace};
        out->trace.file = mem_strdup(file);
        out->trace.time_unit = index_of(wishes->unit, units);
        if (wishes->format)
            out->trace.format = index_of(wishes->format, workload_trace_formats);
        return wishes->format || find_format(&out->trace, err);
    }
    if (changes_a_trace(wishes))
        return error_set(err,
                         "%s is no trace but a workload, which tells its own thinning, "
                         "stretching and format",
                         text_clip(file).bytes);
    struct tree *tree = scenario_find("workload", file, NULL, NULL, err);
    bool ok = tree && workload_read(tree, out, err);
    tree_free(tree);
    return ok;
}

/* The format that is written: as asked, else as read. */
static bool choose_format(const struct cli *cli, const struct wishes *wishes,
                          const struct workload *workload, int *out, struct error *err)
{
    *out = wishes->to ? index_of(wishes->to, workload_trace_formats) : workload->trace.format;
    if (wishes->to && !cli->output)
        return error_set(err, "--to goes with --output FILE");
    return wishes->to || !cli->output || workload->has_trace ||
           error_set(err, "--output of a workload needs --to FORMAT");
}

static bool trace(struct cli *cli, const char *file, const struct wishes *wishes)
{
    struct workload workload = {.has_trace = false};
    int format;
    bool ok = read_file(file, wishes, &workload, &cli->err) &&
              choose_format(cli, wishes, &workload, &format, &cli->err) &&
              tell(cli, &workload, wishes->seed, format);
    workload_free(&workload);
    return ok;
}

int cmd_trace(int argc, char **argv)
{
    struct cli cli = CLI_START;
    struct wishes wishes = {.trace = {.thin = 1, .stretch = 1}, .unit = "s", .seed = 1};
    const struct option table[] = {
        {0, "format", OPTION_WORD, "NAME",
         "azure, vidur, mooncake ... (default: as the file tells, where it does)",
         .value = &wishes.format, .words = workload_trace_formats},
        {0, "time-unit", OPTION_WORD, "UNIT",
         "of stamps in format vidur: s, ms, us, ns (default "
         "s)",
         .value = &wishes.unit, .words = units},
        {0, "thin", OPTION_NUMBER, "F", "keep each request with this probability (default 1)",
         &wishes.trace.thin, 1e-9, 1, NULL},
        {0, "stretch", OPTION_NUMBER, "F", "multiply arrival times by this (default 1)",
         &wishes.trace.stretch, 1e-6, 1e6, NULL},
        {0, "limit", OPTION_COUNT, "N", "at most so many requests (default 0: all)",
         .value = &wishes.trace.limit},
        {0, "sort", OPTION_FLAG, .help = "put requests in order of time instead of refusing",
         .value = &wishes.trace.sort},
        {0, "drop-failed", OPTION_FLAG, .help = "leave out requests without output tokens",
         .value = &wishes.trace.drop_failed},
        {0, "seed", OPTION_COUNT, "N", "decides what thinning keeps (default 1)",
         .value = &wishes.seed},
        CLI_OUTPUT_OPTION(cli, "write what is left as a trace"),
        {0, "to", OPTION_WORD, "NAME", "with -o: in this format (default: as it was read)",
         .value = &wishes.to, .words = workload_trace_formats},
        CLI_JSON_OPTION(cli),
        CLI_QUIET_OPTION(cli),
        CLI_HELP_OPTION(cli),
        {0}};
    int first, code;
    (void)argc;
    if (!cli_parse(&cli, table, &cmd_trace_usage, argv, &first, &code))
        return code;
    return trace(&cli, argv[first], &wishes) ? CLI_DONE : cli_fail(&cli.err);
}
