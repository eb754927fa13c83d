/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Blocks that the jobs of a batch share. A job uses kept blocks for its first tokens, `held` of
 * them; its other blocks are its own. All but sim_batch_prefix_room do nothing, and find nothing,
 * where no prefixes are kept. */
#ifndef SIM_BATCH_PREFIX_H
#define SIM_BATCH_PREFIX_H

#include "sim/batch.h"

/* What the workload tells of a job's tokens. */
void sim_batch_prefix_know(struct sim_batch *batch, uint32_t slot,
                           const struct workload_known *told);
/* Kept blocks that a waiting job would find. At least one token of it is left to compute. */
uint64_t sim_batch_prefix_found(const struct sim_batch *batch, uint32_t slot, uint64_t *idle);
/* Whether a waiting job finds room when it uses what is kept. */
bool sim_batch_prefix_room(const struct sim_batch *batch, uint32_t slot);
/* A job that is admitted uses `found` kept blocks. */
void sim_batch_prefix_enter(struct sim_batch *batch, uint32_t slot, uint64_t found);
/* Keeps the full blocks among a running job's first `tokens` tokens. */
void sim_batch_prefix_keep(struct sim_batch *batch, uint32_t slot, uint64_t tokens);
/* The job uses its kept blocks no more; what others do not use is free. */
void sim_batch_prefix_leave(struct sim_batch *batch, uint32_t slot);

#endif
