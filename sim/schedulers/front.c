/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/schedulers/sched.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void sched_front_init(struct sched_front *front, const struct problem *problem)
{
    *front = (struct sched_front){.n_genes = problem->n_genes};
    analysis_archive_init(&front->archive, PROBLEM_OBJECTIVES);
}

void sched_front_free(struct sched_front *front)
{
    analysis_archive_free(&front->archive);
    free(front->genes);
    free(front->score);
    free(front->tag);
    free(front->vacant);
    free(front->nearest);
    *front = (struct sched_front){.n_genes = front->n_genes};
    analysis_archive_init(&front->archive, PROBLEM_OBJECTIVES);
}

const uint16_t *sched_front_genes(const struct sched_front *front, size_t i)
{
    return front->genes + front->archive.id[i] * front->n_genes;
}

const struct problem_score *sched_front_score(const struct sched_front *front, size_t i)
{
    return &front->score[front->archive.id[i]];
}

/* Each row is either a member's or vacant, so that there is always one when members < capacity. */
static void grow(struct sched_front *front)
{
    size_t capacity = front->capacity + front->capacity / 2 + 16;
    front->genes = mem_realloc(front->genes, capacity * front->n_genes, sizeof *front->genes);
    front->score = mem_realloc(front->score, capacity, sizeof *front->score);
    front->tag = mem_realloc(front->tag, capacity, sizeof *front->tag);
    front->vacant = mem_realloc(front->vacant, capacity, sizeof *front->vacant);
    for (size_t row = capacity; row > front->capacity; row--)
        front->vacant[front->n_vacant++] = row - 1;
    front->capacity = capacity;
}

static void keep_nearest(struct sched_front *front, const uint16_t *genes,
                         const struct problem_score *score)
{
    if (front->archive.n > 0 ||
        (front->nearest && !(score->violation < front->nearest_score.violation)))
        return;
    if (!front->nearest)
        front->nearest = mem_calloc(front->n_genes, sizeof *front->nearest);
    if (front->n_genes > 0)
        memcpy(front->nearest, genes, front->n_genes * sizeof *genes);
    front->nearest_score = *score;
}

size_t sched_front_offer(struct sched_front *front, const uint16_t *genes,
                         const struct problem_score *score)
{
    /* Also a nan or an infinite objective is no plan to offer to anybody. */
    bool sound = score->violation == 0;
    for (size_t o = 0; o < PROBLEM_OBJECTIVES; o++)
        sound = sound && isfinite(score->objective[o]);
    if (!sound) {
        keep_nearest(front, genes, score);
        return SCHED_NO_ROW;
    }
    if (front->n_vacant == 0)
        grow(front);
    size_t row = front->vacant[front->n_vacant - 1];
    if (!analysis_archive_insert(&front->archive, score->objective, row))
        return SCHED_NO_ROW;
    front->n_vacant--;
    for (size_t i = 0; i < front->archive.n_removed; i++)
        front->vacant[front->n_vacant++] = front->archive.removed[i];
    if (front->n_genes > 0)
        memcpy(front->genes + row * front->n_genes, genes, front->n_genes * sizeof *genes);
    front->score[row] = *score;
    front->tag[row] = 0;
    free(front->nearest);
    front->nearest = NULL;
    return row;
}
