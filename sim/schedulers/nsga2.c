/* SPDX-License-Identifier: GPL-3.0-or-later */
/* NSGA-II (Deb, Pratap, Agarwal, Meyarivan, IEEE TEC 6(2), 2002): parents by binary tournaments of
 * nondominated rank, then crowding; survivors of parents and children by the same. For assignments:
 * uniform crossover with probability 0.9, each gene drawn anew with probability 1/n. Children equal
 * to a plan of the population or to another child are replaced by a new draw, a few times.
 * Constraints: feasible before infeasible, then less violation. */
#include "sim/schedulers/nsga2.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { N = NSGA2_POPULATION, BOTH = 2 * N, TRIES = 20 };
static const double CROSSOVER = 0.9;

struct nsga2 {
    struct sched_trial trial;
    const struct problem *problem;
    const struct nsga2_operators *operators;
    struct stream stream;
    uint16_t *genes, *spare; /* (BOTH, n_genes): the population, then children */
    struct problem_score score[BOTH], spare_score[BOTH];
    size_t n; /* plans that are scored */
    size_t rank[BOTH];
    double crowding[BOTH];
};

static uint16_t *plan(const struct nsga2 *nsga2, size_t i)
{
    return nsga2->genes + i * nsga2->problem->n_genes;
}

/* ---- Rank and crowding ---- */

/* Feasible plans by nondominated sorting, behind them the others by violation. */
static void rank_all(struct nsga2 *nsga2)
{
    double f[BOTH * PROBLEM_OBJECTIVES] = {0};
    size_t place[BOTH], rank[BOTH], n = 0;
    for (size_t i = 0; i < nsga2->n; i++)
        if (nsga2->score[i].violation == 0) {
            memcpy(f + n * PROBLEM_OBJECTIVES, nsga2->score[i].objective,
                   sizeof nsga2->score[i].objective);
            place[n++] = i;
        }
    analysis_ranks(f, n, PROBLEM_OBJECTIVES, rank);
    for (size_t i = 0; i < n; i++)
        nsga2->rank[place[i]] = rank[i];
    for (size_t i = 0; i < nsga2->n; i++) {
        if (nsga2->score[i].violation == 0)
            continue;
        nsga2->rank[i] = nsga2->n;
        for (size_t j = 0; j < nsga2->n; j++)
            nsga2->rank[i] += nsga2->score[j].violation < nsga2->score[i].violation;
    }
}

struct place {
    double f;
    size_t i;
};

static int by_objective(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    if (x->f != y->f)
        return x->f < y->f ? -1 : 1;
    return x->i < y->i ? -1 : 1;
}

static void add_crowding(struct nsga2 *nsga2, struct place *place, size_t n)
{
    qsort(place, n, sizeof *place, by_objective);
    double range = place[n - 1].f - place[0].f;
    if (!(range > 0))
        return;
    nsga2->crowding[place[0].i] = nsga2->crowding[place[n - 1].i] = INFINITY;
    for (size_t k = 1; k + 1 < n; k++)
        nsga2->crowding[place[k].i] += (place[k + 1].f - place[k - 1].f) / range;
}

static void crowd_all(struct nsga2 *nsga2)
{
    struct place place[BOTH];
    bool done[BOTH] = {false};
    for (size_t i = 0; i < nsga2->n; i++)
        nsga2->crowding[i] = 0;
    for (size_t first = 0; first < nsga2->n; first++) {
        for (size_t o = 0; o < PROBLEM_OBJECTIVES && !done[first]; o++) {
            size_t n = 0;
            for (size_t i = first; i < nsga2->n; i++)
                if (nsga2->rank[i] == nsga2->rank[first])
                    place[n++] = (struct place){nsga2->score[i].objective[o], i};
            add_crowding(nsga2, place, n);
        }
        for (size_t i = first; i < nsga2->n; i++)
            done[i] = done[i] || nsga2->rank[i] == nsga2->rank[first];
    }
}

static bool better(const struct nsga2 *nsga2, size_t a, size_t b)
{
    if (nsga2->rank[a] != nsga2->rank[b])
        return nsga2->rank[a] < nsga2->rank[b];
    return nsga2->crowding[a] > nsga2->crowding[b];
}

/* ---- Children ---- */

static size_t tournament(struct nsga2 *nsga2)
{
    size_t a = stream_below(&nsga2->stream, N), b = stream_below(&nsga2->stream, N);
    if (better(nsga2, a, b) || better(nsga2, b, a))
        return better(nsga2, a, b) ? a : b;
    return stream_below(&nsga2->stream, 2) ? a : b;
}

static void breed(struct nsga2 *nsga2, uint16_t *a, uint16_t *b)
{
    const struct problem *problem = nsga2->problem;
    size_t size = problem->n_genes * sizeof *a;
    memcpy(a, plan(nsga2, tournament(nsga2)), size);
    memcpy(b, plan(nsga2, tournament(nsga2)), size);
    if (stream_uniform(&nsga2->stream) < CROSSOVER)
        nsga2->operators->cross(problem, &nsga2->stream, a, b);
    nsga2->operators->mutate(problem, &nsga2->stream, a);
    nsga2->operators->mutate(problem, &nsga2->stream, b);
}

