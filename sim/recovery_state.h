/* SPDX-License-Identifier: GPL-3.0-or-later */
/* State of recovery, and what its files call of each other: recovery.c follows the devices,
 * recovery_plan.c asks for plans, recovery_switch.c puts them in force. */
#ifndef SIM_RECOVERY_STATE_H
#define SIM_RECOVERY_STATE_H

#include "sim/engine_state.h"
#include "sim/recovery.h"

struct sim_recovery_device {
    bool failed, known; /* known: the server has noticed */
    bool hot;           /* the guard has acted since the die was last cool */
    bool polled;
    uint32_t failures;
    int64_t failed_ps, back_ps, returned_ps; /* back_ps INT64_MAX: never */
    double share;                            /* of its speed that it has */
};

struct sim_recovery {
    struct sim_recovery_device *device; /* (n_devices) */
    bool *available;                    /* (n_devices) work space */
    bool *resident;                     /* (n_pools, n_units) weights that are there */
    const struct sim_plan *first;       /* of the run; borrowed */
    struct sim_plan now, next;
    struct sim_moves away;     /* of caches that a change of plan moves */
    double first_s;            /* latency of a request under the first plan */
    size_t n_failed;           /* devices that do not work */
    bool pending;              /* a plan has been asked for */
    bool switching;            /* it waits for the lanes to rest */
    bool stranded;             /* no plan can run on what is left */
    bool hopeless;             /* no plan can run and no device will come back */
    uint16_t generation;       /* of the event that puts a plan in force */
    uint64_t lost;             /* caches since the last report */
    int64_t stopped_ps;        /* since when a lane stands still; -1: none does */
    struct sim_change_row row; /* of the pending change */
};

/* recovery_plan.c: what a change is asked for. */
struct sim_recovery_call {
    enum sim_cause cause;
    size_t device;
    int64_t at_ps; /* when the device failed, returned or got hot */
};
/* Searches a plan and sets the time at which it comes into force. */
void sim_recovery_call(struct sim_engine *engine, const struct sim_recovery_call *call);
/* Stranded: gives up if no device will come back. */
void sim_recovery_despair(struct sim_engine *engine);
/* Emits the row of the pending change, which is over. */
void sim_recovery_report(struct sim_engine *engine, const struct sim_plan *plan);

/* recovery_switch.c */

/* Sends running jobs back whose keys and values were on devices that failed. */
void sim_recovery_drop(struct sim_engine *engine);
/* Refuses all that waits and runs: nothing can ever serve it. */
void sim_recovery_give_up(struct sim_engine *engine);
/* The lanes work again: the standstill ends. */
void sim_recovery_resume(struct sim_engine *engine);
bool sim_recovery_uses_failed(const struct sim_engine *engine, const struct sim_lane *lane);

#endif
