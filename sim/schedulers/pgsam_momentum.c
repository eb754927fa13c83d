/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/memory.h"
#include "sim/schedulers/pgsam.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ENERGY, LATENCY, UNDERUTILISATION };
static const double FORGET = 0.02; /* weight of a new error in the mean of errors */
static const double EXACT = 1e-12; /* errors below, in the front's ranges, are rounding */
static const double WORST = 1;     /* errors above count as this */
static const double GIVEN_UP = 20; /* links that err so many times as much as the best, */
static const double SMALL = 0.01;  /* and by more than this */

int pgsam_count_cuts(const struct pgsam_momentum *momentum, const uint16_t *genes)
{
    int cuts = 0;
    for (size_t g = 1; g < momentum->problem->n_genes; g++)
        cuts += momentum->linked[g] && genes[g] != genes[g - 1];
    return cuts;
}

/* Is it worth learning what a link would explain? */
static bool is_live(const struct pgsam_momentum *momentum, int link)
{
    return momentum->error[link] <= GIVEN_UP * momentum->error[momentum->link] + SMALL;
}

static bool knows_loads(const struct pgsam_momentum *momentum)
{
    return momentum->n_devices > 1;
}

static void stand_at(struct pgsam_momentum *momentum, const struct problem_score *score)
{
    memcpy(momentum->part, score->objective, sizeof score->objective);
    momentum->part[PGSAM_VIOLATION] = score->violation;
}

void pgsam_momentum_stand(struct pgsam_momentum *momentum, const uint16_t *genes,
                          const struct problem_score *score)
{
    stand_at(momentum, score);
    momentum->cuts = pgsam_count_cuts(momentum, genes);
    momentum->hash = 0;
    for (size_t g = 0; g < momentum->problem->n_genes; g++)
        momentum->hash ^= momentum->gain[momentum->first[g] + genes[g]].key;
    if (momentum->link != PGSAM_ADDED)
        pgsam_loads_stand(momentum, momentum->link, genes);
}

void pgsam_momentum_follow(struct pgsam_momentum *momentum, const struct pgsam_move *move,
                           const struct problem_score *score)
{
    stand_at(momentum, score);
    momentum->cuts += move->cuts;
    momentum->hash = move->hash;
    if (momentum->link != PGSAM_ADDED)
        pgsam_loads_follow(momentum, momentum->link, move);
}

/* ---- Prediction ---- */

/* By how many more neighbours differ when a gene changes. */
static int more_cuts(const struct pgsam_momentum *momentum, const uint16_t *genes, size_t g,
                     uint16_t to)
{
    size_t left = momentum->linked[g], right = momentum->linked[g + 1];
    uint16_t before = genes[g - left], after = genes[g + right], from = genes[g];
    return (int)left * ((before != to) - (before != from)) +
           (int)right * ((after != to) - (after != from));
}

/* Adds up what the changes of a move add; loads go into momentum->scratch. */
static void add_changes(const struct pgsam_momentum *momentum, const double *offset,
                        uint16_t *genes, struct pgsam_move *move)
{
    double *load = momentum->scratch, part[PGSAM_PARTS];
    uint64_t hash = momentum->hash;
    int cuts = 0;
    memcpy(part, momentum->part, sizeof part);
    for (size_t i = 0; i < move->n; i++) {
        struct pgsam_change change = move->change[i];
        const struct pgsam_gain *gain = momentum->gain + momentum->first[change.gene];
        const struct pgsam_gain *from = gain + change.from, *to = gain + change.to;
        for (size_t p = 0; p < PGSAM_PARTS; p++)
            part[p] += to->part[p] - from->part[p];
        if (offset && momentum->placed[change.gene]) {
            load[change.from] -= from->part[LATENCY] + offset[change.gene];
            load[change.to] += to->part[LATENCY] + offset[change.gene];
        }
        hash ^= from->key ^ to->key;
        cuts += more_cuts(momentum, genes, change.gene, change.to);
        genes[change.gene] = change.to;
    }
    memcpy(move->part, part, sizeof part);
    move->hash = hash;
    move->cuts = cuts;
    for (size_t i = 0; i < move->n; i++)
        genes[move->change[i].gene] = move->change[i].from;
}

void pgsam_momentum_predict(const struct pgsam_momentum *momentum, uint16_t *genes,
                            struct pgsam_move *move)
{
    bool loaded = momentum->link != PGSAM_ADDED;
    const struct pgsam_loads *loads = &momentum->loads[loaded ? momentum->link : 0];
    for (size_t d = 0; d < momentum->n_devices; d++)
        momentum->scratch[d] = loads->load[d];
    add_changes(momentum, loaded ? loads->offset : NULL, genes, move);
    move->sum = move->part[LATENCY] - momentum->cuts * momentum->cut[LATENCY];
    for (size_t p = 0; p < PGSAM_PARTS; p++)
        move->part[p] += move->cuts * momentum->cut[p];
    move->added = move->part[UNDERUTILISATION];
    if (loaded)
        move->part[UNDERUTILISATION] =
            pgsam_loads_tell(momentum, momentum->link, momentum->scratch, move->sum);
}

/* ---- Learning ---- */

/* Spreads errors evenly over what a move changed (Kaczmarz' projection). */
static void learn_gains(struct pgsam_momentum *momentum, const struct pgsam_move *move,
                        const double *error)
{
    double features = 2 * (double)move->n + move->cuts * move->cuts;
    for (size_t p = 0; p < PGSAM_PARTS; p++) {
        double share = error[p] / features;
        if (!isfinite(share))
            continue;
        momentum->cut[p] += share * move->cuts;
        for (size_t i = 0; i < move->n; i++) {
            struct pgsam_change change = move->change[i];
            struct pgsam_gain *gain = momentum->gain + momentum->first[change.gene];
            gain[change.to].part[p] += share;
            gain[change.from].part[p] -= share;
        }
    }
}

