/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Operators of a pass: their order, their sums, and numbers worked out by hand. */
#include "tests/check.h"
#include "workloads/operator.h"

static bool read_named(const char *name, const char *quant, struct workload_model *out)
{
    struct error err = {0};
    char path[512];
    snprintf(path, sizeof path, SOURCE_DIR "/workloads/catalog/%s.yaml", name);
    struct tree *tree = tree_read(path, &err);
    if (tree)
        tree_put(tree, "quant", tree_new_scalar(quant, &tree->mark));
    bool ok = tree && workload_model_read(tree, out, &err);
    if (!ok)
        fprintf(stderr, "%s\n", err.fault[0]);
    else
        out->sources = NULL;
    tree_free(tree);
    return CHECK(ok);
}

static void check_names(const struct workload_model *model, size_t unit, const char *want_unit,
                        const char *want)
{
    struct workload_operator op[WORKLOAD_UNIT_OPERATORS];
    size_t n = workload_unit_operators(model, unit, op);
    char got[512] = "";
    for (size_t i = 0; i < n; i++) {
        strcat(got, i > 0 ? " " : "");
        strcat(got, op[i].name);
    }
    CHECK_TEXT(got, want);
    char *name = workload_unit_name(model, unit);
    CHECK_TEXT(name, want_unit);
    free(name);
}

static void test_units(void)
{
    struct workload_model model;
    if (!read_named("llama-3.2-1b", "F16", &model))
        return;
    CHECK(workload_units(&model) == 34);
    check_names(&model, 0, "embed", "embed");
    check_names(&model, 15, "l07.attn",
                "attn_norm attn_q attn_k attn_v rope attention attn_output attn_residual");
    check_names(&model, 16, "l07.ffn", "ffn_norm ffn_gate ffn_up ffn_act ffn_down ffn_residual");
    check_names(&model, 33, "head", "output_norm lm_head");
    workload_model_free(&model);
    if (!read_named("gpt2-125m", "F16", &model))
        return;
    check_names(&model, 1, "l00.attn",
                "attn_norm attn_q attn_k attn_v attention attn_output attn_residual");
    check_names(&model, 2, "l00.ffn", "ffn_norm ffn_up ffn_act ffn_down ffn_residual");
    workload_model_free(&model);
}

/* Units of the other architectures. */
static void test_kinds(void)
{
    static const struct {
        const char *model;
        size_t unit;
        const char *name, *operators;
    } units[] = {
        {"qwen3-0.6b", 1, "l00.attn",
         "attn_norm attn_q attn_k attn_v attn_q_norm attn_k_norm rope attention attn_output "
         "attn_residual"},
        {"gemma-2-2b", 3, "l01.attn",
         "attn_norm attn_q attn_k attn_v rope attention attn_output post_attention_norm "
         "attn_residual"},
        {"gemma-2-2b", 4, "l01.ffn",
         "ffn_norm ffn_gate ffn_up ffn_act ffn_down post_ffw_norm ffn_residual"},
        {"falcon-11b", 2, "l00.ffn", "ffn_up ffn_act ffn_down ffn_residual"},
        {"lfm2-2.6b", 1, "l00.conv", "attn_norm conv_in conv conv_out attn_residual"},
        {"qwen3.5-0.8b", 1, "l00.linear",
         "attn_norm linear_qkv linear_gate linear_beta conv delta linear_norm linear_out "
         "attn_residual"},
        {"qwen3.5-0.8b", 7, "l03.attn",
         "attn_norm attn_q attn_k attn_v attn_q_norm attn_k_norm rope attention attn_gate "
         "attn_output attn_residual"},
        {"olmoe-1b-7b", 2, "l00.ffn",
         "ffn_norm ffn_gate_inp ffn_gate_exps ffn_up_exps ffn_act ffn_down_exps ffn_combine "
         "ffn_residual"},
        {"deepseek-v2-lite", 1, "l00.attn",
         "attn_norm attn_q attn_kv_a attn_kv_a_norm attn_k_b rope attention attn_v_b attn_output "
         "attn_residual"},
        {"deepseek-v2-lite", 2, "l00.ffn",
         "ffn_norm ffn_gate ffn_up ffn_act ffn_down ffn_residual"},
        {"deepseek-v2-lite", 4, "l01.ffn",
         "ffn_norm ffn_gate_inp ffn_gate_exps ffn_up_exps ffn_act ffn_down_exps ffn_gate_shexp "
         "ffn_up_shexp ffn_act_shexp ffn_down_shexp ffn_combine ffn_residual"},
    };
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        struct workload_model model;
        if (!read_named(units[i].model, "F16", &model))
            continue;
        check_names(&model, units[i].unit, units[i].name, units[i].operators);
        workload_model_free(&model);
    }
}

