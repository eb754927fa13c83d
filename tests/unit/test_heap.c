/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/heap.h"
#include "tests/check.h"

/* Times with ties, pushed out of order: time first, then priority, then who came first. */
static void test_order(void)
{
    static const struct {
        int64_t time_ps;
        uint8_t priority;
    } pushed[] = {{5, 1}, {3, 2}, {5, 0}, {3, 2}, {-1, 9}, {5, 1}, {3, 1}, {INT64_MAX, 0}};
    static const uint32_t want[] = {4, 6, 1, 3, 2, 0, 5, 7};
    enum { N = sizeof pushed / sizeof *pushed };
    struct heap heap;
    heap_init(&heap);
    for (uint32_t i = 0; i < N; i++)
        heap_push(&heap, pushed[i].time_ps, pushed[i].priority, (uint16_t)(100 + i), i, 7);
    struct heap_event event;
    for (size_t i = 0; i < N; i++) {
        int64_t next_ps = 0;
        CHECK(heap_peek(&heap, &next_ps) && next_ps == pushed[want[i]].time_ps);
        CHECK(heap_pop(&heap, &event) && event.subject == want[i]);
        CHECK(event.kind == 100 + want[i] && event.generation == 7);
    }
    int64_t time_ps;
    CHECK(!heap_pop(&heap, &event) && !heap_peek(&heap, &time_ps));
    heap_free(&heap);
}

int main(void)
{
    test_order();
    CHECK(sizeof(struct heap_event) == 24);
    return check_result();
}
