/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A plan: where each unit of work runs in prefill and in decode, at which P-states, with how many
 * requests in flight. A device that no unit uses is switched off if it can sleep. */
#ifndef SIM_PLAN_H
#define SIM_PLAN_H

#include "sim/system.h"

struct sim_plan {
    size_t n_units, n_devices;
    uint8_t *prefill, *decode; /* (n_units) device */
    uint8_t *pstate;           /* (n_devices) */
    uint64_t in_flight;        /* most requests that run together */
};

/* Everything on device 0 at its fastest clock. The caller frees it with sim_plan_free. */
void sim_plan_init(struct sim_plan *plan, const struct sim_system *system);
void sim_plan_copy(struct sim_plan *to, const struct sim_plan *from);
void sim_plan_free(struct sim_plan *plan);

bool sim_plan_uses(const struct sim_plan *plan, size_t device);
/* Powered: used, or unable to sleep. */
bool sim_plan_powers(const struct sim_system *system, const struct sim_plan *plan, size_t device);

/* Whether a unit's weights lie in a pool. */
bool sim_plan_needs(const struct sim_system *system, const struct sim_plan *plan, size_t pool,
                    size_t unit);
/* Whether links join all devices that hand over to each other. */
bool sim_plan_linked(const struct sim_system *system, const struct sim_plan *plan);

/* "prefill gpu; decode l0-11 gpu, l12-15+head npu; clocks gpu 2.1 GHz; 8 in flight": one line that
 * says which operators moved where. Freed with free(). */
char *sim_plan_describe(const struct sim_system *system, const struct sim_plan *plan);

/* The compact form that results store and `--plan` reads back. Freed with free(). */
char *sim_plan_encode(const struct sim_plan *plan);
bool sim_plan_decode(const struct sim_system *system, const char *text, struct sim_plan *out,
                     struct error *err);

/* Memory: bytes of weights per pool (n_pools), tied matrices counted once per pool, a plan whose
 * phases live in two pools counted twice. */
void sim_plan_weights_B(const struct sim_system *system, const struct sim_plan *plan,
                        double *pool_B);
/* KV bytes per token that each pool holds (n_pools). */
void sim_plan_kv_B(const struct sim_system *system, const struct sim_plan *plan, double *pool_B);

/* KV blocks that the plan's pools leave room for, given serving.kv_blocks or memory_fraction.
 * False with bytes needed and bytes there when the weights (and one block) do not fit and no store
 * lies behind the pool. */
bool sim_plan_blocks(const struct sim_system *system, const struct sim_plan *plan, uint64_t *blocks,
                     struct error *err);
/* Where that number comes from, in words, for a plan that has one. Freed with free(). */
char *sim_plan_describe_blocks(const struct sim_system *system, const struct sim_plan *plan);

#endif