struct sums {
    double weights, used_weights, weight_bytes, flops_per_row, flops_per_pair, kv_bytes;
};

static struct sums sum(const struct workload_model *model)
{
    struct sums sums = {0};
    struct workload_operator op[WORKLOAD_UNIT_OPERATORS];
    for (size_t unit = 0; unit < workload_units(model); unit++) {
        size_t n = workload_unit_operators(model, unit, op);
        for (size_t i = 0; i < n; i++) {
            sums.weights += op[i].weights;
            sums.used_weights +=
                op[i].weights * (op[i].experts > 0 ? op[i].experts_used / op[i].experts : 1);
            sums.weight_bytes += op[i].weight_bytes;
            sums.flops_per_row += op[i].flops_per_row;
            sums.flops_per_pair += op[i].flops_per_pair;
            sums.kv_bytes += op[i].kv_bytes_per_token;
        }
    }
    return sums;
}

/* Query by key and weight by value: over the latent where keys and values are one. */
static double pair_flops(const struct workload_model *model)
{
    uint64_t layers = 0, kv_rank = model->latent.kv_rank;
    uint64_t widths = kv_rank > 0 ? 2 * kv_rank + model->latent.rope_dim : 2 * model->head_dim;
    for (uint64_t layer = 0; layer < model->n_layers; layer++)
        layers += workload_model_attends(model, layer);
    return 2 * (double)(layers * model->n_heads * widths);
}

/* What linear attention reads and writes of its state beside the file, 32 bits a number. */
static double state_traffic(const struct workload_model *model)
{
    const struct workload_linear *linear = &model->linear;
    uint64_t layers = 0;
    for (uint64_t layer = 0; layer < model->n_layers; layer++)
        layers += workload_model_layer(model, layer) == WORKLOAD_LAYER_LINEAR;
    return 8.0 * (double)(layers * linear->value_heads * linear->key_dim * linear->value_dim);
}

/* What a pass streams is the file without the embedding table and the position table, which only
 * give single rows; a tied table is streamed by the head. */
static void check_sums(const char *name, const char *quant)
{
    struct workload_model model;
    if (!read_named(name, quant, &model))
        return;
    struct sums sums = sum(&model);
    struct workload_operator embed[WORKLOAD_UNIT_OPERATORS];
    workload_unit_operators(&model, 0, embed);
    double table =
        workload_format_bytes(embed[0].format, (double)model.vocab * (double)model.hidden);
    double positions = 4.0 * (double)(model.learned_positions * model.hidden);
    double file = workload_model_file_bytes(&model);
    CHECK(workload_shared_bytes(&model) == (model.tied_embeddings ? table : 0));
    double streamed = file - positions - (model.tied_embeddings ? 0 : table);
    CHECK_NEAR(sums.weight_bytes, streamed + state_traffic(&model), 1e-12);
    CHECK_NEAR(sums.flops_per_row, 2 * sums.used_weights, 1e-12);
    CHECK(sums.flops_per_pair == pair_flops(&model));
    CHECK(sums.kv_bytes == workload_model_kv_bytes(&model));
    workload_model_free(&model);
}

