/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "workloads/model_check.h"

#include <stdlib.h>
#include <string.h>

/* Formats that llama.cpp takes for --cache-type-k and -v. */
static const char *const kv_formats[] = {"F32",  "F16",  "BF16", "Q8_0", "Q4_0",
                                         "Q4_1", "Q5_0", "Q5_1", NULL};

/* The place of a member, or of the map where the member is left to its preset. */
static const struct tree *place(const struct tree *node, const char *key)
{
    const struct tree *member = tree_get(node, key);
    return member ? member : node;
}

/* `at` is where the word stands, or the map where it is a preset. */
static bool check_word(const struct tree *at, const char *key, const char *word,
                       const char *const *words, struct error *err)
{
    for (size_t i = 0; words[i]; i++)
        if (strcmp(words[i], word) == 0)
            return true;
    char *hint = text_hint(word, words);
    struct text list = {0};
    for (size_t i = 0; words[i]; i++)
        text_add(&list, "%s%s", i > 0 ? ", " : "", words[i]);
    tree_error(err, at, "unknown %s '%s'%s; known are %s", key, text_clip(word).bytes, hint,
               list.bytes);
    text_free(&list);
    free(hint);
    return false;
}

static bool check_heads(const struct tree *node, struct workload_model *model, struct error *err)
{
    if (model->n_kv_heads == 0)
        model->n_kv_heads = model->n_heads;
    if (model->n_heads % model->n_kv_heads != 0)
        return tree_error(err, place(node, "num_key_value_heads"),
                          "num_key_value_heads %llu does not divide num_attention_heads %llu",
                          (unsigned long long)model->n_kv_heads,
                          (unsigned long long)model->n_heads);
    if (model->head_dim == 0 && model->hidden % model->n_heads != 0)
        return tree_error(err, place(node, "num_attention_heads"),
                          "num_attention_heads %llu does not divide hidden_size %llu; give "
                          "head_dim if that is meant",
                          (unsigned long long)model->n_heads, (unsigned long long)model->hidden);
    if (model->head_dim == 0)
        model->head_dim = model->hidden / model->n_heads;
    return true;
}

static bool check_kv(const struct tree *node, const struct workload_model *model, struct error *err)
{
    if (!check_word(place(node, "kv_format"), "kv_format", model->kv_format, kv_formats, err))
        return false;
    const struct workload_latent *latent = &model->latent;
    uint64_t width = latent->kv_rank > 0 ? latent->kv_rank + latent->rope_dim
                                         : model->n_kv_heads * model->head_dim;
    const struct workload_format *format = workload_format_find(model->kv_format);
    if (width % format->block_weights == 0)
        return true;
    return tree_error(err, place(node, "kv_format"),
                      "kv_format %s stores blocks of %u values, but the keys of a token in a layer "
                      "are %llu; F16 takes any number",
                      format->name, format->block_weights, (unsigned long long)width);
}

static bool check_positions(const struct tree *node, const struct workload_model *model,
                            struct error *err)
{
    if (model->learned_positions == 0 || model->max_context <= model->learned_positions)
        return true;
    return tree_error(err, place(node, "max_position_embeddings"),
                      "max_position_embeddings %llu is more than the %llu learned_positions",
                      (unsigned long long)model->max_context,
                      (unsigned long long)model->learned_positions);
}

/* Faults where a key is given that means nothing without another. */
static bool check_needs(const struct tree *node, const char *const *keys, const char *needed,
                        struct error *err)
{
    bool ok = true;
    for (size_t i = 0; keys[i]; i++) {
        const struct tree *member = tree_get(node, keys[i]);
        if (member && !(member->kind == TREE_SCALAR && strcmp(member->text, "0") == 0))
            ok = tree_error(err, member, "%s means nothing without %s", keys[i], needed);
    }
    return ok;
}

static bool check_experts(const struct tree *node, const struct workload_model *model,
                          struct error *err)
{
    static const char *const keys[] = {"num_experts_per_tok", "moe_intermediate_size",
                                       "n_shared_experts", "first_k_dense_replace", NULL};
    const struct workload_experts *experts = &model->experts;
    bool ok = true;
    if (experts->n == 0)
        return check_needs(node, keys, "num_experts", err);
    if (experts->used == 0)
        ok = tree_error(err, place(node, "num_experts"),
                        "num_experts %llu needs num_experts_per_tok: how many a token goes through",
                        (unsigned long long)experts->n);
    if (experts->used > experts->n)
        ok = tree_error(err, place(node, "num_experts_per_tok"),
                        "num_experts_per_tok %llu is more than the %llu num_experts",
                        (unsigned long long)experts->used, (unsigned long long)experts->n);
    if (experts->dense_first >= model->n_layers)
        ok = tree_error(err, place(node, "first_k_dense_replace"),
                        "first_k_dense_replace %llu leaves none of %llu layers to the experts",
                        (unsigned long long)experts->dense_first,
                        (unsigned long long)model->n_layers);
    return ok;
}

