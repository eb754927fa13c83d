/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lanes at work at one time share pools and links: each gets the max-min share of its demand, and
 * works on at that rate until a neighbour starts or stops. A lane's demand is what it would move by
 * itself, in the mean over its pass. */
#ifndef SIM_CONTEND_H
#define SIM_CONTEND_H

#include "sim/lane.h"

struct sim_engine;
struct sim_worker;

/* The factor, at least 1, by which the memory time of a worker's pass grows. */
double sim_contend_pools(const struct sim_engine *engine, const struct sim_worker *worker,
                         const struct sim_pass_cost *cost);
/* The same of a whole pass whose devices other batches in flight use too. */
double sim_contend_devices(const struct sim_engine *engine, struct sim_worker *worker,
                           const struct sim_pass_cost *cost);
/* Seconds that a pass takes longer because caches cross the links that it hands over on. */
double sim_contend_links(const struct sim_engine *engine, const struct sim_worker *worker);
/* Bytes per second that each cache under way between two devices gets, `n` of them. */
double sim_contend_flow_Bps(const struct sim_engine *engine, size_t pair, size_t n);

#endif
