/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The true front by enumeration. All genes with a choice but the last run through a reflected
 * mixed-radix Gray code (Knuth, The Art of Computer Programming 4A, 7.2.1.1, algorithm H), so that
 * each step changes one gene by one; for each step all choices of the last gene are scored as
 * single changes. */
#include "sim/schedulers/sched.h"

#include "base/memory.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

uint64_t sched_exact_size(const struct problem *problem)
{
    uint64_t size = 1;
    for (size_t g = 0; g < problem->n_genes; g++) {
        if (size > UINT64_MAX / problem->gene[g].choices)
            return UINT64_MAX;
        size *= problem->gene[g].choices;
    }
    return size;
}

/* Only genes that have a choice turn. */
struct odometer {
    size_t *gene, n; /* (n) */
    bool *falling;   /* (n) */
    size_t *focus;   /* (n + 1) which one turns next: focus[0] */
};

static void odometer_open(struct odometer *odometer, const struct problem *problem)
{
    size_t n = problem->n_genes;
    *odometer = (struct odometer){.gene = mem_calloc(n, sizeof *odometer->gene),
                                  .falling = mem_calloc(n, sizeof *odometer->falling),
                                  .focus = mem_calloc(n + 1, sizeof *odometer->focus)};
    for (size_t g = 0; g < n; g++)
        if (problem->gene[g].choices > 1)
            odometer->gene[odometer->n++] = g;
    for (size_t i = 0; i <= n; i++)
        odometer->focus[i] = i;
}

static void odometer_close(struct odometer *odometer)
{
    free(odometer->gene);
    free(odometer->falling);
    free(odometer->focus);
}

/* Makes the next step; false after the last. */
static bool odometer_turn(struct odometer *odometer, struct sched_trial *trial)
{
    size_t i = odometer->focus[0];
    odometer->focus[0] = 0;
    if (i == odometer->n)
        return false;
    size_t gene = odometer->gene[i];
    int choice = trial->genes[gene] + (odometer->falling[i] ? -1 : 1);
    sched_trial_apply(trial, gene, (uint16_t)choice);
    if (choice == 0 || choice == trial->problem->gene[gene].choices - 1) {
        odometer->falling[i] = !odometer->falling[i];
        odometer->focus[i] = odometer->focus[i + 1];
        odometer->focus[i + 1] = i + 1;
    }
    return true;
}

static bool score_choices(struct sched_trial *trial, size_t gene, uint16_t first)
{
    struct problem_score score;
    for (uint16_t c = first; c < trial->problem->gene[gene].choices; c++)
        if (!sched_trial_delta(trial, gene, c, &score))
            return false;
    return true;
}

static void enumerate(struct sched_trial *trial)
{
    struct odometer odometer;
    struct problem_score score;
    uint16_t *zeros = mem_calloc(trial->problem->n_genes, sizeof *zeros);
    odometer_open(&odometer, trial->problem);
    if (sched_trial_evaluate(trial, zeros, &score) && odometer.n > 0) {
        size_t last = odometer.gene[--odometer.n];
        bool more = score_choices(trial, last, 1);
        while (more && odometer_turn(&odometer, trial))
            more = score_choices(trial, last, 0);
    }
    odometer_close(&odometer);
    free(zeros);
}

static bool is_chain(const struct problem *problem)
{
    return problem->chain && problem->n_genes > 0;
}

static void tell_size(const struct problem *problem, const struct sched_options *options,
                      uint64_t size)
{
    char sentence[120];
    if (!options->note)
        return;
    snprintf(sentence, sizeof sentence, "exact %s all %" PRIu64 " plans%s",
             is_chain(problem) ? "goes through" : "scores", size,
             is_chain(problem) ? ", less those that a bound shows to be dominated" : "");
    options->note(options->context, sentence);
}

static uint64_t limit_of(const struct problem *problem, const struct sched_options *options)
{
    if (options->exact_limit)
        return options->exact_limit;
    return is_chain(problem) ? SCHED_CHAIN_LIMIT : SCHED_EXACT_LIMIT;
}

static void score_all(struct problem *problem, const struct sched_options *options,
                      struct sched_front *front, uint64_t size)
{
    struct sched_trial trial;
    sched_trial_open(&trial, problem, options, front);
    trial.budget = size;
    enumerate(&trial);
    sched_trial_close(&trial);
}

static bool run(struct problem *problem, const struct sched_options *options,
                struct sched_front *front, struct error *err)
{
    uint64_t size = sched_exact_size(problem);
    uint64_t limit = limit_of(problem, options);
    if (size > limit)
        return error_set(err,
                         "exact would score %s%" PRIu64 " plans, its limit is %" PRIu64
                         "; use pgsam, or fewer genes (granularity, clocks)",
                         size == UINT64_MAX ? "more than " : "", size, limit);
    tell_size(problem, options, size);
    if (is_chain(problem))
        sched_chain_front(problem, options, front);
    else
        score_all(problem, options, front, size);
    return true;
}

const struct sched sched_exact = {"exact", "the true front: all plans, for small problems", run};
