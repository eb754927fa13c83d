/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/memory.h"
#include "workloads/import_model.h"

#include <stdlib.h>
#include <string.h>

/* Defaults from the configuration classes of transformers (src/transformers/models/NAME), names
 * from MODEL_ARCH_NAMES of llama.cpp's gguf-py. */
static const struct import_architecture architectures[] = {
    {"LlamaForCausalLM", "llama", "llama", false, 0, 0},
    {"MistralForCausalLM", "mistral", "mistral", false, 8, 0},
    {"MixtralForCausalLM", "mixtral", NULL, false, 8, 0},
    {"Qwen2ForCausalLM", "qwen2", "qwen2", false, 0, 0},
    {"Qwen2MoeForCausalLM", "qwen2_moe", "qwen2moe", false, 16, 0},
    {"Qwen3ForCausalLM", "qwen3", "qwen3", false, 0, 128},
    {"Qwen3MoeForCausalLM", "qwen3_moe", "qwen3moe", false, 4, 0},
    {"GemmaForCausalLM", "gemma", "gemma", true, 16, 256},
    {"Gemma2ForCausalLM", "gemma2", "gemma2", true, 4, 256},
    {"Gemma3ForCausalLM", "gemma3_text", "gemma3", true, 4, 256},
    {"Gemma3ForConditionalGeneration", "gemma3", NULL, true, 4, 256},
    {"Phi3ForCausalLM", "phi3", "phi3", false, 0, 0},
    {"GraniteForCausalLM", "granite", "granite", false, 0, 0},
    {"GPT2LMHeadModel", "gpt2", "gpt2", true, 0, 0},
    {"OlmoeForCausalLM", "olmoe", "olmoe", false, 0, 0},
    {"DeepseekV2ForCausalLM", "deepseek_v2", "deepseek2", false, 0, 0},
    {"Lfm2ForCausalLM", "lfm2", "lfm2", true, 8, 0},
    {"GptOssForCausalLM", "gpt_oss", "gpt-oss", false, 8, 64},
    {"SmolLM3ForCausalLM", "smollm3", "smollm3", true, 4, 0},
};
enum { ARCHITECTURES = sizeof architectures / sizeof *architectures };

static const struct {
    const char *model_type, *key, *value;
} traits[] = {
    {"gpt2", "ffn", "plain"},      {"gpt2", "projection_bias", "true"},
    {"gpt2", "norm_bias", "true"}, {"gpt2", "fused_qkv", "true"},
    {"phi3", "fused_qkv", "true"},
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
    const char *names[ARCHITECTURES + 1];
    size_t n = 0;
    struct text list = {0};
    for (size_t i = 0; i < ARCHITECTURES; i++)
        if (name_at(i))
            names[n++] = name_at(i);
    names[n] = NULL;
    for (size_t i = 0; i < n; i++)
        text_add(&list, "%s%s", i > 0 ? ", " : "", names[i]);
    char *hint = text_hint(name, names);
    import_fault(import, "unknown architecture '%s'%s; known are %s", text_clip(name).bytes, hint,
                 list.bytes);
    free(hint);
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
