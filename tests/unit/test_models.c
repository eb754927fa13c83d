/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The catalogue against published parameter counts and file sizes, and models that are refused. */
#include "base/file.h"
#include "base/memory.h"
#include "tests/check.h"
#include "workloads/operator.h"

#include <strings.h>

static bool read_named(const char *name, const char *quant, struct workload_model *out)
{
    struct error err = {0};
    char path[512];
    snprintf(path, sizeof path, SOURCE_DIR "/workloads/catalog/%s.yaml", name);
    struct tree *tree = tree_read(path, &err);
    bool ok = tree && fields_check_schema(tree, "model", &err);
    if (ok && quant)
        tree_put(tree, "quant", tree_new_scalar(quant, &tree->mark));
    ok = ok && workload_model_read(tree, out, &err);
    if (!ok)
        fprintf(stderr, "%s\n", err.fault[0]);
    if (ok)
        out->sources = NULL; /* ends with the tree */
    tree_free(tree);
    return CHECK(ok);
}

/* Parameters that operators and tensors imply, against published ones: counts of the safetensors on
 * Hugging Face, without second copies of tied heads, but for those whose source rounds or guesses.
 */
static void check_parameters(const char *name, const struct workload_model *model)
{
    const struct tree *source = tree_get(model->sources, "published_parameters");
    double got = workload_model_parameters(model), want = (double)model->published_parameters;
    bool exact = !strstr(tree_get_text(source, "ref"), "rounded") &&
                 strcmp(tree_get_text(source, "kind"), "estimated") != 0;
    if (!CHECK(exact ? got == want : fabs(got / want - 1) < 0.02))
        fprintf(stderr, "    %s: %.0f, published are %.0f\n", name, got, want);
}

/* A few counts by hand, so that the files' own numbers are held, too. */
static void test_parameters(void)
{
    static const struct {
        const char *name;
        uint64_t parameters;
    } models[] = {
        {"gpt2-125m", 124439808},          {"llama-3.2-1b", 1235814400},
        {"llama-3.1-8b", 8030261248},      {"llama-2-7b", 6738415616},
        {"qwen2.5-0.5b", 494032768},       /* biases on q, k and v */
        {"qwen3-8b", 8190735360},          /* norms of q and k over each head */
        {"gemma-2-9b", 9241705984},        /* post-norms, tied, heads wider than hidden / heads */
        {"gemma-3-1b", 999885952},         /* both */
        {"lfm2-2.6b", 2569272320},         /* short convolutions; table of the model card: 2.57 B */
        {"olmoe-1b-7b", 6919161856},       /* 64 experts, norms over all of q and of k */
        {"qwen3-30b-a3b", 30532122624},    /* 128 experts */
        {"gpt-oss-20b", 20914757184},      /* biases of experts, sinks */
        {"deepseek-v2-lite", 15706484224}, /* latent attention, shared experts, one dense layer */
        {"falcon-7b", 6921720704},         /* one key head, attention and feed-forward parallel */
        {"aya-expanse-8b", 8028033024},    /* these, gated and tied */
        {"opt-1.3b", 1315758080},          /* learned positions, biases everywhere */
        {"mixtral-8x7b", 46702792704},     /* experts as wide as intermediate_size */
    };
    for (size_t i = 0; i < sizeof models / sizeof *models; i++) {
        struct workload_model model;
        if (!read_named(models[i].name, NULL, &model))
            continue;
        if (!CHECK(workload_model_parameters(&model) == (double)models[i].parameters))
            fprintf(stderr, "    %s\n", models[i].name);
        CHECK(model.published_parameters == models[i].parameters);
        workload_model_free(&model);
    }
}

static const double MiB = 1048576, GiB = 1073741824, GB = 1e9;

struct size {
    const char *name, *quant;
    double bytes, tolerance; /* the tolerance is that of the source's rounding, or what a file
                                holds beside tensors */
};

