/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Random small machines, models, workloads and plans for property tests: everything a pure function
 * of one seed, so that a failure is told by its seed alone. */
#ifndef TESTS_SUPPORT_RANDOM_SCENARIO_H
#define TESTS_SUPPORT_RANDOM_SCENARIO_H

#include "base/stream.h"
#include "sim/engine.h"
#include "sim/score.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

struct random_scenario {
    uint64_t seed;
    struct stream stream;
    struct tree *platform_tree, *model_tree, *workload_tree;
    struct device_platform platform;
    struct workload_model model;
    struct workload workload;
    struct sim_serving serving;
    struct sim_system system;
    struct sim_plan plan;
};

static inline double random_between(struct random_scenario *s, double low, double high)
{
    return low + (high - low) * stream_uniform(&s->stream);
}

/* Log-uniform: for sizes that span decades. */
static inline double random_scale(struct random_scenario *s, double low, double high)
{
    return low * pow(high / low, stream_uniform(&s->stream));
}

static inline uint32_t random_choice(struct random_scenario *s, uint32_t n)
{
    return stream_below(&s->stream, n);
}

static inline struct tree *random_parse(struct random_scenario *s, struct text *text)
{
    struct error err;
    error_clear(&err);
    struct tree *tree = tree_parse("random", text->bytes, text->length, &err);
    if (!tree) {
        fprintf(stderr, "seed %llu: %s\n%s\n", (unsigned long long)s->seed, err.fault[0],
                text->bytes);
        exit(1);
    }
    text_free(text);
    return tree;
}

static inline void random_device(struct random_scenario *s, struct text *out, unsigned i,
                                 const char *pool, double bandwidth_GBps)
{
    double peak = random_scale(s, 0.01, 20);
    text_add(out, "  - name: d%u\n    kind: gpu\n    class: random\n    pool: %s\n", i, pool);
    text_add(out,
             "    compute: {peaks: [{name: f16, vector_TFLOPS: %.6g, matrix_TFLOPS: %.6g}], "
             "efficiency: %.3g, vector_rows: %u, tile_rows: %u, overlap_p: %.3g}\n",
             peak, peak * random_between(s, 1, 8), random_between(s, 0.2, 0.9), random_choice(s, 9),
             1 + random_choice(s, 32), random_between(s, 1, 8));
    text_add(out, "    memory: {bandwidth_GBps: %.6g, efficiency: %.3g}\n", bandwidth_GBps,
             random_between(s, 0.3, 0.95));
    text_add(out, "    overheads: {operator_us: %.4g, pass_us: %.4g}\n", random_between(s, 0, 30),
             random_between(s, 0, 1000));
    text_add(out, "    clocks: {nominal_GHz: 2, nominal_V: 1, pstates: [{clock_GHz: 2, voltage_V: "
                  "1}, {clock_GHz: 1.5, voltage_V: 0.9}, {clock_GHz: 0.8, voltage_V: 0.7}]}\n");
    double idle_W = random_between(s, 3, 10);
    text_add(
        out,
        "    power: {idle_W: %.4g, idle_C: 40, active_W: %.4g, pJ_per_FLOP: %.4g, "
        "pJ_per_byte: %.4g, leakage: {reference_W: %.4g}%s, cap_W: %.4g, cap_window_s: %.3g}\n",
        idle_W, random_between(s, 0, 60), random_between(s, 0.1, 20), random_between(s, 10, 300),
        random_between(s, 0, 4),
        random_choice(s, 2) ? ", sleep_W: 0.2, wake_ms: 40, wake_J: 0.2" : "",
        random_choice(s, 3) ? 0 : random_between(s, 20, 60),
        i % 2 ? random_scale(s, 0.001, 0.1) : 0);
    text_add(out,
             "    thermal: {nodes: [{name: die, capacity_J_per_K: %.4g}, {name: cooler, "
             "capacity_J_per_K: %.4g, ambient_W_per_K: %.4g}], couplings: [{from: die, to: "
             "cooler, W_per_K: %.4g}], throttle_C: %.4g, limit_C: 100, poll_s: %.3g}\n",
             random_scale(s, 0.1, 10), random_scale(s, 0.3, 30), random_between(s, 0.8, 3),
             random_between(s, 2, 20), random_between(s, 41, 55), random_scale(s, 0.01, 1));
}

