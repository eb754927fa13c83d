/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "workloads/tensor.h"

#include "workloads/operator.h"

static uint64_t q_width(const struct workload_model *model)
{
    const struct workload_latent *latent = &model->latent;
    uint64_t head = latent->kv_rank > 0 ? latent->nope_dim + latent->rope_dim : model->head_dim;
    return model->n_heads * head;
}

static uint64_t kv_width(const struct workload_model *model)
{
    return model->n_kv_heads * model->head_dim;
}

static uint64_t expert_width(const struct workload_model *model)
{
    return model->experts.ffn > 0 ? model->experts.ffn : model->ffn;
}

static struct tensor matrix(uint64_t rows, uint64_t columns)
{
    return (struct tensor){.rows = rows, .columns = columns, .matrices = 1, .used = 1};
}

bool workload_tensor_is_expert(enum tensor_role role)
{
    return role == TENSOR_EXPERTS_GATE || role == TENSOR_EXPERTS_UP || role == TENSOR_EXPERTS_DOWN;
}

static struct tensor ffn_shape(const struct workload_model *model, enum tensor_role role)
{
    uint64_t hidden = model->hidden, expert = expert_width(model);
    uint64_t shared = model->experts.shared * expert;
    switch (role) {
    case TENSOR_ROUTER:
        return matrix(model->experts.n, hidden);
    case TENSOR_FFN_DOWN:
        return matrix(hidden, model->ffn);
    case TENSOR_SHARED_GATE:
    case TENSOR_SHARED_UP:
        return matrix(shared, hidden);
    case TENSOR_SHARED_DOWN:
        return matrix(hidden, shared);
    case TENSOR_EXPERTS_GATE:
    case TENSOR_EXPERTS_UP:
        return (struct tensor){.rows = expert,
                               .columns = hidden,
                               .matrices = model->experts.n,
                               .used = model->experts.used};
    case TENSOR_EXPERTS_DOWN:
        return (struct tensor){.rows = hidden,
                               .columns = expert,
                               .matrices = model->experts.n,
                               .used = model->experts.used};
    default: /* gate and up */
        return matrix(model->ffn, hidden);
    }
}

/* The matrices that lead from the latent to the keys and values of a head are kept apart, as
 * llama.cpp does, so that attention can run on the latent itself. */
static struct tensor latent_shape(const struct workload_model *model, enum tensor_role role)
{
    const struct workload_latent *latent = &model->latent;
    uint64_t hidden = model->hidden, heads = model->n_heads;
    switch (role) {
    case TENSOR_Q_A:
        return matrix(latent->q_rank, hidden);
    case TENSOR_Q_A_NORM:
        return matrix(1, latent->q_rank);
    case TENSOR_KV_A:
        return matrix(latent->kv_rank + latent->rope_dim, hidden);
    case TENSOR_KV_A_NORM:
        return matrix(1, latent->kv_rank);
    case TENSOR_K_B:
        return (struct tensor){
            .rows = latent->kv_rank, .columns = latent->nope_dim, .matrices = heads, .used = heads};
    case TENSOR_V_B:
        return (struct tensor){
            .rows = latent->v_dim, .columns = latent->kv_rank, .matrices = heads, .used = heads};
    case TENSOR_ATTN_Q:
        return matrix(q_width(model), latent->q_rank > 0 ? latent->q_rank : hidden);
    default: /* output */
        return matrix(hidden, heads * latent->v_dim);
    }
}

static struct tensor linear_shape(const struct workload_model *model, enum tensor_role role)
{
    const struct workload_linear *linear = &model->linear;
    uint64_t values = linear->value_heads * linear->value_dim;
    uint64_t all = 2 * linear->key_heads * linear->key_dim + values;
    switch (role) {
    case TENSOR_LINEAR_QKV:
        return matrix(all, model->hidden);
    case TENSOR_LINEAR_GATE:
        return matrix(values, model->hidden);
    case TENSOR_LINEAR_BETA:
        return matrix(2 * linear->value_heads, model->hidden);
    case TENSOR_LINEAR_DECAY:
        return matrix(2, linear->value_heads);
    case TENSOR_LINEAR_CONV:
        return matrix(all, linear->conv);
    case TENSOR_LINEAR_NORM:
        return matrix(1, linear->value_dim);
    default: /* output */
        return matrix(model->hidden, values);
    }
}

