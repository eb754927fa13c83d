/* SPDX-License-Identifier: GPL-3.0-or-later */
/* File types are recipes over tensors. The rules are those of llama.cpp's quantiser
 * (llama_tensor_get_type_impl and tensor_type_fallback in src/llama-quant.cpp), without an
 * importance matrix. */
#include "workloads/tensor.h"

#include <assert.h>
#include <string.h>

enum rule_when {
    WHEN_ALWAYS,
    WHEN_MORE_BITS, /* the first and last eighth of the layers and every third between */
    WHEN_FIRST,     /* the first `k` layers */
    WHEN_PART,      /* the first 1/k of the layers, rounded down */
    WHEN_GROUPED    /* at least `k` query heads to a key head */
};

struct rule {
    const char *quant;
    enum tensor_role role;
    enum rule_when when;
    uint64_t k;
    const char *format;
};

/* The first rule that holds gives the format; without one it is the file type's own. */
static const struct rule rules[] = {
    {"Q2_K", TENSOR_ATTN_V, WHEN_GROUPED, 4, "Q4_K"},
    {"Q2_K", TENSOR_ATTN_V, WHEN_ALWAYS, 0, "Q3_K"},
    {"Q2_K", TENSOR_ATTN_OUTPUT, WHEN_ALWAYS, 0, "Q3_K"},
    {"Q2_K", TENSOR_FFN_DOWN, WHEN_ALWAYS, 0, "Q3_K"},
    {"Q3_K_M", TENSOR_ATTN_V, WHEN_FIRST, 2, "Q5_K"},
    {"Q3_K_M", TENSOR_ATTN_V, WHEN_ALWAYS, 0, "Q4_K"},
    {"Q3_K_M", TENSOR_ATTN_OUTPUT, WHEN_ALWAYS, 0, "Q4_K"},
    {"Q3_K_M", TENSOR_FFN_DOWN, WHEN_PART, 16, "Q5_K"},
    {"Q3_K_M", TENSOR_FFN_DOWN, WHEN_ALWAYS, 0, "Q4_K"},
    {"Q3_K_L", TENSOR_ATTN_V, WHEN_ALWAYS, 0, "Q5_K"},
    {"Q3_K_L", TENSOR_ATTN_OUTPUT, WHEN_ALWAYS, 0, "Q5_K"},
    {"Q3_K_L", TENSOR_FFN_DOWN, WHEN_ALWAYS, 0, "Q5_K"},
    {"Q4_K_S", TENSOR_ATTN_V, WHEN_FIRST, 4, "Q5_K"},
    {"Q4_K_S", TENSOR_FFN_DOWN, WHEN_PART, 8, "Q5_K"},
    {"Q4_K_M", TENSOR_ATTN_V, WHEN_MORE_BITS, 0, "Q6_K"},
    {"Q4_K_M", TENSOR_FFN_DOWN, WHEN_MORE_BITS, 0, "Q6_K"},
    {"Q5_K_M", TENSOR_ATTN_V, WHEN_MORE_BITS, 0, "Q6_K"},
    {"Q5_K_M", TENSOR_FFN_DOWN, WHEN_MORE_BITS, 0, "Q6_K"},
};

static const char *const quants[] = {"F32",    "F16",    "BF16",   "Q8_0",   "Q4_0",   "Q4_1",
                                     "Q5_0",   "Q5_1",   "Q2_K",   "Q3_K_S", "Q3_K_M", "Q3_K_L",
                                     "Q4_K_S", "Q4_K_M", "Q5_K_S", "Q5_K_M", "Q6_K",   NULL};

/* Where a row is no whole number of blocks: the format that stands in for it. */
static const struct {
    const char *format, *instead;
} fallbacks[] = {
    {"Q2_K", "Q4_0"}, {"Q3_K", "Q4_0"}, {"Q4_K", "Q5_0"}, {"Q5_K", "Q5_1"}, {"Q6_K", "Q8_0"},
};

