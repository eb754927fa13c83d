/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/schedulers/sched.h"

#include "base/memory.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { PROGRESS_EVERY = 256 };

void sched_trial_open(struct sched_trial *trial, struct problem *problem,
                      const struct sched_options *options, struct sched_front *front)
{
    *trial = (struct sched_trial){.problem = problem,
                                  .options = options,
                                  .front = front,
                                  .state = problem->state_create(problem),
                                  .genes = mem_calloc(problem->n_genes, sizeof *trial->genes),
                                  .budget = options->evaluations,
                                  .row = SCHED_NO_ROW};
}

void sched_trial_close(struct sched_trial *trial)
{
    trial->front->evaluations += trial->used;
    trial->front->cut_short = trial->front->cut_short || trial->ended;
    trial->problem->state_destroy(trial->state);
    free(trial->genes);
    *trial = (struct sched_trial){.ended = true};
}

/* Takes one evaluation from the budget. */
static bool spend(struct sched_trial *trial)
{
    const struct sched_options *options = trial->options;
    if (trial->used >= trial->budget)
        trial->ended = true;
    if (!trial->ended && options->progress && trial->used % PROGRESS_EVERY == 0 &&
        !options->progress(options->context, trial->used, trial->budget, trial->front->archive.n))
        trial->ended = true;
    if (!trial->ended)
        trial->used++;
    return !trial->ended;
}

/* Offers the score of the trial's genes, and shows the front to those who watch it. */
static void offer(struct sched_trial *trial, const struct problem_score *score)
{
    const struct sched_options *options = trial->options;
    struct sched_front *front = trial->front;
    uint64_t used = front->evaluations + trial->used;
    trial->row = sched_front_offer(front, trial->genes, score);
    for (; front->n_watched < options->n_watch; front->n_watched++) {
        if (used < options->watch_at[front->n_watched])
            break;
        options->watch(options->context, front->n_watched, front);
    }
}

bool sched_trial_evaluate(struct sched_trial *trial, const uint16_t *genes,
                          struct problem_score *score)
{
    if (!spend(trial))
        return false;
    if (trial->problem->n_genes > 0)
        memmove(trial->genes, genes, trial->problem->n_genes * sizeof *genes);
    problem_evaluate(trial->problem, trial->state, trial->genes, score);
    offer(trial, score);
    return true;
}

bool sched_trial_delta(struct sched_trial *trial, size_t gene, uint16_t choice,
                       struct problem_score *score)
{
    assert(gene < trial->problem->n_genes && choice < trial->problem->gene[gene].choices);
    if (!spend(trial))
        return false;
    problem_delta(trial->problem, trial->state, gene, choice, score);
    uint16_t before = trial->genes[gene];
    trial->genes[gene] = choice;
    offer(trial, score);
    trial->genes[gene] = before;
    return true;
}

void sched_trial_apply(struct sched_trial *trial, size_t gene, uint16_t choice)
{
    assert(trial->used > 0);
    if (trial->genes[gene] == choice)
        return;
    trial->problem->apply(trial->problem, trial->state, gene, choice);
    trial->genes[gene] = choice;
}

void sched_trial_go(struct sched_trial *trial, const uint16_t *genes)
{
    for (size_t g = 0; g < trial->problem->n_genes; g++)
        sched_trial_apply(trial, g, genes[g]);
}

bool sched_places(enum problem_role role)
{
    return role == PROBLEM_PREFILL || role == PROBLEM_DECODE || role == PROBLEM_BOTH;
}

void sched_plain(const struct problem *problem, size_t device, uint16_t *genes)
{
    for (size_t g = 0; g < problem->n_genes; g++) {
        size_t last = problem->gene[g].choices - 1u;
        size_t choice = sched_places(problem->gene[g].role) ? device : 0;
        genes[g] = (uint16_t)(choice < last ? choice : last);
    }
}

bool sched_trial_flights(struct sched_trial *trial)
{
    struct problem_score score;
    for (size_t g = 0; g < trial->problem->n_genes; g++) {
        const struct problem_gene *gene = &trial->problem->gene[g];
        for (uint16_t c = 0; gene->role == PROBLEM_INFLIGHT && c < gene->choices; c++)
            if (c != trial->genes[g] && !sched_trial_delta(trial, g, c, &score))
                return false;
    }
    return true;
}

struct stream sched_start_stream(uint64_t seed)
{
    return stream_open(seed, STREAM_SCHEDULER, 0, 1);
}

/* A random assignment in which long runs of one choice are as likely as lone ones. */
static void draw(const struct problem *problem, struct stream *stream, uint16_t *genes)
{
    const struct problem_gene *gene = problem->gene;
    double stay = stream_uniform(stream); /* the chance to do as the gene before */
    for (size_t g = 0; g < problem->n_genes; g++) {
        bool alike = g > 0 && gene[g].role == gene[g - 1].role && genes[g - 1] < gene[g].choices;
        if (alike && stream_uniform(stream) < stay)
            genes[g] = genes[g - 1];
        else
            genes[g] = (uint16_t)stream_below(stream, gene[g].choices);
    }
}

void sched_start(const struct problem *problem, struct stream *stream, size_t i, uint16_t *genes)
{
    if (i < problem->n_devices)
        sched_plain(problem, i, genes);
    else
        draw(problem, stream, genes);
}
