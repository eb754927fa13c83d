/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Processor times of what a search is made of, medians of several runs, with goals beside:
 * bench_library [SCENARIO] [REPEAT]. The goals are for one core of an ordinary desktop that does
 * nothing else. */
#include "analysis/attainment.h"
#include "analysis/hypervolume.h"
#include "analysis/pareto.h"
#include "analysis/statistics.h"
#include "base/memory.h"
#include "base/stream.h"
#include "scenarios/search.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MOST_REPEAT = 101 };

/* Of the processor: what else runs on the machine counts less. */
static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

struct bench {
    size_t n, m; /* points, objectives */
    double *f;   /* (n, m) */
    struct problem *problem;
};

typedef double measured(const struct bench *bench); /* in the unit that is shown */

/* Points on the unit sphere turned inside out: none dominates another. */
static struct bench sphere(size_t n, size_t m)
{
    struct bench bench = {.n = n, .m = m, .f = mem_calloc(n, m * sizeof(double))};
    struct stream stream = stream_open(1, STREAM_TEST, 0, (uint32_t)m);
    for (size_t i = 0; i < n; i++) {
        double *f = bench.f + i * m, squares = 0;
        for (size_t o = 0; o < m; o++) {
            f[o] = stream_uniform(&stream);
            squares += f[o] * f[o];
        }
        for (size_t o = 0; o < m; o++)
            f[o] = 1 - f[o] / sqrt(squares);
    }
    return bench;
}

static double volume_ms(const struct bench *bench)
{
    double r[PARETO_OBJECTIVES], begin = now_s();
    for (size_t o = 0; o < bench->m; o++)
        r[o] = 1.1;
    if (!(analysis_hypervolume(bench->f, bench->n, bench->m, r, NULL) > 0))
        abort();
    return 1e3 * (now_s() - begin);
}

static double contributions_ms(const struct bench *bench)
{
    double *out = mem_calloc(bench->n, sizeof *out), begin = now_s();
    analysis_contributions(bench->f, bench->n, bench->m, (double[]){1.1, 1.1, 1.1, 1.1}, out);
    double seconds = now_s() - begin;
    free(out);
    return 1e3 * seconds;
}

/* The points as thirty runs of a search. */
static double attainment_ms(const struct bench *bench)
{
    size_t *set = mem_calloc(bench->n, sizeof *set), n;
    for (size_t i = 0; i < bench->n; i++)
        set[i] = i % 30;
    double begin = now_s();
    free(analysis_attainment(&(struct analysis_sets){bench->f, set, bench->n, bench->m, 30}, 15,
                             &n));
    double seconds = now_s() - begin;
    free(set);
    return 1e3 * seconds;
}

/* Of points that mostly come near a front that is known already, as in a search. */
static double insertions_M(const struct bench *bench)
{
    struct analysis_archive archive;
    struct stream stream = stream_open(2, STREAM_TEST, 0, 0);
    double point[PARETO_OBJECTIVES], begin = now_s();
    analysis_archive_init(&archive, bench->m);
    for (size_t i = 0; i < 10 * bench->n; i++) {
        double worse = 0.1 * stream_uniform(&stream);
        for (size_t o = 0; o < bench->m; o++)
            point[o] = bench->f[i % bench->n * bench->m + o] + worse;
        analysis_archive_insert(&archive, point, i);
    }
    double seconds = now_s() - begin;
    analysis_archive_free(&archive);
    return 1e-6 * (double)(10 * bench->n) / seconds;
}

/* Single changes of plans, a tenth of which are made. */
static double deltas_M(const struct bench *bench)
{
    enum { CHANGES = 100000 };
    struct problem *problem = bench->problem;
    struct stream stream = stream_open(3, STREAM_TEST, 0, 0);
    struct problem_score score;
    void *state = problem->state_create(problem);
    uint16_t *genes = mem_calloc(problem->n_genes, sizeof *genes);
    problem_evaluate(problem, state, genes, &score);
    double begin = now_s();
    for (size_t i = 0; i < CHANGES; i++) {
        size_t gene = stream_below(&stream, (uint32_t)problem->n_genes);
        uint16_t choice = (uint16_t)stream_below(&stream, problem->gene[gene].choices);
        problem_delta(problem, state, gene, choice, &score);
        if (i % 10 == 0)
            problem->apply(problem, state, gene, choice);
    }
    double seconds = now_s() - begin;
    problem->state_destroy(state);
    free(genes);
    return 1e-6 * CHANGES / seconds;
}

struct goal {
    const char *what, *unit;
    double value;
    bool at_least;
};

static void show(const struct goal *goal, measured *measure, const struct bench *bench,
                 size_t repeat)
{
    double value[MOST_REPEAT];
    for (size_t i = 0; i < repeat; i++)
        value[i] = measure(bench);
    double median = analysis_median(value, repeat);
    bool ok = goal->at_least ? median >= goal->value : median <= goal->value;
    printf("%-48s %8.3f %-8s (goal %s %g)  %s\n", goal->what, median, goal->unit,
           goal->at_least ? ">=" : "<=", goal->value, ok ? "ok" : "missed");
    fflush(stdout);
}

static void show_points(size_t repeat)
{
    struct bench flat = sphere(10000, 2), space = sphere(10000, 3), some = sphere(1000, 3),
                 four = sphere(1000, 4);
    show(&(struct goal){"hypervolume, 2-D, 10000 points", "ms", 2, false}, volume_ms, &flat,
         repeat);
    show(&(struct goal){"hypervolume, 3-D, 10000 points", "ms", 5, false}, volume_ms, &space,
         repeat);
    show(&(struct goal){"hypervolume, 4-D, 1000 points", "ms", 4, false}, volume_ms, &four, repeat);
    show(&(struct goal){"contributions, 3-D, 1000 points", "ms", 200, false}, contributions_ms,
         &some, repeat);
    show(&(struct goal){"attainment, 3-D, 30 sets of 333 points", "ms", 1000, false}, attainment_ms,
         &space, repeat);
    show(&(struct goal){"archive, 3-D, a front of 1000", "M/s", 2, true}, insertions_M, &some,
         repeat);
    free(flat.f);
    free(space.f);
    free(some.f);
    free(four.f);
}

static bool show_plans(const char *path, size_t repeat, struct error *err)
{
    struct scenario scenario;
    struct scenario_options options = {.replay = false};
    struct scenario_bench opened;
    if (!scenario_load(path, NULL, 0, &scenario, err))
        return false;
    bool ok = scenario_bench_open(&opened, &scenario, &options, err);
    if (ok) {
        struct bench bench = {.problem = sim_space_problem(opened.space)};
        show(&(struct goal){"changes of plans, 32 layers, 3 devices, clocks", "M/s", 0.5, true},
             deltas_M, &bench, repeat);
    }
    scenario_bench_close(&opened);
    scenario_free(&scenario);
    return ok;
}

int main(int argc, char **argv)
{
    struct error err = {0};
    long repeat = argc > 2 ? strtol(argv[2], NULL, 10) : 11;
    repeat = repeat < 1 ? 1 : repeat > MOST_REPEAT ? MOST_REPEAT : repeat;
    show_points((size_t)repeat);
    if (argc < 2 || show_plans(argv[1], (size_t)repeat, &err))
        return 0;
    for (size_t i = 0; i < err.n_faults; i++)
        fprintf(stderr, "%s\n", err.fault[i]);
    return 1;
}
