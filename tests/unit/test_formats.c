/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Block sizes, and which format each file type gives to each tensor. */
#include "tests/check.h"
#include "workloads/model.h"
#include "workloads/tensor.h"

/* Bits per weight as printed by llama.cpp's quantize tool (tools/quantize/README.md). */
static void test_bits_per_weight(void)
{
    static const struct {
        const char *name;
        double bits;
    } want[] = {{"F32", 32},         {"F16", 16},       {"BF16", 16},       {"Q8_0", 8.5},
                {"Q4_0", 4.5},       {"Q4_1", 5.0},     {"Q5_0", 5.5},      {"Q5_1", 6.0},
                {"Q2_K", 2.625},     {"Q3_K", 3.4375},  {"Q4_K", 4.5},      {"Q5_K", 5.5},
                {"Q6_K", 6.5625},    {"IQ4_NL", 4.5},   {"IQ4_XS", 4.25},   {"IQ3_S", 3.4375},
                {"IQ3_XXS", 3.0625}, {"IQ2_S", 2.5625}, {"IQ2_XS", 2.3125}, {"IQ2_XXS", 2.0625},
                {"IQ1_M", 1.75},     {"IQ1_S", 1.5625}, {"TQ1_0", 1.6875},  {"TQ2_0", 2.0625},
                {"MXFP4", 4.25}};
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        const struct workload_format *format = workload_format_find(want[i].name);
        if (CHECK(format))
            CHECK(8 * workload_format_bytes(format, 4096) / 4096 == want[i].bits);
    }
    CHECK(!workload_format_find("Q4_K_M"));
    CHECK(!workload_format_find("q4_0"));
}

static void check_layer(struct workload_model *model, char *quant, enum tensor_role role,
                        uint64_t layer, const char *want)
{
    struct tensor tensor;
    model->quant = quant;
    tensor = workload_tensor(model, role, layer);
    if (!check_text(tensor.format->name, want, __FILE__, __LINE__, quant))
        fprintf(stderr, "    role %d, layer %d\n", (int)role, (int)layer);
}

/* 16 layers: the eighth is 2 layers, so more bits go to 0, 1, 4, 7, 10, 13, 14, 15. */
static void test_more_bits(void)
{
    struct workload_model model = {.n_layers = 16,
                                   .hidden = 2048,
                                   .ffn = 8192,
                                   .n_heads = 32,
                                   .n_kv_heads = 8,
                                   .head_dim = 64,
                                   .vocab = 128256};
    char quant[] = "Q4_K_M";
    static const char more[] = "1100100100100111";
    for (uint64_t l = 0; l < 16; l++) {
        const char *want = more[l] == '1' ? "Q6_K" : "Q4_K";
        check_layer(&model, quant, TENSOR_ATTN_V, l, want);
        check_layer(&model, quant, TENSOR_FFN_DOWN, l, want);
        check_layer(&model, quant, TENSOR_ATTN_Q, l, "Q4_K");
        check_layer(&model, quant, TENSOR_ATTN_K, l, "Q4_K");
        check_layer(&model, quant, TENSOR_FFN_UP, l, "Q4_K");
    }
}

