/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What configurations say beyond the dimensions: which layers slide or convolve, experts, latent
 * attention, biases. */
#include "workloads/import_config.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

static const char full[] = "full_attention", sliding[] = "sliding_attention", conv[] = "conv";

/* One of the words that our model files know, NULL for any other. */
static const char *known_kind(const json_t *word)
{
    static const char *const kinds[] = {full, sliding, conv};
    const char *text = json_string_value(word);
    for (size_t i = 0; text && i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kinds[i], text) == 0)
            return kinds[i];
    return NULL;
}

/* Fills `kinds`, one for each layer, from a list of words. */
static bool read_layer_types(struct config *config, const json_t *list, const char **kinds,
                             size_t n)
{
    if (!json_is_array(list) || json_array_size(list) != n)
        return import_fault(config->import, "'layer_types' is no list of %zu words, one a layer",
                            n);
    for (size_t i = 0; i < n; i++) {
        const json_t *word = json_array_get(list, i);
        kinds[i] = known_kind(word);
        if (!kinds[i])
            return import_fault(config->import,
                                "'layer_types' has '%s'; known are full_attention, "
                                "sliding_attention and conv",
                                json_is_string(word) ? text_clip(json_string_value(word)).bytes
                                                     : "what is no word");
    }
    return true;
}

/* LFM2's first files list the layers that attend. */
static bool read_full_layers(struct config *config, const json_t *list, const char **kinds,
                             size_t n)
{
    for (size_t i = 0; i < n; i++)
        kinds[i] = list ? conv : full;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *layer = json_array_get(list, i);
        json_int_t index = json_is_integer(layer) ? json_integer_value(layer) : -1;
        if (index < 0 || (uint64_t)index >= n)
            return import_fault(config->import, "'full_attn_idxs' names a layer that is not there");
        kinds[index] = full;
    }
    return true;
}

/* Qwen's first layers attend to all (layer_types of Qwen2Config where they are not given). */
static void slide_from(struct config *config, const char **kinds, size_t n)
{
    const json_t *value = config_member(config, "max_window_layers");
    json_int_t first = json_is_integer(value) ? json_integer_value(value) : 28;
    for (size_t i = 0; i < n; i++)
        kinds[i] = (json_int_t)i >= first ? sliding : full;
}

static bool is_qwen(const struct config *config)
{
    return strncmp(config->architecture->model_type, "qwen", 4) == 0;
}

/* Families whose files tell a window that is not used. */
static bool window_is_off(struct config *config)
{
    bool used = !is_qwen(config) && !config_is(config, "smollm3");
    config_flag(config, "use_sliding_window", &used);
    return !used;
}

static void put_pattern(struct config *config)
{
    static const struct config_key key = {"sliding_window_pattern", "sliding_window_pattern",
                                          "_sliding_window_pattern"};
    if (config_put(config, key) == CONFIG_ABSENT && config->architecture->pattern > 0)
        config_default(config, key.key, config->architecture->pattern, "default");
}

/* Puts the window, if there is one that is shorter than the longest context. */
static bool put_window(struct config *config)
{
    static const struct config_key key = {"sliding_window", "sliding_window", NULL};
    struct import *import = config->import;
    if (window_is_off(config) || config_is_null(config, key.name))
        return false;
    if (config_put(config, key) == CONFIG_ABSENT && config->architecture->window > 0)
        config_default(config, key.key, config->architecture->window, "default");
    uint64_t window = import_get(import, key.key);
    if (window > 0 && window < import_get(import, "max_position_embeddings"))
        return true;
    import_remove(import, key.key);
    return false;
}

/* Reads the kinds of layers that the file names; *field gets its word for them. False: it names
 * none. */
static bool name_layers(struct config *config, const char **kinds, size_t n, const char **field)
{
    const json_t *types = config_member(config, *field = "layer_types");
    if (types)
        return read_layer_types(config, types, kinds, n);
    if (config_is(config, "lfm2"))
        return read_full_layers(config, config_member(config, *field = "full_attn_idxs"), kinds, n);
    if (is_qwen(config))
        slide_from(config, kinds, n);
    *field = "max_window_layers";
    return is_qwen(config);
}

/* Layers by name count before a pattern; without a window all attend to all, whatever their name.
 */
static void put_layers(struct config *config, bool window)
{
    size_t n = (size_t)import_get(config->import, "num_hidden_layers");
    const char *field;
    if (!window && !config_is(config, "lfm2"))
        return;
    const char **kinds = mem_calloc(n, sizeof *kinds);
    if (name_layers(config, kinds, n, &field))
        import_layers(config->import, kinds, n, (struct import_source){.field = field});
    else if (window && config->import->ok)
        put_pattern(config);
    free(kinds);
}