/* model_size of llama-bench: the tensors alone. */
static const struct size bench_sizes[] = {
    /* shared/measured/strix_halo_lhl_power_temp.csv, llama.cpp's README and discussion 4167 */
    {"llama-2-7b", "Q4_0", 3647.87 * MiB, 2e-6},
    {"llama-2-7b", "Q4_K_M", 3891.24 * MiB, 2e-6},
    {"llama-2-7b", "F16", 12.55 * GiB, 1e-3},
    {"llama-2-7b", "Q8_0", 6.67 * GiB, 1e-3},
    {"llama-3.1-8b", "Q4_K_M", 4685.3 * MiB, 2e-5},
    {"llama-3.1-70b", "Q4_K_M", 40543.11 * MiB, 2e-6},
    {"qwen3-32b", "Q8_0", 33199.07 * MiB, 2e-6},
    /* shared/measured/pi5_llama_bench.csv; up to 0.5 MiB of rotary factors besides */
    {"llama-3.1-8b", "Q8_0", 8137.7 * MiB, 2e-5},
    {"mistral-7b-v0.3", "Q8_0", 7345.2 * MiB, 1e-4},
    {"mistral-nemo-12b", "Q4_K_M", 7123.0 * MiB, 1e-4},
    {"olmoe-1b-7b", "Q8_0", 7017.1 * MiB, 1e-4},
    {"olmoe-1b-7b", "Q4_0_4_4", 3744.1 * MiB, 1e-4},
    {"phi-3-medium", "Q4_0_4_4", 7530.2 * MiB, 1e-4},
    {"phi-3.5-mini", "Q8_0", 3871.9 * MiB, 2e-4},
    {"qwen2.5-7b", "Q8_0", 7718.1 * MiB, 1e-4},
    {"qwen2.5-14b", "Q4_K_M", 8565.9 * MiB, 1e-4},
    {"qwen2.5-14b", "Q4_0_4_4", 8117.7 * MiB, 1e-4},
    {"yi-1.5-6b", "Q4_K_M", 3501.9 * MiB, 2e-4},
    {"yi-1.5-9b", "Q8_0", 8947.4 * MiB, 1e-4},
    {"yi-coder-1.5b", "Q8_0", 1496.3 * MiB, 1e-4},
    {"deepseek-v2-lite", "Q4_K_M", 9880.1 * MiB, 5e-4}, /* k and v not yet split per head */
    {"stable-code-3b", "Q4_K_M", 1627.9 * MiB, 2e-4},
    /* shared/measured/geerlingguy_ai_benchmarks.csv, lhl_efficiency_and_lunarlake.csv and
     * rtx_pro_6000_power_limit_sweep.csv, the last three rounded to 0.01 GiB */
    {"tinyllama-1.1b", "Q4_K_M", 636.18 * MiB, 1e-5},
    {"llama-3.2-3b", "Q4_K_M", 1914.88 * MiB, 3e-3},
    {"mistral-7b-v0.3", "Q4_K_M", 4167.68 * MiB, 2e-3},
    {"qwen3-30b-a3b", "Q4_K_M", 17694.72 * MiB, 1e-3},
    /* https://github.com/ggml-org/llama.cpp/pull/16204, rounded to 0.01 GiB */
    {"lfm2-2.6b", "F16", 4.79 * GiB, 1.1e-3},
};

/* Where the head is tied, builds of 2024 loaded the matrix twice and counted it twice:
 * shared/measured/pi5_llama_bench.csv. */
static const struct size twice_sizes[] = {
    {"qwen2.5-1.5b", "Q8_0", 1801.5 * MiB, 3e-4},
    {"qwen2.5-3b", "Q8_0", 3442.8 * MiB, 1e-4},
    {"gemma-2-9b", "Q8_0", 10295.9 * MiB, 1e-4},
    {"mpt-7b", "Q4_0_4_4", 3780.4 * MiB, 1e-4},
};