static bool check_latent(const struct tree *node, const struct workload_model *model,
                         struct error *err)
{
    static const char *const parts[] = {"qk_rope_head_dim", "qk_nope_head_dim", "v_head_dim",
                                        "q_lora_rank", NULL};
    const struct workload_latent *latent = &model->latent;
    bool ok = true;
    if (latent->kv_rank == 0)
        return check_needs(node, parts, "kv_lora_rank", err);
    if (latent->rope_dim == 0 || latent->nope_dim == 0 || latent->v_dim == 0)
        ok = tree_error(err, place(node, "kv_lora_rank"),
                        "kv_lora_rank needs qk_rope_head_dim, qk_nope_head_dim and v_head_dim");
    if (model->n_kv_heads != model->n_heads)
        ok = tree_error(err, place(node, "num_key_value_heads"),
                        "num_key_value_heads %llu: with kv_lora_rank all heads share one latent; "
                        "leave it out or give num_attention_heads %llu",
                        (unsigned long long)model->n_kv_heads, (unsigned long long)model->n_heads);
    if (model->qk_norm != WORKLOAD_QK_NONE || model->qkv_biases || model->fused_qkv ||
        model->output_gate)
        ok = tree_error(err, place(node, "kv_lora_rank"),
                        "kv_lora_rank leaves no keys for qk_norm, qkv_bias, fused_qkv or "
                        "attn_output_gate");
    return ok;
}

/* Whether the list names a layer of the kind. */
static bool has_layer(const struct workload_model *model, enum workload_layer kind)
{
    for (uint64_t layer = 0; layer < model->n_layers; layer++)
        if (workload_model_layer(model, layer) == kind)
            return true;
    return false;
}

static bool check_layer_types(const struct tree *node, const struct workload_model *model,
                              struct error *err)
{
    const struct tree *list = tree_get(node, "layer_types");
    bool ok = true;
    if (model->n_layer_types == 0)
        return true;
    if (model->n_layer_types != model->n_layers)
        return tree_error(err, list, "layer_types names %zu layers, num_hidden_layers is %llu",
                          model->n_layer_types, (unsigned long long)model->n_layers);
    for (size_t i = 0; i < model->n_layer_types; i++)
        ok = check_word(list->child[i], "layer_types", model->layer_types[i], workload_layer_names,
                        err) &&
             ok;
    if (model->sliding_pattern > 0)
        ok = tree_error(err, place(node, "sliding_window_pattern"),
                        "sliding_window_pattern and layer_types both say which layers slide");
    return ok;
}

static bool check_windows(const struct tree *node, const struct workload_model *model,
                          struct error *err)
{
    static const char *const keys[] = {"sliding_window_pattern", NULL};
    bool slides = has_layer(model, WORKLOAD_LAYER_SLIDING);
    if (model->sliding_window == 0 && !slides)
        return check_needs(node, keys, "sliding_window", err);
    if (model->sliding_window > 0 && slides)
        return true;
    if (slides)
        return tree_error(err, place(node, "layer_types"),
                          "layer_types has sliding layers: sliding_window is missing");
    return tree_error(err, place(node, "sliding_window"),
                      "sliding_window %llu, but no layer slides",
                      (unsigned long long)model->sliding_window);
}

static bool check_convolutions(const struct tree *node, const struct workload_model *model,
                               struct error *err)
{
    bool convolves = has_layer(model, WORKLOAD_LAYER_CONV);
    if (convolves == (model->conv_cache > 0))
        return true;
    if (convolves)
        return tree_error(err, place(node, "layer_types"),
                          "layer_types has convolutions: conv_L_cache is missing");
    return tree_error(err, place(node, "conv_L_cache"),
                      "conv_L_cache %llu, but no layer of layer_types is conv",
                      (unsigned long long)model->conv_cache);
}

static bool check_linear(const struct tree *node, const struct workload_model *model,
                         struct error *err)
{
    static const char *const keys[] = {"linear_num_key_heads",   "linear_num_value_heads",
                                       "linear_key_head_dim",    "linear_value_head_dim",
                                       "linear_conv_kernel_dim", NULL};
    const struct workload_linear *linear = &model->linear;
    if (!has_layer(model, WORKLOAD_LAYER_LINEAR))
        return check_needs(node, keys, "linear_attention among layer_types", err);
    if (linear->key_heads > 0 && linear->value_heads > 0 && linear->key_dim > 0 &&
        linear->value_dim > 0 && linear->conv > 0)
        return true;
    return tree_error(err, place(node, "layer_types"),
                      "layer_types has linear_attention: one of linear_num_key_heads, "
                      "linear_num_value_heads, linear_key_head_dim, linear_value_head_dim and "
                      "linear_conv_kernel_dim is missing");
}

bool workload_model_check(const struct tree *node, struct workload_model *model, struct error *err)
{
    bool ok = check_word(place(node, "quant"), "quant", model->quant, workload_quants(), err);
    ok = check_heads(node, model, err) && check_kv(node, model, err) && ok;
    ok = check_positions(node, model, err) && ok;
    ok = check_experts(node, model, err) && ok;
    ok = check_latent(node, model, err) && ok;
    if (!check_layer_types(node, model, err))
        return false;
    ok = check_windows(node, model, err) && ok;
    ok = check_linear(node, model, err) && ok;
    return check_convolutions(node, model, err) && ok;
}
