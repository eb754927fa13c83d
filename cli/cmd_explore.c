/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/commands.h"
#include "cli/complete.h"
#include "cli/report.h"
#include "cli/work.h"
#include "sim/schedulers/sched.h"

#include <stdlib.h>

const struct option_usage cmd_explore_usage = {
    .command = "explore",
    .arguments = "SCENARIO",
    .summary = "search plans and replay the best ones",
    .details =
        "SCENARIO is a file or a name from 'qeilsim list scenarios'. Every scheduler that it names "
        "searches\nplans by a closed form (energy, latency, underutilisation); the members of the "
        "fronts are then\nreplayed event by event, and both numbers are told.\n\nExample:\n"
        "  qeilsim explore quickstart -o quickstart.h5 && qeilsim plot quickstart.h5 front",
    .min_arguments = 1,
    .max_arguments = 1,
    .operand_words = complete_scenarios};

struct wishes {
    bool all, no_replay, truth;
    uint64_t evaluations; /* 0: the scenario's */
    struct option_texts schedulers;
};

static bool assign_schedulers(struct work *work, const struct option_texts *names)
{
    struct text list = {0};
    bool ok = true;
    for (size_t i = 0; i < names->n; i++) {
        ok = sched_check(NULL, names->text[i], &work->cli.err) && ok;
        text_add(&list, "%s%s", i ? ", " : "", names->text[i]);
    }
    if (ok && names->n > 0)
        work_assign(work, "schedulers=[%s]", list.bytes);
    text_free(&list);
    return ok;
}

static bool explore(struct work *work, const char *scenario, const struct wishes *wishes)
{
    work->options.replay = !wishes->no_replay;
    work->options.truth = wishes->truth;
    if (wishes->evaluations > 0)
        work_assign(work, "search.evaluations=%llu", (unsigned long long)wishes->evaluations);
    if (!assign_schedulers(work, &wishes->schedulers) || !work_begin(work, scenario) ||
        !scenario_explore(&work->scenario, &work->options, &work->result, &work->cli.err))
        return false;
    cli_progress_end(&work->progress);
    if (!work_store(work))
        return false;
    if (work->cli.json) {
        char *json = scenario_explore_json(&work->result);
        puts(json);
        free(json);
    } else {
        report_fronts(&work->result, wishes->all);
    }
    return true;
}

int cmd_explore(int argc, char **argv)
{
    struct work work = WORK_START;
    struct wishes wishes = {0};
    const struct option table[] = {
        CLI_OUTPUT_OPTION(work.cli, "store fronts and replays as HDF5"),
        WORK_SET_OPTION(work),
        WORK_SEED_OPTION(work),
        {0, "scheduler", OPTION_TEXTS, "NAME",
         "use this one instead of the scenario's (repeatable)", .value = &wishes.schedulers,
         .words = complete_schedulers()},
        {0, "evaluations", OPTION_COUNT, "N",
         "plans that a scheduler may score (default: the scenario's)", &wishes.evaluations, 1, 1e12,
         NULL},
        {0, "no-replay", OPTION_FLAG, .help = "closed form only", .value = &wishes.no_replay},
        {0, "truth", OPTION_FLAG,
         .help = "first find the true front, and tell how near the others come to it",
         .value = &wishes.truth},
        {0, "all", OPTION_FLAG, .help = "print every plan of a front", .value = &wishes.all},
        CLI_JSON_OPTION(work.cli),
        CLI_QUIET_OPTION(work.cli),
        CLI_PROGRESS_OPTION(work.cli),
        CLI_HELP_OPTION(work.cli),
        {0}};
    int first, code;
    bool ok;
    (void)argc;
    if (cli_parse(&work.cli, table, &cmd_explore_usage, argv, &first, &code)) {
        ok = explore(&work, argv[first], &wishes);
        code = work_end(&work, ok);
    } else {
        option_texts_free(&work.set);
    }
    option_texts_free(&wishes.schedulers);
    return code;
}
