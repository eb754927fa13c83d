/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A small model of several architectures, on any device: a prompt at once and token by token say
 * the same. */
#ifndef TESTS_SUPPORT_TRANSFORMER_CHECKS_H
#define TESTS_SUPPORT_TRANSFORMER_CHECKS_H

#include "devices/calibrate/transformer.h"
#include "tests/check.h"

static const char base[] = "name: small\n"
                           "num_hidden_layers: 3\n"
                           "hidden_size: 128\n"
                           "intermediate_size: 256\n"
                           "num_attention_heads: 4\n"
                           "num_key_value_heads: 2\n"
                           "head_dim: 32\n"
                           "vocab_size: 320\n"
                           "max_position_embeddings: 64\n"
                           "kv_format: F16\n";

static inline bool read_model(const char *more, struct tree **tree, struct workload_model *out)
{
    struct error err = {0};
    char text[1024];
    int n = snprintf(text, sizeof text, "%s%s", base, more);
    *tree = tree_parse("model", text, (size_t)n, &err);
    bool ok = *tree && workload_model_read(*tree, out, &err);
    if (!CHECK(ok))
        fprintf(stderr, "    %s: %s\n", more, err.fault[0]);
    return ok;
}

enum { TOKENS = 12, VOCABULARY = 320 };

static inline double farthest(const float *a, const float *b)
{
    double most = 0, apart = 0;
    for (size_t i = 0; i < VOCABULARY; i++) {
        most = fmax(most, fabs((double)a[i]));
        apart = fmax(apart, fabs((double)a[i] - (double)b[i]));
    }
    return apart / most;
}

/* Logits behind a pass. */
static inline void pass_of(struct calibrate_transformer *transformer, struct kernels *kernels,
                           const uint32_t *token, const size_t rows_first[2], float *out)
{
    const void *logits =
        calibrate_transformer_pass(transformer, token, rows_first[0], rows_first[1]);
    kernels->does->read(kernels, out, logits, 0, VOCABULARY * sizeof *out);
}

/* Few rows take other ways than many do: through dot products, and with rounded activations. Logits
 * of all tokens at once go to `at_once`. */
static inline void check_model(struct kernels *kernels, const char *more, double most,
                               float at_once[VOCABULARY])
{
    static const uint32_t token[TOKENS] = {3, 141, 59, 26, 53, 58, 97, 93, 238, 46, 264, 33};
    float one_by_one[VOCABULARY], other[VOCABULARY];
    struct error err = {0};
    struct tree *tree;
    struct workload_model model;
    if (!read_model(more, &tree, &model))
        return;
    struct calibrate_transformer *transformer =
        calibrate_transformer_open(kernels, &model, TOKENS, TOKENS, &err);
    if (CHECK(transformer != NULL)) {
        pass_of(transformer, kernels, token, (size_t[]){TOKENS, 0}, at_once);
        for (size_t i = 0; i < TOKENS; i++)
            pass_of(transformer, kernels, token + i, (size_t[]){1, i}, one_by_one);
        pass_of(transformer, kernels, token + 1, (size_t[]){1, TOKENS - 1}, other);
        double apart = farthest(at_once, one_by_one);
        if (!CHECK(apart <= most))
            fprintf(stderr, "    %s: %g\n", more, apart);
        CHECK(farthest(one_by_one, other) > 0.05); /* the last token matters */
        CHECK(isfinite(at_once[0]) && at_once[0] != at_once[1]);
    }
    calibrate_transformer_close(transformer);
    workload_model_free(&model);
    tree_free(tree);
}

#endif