/* Whole files on Hugging Face: vocabulary and metadata come on top of the tensors, about 8 MB in
 * the Llama 3 family, 6 MB in Gemma 2, 13 MB in gpt-oss, less than 1 MB in Llama 2. */
static const struct size file_sizes[] = {
    /* bartowski/Meta-Llama-3.1-8B-Instruct-GGUF and Llama-3.2-1B-Instruct-GGUF */
    {"llama-3.1-8b", "F16", 16.07 * GB, 2e-3},
    {"llama-3.1-8b", "Q8_0", 8.54 * GB, 2e-3},
    {"llama-3.1-8b", "Q4_K_M", 4.92 * GB, 3e-3},
    {"llama-3.2-1b", "F16", 2.48 * GB, 5e-3},
    {"llama-3.2-1b", "Q8_0", 1.32 * GB, 1e-2},
    {"llama-3.2-1b", "Q4_K_M", 0.808 * GB, 1.1e-2},
    /* aniljava/Meta-Llama-3.1-8B-Instruct-GGUF, made without an importance matrix */
    {"llama-3.1-8b", "IQ4_XS", 4484362144, 2e-3},
    /* mradermacher/Llama-2-7b-chat-hf-i1-GGUF */
    {"llama-2-7b", "IQ1_S", 1.53 * GB, 3e-3},
    {"llama-2-7b", "IQ1_M", 1.65 * GB, 3e-3},
    {"llama-2-7b", "IQ2_XXS", 1.85 * GB, 3e-3},
    {"llama-2-7b", "IQ2_XS", 2.03 * GB, 3e-3},
    {"llama-2-7b", "IQ2_S", 2.20 * GB, 3e-3},
    {"llama-2-7b", "IQ2_M", 2.36 * GB, 3e-3},
    {"llama-2-7b", "IQ3_XXS", 2.59 * GB, 3e-3},
    {"llama-2-7b", "IQ3_XS", 2.80 * GB, 3e-3},
    {"llama-2-7b", "IQ3_S", 2.95 * GB, 2e-3},
    {"llama-2-7b", "IQ3_M", 3.11 * GB, 2e-3},
    {"llama-2-7b", "Q2_K_S", 2.32 * GB, 3e-3},
    {"llama-2-7b", "Q2_K", 2.53 * GB, 3e-3},
    {"llama-2-7b", "Q3_K_S", 2.95 * GB, 2e-3},
    {"llama-2-7b", "Q3_K_M", 3.30 * GB, 2e-3},
    {"llama-2-7b", "Q3_K_L", 3.60 * GB, 2e-3},
    {"llama-2-7b", "Q4_K_S", 3.86 * GB, 2e-3},
    {"llama-2-7b", "Q6_K", 5.53 * GB, 2e-3},
    /* mradermacher/Llama-2-70b-hf-i1-GGUF */
    {"llama-2-70b", "IQ1_S", 14.5 * GB, 4e-3},
    {"llama-2-70b", "IQ2_M", 23.2 * GB, 3e-3},
    {"llama-2-70b", "IQ3_XXS", 26.6 * GB, 3e-3},
    {"llama-2-70b", "Q2_K", 25.5 * GB, 3e-3},
    {"llama-2-70b", "Q3_K_L", 36.1 * GB, 2e-3},
    /* duyntnet/gemma-2-27b-it-imatrix-GGUF */
    {"gemma-2-27b", "IQ3_M", 12454830944, 6e-4},
    {"gemma-2-27b", "Q3_K_S", 12169061216, 6e-4},
    {"gemma-2-27b", "Q4_K_M", 16645383008, 6e-4},
    {"gemma-2-27b", "Q5_K_S", 18884207456, 6e-4},
    {"gemma-2-27b", "Q5_K_M", 19408118624, 6e-4},
    {"gemma-2-27b", "Q8_0", 28937388896, 6e-4},
    /* RichardErkhov/tiiuae_-_falcon-11B-gguf; of types whose rule for fused q, k and v is still
     * what it was in 2024 */
    {"falcon-11b", "Q3_K_M", 5.44 * GB, 2e-3},
    {"falcon-11b", "Q4_K_M", 6.85 * GB, 2e-3},
    {"falcon-11b", "Q4_K_S", 6.38 * GB, 3e-3},
    {"falcon-11b", "Q5_0", 7.74 * GB, 2e-3},
    /* unsloth/Qwen3.5-27B-GGUF and -0.8B-GGUF, with 11 MB of vocabulary */
    {"qwen3.5-27b", "Q8_0", 28.6 * GB, 2e-3},
    {"qwen3.5-0.8b", "Q8_0", 0.812 * GB, 1.7e-2},
    /* benhaotang/gpt-oss-coder-20B-GGUF */
    {"gpt-oss-20b", "MXFP4_MOE", 12.1 * GB, 5e-3},
};

