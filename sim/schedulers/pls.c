/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pareto local search (Paquete, Chiarandini, Stützle, 2004): as long as some member of the archive
 * has not been explored, take one at random and score all plans that differ from it in one gene.
 * When all have been explored it goes on from a random plan. No plan is scored twice. */
#include "sim/schedulers/sched.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

enum { STARTS = 16, DRAWS = 64 };

struct way {
    size_t gene;
    uint16_t choice;
};

struct pls {
    struct sched_trial trial;
    const struct problem *problem;
    struct sched_seen seen;
    struct stream stream, start;
    size_t started;
    uint16_t *genes, *cursor; /* (n_genes) */
    struct way *way;          /* (n_ways) changes to try, in random order */
    size_t n_ways;
};

static bool is_seen(const struct pls *pls, const uint16_t *genes)
{
    return sched_seen_has(&pls->seen, sched_seen_hash(genes, pls->problem->n_genes));
}

/* Scores a plan that has not been seen; false when all have been, or the budget is used. */
static bool start(struct pls *pls)
{
    struct problem_score score;
    bool found = false;
    for (int i = 0; i < DRAWS && !found; i++) {
        sched_start(pls->problem, &pls->start, pls->started++, pls->genes);
        found = !is_seen(pls, pls->genes);
    }
    if (!found && !sched_seen_next(&pls->seen, pls->problem, pls->cursor))
        return false;
    const uint16_t *genes = found ? pls->genes : pls->cursor;
    if (!sched_trial_evaluate(&pls->trial, genes, &score))
        return false;
    sched_seen_add(&pls->seen, sched_seen_hash(genes, pls->problem->n_genes));
    return true;
}

/* A member that has not been explored, by chance, and marks it. False when there is none. */
static bool pick(struct pls *pls)
{
    struct sched_front *front = pls->trial.front;
    size_t left = 0, chosen = SCHED_NO_ROW;
    for (size_t i = 0; i < front->archive.n; i++) {
        size_t row = front->archive.id[i];
        if (front->tag[row] == 0 && stream_below(&pls->stream, (uint32_t)++left) == 0)
            chosen = i;
    }
    if (chosen == SCHED_NO_ROW)
        return false;
    front->tag[front->archive.id[chosen]] = 1;
    memcpy(pls->genes, sched_front_genes(front, chosen),
           pls->problem->n_genes * sizeof *pls->genes);
    return true;
}

static void shuffle(struct pls *pls)
{
    pls->n_ways = 0;
    for (size_t g = 0; g < pls->problem->n_genes; g++)
        for (uint16_t c = 0; c < pls->problem->gene[g].choices; c++)
            if (c != pls->genes[g])
                pls->way[pls->n_ways++] = (struct way){g, c};
    for (size_t i = pls->n_ways; i > 1; i--) {
        size_t j = stream_below(&pls->stream, (uint32_t)i);
        struct way kept = pls->way[j];
        pls->way[j] = pls->way[i - 1];
        pls->way[i - 1] = kept;
    }
}

/* Scores all neighbours of pls->genes. */
static bool explore(struct pls *pls)
{
    struct problem_score score;
    uint64_t hash = sched_seen_hash(pls->genes, pls->problem->n_genes);
    sched_trial_go(&pls->trial, pls->genes);
    shuffle(pls);
    for (size_t w = 0; w < pls->n_ways; w++) {
        struct way way = pls->way[w];
        uint64_t next = hash ^ sched_seen_key(way.gene, pls->genes[way.gene]) ^
                        sched_seen_key(way.gene, way.choice);
        if (sched_seen_has(&pls->seen, next))
            continue;
        if (!sched_trial_delta(&pls->trial, way.gene, way.choice, &score))
            return false;
        sched_seen_add(&pls->seen, next);
    }
    return true;
}

static void search(struct pls *pls)
{
    for (size_t i = 0; i < pls->problem->n_devices + STARTS; i++)
        if (!start(pls))
            return;
    while (pick(pls) ? explore(pls) : start(pls)) {
    }
}

static bool run(struct problem *problem, const struct sched_options *options,
                struct sched_front *front, struct error *err)
{
    (void)err;
    size_t n_choices = 0;
    for (size_t g = 0; g < problem->n_genes; g++)
        n_choices += problem->gene[g].choices;
    struct pls pls = {.problem = problem,
                      .stream = stream_open(options->seed, STREAM_SCHEDULER, 0, 0),
                      .start = sched_start_stream(options->seed),
                      .genes = mem_calloc(problem->n_genes, sizeof *pls.genes),
                      .cursor = mem_calloc(problem->n_genes, sizeof *pls.cursor),
                      .way = mem_calloc(n_choices, sizeof *pls.way)};
    sched_trial_open(&pls.trial, problem, options, front);
    search(&pls);
    sched_trial_close(&pls.trial);
    sched_seen_free(&pls.seen);
    free(pls.genes);
    free(pls.cursor);
    free(pls.way);
    return true;
}

const struct sched sched_pls = {"pls", "Pareto local search: all single changes of each member",
                                run};
