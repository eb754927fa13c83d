/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A lane is what works on one pass at a time. A plan whose phases share a device has one lane for
 * both; phases on different devices have a lane each and run concurrently. The lane knows what a
 * pass costs on each of its devices at each P-state and between them; costs that depend on row
 * counts alone are kept. */
#ifndef SIM_LANE_H
#define SIM_LANE_H

#include "sim/plan.h"
#include "sim/steps.h"

/* What one pass holds. */
struct sim_pass {
    uint64_t decode_rows;         /* sequences with one row each */
    struct sim_contexts contexts; /* of the decode rows: their context tokens together */
    struct sim_contexts window;   /* of these, the ones inside the model's sliding window */
    uint64_t prefill_rows, prefill_sequences;
    double prefill_pairs, prefill_window_pairs;
    uint64_t sampled; /* sequences that sample a token at its end */
};

/* What a pass costs: per device, then all together. */
struct sim_pass_cost {
    struct device_cost *device; /* (n_devices) */
    struct sim_affine step_s;   /* devices in sequence, cuts, host */
    double transfer_s, host_s;
    double link_J;
};

struct sim_lane;

enum sim_lane_role { SIM_LANE_BOTH, SIM_LANE_PREFILL, SIM_LANE_DECODE };

/* True when prefill and decode share no device, so that they get a lane each. */
bool sim_plan_disjoint(const struct sim_plan *plan);

/* The caller owns the result and frees it with sim_lane_destroy. */
struct sim_lane *sim_lane_create(const struct sim_system *system, const struct sim_plan *plan,
                                 enum sim_lane_role role);
void sim_lane_destroy(struct sim_lane *lane);
bool sim_lane_uses(const struct sim_lane *lane, size_t device);

/* What a pass costs in these gears (n_devices). Borrowed; valid until the next call. */
const struct sim_pass_cost *sim_lane_price(struct sim_lane *lane, const struct sim_pass *pass,
                                           const uint16_t *gear);
/* Bytes that a pass hands over from device i to j: pair i * n_devices + j. */
double sim_lane_cut_B(const struct sim_lane *lane, const struct sim_pass *pass, size_t pair);
/* One device's share of a pass in another gear. */
struct device_cost sim_lane_price_device(struct sim_lane *lane, const struct sim_pass *pass,
                                         size_t device, size_t gear);

#endif
