/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/prefix.h"

#include "base/memory.h"

#include <assert.h>
#include <stdlib.h>

#define NONE UINT32_MAX

struct sim_prefix_block {
    uint64_t key;
    uint32_t users;
    uint32_t next;         /* in its bucket, or among the vacant */
    uint32_t older, newer; /* among the idle */
};

/* Scatters all bits: the finalizer of SplitMix64 (Steele, Lea and Flood, "Fast splittable
 * pseudorandom number generators", OOPSLA 2014). */
static uint64_t scatter(uint64_t x)
{
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

/* The key of what `after` stands for, followed by `id`. */
static uint64_t follow(uint64_t after, uint64_t id)
{
    return scatter(scatter(after + UINT64_C(0x9e3779b97f4a7c15)) ^ id);
}

void sim_prefix_init(struct sim_prefix *prefix, bool on, uint64_t block_tokens)
{
    *prefix = (struct sim_prefix){
        .on = on, .block_tokens = block_tokens, .vacant = NONE, .oldest = NONE, .newest = NONE};
}

void sim_prefix_free(struct sim_prefix *prefix)
{
    free(prefix->block);
    free(prefix->bucket);
    sim_prefix_init(prefix, false, prefix->block_tokens);
}

void sim_known_set(struct sim_known *known, const struct workload_known *told)
{
    known->chain = mem_grow(known->chain, &known->capacity, told->n_ids, sizeof *known->chain);
    known->n = told->n_ids;
    known->block_tokens = told->block_tokens;
    known->tokens = told->n_ids > 0 ? told->tokens : 0;
    uint64_t key = 0;
    for (size_t i = 0; i < told->n_ids; i++)
        known->chain[i] = key = follow(key, told->id[i]);
    known->own = 0;
}

void sim_known_own(struct sim_known *known, uint64_t request)
{
    static const uint64_t own = UINT64_C(0x6f776e20746f6b65); /* an id that no workload has */
    known->own = follow(follow(known->n > 0 ? known->chain[known->n - 1] : 0, own), request);
}

uint64_t sim_prefix_full(const struct sim_prefix *prefix, const struct sim_known *known,
                         uint64_t tokens)
{
    bool all = known->own != 0 || tokens < known->tokens;
    return (all ? tokens : known->tokens) / prefix->block_tokens;
}

/* A block is known by all ids up to the one that tells its last token, and by its place: several
 * blocks may lie in what one id tells. */
static uint64_t key_of(const struct sim_prefix *prefix, const struct sim_known *known, uint64_t i)
{
    uint64_t last_token = (i + 1) * prefix->block_tokens - 1;
    if (known->own != 0 && last_token >= known->tokens)
        return follow(known->own, i);
    uint64_t last = last_token / known->block_tokens;
    return follow(known->chain[last < known->n ? last : known->n - 1], i);
}

static uint32_t *bucket_of(const struct sim_prefix *prefix, uint64_t key)
{
    return &prefix->bucket[key & (prefix->n_buckets - 1)];
}

static uint32_t find_key(const struct sim_prefix *prefix, uint64_t key)
{
    if (prefix->n_buckets == 0)
        return NONE;
    uint32_t at = *bucket_of(prefix, key);
    while (at != NONE && prefix->block[at].key != key)
        at = prefix->block[at].next;
    return at;
}

uint64_t sim_prefix_find(const struct sim_prefix *prefix, const struct sim_known *known,
                         uint64_t most, uint64_t *idle)
{
    uint64_t n = 0;
    *idle = 0;
    for (; n < most; n++) {
        uint32_t at = find_key(prefix, key_of(prefix, known, n));
        if (at == NONE)
            break;
        *idle += prefix->block[at].users == 0;
    }
    return n;
}

static void put_in_bucket(struct sim_prefix *prefix, uint32_t at)
{
    uint32_t *bucket = bucket_of(prefix, prefix->block[at].key);
    prefix->block[at].next = *bucket;
    *bucket = at;
}

/* Twice as many buckets; there are no vacant slots then, so all blocks are in use. */
static void widen(struct sim_prefix *prefix)
{
    enum { FEWEST = 1024 };
    prefix->n_buckets = prefix->n_buckets ? 2 * prefix->n_buckets : FEWEST;
    prefix->bucket = mem_realloc(prefix->bucket, prefix->n_buckets, sizeof *prefix->bucket);
    for (size_t i = 0; i < prefix->n_buckets; i++)
        prefix->bucket[i] = NONE;
    for (size_t i = 0; i < prefix->n_blocks; i++)
        put_in_bucket(prefix, (uint32_t)i);
}

static uint32_t new_block(struct sim_prefix *prefix)
{
    uint32_t at = prefix->vacant;
    if (at != NONE) {
        prefix->vacant = prefix->block[at].next;
        return at;
    }
    if (prefix->n_blocks == prefix->n_buckets)
        widen(prefix);
    prefix->block =
        mem_grow(prefix->block, &prefix->capacity, prefix->n_blocks + 1, sizeof *prefix->block);
    return (uint32_t)prefix->n_blocks++;
}

static void unlink_idle(struct sim_prefix *prefix, const struct sim_prefix_block *block)
{
    if (block->older == NONE)
        prefix->oldest = block->newer;
    else
        prefix->block[block->older].newer = block->newer;
    if (block->newer == NONE)
        prefix->newest = block->older;
    else
        prefix->block[block->newer].older = block->older;
    prefix->idle--;
}

enum sim_prefix_use sim_prefix_use(struct sim_prefix *prefix, const struct sim_known *known,
                                   uint64_t i)
{
    uint64_t key = key_of(prefix, known, i);
    uint32_t at = find_key(prefix, key);
    if (at == NONE) {
        at = new_block(prefix);
        prefix->block[at] = (struct sim_prefix_block){.key = key, .users = 1};
        put_in_bucket(prefix, at);
        return SIM_PREFIX_NEW;
    }
    struct sim_prefix_block *block = &prefix->block[at];
    bool idle = block->users++ == 0;
    if (idle)
        unlink_idle(prefix, block);
    return idle ? SIM_PREFIX_WAS_IDLE : SIM_PREFIX_SHARED;
}

bool sim_prefix_leave(struct sim_prefix *prefix, const struct sim_known *known, uint64_t i)
{
    uint32_t at = find_key(prefix, key_of(prefix, known, i));
    assert(at != NONE && prefix->block[at].users > 0);
    struct sim_prefix_block *block = &prefix->block[at];
    if (--block->users > 0)
        return false;
    block->older = prefix->newest;
    block->newer = NONE;
    if (prefix->newest == NONE)
        prefix->oldest = at;
    else
        prefix->block[prefix->newest].newer = at;
    prefix->newest = at;
    prefix->idle++;
    return true;
}

static void evict_oldest(struct sim_prefix *prefix)
{
    uint32_t at = prefix->oldest;
    struct sim_prefix_block *block = &prefix->block[at];
    unlink_idle(prefix, block);
    uint32_t *link = bucket_of(prefix, block->key);
    while (*link != at)
        link = &prefix->block[*link].next;
    *link = block->next;
    block->next = prefix->vacant;
    prefix->vacant = at;
    prefix->evicted++;
}

void sim_prefix_trim(struct sim_prefix *prefix, uint64_t most)
{
    while (prefix->idle > most)
        evict_oldest(prefix);
}