static bool is_double(const struct nsga2 *nsga2, const uint16_t *genes)
{
    for (size_t i = 0; i < nsga2->n; i++)
        if (memcmp(plan(nsga2, i), genes, nsga2->problem->n_genes * sizeof *genes) == 0)
            return true;
    return false;
}

/* Takes a plan into the population; false when the budget is used. */
static bool adopt(struct nsga2 *nsga2, const uint16_t *genes)
{
    memcpy(plan(nsga2, nsga2->n), genes, nsga2->problem->n_genes * sizeof *genes);
    if (!sched_trial_evaluate(&nsga2->trial, genes, &nsga2->score[nsga2->n]))
        return false;
    nsga2->n++;
    return true;
}

static bool add_children(struct nsga2 *nsga2)
{
    uint16_t *child[2] = {nsga2->spare, nsga2->spare + nsga2->problem->n_genes};
    int tries = 0;
    while (nsga2->n < BOTH) {
        breed(nsga2, child[0], child[1]);
        tries++;
        for (int i = 0; i < 2 && nsga2->n < BOTH; i++) {
            if (tries <= TRIES && is_double(nsga2, child[i]))
                continue;
            if (!adopt(nsga2, child[i]))
                return false;
            tries = 0;
        }
    }
    return true;
}

/* ---- Survival ---- */

static void survive(struct nsga2 *nsga2)
{
    size_t size = nsga2->problem->n_genes, order[BOTH], n = nsga2->n;
    rank_all(nsga2);
    crowd_all(nsga2);
    for (size_t i = 0; i < n; i++) {
        size_t at = i;
        for (; at > 0 && better(nsga2, i, order[at - 1]); at--)
            order[at] = order[at - 1];
        order[at] = i;
    }
    nsga2->n = n < N ? n : N;
    for (size_t i = 0; i < nsga2->n; i++) {
        memcpy(nsga2->spare + i * size, plan(nsga2, order[i]), size * sizeof *nsga2->spare);
        nsga2->spare_score[i] = nsga2->score[order[i]];
    }
    uint16_t *genes = nsga2->genes;
    nsga2->genes = nsga2->spare;
    nsga2->spare = genes;
    memcpy(nsga2->score, nsga2->spare_score, nsga2->n * sizeof *nsga2->score);
    rank_all(nsga2);
    crowd_all(nsga2);
}

static bool found(struct nsga2 *nsga2, uint64_t seed)
{
    struct stream stream = sched_start_stream(seed);
    for (size_t i = 0; i < N; i++) {
        sched_start(nsga2->problem, &stream, i, nsga2->spare);
        if (!adopt(nsga2, nsga2->spare))
            return false;
    }
    return true;
}

void nsga2_search(struct problem *problem, const struct sched_options *options,
                  const struct nsga2_operators *operators, const struct nsga2_survivors *survivors,
                  struct sched_front *front)
{
    struct nsga2 *nsga2 = mem_calloc(1, sizeof *nsga2);
    size_t size = BOTH * problem->n_genes;
    nsga2->problem = problem;
    nsga2->operators = operators;
    nsga2->stream = stream_open(options->seed, STREAM_SCHEDULER, 0, 0);
    nsga2->genes = mem_calloc(size, sizeof *nsga2->genes);
    nsga2->spare = mem_calloc(size, sizeof *nsga2->spare);
    sched_trial_open(&nsga2->trial, problem, options, front);
    bool more = found(nsga2, options->seed);
    survive(nsga2);
    while (more) {
        more = add_children(nsga2);
        if (more)
            survive(nsga2);
    }
    if (survivors)
        survivors->call(survivors->context, nsga2->score, nsga2->n < N ? nsga2->n : N);
    sched_trial_close(&nsga2->trial);
    free(nsga2->genes);
    free(nsga2->spare);
    free(nsga2);
}

/* ---- Assignments ---- */

static void cross(const struct problem *problem, struct stream *stream, uint16_t *a, uint16_t *b)
{
    for (size_t g = 0; g < problem->n_genes; g++) {
        uint16_t kept = a[g];
        if (stream_below(stream, 2)) {
            a[g] = b[g];
            b[g] = kept;
        }
    }
}

static void mutate(const struct problem *problem, struct stream *stream, uint16_t *genes)
{
    for (size_t g = 0; g < problem->n_genes; g++)
        if (stream_below(stream, (uint32_t)problem->n_genes) == 0)
            genes[g] = (uint16_t)stream_below(stream, problem->gene[g].choices);
}

static bool run(struct problem *problem, const struct sched_options *options,
                struct sched_front *front, struct error *err)
{
    static const struct nsga2_operators operators = {cross, mutate};
    (void)err;
    nsga2_search(problem, options, &operators, NULL, front);
    return true;
}

const struct sched sched_nsga2 = {"nsga2", "NSGA-II, the usual evolutionary search", run};
