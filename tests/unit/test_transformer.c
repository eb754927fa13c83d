/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The reference transformer: a prompt at once and token by token say the same, whatever is in the
 * architecture; what it cannot run is refused. */
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

static bool read_model(const char *more, struct tree **tree, struct workload_model *out)
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

static double farthest(const float *a, const float *b)
{
    double most = 0, apart = 0;
    for (size_t i = 0; i < VOCABULARY; i++) {
        most = fmax(most, fabs((double)a[i]));
        apart = fmax(apart, fabs((double)a[i] - (double)b[i]));
    }
    return apart / most;
}

/* Few rows take other ways than many do: through dot products, and with rounded activations. */
static void check_model(struct kernels *kernels, const char *more, double most)
{
    static const uint32_t token[TOKENS] = {3, 141, 59, 26, 53, 58, 97, 93, 238, 46, 264, 33};
    float at_once[VOCABULARY], one_by_one[VOCABULARY], other[VOCABULARY];
    struct error err = {0};
    struct tree *tree;
    struct workload_model model;
    if (!read_model(more, &tree, &model))
        return;
    struct calibrate_transformer *transformer =
        calibrate_transformer_open(kernels, &model, TOKENS, TOKENS, &err);
    if (CHECK(transformer != NULL)) {
        memcpy(at_once, calibrate_transformer_pass(transformer, token, TOKENS, 0), sizeof at_once);
        for (size_t i = 0; i < TOKENS; i++)
            memcpy(one_by_one, calibrate_transformer_pass(transformer, token + i, 1, i),
                   sizeof one_by_one);
        memcpy(other, calibrate_transformer_pass(transformer, token + 1, 1, TOKENS - 1),
               sizeof other);
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

static void check_refused(struct kernels *kernels, const char *more, const char *word)
{
    struct error err = {0};
    struct tree *tree;
    struct workload_model model;
    if (!read_model(more, &tree, &model))
        return;
    CHECK(calibrate_transformer_open(kernels, &model, 1, 1, &err) == NULL);
    if (!CHECK(err.n_faults == 1 && strstr(err.fault[0], word)))
        fprintf(stderr, "    %s\n", err.fault[0]);
    workload_model_free(&model);
    tree_free(tree);
}

/* What has no kernels is predicted as what runs instead. */
static void check_run_as(void)
{
    struct tree *tree;
    struct workload_model model;
    if (!read_model("ffn: gated\nquant: Q4_K_M\n", &tree, &model))
        return;
    struct device_forward forward;
    device_forward_init(&forward, &model);
    double before = forward.weight_bytes;
    CHECK(calibrate_run_as(&forward) > 0);
    CHECK(forward.weight_bytes > before);
    for (size_t i = 0; i < forward.n; i++)
        if (forward.op[i].op.kind == WORKLOAD_MATMUL)
            CHECK(kernels_format_find(forward.op[i].op.format->name) < KERNELS_FORMATS);
    device_forward_free(&forward);
    workload_model_free(&model);
    tree_free(tree);
}

int main(void)
{
    struct error err = {0};
    struct kernels *kernels = kernels_open_cpu(2, &err);
    if (!CHECK(kernels != NULL))
        return check_result();
    check_model(kernels, "ffn: gated\nquant: F32\n", 1e-4);
    check_model(kernels, "ffn: gated\nquant: F16\ntie_word_embeddings: true\n", 1e-4);
    check_model(kernels, "ffn: plain\nquant: BF16\nlearned_positions: 64\nnorm_bias: true\n", 1e-4);
    check_model(kernels, "ffn: gated\nquant: F16\nqk_norm: head\npost_norm: true\n", 1e-4);
    check_model(kernels, "ffn: gated\nquant: F16\nsliding_window: 4\n", 1e-4);
    check_model(kernels, "ffn: gated\nquant: Q8_0\n", 0.05);
    check_model(kernels, "ffn: gated\nquant: Q4_0\n", 0.08);
    check_refused(kernels,
                  "ffn: gated\nquant: F16\nnum_experts: 4\nnum_experts_per_tok: "
                  "2\nmoe_intermediate_size: 64\n",
                  "experts");
    check_run_as();
    kernels->does->close(kernels);
    return check_result();
}
