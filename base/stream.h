/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Random numbers as a pure function of (seed, purpose, replication, entity, draw): Philox 4x32-10
 * (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011) as a gsl_rng_type.
 * Draws never depend on the thread or the event that asked first. */
#ifndef BASE_STREAM_H
#define BASE_STREAM_H

#include <gsl/gsl_rng.h>
#include <stdint.h>

/* Never renumber: results of old seeds would change. Add at the end. */
enum stream_purpose {
    STREAM_ARRIVAL = 1,
    STREAM_PROMPT = 2,
    STREAM_OUTPUT = 3,
    STREAM_THINNING = 4,
    STREAM_FAILURE = 5,
    STREAM_SCHEDULER = 6,
    STREAM_SAMPLES = 7,
    STREAM_TEST = 8,
    STREAM_SPLIT = 9,
    STREAM_THINK = 10,
    STREAM_PREFIX = 11,
    STREAM_CLASS = 12,
    STREAM_KERNELS = 13
};

struct stream {
    uint32_t key[2];
    uint32_t counter[4]; /* draw block, entity, purpose, replication */
    uint32_t block[4];   /* the current block's words */
    uint32_t used;       /* words of the block already given out */
};

struct stream stream_open(uint64_t seed, enum stream_purpose purpose, uint32_t replication,
                          uint32_t entity);
uint32_t stream_u32(struct stream *stream);
double stream_uniform(struct stream *stream);             /* [0, 1), 53 bits */
uint32_t stream_below(struct stream *stream, uint32_t n); /* 0..n-1, unbiased; n >= 1 */

/* For GSL's distributions: a generator that continues *stream. The state is the stream itself. */
const gsl_rng_type *stream_gsl_type(void);
/* A gsl_rng that draws from `stream` by value. The caller frees it with gsl_rng_free. */
gsl_rng *stream_gsl(const struct stream *stream);

/* The bare bijection, for the known-answer test: counter and key to four words. */
void stream_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);

#endif
