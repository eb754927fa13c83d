/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Processor times of searches of the bare layer instance that the project's figures are told for,
 * medians of several runs, with goals beside: bench_search [REPEAT]. The goals are for one core of
 * an ordinary desktop that does nothing else. */
#include "analysis/statistics.h"
#include "base/text.h"
#include "sim/assignment.h"
#include "sim/schedulers/sched.h"
#include "tests/support/layers.h"

#include <stdio.h>
#include <time.h>

enum { MOST_REPEAT = 101, CHANGES = 5000000, DRAWN = 4096, EVALUATIONS = 10000 };

/* Of the processor: what else runs on the machine counts less. */
static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void add_numbers(struct text *file, const char *key, const int *number)
{
    text_add(file, "%s: [%d, %d, %d]", key, number[0], number[1], number[2]);
}

static struct sim_assignment read_instance(size_t n)
{
    struct layers layers;
    struct sim_assignment assignment;
    struct text file = {0};
    struct error err = {0};
    layers_open(&layers, n, 1);
    text_add(&file, "schema: qeilsim/assignment/1\ndevices: [gpu, npu, cpu]\nlayers:\n");
    for (size_t l = 0; l < n; l++) {
        text_add(&file, "  - {");
        add_numbers(&file, "latency", layers.time[l]);
        add_numbers(&file, ", energy", layers.energy[l]);
        text_add(&file, "}\n");
    }
    text_add(&file, "transition: {latency: 3, energy: 2}\nunderutilisation: idle\n");
    if (!sim_assignment_parse("instance", file.bytes, file.length, &assignment, &err))
        abort();
    text_free(&file);
    return assignment;
}

typedef double measured(struct problem *problem, uint64_t seed);

/* Million scores by one change a second, one in ten made. */
static double changes_M(struct problem *problem, uint64_t seed)
{
    struct stream stream = stream_open(seed, STREAM_TEST, 0, 0);
    uint16_t gene[DRAWN], choice[DRAWN], genes[LAYERS_MOST] = {0};
    struct problem_score score;
    void *state = problem->state_create(problem);
    for (size_t i = 0; i < DRAWN; i++) {
        gene[i] = (uint16_t)stream_below(&stream, (uint32_t)problem->n_genes);
        choice[i] = (uint16_t)stream_below(&stream, LAYERS_DEVICES);
    }
    problem_evaluate(problem, state, genes, &score);
    double begin_s = now_s();
    for (size_t i = 0; i < CHANGES; i++) {
        problem_delta(problem, state, gene[i % DRAWN], choice[i % DRAWN], &score);
        if (i % 10 == 0)
            problem->apply(problem, state, gene[i % DRAWN], choice[i % DRAWN]);
    }
    double spent_s = now_s() - begin_s;
    problem->state_destroy(state);
    return 1e-6 * CHANGES / spent_s;
}

static double search_s(struct problem *problem, const char *name, uint64_t seed)
{
    struct sched_front front;
    struct sched_options options = {.evaluations = EVALUATIONS, .seed = seed};
    struct error err = {0};
    double begin_s = now_s();
    if (!sched_run(problem, name, &options, &front, &err))
        abort();
    double spent_s = now_s() - begin_s;
    sched_front_free(&front);
    return spent_s;
}

static double pgsam_ms(struct problem *problem, uint64_t seed)
{
    return 1e3 * search_s(problem, "pgsam", seed);
}

static double exact_s(struct problem *problem, uint64_t seed)
{
    return search_s(problem, "exact", seed);
}

struct goal {
    const char *what, *unit;
    double value;
    bool at_least;
};

static void show(const struct goal *goal, measured *measure, size_t n_layers, size_t repeat)
{
    struct sim_assignment assignment = read_instance(n_layers);
    struct sim_assignment_problem *space = sim_assignment_problem_create(&assignment);
    double value[MOST_REPEAT];
    for (size_t i = 0; i < repeat; i++)
        value[i] = measure(sim_assignment_problem_of(space), i);
    double median = analysis_median(value, repeat);
    bool ok = goal->at_least ? median >= goal->value : median <= goal->value;
    printf("%-48s %8.3f %-8s (goal %s %g)  %s\n", goal->what, median, goal->unit,
           goal->at_least ? ">=" : "<=", goal->value, ok ? "ok" : "missed");
    fflush(stdout);
    sim_assignment_problem_destroy(space);
    sim_assignment_free(&assignment);
}

int main(int argc, char **argv)
{
    uint64_t repeat = 11;
    if (argc > 1 && (!text_count(argv[1], &repeat) || repeat < 1 || repeat > MOST_REPEAT))
        return 2;
    show(&(struct goal){"changes of assignments, 14 layers, 3 devices", "M/s", 3, true}, changes_M,
         14, repeat);
    show(&(struct goal){"pgsam, 14 layers, 10000 evaluations, archive", "ms", 15, false}, pgsam_ms,
         14, repeat);
    show(&(struct goal){"true front of 3^18 assignments", "s", 7, false}, exact_s, 18, 1);
    return 0;
}