static void test_recipes(void)
{
    struct workload_model model = {.n_layers = 32,
                                   .hidden = 4096,
                                   .ffn = 14336,
                                   .n_heads = 32,
                                   .n_kv_heads = 8,
                                   .head_dim = 128,
                                   .vocab = 128256};
    static const struct {
        char quant[12];
        enum tensor_role role;
        uint64_t layer;
        const char *want;
    } rows[] = {
        {"F16", TENSOR_NORM, 0, "F32"},
        {"F16", TENSOR_OUTPUT, 0, "F16"},
        {"BF16", TENSOR_FFN_UP, 0, "BF16"},
        {"F32", TENSOR_OUTPUT, 0, "F32"},
        {"Q8_0", TENSOR_OUTPUT, 0, "Q8_0"},
        {"Q4_0", TENSOR_OUTPUT, 0, "Q6_K"},
        {"Q4_0", TENSOR_TOKEN_EMBD, 0, "Q4_0"},
        {"Q4_0", TENSOR_FFN_DOWN, 0, "Q4_0"},
        {"Q4_K_M", TENSOR_OUTPUT, 0, "Q6_K"},
        {"Q4_K_M", TENSOR_TOKEN_EMBD, 0, "Q4_K"},
        {"Q4_K_S", TENSOR_ATTN_V, 3, "Q5_K"},
        {"Q4_K_S", TENSOR_ATTN_V, 4, "Q4_K"},
        {"Q4_K_S", TENSOR_FFN_DOWN, 3, "Q5_K"},
        {"Q4_K_S", TENSOR_FFN_DOWN, 4, "Q4_K"},
        {"Q5_K_M", TENSOR_ATTN_V, 4, "Q5_K"},
        {"Q5_K_M", TENSOR_ATTN_V, 6, "Q6_K"},
        {"Q5_K_S", TENSOR_FFN_DOWN, 0, "Q5_K"},
        {"Q6_K", TENSOR_FFN_DOWN, 9, "Q6_K"},
        {"Q3_K_M", TENSOR_ATTN_V, 1, "Q5_K"},
        {"Q3_K_M", TENSOR_ATTN_V, 2, "Q4_K"},
        {"Q3_K_M", TENSOR_FFN_DOWN, 1, "Q5_K"},
        {"Q3_K_M", TENSOR_FFN_DOWN, 2, "Q4_K"},
        {"Q3_K_M", TENSOR_ATTN_OUTPUT, 9, "Q4_K"},
        {"Q3_K_S", TENSOR_FFN_DOWN, 0, "Q3_K"},
        {"Q3_K_L", TENSOR_ATTN_OUTPUT, 9, "Q5_K"},
        {"Q2_K", TENSOR_ATTN_V, 9, "Q4_K"},
        {"Q2_K", TENSOR_FFN_DOWN, 9, "Q3_K"},
        {"Q2_K", TENSOR_FFN_GATE, 9, "Q2_K"},
        {"IQ4_XS", TENSOR_ATTN_V, 9, "Q5_K"},
        {"IQ4_XS", TENSOR_FFN_DOWN, 3, "Q5_K"},
        {"IQ4_XS", TENSOR_FFN_DOWN, 4, "IQ4_XS"},
        {"IQ4_NL", TENSOR_ATTN_Q, 0, "IQ4_NL"},
        {"IQ3_M", TENSOR_ATTN_OUTPUT, 9, "Q4_K"},
        {"IQ3_M", TENSOR_FFN_UP, 9, "IQ3_S"},
        {"IQ3_XS", TENSOR_FFN_UP, 3, "IQ3_S"},
        {"IQ3_XS", TENSOR_FFN_UP, 4, "IQ3_XXS"},
        {"IQ3_XS", TENSOR_FFN_GATE, 28, "IQ3_S"},
        {"IQ3_XXS", TENSOR_ATTN_K, 9, "IQ2_S"},
        {"IQ3_XXS", TENSOR_TOKEN_EMBD, 0, "IQ3_S"},
        {"IQ3_XXS", TENSOR_OUTPUT, 0, "Q5_K"},
        {"IQ2_M", TENSOR_FFN_DOWN, 3, "IQ3_S"},
        {"IQ2_M", TENSOR_FFN_DOWN, 4, "IQ2_S"},
        {"IQ2_S", TENSOR_FFN_UP, 4, "IQ2_XS"},
        {"IQ2_XXS", TENSOR_TOKEN_EMBD, 0, "Q2_K"},
        {"IQ1_S", TENSOR_ATTN_OUTPUT, 0, "IQ2_XXS"},
        {"IQ1_M", TENSOR_ATTN_V, 0, "Q4_K"},
        {"TQ2_0", TENSOR_TOKEN_EMBD, 0, "Q4_K"},
        {"TQ1_0", TENSOR_OUTPUT, 0, "Q6_K"},
        {"Q2_K_S", TENSOR_FFN_DOWN, 3, "Q4_K"},
        {"Q4_0_4_4", TENSOR_FFN_DOWN, 3, "Q4_0"},
        {"MXFP4_MOE", TENSOR_EXPERTS_DOWN, 3, "MXFP4"},
        {"MXFP4_MOE", TENSOR_ATTN_Q, 3, "Q8_0"},
        {"MXFP4_MOE", TENSOR_ROUTER, 3, "F32"},
        {"Q4_K_M", TENSOR_SHARED_DOWN, 0, "Q6_K"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char quant[12];
        memcpy(quant, rows[i].quant, sizeof quant);
        check_layer(&model, quant, rows[i].role, rows[i].layer, rows[i].want);
    }
    model.tied_embeddings = true; /* the embedding is then the output matrix */
    check_layer(&model, (char[]){"Q4_0"}, TENSOR_TOKEN_EMBD, 0, "Q6_K");
    check_layer(&model, (char[]){"Q8_0"}, TENSOR_TOKEN_EMBD, 0, "Q8_0");
}

/* Falcon's feed-forward keeps fewer bits, its head more; Mixtral's few keys and values the most. */
static void test_exceptions(void)
{
    struct workload_model model = {.n_layers = 60,
                                   .hidden = 4096,
                                   .ffn = 16384,
                                   .n_heads = 32,
                                   .n_kv_heads = 8,
                                   .head_dim = 128,
                                   .vocab = 65024,
                                   .parallel_attention = true,
                                   .fused_qkv = true};
    check_layer(&model, (char[]){"Q4_K_M"}, TENSOR_OUTPUT, 0, "Q8_0");
    check_layer(&model, (char[]){"F16"}, TENSOR_OUTPUT, 0, "F16");
    check_layer(&model, (char[]){"Q4_K_M"}, TENSOR_FFN_DOWN, 2, "Q6_K");
    check_layer(&model, (char[]){"Q4_K_M"}, TENSOR_FFN_DOWN, 3, "Q5_K");
    check_layer(&model, (char[]){"Q4_K_M"}, TENSOR_FFN_DOWN, 8, "Q4_K");
    check_layer(&model, (char[]){"Q4_K_S"}, TENSOR_FFN_DOWN, 0, "Q4_K");
    check_layer(&model, (char[]){"Q3_K_M"}, TENSOR_ATTN_OUTPUT, 0, "Q3_K");
    model.parallel_attention = false;
    model.experts = (struct workload_experts){.n = 8, .used = 2};
    check_layer(&model, (char[]){"Q4_K_M"}, TENSOR_ATTN_K, 9, "Q8_0");
    check_layer(&model, (char[]){"Q4_K_M"}, TENSOR_ATTN_V, 9, "Q8_0");
    check_layer(&model, (char[]){"Q4_K_M"}, TENSOR_ATTN_OUTPUT, 9, "Q5_K");
    check_layer(&model, (char[]){"IQ2_XS"}, TENSOR_ATTN_K, 9, "Q4_K");
}

/* Rows that are no whole number of blocks fall back as in tensor_type_fallback. */
static void test_fallback(void)
{
    struct workload_model model = {.n_layers = 24,
                                   .hidden = 896,
                                   .ffn = 4864,
                                   .n_heads = 14,
                                   .n_kv_heads = 2,
                                   .head_dim = 64,
                                   .vocab = 151936};
    check_layer(&model, (char[]){"Q4_K_M"}, TENSOR_FFN_UP, 9, "Q5_0"); /* 896 = 3.5 x 256 */
    check_layer(&model, (char[]){"Q4_K_M"}, TENSOR_ATTN_V, 0, "Q8_0");
    check_layer(&model, (char[]){"Q4_K_M"}, TENSOR_FFN_DOWN, 0, "Q6_K"); /* 4864 = 19 x 256 */
    check_layer(&model, (char[]){"Q4_K_M"}, TENSOR_OUTPUT, 0, "Q8_0");
    check_layer(&model, (char[]){"Q5_K_M"}, TENSOR_FFN_UP, 9, "Q5_1");
    check_layer(&model, (char[]){"IQ3_S"}, TENSOR_FFN_UP, 9, "IQ4_NL");
    model.hidden = 100;
    check_layer(&model, (char[]){"Q4_0"}, TENSOR_FFN_UP, 9, "F16");
    check_layer(&model, (char[]){"F16"}, TENSOR_FFN_UP, 9, "F16");
}

/* Every file type can be read for every role without falling into a hole of the tables. */
static void test_all_quants(void)
{
    struct workload_model model = {.n_layers = 80,
                                   .hidden = 8192,
                                   .ffn = 28672,
                                   .n_heads = 64,
                                   .n_kv_heads = 8,
                                   .head_dim = 128,
                                   .vocab = 128256};
    size_t n = 0;
    for (const char *const *quant = workload_quants(); *quant; quant++, n++) {
        char name[12] = {0};
        strncpy(name, *quant, sizeof name - 1);
        model.quant = name;
        for (int role = TENSOR_TOKEN_EMBD; role <= TENSOR_OUTPUT; role++)
            CHECK(workload_tensor(&model, (enum tensor_role)role, 40).format);
    }
    CHECK(n == 37);
}

int main(void)
{
    test_bits_per_weight();
    test_more_bits();
    test_recipes();
    test_exceptions();
    test_fallback();
    test_all_quants();
    return check_result();
}
