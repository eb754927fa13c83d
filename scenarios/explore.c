/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/memory.h"
#include "scenarios/search.h"
#include "scenarios/truth.h"

#include <math.h>
#include <stdlib.h>

#define CELSIUS 273.15

/* Which members to replay: those that are marked, and others evenly spread up to the number that
 * the scenario asks for. The caller frees the result. */
static bool *choose(const struct scenario_bench *bench, const struct scenario_members *members)
{
    bool *chosen = mem_calloc(members->n, sizeof *chosen);
    size_t n = 0, wanted = (size_t)bench->scenario->outputs.replay;
    const size_t marked[] = {members->knee, members->least_energy, members->least_latency};
    for (size_t i = 0; i < sizeof marked / sizeof marked[0]; i++) {
        n += !chosen[marked[i]];
        chosen[marked[i]] = true;
    }
    if (wanted == 0 || wanted > members->n)
        wanted = members->n;
    size_t missing = n < wanted ? wanted - n : 0, left = members->n - n, seen = 0;
    for (size_t i = 0; i < members->n; i++) {
        if (chosen[i])
            continue;
        /* As many of the first `seen` as is their share. */
        chosen[i] = (seen + 1) * missing / left > seen * missing / left;
        seen++;
    }
    return chosen;
}

static bool replay_members(struct scenario_bench *bench, struct scenario_members *members,
                           struct error *err)
{
    if (!bench->options->replay || members->n == 0)
        return true;
    bool *chosen = choose(bench, members), ok = true;
    bench->replayed = bench->to_replay = 0;
    for (size_t i = 0; i < members->n; i++)
        bench->to_replay += chosen[i];
    for (size_t i = 0; i < members->n && ok; i++) {
        struct scenario_member *member = &members->member[i];
        if (chosen[i])
            ok = scenario_replay(bench, &member->plan, &member->replay, err);
        member->replayed = chosen[i] && ok;
    }
    free(chosen);
    return ok;
}

static char *marks_of(const struct scenario_members *members, size_t i)
{
    struct text marks = {0};
    if (i == members->knee)
        text_add(&marks, " knee");
    if (i == members->least_energy)
        text_add(&marks, " least-energy");
    if (i == members->least_latency)
        text_add(&marks, " least-latency");
    char *joined = mem_strdup(marks.bytes ? marks.bytes + 1 : "");
    text_free(&marks);
    return joined;
}

static void fill_score(struct scenario_front_row *row, const struct sim_score *score)
{
    row->energy_J = score->energy_J;
    row->latency_s = score->latency_s;
    row->underutilisation = score->underutilisation;
    row->net_energy_J = score->net_energy_J;
    row->throughput_per_s = score->throughput_per_s;
    row->batch = score->batch;
    row->cpq = score->cpq;
    row->peak_temperature_C = score->peak_K - CELSIUS;
    row->power_W = score->power_W;
}

static void fill_replay(struct scenario_front_row *row, const struct scenario_member *member)
{
    const struct sim_summary *replay = &member->replay;
    bool there = member->replayed;
    double done = there && replay->done > 0 ? (double)replay->done : NAN;
    row->replay_energy_J = replay->energy.total / done;
    row->replay_net_energy_J = replay->energy.net / done;
    row->replay_e2e_mean_s = there ? replay->e2e_s.mean : NAN;
    row->replay_e2e_p50_s = there ? replay->e2e_s.p50 : NAN;
    row->replay_e2e_p99_s = there ? replay->e2e_s.p99 : NAN;
    row->replay_ttft_mean_s = there ? replay->ttft_s.mean : NAN;
    row->replay_ttft_p50_s = there ? replay->ttft_s.p50 : NAN;
    row->replay_ttft_p99_s = there ? replay->ttft_s.p99 : NAN;
    row->replay_tpot_mean_s = there ? replay->tpot_s.mean : NAN;
    row->replay_tpot_p50_s = there ? replay->tpot_s.p50 : NAN;
    row->replay_tpot_p99_s = there ? replay->tpot_s.p99 : NAN;
    row->replay_output_tokens_per_s = there ? replay->output_tokens_per_s : NAN;
    row->replay_peak_temperature_C = there ? replay->peak_temperature_C : NAN;
    row->replay_throttled_s = there ? replay->throttled_s : NAN;
    row->replay_done = there ? (int64_t)replay->done : -1;
    row->replay_rejected = there ? (int64_t)replay->rejected : -1;
    row->saturated = there ? replay->saturated : -1;
}

