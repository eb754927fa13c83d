/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A scheduler's problem with known true fronts: layers are placed on three devices, everything is
 * an integer. The times and energies come from a linear congruential generator, so that the
 * instance of each size is fixed. */
#ifndef TESTS_SUPPORT_LAYERS_H
#define TESTS_SUPPORT_LAYERS_H

#include "sim/problem.h"

#include <stdlib.h>
#include <string.h>

enum { LAYERS_DEVICES = 3, LAYERS_MOST = 64 };

struct layers {
    struct problem problem;
    struct problem_gene gene[LAYERS_MOST];
    size_t n;
    int time[LAYERS_MOST][LAYERS_DEVICES], energy[LAYERS_MOST][LAYERS_DEVICES];
    int change_time, change_energy; /* of each change of device between neighbours */
    int room[LAYERS_DEVICES];       /* layers that each device takes; more violate */
    double forbidden;               /* added violation of each unbroken run of layers */
    uint64_t calls;                 /* of the two functions that score */
    struct problem_chain chain;     /* the same once more; layers.problem.chain is NULL at first */
    double chain_time[LAYERS_MOST * LAYERS_DEVICES], chain_energy[LAYERS_MOST * LAYERS_DEVICES];
};

static inline int layers_draw(uint64_t *s, int low, int high)
{
    *s = *s * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return low + (int)((*s >> 33) % (uint64_t)(high - low + 1));
}

static inline void *layers_create(const struct problem *problem)
{
    return calloc(problem->n_genes + 1, sizeof(uint16_t));
}

/* E = sum of energies + changes, T = sum of times + changes, U = 3·max(busy) - sum(busy). */
static inline void layers_score(struct layers *layers, const uint16_t *genes,
                                struct problem_score *score)
{
    int energy = 0, time = 0, changes = 0, most = 0, over = 0;
    int busy[LAYERS_DEVICES] = {0}, held[LAYERS_DEVICES] = {0};
    for (size_t l = 0; l < layers->n; l++) {
        energy += layers->energy[l][genes[l]];
        time += layers->time[l][genes[l]];
        busy[genes[l]] += layers->time[l][genes[l]];
        changes += l > 0 && genes[l] != genes[l - 1];
        over += ++held[genes[l]] > layers->room[genes[l]];
    }
    for (int d = 0; d < LAYERS_DEVICES; d++)
        most = busy[d] > most ? busy[d] : most;
    score->objective[0] = energy + layers->change_energy * changes;
    score->objective[1] = time + layers->change_time * changes;
    score->objective[2] = 3 * most - time;
    score->violation = over + layers->forbidden * (1 + changes);
    score->guard = 0;
    layers->calls++;
}

static inline void layers_evaluate(const struct problem *problem, void *state,
                                   const uint16_t *genes, struct problem_score *score)
{
    memcpy(state, genes, problem->n_genes * sizeof *genes);
    layers_score(problem->context, state, score);
}

static inline void layers_delta(const struct problem *problem, void *state, size_t gene,
                                uint16_t choice, struct problem_score *score)
{
    uint16_t *genes = state, before = genes[gene];
    genes[gene] = choice;
    layers_score(problem->context, genes, score);
    genes[gene] = before;
}

static inline void layers_apply(const struct problem *problem, void *state, size_t gene,
                                uint16_t choice)
{
    (void)problem;
    ((uint16_t *)state)[gene] = choice;
}

/* The instance of n layers that generator state s0 gives; s0 = 1 is the published one. */
static inline void layers_open(struct layers *layers, size_t n, uint64_t s0)
{
    static const char *const devices[] = {"gpu", "npu", "cpu"};
    static const int range[LAYERS_DEVICES][4] = {
        {5, 20, 40, 80}, {10, 40, 15, 50}, {25, 70, 5, 20}};
    *layers = (struct layers){.n = n, .change_time = 3, .change_energy = 2};
    layers->problem = (struct problem){.n_genes = n,
                                       .gene = layers->gene,
                                       .n_devices = LAYERS_DEVICES,
                                       .device = devices,
                                       .objective_name = {"energy", "latency", "underutilisation"},
                                       .context = layers,
                                       .state_create = layers_create,
                                       .state_destroy = free,
                                       .evaluate = layers_evaluate,
                                       .delta = layers_delta,
                                       .apply = layers_apply};
    for (int d = 0; d < LAYERS_DEVICES; d++)
        layers->room[d] = (int)n;
    for (size_t l = 0; l < n; l++) {
        layers->gene[l] = (struct problem_gene){"layer", LAYERS_DEVICES, PROBLEM_BOTH};
        for (int d = 0; d < LAYERS_DEVICES; d++) {
            layers->time[l][d] = layers_draw(&s0, range[d][0], range[d][1]);
            layers->energy[l][d] = layers_draw(&s0, range[d][2], range[d][3]);
        }
    }
}

/* Lets the problem say that it is a chain. */
static inline void layers_chain(struct layers *layers)
{
    for (size_t l = 0; l < layers->n; l++) {
        for (size_t d = 0; d < LAYERS_DEVICES; d++) {
            layers->chain_time[l * LAYERS_DEVICES + d] = layers->time[l][d];
            layers->chain_energy[l * LAYERS_DEVICES + d] = layers->energy[l][d];
        }
    }
    layers->chain = (struct problem_chain){.latency = layers->chain_time,
                                           .energy = layers->chain_energy,
                                           .change_latency = layers->change_time,
                                           .change_energy = layers->change_energy};
    layers->problem.chain = &layers->chain;
}

#endif
