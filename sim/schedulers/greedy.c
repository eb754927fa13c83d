/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Greedy plans, as edge runtimes make them: start on the single device that is best by one
 * criterion and change one gene at a time to its best choice, until no change helps. The criterion
 * is always that of the whole plan, transfers and idle power included. */
#include "sim/schedulers/sched.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

enum { SWEEPS = 8 };

/* What is best: energy and latency stand first among the objectives. */
typedef double greedy_criterion(const struct problem_score *score);

static double energy(const struct problem_score *score)
{
    return score->objective[0];
}

static double latency(const struct problem_score *score)
{
    return score->objective[1];
}

static double energy_delay(const struct problem_score *score)
{
    return score->objective[0] * score->objective[1];
}

struct greedy {
    struct sched_trial trial;
    greedy_criterion *criterion;
    struct problem_score best; /* of where the trial stands */
};

/* Less violation goes before less of the criterion. */
static bool better(const struct greedy *greedy, const struct problem_score *score)
{
    if (score->violation != greedy->best.violation)
        return score->violation < greedy->best.violation;
    return greedy->criterion(score) < greedy->criterion(&greedy->best);
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

static void search(struct problem *problem, const struct sched_options *options,
                   struct sched_front *front, greedy_criterion *criterion)
{
    struct greedy greedy = {.criterion = criterion};
    uint16_t *genes = mem_calloc(2 * problem->n_genes, sizeof *genes);
    sched_trial_open(&greedy.trial, problem, options, front);
    bool changed = start(&greedy, genes, genes + problem->n_genes);
    for (int round = 0; round < SWEEPS && changed; round++) {
        changed = false;
        if (!sweep(&greedy, &changed))
            break;
    }
    sched_trial_close(&greedy.trial);
    free(genes);
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
