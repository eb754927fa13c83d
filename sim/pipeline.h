/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Batches in flight at once where one plan uses several devices in turn. A batch is on one device
 * at a time; while it is there the others work on other batches. Each batch has a lane of its own,
 * and the lanes share the time of the devices max-min over what each would take of it alone: k
 * equal batches over stages of which the slowest takes c of a step of t end their steps in max(t, k
 * c). */
#ifndef SIM_PIPELINE_H
#define SIM_PIPELINE_H

#include <stddef.h>

struct sim_engine;
struct sim_worker;

/* How many batches to keep in flight: what serving.pipeline_batches says, else the number, at most
 * one a device, with which most tokens come when all requests in flight decode. */
size_t sim_pipeline_batches(const struct sim_engine *engine);
/* Running jobs are dealt out to the batches anew. */
void sim_pipeline_deal(struct sim_engine *engine);
/* An arrival can be admitted: the batch with the fewest jobs ends its stretch for it. */
void sim_pipeline_let_in(struct sim_engine *engine);
/* The lane that decodes a job. */
struct sim_worker *sim_pipeline_decoder(struct sim_engine *engine, size_t stream);

#endif
