/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The pool of KV blocks: paged, whole blocks, given out and back by count. */
#ifndef SIM_KV_H
#define SIM_KV_H

#include <stdbool.h>
#include <stdint.h>

struct sim_kv {
    uint64_t block_tokens;
    uint64_t total, free, fewest_free; /* blocks */
};

void sim_kv_init(struct sim_kv *kv, uint64_t blocks, uint64_t block_tokens);
/* Blocks that hold `tokens` tokens. */
uint64_t sim_kv_blocks(const struct sim_kv *kv, uint64_t tokens);
/* False, and nothing taken, when fewer are free. */
bool sim_kv_take(struct sim_kv *kv, uint64_t blocks);
void sim_kv_give(struct sim_kv *kv, uint64_t blocks);

#endif
