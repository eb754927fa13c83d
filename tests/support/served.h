/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A machine with a model and its plan, from YAML text, and runs of it over given requests. */
#ifndef TESTS_SUPPORT_SERVED_H
#define TESTS_SUPPORT_SERVED_H

#include "sim/engine.h"
#include "tests/support/machine.h"

struct served {
    struct device_platform platform;
    struct workload_model model;
    struct sim_serving serving;
    struct sim_system system;
    struct sim_plan plan;
};

static inline void served_open(struct served *s, const char *platform, const char *model,
                               struct sim_serving serving)
{
    struct error err = {0};
    struct tree *tree = machine_parse(model);
    s->platform = machine_platform(platform);
    s->serving = serving;
    if (!workload_model_read(tree, &s->model, &err))
        machine_fail(&err, model);
    tree_free(tree);
    sim_system_init(&s->system, &s->platform, &s->model, &s->serving);
    sim_plan_init(&s->plan, &s->system);
}

static inline void served_close(struct served *s)
{
    sim_plan_free(&s->plan);
    sim_system_free(&s->system);
    workload_model_free(&s->model);
    device_platform_free(&s->platform);
}

/* Runs over a workload given as the members of its YAML file. False: the sentence is in *err. */
static inline bool served_run(struct served *s, const char *workload_text,
                              const struct sim_options *options, struct sim_summary *out,
                              struct error *err)
{
    struct workload workload;
    struct tree *tree = machine_parse(workload_text);
    error_clear(err);
    if (!workload_read(tree, &workload, err))
        machine_fail(err, workload_text);
    struct workload_source *source = workload_source_open(&workload, 1, err);
    if (!source)
        machine_fail(err, workload_text);
    bool ok = sim_run(&s->system, &s->plan, source, options, out, err);
    workload_source_close(source);
    workload_free(&workload);
    tree_free(tree);
    return ok;
}

/* A simple device of 1 TFLOP/s and 100 GB/s; `more` are further lines of its mapping. */
#define SERVED_DEVICE(name, pool, more)                                                            \
    "  - name: " name "\n    kind: gpu\n    class: test\n    pool: " pool "\n"                     \
    "    compute: {peaks: [{name: f16, vector_TFLOPS: 1, matrix_TFLOPS: 4}], efficiency: 0.5, "    \
    "vector_rows: 8, tile_rows: 1, overlap_p: 2}\n"                                                \
    "    attention: {efficiency: 0.5, kv_efficiency: 0.8, mixed_kv_efficiency: 0.6}\n"             \
    "    memory: {bandwidth_GBps: 100, efficiency: 0.8}\n"                                         \
    "    overheads: {operator_us: 5, pass_us: 50}\n    clocks: {nominal_GHz: 1, nominal_V: 1}\n"   \
    "    power: {idle_W: 10, idle_C: 40, active_W: 8, pJ_per_FLOP: 4, pJ_per_byte: 50, leakage: "  \
    "{reference_W: 1}}\n"                                                                          \
    "    thermal: {throttle_C: 140, limit_C: 150, nodes: [{name: die, capacity_J_per_K: 5, "       \
    "ambient_W_per_K: 1}]}\n" more

#define SERVED_MODEL(layers)                                                                       \
    "name: test\nnum_hidden_layers: " #layers "\nhidden_size: 128\nintermediate_size: 512\n"       \
    "num_attention_heads: 4\nnum_key_value_heads: 2\nhead_dim: 32\nvocab_size: 1024\n"             \
    "max_position_embeddings: 4096\ntie_word_embeddings: false\nquant: F16\n"

static const struct sim_serving served_default = {.max_num_seqs = 8,
                                                  .max_num_batched_tokens = 512,
                                                  .kv_block_tokens = 16,
                                                  .memory_fraction = 0.9,
                                                  .chunked_prefill = true};

#endif
