/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A server of queueing theory made of a machine: every pass streams the same 2.2 GB of weights and
 * takes the same time whatever it holds, so that a request is served for as many passes as it has
 * output tokens. And means with their confidence, by batches. */
#ifndef TESTS_SUPPORT_THEORY_H
#define TESTS_SUPPORT_THEORY_H

#include "tests/check.h"
#include "tests/support/served.h"

/* Sanitizers make a run ten times slower: then a tenth of the customers, in wider intervals. */
#if defined(__SANITIZE_ADDRESS__)
#define THEORY_SHARE 10
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define THEORY_SHARE 10
#endif
#endif
#ifndef THEORY_SHARE
#define THEORY_SHARE 1
#endif

/* 100 TB/s and arithmetic without end; attention to a cache of 64 B per token costs nothing. */
#define THEORY_DEVICE(name)                                                                        \
    "  - name: " name "\n    kind: gpu\n    class: test\n    pool: p\n"                            \
    "    compute: {peaks: [{name: f16, vector_TFLOPS: 1e6, matrix_TFLOPS: 1e6}], efficiency: 1, "  \
    "vector_rows: 8, tile_rows: 1, overlap_p: 64}\n    attention: {efficiency: 1}\n"               \
    "    memory: {bandwidth_GBps: 100000, efficiency: 1}\n"                                        \
    "    overheads: {operator_us: 0, pass_us: 0}\n    clocks: {nominal_GHz: 1, nominal_V: 1}\n"    \
    "    power: {idle_W: 10, idle_C: 40, active_W: 8, pJ_per_FLOP: 0, pJ_per_byte: 0, leakage: "   \
    "{reference_W: 1}}\n    thermal: {throttle_C: 140, limit_C: 150, poll_s: 60, nodes: [{name: "  \
    "die, capacity_J_per_K: 5, ambient_W_per_K: 1}]}\n"
#define THEORY_POOL "pools: [{name: p, capacity_GiB: 1000, bandwidth_GBps: 200000}]\n"
#define THEORY_MODEL                                                                               \
    "name: test\nnum_hidden_layers: 1\nhidden_size: 8192\nintermediate_size: 40960\n"              \
    "num_attention_heads: 1\nnum_key_value_heads: 1\nhead_dim: 16\nvocab_size: 1024\n"             \
    "max_position_embeddings: 1000000\ntie_word_embeddings: false\nquant: F16\n"

static const struct sim_serving theory_serving = {.max_num_seqs = 1,
                                                  .max_num_batched_tokens = 512,
                                                  .kv_block_tokens = 16,
                                                  .memory_fraction = 0.9,
                                                  .chunked_prefill = true};

/* Means of `BATCHES` equal parts of a run: nearly independent where the parts are long. */
enum { THEORY_BATCHES = 40 };
struct theory_mean {
    double sum[THEORY_BATCHES], n[THEORY_BATCHES];
};

static inline void theory_add(struct theory_mean *mean, size_t batch, double value)
{
    batch = batch < THEORY_BATCHES ? batch : THEORY_BATCHES - 1;
    mean->sum[batch] += value;
    mean->n[batch]++;
}

static inline double theory_value(const struct theory_mean *mean)
{
    double sum = 0, n = 0;
    for (size_t i = 0; i < THEORY_BATCHES; i++) {
        sum += mean->sum[i];
        n += mean->n[i];
    }
    return sum / n;
}

/* Half the width of the 99.9 % interval: Student's t with 39 degrees of freedom. */
static inline double theory_margin(const struct theory_mean *mean)
{
    double all = theory_value(mean), variance = 0;
    for (size_t i = 0; i < THEORY_BATCHES; i++)
        variance += pow(mean->sum[i] / mean->n[i] - all, 2) / (THEORY_BATCHES - 1);
    return 3.56 * sqrt(variance / THEORY_BATCHES);
}

/* Within the interval, and the interval no wider than `width` of what is wanted. */
static inline bool theory_near(const char *name, const struct theory_mean *mean, double want,
                               double width)
{
    double got = theory_value(mean), margin = theory_margin(mean);
    printf("%-28s %.6g of %.6g +- %.2g\n", name, got, want, margin);
    return CHECK(fabs(got - want) <= margin) &&
           CHECK(margin <= width * sqrt(THEORY_SHARE) * fabs(want));
}

#endif
