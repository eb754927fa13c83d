/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Threads that each stay on one CPU and share out the parts of a piece of work: whoever is free
 * takes the next part, so that a CPU that is slow, or busy with other programs, does fewer. */
#ifndef DEVICES_KERNELS_POOL_H
#define DEVICES_KERNELS_POOL_H

#include "base/error.h"

struct kernels_pool;

/* Does part `part`; `thread` counts from 0 within those at work. */
typedef void kernels_work(void *context, size_t part, size_t thread);

/* Makes thread `thread` stay where it should; may be NULL. Called in each thread once. */
typedef void kernels_place(void *context, size_t thread);

/* The calling thread is the first of `threads`. NULL: err says why. */
struct kernels_pool *kernels_pool_open(size_t threads, kernels_place *place, void *context,
                                       struct error *err);
void kernels_pool_close(struct kernels_pool *pool);
/* So many threads work from now on, 1 ... threads. */
void kernels_pool_use(struct kernels_pool *pool, size_t threads);
size_t kernels_pool_used(const struct kernels_pool *pool);
/* Returns when all parts are done. */
void kernels_pool_run(struct kernels_pool *pool, size_t parts, kernels_work *work, void *context);
/* From now on each thread counts the processor time of its parts, which costs a microsecond a piece
 * of work. */
void kernels_pool_meter(struct kernels_pool *pool, bool on);
/* How long the work since the last call would have taken on processors of its own: what the calling
 * thread did by itself, and the parts shared out evenly. */
double kernels_pool_worked_s(struct kernels_pool *pool);

#endif
