/* SPDX-License-Identifier: GPL-3.0-or-later */
/* File types are recipes over tensors. The rules are those of llama.cpp's quantiser
 * (llama_tensor_get_type_impl and tensor_type_fallback in src/llama-quant.cpp), without an
 * importance matrix where a file type can be made without one (all but IQ1, IQ2, IQ3_XS, IQ3_XXS
 * and Q2_K_S). */
#include "workloads/tensor.h"

#include <assert.h>
#include <string.h>

/* What a model must be for a rule to hold. */
enum rule_model {
    ANY,
    FALCON,  /* attention and feed-forward in parallel, q, k and v in one tensor, no biases */
    GROUPED, /* at least four query heads to a key head */
    EXPERTS, /* at least four experts */
    EIGHT    /* Mixtral: exactly eight experts */
};

/* The layers in which it holds. */
enum rule_layers {
    EVERY,
    MORE_BITS, /* the first and last eighth and every third between */
    FIRST,     /* the first `k` layers */
    PART,      /* the first 1/k of the layers, rounded down */
    MIDDLE     /* all but the first and last eighth */
};

struct rule {
    const char *quants; /* names between blanks; NULL: every file type */
    enum tensor_role role;
    enum rule_model model;
    enum rule_layers layers;
    uint64_t k;
    const char *format; /* NULL: the file type's own */
};

#define LOW_2 "IQ2_XXS IQ2_XS IQ1_S IQ1_M"
#define LOW_3 "IQ2_S IQ2_M"
#define LOW LOW_2 " " LOW_3

