/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Allocators against a map of every unit, over random sequences: nothing is given out twice, a
 * place is found where there is one, the lowest first, and all comes back. */
#include "base/stream.h"
#include "sim/memory/allocator.h"
#include "tests/check.h"

#include <string.h>

enum { MOST = 300, STEPS = 4000, CASES = 40 };

struct shadow {
    const struct sim_allocator_class *class;
    struct sim_allocator allocator;
    struct stream stream;
    uint64_t total, piece;
    bool taken[MOST];
    struct sim_segment segment[MOST];
    size_t n;
};

static uint64_t power_of_two(uint64_t units)
{
    uint64_t power = 1;
    while (power < units)
        power *= 2;
    return power;
}

static uint64_t wanted(const struct shadow *s, uint64_t units)
{
    if (s->class == &sim_first_fit)
        return units;
    return s->class == &sim_buddy ? power_of_two(units) : s->piece;
}

/* The lowest place by the map alone. Buddies need one that is a multiple of its size. */
static bool lowest(const struct shadow *s, uint64_t units, uint64_t *start)
{
    uint64_t length = wanted(s, units), step = s->class == &sim_first_fit ? 1 : length;
    if (s->class == &sim_contiguous && units > s->piece)
        return false;
    for (*start = 0; *start + length <= s->total; *start += step)
        if (!memchr(s->taken + *start, true, length))
            return true;
    return false;
}

static void take(struct shadow *s)
{
    uint64_t start, units = 1 + stream_below(&s->stream, (uint32_t)(s->total / 3 + 1));
    struct sim_segment got = {0};
    bool there = lowest(s, units, &start);
    CHECK(sim_allocator_has_room(&s->allocator, units) == there);
    if (!CHECK(sim_allocator_take(&s->allocator, units, &got) == there) || !there)
        return;
    CHECK(got.units == wanted(s, units) && got.start + got.units <= s->total);
    CHECK(!memchr(s->taken + got.start, true, got.units));
    /* Buddies halve the smallest piece that is large enough, which need not lie lowest. */
    CHECK(s->class == &sim_buddy ? got.start % got.units == 0 : got.start == start);
    memset(s->taken + got.start, true, got.units);
    s->segment[s->n++] = got;
}

static void give(struct shadow *s)
{
    size_t i = stream_below(&s->stream, (uint32_t)s->n);
    memset(s->taken + s->segment[i].start, false, s->segment[i].units);
    sim_allocator_give(&s->allocator, &s->segment[i]);
    s->segment[i] = s->segment[--s->n];
}

static void check_statistics(const struct shadow *s)
{
    struct sim_fragmentation found = sim_allocator_measure(&s->allocator);
    uint64_t held = 0, extent = 0, holes = 0, longest = 0, run = 0;
    for (uint64_t i = 0; i < s->total; i++) {
        held += s->taken[i];
        run = s->taken[i] ? 0 : run + 1;
        longest = run > longest ? run : longest;
        extent = s->taken[i] ? i + 1 : extent;
        holes += s->taken[i] && i > 0 && !s->taken[i - 1];
    }
    CHECK(found.total == s->total && found.held == held && found.segments == s->n);
    CHECK(found.extent == extent && found.largest_hole <= longest);
    if (s->class == &sim_first_fit)
        CHECK(found.largest_hole == longest && found.holes == holes);
    else
        CHECK(found.holes >= holes);
}

static void check_sequence(const struct sim_allocator_class *class, uint64_t seed)
{
    struct shadow s = {.class = class, .stream = stream_open(seed, STREAM_TEST, 0, 0)};
    s.total = 1 + stream_below(&s.stream, MOST);
    s.piece = 1 + stream_below(&s.stream, (uint32_t)s.total);
    sim_allocator_init(&s.allocator, class, s.total, s.piece);
    struct sim_fragmentation before = sim_allocator_measure(&s.allocator);
    CHECK(before.held == 0 && before.extent == 0 && before.holes == 0);
    for (int i = 0; i < STEPS; i++) {
        if (s.n > 0 && stream_below(&s.stream, 2))
            give(&s);
        else
            take(&s);
        if (i % 16 == 0)
            check_statistics(&s);
    }
    while (s.n > 0)
        give(&s);
    struct sim_fragmentation after = sim_allocator_measure(&s.allocator);
    CHECK(after.held == 0 && after.segments == 0 && after.extent == 0 && after.holes == 0);
    CHECK(after.largest_hole == before.largest_hole);
    for (uint64_t units = 1; units <= s.total; units++)
        CHECK(sim_allocator_fits(&s.allocator, units) ==
              sim_allocator_has_room(&s.allocator, units));
    sim_allocator_free(&s.allocator);
}

int main(void)
{
    for (uint64_t seed = 1; seed <= CASES; seed++) {
        check_sequence(&sim_contiguous, seed);
        check_sequence(&sim_buddy, seed);
        check_sequence(&sim_first_fit, seed);
    }
    return check_result();
}