static void test_sums(void)
{
    static const char *const names[] = {
        "gpt2-125m",  "llama-3.2-1b", "llama-3.1-8b", "llama-2-7b",       "qwen2.5-0.5b",
        "qwen3-8b",   "gemma-2-9b",   "gemma-3-1b",   "falcon-11b",       "lfm2-2.6b",
        "phi-3-mini", "olmoe-1b-7b",  "gpt-oss-20b",  "deepseek-v2-lite", "qwen3.5-0.8b"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        for (const char *const *quant = workload_quants(); *quant; quant++)
            check_sums(names[i], *quant);
}

/* Llama 3.2 1B has 1,235,814,400 weights; 33 norms of 2048 are not multiplied with. */
static void test_weights(void)
{
    struct workload_model model;
    if (!read_named("llama-3.2-1b", "Q8_0", &model))
        return;
    CHECK(sum(&model).weights == 1235814400 - 33 * 2048);
    workload_model_free(&model);
}

static const struct workload_operator *named(const struct workload_operator *op, size_t n,
                                             const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(op[i].name, name) == 0)
            return &op[i];
    return NULL;
}

static void test_numbers(void)
{
    struct workload_model model;
    struct workload_operator op[WORKLOAD_UNIT_OPERATORS];
    if (!read_named("llama-3.2-1b", "Q4_K_M", &model))
        return;
    size_t n = workload_unit_operators(&model, 1, op);
    const struct workload_operator *k = named(op, n, "attn_k"), *v = named(op, n, "attn_v");
    if (CHECK(k && v)) { /* 512 x 2048 weights; v of layer 0 has more bits */
        CHECK(k->weight_bytes == 1048576 / 256 * 144 && k->flops_per_row == 2097152);
        CHECK(v->weight_bytes == 1048576 / 256 * 210);
        CHECK(k->activation_bytes_per_row == 2 * (2048 + 512));
        CHECK(k->kind == WORKLOAD_MATMUL && k->rows == WORKLOAD_ROWS_TOKENS);
    }
    const struct workload_operator *attention = named(op, n, "attention");
    if (CHECK(attention)) {
        CHECK(attention->kind == WORKLOAD_ATTENTION && attention->q_heads == 32);
        CHECK(attention->flops_per_pair == 4 * 2048 && attention->kv_bytes_per_token == 2048);
        CHECK(attention->activation_bytes_per_row == 2 * 2 * 2048 + 2048);
        CHECK(attention->weight_bytes == 0 && !attention->format);
    }
    const struct workload_operator *rope = named(op, n, "rope"), *norm = named(op, n, "attn_norm");
    if (CHECK(rope && norm)) {
        CHECK(rope->activation_bytes_per_row == 2 * 2 * (2048 + 512) && rope->weights == 0);
        CHECK(norm->weight_bytes == 4 * 2048 && norm->weights == 0);
    }
    n = workload_unit_operators(&model, 0, op);
    CHECK(n == 1 && op[0].kind == WORKLOAD_EMBED && op[0].weight_bytes == 0);
    CHECK(op[0].activation_bytes_per_row == 2048 / 256 * 210 + 2 * 2048);
    n = workload_unit_operators(&model, 33, op);
    CHECK(n == 2 && op[0].rows == WORKLOAD_ROWS_SAMPLED && op[1].rows == WORKLOAD_ROWS_SAMPLED);
    CHECK(op[1].weight_bytes == workload_shared_bytes(&model));
    workload_model_free(&model);
}

/* OLMoE in F16: 64 experts of 1024 x 2048, 8 to a row; DeepSeek-V2-Lite: a latent of 512 + 64;
 * LFM2: three taps over 2048; Gemma 2: layer 0 slides, layer 1 not. */
