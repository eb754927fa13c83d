/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Event list: a 4-ary heap with the total order (time, priority, sequence). Cancelling is lazy:
 * the subject's generation differs from the event's when it is popped. */
#ifndef BASE_HEAP_H
#define BASE_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct heap_event {
    int64_t time_ps;
    uint64_t order; /* priority in the top 8 bits, insertion number below */
    uint32_t subject;
    uint16_t generation;
    uint16_t kind;
};

struct heap {
    struct heap_event *event;
    size_t n, capacity;
    uint64_t inserted;
};

void heap_init(struct heap *heap);
void heap_free(struct heap *heap);
/* Lower priority numbers come first among events of one time. */
void heap_push(struct heap *heap, int64_t time_ps, uint8_t priority, uint16_t kind,
               uint32_t subject, uint16_t generation);
bool heap_pop(struct heap *heap, struct heap_event *out); /* false when empty */
bool heap_peek(const struct heap *heap, int64_t *time_ps);

#endif