static void check_sizes(const struct size *sizes, size_t n, bool tied_twice)
{
    for (size_t i = 0; i < n; i++) {
        struct workload_model model;
        if (!read_named(sizes[i].name, sizes[i].quant, &model))
            continue;
        double bytes = workload_model_file_bytes(&model);
        if (tied_twice)
            bytes += workload_shared_bytes(&model);
        if (!CHECK_NEAR(bytes, sizes[i].bytes, sizes[i].tolerance))
            fprintf(stderr, "    %s %s\n", sizes[i].name, sizes[i].quant);
        workload_model_free(&model);
    }
}

static void test_file_sizes(void)
{
    check_sizes(bench_sizes, sizeof bench_sizes / sizeof *bench_sizes, false);
    check_sizes(twice_sizes, sizeof twice_sizes / sizeof *twice_sizes, true);
    check_sizes(file_sizes, sizeof file_sizes / sizeof *file_sizes, false);
}

/* llama.cpp's converter wrote GPT-2's tied matrix twice until pull request 12456 (March 2025) and
 * once since then; the catalogue means the newer files. Matrices are F16, all else F32. */
static void test_gpt2_file(void)
{
    struct workload_model model;
    double matrices = 50257.0 * 768 + 12 * (4 * 768.0 * 768 + 2 * 768.0 * 3072);
    double rest = 124439808 - matrices;
    if (!read_named("gpt2-125m", "F16", &model))
        return;
    CHECK(workload_model_file_bytes(&model) == 2 * matrices + 4 * rest);
    CHECK_NEAR(workload_model_file_bytes(&model), 0.2507 * GB, 1e-3);
    workload_model_free(&model);
}

static void test_kv(void)
{
    struct workload_model model;
    if (!read_named("llama-3.2-1b", NULL, &model))
        return;
    /* two tensors, 8 heads of 64, 2 bytes, 16 layers */
    CHECK(workload_model_kv_bytes_per_layer(&model) == 2048);
    CHECK(workload_model_kv_bytes(&model) == 32768);
    CHECK(model.n_aliases >= 2);
    workload_model_free(&model);
}

/* One latent of 512 and one rotary key of 64, shared by all heads; 16-bit numbers. */
static void test_latent_kv(void)
{
    struct workload_model model;
    if (!read_named("deepseek-v2-lite", NULL, &model))
        return;
    CHECK(workload_model_kv_bytes_per_layer(&model) == 2 * (512 + 64));
    CHECK(workload_model_kv_bytes(&model) == 27 * 2 * 576);
    workload_model_free(&model);
    if (!read_named("lfm2-2.6b", NULL, &model))
        return;
    CHECK(workload_model_kv_bytes(&model) == 8 * 2 * 2 * 8 * 64); /* 8 of 30 layers attend */
    workload_model_free(&model);
    if (!read_named("qwen3.5-4b", NULL, &model))
        return;
    CHECK(workload_model_kv_bytes(&model) == 32 * 1024); /* of the source of its parameters */
    workload_model_free(&model);
}

