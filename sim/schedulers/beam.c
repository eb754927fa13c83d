/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Beam search: gene by gene, all choices are tried for each plan of the beam, and as many plans go
 * on as the budget affords: by violation, nondominated layer and, within the last layer, by chance.
 * It starts from the single-device plans, so that a plan is whole at any time. */
#include "sim/schedulers/sched.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

struct beam {
    struct sched_trial trial;
    const struct problem *problem;
    struct stream stream;
    size_t n, width;
    uint16_t *genes, *grown;     /* (most, n_genes) */
    struct problem_score *score; /* (most) of genes */
    struct problem_score *grown_score;
    size_t n_grown;
};

/* How many plans may go on, so that all genes get their turn. */
static size_t width_of(const struct problem *problem, uint64_t budget)
{
    uint64_t changes = 0;
    for (size_t g = 0; g < problem->n_genes; g++)
        changes += problem->gene[g].choices - 1u;
    uint64_t width = changes > 0 ? budget / changes : 1;
    uint64_t most = 10000;
    return (size_t)(width < 1 ? 1 : width < most ? width : most);
}

static void keep(struct beam *beam, const uint16_t *genes, const struct problem_score *score)
{
    size_t size = beam->problem->n_genes;
    memcpy(beam->grown + beam->n_grown * size, genes, size * sizeof *genes);
    beam->grown_score[beam->n_grown++] = *score;
}

/* All choices of a gene for all plans. */
static bool grow(struct beam *beam, size_t gene)
{
    struct sched_trial *trial = &beam->trial;
    struct problem_score score;
    beam->n_grown = 0;
    for (size_t i = 0; i < beam->n; i++) {
        const uint16_t *genes = beam->genes + i * beam->problem->n_genes;
        sched_trial_go(trial, genes);
        keep(beam, genes, &beam->score[i]);
        for (uint16_t c = 0; c < beam->problem->gene[gene].choices; c++) {
            if (c == genes[gene])
                continue;
            if (!sched_trial_delta(trial, gene, c, &score))
                return false;
            keep(beam, genes, &score);
            beam->grown[(beam->n_grown - 1) * beam->problem->n_genes + gene] = c;
        }
    }
    return true;
}

struct grown {
    double violation;
    size_t rank, i;
    uint32_t chance;
};

static int by_worth(const void *a, const void *b)
{
    const struct grown *x = a, *y = b;
    if (x->violation != y->violation)
        return x->violation < y->violation ? -1 : 1;
    if (x->rank != y->rank)
        return x->rank < y->rank ? -1 : 1;
    return x->chance < y->chance ? -1 : x->chance > y->chance;
}

static void prune(struct beam *beam)
{
    size_t n = beam->n_grown, size = beam->problem->n_genes;
    double *f = mem_calloc(n * PROBLEM_OBJECTIVES, sizeof *f);
    size_t *rank = mem_calloc(n, sizeof *rank);
    struct grown *grown = mem_calloc(n, sizeof *grown);
    for (size_t i = 0; i < n; i++)
        memcpy(f + i * PROBLEM_OBJECTIVES, beam->grown_score[i].objective,
               sizeof beam->grown_score[i].objective);
    analysis_ranks(f, n, PROBLEM_OBJECTIVES, rank);
    for (size_t i = 0; i < n; i++)
        grown[i] =
            (struct grown){beam->grown_score[i].violation, rank[i], i, stream_u32(&beam->stream)};
    qsort(grown, n, sizeof *grown, by_worth);
    beam->n = n < beam->width ? n : beam->width;
    for (size_t i = 0; i < beam->n; i++) {
        memcpy(beam->genes + i * size, beam->grown + grown[i].i * size, size * sizeof *beam->genes);
        beam->score[i] = beam->grown_score[grown[i].i];
    }
    free(f);
    free(rank);
    free(grown);
}

static void search(struct beam *beam)
{
    const struct problem *problem = beam->problem;
    size_t devices = problem->n_devices > 0 ? problem->n_devices : 1;
    for (size_t d = 0; d < devices; d++) {
        uint16_t *genes = beam->genes + beam->n * problem->n_genes;
        sched_plain(problem, d, genes);
        if (!sched_trial_evaluate(&beam->trial, genes, &beam->score[beam->n++]))
            return;
    }
    for (size_t g = 0; g < problem->n_genes && grow(beam, g); g++)
        prune(beam);
}

static bool run(struct problem *problem, const struct sched_options *options,
                struct sched_front *front, struct error *err)
{
    (void)err;
    size_t choices = 1, most;
    struct beam beam = {.problem = problem,
                        .stream = stream_open(options->seed, STREAM_SCHEDULER, 0, 0),
                        .width = width_of(problem, options->evaluations)};
    for (size_t g = 0; g < problem->n_genes; g++)
        choices = problem->gene[g].choices > choices ? problem->gene[g].choices : choices;
    most = (beam.width + problem->n_devices + 1) * choices;
    beam.genes = mem_calloc(most * problem->n_genes, sizeof *beam.genes);
    beam.grown = mem_calloc(most * problem->n_genes, sizeof *beam.grown);
    beam.score = mem_calloc(most, sizeof *beam.score);
    beam.grown_score = mem_calloc(most, sizeof *beam.grown_score);
    sched_trial_open(&beam.trial, problem, options, front);
    search(&beam);
    sched_trial_close(&beam.trial);
    free(beam.genes);
    free(beam.grown);
    free(beam.score);
    free(beam.grown_score);
    return true;
}

const struct sched sched_beam = {"beam", "gene by gene, keeping the plans that none dominates",
                                 run};
