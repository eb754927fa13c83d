/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Changes of plan in the middle of a run: devices that fail and return, and dies that reach their
 * guard temperature. A lane with a failed device stands still; the fault is detected, another plan
 * is searched, weights are fetched, and once the lanes have come to a step boundary the plan
 * changes. Keys and values that were on the failed device are computed anew, others are moved to
 * where the new plan wants them. */
#ifndef SIM_RECOVERY_H
#define SIM_RECOVERY_H

#include "base/heap.h"
#include "sim/fault.h"
#include "sim/lane.h"
#include "sim/replan.h"

struct sim_engine;
struct sim_worker;
struct sim_recovery;

/* Does nothing, and engine->recovery stays NULL, where neither faults nor the guard are asked for.
 */
void sim_recovery_open(struct sim_engine *engine);
void sim_recovery_close(struct sim_engine *engine);

/* One of the events of faults and plans; false on an error. */
bool sim_recovery_handle(struct sim_engine *engine, const struct heap_event *event);
/* Changes the plan if that is due and all lanes rest; false on an error. */
bool sim_recovery_turn(struct sim_engine *engine);
/* Whether a lane may not start a pass now. */
bool sim_recovery_holds(const struct sim_engine *engine, const struct sim_worker *worker);
/* No device that could serve will ever come back. */
bool sim_recovery_hopeless(const struct sim_engine *engine);
/* No lane stands still any more, or the run is over. */
void sim_recovery_end(struct sim_engine *engine);
/* The guard looks at a die. */
void sim_recovery_watch(struct sim_engine *engine, size_t device, double die_K);
/* A pass on devices that have not yet all their speed takes longer. */
void sim_recovery_slow(const struct sim_engine *engine, const struct sim_pass_cost *cost,
                       struct sim_affine *step_s);

#endif