static struct tensor attention_shape(const struct workload_model *model, enum tensor_role role)
{
    bool full = model->qk_norm == WORKLOAD_QK_FULL;
    switch (role) {
    case TENSOR_ATTN_Q:
        return matrix((model->output_gate ? 2 : 1) * q_width(model), model->hidden);
    case TENSOR_ATTN_K:
    case TENSOR_ATTN_V:
        return matrix(kv_width(model), model->hidden);
    case TENSOR_Q_NORM:
        return matrix(1, full ? q_width(model) : model->head_dim);
    case TENSOR_K_NORM:
        return matrix(1, full ? kv_width(model) : model->head_dim);
    case TENSOR_SINKS:
        return matrix(1, model->n_heads);
    default: /* output */
        return matrix(model->hidden, q_width(model));
    }
}

static struct tensor shape(const struct workload_model *model, enum tensor_role role)
{
    uint64_t hidden = model->hidden;
    switch (role) {
    case TENSOR_POSITION:
        return matrix(model->learned_positions, hidden);
    case TENSOR_NORM:
    case TENSOR_FFN_NORM:
    case TENSOR_POST_NORM:
        return matrix(1, hidden);
    case TENSOR_CONV_IN: /* the value and its two gates */
        return matrix(3 * hidden, hidden);
    case TENSOR_CONV:
        return matrix(hidden, model->conv_cache);
    case TENSOR_CONV_OUT:
        return matrix(hidden, hidden);
    case TENSOR_TOKEN_EMBD:
    case TENSOR_OUTPUT:
        return matrix(model->vocab, hidden);
    default:
        break;
    }
    if (role >= TENSOR_ROUTER)
        return ffn_shape(model, role);
    if (role >= TENSOR_LINEAR_QKV)
        return linear_shape(model, role);
    return model->latent.kv_rank > 0 ? latent_shape(model, role) : attention_shape(model, role);
}

