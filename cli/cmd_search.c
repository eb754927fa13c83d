/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/commands.h"
#include "cli/complete.h"
#include "cli/progress.h"
#include "cli/report_search.h"

#include <string.h>

const struct option_usage cmd_search_usage = {
    .command = "search",
    .arguments = "INSTANCE",
    .summary = "compare schedulers on a bare assignment of layers",
    .details =
        "INSTANCE is a YAML file of schema qeilsim/assignment/1 (see 'qeilsim schema assignment'): "
        "what each layer\ncosts on each device. The algorithm is run with the seeds SEED ... "
        "SEED + RUNS - 1. With --truth all\nassignments are enumerated, and each run is held "
        "against the true front: volume over the true one,\nIGD+, additive epsilon, share of the "
        "true points found; objectives are mapped to the true ideal (0)\nand nadir (1), the "
        "reference is 1.1.",
    .min_arguments = 1,
    .max_arguments = 1};

struct wishes {
    struct cli cli;
    struct sim_study_ask ask;
    uint64_t runs, threads;
    const char *curve;
    bool without[9]; /* by the bits of enum sched_idea */
    struct cli_progress progress;
};
#define PRESET_EVALUATIONS 10000

/* Row of an option that takes idea number `bit` away. */
#define WITHOUT(bit, word, text)                                                                   \
    {                                                                                              \
        0, "no-" word, OPTION_FLAG, .help = "pgsam: " text, .value = &wishes.without[bit]          \
    }

static bool show_progress(void *context, uint64_t evaluations, uint64_t budget, size_t members)
{
    (void)members;
    return cli_progress_step(context, "searching", (double)evaluations, (double)budget);
}

static bool check_wishes(struct wishes *wishes)
{
    struct cli *cli = &wishes->cli;
    if (wishes->curve && !wishes->ask.truth)
        return error_set(&cli->err, "--curve needs --truth: a curve is told in shares of the true "
                                    "volume");
    struct sched_options *options = &wishes->ask.options;
    for (size_t i = 0; i < sizeof wishes->without / sizeof *wishes->without; i++)
        options->without |= (unsigned)wishes->without[i] << i;
    if (options->without && strcmp(wishes->ask.scheduler, "pgsam") != 0)
        return error_set(&cli->err, "--no-... takes away a part of pgsam; '%s' has none of them",
                         text_clip(wishes->ask.scheduler).bytes);
    wishes->ask.curve = wishes->curve != NULL;
    wishes->ask.runs = wishes->runs;
    wishes->ask.threads = wishes->threads;
    return cli_can_write(cli->output, &cli->err) && cli_can_write(wishes->curve, &cli->err);
}

static bool tell(struct wishes *wishes, const struct sim_study *study)
{
    struct cli *cli = &wishes->cli;
    if (cli->output && !report_search_points(study, cli->output, &cli->err))
        return false;
    if (wishes->curve && !report_search_curve(study, wishes->curve, &cli->err))
        return false;
    if (cli->json)
        report_search_json(study, &wishes->ask);
    else
        report_search(study, &wishes->ask);
    return true;
}

static bool search(struct wishes *wishes, const char *path)
{
    struct cli *cli = &wishes->cli;
    struct sched_options *options = &wishes->ask.options;
    struct sim_assignment assignment;
    struct sim_study study;
    if (!check_wishes(wishes) || !sim_assignment_read(path, &assignment, &cli->err))
        return false;
    cli_catch_signals();
    cli_progress_begin(&wishes->progress, cli);
    options->context = &wishes->progress;
    options->note = cli_progress_note;
    options->progress = show_progress;
    bool ok = sim_study_run(&assignment, &wishes->ask, &study, &cli->err);
    cli_progress_end(&wishes->progress);
    if (ok) {
        ok = !study.cut_short && tell(wishes, &study);
        sim_study_free(&study);
    }
    sim_assignment_free(&assignment);
    return ok;
}

int cmd_search(int argc, char **argv)
{
    struct wishes wishes = {
        .cli = CLI_START,
        .ask = {.scheduler = "pgsam", .options = {.evaluations = PRESET_EVALUATIONS, .seed = 1}},
        .runs = 1,
        .threads = 1};
    struct sched_options *options = &wishes.ask.options;
    const struct option table[] = {
        {0, "algorithm", OPTION_TEXT, "NAME", "what searches (default pgsam)",
         .value = &wishes.ask.scheduler, .words = complete_schedulers()},
        {0, "evaluations", OPTION_COUNT, "N", "assignments that a run may score (default 10000)",
         &options->evaluations, 1, 1e12, NULL},
        {0, "runs", OPTION_COUNT, "N", "searches, each with the next seed (default 1)",
         &wishes.runs, 1, SIM_STUDY_RUNS, NULL},
        {0, "seed", OPTION_COUNT, "N", "seed of the first run (default 1)",
         .value = &options->seed},
        {0, "truth", OPTION_FLAG, .help = "find the true front and hold the runs against it",
         .value = &wishes.ask.truth},
        {'o', "out", OPTION_TEXT, "FILE", "write the points of all runs as CSV",
         .value = &wishes.cli.output},
        {0, "curve", OPTION_TEXT, "FILE",
         "write the share of the true volume against evaluations as CSV (with --truth)",
         .value = &wishes.curve},
        {0, "threads", OPTION_COUNT, "N", "runs at a time (default 1)", &wishes.threads, 1,
         SIM_STUDY_THREADS, NULL},
        WITHOUT(0, "momentum", "score the first move drawn, not the most promising of some"),
        WITHOUT(1, "loads", "foretell underutilisation by sums, not by loads of devices"),
        WITHOUT(2, "surface", "no chains towards gaps of the archive"),
        WITHOUT(3, "directions", "no chains along weights of the objectives"),
        WITHOUT(4, "annealing", "accept no worse assignment"),
        WITHOUT(5, "restarts", "chains go on where the last one ended"),
        WITHOUT(6, "memory", "assignments may be scored again"),
        WITHOUT(7, "compound", "moves change one layer"),
        WITHOUT(8, "delta", "score whole assignments: the same points, later"),
        CLI_JSON_OPTION(wishes.cli),
        CLI_QUIET_OPTION(wishes.cli),
        CLI_PROGRESS_OPTION(wishes.cli),
        CLI_HELP_OPTION(wishes.cli),
        {0}};
    int first, code;
    (void)argc;
    if (!cli_parse(&wishes.cli, table, &cmd_search_usage, argv, &first, &code))
        return code;
    return search(&wishes, argv[first]) ? CLI_DONE : cli_fail(&wishes.cli.err);
}
