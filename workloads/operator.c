/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "workloads/operator.h"

#include "base/memory.h"
#include "workloads/tensor.h"

#include <assert.h>

/* Activations pass between operators as 16-bit numbers. */
static const double value_bytes = 2;

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
    struct workload_operator *op = add(builder, name, WORKLOAD_MATMUL);
    op->format = tensor.format;
    op->weights = (double)tensor.rows * (double)tensor.columns;
    op->weight_bytes = workload_tensor_bytes(&tensor);
    op->flops_per_row = 2 * op->weights;
    op->activation_bytes_per_row = value_bytes * (double)(tensor.rows + tensor.columns);
}

/* An operator that only moves numbers: so many read and written for each row. */
static struct workload_operator *add_element(struct builder *builder, const char *name,
                                             uint64_t values)
{
    struct workload_operator *op = add(builder, name, WORKLOAD_ELEMENT);
    op->activation_bytes_per_row = value_bytes * (double)values;
    return op;
}

static struct workload_operator *add_norm(struct builder *builder, const char *name)
{
    struct tensor tensor = workload_tensor(builder->model, TENSOR_NORM, builder->layer);
    struct workload_operator *op = add_element(builder, name, 2 * builder->model->hidden);
    op->format = tensor.format;
    op->weight_bytes = workload_tensor_bytes(&tensor);
    return op;
}

static void add_residual(struct builder *builder, const char *name)
{
    add_element(builder, name, 3 * builder->model->hidden);
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

static void add_attention(struct builder *builder)
{
    const struct workload_model *model = builder->model;
    double q_width = (double)(model->n_heads * model->head_dim);
    struct workload_operator *op = add(builder, "attention", WORKLOAD_ATTENTION);
    op->q_heads = (double)model->n_heads;
    op->flops_per_pair = 4 * q_width;
    op->kv_bytes_per_token = workload_model_kv_bytes_per_layer(model);
    /* the query in, the result out, and the row's own keys and values into the cache */
    op->activation_bytes_per_row = 2 * value_bytes * q_width + op->kv_bytes_per_token;
}

static void build_attention(struct builder *builder)
{
    const struct workload_model *model = builder->model;
    add_norm(builder, "attn_norm");
    add_matmul(builder, "attn_q", TENSOR_ATTN_Q);
    add_matmul(builder, "attn_k", TENSOR_ATTN_K);
    add_matmul(builder, "attn_v", TENSOR_ATTN_V);
    if (model->learned_positions == 0)
        add_element(builder, "rope", 2 * (model->n_heads + model->n_kv_heads) * model->head_dim);
    add_attention(builder);
    add_matmul(builder, "attn_output", TENSOR_ATTN_OUTPUT);
    add_residual(builder, "attn_residual");
}

static void build_ffn(struct builder *builder)
{
    const struct workload_model *model = builder->model;
    bool gated = model->ffn_kind == WORKLOAD_FFN_GATED;
    add_norm(builder, "ffn_norm");
    if (gated)
        add_matmul(builder, "ffn_gate", TENSOR_FFN_GATE);
    add_matmul(builder, "ffn_up", TENSOR_FFN_UP);
    add_element(builder, "ffn_act", (gated ? 3 : 2) * model->ffn);
    add_matmul(builder, "ffn_down", TENSOR_FFN_DOWN);
    add_residual(builder, "ffn_residual");
}

static void build_head(struct builder *builder)
{
    add_norm(builder, "output_norm");
    add_matmul(builder, "lm_head", TENSOR_OUTPUT);
    for (size_t i = 0; i < builder->n; i++)
        builder->out[i].rows = WORKLOAD_ROWS_SAMPLED;
}

size_t workload_units(const struct workload_model *model)
{
    return 2 * (size_t)model->n_layers + 2;
}

char *workload_unit_name(const struct workload_model *model, size_t unit)
{
    if (unit == 0)
        return mem_strdup("embed");
    if (unit == workload_units(model) - 1)
        return mem_strdup("head");
    return mem_printf("l%02zu.%s", (unit - 1) / 2, unit % 2 == 1 ? "attn" : "ffn");
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
        if (unit % 2 == 1)
            build_attention(&builder);
        else
            build_ffn(&builder);
    }
    return builder.n;
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