static uint64_t bias(const struct workload_model *model, const struct tensor *tensor)
{
    switch (tensor->role) {
    case TENSOR_NORM:
    case TENSOR_FFN_NORM:
    case TENSOR_POST_NORM:
        return model->norm_biases ? tensor->columns : 0;
    case TENSOR_ATTN_Q:
    case TENSOR_ATTN_K:
    case TENSOR_ATTN_V:
        return model->biases || model->qkv_biases ? tensor->rows : 0;
    case TENSOR_ATTN_OUTPUT:
    case TENSOR_ROUTER:
    case TENSOR_FFN_GATE:
    case TENSOR_FFN_UP:
    case TENSOR_FFN_DOWN:
    case TENSOR_EXPERTS_GATE:
    case TENSOR_EXPERTS_UP:
    case TENSOR_EXPERTS_DOWN:
        return model->biases ? tensor->matrices * tensor->rows : 0;
    default:
        return 0;
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

static bool ffn_present(const struct workload_model *model, enum tensor_role role, uint64_t layer)
{
    bool experts = workload_model_has_experts(model, layer);
    bool gated = model->ffn_kind == WORKLOAD_FFN_GATED;
    switch (role) {
    case TENSOR_ROUTER:
    case TENSOR_EXPERTS_UP:
    case TENSOR_EXPERTS_DOWN:
        return experts;
    case TENSOR_EXPERTS_GATE:
        return experts && gated;
    case TENSOR_SHARED_UP:
    case TENSOR_SHARED_DOWN:
        return experts && model->experts.shared > 0;
    case TENSOR_SHARED_GATE:
        return experts && gated && model->experts.shared > 0;
    case TENSOR_FFN_GATE:
        return !experts && gated;
    default:
        return !experts;
    }
}

static bool present(const struct workload_model *model, enum tensor_role role, uint64_t layer)
{
    bool latent = model->latent.kv_rank > 0;
    switch (role) {
    case TENSOR_POSITION:
        return model->learned_positions > 0;
    case TENSOR_FFN_NORM:
        return !model->parallel_attention;
    case TENSOR_POST_NORM:
        return model->post_norms;
    case TENSOR_ATTN_K:
    case TENSOR_ATTN_V:
        return !latent;
    case TENSOR_Q_NORM:
    case TENSOR_K_NORM:
        return model->qk_norm != WORKLOAD_QK_NONE;
    case TENSOR_SINKS:
        return model->attention_sinks;
    case TENSOR_Q_A:
    case TENSOR_Q_A_NORM:
        return latent && model->latent.q_rank > 0;
    case TENSOR_KV_A:
    case TENSOR_KV_A_NORM:
    case TENSOR_K_B:
    case TENSOR_V_B:
        return latent;
    case TENSOR_ROUTER:
    case TENSOR_FFN_GATE:
    case TENSOR_FFN_UP:
    case TENSOR_FFN_DOWN:
    case TENSOR_EXPERTS_GATE:
    case TENSOR_EXPERTS_UP:
    case TENSOR_EXPERTS_DOWN:
    case TENSOR_SHARED_GATE:
    case TENSOR_SHARED_UP:
    case TENSOR_SHARED_DOWN:
        return ffn_present(model, role, layer);
    default:
        return true;
    }
}

struct roles {
    const enum tensor_role *role;
    size_t n;
};

static struct roles unit_roles(const struct workload_model *model, size_t unit)
{
    static const enum tensor_role embed[] = {TENSOR_TOKEN_EMBD, TENSOR_POSITION};
    static const enum tensor_role attention[] = {
        TENSOR_NORM,   TENSOR_Q_A,   TENSOR_Q_A_NORM,  TENSOR_ATTN_Q,      TENSOR_Q_NORM,
        TENSOR_ATTN_K, TENSOR_KV_A,  TENSOR_KV_A_NORM, TENSOR_K_B,         TENSOR_K_NORM,
        TENSOR_ATTN_V, TENSOR_SINKS, TENSOR_V_B,       TENSOR_ATTN_OUTPUT, TENSOR_POST_NORM};
    static const enum tensor_role conv[] = {TENSOR_NORM, TENSOR_CONV_IN, TENSOR_CONV,
                                            TENSOR_CONV_OUT, TENSOR_POST_NORM};
    static const enum tensor_role linear[] = {
        TENSOR_NORM,        TENSOR_LINEAR_QKV,  TENSOR_LINEAR_GATE,
        TENSOR_LINEAR_BETA, TENSOR_LINEAR_CONV, TENSOR_LINEAR_DECAY,
        TENSOR_LINEAR_NORM, TENSOR_LINEAR_OUT,  TENSOR_POST_NORM};
    static const enum tensor_role ffn[] = {
        TENSOR_FFN_NORM,    TENSOR_ROUTER,       TENSOR_FFN_GATE,    TENSOR_FFN_UP,
        TENSOR_FFN_DOWN,    TENSOR_EXPERTS_GATE, TENSOR_EXPERTS_UP,  TENSOR_EXPERTS_DOWN,
        TENSOR_SHARED_GATE, TENSOR_SHARED_UP,    TENSOR_SHARED_DOWN, TENSOR_POST_NORM};
    static const enum tensor_role head[] = {TENSOR_NORM, TENSOR_OUTPUT};
    if (unit == 0)
        return (struct roles){embed, sizeof embed / sizeof *embed};
    if (unit == workload_units(model) - 1)
        return (struct roles){head, sizeof head / sizeof *head};
    if (unit % 2 == 0)
        return (struct roles){ffn, sizeof ffn / sizeof *ffn};
    if (workload_model_layer(model, (unit - 1) / 2) == WORKLOAD_LAYER_CONV)
        return (struct roles){conv, sizeof conv / sizeof *conv};
    if (workload_model_layer(model, (unit - 1) / 2) == WORKLOAD_LAYER_LINEAR)
        return (struct roles){linear, sizeof linear / sizeof *linear};
    return (struct roles){attention, sizeof attention / sizeof *attention};
}

size_t workload_unit_tensors(const struct workload_model *model, size_t unit,
                             struct tensor out[TENSOR_UNIT_MOST])
{
    struct roles roles = unit_roles(model, unit);
    bool in_layer = unit > 0 && unit < workload_units(model) - 1;
    uint64_t layer = in_layer ? (unit - 1) / 2 : 0;
    size_t added = 0;
    for (size_t i = 0; i < roles.n; i++)
        if (present(model, roles.role[i], layer))
            out[added++] = workload_tensor(model, roles.role[i], layer);
    return added;
}

double workload_tensor_weights(const struct tensor *tensor)
{
    return (double)tensor->matrices * (double)tensor->rows * (double)tensor->columns;
}

double workload_tensor_bytes(const struct tensor *tensor)
{
    return workload_format_bytes(tensor->format, workload_tensor_weights(tensor)) +
           4.0 * (double)tensor->bias;
}