static void check_layers(const char *name, const char *want)
{
    struct workload_model model;
    if (!read_named(name, NULL, &model))
        return;
    char got[128] = "";
    for (uint64_t layer = 0; layer < model.n_layers && layer + 1 < sizeof got; layer++)
        got[layer] = "fscl"[workload_model_layer(&model, layer)];
    CHECK_TEXT(got, want);
    workload_model_free(&model);
}

static void test_layers(void)
{
    check_layers("gemma-3-1b", "sssssfsssssfsssssfsssssfss");
    check_layers("gemma-2-2b", "sfsfsfsfsfsfsfsfsfsfsfsfsf");
    check_layers("gpt-oss-20b", "sfsfsfsfsfsfsfsfsfsfsfsf");
    check_layers("mistral-7b", "ssssssssssssssssssssssssssssssss");
    check_layers("tinyllama-1.1b", "ffffffffffffffffffffff");
    check_layers("lfm2-2.6b", "ccfccfcccfcccfcccfcccfccfccfcc");
    check_layers("qwen3.5-2b", "lllflllflllflllflllflllf");
}

static void check_refused(const char *key, const char *value, const char *want)
{
    struct error err = {0};
    struct workload_model model;
    struct tree *tree = tree_read(SOURCE_DIR "/workloads/catalog/llama-3.2-1b.yaml", &err);
    if (!CHECK(tree))
        return;
    tree_put(tree, key, tree_new_scalar(value, &tree->mark));
    if (!CHECK(!workload_model_read(tree, &model, &err)))
        workload_model_free(&model);
    else if (!CHECK(err.n_faults == 1 && strstr(err.fault[0], want)))
        fprintf(stderr, "    got  \"%s\"\n    want \"%s\"\n", err.fault[0], want);
    CHECK(strstr(err.fault[0], "llama-3.2-1b.yaml:"));
    tree_free(tree);
}

static void test_refused(void)
{
    check_refused("num_key_value_heads", "7",
                  "num_key_value_heads 7 does not divide num_attention_heads 32");
    check_refused("quant", "Q4_KM", "unknown quant 'Q4_KM' (did you mean 'Q4_K_M'?)");
    check_refused("quant", "", "quant");
    check_refused("kv_format", "Q6_K", "unknown kv_format 'Q6_K'");
    check_refused("kv_format", "fp16", "unknown kv_format 'fp16'");
    check_refused("num_hidden_layers", "0", "1 ... 10000");
    check_refused("hidden_sizes", "2048", "(did you mean 'hidden_size'?)");
    check_refused("learned_positions", "1024",
                  "max_position_embeddings 131072 is more than the 1024 learned_positions");
    check_refused("num_experts", "8", "num_experts 8 needs num_experts_per_tok");
    check_refused("num_experts_per_tok", "2", "num_experts_per_tok means nothing without num_exp");
    check_refused("n_shared_experts", "1", "n_shared_experts means nothing without num_experts");
    check_refused("sliding_window_pattern", "2", "means nothing without sliding_window");
    check_refused("v_head_dim", "64", "v_head_dim means nothing without kv_lora_rank");
    check_refused("linear_num_value_heads", "4",
                  "linear_num_value_heads means nothing without linear_attention");
    check_refused("conv_L_cache", "3", "conv_L_cache 3, but no layer of layer_types is conv");
    check_refused("qk_norm", "heads", "(did you mean 'head'?)");
    check_refused("quant", "UD-Q4_K_XL", "unknown quant 'UD-Q4_K_XL'");
    check_refused("schema", "qeilsim/workload/1", "'qeilsim/workload/1', not 'qeilsim/model/1'");
}

