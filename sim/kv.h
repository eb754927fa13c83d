/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The KV cache. Blocks that hold tokens are counted, whole ones, whatever the allocator. Paged
 * memory gives them out as tokens come. The other allocators reserve one piece for a request when
 * it is admitted, for all the tokens that it will hold, so that its blocks are always there. */
#ifndef SIM_KV_H
#define SIM_KV_H

#include "sim/memory/allocator.h"

enum sim_kv_allocator { SIM_KV_PAGED, SIM_KV_CONTIGUOUS, SIM_KV_BUDDY, SIM_KV_FIRST_FIT };

struct sim_kv {
    uint64_t block_tokens;
    unsigned halvings;                 /* log2 of block_tokens; 64 where that is no power of two */
    uint64_t total, free, fewest_free; /* blocks */
    enum sim_kv_allocator allocator;
    struct sim_allocator pieces; /* what is reserved, but for paged memory */
    uint64_t occupied;           /* blocks lost to others: used ones, reservations, holes */
};

/* Tokens of a request's cache. */
struct sim_kv_need {
    uint64_t now, most; /* most: when it ends */
};

/* Paged. */
void sim_kv_init(struct sim_kv *kv, uint64_t blocks, uint64_t block_tokens);
/* Another allocator for an empty cache. `slot_tokens`: what contiguous memory reserves for each
 * request, at most all of the cache. The caller frees with sim_kv_free. */
void sim_kv_reserve_by(struct sim_kv *kv, enum sim_kv_allocator allocator, uint64_t slot_tokens);
/* Another number of blocks: none fewer than are taken, and none taken where pieces are reserved. */
void sim_kv_resize(struct sim_kv *kv, uint64_t blocks, uint64_t slot_tokens);
void sim_kv_free(struct sim_kv *kv);

/* Blocks that hold `tokens` tokens. */
static inline uint64_t sim_kv_blocks(const struct sim_kv *kv, uint64_t tokens)
{
    uint64_t up = tokens + kv->block_tokens - 1;
    return kv->halvings < 64 ? up >> kv->halvings : up / kv->block_tokens;
}
/* False, and nothing taken, when fewer are free. */
bool sim_kv_take(struct sim_kv *kv, uint64_t blocks);
void sim_kv_give(struct sim_kv *kv, uint64_t blocks);

/* Whether an empty cache has a place for a request of so many tokens. */
bool sim_kv_fits(const struct sim_kv *kv, uint64_t tokens);
bool sim_kv_admits(const struct sim_kv *kv, const struct sim_kv_need *need);
/* Takes the blocks of need->now, and the piece of need->most: only after sim_kv_admits. */
void sim_kv_enter(struct sim_kv *kv, const struct sim_kv_need *need, struct sim_segment *piece);
/* Gives back `tokens` tokens' blocks and the piece. */
void sim_kv_leave(struct sim_kv *kv, uint64_t tokens, const struct sim_segment *piece);
/* Blocks that others cannot have: 1 - used/occupied is the fragmentation. */
uint64_t sim_kv_occupied(const struct sim_kv *kv);

#endif
