/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "workloads/model.h"

#include "workloads/model_check.h"
#include "workloads/operator.h"
#include "workloads/tensor.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static const char *const ffn_names[] = {"plain", "gated", NULL};
static const char *const qk_norm_names[] = {"none", "head", "full", NULL};
/* In the order of enum workload_layer; the names are those of Hugging Face. */
const char *const workload_layer_names[] = {"full_attention", "sliding_attention", "conv",
                                            "linear_attention", NULL};

#define MODEL(member) offsetof(struct workload_model, member)

const struct field workload_model_fields[] = {
    {"schema", FIELD_TEXT, false, MODEL(schema), .help = "qeilsim/model/1"},
    {"name", FIELD_TEXT, true, MODEL(name), .help = "Name in the catalogue."},
    {"aliases", FIELD_TEXTS, false, MODEL(aliases), .count_offset = MODEL(n_aliases),
     .help = "Other names, as in tables of measurements."},
    {"num_hidden_layers", FIELD_COUNT, true, MODEL(n_layers), .min = 1, .max = 10000, .unit = "1",
     .help = "Decoder layers."},
    {"hidden_size", FIELD_COUNT, true, MODEL(hidden), .min = 1, .max = 1e6, .unit = "1",
     .help = "Width of the residual stream."},
    {"intermediate_size", FIELD_COUNT, true, MODEL(ffn), .min = 1, .max = 1e7, .unit = "1",
     .help = "Width inside the feed-forward block."},
    {"num_attention_heads", FIELD_COUNT, true, MODEL(n_heads), .min = 1, .max = 10000, .unit = "1",
     .help = "Query heads."},
    {"num_key_value_heads", FIELD_COUNT, false, MODEL(n_kv_heads), .min = 1, .max = 10000,
     .unit = "1", .help = "Key and value heads; absent: as many as query heads."},
    {"head_dim", FIELD_COUNT, false, MODEL(head_dim), .min = 1, .max = 1e5, .unit = "1",
     .help = "Width of a head; absent: hidden_size / num_attention_heads."},
    {"vocab_size", FIELD_COUNT, true, MODEL(vocab), .min = 1, .max = 1e8, .unit = "1",
     .help = "Tokens of the vocabulary."},
    {"max_position_embeddings", FIELD_COUNT, true, MODEL(max_context), .min = 1, .max = 1e9,
     .unit = "tokens", .help = "Longest context."},
    {"learned_positions", FIELD_COUNT, false, MODEL(learned_positions), .min = 0, .max = 1e9,
     .preset = "0", .unit = "1", .help = "Rows of a position table; 0 with rotary embeddings."},
    {"ffn", FIELD_ENUM, false, MODEL(ffn_kind), .names = ffn_names, .preset = "gated",
     .help = "Feed-forward block of two matrices (plain) or three (gated)."},
    {"tie_word_embeddings", FIELD_BOOL, false, MODEL(tied_embeddings), .preset = "false",
     .help = "The language-model head uses the embedding matrix."},
    {"projection_bias", FIELD_BOOL, false, MODEL(biases), .preset = "false",
     .help = "Attention and feed-forward projections have biases."},
    {"norm_bias", FIELD_BOOL, false, MODEL(norm_biases), .preset = "false",
     .help = "Norms have biases (LayerNorm)."},
    {"fused_qkv", FIELD_BOOL, false, MODEL(fused_qkv), .preset = "false",
     .help = "Queries, keys and values share one tensor of the file."},
    {"qkv_bias", FIELD_BOOL, false, MODEL(qkv_biases), .preset = "false",
     .help = "Queries, keys and values have biases, the other projections not."},
    {"qk_norm", FIELD_ENUM, false, MODEL(qk_norm), .names = qk_norm_names, .preset = "none",
     .help = "Norms of queries and keys: over each head, or over all heads together (full)."},
    {"post_norm", FIELD_BOOL, false, MODEL(post_norms), .preset = "false",
     .help = "Norms also behind attention and feed-forward block."},
    {"parallel_attn", FIELD_BOOL, false, MODEL(parallel_attention), .preset = "false",
     .help = "Attention and feed-forward block share one norm; they run one after the other."},
    {"attention_sinks", FIELD_BOOL, false, MODEL(attention_sinks), .preset = "false",
     .help = "A learned logit per head stands beside those of the context."},
    {"attn_output_gate", FIELD_BOOL, false, MODEL(output_gate), .preset = "false",
     .help = "The projection of queries is twice as wide and brings a gate for the result."},
    {"sliding_window", FIELD_COUNT, false, MODEL(sliding_window), .min = 0, .max = 1e9,
     .preset = "0", .unit = "tokens",
     .help = "Tokens that a sliding layer attends to, its own included; 0: no layer slides."},
    {"sliding_window_pattern", FIELD_COUNT, false, MODEL(sliding_pattern), .min = 0, .max = 10000,
     .preset = "0", .unit = "layers",
     .help = "Each so many layers, the last attends to all and the others slide; 0: all slide."},
    {"layer_types", FIELD_TEXTS, false, MODEL(layer_types), .count_offset = MODEL(n_layer_types),
     .help =
         "Kind of each layer: full_attention, sliding_attention, conv or linear_attention; instead "
         "of a pattern."},
    {"conv_L_cache", FIELD_COUNT, false, MODEL(conv_cache), .min = 0, .max = 1000, .preset = "0",
     .unit = "tokens", .help = "Tokens that a short convolution spans; with layers of kind conv."},
    {"linear_num_key_heads", FIELD_COUNT, false, MODEL(linear.key_heads), .min = 0, .max = 10000,
     .preset = "0", .unit = "1", .help = "Linear attention: heads of queries and of keys."},
    {"linear_num_value_heads", FIELD_COUNT, false, MODEL(linear.value_heads), .min = 0,
     .max = 10000, .preset = "0", .unit = "1",
     .help = "Linear attention: heads of values; with layers of kind linear_attention."},
    {"linear_key_head_dim", FIELD_COUNT, false, MODEL(linear.key_dim), .min = 0, .max = 1e5,
     .preset = "0", .unit = "1", .help = "Linear attention: width of a key."},
    {"linear_value_head_dim", FIELD_COUNT, false, MODEL(linear.value_dim), .min = 0, .max = 1e5,
     .preset = "0", .unit = "1", .help = "Linear attention: width of a value."},
    {"linear_conv_kernel_dim", FIELD_COUNT, false, MODEL(linear.conv), .min = 0, .max = 1000,
     .preset = "0", .unit = "tokens",
     .help = "Linear attention: tokens that its short convolution spans."},
    {"num_experts", FIELD_COUNT, false, MODEL(experts.n), .min = 0, .max = 65536, .preset = "0",
     .unit = "1", .help = "Experts that a router chooses from in a layer; 0: dense."},
    {"num_experts_per_tok", FIELD_COUNT, false, MODEL(experts.used), .min = 0, .max = 65536,
     .preset = "0", .unit = "1", .help = "Experts that a token goes through."},
    {"moe_intermediate_size", FIELD_COUNT, false, MODEL(experts.ffn), .min = 0, .max = 1e7,
     .preset = "0", .unit = "1", .help = "Width inside one expert; 0: intermediate_size."},
    {"n_shared_experts", FIELD_COUNT, false, MODEL(experts.shared), .min = 0, .max = 65536,
     .preset = "0", .unit = "1", .help = "Further experts that every token goes through."},
    {"first_k_dense_replace", FIELD_COUNT, false, MODEL(experts.dense_first), .min = 0,
     .max = 10000, .preset = "0", .unit = "layers",
     .help = "Layers at the start that are dense, of intermediate_size."},
    {"kv_lora_rank", FIELD_COUNT, false, MODEL(latent.kv_rank), .min = 0, .max = 1e6, .preset = "0",
     .unit = "1", .help = "Width of the latent that stands for keys and values; 0: no latent."},
    {"q_lora_rank", FIELD_COUNT, false, MODEL(latent.q_rank), .min = 0, .max = 1e6, .preset = "0",
     .unit = "1", .help = "Width of the latent behind queries; 0: they are projected at once."},
    {"qk_rope_head_dim", FIELD_COUNT, false, MODEL(latent.rope_dim), .min = 0, .max = 1e5,
     .preset = "0", .unit = "1", .help = "Latent attention: rotated part of a head."},
    {"qk_nope_head_dim", FIELD_COUNT, false, MODEL(latent.nope_dim), .min = 0, .max = 1e5,
     .preset = "0", .unit = "1", .help = "Latent attention: part of a head that is not rotated."},
    {"v_head_dim", FIELD_COUNT, false, MODEL(latent.v_dim), .min = 0, .max = 1e5, .preset = "0",
     .unit = "1", .help = "Latent attention: width of a head's value."},
    {"quant", FIELD_TEXT, false, MODEL(quant), .preset = "F16",
     .help = "File type as in GGUF: F16, Q8_0, Q4_K_M, ..."},
    {"kv_format", FIELD_TEXT, false, MODEL(kv_format), .preset = "F16",
     .help = "Format of the KV cache: F32, F16, BF16, Q8_0, Q4_0, ..."},
    {"published_parameters", FIELD_COUNT, false, MODEL(published_parameters), .preset = "0",
     .unit = "1", .help = "Parameter count as published; 0: unknown."},
    {"sources", FIELD_TREE, false, MODEL(sources),
     .help = "Where the numbers come from: {kind, ref} for each key."},
    {.key = NULL},
};

