/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Allocators that lay a sequence's KV cache into one piece of an arena. Addresses and lengths are
 * whole units; in the engine a unit is a KV block. Paged memory needs none of them: there any free
 * block serves, so that sim/kv.h counts. */
#ifndef SIM_MEMORY_ALLOCATOR_H
#define SIM_MEMORY_ALLOCATOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sim_segment {
    uint64_t start, units;
};

/* What an arena looks like at a time. */
struct sim_fragmentation {
    uint64_t total;        /* units */
    uint64_t held;         /* given out, what rounding adds included */
    uint64_t extent;       /* up to the end of the last segment */
    uint64_t largest_hole; /* that a segment could take */
    uint64_t segments;     /* given out */
    uint64_t holes;        /* below the extent, neighbours joined where the allocator joins them */
};

struct sim_allocator_class {
    /* `piece`: units of every segment, for allocators of equal ones. */
    void *(*create)(uint64_t total, uint64_t piece);
    void (*destroy)(void *state);
    /* Units that a segment of `units` would hold; more than the arena has when it never fits. */
    uint64_t (*rounded)(const void *state, uint64_t units);
    /* The lowest place for `units` >= 1; false where there is none. */
    bool (*find)(const void *state, uint64_t units, struct sim_segment *out);
    /* Takes what find told last, with nothing between. */
    void (*take)(void *state, const struct sim_segment *segment);
    void (*give)(void *state, const struct sim_segment *segment);
    void (*measure)(const void *state, struct sim_fragmentation *out);
};
/* Equal reservations, one beside the other (as servers of before paging keep them). */
extern const struct sim_allocator_class sim_contiguous;
/* Sizes are powers of two; a piece is halved until it fits, and halves join again as soon as both
 * are free (Knowlton, Communications of the ACM 8, 1965). An arena that is no power of two is
 * several of them. */
extern const struct sim_allocator_class sim_buddy;
/* The first hole in order of address that is long enough; neighbouring holes join at once (Knuth,
 * The Art of Computer Programming 1, section 2.5, algorithms A and B). */
extern const struct sim_allocator_class sim_first_fit;

struct sim_allocator {
    const struct sim_allocator_class *class;
    void *state;
    uint64_t total, held, segments; /* units, units, number */
};

/* The caller frees it with sim_allocator_free. `piece` >= 1. */
void sim_allocator_init(struct sim_allocator *allocator, const struct sim_allocator_class *class,
                        uint64_t total, uint64_t piece);
void sim_allocator_free(struct sim_allocator *allocator);
/* Whether an empty arena has a place for `units`. */
bool sim_allocator_fits(const struct sim_allocator *allocator, uint64_t units);
/* Whether there is a place now. */
bool sim_allocator_has_room(const struct sim_allocator *allocator, uint64_t units);
/* False, and nothing taken, when there is no place. *out holds at least `units` >= 1. */
bool sim_allocator_take(struct sim_allocator *allocator, uint64_t units, struct sim_segment *out);
/* A segment as it was taken. */
void sim_allocator_give(struct sim_allocator *allocator, const struct sim_segment *segment);
struct sim_fragmentation sim_allocator_measure(const struct sim_allocator *allocator);

/* Words that the best allocator needs for any sequence of requests with at most `live` words in use
 * and pieces of 1, 2, 4 ... `largest` words (Robson, Journal of the ACM 18, 1971, for `largest` a
 * power of two). */
double sim_robson_words(double live, double largest);
/* Share of the memory that holes take when there is one for two segments (the fifty-per-cent rule)
 * and a hole is `ratio` times as long as a segment (Knuth, section 2.5). */
double sim_fifty_per_cent_unused(double ratio);

#endif