/* The first rule that holds gives the format; without one it is the file type's own. */
static const struct rule rules[] = {
    {LOW_2, TENSOR_TOKEN_EMBD, ANY, EVERY, 0, "Q2_K"},
    {LOW_3 " IQ3_XXS", TENSOR_TOKEN_EMBD, ANY, EVERY, 0, "IQ3_S"},
    {"TQ1_0 TQ2_0", TENSOR_TOKEN_EMBD, ANY, EVERY, 0, "Q4_K"},

    {LOW, TENSOR_ATTN_V, GROUPED, EVERY, 0, "Q4_K"},
    {LOW, TENSOR_ATTN_V, EXPERTS, EVERY, 0, "Q4_K"},
    {LOW_2, TENSOR_ATTN_V, ANY, EVERY, 0, "Q2_K"},
    {LOW_3, TENSOR_ATTN_V, ANY, EVERY, 0, "IQ3_S"},
    {NULL, TENSOR_ATTN_V, EIGHT, EVERY, 0, "Q8_0"},
    {"Q2_K Q2_K_S IQ3_XXS IQ3_XS IQ3_S", TENSOR_ATTN_V, GROUPED, EVERY, 0, "Q4_K"},
    {"Q2_K", TENSOR_ATTN_V, ANY, EVERY, 0, "Q3_K"},
    {"Q3_K_M", TENSOR_ATTN_V, ANY, FIRST, 2, "Q5_K"},
    {"Q3_K_M IQ3_M", TENSOR_ATTN_V, ANY, EVERY, 0, "Q4_K"},
    {"Q3_K_L", TENSOR_ATTN_V, ANY, EVERY, 0, "Q5_K"},
    {"IQ4_NL IQ4_XS", TENSOR_ATTN_V, GROUPED, EVERY, 0, "Q5_K"},
    {"Q4_K_S", TENSOR_ATTN_V, ANY, FIRST, 4, "Q5_K"},
    {"Q4_K_M Q5_K_M", TENSOR_ATTN_V, ANY, MORE_BITS, 0, "Q6_K"},

    {LOW, TENSOR_ATTN_K, EIGHT, EVERY, 0, "Q4_K"},
    {NULL, TENSOR_ATTN_K, EIGHT, EVERY, 0, "Q8_0"},
    {"IQ3_XS", TENSOR_ATTN_K, ANY, EVERY, 0, "IQ3_XXS"},
    {"IQ3_XXS", TENSOR_ATTN_K, ANY, EVERY, 0, "IQ2_S"},
    {"IQ3_XS", TENSOR_ATTN_Q, ANY, EVERY, 0, "IQ3_XXS"},
    {"IQ3_XXS", TENSOR_ATTN_Q, ANY, EVERY, 0, "IQ2_S"},

    {LOW, TENSOR_ATTN_OUTPUT, EIGHT, EVERY, 0, "Q5_K"},
    {"IQ1_S IQ1_M", TENSOR_ATTN_OUTPUT, ANY, EVERY, 0, "IQ2_XXS"},
    {LOW_3, TENSOR_ATTN_OUTPUT, ANY, EVERY, 0, "IQ3_S"},
    {"Q3_K_L", TENSOR_ATTN_OUTPUT, FALCON, EVERY, 0, "Q4_K"},
    {NULL, TENSOR_ATTN_OUTPUT, FALCON, EVERY, 0, NULL},
    {"Q2_K IQ3_XS IQ3_XXS IQ3_S IQ3_M Q3_K_S Q3_K_M Q4_K_S Q4_K_M IQ4_NL IQ4_XS",
     TENSOR_ATTN_OUTPUT, EIGHT, EVERY, 0, "Q5_K"},
    {NULL, TENSOR_ATTN_OUTPUT, EIGHT, EVERY, 0, NULL},
    {"Q2_K", TENSOR_ATTN_OUTPUT, ANY, EVERY, 0, "Q3_K"},
    {"IQ3_XXS", TENSOR_ATTN_OUTPUT, ANY, EVERY, 0, "IQ3_S"},
    {"Q3_K_M IQ3_M", TENSOR_ATTN_OUTPUT, ANY, EVERY, 0, "Q4_K"},
    {"Q3_K_L", TENSOR_ATTN_OUTPUT, ANY, EVERY, 0, "Q5_K"},

    {LOW_2, TENSOR_FFN_DOWN, ANY, PART, 8, "Q2_K"},
    {LOW_3, TENSOR_FFN_DOWN, ANY, PART, 8, "IQ3_S"},
    {"Q2_K", TENSOR_FFN_DOWN, ANY, EVERY, 0, "Q3_K"},
    {"Q2_K_S", TENSOR_FFN_DOWN, ANY, PART, 8, "Q4_K"},
    {"Q3_K_M", TENSOR_FFN_DOWN, ANY, PART, 16, "Q5_K"},
    {"Q3_K_M", TENSOR_FFN_DOWN, FALCON, MORE_BITS, 0, "Q4_K"},
    {"Q3_K_M", TENSOR_FFN_DOWN, FALCON, EVERY, 0, "Q3_K"},
    {"Q3_K_M", TENSOR_FFN_DOWN, ANY, EVERY, 0, "Q4_K"},
    {"IQ3_M", TENSOR_FFN_DOWN, ANY, PART, 8, "Q4_K"},
    {"IQ3_M", TENSOR_FFN_DOWN, EIGHT, MORE_BITS, 0, "Q4_K"},
    {"Q3_K_L", TENSOR_FFN_DOWN, FALCON, EVERY, 0, "Q4_K"},
    {"Q3_K_L", TENSOR_FFN_DOWN, ANY, EVERY, 0, "Q5_K"},
    {"Q4_K_M", TENSOR_FFN_DOWN, FALCON, PART, 16, "Q6_K"},
    {"Q4_K_M", TENSOR_FFN_DOWN, FALCON, MORE_BITS, 0, "Q5_K"},
    {"Q4_K_M Q4_K_S", TENSOR_FFN_DOWN, FALCON, EVERY, 0, "Q4_K"},
    {"Q4_K_M Q5_K_M", TENSOR_FFN_DOWN, ANY, MORE_BITS, 0, "Q6_K"},
    {"Q4_K_S IQ4_NL IQ4_XS", TENSOR_FFN_DOWN, ANY, PART, 8, "Q5_K"},

    {"IQ3_XS", TENSOR_FFN_GATE, ANY, MIDDLE, 0, "IQ3_XXS"},
    {"IQ3_XS", TENSOR_FFN_UP, ANY, MIDDLE, 0, "IQ3_XXS"},
};

/* Mixtures that are not called by the name of their most frequent format. The repacked Q4_0 of
 * 2024 (Q4_0_4_4 and its kin) hold the same blocks in another order. */
static const struct {
    const char *quant, *format;
} bases[] = {
    {"Q2_K_S", "Q2_K"},     {"Q3_K_S", "Q3_K"},   {"Q3_K_M", "Q3_K"},   {"Q3_K_L", "Q3_K"},
    {"Q4_K_S", "Q4_K"},     {"Q4_K_M", "Q4_K"},   {"Q5_K_S", "Q5_K"},   {"Q5_K_M", "Q5_K"},
    {"IQ2_S", "IQ2_XS"},    {"IQ2_M", "IQ2_S"},   {"IQ3_XS", "IQ3_S"},  {"IQ3_M", "IQ3_S"},
    {"Q4_0_4_4", "Q4_0"},   {"Q4_0_4_8", "Q4_0"}, {"Q4_0_8_8", "Q4_0"}, {"MXFP4_MOE", "Q8_0"},
    {"MXFP4_F16", "MXFP4"},
};

