/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Greedy plans, as edge runtimes make them: start on the single device that is best by one
 * criterion and change one gene at a time to its best choice, until no change helps. The criterion
 * is always that of the whole plan, transfers and idle power included. */
#include "sim/schedulers/sched.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

enum { SWEEPS = 8 };

struct greedy;

/* What is best: energy and latency stand first among the objectives. */
typedef double greedy_criterion(const struct greedy *greedy, const struct problem_score *score);

struct greedy {
    struct sched_trial trial;
    greedy_criterion *criterion;
    double weight[PROBLEM_OBJECTIVES]; /* for the weighted sum */
    struct problem_score best;         /* of where the trial stands */
};

static double energy(const struct greedy *greedy, const struct problem_score *score)
{
    (void)greedy;
    return score->objective[0];
}

static double latency(const struct greedy *greedy, const struct problem_score *score)
{
    (void)greedy;
    return score->objective[1];
}

static double energy_delay(const struct greedy *greedy, const struct problem_score *score)
{
    (void)greedy;
    return score->objective[0] * score->objective[1];
}

static double weighted(const struct greedy *greedy, const struct problem_score *score)
{
    double sum = 0;
    for (size_t o = 0; o < PROBLEM_OBJECTIVES; o++)
        sum += greedy->weight[o] * score->objective[o];
    return sum;
}

/* Less violation goes before less of the criterion. */
static bool better(const struct greedy *greedy, const struct problem_score *score)
{
    if (score->violation != greedy->best.violation)
        return score->violation < greedy->best.violation;
    return greedy->criterion(greedy, score) < greedy->criterion(greedy, &greedy->best);
}

/* Gives one gene its best choice. */
static bool improve(struct greedy *greedy, size_t gene, bool *changed)
{
    struct sched_trial *trial = &greedy->trial;
    uint16_t stands = trial->genes[gene], best = stands;
    for (uint16_t c = 0; c < trial->problem->gene[gene].choices; c++) {
        struct problem_score score;
        if (c == stands)
            continue;
        if (!sched_trial_delta(trial, gene, c, &score))
            return false;
        if (better(greedy, &score)) {
            greedy->best = score;
            best = c;
        }
    }
    *changed = *changed || best != stands;
    sched_trial_apply(trial, gene, best);
    return true;
}

/* Placements first, then how many requests are in flight, then clocks. */
static int turn(enum problem_role role)
{
    return sched_places(role) ? 0 : role == PROBLEM_INFLIGHT ? 1 : 2;
}

static bool sweep(struct greedy *greedy, bool *changed)
{
    for (int t = 0; t < 3; t++)
        for (size_t g = 0; g < greedy->trial.problem->n_genes; g++)
            if (turn(greedy->trial.problem->gene[g].role) == t && !improve(greedy, g, changed))
                return false;
    return true;
}

/* Stands on the best single-device plan, each with the best number in flight. */
static bool start(struct greedy *greedy, uint16_t *genes, uint16_t *best_genes)
{
    struct sched_trial *trial = &greedy->trial;
    const struct problem *problem = trial->problem;
    struct problem_score best = {.violation = 0};
    size_t size = problem->n_genes * sizeof *genes, device = 0;
    do {
        bool changed = false;
        sched_plain(problem, device, genes);
        if (!sched_trial_evaluate(trial, genes, &greedy->best))
            return false;
        for (size_t g = 0; g < problem->n_genes; g++)
            if (problem->gene[g].role == PROBLEM_INFLIGHT && !improve(greedy, g, &changed))
                return false;
        struct problem_score reached = greedy->best;
        greedy->best = best;
        if (device == 0 || better(greedy, &reached)) {
            best = reached;
            memcpy(best_genes, trial->genes, size);
        }
    } while (++device < problem->n_devices);
    greedy->best = best;
    sched_trial_go(trial, best_genes);
    return true;
}

/* Goes downhill; false when the budget is used. */
static bool descend(struct greedy *greedy, uint16_t *genes)
{
    bool changed = start(greedy, genes, genes + greedy->trial.problem->n_genes);
    if (!changed)
        return false;
    for (int round = 0; round < SWEEPS && changed; round++) {
        changed = false;
        if (!sweep(greedy, &changed))
            return false;
    }
    return true;
}

static void search(struct problem *problem, const struct sched_options *options,
                   struct sched_front *front, greedy_criterion *criterion)
{
    struct greedy greedy = {.criterion = criterion};
    uint16_t *genes = mem_calloc(2 * problem->n_genes, sizeof *genes);
    sched_trial_open(&greedy.trial, problem, options, front);
    descend(&greedy, genes);
    sched_trial_close(&greedy.trial);
    free(genes);
}

/* 1/range of each objective over what has been found so far. */
static void measure(const struct analysis_archive *archive, double *scale)
{
    double least[PROBLEM_OBJECTIVES], greatest[PROBLEM_OBJECTIVES];
    for (size_t o = 0; o < PROBLEM_OBJECTIVES; o++)
        scale[o] = 1;
    if (archive->n == 0)
        return;
    analysis_bounds(archive->f, archive->n, archive->m, least, greatest);
    for (size_t o = 0; o < PROBLEM_OBJECTIVES; o++)
        scale[o] = greatest[o] > least[o] ? 1 / (greatest[o] - least[o]) : 0;
}

/* All weights whose LATTICE-fold are whole numbers, objectives over their ranges. */
static void search_weighted(struct greedy *greedy, uint16_t *genes)
{
    enum { LATTICE = 12 };
    double scale[PROBLEM_OBJECTIVES];
    greedy->criterion = energy;
    bool more = descend(greedy, genes);
    greedy->criterion = latency;
    more = more && descend(greedy, genes);
    measure(&greedy->trial.front->archive, scale);
    greedy->criterion = weighted;
    for (int i = 0; i <= LATTICE; i++)
        for (int j = 0; i + j <= LATTICE && more; j++) {
            greedy->weight[0] = i * scale[0];
            greedy->weight[1] = j * scale[1];
            greedy->weight[2] = (LATTICE - i - j) * scale[2];
            more = descend(greedy, genes);
        }
}

static bool run_weighted(struct problem *problem, const struct sched_options *options,
                         struct sched_front *front, struct error *err)
{
    (void)err;
    struct greedy greedy = {.criterion = energy};
    uint16_t *genes = mem_calloc(2 * problem->n_genes, sizeof *genes);
    sched_trial_open(&greedy.trial, problem, options, front);
    search_weighted(&greedy, genes);
    sched_trial_close(&greedy.trial);
    free(genes);
    return true;
}

static bool run_energy(struct problem *problem, const struct sched_options *options,
                       struct sched_front *front, struct error *err)
{
    (void)err;
    search(problem, options, front, energy);
    return true;
}

static bool run_latency(struct problem *problem, const struct sched_options *options,
                        struct sched_front *front, struct error *err)
{
    (void)err;
    search(problem, options, front, latency);
    return true;
}

static bool run_edp(struct problem *problem, const struct sched_options *options,
                    struct sched_front *front, struct error *err)
{
    (void)err;
    search(problem, options, front, energy_delay);
    return true;
}

const struct sched sched_greedy_energy = {
    "greedy-energy", "unit by unit onto the device that costs the least energy", run_energy};
const struct sched sched_greedy_latency = {
    "greedy-latency", "unit by unit onto the device that is fastest", run_latency};
const struct sched sched_greedy_edp = {"greedy-edp",
                                       "unit by unit by the least energy-delay product", run_edp};
const struct sched sched_greedy_weighted = {
    "greedy-weighted", "the same by weighted sums of the objectives, with 91 sets of weights",
    run_weighted};
