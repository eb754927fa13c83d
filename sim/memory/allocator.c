/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/memory/allocator.h"

#include <assert.h>
#include <math.h>

void sim_allocator_init(struct sim_allocator *allocator, const struct sim_allocator_class *class,
                        uint64_t total, uint64_t piece)
{
    *allocator = (struct sim_allocator){
        .class = class, .state = class->create(total, piece), .total = total};
}

void sim_allocator_free(struct sim_allocator *allocator)
{
    if (allocator->class)
        allocator->class->destroy(allocator->state);
    *allocator = (struct sim_allocator){0};
}

bool sim_allocator_fits(const struct sim_allocator *allocator, uint64_t units)
{
    return allocator->class->rounded(allocator->state, units) <= allocator->total;
}

bool sim_allocator_has_room(const struct sim_allocator *allocator, uint64_t units)
{
    struct sim_segment place;
    return allocator->class->find(allocator->state, units, &place);
}

bool sim_allocator_take(struct sim_allocator *allocator, uint64_t units, struct sim_segment *out)
{
    if (!allocator->class->find(allocator->state, units, out))
        return false;
    allocator->class->take(allocator->state, out);
    allocator->held += out->units;
    allocator->segments++;
    return true;
}

void sim_allocator_give(struct sim_allocator *allocator, const struct sim_segment *segment)
{
    assert(allocator->segments > 0 && allocator->held >= segment->units);
    allocator->class->give(allocator->state, segment);
    allocator->held -= segment->units;
    allocator->segments--;
}

struct sim_fragmentation sim_allocator_measure(const struct sim_allocator *allocator)
{
    struct sim_fragmentation out = {
        .total = allocator->total, .held = allocator->held, .segments = allocator->segments};
    allocator->class->measure(allocator->state, &out);
    return out;
}

double sim_robson_words(double live, double largest)
{
    return live * (0.5 * log2(largest) + 1) - largest + 1;
}

double sim_fifty_per_cent_unused(double ratio)
{
    return ratio / (ratio + 2);
}
