/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/memory.h"
#include "sim/memory/allocator.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { ORDERS = 64 };

/* Free pieces of 2^order units, by address. */
struct shelf {
    uint64_t *start; /* (n) rising */
    size_t n, capacity;
};

struct buddies {
    uint64_t total;
    struct shelf shelf[ORDERS];
};

/* The least order with 2^order >= units; units in 1 ... 2^63. */
static unsigned order_of(uint64_t units)
{
    unsigned order = 0;
    while (((uint64_t)1 << order) < units)
        order++;
    return order;
}

/* Where `start` is on a shelf, or belongs. */
static size_t place_on(const struct shelf *shelf, uint64_t start)
{
    size_t low = 0, high = shelf->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (shelf->start[middle] < start)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void put(struct shelf *shelf, uint64_t start)
{
    size_t at = place_on(shelf, start);
    shelf->start = mem_grow(shelf->start, &shelf->capacity, shelf->n + 1, sizeof start);
    memmove(shelf->start + at + 1, shelf->start + at, (shelf->n - at) * sizeof start);
    shelf->start[at] = start;
    shelf->n++;
}

/* False when it is not there. */
static bool pull(struct shelf *shelf, uint64_t start)
{
    size_t at = place_on(shelf, start);
    if (at == shelf->n || shelf->start[at] != start)
        return false;
    shelf->n--;
    memmove(shelf->start + at, shelf->start + at + 1, (shelf->n - at) * sizeof start);
    return true;
}

/* The binary digits of the total, largest first: each piece lies at a multiple of its size. */
static void *create(uint64_t total, uint64_t piece)
{
    (void)piece;
    struct buddies *buddies = mem_calloc(1, sizeof *buddies);
    buddies->total = total;
    uint64_t start = 0;
    for (unsigned order = ORDERS; order-- > 0;)
        if (total >> order & 1) {
            put(&buddies->shelf[order], start);
            start += (uint64_t)1 << order;
        }
    return buddies;
}

static void destroy(void *state)
{
    struct buddies *buddies = state;
    for (size_t order = 0; order < ORDERS; order++)
        free(buddies->shelf[order].start);
    free(buddies);
}

static uint64_t rounded(const void *state, uint64_t units)
{
    (void)state;
    return (uint64_t)1 << order_of(units);
}

/* The smallest piece that is large enough: an order >= the wanted one, ORDERS without. */
static unsigned source_of(const struct buddies *buddies, unsigned order)
{
    while (order < ORDERS && buddies->shelf[order].n == 0)
        order++;
    return order;
}

static bool find(const void *state, uint64_t units, struct sim_segment *out)
{
    const struct buddies *buddies = state;
    if (units > buddies->total)
        return false;
    unsigned wanted = order_of(units), source = source_of(buddies, wanted);
    if (source == ORDERS)
        return false;
    *out = (struct sim_segment){buddies->shelf[source].start[0], (uint64_t)1 << wanted};
    return true;
}

static void take(void *state, const struct sim_segment *segment)
{
    struct buddies *buddies = state;
    unsigned wanted = order_of(segment->units), source = source_of(buddies, wanted);
    bool there = pull(&buddies->shelf[source], segment->start);
    assert(there);
    (void)there;
    while (source-- > wanted)
        put(&buddies->shelf[source], segment->start + ((uint64_t)1 << source));
}

static void give(void *state, const struct sim_segment *segment)
{
    struct buddies *buddies = state;
    unsigned order = order_of(segment->units);
    uint64_t start = segment->start;
    while (pull(&buddies->shelf[order], start ^ (uint64_t)1 << order)) {
        start &= ~((uint64_t)1 << order);
        order++;
    }
    put(&buddies->shelf[order], start);
}

/* Draws the extent back over a free piece that ends there; false when there is none. */
static bool draw_back(const struct buddies *buddies, uint64_t *extent)
{
    for (unsigned order = 0; order < ORDERS; order++) {
        const struct shelf *shelf = &buddies->shelf[order];
        uint64_t units = (uint64_t)1 << order;
        size_t at = *extent >= units ? place_on(shelf, *extent - units) : shelf->n;
        if (at < shelf->n && shelf->start[at] == *extent - units) {
            *extent -= units;
            return true;
        }
    }
    return false;
}

static void measure(const void *state, struct sim_fragmentation *out)
{
    const struct buddies *buddies = state;
    out->extent = buddies->total;
    for (unsigned order = 0; order < ORDERS; order++) {
        out->holes += buddies->shelf[order].n;
        if (buddies->shelf[order].n > 0)
            out->largest_hole = (uint64_t)1 << order;
    }
    while (draw_back(buddies, &out->extent))
        out->holes--;
}

const struct sim_allocator_class sim_buddy = {create, destroy, rounded, find, take, give, measure};
