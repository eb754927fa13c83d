/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "workloads/operator.h"

#include "base/memory.h"
#include "workloads/tensor.h"

#include <assert.h>
#include <math.h>

/* Activations pass between operators as 16-bit numbers. */
static const double value_bytes = 2;
/* The state of linear attention sums up over the whole context and is kept in 32 bits. */
static const double state_bytes = 4;

struct builder {
    const struct workload_model *model;
    uint64_t layer;
    struct workload_operator *out;
    size_t n;
};

static struct workload_operator *add(struct builder *builder, const char *name,
                                     enum workload_operator_kind kind)
{
    assert(builder->n < WORKLOAD_UNIT_OPERATORS);
    struct workload_operator *op = &builder->out[builder->n++];
    *op = (struct workload_operator){.name = name, .kind = kind};
    return op;
}

static void add_matmul(struct builder *builder, const char *name, enum tensor_role role)
{
    struct tensor tensor = workload_tensor(builder->model, role, builder->layer);
    double one = (double)tensor.rows * (double)tensor.columns, used = (double)tensor.used;
    struct workload_operator *op = add(builder, name, WORKLOAD_MATMUL);
    op->format = tensor.format;
    op->weights = workload_tensor_weights(&tensor);
    op->weight_bytes = workload_tensor_bytes(&tensor);
    op->flops_per_row = 2 * used * one;
    op->activation_bytes_per_row = value_bytes * used * (double)(tensor.rows + tensor.columns);
    if (workload_tensor_is_expert(role)) {
        op->experts = (double)tensor.matrices;
        op->experts_used = used;
    }
}

/* A product whose rows are those of the product before it. */
static void add_sibling(struct builder *builder, const char *name, enum tensor_role role)
{
    struct tensor tensor = workload_tensor(builder->model, role, builder->layer);
    add_matmul(builder, name, role);
    struct workload_operator *op = &builder->out[builder->n - 1];
    op->joins = true;
    op->shared_bytes_per_row = value_bytes * (double)tensor.used * (double)tensor.columns;
}

/* Follows its gate where there is one. */
static void add_up(struct builder *builder, const char *name, enum tensor_role role)
{
    bool gated = builder->model->ffn_kind == WORKLOAD_FFN_GATED;
    (gated ? add_sibling : add_matmul)(builder, name, role);
}

/* An operator that only moves numbers: so many read and written for each row. */
static struct workload_operator *add_element(struct builder *builder, const char *name,
                                             uint64_t values)
{
    struct workload_operator *op = add(builder, name, WORKLOAD_ELEMENT);
    op->activation_bytes_per_row = value_bytes * (double)values;
    return op;
}

/* One that reads small weights besides. */
static void add_weighted(struct builder *builder, const char *name, enum tensor_role role,
                         uint64_t values)
{
    struct tensor tensor = workload_tensor(builder->model, role, builder->layer);
    struct workload_operator *op = add_element(builder, name, values);
    op->format = tensor.format;
    op->weight_bytes = workload_tensor_bytes(&tensor);
}

static void add_norm(struct builder *builder, const char *name, enum tensor_role role)
{
    add_weighted(builder, name, role, 2 * builder->model->hidden);
}

static void add_residual(struct builder *builder, const char *name)
{
    uint64_t hidden = builder->model->hidden;
    struct workload_operator *op = add_element(builder, name, 3 * hidden);
    op->joins = true;
    op->shared_bytes_per_row = value_bytes * (double)hidden;
}

static void build_embed(struct builder *builder)
{
    const struct workload_model *model = builder->model;
    struct tensor table = workload_tensor(model, TENSOR_TOKEN_EMBD, 0);
    struct workload_operator *op = add(builder, "embed", WORKLOAD_EMBED);
    op->format = table.format;
    op->activation_bytes_per_row = workload_format_bytes(table.format, (double)table.columns) +
                                   value_bytes * (double)model->hidden;
    if (model->learned_positions > 0) {
        struct tensor positions = workload_tensor(model, TENSOR_POSITION, 0);
        op->activation_bytes_per_row +=
            workload_format_bytes(positions.format, (double)positions.columns);
    }
}