static const char *const quants[] = {
    "F32",       "F16",       "BF16",     "Q8_0",     "Q4_0",     "Q4_1",   "Q5_0",   "Q5_1",
    "Q2_K",      "Q3_K_S",    "Q3_K_M",   "Q3_K_L",   "Q4_K_S",   "Q4_K_M", "Q5_K_S", "Q5_K_M",
    "Q6_K",      "Q2_K_S",    "IQ4_NL",   "IQ4_XS",   "IQ3_M",    "IQ3_S",  "IQ3_XS", "IQ3_XXS",
    "IQ2_M",     "IQ2_S",     "IQ2_XS",   "IQ2_XXS",  "IQ1_M",    "IQ1_S",  "TQ1_0",  "TQ2_0",
    "MXFP4_MOE", "MXFP4_F16", "Q4_0_4_4", "Q4_0_4_8", "Q4_0_8_8", NULL};

/* Where a row is no whole number of blocks: the format that stands in for it. */
static const struct {
    const char *format, *instead;
} fallbacks[] = {
    {"Q2_K", "Q4_0"},      {"Q3_K", "Q4_0"},      {"TQ1_0", "Q4_0"},    {"TQ2_0", "Q4_0"},
    {"Q4_K", "Q5_0"},      {"Q5_K", "Q5_1"},      {"Q6_K", "Q8_0"},     {"IQ1_S", "IQ4_NL"},
    {"IQ1_M", "IQ4_NL"},   {"IQ2_XXS", "IQ4_NL"}, {"IQ2_XS", "IQ4_NL"}, {"IQ2_S", "IQ4_NL"},
    {"IQ3_XXS", "IQ4_NL"}, {"IQ3_S", "IQ4_NL"},   {"IQ4_XS", "IQ4_NL"},
};

const char *const *workload_quants(void)
{
    return quants;
}

static const struct workload_format *base_format(const char *quant)
{
    for (size_t i = 0; i < sizeof bases / sizeof *bases; i++)
        if (strcmp(bases[i].quant, quant) == 0)
            return workload_format_find(bases[i].format);
    const struct workload_format *format = workload_format_find(quant);
    assert(format);
    return format;
}

static bool is_quantised(const struct workload_format *format)
{
    return format->block_weights > 1;
}

/* Whether a name stands in a list of names between blanks. */
static bool lists(const char *names, const char *name)
{
    size_t n = strlen(name);
    for (const char *at = strstr(names, name); at; at = strstr(at + 1, name))
        if ((at == names || at[-1] == ' ') && (at[n] == ' ' || at[n] == '\0'))
            return true;
    return false;
}

/* What tells Falcon from other models with one norm for both halves (Phi-2, Command R, GPT-J). */
static bool is_falcon(const struct workload_model *model)
{
    return model->parallel_attention && model->fused_qkv && !model->biases;
}

static bool model_fits(const struct rule *rule, const struct workload_model *model)
{
    switch (rule->model) {
    case FALCON:
        return is_falcon(model);
    case GROUPED:
        return model->n_heads / model->n_kv_heads >= 4;
    case EXPERTS:
        return model->experts.n >= 4;
    case EIGHT:
        return model->experts.n == 8;
    case ANY:
        break;
    }
    return true;
}

static bool layer_fits(const struct rule *rule, uint64_t layer, uint64_t n)
{
    switch (rule->layers) {
    case MORE_BITS:
        return layer < n / 8 || layer >= 7 * n / 8 || (layer - n / 8) % 3 == 2;
    case FIRST:
        return layer < rule->k;
    case PART:
        return layer < n / rule->k;
    case MIDDLE:
        return layer >= n / 8 && layer < 7 * n / 8;
    case EVERY:
        break;
    }
    return true;
}

/* The quantiser counts value matrices: layers without any are passed over. */
static void count_values(const struct workload_model *model, uint64_t *layer, uint64_t *n)
{
    uint64_t before = 0, all = 0;
    for (uint64_t l = 0; l < model->n_layers; l++)
        if (workload_model_attends(model, l)) {
            before += l < *layer;
            all++;
        }
    *layer = before;
    *n = all;
}