bool workload_model_read(const struct tree *node, struct workload_model *out, struct error *err)
{
    *out = (struct workload_model){0};
    if (tree_get(node, "schema") && !fields_check_schema(node, "model", err))
        return false;
    if (!fields_read(node, workload_model_fields, out, err))
        return false;
    bool ok = workload_model_check(node, out, err);
    if (!ok)
        workload_model_free(out);
    return ok;
}

void workload_model_free(struct workload_model *model)
{
    fields_free(workload_model_fields, model);
    *model = (struct workload_model){0};
}

/* Names were checked when the model was read. */
static enum workload_layer layer_of_name(const char *name)
{
    for (int kind = WORKLOAD_LAYER_FULL; kind < WORKLOAD_LAYER_LINEAR; kind++)
        if (strcmp(workload_layer_names[kind], name) == 0)
            return (enum workload_layer)kind;
    return WORKLOAD_LAYER_LINEAR;
}

enum workload_layer workload_model_layer(const struct workload_model *model, uint64_t layer)
{
    uint64_t pattern = model->sliding_pattern;
    if (model->n_layer_types > 0)
        return layer_of_name(model->layer_types[layer]);
    if (model->sliding_window == 0 || (pattern > 0 && (layer + 1) % pattern == 0))
        return WORKLOAD_LAYER_FULL;
    return WORKLOAD_LAYER_SLIDING;
}

