/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What GGUF headers say beyond the dimensions: which layers slide or convolve, experts, latent
 * attention, biases. */
#include "workloads/import_gguf.h"

#include "base/memory.h"

#include <stdlib.h>

static const char full[] = "full_attention", sliding[] = "sliding_attention", conv[] = "conv";

static uint64_t layers(const struct gguf_source *source)
{
    return import_get(source->import, "num_hidden_layers");
}

/* The tensor of this name in the first layer that has one; NULL where none has. */
static const struct gguf_tensor *block_tensor(const struct gguf_source *source, const char *name)
{
    const struct gguf_tensor *tensor = NULL;
    for (uint64_t i = 0; !tensor && i < layers(source); i++) {
        char *full_name = mem_printf("blk.%llu.%s", (unsigned long long)i, name);
        tensor = gguf_find_tensor(source->gguf, full_name);
        free(full_name);
    }
    return tensor;
}

/* A number for each layer becomes a word. */
static void put_layers(struct gguf_source *source, const struct gguf_pair *pair,
                       const char *if_zero, const char *other)
{
    size_t n = (size_t)layers(source);
    if (pair->n_numbers != n) {
        import_fault(source->import, "'%s' has %zu numbers for %zu layers",
                     text_clip(pair->key).bytes, pair->n_numbers, n);
        return;
    }
    const char **kinds = mem_calloc(n, sizeof *kinds);
    for (size_t i = 0; i < n; i++)
        kinds[i] = pair->number[i] > 0 ? other : if_zero;
    import_layers(source->import, kinds, n, (struct import_source){.field = pair->key});
    free(kinds);
}

/* A pattern is a number or a truth value for each layer; most files leave it to the program. */
static void put_pattern(struct gguf_source *source)
{
    const struct gguf_pair *pair = gguf_pair_of(source, "attention.sliding_window_pattern");
    if (pair && pair->type == GGUF_ARRAY)
        put_layers(source, pair, full, sliding);
    else if (pair)
        gguf_put_count(source, (struct gguf_key){"sliding_window_pattern",
                                                 "attention.sliding_window_pattern"});
    else if (source->architecture->pattern > 0)
        import_count(source->import, "sliding_window_pattern", source->architecture->pattern,
                     (struct import_source){.origin = "that of the architecture"});
}

static void put_window(struct gguf_source *source)
{
    struct import *import = source->import;
    if (!gguf_put_count(source, (struct gguf_key){"sliding_window", "attention.sliding_window"}))
        return;
    uint64_t window = import_get(import, "sliding_window");
    if (window > 0 && window < import_get(import, "max_position_embeddings"))
        put_pattern(source);
    else
        import_remove(import, "sliding_window");
}

/* Layers without key heads are short convolutions (lfm2 of llama.cpp). */
static void put_convolutions(struct gguf_source *source)
{
    const struct gguf_pair *pair = gguf_pair_of(source, "attention.head_count_kv");
    if (!pair || pair->type != GGUF_ARRAY || !gguf_pair_of(source, "shortconv.l_cache"))
        return;
    put_layers(source, pair, conv, full);
    if (tree_get(source->import->model, "layer_types"))
        gguf_put_count(source, (struct gguf_key){"conv_L_cache", "shortconv.l_cache"});
}

/* The width of an expert is the rows of its matrix where no key tells it. */
static void put_expert_width(struct gguf_source *source)
{
    const struct gguf_tensor *gate = block_tensor(source, "ffn_gate_exps.weight");
    struct gguf_key key = {"moe_intermediate_size", "expert_feed_forward_length"};
    if (gguf_put_count(source, key) || !gate)
        return;
    if ((double)gate->dimension[1] <= import_limits(key.key).max)
        import_count(source->import, key.key, gate->dimension[1],
                     (struct import_source){.field = "ffn_gate_exps.weight"});
}

/* Either their number or the width of all together is told. */
static void put_shared(struct gguf_source *source)
{
    struct import *import = source->import;
    const struct gguf_tensor *gate = block_tensor(source, "ffn_gate_shexp.weight");
    uint64_t one = import_get(import, "moe_intermediate_size");
    if (gguf_put_count(source, (struct gguf_key){"n_shared_experts", "expert_shared_count"}) ||
        !gate || one == 0)
        return;
    if (gate->dimension[1] % one == 0 && gate->dimension[1] / one <= 65536)
        import_count(import, "n_shared_experts", gate->dimension[1] / one,
                     (struct import_source){.field = "ffn_gate_shexp.weight"});
    else
        import_fault(import, "ffn_gate_shexp.weight is no whole number of experts wide");
}

static void put_experts(struct gguf_source *source)
{
    const struct gguf_pair *pair = gguf_pair_of(source, "expert_count");
    if (!pair || !(gguf_largest(pair) > 0))
        return;
    gguf_need_count(source, (struct gguf_key){"num_experts", "expert_count"});
    gguf_need_count(source, (struct gguf_key){"num_experts_per_tok", "expert_used_count"});
    put_expert_width(source);
    put_shared(source);
    gguf_put_count(source, (struct gguf_key){"first_k_dense_replace", "leading_dense_block_count"});
}

/* Newer files tell the widths of the cache as key_length, those of a head apart. */
static void put_latent(struct gguf_source *source)
{
    struct import *import = source->import;
    bool apart = gguf_pair_of(source, "attention.key_length_mla") != NULL;
    if (!gguf_put_count(source, (struct gguf_key){"kv_lora_rank", "attention.kv_lora_rank"}))
        return;
    import_count(import, "num_key_value_heads", import_get(import, "num_attention_heads"),
                 (struct import_source){.origin = "all heads share one latent"});
    gguf_put_count(source, (struct gguf_key){"q_lora_rank", "attention.q_lora_rank"});
    gguf_need_count(source, (struct gguf_key){"qk_rope_head_dim", "rope.dimension_count"});
    const char *key = apart ? "attention.key_length_mla" : "attention.key_length";
    gguf_need_count(source, (struct gguf_key){"head_dim", key});
    gguf_need_count(source, (struct gguf_key){"v_head_dim", apart ? "attention.value_length_mla"
                                                                  : "attention.value_length"});
    uint64_t rope = import_get(import, "qk_rope_head_dim"), head = import_get(import, "head_dim");
    if (rope > head)
        import_fault(import, "'%s.rope.dimension_count' is more than a head is wide",
                     source->prefix);
    else
        import_count(import, "qk_nope_head_dim", head - rope,
                     (struct import_source){key, "less rope.dimension_count"});
}

static void put_biases(struct gguf_source *source)
{
    const struct gguf_tensor *bias = block_tensor(source, "attn_q.bias");
    const struct tree *model = source->import->model;
    if (bias && !tree_get(model, "projection_bias") && !tree_get(model, "qkv_bias"))
        import_text(source->import, "qkv_bias", "true",
                    (struct import_source){.field = "attn_q.bias"});
}

void gguf_put_kinds(struct gguf_source *source)
{
    put_biases(source);
    put_window(source);
    put_convolutions(source);
    put_experts(source);
    put_latent(source);
}
