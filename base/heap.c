/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/heap.h"

#include "base/memory.h"

#include <assert.h>
#include <stdlib.h>

enum { ARITY = 4, PRIORITY_SHIFT = 56 };

static bool comes_before(const struct heap_event *a, const struct heap_event *b)
{
    return a->time_ps != b->time_ps ? a->time_ps < b->time_ps : a->order < b->order;
}

/* Moves the hole at `i` towards the root until `event` fits into it. */
static void sift_up(struct heap_event *events, size_t i, struct heap_event event)
{
    while (i > 0) {
        size_t parent = (i - 1) / ARITY;
        if (!comes_before(&event, &events[parent]))
            break;
        events[i] = events[parent];
        i = parent;
    }
    events[i] = event;
}

static size_t first_child(const struct heap_event *events, size_t n, size_t parent)
{
    size_t best = parent * ARITY + 1;
    size_t end = best + ARITY < n ? best + ARITY : n;
    for (size_t child = best + 1; child < end; child++)
        if (comes_before(&events[child], &events[best]))
            best = child;
    return best;
}

/* Moves the hole at the root towards the leaves until `event` fits into it. */
static void sift_down(struct heap_event *events, size_t n, struct heap_event event)
{
    size_t i = 0;
    while (i * ARITY + 1 < n) {
        size_t child = first_child(events, n, i);
        if (!comes_before(&events[child], &event))
            break;
        events[i] = events[child];
        i = child;
    }
    events[i] = event;
}

void heap_init(struct heap *heap)
{
    *heap = (struct heap){0};
}

void heap_free(struct heap *heap)
{
    free(heap->event);
    heap_init(heap);
}

void heap_push(struct heap *heap, int64_t time_ps, uint8_t priority, uint16_t kind,
               uint32_t subject, uint16_t generation)
{
    assert(heap->inserted >> PRIORITY_SHIFT == 0);
    struct heap_event event = {.time_ps = time_ps,
                               .order = (uint64_t)priority << PRIORITY_SHIFT | heap->inserted++,
                               .subject = subject,
                               .generation = generation,
                               .kind = kind};
    heap->event = mem_grow(heap->event, &heap->capacity, heap->n + 1, sizeof event);
    sift_up(heap->event, heap->n++, event);
}

bool heap_pop(struct heap *heap, struct heap_event *out)
{
    if (heap->n == 0)
        return false;
    *out = heap->event[0];
    struct heap_event last = heap->event[--heap->n];
    if (heap->n > 0)
        sift_down(heap->event, heap->n, last);
    return true;
}

bool heap_peek(const struct heap *heap, int64_t *time_ps)
{
    if (heap->n == 0)
        return false;
    *time_ps = heap->event[0].time_ps;
    return true;
}
