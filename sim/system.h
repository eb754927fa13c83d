/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A machine with a model on it: what both the closed-form score and the event engine start from.
 * Units of work with equal operators form a class, so that cost tables stay small. */
#ifndef SIM_SYSTEM_H
#define SIM_SYSTEM_H

#include "devices/platform.h"
#include "devices/roofline.h"
#include "workloads/model.h"
#include "workloads/workload.h"

struct sim_serving {
    uint64_t max_num_seqs;           /* requests that run together */
    uint64_t max_num_batched_tokens; /* rows of one pass */
    uint64_t kv_block_tokens;
    uint64_t kv_blocks;      /* 0: what memory_fraction leaves */
    int kv_allocator;        /* enum sim_kv_allocator */
    uint64_t kv_slot_tokens; /* that contiguous memory reserves; 0: the model's greatest context */
    uint64_t pipeline_batches; /* in flight where devices work in turn; 0: what serves most */
    double memory_fraction;    /* share of a pool that the server may use */
    bool chunked_prefill;      /* prompts are cut to fit beside decode rows */
    bool prefix_cache;         /* full blocks with known tokens are kept for later prompts */
};
extern const struct field sim_serving_fields[];

/* The operating point: what the closed form needs to know of a workload. */
struct sim_load {
    uint64_t requests;              /* of a closed loop: its users */
    double rate_per_s, arrival_cv2; /* squared coefficient of variation of the gaps */
    double horizon_s;               /* first to last arrival */
    double prompt_mean, prompt_cv2;
    double prompt_pairs; /* mean of p (p + 1) / 2 */
    double output_mean, output_cv2;
    double decode_context; /* mean context of a decode step */
    double longest_tokens; /* most prompt plus output tokens of one request */
    double whole_tokens;   /* that a decoding request ends with: mean over output tokens */
    double rounded_tokens; /* the power of two at or above it, likewise */
};

/* Reads the whole workload once. */
bool sim_load_measure(const struct workload *workload, uint64_t seed, struct sim_load *out,
                      struct error *err);

/* Units with the same operators. */
struct sim_class {
    struct workload_operator op[WORKLOAD_UNIT_OPERATORS];
    size_t n_ops;
    double kv_bytes_per_token; /* of its attention, 0 without */
};

struct sim_system {
    const struct device_platform *platform; /* borrowed */
    const struct workload_model *model;     /* borrowed */
    struct sim_serving serving;
    size_t n_units, n_classes, n_devices, n_pools;
    struct sim_class *class; /* (n_classes) */
    uint16_t *class_of;      /* (n_units) */
    double *resident_B;      /* (n_units) weights that a pool holds for the unit */
    double shared_B; /* tied embedding and head both count it: off where they share a pool */
    size_t *pool_of; /* (n_devices) */
    struct device_route *route; /* (n_devices, n_devices) */
    bool *routed;               /* (n_devices, n_devices) */
    double row_B;               /* activations that cross a cut, per row */
    double weights_B;           /* streamed by a pass over the whole model: the reuse distance */
    double activations_B;       /* working memory of the largest pass */
    double *resistance_KpW;     /* (n_devices, n_devices) */
    double *die_KpW;            /* (n_devices) */
};

/* The platform and model stay the caller's and must outlive the system. Frees with sim_system_free.
 */
void sim_system_init(struct sim_system *system, const struct device_platform *platform,
                     const struct workload_model *model, const struct sim_serving *serving);
void sim_system_free(struct sim_system *system);

/* Adds `count` units of a class on a device at a P-state. */
struct sim_place {
    size_t device, pstate;
    double bandwidth_Bps; /* share of the pool; inf alone */
};
void sim_class_cost(const struct sim_system *system, size_t class, const struct sim_place *place,
                    const struct device_pass *pass, double count, struct device_cost *cost);

/* Time and energy of handing `bytes` over `transfers` transfers. */
static inline double sim_transfer_s(const struct sim_system *system, size_t from, size_t to,
                                    double transfers, double bytes)
{
    const struct device_route *route = &system->route[from * system->n_devices + to];
    return transfers * route->latency_s + bytes / route->bandwidth_Bps;
}

/* Weights that a unit keeps in a pool. Behind a store an input matrix that the head does not share
 * stays away: of it only the rows of the tokens are ever read. */
double sim_system_weights_B(const struct sim_system *system, size_t unit, size_t pool);
/* Tokens that contiguous memory reserves for a request. */
uint64_t sim_system_slot_tokens(const struct sim_system *system);

#endif
