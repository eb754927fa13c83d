/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/memory.h"
#include "scenarios/search.h"
#include "scenarios/twin.h"

#include <math.h>
#include <stdlib.h>

/* Where the rows of a run go. */
struct keeper {
    struct scenario_result *result;
    struct scenario_slo_tally *slo; /* NULL: no classes */
    bool drop_requests;
    struct scenario_twin twin;
};

static void keep_request(void *state, const struct sim_request_row *row)
{
    struct keeper *keeper = state;
    if (!keeper->drop_requests)
        table_add(&keeper->result->requests, row);
    if (keeper->slo)
        scenario_slo_see(keeper->slo, row);
    scenario_twin_compare(&keeper->twin, row);
}

static void keep_sample(void *state, const struct sim_sample_row *row)
{
    const struct keeper *keeper = state;
    table_add(&keeper->result->series, row);
}

static void keep_device(void *state, const struct sim_device_row *row)
{
    const struct keeper *keeper = state;
    table_add(&keeper->result->devices, row);
}

static void keep_change(void *state, const struct sim_change_row *row)
{
    const struct keeper *keeper = state;
    table_add(&keeper->result->changes, row);
}

static void note_twin(void *state, const struct sim_request_row *row)
{
    scenario_twin_note(state, row);
}

static bool pass_progress(void *state, double done_s, double of_s)
{
    struct scenario_bench *bench = state;
    double share = of_s > 0 ? fmin(1, done_s / of_s) : 0;
    return scenario_bench_goes_on(bench, "replay", bench->replayed + share, bench->to_replay);
}

static bool replay(struct scenario_bench *bench, const struct sim_plan *plan,
                   struct sim_options *options, struct sim_summary *out, struct error *err)
{
    const struct scenario *scenario = bench->scenario;
    options->token_resolution = bench->options->token_resolution;
    options->progress = pass_progress;
    options->progress_state = bench;
    if (!pass_progress(bench, 0, 0))
        return error_machine(err, "interrupted");
    struct workload_source *source = workload_source_open(&scenario->workload, scenario->seed, err);
    if (!source)
        return false;
    bool ok = sim_run(&bench->system, plan, source, options, out, err);
    workload_source_close(source);
    bench->replayed++;
    return ok;
}

bool scenario_replay(struct scenario_bench *bench, const struct sim_plan *plan,
                     struct sim_summary *out, struct error *err)
{
    struct sim_options options = {.token_resolution = false};
    return replay(bench, plan, &options, out, err);
}

/* The same run without faults, for what they cost. */
static bool replay_twin(struct scenario_bench *bench, const struct sim_plan *plan,
                        struct scenario_twin *twin, struct error *err)
{
    struct sim_options options = {.sink = {.state = twin, .request = note_twin}};
    struct sim_summary unused;
    return replay(bench, plan, &options, &unused, err);
}

/* The run itself, with all its rows. */
static bool replay_kept(struct scenario_bench *bench, const struct sim_plan *plan,
                        struct keeper *keeper, struct error *err)
{
    const struct scenario *scenario = bench->scenario;
    const struct sim_change_options changes = {
        &scenario->faults,
        {bench->scorer, &bench->system, &scenario->search, &scenario->replan, scenario->seed}};
    struct sim_options options = {
        .series_period_s = scenario->outputs.series_period_s,
        .changes = &changes,
        .sink = {keeper, keep_request, keep_sample, keep_device, keep_change}};
    return replay(bench, plan, &options, &keeper->result->summary, err);
}

static void init_tables(struct scenario_result *result)
{
    table_init(&result->requests, "requests", sim_request_columns);
    table_init(&result->devices, "devices", sim_device_columns);
    table_init(&result->series, "series", sim_sample_columns);
    table_init(&result->changes, "changes", sim_change_columns);
}

bool scenario_replay_run(struct scenario_bench *bench, const struct sim_plan *plan,
                         struct scenario_result *result, struct error *err)
{
    const struct scenario *scenario = bench->scenario;
    struct keeper keeper = {result, scenario_slo_tally_create(&scenario->slo, scenario->seed),
                            bench->options->drop_requests, .twin = {0}};
    bool faults = sim_faults_any(&scenario->faults);
    init_tables(result);
    result->plan_summary = sim_plan_describe(&bench->system, plan);
    result->plan = sim_plan_encode(plan);
    bench->replayed = 0;
    bench->to_replay = faults ? 2 : 1;
    result->has_run = (!faults || replay_twin(bench, plan, &keeper.twin, err)) &&
                      replay_kept(bench, plan, &keeper, err);
    if (result->has_run) {
        result->kv_summary = sim_plan_describe_blocks(&bench->system, plan);
        scenario_twin_tell(&keeper.twin, &result->summary.recovery);
    }
    if (result->has_run && keeper.slo)
        scenario_slo_tell(keeper.slo, result->summary.makespan_s, &result->slo);
    scenario_slo_tally_free(keeper.slo);
    scenario_twin_free(&keeper.twin);
    return result->has_run;
}

void scenario_result_head(const struct scenario *scenario, struct scenario_result *result)
{
    struct text yaml = {0};
    tree_write(scenario->tree, &yaml);
    *result = (struct scenario_result){
        .yaml = yaml.bytes,
        .name = mem_strdup(scenario->name ? scenario->name : "scenario"),
        .seed = scenario->seed,
    };
}