static inline void random_platform(struct random_scenario *s)
{
    struct text out = {0};
    unsigned n = 1 + random_choice(s, 3);
    bool unified = random_choice(s, 2);
    double bandwidth = random_scale(s, 5, 500);
    text_add(&out, "schema: qeilsim/platform/1\nname: random\nambient_C: %.3g\ndevices:\n",
             random_between(s, 10, 40));
    for (unsigned i = 0; i < n; i++)
        random_device(s, &out, i,
                      unified || i == 0 ? "p0"
                      : i == 1          ? "p1"
                                        : "p2",
                      unified ? bandwidth : random_scale(s, 5, 500));
    text_add(&out, "pools:\n");
    for (unsigned i = 0; i < (unified ? 1 : n); i++)
        text_add(&out, "  - {name: p%u, capacity_GiB: 1, bandwidth_GBps: 600}\n", i);
    if (n > 1 && random_choice(s, 4) == 0)
        text_add(&out, "package: {cap_W: %.4g, devices: [d0, d1]%s}\n", random_between(s, 40, 120),
                 random_choice(s, 2) ? ", priority: [d1]" : "");
    if (n > 1 && !unified) {
        text_add(&out, "links:\n");
        for (unsigned i = 0; i < n; i++)
            for (unsigned j = i + 1; j < n; j++)
                text_add(&out,
                         "  - {name: l%u%u, from: d%u, to: d%u, bandwidth_GBps: %.4g, latency_us: "
                         "%.4g, pJ_per_byte: 50}\n",
                         i, j, i, j, random_scale(s, 0.1, 50), random_between(s, 0, 100));
    }
    s->platform_tree = random_parse(s, &out);
    if (unified && random_choice(s, 2)) {
        struct error err;
        error_clear(&err);
        char set[80];
        snprintf(set, sizeof set, "pools.p0.bandwidth_GBps=%.4g", bandwidth * 0.8);
        tree_set(s->platform_tree, set, &err);
    }
}

static inline void random_model(struct random_scenario *s)
{
    struct text out = {0};
    unsigned heads = 1u << (1 + random_choice(s, 3));
    text_add(&out,
             "schema: qeilsim/model/1\nname: random\nnum_hidden_layers: %u\nhidden_size: %u\n"
             "intermediate_size: %u\nnum_attention_heads: %u\nnum_key_value_heads: %u\n"
             "head_dim: 32\nvocab_size: 2048\nmax_position_embeddings: 4096\n"
             "tie_word_embeddings: %s\nquant: %s\n",
             1 + random_choice(s, 5), 256u, 1024u, heads, heads / (1 + random_choice(s, 2)),
             random_choice(s, 2) ? "true" : "false", random_choice(s, 2) ? "F16" : "Q8_0");
    if (random_choice(s, 3) == 0)
        text_add(&out, "sliding_window: %u\nsliding_window_pattern: %u\n",
                 16 + random_choice(s, 600), 2 * random_choice(s, 2));
    s->model_tree = random_parse(s, &out);
}

static inline void random_workload(struct random_scenario *s)
{
    struct text out = {0};
    text_add(&out,
             "schema: qeilsim/workload/1\ngenerator: {requests: %u, rate_per_s: %.4g, cv: %.3g, "
             "seed: %u, prompt: {median: %.4g, log_sigma: 0.8, min: 1, max: 2000}, output: "
             "{median: %.4g, log_sigma: 0.8, min: 1, max: 900}}\n",
             5 + random_choice(s, 60), random_scale(s, 0.5, 200), random_between(s, 0.3, 3),
             1 + random_choice(s, 1000000), random_scale(s, 5, 600), random_scale(s, 2, 200));
    s->workload_tree = random_parse(s, &out);
}

static inline void random_plan(struct random_scenario *s)
{
    sim_plan_init(&s->plan, &s->system);
    uint32_t n = (uint32_t)s->platform.n_devices, style = random_choice(s, 4);
    uint8_t a = (uint8_t)random_choice(s, n), b = (uint8_t)random_choice(s, n);
    size_t split = random_choice(s, (uint32_t)s->plan.n_units);
    for (size_t u = 0; u < s->plan.n_units; u++) {
        if (style == 0) { /* all over the place */
            s->plan.prefill[u] = (uint8_t)random_choice(s, n);
            s->plan.decode[u] = (uint8_t)random_choice(s, n);
        } else if (style == 1) { /* phases apart */
            s->plan.prefill[u] = a;
            s->plan.decode[u] = b;
        } else { /* two stages */
            s->plan.prefill[u] = s->plan.decode[u] = u < split ? a : b;
        }
    }
    for (size_t d = 0; d < n; d++)
        s->plan.pstate[d] = (uint8_t)random_choice(s, 3);
    s->plan.in_flight = 1 + random_choice(s, 24);
}