/* The width of what a head compares and of what it sums up. On a latent, every head works on the
 * one vector that stands for all keys and values (section 2.1.2 of arXiv 2405.04434). */
static void head_widths(const struct workload_model *model, uint64_t *key, uint64_t *value)
{
    const struct workload_latent *latent = &model->latent;
    *key = latent->kv_rank > 0 ? latent->kv_rank + latent->rope_dim : model->head_dim;
    *value = latent->kv_rank > 0 ? latent->kv_rank : model->head_dim;
}

static void add_attention(struct builder *builder)
{
    const struct workload_model *model = builder->model;
    uint64_t key, value;
    head_widths(model, &key, &value);
    double width = (double)(model->n_heads * (key + value));
    struct workload_operator *op = add(builder, "attention", WORKLOAD_ATTENTION);
    op->q_heads = (double)model->n_heads;
    op->kv_heads = model->latent.kv_rank > 0 ? 1 : (double)model->n_kv_heads;
    op->flops_per_pair = 2 * width;
    op->kv_bytes_per_token = workload_model_kv_bytes_per_layer(model);
    /* the query in, the result out, and the row's own keys and values into the cache */
    op->activation_bytes_per_row = value_bytes * width + op->kv_bytes_per_token;
    if (model->attention_sinks) {
        struct tensor sinks = workload_tensor(model, TENSOR_SINKS, builder->layer);
        op->format = sinks.format;
        op->weight_bytes = workload_tensor_bytes(&sinks);
    }
    if (workload_model_layer(model, builder->layer) == WORKLOAD_LAYER_SLIDING)
        op->window = (double)model->sliding_window;
}

static void add_latent_projections(struct builder *builder)
{
    const struct workload_latent *latent = &builder->model->latent;
    if (latent->q_rank > 0) {
        add_matmul(builder, "attn_q_a", TENSOR_Q_A);
        add_weighted(builder, "attn_q_a_norm", TENSOR_Q_A_NORM, 2 * latent->q_rank);
    }
    add_matmul(builder, latent->q_rank > 0 ? "attn_q_b" : "attn_q", TENSOR_ATTN_Q);
    add_matmul(builder, "attn_kv_a", TENSOR_KV_A);
    add_weighted(builder, "attn_kv_a_norm", TENSOR_KV_A_NORM, 2 * latent->kv_rank);
    add_matmul(builder, "attn_k_b", TENSOR_K_B);
    add_element(builder, "rope", 2 * (builder->model->n_heads + 1) * latent->rope_dim);
}

static void add_projections(struct builder *builder)
{
    const struct workload_model *model = builder->model;
    uint64_t q_width = model->n_heads * model->head_dim;
    uint64_t k_width = model->n_kv_heads * model->head_dim;
    add_matmul(builder, "attn_q", TENSOR_ATTN_Q);
    add_sibling(builder, "attn_k", TENSOR_ATTN_K);
    add_sibling(builder, "attn_v", TENSOR_ATTN_V);
    if (model->qk_norm != WORKLOAD_QK_NONE) {
        add_weighted(builder, "attn_q_norm", TENSOR_Q_NORM, 2 * q_width);
        add_weighted(builder, "attn_k_norm", TENSOR_K_NORM, 2 * k_width);
    }
    if (model->learned_positions == 0)
        add_element(builder, "rope", 2 * (q_width + k_width));
}

