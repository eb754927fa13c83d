/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "scenarios/calibrate_passes.h"

#include "base/memory.h"
#include "base/tree.h"

#include <stdlib.h>
#include <string.h>

/* Larger than caches, and small enough for the overheads to show. */
static const char model_text[] = "name: small\n"
                                 "num_hidden_layers: 12\n"
                                 "hidden_size: 1024\n"
                                 "intermediate_size: 2816\n"
                                 "num_attention_heads: 16\n"
                                 "num_key_value_heads: 4\n"
                                 "head_dim: 64\n"
                                 "vocab_size: 16384\n"
                                 "max_position_embeddings: 4096\n"
                                 "tie_word_embeddings: true\n"
                                 "ffn: gated\n"
                                 "kv_format: F16\n";

struct job {
    struct calibrate_transformer *transformer;
    uint32_t *token;
    size_t rows, first;
};

static void run_pass(void *context, size_t call)
{
    struct job *job = context;
    job->token[0] = (uint32_t)(call % 1000);
    calibrate_transformer_pass(job->transformer, job->token, job->rows, job->first);
}

bool scenario_pass_time(struct calibrate_transformer *transformer, struct calibrate_pass *pass,
                        const struct calibrate_effort *effort)
{
    struct job job = {
        .transformer = transformer, .rows = (size_t)pass->tokens, .first = (size_t)pass->depth};
    job.token = mem_calloc(job.rows, sizeof *job.token);
    for (size_t i = 0; i < job.rows; i++)
        job.token[i] = (uint32_t)(i * 37 % 1000);
    bool ok = calibrate_time(run_pass, &job, effort, &pass->timing);
    free(job.token);
    return ok;
}

static bool read_model(const char *quant, struct tree **tree, struct workload_model *out)
{
    struct error err = {0};
    char *text = mem_printf("%squant: %s\n", model_text, quant);
    *tree = tree_parse("model", text, strlen(text), &err);
    free(text);
    return *tree && workload_model_read(*tree, out, &err);
}

static void run_model(struct kernels *kernels, const struct workload_model *model,
                      const struct calibrate_effort *effort, struct scenario_passes *out)
{
    static const struct {
        bool prefill;
        double depth, tokens;
    } runs[] = {{false, 32, 1}, {false, 512, 1}, {true, 0, 32}, {true, 0, 256}};
    struct error err = {0};
    struct calibrate_transformer *transformer =
        calibrate_transformer_open(kernels, model, 256, 1024, &err);
    struct device_forward *forward = &out->forward[out->n_models++];
    device_forward_init(forward, model);
    calibrate_run_as(forward);
    for (size_t i = 0; transformer && i < sizeof runs / sizeof *runs; i++) {
        struct calibrate_pass pass = {.forward = forward,
                                      .prefill = runs[i].prefill,
                                      .depth = runs[i].depth,
                                      .tokens = runs[i].tokens};
        if (!scenario_pass_time(transformer, &pass, effort))
            break;
        out->pass = mem_realloc(out->pass, out->n + 1, sizeof *out->pass);
        out->pass[out->n++] = pass;
    }
    calibrate_transformer_close(transformer);
}

void scenario_passes_run(struct kernels *kernels, const struct calibrate_effort *effort,
                         struct scenario_passes *out)
{
    static const char *const quants[SCENARIO_PASS_MODELS] = {"F16", "Q4_0"};
    *out = (struct scenario_passes){0};
    for (size_t i = 0; i < SCENARIO_PASS_MODELS; i++) {
        struct tree *tree = NULL;
        struct workload_model model;
        if (read_model(quants[i], &tree, &model)) {
            run_model(kernels, &model, effort, out);
            workload_model_free(&model);
        }
        tree_free(tree);
    }
}

void scenario_passes_free(struct scenario_passes *passes)
{
    for (size_t i = 0; i < passes->n_models; i++)
        device_forward_free(&passes->forward[i]);
    free(passes->pass);
    *passes = (struct scenario_passes){0};
}