static const struct workload_format *rule_format(const struct workload_model *model,
                                                 enum tensor_role role, uint64_t layer)
{
    uint64_t n = model->n_layers;
    if (role == TENSOR_ATTN_V && model->n_layer_types > 0)
        count_values(model, &layer, &n);
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        const struct rule *rule = &rules[i];
        if (rule->role == role && (!rule->quants || lists(rule->quants, model->quant)) &&
            model_fits(rule, model) && layer_fits(rule, layer, n))
            return rule->format ? workload_format_find(rule->format) : base_format(model->quant);
    }
    return base_format(model->quant);
}

/* The matrix that makes the logits, whichever name it has, is kept at five bits or more. */
static const struct workload_format *output_format(const struct workload_model *model,
                                                   uint64_t columns)
{
    const struct workload_format *base = base_format(model->quant);
    bool whole_blocks = columns % base->block_weights == 0;
    if (strcmp(base->name, "Q8_0") == 0 || !whole_blocks || is_falcon(model))
        return workload_format_find("Q8_0");
    return workload_format_find(lists(LOW " IQ3_XXS", model->quant) ? "Q5_K" : "Q6_K");
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
    if (is_70b(model) && !lists(LOW, model->quant) &&
        (strcmp(format->name, "Q3_K") == 0 || strcmp(format->name, "Q4_K") == 0))
        return workload_format_find("Q5_K");
    return format;
}

static const struct workload_format *fitting(const struct workload_format *format, uint64_t columns)
{
    if (columns % format->block_weights == 0)
        return format;
    for (size_t i = 0; i < sizeof fallbacks / sizeof *fallbacks; i++)
        if (strcmp(fallbacks[i].format, format->name) == 0) {
            format = workload_format_find(fallbacks[i].instead);
            break;
        }
    return columns % format->block_weights == 0 ? format : workload_format_find("F16");
}

/* Too small to be worth it, or read as F32 only. */
static bool stays_float(enum tensor_role role)
{
    switch (role) {
    case TENSOR_NORM:
    case TENSOR_FFN_NORM:
    case TENSOR_POST_NORM:
    case TENSOR_Q_NORM:
    case TENSOR_K_NORM:
    case TENSOR_Q_A_NORM:
    case TENSOR_KV_A_NORM:
    case TENSOR_SINKS:
    case TENSOR_POSITION:
    case TENSOR_CONV:
    case TENSOR_LINEAR_CONV:
    case TENSOR_LINEAR_DECAY:
    case TENSOR_LINEAR_NORM:
    case TENSOR_ROUTER:
        return true;
    default:
        return false;
    }
}

/* The role whose rules a tensor follows; a fused tensor of q, k and v follows those of v. */
static enum tensor_role ruling_role(const struct workload_model *model, enum tensor_role role)
{
    switch (role) {
    case TENSOR_ATTN_Q:
    case TENSOR_ATTN_K:
        return model->fused_qkv ? TENSOR_ATTN_V : role;
    case TENSOR_EXPERTS_GATE:
    case TENSOR_SHARED_GATE:
        return TENSOR_FFN_GATE;
    case TENSOR_EXPERTS_UP:
    case TENSOR_SHARED_UP:
        return TENSOR_FFN_UP;
    case TENSOR_EXPERTS_DOWN:
    case TENSOR_SHARED_DOWN:
        return TENSOR_FFN_DOWN;
    default:
        return role;
    }
}

static const struct workload_format *quantised(const struct workload_model *model,
                                               enum tensor_role role, uint64_t columns,
                                               uint64_t layer)
{
    enum tensor_role ruling = ruling_role(model, role);
    bool makes_logits =
        role == TENSOR_OUTPUT || (role == TENSOR_TOKEN_EMBD && model->tied_embeddings);
    bool expert = workload_tensor_is_expert(role);
    if (strcmp(model->quant, "MXFP4_F16") == 0)
        return workload_format_find(expert ? "MXFP4" : "F16");
    if (makes_logits)
        return output_format(model, columns);
    if (strcmp(model->quant, "MXFP4_MOE") == 0)
        return workload_format_find(expert ? "MXFP4" : "Q8_0");
    if (ruling == TENSOR_ATTN_V)
        return value_format(model, layer);
    return rule_format(model, ruling, layer);
}

const struct workload_format *workload_quant_format(const struct workload_model *model,
                                                    enum tensor_role role, uint64_t columns,
                                                    uint64_t layer)
{
    const struct workload_format *base = base_format(model->quant);
    if (stays_float(role))
        return workload_format_find("F32");
    if (!is_quantised(base))
        return base;
    return fitting(quantised(model, role, columns, layer), columns);
}