/* Experts in other than all layers behind the first few cannot be told in a model file. */
static void check_steps(struct config *config)
{
    static const char *const names[] = {"decoder_sparse_step", "moe_layer_freq"};
    for (size_t i = 0; i < 2; i++) {
        const json_t *value = config_member(config, names[i]);
        if (value && !(json_is_integer(value) && json_integer_value(value) == 1))
            import_fault(config->import,
                         "'%s' is not 1: experts in only some layers cannot be described",
                         names[i]);
    }
}

/* Dense layers may only be the first ones. */
static void put_dense_layers(struct config *config)
{
    const json_t *list = config_member(config, "mlp_only_layers");
    size_t n = json_array_size(list);
    config_put(config, (struct config_key){"first_k_dense_replace", "first_k_dense_replace", NULL});
    for (size_t i = 0; i < n; i++)
        if (json_integer_value(json_array_get(list, i)) != (json_int_t)i) {
            import_fault(config->import,
                         "'mlp_only_layers' are not the first ones: that cannot be described");
            return;
        }
    if (n > 0)
        import_count(config->import, "first_k_dense_replace", n,
                     (struct import_source){.field = "mlp_only_layers"});
}

/* Qwen tells the width of all shared experts together. */
static void put_shared(struct config *config)
{
    const json_t *value = config_member(config, "shared_expert_intermediate_size");
    uint64_t one = import_get(config->import, "moe_intermediate_size");
    json_int_t all = json_integer_value(value);
    config_put(config, (struct config_key){"n_shared_experts", "n_shared_experts", NULL});
    if (!value || !config_is(config, "qwen2_moe") || one == 0)
        return;
    if (all < 0 || all > 10000000 || (uint64_t)all % one != 0)
        import_fault(config->import,
                     "'shared_expert_intermediate_size' is no multiple of moe_intermediate_size");
    else
        import_count(config->import, "n_shared_experts", (uint64_t)all / one,
                     (struct import_source){.field = "shared_expert_intermediate_size"});
}

static void put_experts(struct config *config)
{
    const char *model_type = config->architecture->model_type;
    bool routed = strncmp(model_type, "deepseek", 8) == 0;
    config_need(config,
                (struct config_key){"num_experts", routed ? "n_routed_experts" : "num_experts",
                                    "num_local_experts"});
    config_need(config, (struct config_key){"num_experts_per_tok", "num_experts_per_tok",
                                            "experts_per_token"});
    if (routed || is_qwen(config))
        config_need(config,
                    (struct config_key){"moe_intermediate_size", "moe_intermediate_size", NULL});
    put_shared(config);
    put_dense_layers(config);
    check_steps(config);
}

/* A head's queries and keys are wider than its values; `head_dim` is theirs. */
static void put_latent(struct config *config)
{
    static const struct config_key keys[] = {
        {"kv_lora_rank", "kv_lora_rank", NULL},
        {"qk_rope_head_dim", "qk_rope_head_dim", NULL},
        {"qk_nope_head_dim", "qk_nope_head_dim", NULL},
        {"v_head_dim", "v_head_dim", NULL},
    };
    struct import *import = config->import;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        config_need(config, keys[i]);
    if (!config_is_null(config, "q_lora_rank"))
        config_need(config, (struct config_key){"q_lora_rank", "q_lora_rank", NULL});
    uint64_t width =
        import_get(import, "qk_rope_head_dim") + import_get(import, "qk_nope_head_dim");
    if (width > 0)
        config_default(config, "head_dim", width, "qk_rope_head_dim + qk_nope_head_dim, as in all");
}

/* Where only attention has biases, that of its output is as small as a norm and left out. */
static void put_biases(struct config *config)
{
    bool attention = false, ffn = false;
    config_flag(config, "attention_bias", &attention);
    config_flag(config, "mlp_bias", &ffn);
    if (tree_get(config->import->model, "projection_bias") || !attention)
        return;
    import_text(config->import, ffn ? "projection_bias" : "qkv_bias", "true",
                (struct import_source){.field = "attention_bias"});
}

void config_put_kinds(struct config *config)
{
    put_biases(config);
    put_layers(config, put_window(config));
    if (config_is(config, "lfm2") && tree_get(config->import->model, "layer_types"))
        config_need(config, (struct config_key){"conv_L_cache", "conv_L_cache", NULL});
    if (config->architecture->experts)
        put_experts(config);
    if (strncmp(config->architecture->model_type, "deepseek", 8) == 0)
        put_latent(config);
}
