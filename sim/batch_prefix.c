/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/batch_prefix.h"

#include "base/memory.h"

#include <string.h>

void sim_batch_prefix_know(struct sim_batch *batch, uint32_t slot,
                           const struct workload_known *told)
{
    if (!batch->prefix.on)
        return;
    size_t before = batch->known_capacity;
    batch->known = mem_grow(batch->known, &batch->known_capacity, slot + 1, sizeof *batch->known);
    memset(batch->known + before, 0, (batch->known_capacity - before) * sizeof *batch->known);
    sim_known_set(&batch->known[slot], told);
    sim_known_own(&batch->known[slot], batch->job[slot].request.id);
}

uint64_t sim_batch_prefix_found(const struct sim_batch *batch, uint32_t slot, uint64_t *idle)
{
    *idle = 0;
    if (!batch->prefix.on || batch->job[slot].target == 0)
        return 0;
    const struct sim_known *known = &batch->known[slot];
    uint64_t most = sim_prefix_full(&batch->prefix, known, batch->job[slot].target - 1);
    return sim_prefix_find(&batch->prefix, known, most, idle);
}

bool sim_batch_prefix_room(const struct sim_batch *batch, uint32_t slot)
{
    uint64_t idle, found = sim_batch_prefix_found(batch, slot, &idle);
    return sim_kv_blocks(&batch->kv, batch->job[slot].target) - found + idle <= batch->kv.free;
}

void sim_batch_prefix_enter(struct sim_batch *batch, uint32_t slot, uint64_t found)
{
    struct sim_job *job = &batch->job[slot];
    uint64_t idle = 0;
    for (uint64_t i = 0; i < found; i++)
        idle += sim_prefix_use(&batch->prefix, &batch->known[slot], i) == SIM_PREFIX_WAS_IDLE;
    sim_kv_take(&batch->kv, idle);
    job->held = found;
    job->computed = found * batch->kv.block_tokens;
}

void sim_batch_prefix_keep(struct sim_batch *batch, uint32_t slot, uint64_t tokens)
{
    if (!batch->prefix.on)
        return;
    struct sim_job *job = &batch->job[slot];
    uint64_t full = sim_prefix_full(&batch->prefix, &batch->known[slot], tokens);
    for (; job->held < full; job->held++) {
        enum sim_prefix_use use = sim_prefix_use(&batch->prefix, &batch->known[slot], job->held);
        /* Another was faster: one of the two blocks goes back. */
        if (use != SIM_PREFIX_NEW)
            sim_kv_give(&batch->kv, 1);
        if (use == SIM_PREFIX_WAS_IDLE)
            sim_kv_take(&batch->kv, 1);
    }
}

/* The last block first: what follows a forgotten block is of no use. */
void sim_batch_prefix_leave(struct sim_batch *batch, uint32_t slot)
{
    struct sim_job *job = &batch->job[slot];
    for (; job->held > 0; job->held--)
        if (sim_prefix_leave(&batch->prefix, &batch->known[slot], job->held - 1))
            sim_kv_give(&batch->kv, 1);
}
