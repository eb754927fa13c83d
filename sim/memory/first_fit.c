/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/memory.h"
#include "sim/memory/allocator.h"

#include <stdlib.h>
#include <string.h>

struct arena {
    uint64_t total;
    struct sim_segment *hole; /* (n_holes) by address; no two touch */
    size_t n_holes, capacity;
};

static void insert(struct arena *arena, size_t at, const struct sim_segment *hole)
{
    arena->hole = mem_grow(arena->hole, &arena->capacity, arena->n_holes + 1, sizeof *arena->hole);
    memmove(arena->hole + at + 1, arena->hole + at, (arena->n_holes - at) * sizeof *arena->hole);
    arena->hole[at] = *hole;
    arena->n_holes++;
}

static void remove_hole(struct arena *arena, size_t at)
{
    arena->n_holes--;
    memmove(arena->hole + at, arena->hole + at + 1, (arena->n_holes - at) * sizeof *arena->hole);
}

static void *create(uint64_t total, uint64_t piece)
{
    (void)piece;
    struct arena *arena = mem_calloc(1, sizeof *arena);
    arena->total = total;
    if (total > 0)
        insert(arena, 0, &(struct sim_segment){0, total});
    return arena;
}

static void destroy(void *state)
{
    struct arena *arena = state;
    free(arena->hole);
    free(arena);
}

static uint64_t rounded(const void *state, uint64_t units)
{
    (void)state;
    return units;
}

static bool find(const void *state, uint64_t units, struct sim_segment *out)
{
    const struct arena *arena = state;
    for (size_t i = 0; i < arena->n_holes; i++)
        if (arena->hole[i].units >= units) {
            *out = (struct sim_segment){arena->hole[i].start, units};
            return true;
        }
    return false;
}

/* The first hole that starts at `start` or later. */
static size_t hole_from(const struct arena *arena, uint64_t start)
{
    size_t low = 0, high = arena->n_holes;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (arena->hole[middle].start < start)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void take(void *state, const struct sim_segment *segment)
{
    struct arena *arena = state;
    size_t at = hole_from(arena, segment->start);
    struct sim_segment *hole = &arena->hole[at];
    hole->start += segment->units;
    hole->units -= segment->units;
    if (hole->units == 0)
        remove_hole(arena, at);
}

static void give(void *state, const struct sim_segment *segment)
{
    struct arena *arena = state;
    size_t at = hole_from(arena, segment->start);
    struct sim_segment *after = &arena->hole[at], *before = after - 1;
    bool joins_after = at < arena->n_holes && segment->start + segment->units == after->start;
    bool joins_before = at > 0 && before->start + before->units == segment->start;
    if (joins_before)
        before->units += segment->units + (joins_after ? after->units : 0);
    if (joins_before && joins_after)
        remove_hole(arena, at);
    else if (joins_after)
        *after = (struct sim_segment){segment->start, segment->units + after->units};
    else if (!joins_before)
        insert(arena, at, segment);
}

static void measure(const void *state, struct sim_fragmentation *out)
{
    const struct arena *arena = state;
    out->extent = arena->total;
    out->holes = arena->n_holes;
    for (size_t i = 0; i < arena->n_holes; i++) {
        const struct sim_segment *hole = &arena->hole[i];
        out->largest_hole = hole->units > out->largest_hole ? hole->units : out->largest_hole;
        if (hole->start + hole->units == arena->total) {
            out->extent = hole->start;
            out->holes--;
        }
    }
}

const struct sim_allocator_class sim_first_fit = {create, destroy, rounded, find,
                                                  take,   give,    measure};