static void test_heads_that_do_not_divide(void)
{
    static const char text[] = "name: x\nnum_hidden_layers: 2\nhidden_size: 100\n"
                               "intermediate_size: 64\nnum_attention_heads: 3\nvocab_size: 50\n"
                               "max_position_embeddings: 64\n";
    struct error err = {0};
    struct workload_model model;
    struct tree *tree = tree_parse("x", text, sizeof text - 1, &err);
    CHECK(tree && !workload_model_read(tree, &model, &err));
    CHECK_TEXT(err.fault[0], "x:5:22: num_attention_heads 3 does not divide hidden_size 100; give "
                             "head_dim if that is meant");
    tree_free(tree);
}

/* Each text is added to a model of three layers. */
static void test_combinations(void)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"num_experts: 4\nnum_experts_per_tok: 5\n", "num_experts_per_tok 5 is more than the 4"},
        {"num_experts: 4\nnum_experts_per_tok: 1\nfirst_k_dense_replace: 3\n",
         "first_k_dense_replace 3 leaves none of 3 layers"},
        {"kv_lora_rank: 64\n", "kv_lora_rank needs qk_rope_head_dim"},
        {"num_key_value_heads: 1\nkv_lora_rank: 64\nqk_rope_head_dim: 32\nqk_nope_head_dim: 32\n"
         "v_head_dim: 32\n",
         "num_key_value_heads 1: with kv_lora_rank all heads share one latent"},
        {"kv_lora_rank: 64\nqk_rope_head_dim: 32\nqk_nope_head_dim: 32\nv_head_dim: 32\n"
         "qk_norm: head\n",
         "leaves no keys for qk_norm"},
        {"layer_types: [conv, conv]\nconv_L_cache: 3\n", "layer_types names 2 layers"},
        {"layer_types: [conv, cov, full_attention]\nconv_L_cache: 3\n",
         "unknown layer_types 'cov' (did you mean 'conv'?)"},
        {"layer_types: [full_attention, sliding_attention, full_attention]\n",
         "sliding_window is missing"},
        {"layer_types: [full_attention, conv, full_attention]\n", "conv_L_cache is missing"},
        {"layer_types: [full_attention, linear_attention, full_attention]\n"
         "linear_num_key_heads: 2\nlinear_num_value_heads: 2\nlinear_key_head_dim: 8\n",
         "layer_types has linear_attention: one of linear_num_key_heads"},
        {"kv_lora_rank: 64\nqk_rope_head_dim: 32\nqk_nope_head_dim: 32\nv_head_dim: 32\n"
         "attn_output_gate: true\n",
         "leaves no keys for qk_norm, qkv_bias, fused_qkv or attn_output_gate"},
        {"layer_types: [full_attention, full_attention, full_attention]\nsliding_window: 16\n",
         "sliding_window 16, but no layer slides"},
        {"sliding_window: 16\nsliding_window_pattern: 1\n", "but no layer slides"},
        {"layer_types: [full_attention, sliding_attention, full_attention]\nsliding_window: 16\n"
         "sliding_window_pattern: 2\n",
         "both say which layers slide"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[1024];
        struct error err = {0};
        struct workload_model model;
        snprintf(text, sizeof text,
                 "name: x\nnum_hidden_layers: 3\nhidden_size: 128\nintermediate_size: 64\n"
                 "num_attention_heads: 2\nvocab_size: 50\nmax_position_embeddings: 64\n%s",
                 cases[i].text);
        struct tree *tree = tree_parse("x", text, strlen(text), &err);
        CHECK(tree && !workload_model_read(tree, &model, &err));
        if (!CHECK(err.n_faults == 1 && strstr(err.fault[0], cases[i].want)))
            fprintf(stderr, "    got  \"%s\"\n    want \"%s\"\n", err.fault[0], cases[i].want);
        tree_free(tree);
    }
}

static bool has_source(const struct workload_model *model, const char *key)
{
    const struct tree *source = model->sources ? tree_get(model->sources, key) : NULL;
    return source && tree_get_text(source, "kind") && tree_get_text(source, "ref");
}