static void add_row(const struct scenario_bench *bench, const struct scenario_members *members,
                    size_t i, struct scenario_front *front)
{
    const struct scenario_member *member = &members->member[i];
    char *marks = marks_of(members, i);
    char *summary = sim_plan_describe(&bench->system, &member->plan);
    char *plan = sim_plan_encode(&member->plan);
    struct scenario_front_row row = {
        .id = (int64_t)i,
        .scheduler = front->scheduler,
        .mark = marks,
        .summary = summary,
        .plan = plan,
    };
    fill_score(&row, &member->score);
    fill_replay(&row, member);
    table_add(&front->rows, &row);
    free(marks);
    free(summary);
    free(plan);
}

static void add_front(const struct scenario_bench *bench, const char *scheduler,
                      const struct scenario_members *members, struct scenario_result *out)
{
    struct scenario_front *front = &out->front[out->n_fronts++];
    *front = (struct scenario_front){
        .scheduler = mem_strdup(scheduler),
        .evaluations = members->evaluations,
        .knee = members->knee,
        .least_energy = members->least_energy,
        .least_latency = members->least_latency,
    };
    table_init(&front->rows, "front", scenario_front_columns);
    for (size_t i = 0; i < members->n; i++)
        add_row(bench, members, i, front);
}

struct exploration {
    struct scenario_bench bench;
    struct scenario_truth truth; /* empty: none was asked for */
    struct error *why;           /* (n_schedulers) why a scheduler found nothing; empty: it did */
};

/* One scheduler's front; the first knee that there is becomes the run. */
static bool explore_with(struct exploration *exploration, size_t i, struct scenario_result *out,
                         struct error *err)
{
    struct scenario_bench *bench = &exploration->bench;
    const char *scheduler = bench->scenario->schedulers[i];
    struct scenario_members members;
    if (!scenario_search(bench, scheduler, &members, err))
        return false;
    scenario_truth_tell(&exploration->truth, scheduler, &members, &out->truth);
    bool ok = replay_members(bench, &members, err);
    if (ok)
        add_front(bench, scheduler, &members, out);
    if (ok && members.n > 0 && !out->has_run)
        ok = scenario_replay_run(bench, &members.member[members.knee].plan, out, err);
    exploration->why[i] = members.why;
    scenario_members_free(&members);
    return ok;
}

/* Tells of schedulers that found nothing where others did. */
static void note_empty(const struct scenario *scenario, const struct scenario_options *options,
                       const struct error *why)
{
    for (size_t i = 0; i < scenario->n_schedulers && options->note; i++) {
        if (why[i].n_faults == 0)
            continue;
        char *sentence =
            mem_printf("%s found no plan: %s", scenario->schedulers[i], why[i].fault[0]);
        options->note(options->context, sentence);
        free(sentence);
    }
}

bool scenario_explore(const struct scenario *scenario, const struct scenario_options *options,
                      struct scenario_result *out, struct error *err)
{
    struct exploration exploration = {
        .why = mem_calloc(scenario->n_schedulers, sizeof *exploration.why)};
    scenario_result_head(scenario, out);
    out->front = mem_calloc(scenario->n_schedulers, sizeof *out->front);
    bool ok = scenario_bench_open(&exploration.bench, scenario, options, err);
    if (ok && options->truth)
        ok = scenario_truth_find(&exploration.bench, &exploration.truth, err);
    for (size_t i = 0; i < scenario->n_schedulers && ok; i++)
        ok = explore_with(&exploration, i, out, err);
    if (ok && out->has_run)
        note_empty(scenario, options, exploration.why);
    else if (ok)
        ok = error_set(err, "%s", exploration.why[0].fault[0]);
    scenario_truth_free(&exploration.truth);
    scenario_bench_close(&exploration.bench);
    if (!ok)
        scenario_result_free(out);
    free(exploration.why);
    return ok;
}