static void average(double *mean, double error)
{
    error = fabs(error);
    *mean += FORGET * ((error < WORST ? error : WORST) - *mean);
}

static void stand_on_all_links(struct pgsam_momentum *momentum, const uint16_t *genes)
{
    for (int link = 0; link < PGSAM_LINKS; link++)
        if (is_live(momentum, link))
            pgsam_loads_stand(momentum, link, genes);
}

/* Which link foretold best, of late. */
static void judge_links(struct pgsam_momentum *momentum, const struct pgsam_move *move, double u,
                        double scale)
{
    int best = PGSAM_ADDED;
    average(&momentum->error[PGSAM_ADDED], (move->added - u) * scale);
    for (int link = 0; link < PGSAM_LINKS; link++) {
        if (!is_live(momentum, link))
            continue;
        average(&momentum->error[link], (pgsam_loads_predict(momentum, link, move) - u) * scale);
        if (momentum->error[link] < momentum->error[best])
            best = link;
    }
    momentum->link = best;
}

static void change_genes(uint16_t *genes, const struct pgsam_move *move, bool back)
{
    for (size_t i = 0; i < move->n; i++)
        genes[move->change[i].gene] = back ? move->change[i].from : move->change[i].to;
}

void pgsam_momentum_note(struct pgsam_momentum *momentum, const uint16_t *genes,
                         const struct problem_score *score)
{
    momentum->violated = momentum->violated || score->violation > 0;
    for (int link = 0; link < PGSAM_LINKS && knows_loads(momentum); link++)
        if (is_live(momentum, link))
            pgsam_loads_learn(momentum, link, genes, score);
}

static void learn_loads(struct pgsam_momentum *momentum, uint16_t *genes,
                        const struct pgsam_move *move, const struct problem_score *score)
{
    stand_on_all_links(momentum, genes); /* gains have changed */
    for (int link = 0; link < PGSAM_LINKS; link++)
        if (is_live(momentum, link))
            pgsam_loads_learn_move(momentum, link, move, score);
    change_genes(genes, move, false);
    pgsam_momentum_note(momentum, genes, score);
    change_genes(genes, move, true);
    stand_on_all_links(momentum, genes);
}

void pgsam_momentum_learn(struct pgsam_momentum *momentum, uint16_t *genes,
                          const struct pgsam_move *move, const struct problem_score *score,
                          const double *scale)
{
    double error[PGSAM_PARTS], worst = 0;
    for (size_t p = 0; p < PROBLEM_OBJECTIVES; p++) {
        error[p] = score->objective[p] - move->part[p];
        worst = fmax(worst, fabs(error[p]) * scale[p]);
    }
    error[PGSAM_VIOLATION] = score->violation - move->part[PGSAM_VIOLATION];
    momentum->violated = momentum->violated || score->violation > 0;
    average(&momentum->doubt, worst);
    if (worst <= EXACT && !(fabs(error[PGSAM_VIOLATION]) > 0))
        return;
    /* Gains that add up go on learning beside the loads. */
    error[UNDERUTILISATION] = score->objective[UNDERUTILISATION] - move->added;
    if (knows_loads(momentum)) {
        stand_on_all_links(momentum, genes);
        judge_links(momentum, move, score->objective[UNDERUTILISATION], scale[UNDERUTILISATION]);
    }
    learn_gains(momentum, move, error);
    if (knows_loads(momentum))
        learn_loads(momentum, genes, move, score);
}

void pgsam_momentum_open(struct pgsam_momentum *momentum, const struct problem *problem,
                         bool with_loads)
{
    size_t n = problem->n_genes, n_choices = 0;
    *momentum = (struct pgsam_momentum){.problem = problem,
                                        .n_devices = with_loads ? problem->n_devices : 0,
                                        .link = PGSAM_ADDED,
                                        .first = mem_calloc(n, sizeof *momentum->first),
                                        .linked = mem_calloc(n + 1, sizeof *momentum->linked),
                                        .placed = mem_calloc(n, sizeof *momentum->placed)};
    for (size_t g = 0; g < n; g++) {
        momentum->first[g] = n_choices;
        n_choices += problem->gene[g].choices;
        momentum->linked[g] = g > 0 && problem->gene[g].role == problem->gene[g - 1].role;
        momentum->placed[g] = sched_places(problem->gene[g].role);
    }
    momentum->gain = mem_calloc(n_choices, sizeof *momentum->gain);
    for (size_t g = 0; g < n; g++)
        for (uint16_t c = 0; c < problem->gene[g].choices; c++)
            momentum->gain[momentum->first[g] + c].key = sched_seen_key(g, c);
    for (int link = 0; link < PGSAM_LINKS; link++) {
        momentum->loads[link].offset = mem_calloc(n, sizeof(double));
        momentum->loads[link].load = mem_calloc(problem->n_devices, sizeof(double));
    }
    momentum->scratch = mem_calloc(problem->n_devices, sizeof(double));
}

void pgsam_momentum_close(struct pgsam_momentum *momentum)
{
    free(momentum->first);
    free(momentum->linked);
    free(momentum->placed);
    free(momentum->gain);
    for (int link = 0; link < PGSAM_LINKS; link++) {
        free(momentum->loads[link].offset);
        free(momentum->loads[link].load);
    }
    free(momentum->scratch);
}
