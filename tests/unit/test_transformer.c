/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The reference transformer: a prompt at once and token by token say the same, whatever is in the
 * architecture; what it cannot run is refused. */
#include "tests/support/transformer_checks.h"

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
    float logits[VOCABULARY];
    struct kernels *kernels = kernels_open_cpu(2, &err);
    if (!CHECK(kernels != NULL))
        return check_result();
    check_model(kernels, "ffn: gated\nquant: F32\n", 1e-4, logits);
    check_model(kernels, "ffn: gated\nquant: F16\ntie_word_embeddings: true\n", 1e-4, logits);
    check_model(kernels, "ffn: plain\nquant: BF16\nlearned_positions: 64\nnorm_bias: true\n", 1e-4,
                logits);
    check_model(kernels, "ffn: gated\nquant: F16\nqk_norm: head\npost_norm: true\n", 1e-4, logits);
    check_model(kernels, "ffn: gated\nquant: F16\nsliding_window: 4\n", 1e-4, logits);
    check_model(kernels, "ffn: gated\nquant: Q8_0\n", 0.05, logits);
    check_model(kernels, "ffn: gated\nquant: Q4_0\n", 0.08, logits);
    check_refused(kernels,
                  "ffn: gated\nquant: F16\nnum_experts: 4\nnum_experts_per_tok: "
                  "2\nmoe_intermediate_size: 64\n",
                  "experts");
    check_run_as();
    kernels->does->close(kernels);
    return check_result();
}
