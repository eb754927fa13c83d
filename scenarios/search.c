/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "scenarios/search.h"

#include "base/memory.h"
#include "sim/schedulers/sched.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ENERGY, LATENCY, UNDERUTILISATION };
#define CELSIUS 273.15

bool scenario_bench_open(struct scenario_bench *bench, const struct scenario *scenario,
                         const struct scenario_options *options, struct error *err)
{
    *bench = (struct scenario_bench){.scenario = scenario, .options = options};
    if (!sim_load_measure(&scenario->workload, scenario->seed, &bench->load, err))
        return false;
    sim_system_init(&bench->system, &scenario->platform, &scenario->model, &scenario->serving);
    bench->scorer = sim_scorer_create(&bench->system, &bench->load);
    bench->space = sim_space_create(bench->scorer, &bench->system, &scenario->search);
    return true;
}

void scenario_bench_close(struct scenario_bench *bench)
{
    if (bench->scorer) {
        sim_space_destroy(bench->space);
        sim_scorer_destroy(bench->scorer);
        sim_system_free(&bench->system);
    }
    *bench = (struct scenario_bench){0};
}

bool scenario_bench_goes_on(struct scenario_bench *bench, const char *what, double done, double of)
{
    const struct scenario_options *options = bench->options;
    if (options->progress && !options->progress(options->context, what, done, of))
        bench->stopped = true;
    return !bench->stopped;
}

/* What the scheduler reports, on its way to our caller. */
struct report {
    struct scenario_bench *bench;
    const char *scheduler;
};

static void pass_note(void *context, const char *sentence)
{
    const struct report *report = context;
    const struct scenario_options *options = report->bench->options;
    if (options->note)
        options->note(options->context, sentence);
}

static bool pass_progress(void *context, uint64_t evaluations, uint64_t budget, size_t front)
{
    const struct report *report = context;
    (void)front;
    return scenario_bench_goes_on(report->bench, report->scheduler, (double)evaluations,
                                  (double)budget);
}

static int compare_members(const void *a, const void *b)
{
    const struct scenario_member *x = a, *y = b;
    const double of_x[] = {x->score.energy_J, x->score.latency_s, x->score.underutilisation};
    const double of_y[] = {y->score.energy_J, y->score.latency_s, y->score.underutilisation};
    int order = analysis_lexicographic(of_x, of_y, PROBLEM_OBJECTIVES);
    return order != 0 ? order : analysis_lexicographic(x->found, y->found, PROBLEM_OBJECTIVES);
}

static void take_front(const struct scenario_bench *bench, const struct sched_front *front,
                       struct scenario_members *out)
{
    out->evaluations = front->evaluations;
    out->n = front->archive.n;
    out->member = mem_calloc(out->n, sizeof *out->member);
    for (size_t i = 0; i < out->n; i++) {
        struct scenario_member *member = &out->member[i];
        sim_space_plan(bench->space, sched_front_genes(front, i), &member->plan);
        sim_score_plan(bench->scorer, &member->plan, &member->score);
        memcpy(member->found, sched_front_score(front, i)->objective, sizeof member->found);
    }
    qsort(out->member, out->n, sizeof *out->member, compare_members);
}

/* The knee of the edge towards low energy and low latency: a third objective would put plans there
 * that are idle little because they are slow. Members stand by energy, so the edge is each one that
 * is faster than all before it. */
static size_t find_knee(const struct scenario_members *members)
{
    double *f = mem_calloc(2 * members->n, sizeof *f);
    for (size_t i = 0; i < members->n; i++) {
        f[2 * i] = members->member[i].score.energy_J;
        f[2 * i + 1] = members->member[i].score.latency_s;
    }
    size_t knee = analysis_edge_knee(f, members->n, 2);
    free(f);
    return knee;
}

/* Members stand by energy, ties by latency: the first uses least. */
static void mark(struct scenario_members *out)
{
    if (out->n == 0)
        return;
    out->knee = find_knee(out);
    out->least_energy = out->least_latency = 0;
    for (size_t i = 1; i < out->n; i++)
        if (out->member[i].score.latency_s < out->member[out->least_latency].score.latency_s)
            out->least_latency = i;
}

/* Why the least bad plan will not do: bytes that are missing, a link, heat. */
static void explain(const struct scenario_bench *bench, const struct sched_front *front,
                    struct error *why)
{
    if (!front->nearest) {
        error_set(why, "the search was ended before it had looked at a plan");
        return;
    }
    struct sim_plan plan;
    struct sim_score score;
    uint64_t blocks;
    sim_space_plan(bench->space, front->nearest, &plan);
    sim_score_plan(bench->scorer, &plan, &score);
    char *shown = sim_plan_describe(&bench->system, &plan);
    if (!sim_plan_blocks(&bench->system, &plan, &blocks, why)) {
        /* It has told the bytes. */
    } else if (score.violation > 0 && score.cpq > 1) {
        error_set(why,
                  "memory does not suffice: the nearest plan (%s) would fill a pool to %.0f %%; "
                  "fewer requests in flight (serving.max_num_seqs) need less",
                  shown, 100 * score.cpq);
    } else if (score.overload > 0 && bench->scenario->search.keep_up) {
        error_set(why,
                  "no plan keeps up with the arrivals: the nearest (%s) serves %.3g requests/s of "
                  "%.3g; thin the workload, or say search.keep_up=false",
                  shown, score.throughput_per_s, score.throughput_per_s * (1 + score.overload));
    } else {
        error_set(why,
                  "no plan works: the nearest (%s) needs a link that is not there, or overheats at "
                  "its lowest clock (hottest die %.0f C)",
                  shown, score.peak_K - CELSIUS);
    }
    free(shown);
    sim_plan_free(&plan);
}

bool scenario_search(struct scenario_bench *bench, const char *scheduler,
                     struct scenario_members *out, struct error *err)
{
    struct report report = {bench, scheduler};
    struct sched_options options = {
        .evaluations = bench->scenario->search.evaluations,
        .seed = bench->scenario->seed,
        .context = &report,
        .note = pass_note,
        .progress = pass_progress,
    };
    struct sched_front front;
    *out = (struct scenario_members){0};
    if (!sched_run(sim_space_problem(bench->space), scheduler, &options, &front, err))
        return false;
    if (bench->stopped) {
        sched_front_free(&front);
        return error_machine(err, "interrupted");
    }
    take_front(bench, &front, out);
    mark(out);
    if (out->n == 0)
        explain(bench, &front, &out->why);
    sched_front_free(&front);
    return true;
}

void scenario_members_free(struct scenario_members *members)
{
    for (size_t i = 0; i < members->n; i++)
        sim_plan_free(&members->member[i].plan);
    free(members->member);
    *members = (struct scenario_members){0};
}