/* Names of the models that were read before, without case. */
struct names {
    char *name[2048];
    size_t n;
};

static void check_unique(struct names *names, const char *name)
{
    for (size_t i = 0; i < names->n; i++)
        if (!CHECK(strcasecmp(names->name[i], name) != 0))
            fprintf(stderr, "    %s is given twice\n", name);
    if (CHECK(names->n < sizeof names->name / sizeof *names->name))
        names->name[names->n++] = mem_strdup(name);
}

/* Every operator of every unit is a finite amount of work. */
static void check_operators(const struct workload_model *model)
{
    double flops = 0, kv_B = 0;
    for (size_t unit = 0; unit < workload_units(model); unit++) {
        struct workload_operator op[WORKLOAD_UNIT_OPERATORS];
        size_t n = workload_unit_operators(model, unit, op);
        CHECK(n > 0 && workload_unit_resident_bytes(model, unit) > 0);
        for (size_t i = 0; i < n; i++) {
            CHECK(op[i].weight_bytes >= 0 && op[i].activation_bytes_per_row > 0);
            CHECK((op[i].kind == WORKLOAD_MATMUL) == (op[i].flops_per_row > 0));
            flops += op[i].flops_per_row;
            kv_B += op[i].kv_bytes_per_token;
        }
    }
    CHECK(flops > 0 && flops <= 2 * workload_model_parameters(model));
    CHECK(kv_B == workload_model_kv_bytes(model));
}

static void check_file(const char *name, struct names *names)
{
    struct error err = {0};
    struct workload_model model;
    char path[512];
    snprintf(path, sizeof path, SOURCE_DIR "/workloads/catalog/%s.yaml", name);
    struct tree *tree = tree_read(path, &err);
    if (!CHECK(tree && fields_check_schema(tree, "model", &err) &&
               workload_model_read(tree, &model, &err))) {
        fprintf(stderr, "    %s\n", err.fault[0]);
        tree_free(tree);
        return;
    }
    CHECK_TEXT(model.name, name);
    check_unique(names, name);
    for (size_t i = 0; i < model.n_aliases; i++)
        check_unique(names, model.aliases[i]);
    CHECK(has_source(&model, "architecture"));
    if (CHECK(has_source(&model, "published_parameters")))
        check_parameters(name, &model);
    check_operators(&model);
    workload_model_free(&model);
    tree_free(tree);
}

static void test_catalogue(void)
{
    char **files = file_names(SOURCE_DIR "/workloads/catalog", ".yaml");
    struct names names = {0};
    size_t n = 0;
    for (; files && files[n]; n++)
        check_file(files[n], &names);
    CHECK(n >= 180);
    for (size_t i = 0; i < names.n; i++)
        free(names.name[i]);
    file_names_free(files);
}

/* Quantised caches store whole blocks of 32. */
static void test_kv_blocks(void)
{
    static const char text[] = "name: x\nnum_hidden_layers: 2\nhidden_size: 96\n"
                               "intermediate_size: 64\nnum_attention_heads: 2\n"
                               "num_key_value_heads: 1\nvocab_size: 50\n"
                               "max_position_embeddings: 64\nkv_format: Q8_0\n";
    struct error err = {0};
    struct workload_model model;
    struct tree *tree = tree_parse("x", text, sizeof text - 1, &err);
    CHECK(tree && !workload_model_read(tree, &model, &err));
    CHECK(strstr(err.fault[0], "x:9:12: kv_format Q8_0 stores blocks of 32 values"));
    tree_free(tree);
}

int main(void)
{
    test_parameters();
    test_file_sizes();
    test_gpt2_file();
    test_kv();
    test_latent_kv();
    test_layers();
    test_combinations();
    test_catalogue();
    test_refused();
    test_heads_that_do_not_divide();
    test_kv_blocks();
    return check_result();
}