static inline void random_fail(const struct random_scenario *s, const struct error *err)
{
    fprintf(stderr, "seed %llu: %s\n", (unsigned long long)s->seed, err->fault[0]);
    exit(1);
}

static inline void random_scenario_init(struct random_scenario *s, uint64_t seed)
{
    struct error err;
    error_clear(&err);
    *s = (struct random_scenario){.seed = seed, .stream = stream_open(seed, STREAM_TEST, 0, 0)};
    random_platform(s);
    random_model(s);
    random_workload(s);
    s->serving = (struct sim_serving){
        .max_num_seqs = 1 + random_choice(s, 16),
        .max_num_batched_tokens = 32 + random_choice(s, 1000),
        .kv_block_tokens = 1 + random_choice(s, 32),
        .memory_fraction = 0.9,
        .chunked_prefill = random_choice(s, 3) != 0,
    };
    if (random_choice(s, 4)) /* tight: preemption */
        s->serving.kv_blocks = 2000 / s->serving.kv_block_tokens + 1 + random_choice(s, 20);
    if (!device_platform_read(s->platform_tree, &s->platform, &err) ||
        !workload_model_read(s->model_tree, &s->model, &err) ||
        !workload_read(s->workload_tree, &s->workload, &err))
        random_fail(s, &err);
    sim_system_init(&s->system, &s->platform, &s->model, &s->serving);
    random_plan(s);
}

/* Another allocator of the KV cache, for one seed in four; of a stream of its own, so that all
 * else stays. */
static inline void random_allocator(struct random_scenario *s)
{
    struct stream stream = stream_open(s->seed, STREAM_TEST, 1, 0);
    if (stream_below(&stream, 4) == 0)
        s->serving.kv_allocator = 1 + (int)stream_below(&stream, 3);
    if (stream_below(&stream, 2))
        s->serving.kv_slot_tokens = 200 + stream_below(&stream, 2000);
    s->system.serving = s->serving;
}

/* Requests that share what they begin with, for one seed in three, and a cache that keeps it. */
static inline void random_prefixes(struct random_scenario *s)
{
    struct stream stream = stream_open(s->seed, STREAM_TEST, 2, 0);
    if (stream_below(&stream, 3))
        return;
    struct workload_generator_spec *generator = &s->workload.generator;
    s->serving.prefix_cache = true;
    s->serving.kv_allocator = 0;
    s->system.serving = s->serving;
    generator->has_prefix = true;
    generator->prefix = (struct workload_prefix_spec){.tokens = 1 + stream_below(&stream, 500),
                                                      .groups = 1 + stream_below(&stream, 4),
                                                      .share = stream_uniform(&stream)};
}

/* Calls after calls, or users who wait, for two seeds in five. */
static inline void random_arrivals(struct random_scenario *s)
{
    struct stream stream = stream_open(s->seed, STREAM_TEST, 3, 0);
    uint32_t kind = stream_below(&stream, 5);
    double think_s = stream_below(&stream, 3) ? stream_uniform(&stream) : 0;
    if (kind == 0) {
        s->workload.generator.has_session = true;
        s->workload.generator.session = (struct workload_session_spec){
            .calls = 1 + stream_below(&stream, 5), .think_s = think_s, .think_cv = 1};
    } else if (kind == 1) {
        s->workload.has_loop = true;
        s->workload.loop = (struct workload_loop_spec){
            .users = 1 + stream_below(&stream, 30), .think_s = think_s, .think_cv = 1};
    }
}

/* A given number of batches in flight, for one seed in two. */
static inline void random_pipeline(struct random_scenario *s)
{
    struct stream stream = stream_open(s->seed, STREAM_TEST, 6, 0);
    if (stream_below(&stream, 2))
        s->serving.pipeline_batches = 1 + stream_below(&stream, 5);
    s->system.serving = s->serving;
}

static inline void random_scenario_free(struct random_scenario *s)
{
    sim_plan_free(&s->plan);
    sim_system_free(&s->system);
    workload_free(&s->workload);
    workload_model_free(&s->model);
    device_platform_free(&s->platform);
    tree_free(s->platform_tree);
    tree_free(s->model_tree);
    tree_free(s->workload_tree);
}

#endif
