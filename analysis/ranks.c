/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Nondominated sorting in the manner of Zhang et al., "An efficient approach to nondominated
 * sorting for evolutionary multiobjective optimization", IEEE TEC 19(2), 2015: points come in
 * lexicographic order, so that none is dominated by a later one, and as a point that some layer
 * dominates is dominated by each layer before it too, its own is found by bisection. */
#include "analysis/pareto.h"

#include "analysis/staircase.h"
#include "base/memory.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

/* Up to three objectives: the first is in order already, the staircase holds the others. More: a
 * list of members. */
struct layer {
    struct staircase stairs;
    const double **member; /* (n) */
    size_t n, capacity;
};

struct layers {
    struct layer *layer; /* (n) */
    size_t n, capacity, m;
};

static bool dominated_by(const struct layers *layers, const struct layer *layer, const double *f)
{
    size_t m = layers->m;
    if (m <= 3)
        return staircase_cover(&layer->stairs, m > 1 ? f[1] : 0, m > 2 ? f[2] : 0) != NULL;
    /* The latest are nearest. */
    for (size_t i = layer->n; i-- > 0;)
        if (analysis_weakly_dominates(layer->member[i], f, m))
            return true;
    return false;
}

static void join(struct layers *layers, size_t rank, const double *f)
{
    size_t m = layers->m;
    if (rank == layers->n) {
        layers->layer =
            mem_grow(layers->layer, &layers->capacity, layers->n + 1, sizeof *layers->layer);
        layers->layer[layers->n++] = (struct layer){.n = 0};
    }
    struct layer *layer = &layers->layer[rank];
    if (m <= 3) {
        staircase_add(&layer->stairs, m > 1 ? f[1] : 0, m > 2 ? f[2] : 0);
        return;
    }
    layer->member =
        mem_grow((void *)layer->member, &layer->capacity, layer->n + 1, sizeof *layer->member);
    layer->member[layer->n++] = f;
}

static size_t first_free(const struct layers *layers, const double *f)
{
    size_t low = 0, high = layers->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (dominated_by(layers, &layers->layer[middle], f))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void layers_free(struct layers *layers)
{
    for (size_t i = 0; i < layers->n; i++) {
        staircase_free(&layers->layer[i].stairs);
        free((void *)layers->layer[i].member);
    }
    free(layers->layer);
}

struct ordered {
    const double *f;
    size_t m;
};

static int by_objectives(const void *a, const void *b)
{
    const struct ordered *x = a, *y = b;
    return analysis_lexicographic(x->f, y->f, x->m);
}

size_t analysis_ranks(const double *f, size_t n, size_t m, size_t *rank)
{
    assert(m >= 1 && m <= PARETO_OBJECTIVES);
    struct ordered *order = mem_calloc(n, sizeof *order);
    struct layers layers = {.m = m};
    size_t last = 0, sound = 0;
    for (size_t i = 0; i < n; i++) {
        rank[i] = SIZE_MAX;
        if (analysis_weakly_dominates(f + i * m, f + i * m, m)) /* not with a nan */
            order[sound++] = (struct ordered){f + i * m, m};
    }
    qsort(order, sound, sizeof *order, by_objectives);
    for (size_t i = 0; i < sound; i++) {
        const double *point = order[i].f;
        /* Equal points do not dominate each other. */
        if (i == 0 || analysis_lexicographic(order[i - 1].f, point, m) != 0) {
            last = first_free(&layers, point);
            join(&layers, last, point);
        }
        rank[(size_t)(point - f) / m] = last;
    }
    size_t n_layers = layers.n;
    layers_free(&layers);
    free(order);
    return n_layers;
}
