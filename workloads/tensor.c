/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "workloads/tensor.h"

#include "workloads/operator.h"

static uint64_t q_width(const struct workload_model *model)
{
    return model->n_heads * model->head_dim;
}

static uint64_t kv_width(const struct workload_model *model)
{
    return model->n_kv_heads * model->head_dim;
}

static struct tensor shape(const struct workload_model *model, enum tensor_role role)
{
    uint64_t hidden = model->hidden;
    switch (role) {
    case TENSOR_POSITION:
        return (struct tensor){.rows = model->learned_positions, .columns = hidden};
    case TENSOR_NORM:
        return (struct tensor){.rows = 1, .columns = hidden};
    case TENSOR_ATTN_Q:
        return (struct tensor){.rows = q_width(model), .columns = hidden};
    case TENSOR_ATTN_K:
    case TENSOR_ATTN_V:
        return (struct tensor){.rows = kv_width(model), .columns = hidden};
    case TENSOR_ATTN_OUTPUT:
        return (struct tensor){.rows = hidden, .columns = q_width(model)};
    case TENSOR_FFN_GATE:
    case TENSOR_FFN_UP:
        return (struct tensor){.rows = model->ffn, .columns = hidden};
    case TENSOR_FFN_DOWN:
        return (struct tensor){.rows = hidden, .columns = model->ffn};
    case TENSOR_TOKEN_EMBD:
    case TENSOR_OUTPUT:
        break;
    }
    return (struct tensor){.rows = model->vocab, .columns = hidden};
}

static uint64_t bias(const struct workload_model *model, const struct tensor *tensor)
{
    switch (tensor->role) {
    case TENSOR_TOKEN_EMBD:
    case TENSOR_POSITION:
    case TENSOR_OUTPUT:
        return 0;
    case TENSOR_NORM:
        return model->norm_biases ? tensor->columns : 0;
    default:
        return model->biases ? tensor->rows : 0;
    }
}

struct tensor workload_tensor(const struct workload_model *model, enum tensor_role role,
                              uint64_t layer)
{
    struct tensor tensor = shape(model, role);
    tensor.role = role;
    tensor.bias = bias(model, &tensor);
    tensor.format = workload_quant_format(model, role, tensor.columns, layer);
    return tensor;
}

static size_t add(const struct workload_model *model, const enum tensor_role *roles, size_t n,
                  uint64_t layer, struct tensor *out)
{
    size_t added = 0;
    for (size_t i = 0; i < n; i++) {
        if (roles[i] == TENSOR_FFN_GATE && model->ffn_kind != WORKLOAD_FFN_GATED)
            continue;
        if (roles[i] == TENSOR_POSITION && model->learned_positions == 0)
            continue;
        out[added++] = workload_tensor(model, roles[i], layer);
    }
    return added;
}

size_t workload_unit_tensors(const struct workload_model *model, size_t unit,
                             struct tensor out[TENSOR_UNIT_MOST])
{
    static const enum tensor_role embed[] = {TENSOR_TOKEN_EMBD, TENSOR_POSITION};
    static const enum tensor_role attention[] = {TENSOR_NORM, TENSOR_ATTN_Q, TENSOR_ATTN_K,
                                                 TENSOR_ATTN_V, TENSOR_ATTN_OUTPUT};
    static const enum tensor_role ffn[] = {TENSOR_NORM, TENSOR_FFN_GATE, TENSOR_FFN_UP,
                                           TENSOR_FFN_DOWN};
    static const enum tensor_role head[] = {TENSOR_NORM, TENSOR_OUTPUT};
    if (unit == 0)
        return add(model, embed, 2, 0, out);
    if (unit == workload_units(model) - 1)
        return add(model, head, 2, 0, out);
    uint64_t layer = (unit - 1) / 2;
    return unit % 2 == 1 ? add(model, attention, 5, layer, out) : add(model, ffn, 4, layer, out);
}

double workload_tensor_bytes(const struct tensor *tensor)
{
    double weights = (double)tensor->rows * (double)tensor->columns;
    return workload_format_bytes(tensor->format, weights) + 4.0 * (double)tensor->bias;
}
