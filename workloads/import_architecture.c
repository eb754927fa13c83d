/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/memory.h"
#include "workloads/import_model.h"

#include <stdlib.h>
#include <string.h>

/* Defaults from the configuration classes of transformers (src/transformers/models/NAME), names
 * from MODEL_ARCH_NAMES of llama.cpp's gguf-py. */
static const struct import_architecture architectures[] = {
    {"LlamaForCausalLM", "llama", "llama", .tied = false},
    {"MistralForCausalLM", "mistral", "mistral", .n_kv_heads = 8, .window = 4096},
    {"MixtralForCausalLM", "mixtral", NULL, .n_kv_heads = 8, .experts = true},
    {"Qwen2ForCausalLM", "qwen2", "qwen2", .tied = false},
    {"Qwen2MoeForCausalLM", "qwen2_moe", "qwen2moe", .n_kv_heads = 16, .experts = true},
    {"Qwen3ForCausalLM", "qwen3", "qwen3", .head_dim = 128},
    {"Qwen3MoeForCausalLM", "qwen3_moe", "qwen3moe", .n_kv_heads = 4, .experts = true},
    {"GemmaForCausalLM", "gemma", "gemma", .n_kv_heads = 16, .head_dim = 256, .tied = true},
    {"Gemma2ForCausalLM", "gemma2", "gemma2", .n_kv_heads = 4, .head_dim = 256, .window = 4096,
     .pattern = 2, .tied = true},
    {"Gemma3ForCausalLM", "gemma3_text", "gemma3", .n_kv_heads = 4, .head_dim = 256, .window = 4096,
     .pattern = 6, .tied = true},
    {"Gemma3ForConditionalGeneration", "gemma3", NULL, .n_kv_heads = 4, .head_dim = 256,
     .window = 4096, .pattern = 6, .tied = true},
    {"Phi3ForCausalLM", "phi3", "phi3", .tied = false},
    {"GraniteForCausalLM", "granite", "granite", .tied = false},
    {"GPT2LMHeadModel", "gpt2", "gpt2", .tied = true},
    {"OlmoeForCausalLM", "olmoe", "olmoe", .experts = true},
    {"DeepseekV2ForCausalLM", "deepseek_v2", "deepseek2", .experts = true},
    {"DeepseekV3ForCausalLM", "deepseek_v3", NULL, .experts = true},
    {"Lfm2ForCausalLM", "lfm2", "lfm2", .n_kv_heads = 8, .tied = true},
    {"GptOssForCausalLM", "gpt_oss", "gpt-oss", .n_kv_heads = 8, .head_dim = 64, .window = 128,
     .pattern = 2, .experts = true},
    {"SmolLM3ForCausalLM", "smollm3", "smollm3", .n_kv_heads = 4, .tied = true},
};
enum { ARCHITECTURES = sizeof architectures / sizeof *architectures };

static const struct {
    const char *model_type, *key, *value;
} traits[] = {
    {"gpt2", "ffn", "plain"},
    {"gpt2", "projection_bias", "true"},
    {"gpt2", "norm_bias", "true"},
    {"gpt2", "fused_qkv", "true"},
    {"phi3", "fused_qkv", "true"},
    {"qwen2", "qkv_bias", "true"},
    {"qwen2_moe", "qkv_bias", "true"},
    {"qwen3", "qk_norm", "head"},
    {"qwen3_moe", "qk_norm", "head"},
    {"gemma2", "post_norm", "true"},
    {"gemma3", "post_norm", "true"},
    {"gemma3", "qk_norm", "head"},
    {"gemma3_text", "post_norm", "true"},
    {"gemma3_text", "qk_norm", "head"},
    {"olmoe", "qk_norm", "full"},
    {"lfm2", "qk_norm", "head"},
    {"gpt_oss", "projection_bias", "true"},
    {"gpt_oss", "attention_sinks", "true"},
};

static const char *config_name(size_t i)
{
    return architectures[i].config;
}

static const char *gguf_name(size_t i)
{
    return architectures[i].gguf;
}

typedef const char *name_of(size_t i);

static void unknown(struct import *import, const char *name, name_of *name_at)
{
    struct text list = {0};
    for (size_t i = 0; i < ARCHITECTURES; i++)
        if (name_at(i))
            text_add(&list, "%s%s", list.length > 0 ? ", " : "", name_at(i));
    import_fault(import, "unknown architecture '%s'; known are %s", text_clip(name).bytes,
                 list.bytes);
    text_free(&list);
}

static const struct import_architecture *find(const char *name, name_of *name_at)
{
    for (size_t i = 0; i < ARCHITECTURES; i++)
        if (name_at(i) && strcmp(name_at(i), name) == 0)
            return &architectures[i];
    return NULL;
}

const struct import_architecture *import_find_config(struct import *import, const char *name)
{
    const struct import_architecture *found = find(name, config_name);
    if (!found)
        unknown(import, name, config_name);
    return found;
}

const struct import_architecture *import_find_gguf(struct import *import, const char *name)
{
    /* As Ollama writes it. */
    const char *sought = strcmp(name, "gptoss") == 0 ? "gpt-oss" : name;
    const struct import_architecture *found = find(sought, gguf_name);
    if (!found)
        unknown(import, name, gguf_name);
    return found;
}

const struct import_architecture *import_find_type(const char *model_type)
{
    for (size_t i = 0; i < ARCHITECTURES; i++)
        if (strcmp(architectures[i].model_type, model_type) == 0)
            return &architectures[i];
    return NULL;
}

void import_traits(struct import *import, const struct import_architecture *architecture)
{
    char *origin = mem_printf("every %s", architecture->config);
    for (size_t i = 0; i < sizeof traits / sizeof *traits; i++)
        if (strcmp(traits[i].model_type, architecture->model_type) == 0)
            import_text(import, traits[i].key, traits[i].value,
                        (struct import_source){.origin = origin});
    free(origin);
}
