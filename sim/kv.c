/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/kv.h"

#include <assert.h>

static unsigned halvings_of(uint64_t number)
{
    unsigned halvings = 0;
    if ((number & (number - 1)) != 0)
        return 64;
    while (number >> halvings > 1)
        halvings++;
    return halvings;
}

void sim_kv_init(struct sim_kv *kv, uint64_t blocks, uint64_t block_tokens)
{
    *kv = (struct sim_kv){.block_tokens = block_tokens,
                          .halvings = halvings_of(block_tokens),
                          .total = blocks,
                          .free = blocks,
                          .fewest_free = blocks};
}

void sim_kv_reserve_by(struct sim_kv *kv, enum sim_kv_allocator allocator, uint64_t slot_tokens)
{
    static const struct sim_allocator_class *const classes[] = {
        [SIM_KV_CONTIGUOUS] = &sim_contiguous,
        [SIM_KV_BUDDY] = &sim_buddy,
        [SIM_KV_FIRST_FIT] = &sim_first_fit,
    };
    kv->allocator = allocator;
    if (allocator == SIM_KV_PAGED)
        return;
    uint64_t slot = sim_kv_blocks(kv, slot_tokens);
    slot = slot < kv->total ? slot : kv->total;
    sim_allocator_init(&kv->pieces, classes[allocator], kv->total, slot > 0 ? slot : 1);
}

void sim_kv_resize(struct sim_kv *kv, uint64_t blocks, uint64_t slot_tokens)
{
    uint64_t used = kv->total - kv->free;
    assert(used <= blocks && (kv->allocator == SIM_KV_PAGED || used == 0));
    kv->total = blocks;
    kv->free = blocks - used;
    if (kv->allocator == SIM_KV_PAGED)
        return;
    sim_allocator_free(&kv->pieces);
    sim_kv_reserve_by(kv, kv->allocator, slot_tokens);
    kv->occupied = 0;
}

void sim_kv_free(struct sim_kv *kv)
{
    sim_allocator_free(&kv->pieces);
}

bool sim_kv_take(struct sim_kv *kv, uint64_t blocks)
{
    if (blocks > kv->free)
        return false;
    kv->free -= blocks;
    if (kv->free < kv->fewest_free)
        kv->fewest_free = kv->free;
    return true;
}

void sim_kv_give(struct sim_kv *kv, uint64_t blocks)
{
    assert(kv->free + blocks <= kv->total);
    kv->free += blocks;
}

/* The piece of a request: at least one block, also for a prompt and answer of a token each. */
static uint64_t piece_of(const struct sim_kv *kv, uint64_t tokens)
{
    return sim_kv_blocks(kv, tokens > 0 ? tokens : 1);
}

bool sim_kv_fits(const struct sim_kv *kv, uint64_t tokens)
{
    if (kv->allocator == SIM_KV_PAGED)
        return sim_kv_blocks(kv, tokens) <= kv->total;
    return sim_allocator_fits(&kv->pieces, piece_of(kv, tokens));
}

bool sim_kv_admits(const struct sim_kv *kv, const struct sim_kv_need *need)
{
    if (kv->allocator == SIM_KV_PAGED)
        return sim_kv_blocks(kv, need->now) <= kv->free;
    return sim_allocator_has_room(&kv->pieces, piece_of(kv, need->most));
}

/* First fit leaves holes below its last piece; the others can use what they do not hold. */
static void count_pieces(struct sim_kv *kv)
{
    kv->occupied = kv->allocator == SIM_KV_FIRST_FIT ? sim_allocator_measure(&kv->pieces).extent
                                                     : kv->pieces.held;
}

void sim_kv_enter(struct sim_kv *kv, const struct sim_kv_need *need, struct sim_segment *piece)
{
    bool taken = sim_kv_take(kv, sim_kv_blocks(kv, need->now));
    if (kv->allocator != SIM_KV_PAGED) {
        taken = taken && sim_allocator_take(&kv->pieces, piece_of(kv, need->most), piece);
        count_pieces(kv);
    }
    assert(taken);
    (void)taken;
}

void sim_kv_leave(struct sim_kv *kv, uint64_t tokens, const struct sim_segment *piece)
{
    sim_kv_give(kv, sim_kv_blocks(kv, tokens));
    if (kv->allocator == SIM_KV_PAGED)
        return;
    sim_allocator_give(&kv->pieces, piece);
    count_pieces(kv);
}

uint64_t sim_kv_occupied(const struct sim_kv *kv)
{
    return kv->allocator == SIM_KV_PAGED ? kv->total - kv->free : kv->occupied;
}
