/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The prefix cache: which full blocks of the KV cache hold which tokens, so that a prompt that
 * begins like an earlier one need not be computed again. Kept blocks that nobody uses any more are
 * idle; they are free for others, the longest unused first. */
#ifndef SIM_PREFIX_H
#define SIM_PREFIX_H

#include "workloads/workload.h"

/* What a request's blocks hold: a chain of keys, one for each id of the workload. What the workload
 * does not tell is the request's own. */
struct sim_known {
    uint64_t *chain; /* (n) key of all ids so far */
    size_t n, capacity;
    uint64_t block_tokens, tokens; /* of an id; told by all ids */
    uint64_t own;                  /* key of the tokens after those; 0: they are not known */
};

struct sim_prefix_block; /* one that is kept */

struct sim_prefix {
    bool on;
    uint64_t block_tokens;          /* of the KV cache */
    struct sim_prefix_block *block; /* (n_blocks) */
    uint32_t *bucket;               /* (n_buckets) first of a chain, or none */
    size_t n_blocks, capacity, n_buckets;
    uint32_t vacant, oldest, newest; /* lists of unused slots and of idle blocks */
    uint64_t idle;                   /* blocks that nobody uses */
    uint64_t evicted;                /* blocks, over all time */
};

/* Off: nothing is ever found. The caller frees with sim_prefix_free. */
void sim_prefix_init(struct sim_prefix *prefix, bool on, uint64_t block_tokens);
void sim_prefix_free(struct sim_prefix *prefix);

/* Keeps what the workload tells of a request; reuses the array. */
void sim_known_set(struct sim_known *known, const struct workload_known *told);
/* What follows is like no other request's, but the request itself finds it again when it was
 * preempted. Call it after sim_known_set. */
void sim_known_own(struct sim_known *known, uint64_t request);
/* Full KV blocks among the first `tokens` tokens whose content is known. */
uint64_t sim_prefix_full(const struct sim_prefix *prefix, const struct sim_known *known,
                         uint64_t tokens);

/* How many of the first `most` blocks are kept; *idle: those of them that nobody uses. */
uint64_t sim_prefix_find(const struct sim_prefix *prefix, const struct sim_known *known,
                         uint64_t most, uint64_t *idle);
/* What came of using a block: it was idle, others use it as well, or nobody had kept it and it is
 * the caller's that is kept now. */
enum sim_prefix_use { SIM_PREFIX_WAS_IDLE, SIM_PREFIX_SHARED, SIM_PREFIX_NEW };
/* Block number i of a request gets a user more. */
enum sim_prefix_use sim_prefix_use(struct sim_prefix *prefix, const struct sim_known *known,
                                   uint64_t i);
/* One user less; true when the block became idle. */
bool sim_prefix_leave(struct sim_prefix *prefix, const struct sim_known *known, uint64_t i);
/* Forgets the longest unused blocks until at most `most` are idle. */
void sim_prefix_trim(struct sim_prefix *prefix, uint64_t most);

#endif
