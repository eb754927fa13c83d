/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/file.h"
#include "cli/commands.h"
#include "cli/complete.h"
#include "cli/report.h"
#include "cli/work.h"
#include "scenarios/timeline.h"

#include <stdlib.h>
#include <string.h>

const struct option_usage cmd_run_usage = {
    .command = "run",
    .arguments = "SCENARIO",
    .summary = "replay the workload under one plan",
    .details =
        "SCENARIO is a file or a name from 'qeilsim list scenarios'. PLAN is knee, least-energy,\n"
        "least-latency, a scheduler's name, or RESULT.h5:ID or RESULT.h5:SCHEDULER:ID for a plan "
        "that\nexplore stored; without it the scenario's own plan, else the knee of its first "
        "scheduler.\n\nExamples:\n"
        "  qeilsim run quickstart --plan least-energy --detail\n"
        "  qeilsim run quickstart --set platform.devices.gpu.memory.bandwidth_GBps=1344 --json",
    .min_arguments = 1,
    .max_arguments = 1,
    .operand_words = complete_scenarios};

static const char *const resolutions[] = {"segment", "token", NULL};

struct wishes {
    const char *plan, *requests, *timeline, *resolution;
    bool detail;
};

static bool write_requests(const struct work *work, const char *path, struct error *err)
{
    struct text csv = {0};
    table_csv(&work->result.requests, &csv);
    bool ok = file_write(path, csv.bytes, csv.length, err);
    text_free(&csv);
    return ok;
}

static void print_result(const struct work *work, const struct wishes *wishes)
{
    if (work->cli.json) {
        char *json = scenario_run_json(&work->result);
        puts(json);
        free(json);
        return;
    }
    report_run(&work->result);
    if (wishes->detail) {
        report_detail(&work->result);
        report_estimates(work->scenario.tree);
    }
}

static bool run(struct work *work, const char *scenario, const struct wishes *wishes)
{
    struct error *err = &work->cli.err;
    work->options.token_resolution = strcmp(wishes->resolution, "token") == 0;
    work->options.drop_requests = !work->cli.output && !wishes->requests && !wishes->timeline;
    if (!work_begin(work, scenario) || !cli_can_write(wishes->requests, err) ||
        !cli_can_write(wishes->timeline, err) ||
        !scenario_run(&work->scenario, wishes->plan, &work->options, &work->result, err))
        return false;
    cli_progress_end(&work->progress);
    if (!work_store(work) || (wishes->requests && !write_requests(work, wishes->requests, err)) ||
        (wishes->timeline && !scenario_timeline_write(&work->result, wishes->timeline, err)))
        return false;
    print_result(work, wishes);
    return true;
}

int cmd_run(int argc, char **argv)
{
    struct work work = WORK_START;
    struct wishes wishes = {.resolution = "segment"};
    const char *plans[COMPLETE_PLANS];
    complete_plans(plans);
    const struct option table[] = {
        {'p', "plan", OPTION_TEXT, "PLAN",
         "what to replay (default: the scenario's plan, else "
         "the knee)",
         .value = &wishes.plan, .words = plans},
        WORK_SET_OPTION(work),
        WORK_SEED_OPTION(work),
        CLI_OUTPUT_OPTION(work.cli, "store the result as HDF5"),
        {0, "requests", OPTION_TEXT, "FILE", "write one row per request as CSV",
         .value = &wishes.requests},
        {0, "timeline", OPTION_TEXT, "FILE",
         "write requests and device series as a trace for ui.perfetto.dev",
         .value = &wishes.timeline},
        {0, "resolution", OPTION_WORD, "WORD",
         "segment or token: step every token (default "
         "segment)",
         .value = &wishes.resolution, .words = resolutions},
        {0, "detail", OPTION_FLAG,
         .help = "also tell where every second and joule went, and what was estimated",
         .value = &wishes.detail},
        CLI_JSON_OPTION(work.cli),
        CLI_QUIET_OPTION(work.cli),
        CLI_PROGRESS_OPTION(work.cli),
        CLI_HELP_OPTION(work.cli),
        {0}};
    int first, code;
    (void)argc;
    if (!cli_parse(&work.cli, table, &cmd_run_usage, argv, &first, &code)) {
        option_texts_free(&work.set);
        return code;
    }
    return work_end(&work, run(&work, argv[first], &wishes));
}
