/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whatever is pushed and popped in between, events come out by time, priority and age. */
#include "base/heap.h"
#include "base/stream.h"
#include "tests/check.h"

static bool comes_before(const struct heap_event *a, const struct heap_event *b)
{
    return a->time_ps < b->time_ps || (a->time_ps == b->time_ps && a->order < b->order);
}

static void push_some(struct heap *heap, struct stream *stream, int64_t from_ps, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        heap_push(heap, from_ps + stream_below(stream, 50), (uint8_t)stream_below(stream, 3), 0, i,
                  0);
}

/* The hold model: times pushed are never before the last time popped. */
static bool stays_sorted(uint64_t seed)
{
    struct stream stream = stream_open(seed, STREAM_TEST, 0, 0);
    struct heap heap;
    struct heap_event last = {0}, event;
    size_t pushed = 0, popped = 0;
    bool ok = true;
    heap_init(&heap);
    for (int step = 0; step < 60 && ok; step++) {
        uint32_t n = stream_below(&stream, 8);
        /* One more than the last time, so that a tie's priority cannot lie in the past. */
        push_some(&heap, &stream, last.time_ps + 1, n);
        pushed += n;
        for (n = stream_below(&stream, 8); n > 0 && heap_pop(&heap, &event); n--) {
            ok = ok && (popped == 0 || comes_before(&last, &event));
            last = event;
            popped++;
        }
    }
    while (ok && heap_pop(&heap, &event)) {
        ok = popped == 0 || comes_before(&last, &event);
        last = event;
        popped++;
    }
    heap_free(&heap);
    return ok && pushed == popped;
}

int main(void)
{
    for (uint64_t seed = 0; seed < 1000; seed++) {
        if (!CHECK(stays_sorted(seed))) {
            fprintf(stderr, "    seed %llu\n", (unsigned long long)seed);
            break;
        }
    }
    return check_result();
}