static void test_kind_numbers(void)
{
    struct workload_model model;
    struct workload_operator op[WORKLOAD_UNIT_OPERATORS];
    if (!read_named("olmoe-1b-7b", "F16", &model))
        return;
    size_t n = workload_unit_operators(&model, 2, op);
    const struct workload_operator *up = named(op, n, "ffn_up_exps"),
                                   *router = named(op, n, "ffn_gate_inp");
    if (CHECK(up && router)) {
        CHECK(up->weights == 64 * 2097152.0 && up->weight_bytes == 2 * 64 * 2097152.0);
        CHECK(up->flops_per_row == 2 * 8 * 2097152.0);
        CHECK(up->experts == 64 && up->experts_used == 8);
        CHECK(up->activation_bytes_per_row == 2 * 8 * (1024 + 2048));
        CHECK(router->weight_bytes == 4 * 64 * 2048 && router->experts == 0);
    }
    workload_model_free(&model);
    if (!read_named("deepseek-v2-lite", "F16", &model))
        return;
    n = workload_unit_operators(&model, 1, op);
    const struct workload_operator *latent = named(op, n, "attention"),
                                   *k_b = named(op, n, "attn_k_b");
    if (CHECK(latent && k_b)) {
        CHECK(latent->kv_bytes_per_token == 2 * 576);
        CHECK(latent->flops_per_pair == 2 * 16 * (576 + 512));
        CHECK(k_b->weights == 16 * 128 * 512 && k_b->flops_per_row == 2 * k_b->weights);
    }
    workload_model_free(&model);
    if (!read_named("lfm2-2.6b", "Q8_0", &model))
        return;
    n = workload_unit_operators(&model, 1, op);
    const struct workload_operator *conv = named(op, n, "conv"), *in = named(op, n, "conv_in");
    if (CHECK(conv && in)) {
        CHECK(conv->weight_bytes == 4 * 3 * 2048 && conv->kind == WORKLOAD_ELEMENT);
        CHECK(conv->activation_bytes_per_row == 2 * (4 + 2 * 2) * 2048);
        CHECK(in->weights == 3 * 2048 * 2048);
    }
    workload_model_free(&model);
    if (!read_named("qwen3.5-0.8b", "Q8_0", &model))
        return;
    n = workload_unit_operators(&model, 1, op);
    const struct workload_operator *qkv = named(op, n, "linear_qkv"),
                                   *delta = named(op, n, "delta");
    if (CHECK(qkv && delta)) {
        CHECK(qkv->weights == 3 * 2048 * 1024); /* 16 heads of 128 each */
        CHECK(delta->weight_bytes == 4 * (2 * 16 + 2 * 16 * 128 * 128));
    }
    n = workload_unit_operators(&model, 7, op);
    CHECK(named(op, n, "attn_q")->weights == 2 * 8 * 256 * 1024); /* with the gate */
    workload_model_free(&model);
    if (!read_named("gemma-2-2b", "Q8_0", &model))
        return;
    n = workload_unit_operators(&model, 1, op);
    CHECK(named(op, n, "attention")->window == 4096);
    n = workload_unit_operators(&model, 3, op);
    CHECK(named(op, n, "attention")->window == 0);
    workload_model_free(&model);
}

/* Held in one pool, all units are the file; in two pools the tied matrix lies in both. */
static void test_residency(void)
{
    struct workload_model model;
    if (!read_named("llama-3.2-1b", "Q4_K_M", &model))
        return;
    double resident = 0;
    for (size_t unit = 0; unit < workload_units(&model); unit++)
        resident += workload_unit_resident_bytes(&model, unit);
    CHECK(resident - workload_shared_bytes(&model) == workload_model_file_bytes(&model));
    CHECK(workload_unit_resident_bytes(&model, 33) == workload_shared_bytes(&model) + 4 * 2048);
    workload_model_free(&model);
}

int main(void)
{
    test_units();
    test_kinds();
    test_sums();
    test_weights();
    test_numbers();
    test_kind_numbers();
    test_residency();
    return check_result();
}
