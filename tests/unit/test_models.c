/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The catalogue against published parameter counts and file sizes, and models that are refused. */
#include "tests/check.h"
#include "workloads/model.h"

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

static void test_parameters(void)
{
    /* Counts of the safetensors on Hugging Face; GPT-2 without the copy of the tied head. */
    static const struct {
        const char *name;
        uint64_t parameters;
    } models[] = {{"gpt2-125m", 124439808},
                  {"llama-3.2-1b", 1235814400},
                  {"llama-3.1-8b", 8030261248},
                  {"llama-2-7b", 6738415616}};
    for (size_t i = 0; i < sizeof models / sizeof *models; i++) {
        struct workload_model model;
        if (!read_named(models[i].name, NULL, &model))
            continue;
        CHECK(workload_model_parameters(&model) == (double)models[i].parameters);
        CHECK(model.published_parameters == models[i].parameters);
        workload_model_free(&model);
    }
}

static const double MiB = 1048576, GiB = 1073741824, GB = 1e9;

static void test_file_sizes(void)
{
    struct size {
        const char *name, *quant;
        double bytes, tolerance; /* the tolerance is that of the source's rounding, or what a file
                                    holds beside tensors */
    };
    const struct size sizes[] = {
        /* model_size of llama-bench: the tensors alone.
         * shared/measured/strix_halo_lhl_power_temp.csv: 3647.87, 3891.24 and 4685.3 MiB;
         * shared/measured/pi5_llama_bench.csv: 8137.7 MiB. */
        {"llama-2-7b", "Q4_0", 3647.87 * MiB, 2e-6},
        {"llama-2-7b", "Q4_K_M", 3891.24 * MiB, 2e-6},
        {"llama-3.1-8b", "Q4_K_M", 4685.3 * MiB, 2e-5},
        {"llama-3.1-8b", "Q8_0", 8137.7 * MiB, 2e-5},
        /* llama-bench tables of llama.cpp's README and discussion 4167, rounded to 0.01 GiB */
        {"llama-2-7b", "F16", 12.55 * GiB, 1e-3},
        {"llama-2-7b", "Q8_0", 6.67 * GiB, 1e-3},
        /* Files of https://huggingface.co/bartowski/Meta-Llama-3.1-8B-Instruct-GGUF. Whole files
         * of the Llama 3 family hold about 8 MB of vocabulary beside the tensors. */
        {"llama-3.1-8b", "F16", 16.07 * GB, 2e-3},
        {"llama-3.1-8b", "Q8_0", 8.54 * GB, 2e-3},
        {"llama-3.1-8b", "Q4_K_M", 4.92 * GB, 3e-3},
        /* Files of https://huggingface.co/bartowski/Llama-3.2-1B-Instruct-GGUF */
        {"llama-3.2-1b", "F16", 2.48 * GB, 5e-3},
        {"llama-3.2-1b", "Q8_0", 1.32 * GB, 1e-2},
        {"llama-3.2-1b", "Q4_K_M", 0.808 * GB, 1.1e-2},
    };
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct workload_model model;
        if (!read_named(sizes[i].name, sizes[i].quant, &model))
            continue;
        if (!CHECK_NEAR(workload_model_file_bytes(&model), sizes[i].bytes, sizes[i].tolerance))
            fprintf(stderr, "    %s %s\n", sizes[i].name, sizes[i].quant);
        workload_model_free(&model);
    }
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

/* The rule for 80 layers with grouped heads gives v more bits: 40543.11 MiB for Llama 3.3 70B in
 * Q4_K_M (shared/measured/strix_halo_lhl_power_temp.csv). */
static void test_70b(void)
{
    static const char text[] = "name: x\nnum_hidden_layers: 80\nhidden_size: 8192\n"
                               "intermediate_size: 28672\nnum_attention_heads: 64\n"
                               "num_key_value_heads: 8\nvocab_size: 128256\n"
                               "max_position_embeddings: 131072\nquant: Q4_K_M\n";
    struct error err = {0};
    struct workload_model model;
    struct tree *tree = tree_parse("x", text, sizeof text - 1, &err);
    if (CHECK(tree && workload_model_read(tree, &model, &err))) {
        CHECK_NEAR(workload_model_file_bytes(&model), 40543.11 * MiB, 2e-6);
        CHECK(model.head_dim == 128 && !model.tied_embeddings);
        workload_model_free(&model);
    }
    tree_free(tree);
}

static void test_kv(void)
{
    struct workload_model model;
    if (!read_named("llama-3.2-1b", NULL, &model))
        return;
    /* two tensors, 8 heads of 64, 2 bytes, 16 layers */
    CHECK(workload_model_kv_bytes_per_layer(&model) == 2048);
    CHECK(workload_model_kv_bytes(&model) == 32768);
    CHECK(model.n_aliases == 2);
    workload_model_free(&model);
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
    test_70b();
    test_kv();
    test_refused();
    test_heads_that_do_not_divide();
    test_kv_blocks();
    return check_result();
}
