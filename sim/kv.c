/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/kv.h"

#include <assert.h>

void sim_kv_init(struct sim_kv *kv, uint64_t blocks, uint64_t block_tokens)
{
    *kv = (struct sim_kv){block_tokens, blocks, blocks, blocks};
}

uint64_t sim_kv_blocks(const struct sim_kv *kv, uint64_t tokens)
{
    return (tokens + kv->block_tokens - 1) / kv->block_tokens;
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
