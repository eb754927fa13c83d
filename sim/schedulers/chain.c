/* SPDX-License-Identifier: GPL-3.0-or-later */
/* All assignments of an additive chain, depth first, the first layer outermost. A prefix gives a
 * lower bound of each objective: what it has cost, and of the layers to come
 *   energy, latency    their cheapest continuation, changes included
 *   underutilisation   D·most − sum ≥ (D − 1)·B_d − sum of the other loads, for each device d: that
 *                      is least when no further layer comes to d and each takes its slowest other
 *                      device
 * Once the archive covers that corner, it covers all that follows. */
#include "sim/schedulers/sched.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

enum { PROGRESS_EVERY = 1 << 16 };
enum { ENERGY, LATENCY, UNDERUTILISATION };

struct walk {
    struct problem *problem;
    const struct sched_options *options;
    const struct problem_chain *chain;
    size_t n_layers, n_devices;
    double *least_energy,
        *least_latency;       /* (n_layers + 1, n_devices) of layers l.. after device d */
    double *most_elsewhere;   /* (n_layers + 1, n_devices) load of layers l.. on devices but d */
    uint64_t *leaves;         /* (n_layers + 1) assignments of layers l.. */
    uint16_t *genes;          /* (n_layers) */
    double *load;             /* (n_devices) */
    struct sched_front found; /* by the chain's costs */
    uint64_t scored, done;    /* done: scored or left out */
    uint64_t next_progress;
    bool ended;
};

/* Least cost of layers l.. when the layer before lies on device d. */
static void fill_least(const struct walk *walk, const double *cost, double change, double *least)
{
    size_t n = walk->n_devices;
    for (size_t l = walk->n_layers; l-- > 0;) {
        for (size_t before = 0; before < n; before++) {
            double best = cost[l * n] + least[(l + 1) * n] + (before != 0 ? change : 0);
            for (size_t d = 1; d < n; d++) {
                double sum = cost[l * n + d] + least[(l + 1) * n + d] + (before != d ? change : 0);
                best = sum < best ? sum : best;
            }
            least[l * n + before] = best;
        }
    }
}

static void fill_elsewhere(const struct walk *walk)
{
    size_t n = walk->n_devices;
    for (size_t l = walk->n_layers; l-- > 0;) {
        const double *latency = walk->chain->latency + l * n;
        for (size_t d = 0; d < n; d++) {
            double most = 0;
            for (size_t e = 0; e < n; e++)
                most = e != d && latency[e] > most ? latency[e] : most;
            walk->most_elsewhere[l * n + d] = walk->most_elsewhere[(l + 1) * n + d] + most;
        }
    }
}

static void walk_open(struct walk *walk, struct problem *problem,
                      const struct sched_options *options)
{
    size_t layers = problem->n_genes, n = problem->n_devices, cells = (layers + 1) * n;
    const struct problem_chain *chain = problem->chain;
    *walk = (struct walk){.problem = problem,
                          .options = options,
                          .chain = chain,
                          .n_layers = layers,
                          .n_devices = n,
                          .least_energy = mem_calloc(cells, sizeof(double)),
                          .least_latency = mem_calloc(cells, sizeof(double)),
                          .most_elsewhere = mem_calloc(cells, sizeof(double)),
                          .leaves = mem_calloc(layers + 1, sizeof(uint64_t)),
                          .genes = mem_calloc(layers, sizeof(uint16_t)),
                          .load = mem_calloc(n, sizeof(double))};
    sched_front_init(&walk->found, problem);
    fill_least(walk, chain->energy, chain->change_energy, walk->least_energy);
    fill_least(walk, chain->latency, chain->change_latency, walk->least_latency);
    fill_elsewhere(walk);
    walk->leaves[layers] = 1;
    for (size_t l = layers; l-- > 0;)
        walk->leaves[l] = walk->leaves[l + 1] * n;
}

static void walk_close(struct walk *walk)
{
    free(walk->least_energy);
    free(walk->least_latency);
    free(walk->most_elsewhere);
    free(walk->leaves);
    free(walk->genes);
    free(walk->load);
    sched_front_free(&walk->found);
}

/* Underutilisation cannot be less when layers l.. are still to come. */
static double least_idle(const struct walk *walk, size_t l)
{
    size_t n = walk->n_devices;
    double devices = (double)n, sum = 0, least = 0;
    for (size_t d = 0; d < n; d++)
        sum += walk->load[d];
    for (size_t d = 0; d < n; d++) {
        double most = devices * walk->load[d];
        double total = sum + walk->most_elsewhere[l * n + d];
        double idle = !walk->chain->share ? most - total : most > 0 ? 1 - total / most : 0;
        least = idle > least ? idle : least;
    }
    return least;
}

static bool goes_on(struct walk *walk)
{
    const struct sched_options *options = walk->options;
    if (walk->done < walk->next_progress)
        return true;
    walk->next_progress = walk->done + PROGRESS_EVERY;
    if (options->progress &&
        !options->progress(options->context, walk->done, walk->leaves[0], walk->found.archive.n))
        walk->ended = true;
    return !walk->ended;
}

static void offer(struct walk *walk, const double *objective)
{
    struct problem_score score = {{objective[0], objective[1], objective[2]}, 0, 0};
    walk->scored++;
    walk->done++;
    sched_front_offer(&walk->found, walk->genes, &score);
}

/* Places layers l.. in every way, given the costs so far. */
static void descend(struct walk *walk, size_t l, double energy, double latency)
{
    size_t n = walk->n_devices;
    const struct problem_chain *chain = walk->chain;
    for (size_t d = 0; d < n && !walk->ended; d++) {
        bool change = l > 0 && walk->genes[l - 1] != d;
        double e = energy + chain->energy[l * n + d] + (change ? chain->change_energy : 0);
        double t = latency + chain->latency[l * n + d] + (change ? chain->change_latency : 0);
        double before = walk->load[d];
        walk->load[d] = before + chain->latency[l * n + d];
        walk->genes[l] = (uint16_t)d;
        double corner[PROBLEM_OBJECTIVES] = {e + walk->least_energy[(l + 1) * n + d],
                                             t + walk->least_latency[(l + 1) * n + d],
                                             least_idle(walk, l + 1)};
        if (l + 1 == walk->n_layers)
            offer(walk, corner);
        else if (analysis_archive_covers(&walk->found.archive, corner))
            walk->done += walk->leaves[l + 1];
        else if (goes_on(walk))
            descend(walk, l + 1, e, t);
        walk->load[d] = before;
    }
}

/* Members as the problem itself scores them. */
static void hand_over(struct walk *walk, struct sched_front *front)
{
    struct problem *problem = walk->problem;
    void *state = problem->state_create(problem);
    for (size_t i = 0; i < walk->found.archive.n; i++) {
        const uint16_t *genes = sched_front_genes(&walk->found, i);
        struct problem_score score;
        problem_evaluate(problem, state, genes, &score);
        sched_front_offer(front, genes, &score);
    }
    problem->state_destroy(state);
    problem->evaluations += walk->scored;
    front->evaluations += walk->scored + walk->found.archive.n;
    front->cut_short = front->cut_short || walk->ended;
}

void sched_chain_front(struct problem *problem, const struct sched_options *options,
                       struct sched_front *front)
{
    struct walk walk;
    walk_open(&walk, problem, options);
    descend(&walk, 0, 0, 0);
    hand_over(&walk, front);
    walk_close(&walk);
}