const char *const *workload_quants(void)
{
    return quants;
}

/* "Q4_K_M" is made of "Q4_K": the mixture's letter is cut off. */
static const struct workload_format *base_format(const char *quant)
{
    char name[8] = {0};
    size_t length = strlen(quant);
    if (length == strlen("Q4_K_M") && quant[length - 2] == '_')
        length -= 2;
    assert(length < sizeof name);
    memcpy(name, quant, length);
    return workload_format_find(name);
}

static bool is_quantised(const struct workload_format *format)
{
    return format->block_weights > 1;
}

static bool rule_holds(const struct rule *rule, const struct workload_model *model, uint64_t layer)
{
    uint64_t n = model->n_layers;
    switch (rule->when) {
    case WHEN_MORE_BITS:
        return layer < n / 8 || layer >= 7 * n / 8 || (layer - n / 8) % 3 == 2;
    case WHEN_FIRST:
        return layer < rule->k;
    case WHEN_PART:
        return layer < n / rule->k;
    case WHEN_GROUPED:
        return model->n_heads / model->n_kv_heads >= rule->k;
    case WHEN_ALWAYS:
        break;
    }
    return true;
}

static const struct workload_format *rule_format(const struct workload_model *model,
                                                 enum tensor_role role, uint64_t layer)
{
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (rules[i].role == role && strcmp(rules[i].quant, model->quant) == 0 &&
            rule_holds(&rules[i], model, layer))
            return workload_format_find(rules[i].format);
    return base_format(model->quant);
}

/* The matrix that makes the logits, whichever name it has, is kept at six bits or more. */
static const struct workload_format *output_format(const struct workload_format *base,
                                                   uint64_t columns)
{
    bool whole_blocks = columns % base->block_weights == 0;
    if (!is_quantised(base))
        return base;
    return workload_format_find(whole_blocks && strcmp(base->name, "Q8_0") != 0 ? "Q6_K" : "Q8_0");
}

/* Llama 2 and 3 70B, recognised as llama.cpp does: v is so small beside q that it gets more bits.
 */
static bool is_70b(const struct workload_model *model)
{
    return model->n_layers == 80 && model->n_heads != model->n_kv_heads;
}

static const struct workload_format *value_format(const struct workload_model *model,
                                                  uint64_t layer)
{
    const struct workload_format *format = rule_format(model, TENSOR_ATTN_V, layer);
    if (is_70b(model) && (strcmp(format->name, "Q3_K") == 0 || strcmp(format->name, "Q4_K") == 0))
        return workload_format_find("Q5_K");
    return format;
}

static const struct workload_format *fitting(const struct workload_format *format, uint64_t columns)
{
    if (columns % format->block_weights == 0)
        return format;
    for (size_t i = 0; i < sizeof fallbacks / sizeof *fallbacks; i++)
        if (strcmp(fallbacks[i].format, format->name) == 0)
            format = workload_format_find(fallbacks[i].instead);
    return columns % format->block_weights == 0 ? format : workload_format_find("F16");
}

const struct workload_format *workload_quant_format(const struct workload_model *model,
                                                    enum tensor_role role, uint64_t columns,
                                                    uint64_t layer)
{
    const struct workload_format *base = base_format(model->quant);
    switch (role) {
    case TENSOR_NORM:
    case TENSOR_POSITION: /* never quantised, and the converter writes them as F32 */
        return workload_format_find("F32");
    case TENSOR_OUTPUT:
        return fitting(output_format(base, columns), columns);
    case TENSOR_TOKEN_EMBD:
        return fitting(model->tied_embeddings ? output_format(base, columns) : base, columns);
    case TENSOR_ATTN_V:
        return fitting(value_format(model, layer), columns);
    case TENSOR_ATTN_Q:
    case TENSOR_ATTN_K: /* one fused tensor follows the rule of v */
        return fitting(model->fused_qkv ? value_format(model, layer) : base, columns);
    default:
        return fitting(rule_format(model, role, layer), columns);
    }
}
