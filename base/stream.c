/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/stream.h"

#include "base/memory.h"

#include <assert.h>
#include <string.h>

enum { ROUNDS = 10 };

static void philox_round(uint32_t x[4], const uint32_t key[2])
{
    uint64_t product0 = (uint64_t)0xD2511F53u * x[0];
    uint64_t product1 = (uint64_t)0xCD9E8D57u * x[2];
    uint32_t x1 = x[1], x3 = x[3];
    x[0] = (uint32_t)(product1 >> 32) ^ x1 ^ key[0];
    x[1] = (uint32_t)product1;
    x[2] = (uint32_t)(product0 >> 32) ^ x3 ^ key[1];
    x[3] = (uint32_t)product0;
}

/* Multipliers and Weyl constants: Salmon et al. 2011, table 2 and section 3.3. */
void stream_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4])
{
    uint32_t round_key[2] = {key[0], key[1]};
    uint32_t x[4] = {counter[0], counter[1], counter[2], counter[3]};
    for (int round = 0; round < ROUNDS; round++) {
        philox_round(x, round_key);
        round_key[0] += 0x9E3779B9u;
        round_key[1] += 0xBB67AE85u;
    }
    memcpy(out, x, sizeof x);
}

struct stream stream_open(uint64_t seed, enum stream_purpose purpose, uint32_t replication,
                          uint32_t entity)
{
    struct stream stream = {.key = {(uint32_t)seed, (uint32_t)(seed >> 32)},
                            .counter = {0, entity, (uint32_t)purpose, replication},
                            .used = 4};
    return stream;
}

uint32_t stream_u32(struct stream *stream)
{
    if (stream->used == 4) {
        stream_philox(stream->counter, stream->key, stream->block);
        stream->counter[0]++;
        assert(stream->counter[0] != 0); /* else the stream would start again */
        stream->used = 0;
    }
    return stream->block[stream->used++];
}

double stream_uniform(struct stream *stream)
{
    uint64_t high = stream_u32(stream) >> 5, low = stream_u32(stream) >> 6;
    return (double)((high << 26) | low) * 0x1p-53;
}

/* Lemire, "Fast random integer generation in an interval", 2019: rejects only where 2^32 is no
 * multiple of n. */
uint32_t stream_below(struct stream *stream, uint32_t n)
{
    assert(n >= 1);
    uint64_t product = (uint64_t)stream_u32(stream) * n;
    if ((uint32_t)product < n) {
        uint32_t threshold = (0u - n) % n;
        while ((uint32_t)product < threshold)
            product = (uint64_t)stream_u32(stream) * n;
    }
    return (uint32_t)(product >> 32);
}

static void gsl_stream_set(void *state, unsigned long seed)
{
    struct stream stream = stream_open(seed, STREAM_SAMPLES, 0, 0);
    memcpy(state, &stream, sizeof stream);
}

static unsigned long gsl_stream_get(void *state)
{
    return stream_u32(state);
}

static double gsl_stream_get_double(void *state)
{
    return stream_uniform(state);
}

const gsl_rng_type *stream_gsl_type(void)
{
    static const gsl_rng_type type = {.name = "philox4x32-10",
                                      .max = UINT32_MAX,
                                      .min = 0,
                                      .size = sizeof(struct stream),
                                      .set = gsl_stream_set,
                                      .get = gsl_stream_get,
                                      .get_double = gsl_stream_get_double};
    return &type;
}

/* By hand instead of gsl_rng_alloc, which returns NULL or aborts when memory is short. */
gsl_rng *stream_gsl(const struct stream *stream)
{
    gsl_rng *rng = mem_calloc(1, sizeof *rng);
    rng->type = stream_gsl_type();
    rng->state = mem_calloc(1, sizeof *stream);
    memcpy(rng->state, stream, sizeof *stream);
    return rng;
}
