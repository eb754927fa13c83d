/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/memory.h"
#include "sim/memory/allocator.h"

#include <stdlib.h>

struct slots {
    uint64_t piece, n_slots;
    uint64_t used;   /* slots that were ever taken: the first ones */
    uint64_t *empty; /* (n_empty) of them, falling, so that the lowest is last */
    size_t n_empty, capacity;
};

static void *create(uint64_t total, uint64_t piece)
{
    struct slots *slots = mem_calloc(1, sizeof *slots);
    slots->piece = piece;
    slots->n_slots = total / piece;
    return slots;
}

static void destroy(void *state)
{
    struct slots *slots = state;
    free(slots->empty);
    free(slots);
}

static uint64_t rounded(const void *state, uint64_t units)
{
    const struct slots *slots = state;
    return units <= slots->piece ? slots->piece : UINT64_MAX;
}

static bool find(const void *state, uint64_t units, struct sim_segment *out)
{
    const struct slots *slots = state;
    if (units > slots->piece || (slots->n_empty == 0 && slots->used == slots->n_slots))
        return false;
    uint64_t slot = slots->n_empty ? slots->empty[slots->n_empty - 1] : slots->used;
    *out = (struct sim_segment){slot * slots->piece, slots->piece};
    return true;
}

static void take(void *state, const struct sim_segment *segment)
{
    (void)segment;
    struct slots *slots = state;
    if (slots->n_empty > 0)
        slots->n_empty--;
    else
        slots->used++;
}

static void give(void *state, const struct sim_segment *segment)
{
    struct slots *slots = state;
    uint64_t slot = segment->start / slots->piece;
    slots->empty = mem_grow(slots->empty, &slots->capacity, slots->n_empty + 1, sizeof slot);
    size_t at = slots->n_empty++;
    for (; at > 0 && slots->empty[at - 1] < slot; at--)
        slots->empty[at] = slots->empty[at - 1];
    slots->empty[at] = slot;
}

static void measure(const void *state, struct sim_fragmentation *out)
{
    const struct slots *slots = state;
    uint64_t last = slots->used;
    size_t i = 0;
    for (; i < slots->n_empty && slots->empty[i] + 1 == last; i++)
        last--;
    out->extent = last * slots->piece;
    out->holes = slots->n_empty - i;
    out->largest_hole = slots->n_empty > 0 || slots->used < slots->n_slots ? slots->piece : 0;
}

const struct sim_allocator_class sim_contiguous = {create, destroy, rounded, find,
                                                   take,   give,    measure};
