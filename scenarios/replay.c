/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/memory.h"
#include "scenarios/search.h"

#include <math.h>
#include <stdlib.h>

/* Where the rows of a run go. */
struct keeper {
    struct scenario_result *result;
    struct scenario_slo_tally *slo; /* NULL: no classes */
    bool drop_requests;
};

static void keep_request(void *state, const struct sim_request_row *row)
{
    struct keeper *keeper = state;
    if (!keeper->drop_requests)
        table_add(&keeper->result->requests, row);
    if (keeper->slo)
        scenario_slo_see(keeper->slo, row);
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

static bool pass_progress(void *state, double done_s, double of_s)
{
    struct scenario_bench *bench = state;
    double share = of_s > 0 ? fmin(1, done_s / of_s) : 0;
    return scenario_bench_goes_on(bench, "replay", bench->replayed + share, bench->to_replay);
}

bool scenario_replay(struct scenario_bench *bench, const struct sim_plan *plan,
                     const struct sim_sink *sink, struct sim_summary *out, struct error *err)
{
    const struct scenario *scenario = bench->scenario;
    struct sim_options options = {
        .token_resolution = bench->options->token_resolution,
        .progress = pass_progress,
        .progress_state = bench,
    };
    if (sink) {
        options.series_period_s = scenario->outputs.series_period_s;
        options.sink = *sink;
    }
    if (!pass_progress(bench, 0, 0))
        return error_machine(err, "interrupted");
    struct workload_source *source = workload_source_open(&scenario->workload, scenario->seed, err);
    if (!source)
        return false;
    bool ok = sim_run(&bench->system, plan, source, &options, out, err);
    workload_source_close(source);
    bench->replayed++;
    return ok;
}

bool scenario_replay_run(struct scenario_bench *bench, const struct sim_plan *plan,
                         struct scenario_result *result, struct error *err)
{
    table_init(&result->requests, "requests", sim_request_columns);
    table_init(&result->devices, "devices", sim_device_columns);
    table_init(&result->series, "series", sim_sample_columns);
    result->plan_summary = sim_plan_describe(&bench->system, plan);
    result->plan = sim_plan_encode(plan);
    bench->replayed = 0;
    bench->to_replay = 1;
    const struct scenario *scenario = bench->scenario;
    struct keeper keeper = {result, scenario_slo_tally_create(&scenario->slo, scenario->seed),
                            bench->options->drop_requests};
    const struct sim_sink sink = {&keeper, keep_request, keep_sample, keep_device};
    result->has_run = scenario_replay(bench, plan, &sink, &result->summary, err);
    if (result->has_run)
        result->kv_summary = sim_plan_describe_blocks(&bench->system, plan);
    if (result->has_run && keeper.slo)
        scenario_slo_tell(keeper.slo, result->summary.makespan_s, &result->slo);
    scenario_slo_tally_free(keeper.slo);
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