bool workload_model_has_experts(const struct workload_model *model, uint64_t layer)
{
    return model->experts.n > 0 && layer >= model->experts.dense_first;
}

bool workload_model_attends(const struct workload_model *model, uint64_t layer)
{
    enum workload_layer kind = workload_model_layer(model, layer);
    return kind == WORKLOAD_LAYER_FULL || kind == WORKLOAD_LAYER_SLIDING;
}

static double unit_parameters(const struct workload_model *model, size_t unit)
{
    struct tensor tensor[TENSOR_UNIT_MOST];
    size_t n = workload_unit_tensors(model, unit, tensor);
    double parameters = 0;
    for (size_t i = 0; i < n; i++)
        parameters += workload_tensor_weights(&tensor[i]) + (double)tensor[i].bias;
    return parameters;
}

double workload_model_parameters(const struct workload_model *model)
{
    double parameters = 0;
    for (size_t unit = 0; unit < workload_units(model); unit++)
        parameters += unit_parameters(model, unit);
    if (model->tied_embeddings)
        parameters -= (double)(model->vocab * model->hidden);
    return parameters;
}

double workload_model_file_bytes(const struct workload_model *model)
{
    double bytes = 0;
    for (size_t unit = 0; unit < workload_units(model); unit++)
        bytes += workload_unit_resident_bytes(model, unit);
    return bytes - workload_shared_bytes(model);
}

double workload_model_kv_bytes_per_layer(const struct workload_model *model)
{
    const struct workload_latent *latent = &model->latent;
    uint64_t width = latent->kv_rank > 0 ? latent->kv_rank + latent->rope_dim
                                         : 2 * model->n_kv_heads * model->head_dim;
    return workload_format_bytes(workload_format_find(model->kv_format), (double)width);
}

double workload_model_kv_bytes(const struct workload_model *model)
{
    double layers = 0;
    for (uint64_t layer = 0; layer < model->n_layers; layer++)
        layers += workload_model_attends(model, layer);
    return layers * workload_model_kv_bytes_per_layer(model);
}