static void build_attention(struct builder *builder)
{
    bool latent = builder->model->latent.kv_rank > 0;
    add_norm(builder, "attn_norm", TENSOR_NORM);
    if (latent)
        add_latent_projections(builder);
    else
        add_projections(builder);
    add_attention(builder);
    if (latent)
        add_matmul(builder, "attn_v_b", TENSOR_V_B);
    if (builder->model->output_gate)
        add_element(builder, "attn_gate", 3 * builder->model->n_heads * builder->model->head_dim);
    add_matmul(builder, "attn_output", TENSOR_ATTN_OUTPUT);
    if (builder->model->post_norms)
        add_norm(builder, "post_attention_norm", TENSOR_POST_NORM);
    add_residual(builder, "attn_residual");
}

/* A gated convolution over the last few tokens (LFM2): it reads the value and two gates, and reads
 * and writes what it keeps of the tokens before. */
static void build_conv(struct builder *builder)
{
    const struct workload_model *model = builder->model;
    add_norm(builder, "attn_norm", TENSOR_NORM);
    add_matmul(builder, "conv_in", TENSOR_CONV_IN);
    add_weighted(builder, "conv", TENSOR_CONV, (4 + 2 * (model->conv_cache - 1)) * model->hidden);
    add_matmul(builder, "conv_out", TENSOR_CONV_OUT);
    if (model->post_norms)
        add_norm(builder, "post_attention_norm", TENSOR_POST_NORM);
    add_residual(builder, "attn_residual");
}

/* Section 3 of arXiv 2412.06464. A pass of one sequence reads and writes the state once, however
 * many rows it has; what further sequences of a batch read of theirs is not counted. */
static void build_linear(struct builder *builder)
{
    const struct workload_model *model = builder->model;
    const struct workload_linear *linear = &model->linear;
    uint64_t keys = linear->key_heads * linear->key_dim;
    uint64_t values = linear->value_heads * linear->value_dim;
    add_norm(builder, "attn_norm", TENSOR_NORM);
    add_matmul(builder, "linear_qkv", TENSOR_LINEAR_QKV);
    add_matmul(builder, "linear_gate", TENSOR_LINEAR_GATE);
    add_matmul(builder, "linear_beta", TENSOR_LINEAR_BETA);
    add_weighted(builder, "conv", TENSOR_LINEAR_CONV, 2 * linear->conv * (2 * keys + values));
    add_weighted(builder, "delta", TENSOR_LINEAR_DECAY, 2 * (keys + values));
    builder->out[builder->n - 1].weight_bytes +=
        2 * state_bytes * (double)(values * linear->key_dim);
    add_weighted(builder, "linear_norm", TENSOR_LINEAR_NORM, 3 * values);
    add_matmul(builder, "linear_out", TENSOR_LINEAR_OUT);
    if (model->post_norms)
        add_norm(builder, "post_attention_norm", TENSOR_POST_NORM);
    add_residual(builder, "attn_residual");
}

static void add_dense(struct builder *builder)
{
    const struct workload_model *model = builder->model;
    bool gated = model->ffn_kind == WORKLOAD_FFN_GATED;
    if (gated)
        add_matmul(builder, "ffn_gate", TENSOR_FFN_GATE);
    add_up(builder, "ffn_up", TENSOR_FFN_UP);
    add_element(builder, "ffn_act", (gated ? 3 : 2) * model->ffn);
    add_matmul(builder, "ffn_down", TENSOR_FFN_DOWN);
}

static void add_shared_experts(struct builder *builder)
{
    struct tensor up = workload_tensor(builder->model, TENSOR_SHARED_UP, builder->layer);
    bool gated = builder->model->ffn_kind == WORKLOAD_FFN_GATED;
    if (gated)
        add_matmul(builder, "ffn_gate_shexp", TENSOR_SHARED_GATE);
    add_up(builder, "ffn_up_shexp", TENSOR_SHARED_UP);
    add_element(builder, "ffn_act_shexp", (gated ? 3 : 2) * up.rows);
    add_matmul(builder, "ffn_down_shexp", TENSOR_SHARED_DOWN);
}

static void add_experts(struct builder *builder)
{
    const struct workload_model *model = builder->model;
    struct tensor up = workload_tensor(model, TENSOR_EXPERTS_UP, builder->layer);
    bool gated = model->ffn_kind == WORKLOAD_FFN_GATED, shared = model->experts.shared > 0;
    add_matmul(builder, "ffn_gate_inp", TENSOR_ROUTER);
    if (gated)
        add_matmul(builder, "ffn_gate_exps", TENSOR_EXPERTS_GATE);
    add_up(builder, "ffn_up_exps", TENSOR_EXPERTS_UP);
    add_element(builder, "ffn_act", (gated ? 3 : 2) * up.used * up.rows);
    add_matmul(builder, "ffn_down_exps", TENSOR_EXPERTS_DOWN);
    if (shared)
        add_shared_experts(builder);
    add_element(builder, "ffn_combine", (up.used + shared + 1) * model->hidden);
}

static void build_ffn(struct builder *builder)
{
    const struct workload_model *model = builder->model;
    if (!model->parallel_attention)
        add_norm(builder, "ffn_norm", TENSOR_FFN_NORM);
    if (workload_model_has_experts(model, builder->layer))
        add_experts(builder);
    else
        add_dense(builder);
    if (model->post_norms)
        add_norm(builder, "post_ffw_norm", TENSOR_POST_NORM);
    add_residual(builder, "ffn_residual");
}

static void build_head(struct builder *builder)
{
    add_norm(builder, "output_norm", TENSOR_NORM);
    add_matmul(builder, "lm_head", TENSOR_OUTPUT);
    for (size_t i = 0; i < builder->n; i++)
        builder->out[i].rows = WORKLOAD_ROWS_SAMPLED;
}

size_t workload_units(const struct workload_model *model)
{
    return 2 * (size_t)model->n_layers + 2;
}

/* What stands before a layer's feed-forward block, by enum workload_layer. */
static const struct {
    const char *name;
    void (*build)(struct builder *builder);
} first_half[] = {
    {"attn", build_attention},
    {"attn", build_attention},
    {"conv", build_conv},
    {"linear", build_linear},
};

char *workload_unit_name(const struct workload_model *model, size_t unit)
{
    if (unit == 0)
        return mem_strdup("embed");
    if (unit == workload_units(model) - 1)
        return mem_strdup("head");
    uint64_t layer = (unit - 1) / 2;
    const char *half = unit % 2 == 0 ? "ffn" : first_half[workload_model_layer(model, layer)].name;
    return mem_printf("l%02zu.%s", (size_t)layer, half);
}

size_t workload_unit_operators(const struct workload_model *model, size_t unit,
                               struct workload_operator out[WORKLOAD_UNIT_OPERATORS])
{
    struct builder builder = {.model = model, .out = out};
    assert(unit < workload_units(model));
    if (unit == 0) {
        build_embed(&builder);
    } else if (unit == workload_units(model) - 1) {
        build_head(&builder);
    } else {
        builder.layer = (unit - 1) / 2;
        if (unit % 2 == 0)
            build_ffn(&builder);
        else
            first_half[workload_model_layer(model, builder.layer)].build(&builder);
    }
    return builder.n;
}

double workload_operator_share(const struct workload_operator *op, double rows)
{
    if (op->experts == 0 || op->experts_used >= op->experts)
        return 1;
    return -expm1(rows * log1p(-op->experts_used / op->experts));
}

double workload_unit_resident_bytes(const struct workload_model *model, size_t unit)
{
    struct tensor tensor[TENSOR_UNIT_MOST];
    size_t n = workload_unit_tensors(model, unit, tensor);
    double bytes = 0;
    for (size_t i = 0; i < n; i++)
        bytes += workload_tensor_bytes(&tensor[i]);
    return bytes;
}

double workload_shared_bytes(const struct workload_model *model)
{
    if (!model->tied_embeddings)
        return 0;
    struct tensor table = workload_tensor(model, TENSOR_TOKEN_EMBD, 0);
    return workload_tensor_bytes(&table);
}
