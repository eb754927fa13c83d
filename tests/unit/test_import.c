/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Imported models against the parameter counts that their makers publish, and files that are no
 * models. The configurations hold only the dimensions of public models, which are facts. */
#include "tests/check.h"
#include "tests/support/gguf_writer.h"
#include "workloads/import.h"
#include "workloads/model.h"

/* NULL with a failed check. */
static struct tree *import_text_of(const char *name, const char *bytes, size_t n)
{
    struct error err = {0};
    struct tree *tree = workload_import_memory(name, bytes, n, &err);
    if (!CHECK(tree))
        fprintf(stderr, "    %s\n", err.fault[0]);
    return tree;
}

static struct tree *import_json(const char *json)
{
    return import_text_of("config.json", json, strlen(json));
}

static bool read_model(const struct tree *tree, struct workload_model *model)
{
    struct error err = {0};
    bool ok = tree && workload_model_read(tree, model, &err);
    if (!CHECK(ok))
        fprintf(stderr, "    %s\n", err.fault[0]);
    return ok;
}

#define DIMENSIONS(hidden, ffn, layers, heads, kv, vocab, context)                                 \
    "\"hidden_size\":" #hidden ",\"intermediate_size\":" #ffn ",\"num_hidden_layers\":" #layers    \
    ",\"num_attention_heads\":" #heads ",\"num_key_value_heads\":" #kv ",\"vocab_size\":" #vocab   \
    ",\"max_position_embeddings\":" #context
#define ARCHITECTURE(name) "{\"architectures\":[\"" name "\"],"

/* Parameters as counted by the safetensors on Hugging Face (the tied head once). */
static const struct {
    const char *json;
    double parameters;
} models[] = {
    {ARCHITECTURE("LlamaForCausalLM") DIMENSIONS(4096, 14336, 32, 32, 8, 128256, 131072) "}",
     8030261248},
    {ARCHITECTURE("LlamaForCausalLM")
         DIMENSIONS(2048, 8192, 16, 32, 8, 128256, 131072) ",\"tie_word_embeddings\":true}",
     1235814400},
    {ARCHITECTURE("MistralForCausalLM") DIMENSIONS(4096, 14336, 32, 32, 8, 32000, 32768) "}",
     7241732096},
    {ARCHITECTURE("MixtralForCausalLM")
         DIMENSIONS(4096, 14336, 32, 32, 8, 32000,
                    32768) ",\"num_local_experts\":8,\"num_experts_per_tok\":2}",
     46702792704},
    {ARCHITECTURE("Qwen2ForCausalLM") DIMENSIONS(3584, 18944, 28, 28, 4, 152064, 32768) "}",
     7615616512},
    {ARCHITECTURE("Qwen2ForCausalLM")
         DIMENSIONS(896, 4864, 24, 14, 2, 151936, 32768) ",\"tie_word_embeddings\":true}",
     494032768},
    {ARCHITECTURE("Qwen2MoeForCausalLM") DIMENSIONS(
         2048, 5632, 24, 16, 16, 151936,
         8192) ","
               "\"num_experts\":60,\"num_experts_per_tok\":4,\"moe_intermediate_size\":1408,"
               "\"shared_expert_intermediate_size\":5632,\"decoder_sparse_step\":1}",
     14315784192},
    {ARCHITECTURE("Qwen3ForCausalLM") DIMENSIONS(4096, 12288, 36, 32, 8, 151936, 40960) "}",
     8190735360},
    {ARCHITECTURE("Qwen3MoeForCausalLM")
         DIMENSIONS(2048, 6144, 48, 32, 4, 151936,
                    40960) ","
                           "\"head_dim\":128,\"num_experts\":128,\"num_experts_per_tok\":8,"
                           "\"moe_intermediate_size\":768,\"mlp_only_layers\":[]}",
     30532122624},
    {ARCHITECTURE("GemmaForCausalLM") DIMENSIONS(2048, 16384, 18, 8, 1, 256000, 8192) "}",
     2506172416},
    {ARCHITECTURE("Gemma2ForCausalLM") DIMENSIONS(2304, 9216, 26, 8, 4, 256000, 8192) "}",
     2614341888},
    {ARCHITECTURE("Gemma3ForCausalLM")
         DIMENSIONS(1152, 6912, 26, 4, 1, 262144, 32768) ",\"sliding_window\":512}",
     999885952},
    /* Table 1 of the Gemma 3 report: 675 M embedding and 3209 M other parameters of the text part,
     * whose file leaves the rest to its class. */
    {"{\"architectures\":[\"Gemma3ForConditionalGeneration\"],\"text_config\":{\"hidden_size\":"
     "2560,"
     "\"intermediate_size\":10240,\"num_hidden_layers\":34,\"sliding_window\":1024}}",
     3884e6},
    {ARCHITECTURE("Phi3ForCausalLM")
         DIMENSIONS(3072, 8192, 32, 32, 32, 32064, 4096) ",\"sliding_window\":2047}",
     3821079552},
    {ARCHITECTURE("GraniteForCausalLM")
         DIMENSIONS(2048, 8192, 40, 32, 8, 49155, 4096) ",\"tie_word_embeddings\":true}",
     2533531648},
    {"{\"architectures\":[\"GPT2LMHeadModel\"],\"n_embd\":768,\"n_layer\":12,\"n_head\":12,"
     "\"n_positions\":1024,\"n_inner\":null,\"vocab_size\":50257}",
     124439808},
    {ARCHITECTURE("OlmoeForCausalLM") DIMENSIONS(
         2048, 1024, 16, 16, 16, 50304, 4096) ",\"num_experts\":64,\"num_experts_per_tok\":8}",
     6919161856},
    {ARCHITECTURE("DeepseekV2ForCausalLM")
         DIMENSIONS(2048, 10944, 27, 16, 16, 102400,
                    163840) ","
                            "\"kv_lora_rank\":512,\"q_lora_rank\":null,\"qk_rope_head_dim\":64,"
                            "\"qk_nope_head_dim\":128,"
                            "\"v_head_dim\":128,\"n_routed_experts\":64,\"num_experts_per_tok\":6,"
                            "\"moe_intermediate_size\":1408,\"n_shared_experts\":2,\"first_k_dense_"
                            "replace\":1,"
                            "\"moe_layer_freq\":1}",
     15706484224},
    {ARCHITECTURE("DeepseekV3ForCausalLM")
         DIMENSIONS(7168, 18432, 61, 128, 128, 129280,
                    163840) ","
                            "\"kv_lora_rank\":512,\"q_lora_rank\":1536,\"qk_rope_head_dim\":64,"
                            "\"qk_nope_head_dim\":128,"
                            "\"v_head_dim\":128,\"n_routed_experts\":256,\"num_experts_per_tok\":8,"
                            "\"moe_intermediate_size\":2048,\"n_shared_experts\":1,\"first_k_dense_"
                            "replace\":3}",
     671026419200},
    {ARCHITECTURE("Lfm2ForCausalLM") DIMENSIONS(
         2048, 12288, 16, 32, 8, 65536,
         128000) ","
                 "\"block_ff_dim\":12288,\"conv_L_cache\":3,\"full_attn_idxs\":[2,5,8,10,12,14],"
                 "\"block_auto_adjust_ff_dim\":true,\"block_multiple_of\":256}",
     1170340608},
    {ARCHITECTURE("GptOssForCausalLM") DIMENSIONS(
         2880, 2880, 24, 64, 8, 201088, 131072) ","
                                                "\"head_dim\":64,\"num_local_experts\":32,\"num_"
                                                "experts_per_tok\":4,\"sliding_window\":128,"
                                                "\"attention_bias\":true}",
     20914757184},
    {ARCHITECTURE("SmolLM3ForCausalLM")
         DIMENSIONS(2048, 11008, 36, 16, 4, 128256,
                    65536) ","
                           "\"sliding_window\":null,\"use_sliding_window\":false}",
     3075098624},
};

static void test_parameters(void)
{
    for (size_t i = 0; i < sizeof models / sizeof *models; i++) {
        struct workload_model model;
        struct tree *tree = import_json(models[i].json);
        if (tree && read_model(tree, &model)) {
            double parameters = workload_model_parameters(&model);
            if (!CHECK_NEAR(parameters, models[i].parameters, 0.01))
                fprintf(stderr, "    %.60s\n", models[i].json);
            workload_model_free(&model);
        }
        tree_free(tree);
    }
}

/* Members of a file and what a key becomes by them; NULL: the key is left out. */
static const struct {
    const char *architecture, *members, *key, *want;
} keys[] = {
    {"LlamaForCausalLM", "", "head_dim", "8"},
    {"LlamaForCausalLM", ",\"head_dim\":32", "head_dim", "32"},
    {"LlamaForCausalLM", ",\"head_dim\":null", "head_dim", "8"},
    {"LlamaForCausalLM", "", "num_key_value_heads", "8"},
    {"LlamaForCausalLM", ",\"num_key_value_heads\":2", "num_key_value_heads", "2"},
    {"LlamaForCausalLM", "", "tie_word_embeddings", "false"},
    {"LlamaForCausalLM", "", "sliding_window", NULL},
    {"LlamaForCausalLM", ",\"attention_bias\":true", "qkv_bias", "true"},
    {"LlamaForCausalLM", ",\"attention_bias\":true,\"mlp_bias\":true", "projection_bias", "true"},
    {"LlamaForCausalLM", "", "quant", "F16"},
    {"LlamaForCausalLM", ",\"torch_dtype\":\"bfloat16\"", "quant", "BF16"},
    {"LlamaForCausalLM", ",\"dtype\":\"torch.float32\"", "quant", "F32"},
    {"LlamaForCausalLM", "", "name", "llama"},
    {"LlamaForCausalLM", ",\"_name_or_path\":\"meta/My Model_7B\"", "name", "my-model-7b"},
    {"Qwen3ForCausalLM", "", "head_dim", "128"},
    {"Qwen3ForCausalLM", "", "qk_norm", "head"},
    {"Qwen2ForCausalLM", "", "qkv_bias", "true"},
    {"Qwen2ForCausalLM", ",\"sliding_window\":128", "sliding_window", NULL},
    {"Qwen2ForCausalLM",
     ",\"sliding_window\":128,\"use_sliding_window\":true,\"max_window_layers\":1",
     "sliding_window", "128"},
    {"Qwen2ForCausalLM",
     ",\"sliding_window\":128,\"use_sliding_window\":true,\"max_window_layers\":4",
     "sliding_window", NULL},
    {"MistralForCausalLM", "", "sliding_window", NULL},
    {"MistralForCausalLM", ",\"sliding_window\":256", "sliding_window", "256"},
    {"MistralForCausalLM", ",\"sliding_window\":null", "sliding_window", NULL},
    {"MistralForCausalLM", ",\"sliding_window\":256", "sliding_window_pattern", NULL},
    {"Gemma2ForCausalLM", ",\"sliding_window\":256", "sliding_window_pattern", "2"},
    {"Gemma2ForCausalLM", "", "tie_word_embeddings", "true"},
    {"Gemma2ForCausalLM", "", "head_dim", "256"},
    {"Gemma2ForCausalLM", "", "post_norm", "true"},
    {"Gemma3ForCausalLM", ",\"sliding_window\":256", "sliding_window_pattern", "6"},
    {"Gemma3ForCausalLM", ",\"sliding_window\":256,\"_sliding_window_pattern\":4",
     "sliding_window_pattern", "4"},
    {"Gemma3ForCausalLM",
     ",\"sliding_window\":256,\"layer_types\":[\"sliding_attention\",\"full_attention\","
     "\"sliding_attention\",\"full_attention\"]",
     "sliding_window_pattern", "2"},
    {"Gemma3ForCausalLM",
     ",\"sliding_window\":256,\"layer_types\":[\"full_attention\",\"full_attention\","
     "\"full_attention\",\"full_attention\"]",
     "sliding_window", NULL},
    {"Gemma3ForCausalLM",
     ",\"sliding_window\":256,\"layer_types\":[\"sliding_attention\",\"sliding_attention\","
     "\"sliding_attention\",\"sliding_attention\"]",
     "layer_types", NULL},
    {"GPT2LMHeadModel", "", "ffn", "plain"},
    {"GPT2LMHeadModel", "", "learned_positions", "1024"},
    {"Qwen3MoeForCausalLM",
     ",\"num_experts\":8,\"num_experts_per_tok\":2,\"moe_intermediate_size\":32,"
     "\"mlp_only_layers\":[0,1]",
     "first_k_dense_replace", "2"},
    {"Qwen2MoeForCausalLM",
     ",\"num_key_value_heads\":8,\"num_experts\":8,\"num_experts_per_tok\":2,"
     "\"moe_intermediate_size\":32,\"shared_expert_intermediate_size\":128",
     "n_shared_experts", "4"},
    {"Lfm2ForCausalLM", "", "intermediate_size", "256"},
    {"Lfm2ForCausalLM", ",\"block_auto_adjust_ff_dim\":false", "intermediate_size", "300"},
    {"Lfm2ForCausalLM", ",\"tie_embedding\":false", "tie_word_embeddings", "false"},
};

static void test_keys(void)
{
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        char *json =
            mem_printf("{\"architectures\":[\"%s\"],\"hidden_size\":64,\"intermediate_size\":300,"
                       "\"num_hidden_layers\":4,\"num_attention_heads\":8,\"vocab_size\":100,"
                       "\"max_position_embeddings\":1024%s}",
                       keys[i].architecture, keys[i].members);
        struct tree *tree = import_json(json);
        const char *got = tree_get_text(tree, keys[i].key);
        bool same =
            got && keys[i].want ? strcmp(got, keys[i].want) == 0 : tree && !got && !keys[i].want;
        if (!CHECK(same))
            fprintf(stderr, "    %s%s: %s is %s\n", keys[i].architecture, keys[i].members,
                    keys[i].key, got ? got : "left out");
        tree_free(tree);
        free(json);
    }
}

/* What cannot be described is refused rather than described wrongly. */
static void test_refusals(void)
{
    static const struct {
        const char *architecture, *members, *fault;
    } cases[] = {
        {"FalconForCausalLM", "", "unknown architecture 'FalconForCausalLM'; known are Llama"},
        {"LlamaForCausalLM", ",\"num_key_value_heads\":3", "does not divide"},
        {"LlamaForCausalLM", ",\"head_dim\":0", "'head_dim' is 0"},
        {"LlamaForCausalLM", ",\"tie_word_embeddings\":1", "neither true nor false"},
        {"MixtralForCausalLM", "", "'num_experts' is missing"},
        {"Qwen3MoeForCausalLM",
         ",\"num_experts\":8,\"num_experts_per_tok\":2,"
         "\"moe_intermediate_size\":32,\"decoder_sparse_step\":2",
         "'decoder_sparse_step'"},
        {"Qwen3MoeForCausalLM",
         ",\"num_experts\":8,\"num_experts_per_tok\":2,"
         "\"moe_intermediate_size\":32,\"mlp_only_layers\":[3]",
         "'mlp_only_layers'"},
        {"Qwen2MoeForCausalLM",
         ",\"num_experts\":8,\"num_experts_per_tok\":2,"
         "\"moe_intermediate_size\":32,\"shared_expert_intermediate_size\":33",
         "no multiple"},
        {"Gemma3ForCausalLM", ",\"sliding_window\":4,\"layer_types\":[\"full_attention\"]",
         "no list of 4 words"},
        {"Gemma3ForCausalLM", ",\"sliding_window\":4,\"layer_types\":[1,2,3,4]", "no word"},
        {"Lfm2ForCausalLM", ",\"full_attn_idxs\":[4]", "a layer that is not there"},
        {"Lfm2ForCausalLM", ",\"layer_types\":[\"conv\",\"conv\",\"mamba\",\"conv\"]", "'mamba'"},
        {"Gemma3ForConditionalGeneration", "", "'text_config' is missing"},
        {"DeepseekV2ForCausalLM", "", "'kv_lora_rank' is missing"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct error err = {0};
        bool told = false;
        char *json =
            mem_printf("{\"architectures\":[\"%s\"],\"hidden_size\":64,\"intermediate_size\":300,"
                       "\"num_hidden_layers\":4,\"num_attention_heads\":8,\"vocab_size\":100,"
                       "\"max_position_embeddings\":1024%s}",
                       cases[i].architecture, cases[i].members);
        struct tree *tree = workload_import_memory("c.json", json, strlen(json), &err);
        for (size_t j = 0; j < err.n_faults; j++)
            told = told || strstr(err.fault[j], cases[i].fault);
        if (!CHECK(!tree && told))
            fprintf(stderr, "    %s%s: %s\n", cases[i].architecture, cases[i].members,
                    err.n_faults ? err.fault[0] : "accepted");
        tree_free(tree);
        free(json);
    }
}

/* Shapes of public models in the order of struct gguf_shape; ggml's types 0 F32, 1 F16, 8 Q8_0,
 * 12 Q4_K, 14 Q6_K. */
static const struct gguf_shape llama_8b = {.architecture = "llama",
                                           .layers = 32,
                                           .hidden = 4096,
                                           .ffn = 14336,
                                           .heads = 32,
                                           .kv_heads = 8,
                                           .head_dim = 128,
                                           .vocab = 128256,
                                           .context = 131072,
                                           .file_type = 15,
                                           .type = 12,
                                           .more = 14,
                                           .output = 14};
static const struct gguf_shape qwen_05b = {.architecture = "qwen2",
                                           .layers = 24,
                                           .hidden = 896,
                                           .ffn = 4864,
                                           .heads = 14,
                                           .kv_heads = 2,
                                           .head_dim = 64,
                                           .vocab = 151936,
                                           .context = 32768,
                                           .file_type = 1,
                                           .type = 1,
                                           .output = 1,
                                           .tied = true,
                                           .biases = true};
static const struct gguf_shape gemma_1b = {.architecture = "gemma3",
                                           .layers = 26,
                                           .hidden = 1152,
                                           .ffn = 6912,
                                           .heads = 4,
                                           .kv_heads = 1,
                                           .head_dim = 256,
                                           .vocab = 262144,
                                           .context = 32768,
                                           .file_type = 7,
                                           .type = 8,
                                           .output = 8,
                                           .tied = true,
                                           .norms = true,
                                           .post_norms = true};
static const struct gguf_shape qwen_30b = {.architecture = "qwen3moe",
                                           .layers = 48,
                                           .hidden = 2048,
                                           .ffn = 6144,
                                           .heads = 32,
                                           .kv_heads = 4,
                                           .head_dim = 128,
                                           .vocab = 151936,
                                           .context = 40960,
                                           .file_type = 7,
                                           .type = 8,
                                           .output = 8,
                                           .norms = true,
                                           .experts = 128,
                                           .used = 8,
                                           .expert_ffn = 768};

static struct tree *import_shape(const struct gguf_shape *shape, uint32_t version)
{
    struct text bytes = gguf_of_shape(shape, version);
    struct tree *tree = import_text_of("a/My-File.gguf", bytes.bytes, bytes.length);
    text_free(&bytes);
    return tree;
}

/* Every number of the file comes back, and the recipe makes the tensors' bytes to a byte. */
static void test_gguf(void)
{
    static const struct {
        const struct gguf_shape *shape;
        const char *quant;
        double parameters;
    } cases[] = {{&llama_8b, "Q4_K_M", 8030261248},
                 {&qwen_05b, "F16", 494032768},
                 {&gemma_1b, "Q8_0", 999885952},
                 {&qwen_30b, "Q8_0", 30532122624}};
    for (size_t i = 0; i < 2 * sizeof cases / sizeof *cases; i++) {
        const struct gguf_shape *shape = cases[i / 2].shape;
        struct workload_model model;
        struct tree *tree = import_shape(shape, i % 2 ? 2 : 3);
        if (tree && read_model(tree, &model)) {
            CHECK(model.n_layers == shape->layers && model.hidden == shape->hidden);
            CHECK(model.n_heads == shape->heads && model.n_kv_heads == shape->kv_heads);
            CHECK(model.head_dim == shape->head_dim && model.ffn == shape->ffn);
            CHECK(model.vocab == shape->vocab && model.max_context == shape->context);
            CHECK(model.tied_embeddings == shape->tied && model.qkv_biases == shape->biases);
            CHECK(model.experts.n == shape->experts && model.experts.used == shape->used);
            CHECK_TEXT(model.quant, cases[i / 2].quant);
            CHECK_TEXT(model.name, "my-file");
            CHECK_NEAR(workload_model_parameters(&model), cases[i / 2].parameters, 1e-9);
            CHECK(strstr(tree_get_text(tree_get(tree_get(tree, "sources"), "weights"), "ref"),
                         "gives +0.00 %"));
            workload_model_free(&model);
        }
        tree_free(tree);
    }
}

/* Bytes count before what the file type says. */
static void test_file_types(void)
{
    static const struct {
        uint32_t file_type, type, output;
        const char *quant, *note;
    } cases[] = {
        {7, 8, 8, "Q8_0", "+0.00 %"},
        {1024, 8, 8, "Q8_0", "no file type is told"},
        {99, 1, 1, "F16", "no file type is told"},
        {1, 8, 8, "Q8_0", "the file type is F16"},
        {7, 8, 0, "Q8_0", "made in another way"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct gguf_shape shape = gemma_1b;
        shape.layers = 200;
        shape.file_type = cases[i].file_type;
        shape.type = cases[i].type;
        shape.output = cases[i].output;
        struct tree *tree = import_shape(&shape, 3);
        const struct tree *weights = tree_get(tree_get(tree, "sources"), "weights");
        CHECK_TEXT(tree_get_text(tree, "quant"), cases[i].quant);
        const char *note = tree_get_text(weights, "ref");
        if (!CHECK(note && strstr(note, cases[i].note)))
            fprintf(stderr, "    %s\n", note ? note : "no note");
        tree_free(tree);
    }
}

static void part(struct gguf_writer *writer)
{
    gguf_u32(writer, "split.count", 3);
}
static void adapter(struct gguf_writer *writer)
{
    gguf_text(writer, "general.type", "adapter");
}
static void many_layers(struct gguf_writer *writer)
{
    gguf_u32(writer, "llama.block_count", 10000);
}
static void no_layers(struct gguf_writer *writer)
{
    gguf_u32(writer, "llama.block_count", 0);
}
static void text_layers(struct gguf_writer *writer)
{
    gguf_text(writer, "llama.block_count", "2");
}

/* A file that says one thing in its metadata and another in its tensors. */
static void test_gguf_refusals(void)
{
    static const struct {
        const char *architecture, *fault;
        void (*spoil)(struct gguf_writer *writer);
        uint32_t width; /* of the embedding */
    } cases[] = {
        {"llama", "one of 3 parts", part, 64},
        {"llama", "'adapter', no model", adapter, 64},
        {"llama", "only 1 tensors", many_layers, 64},
        {"llama", "'llama.block_count' is not a whole number", no_layers, 64},
        {"llama", "'llama.block_count' is not a whole number", text_layers, 64},
        {"llama", "'llama.block_count' is missing", NULL, 64},
        {"llama", "rows of 32, embedding_length is 64", NULL, 32},
        {"mamba", "unknown architecture 'mamba'; known are llama", NULL, 64},
        {"clip", "unknown architecture 'clip'", NULL, 64},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct gguf_writer writer = {0};
        struct error err = {0};
        bool told = false;
        gguf_text(&writer, "general.architecture", cases[i].architecture);
        gguf_u32(&writer, "llama.embedding_length", 64);
        gguf_u32(&writer, "llama.feed_forward_length", 64);
        gguf_u32(&writer, "llama.attention.head_count", 4);
        gguf_u32(&writer, "llama.context_length", 64);
        gguf_tensor(&writer, "token_embd.weight", 0, cases[i].width, 10);
        if (cases[i].spoil)
            cases[i].spoil(&writer);
        struct text bytes = gguf_finish(&writer);
        struct tree *tree = workload_import_memory("t.gguf", bytes.bytes, bytes.length, &err);
        for (size_t j = 0; j < err.n_faults; j++)
            told = told || strstr(err.fault[j], cases[i].fault);
        if (!CHECK(!tree && told))
            fprintf(stderr, "    %s: %s\n", cases[i].fault, err.n_faults ? err.fault[0] : "taken");
        tree_free(tree);
        text_free(&bytes);
    }
}

/* Layers without key heads convolve; DeepSeek's latent attention comes back from either set of
 * keys. */
static void test_gguf_kinds(void)
{
    static const uint32_t kv_heads[] = {0, 0, 2, 0};
    struct gguf_shape shape = {.architecture = "lfm2",
                               .layers = 4,
                               .hidden = 64,
                               .ffn = 128,
                               .heads = 4,
                               .kv_heads = 2,
                               .head_dim = 16,
                               .vocab = 100,
                               .context = 1000,
                               .type = 1,
                               .file_type = 1,
                               .output = 1,
                               .tied = true};
    struct gguf_writer writer = {0};
    struct workload_model model;
    gguf_text(&writer, "general.architecture", "lfm2");
    gguf_u32(&writer, "lfm2.block_count", 4);
    gguf_u32(&writer, "lfm2.context_length", 1000);
    gguf_u32(&writer, "lfm2.embedding_length", 64);
    gguf_u32(&writer, "lfm2.feed_forward_length", 128);
    gguf_u32(&writer, "lfm2.attention.head_count", 4);
    gguf_u32(&writer, "lfm2.shortconv.l_cache", 3);
    gguf_array(&writer, "lfm2.attention.head_count_kv", GGUF_UINT32, 4);
    for (size_t i = 0; i < 4; i++)
        gguf_put(&writer.pairs, kv_heads[i], 4);
    gguf_shape_tensors(&writer, &shape);
    struct text bytes = gguf_finish(&writer);
    struct tree *tree = import_text_of("t.gguf", bytes.bytes, bytes.length);
    if (tree && read_model(tree, &model)) {
        CHECK(model.n_kv_heads == 2 && model.conv_cache == 3 && model.n_layer_types == 4);
        CHECK(workload_model_layer(&model, 2) == WORKLOAD_LAYER_FULL);
        CHECK(workload_model_layer(&model, 3) == WORKLOAD_LAYER_CONV);
        workload_model_free(&model);
    }
    tree_free(tree);
    text_free(&bytes);
}

static void test_latent(bool apart)
{
    struct gguf_shape shape = {.architecture = "deepseek2",
                               .layers = 2,
                               .hidden = 64,
                               .ffn = 128,
                               .heads = 4,
                               .kv_heads = apart ? 1 : 4,
                               .head_dim = apart ? 80 : 48,
                               .vocab = 100,
                               .context = 1000,
                               .type = 1,
                               .file_type = 1,
                               .output = 1,
                               .experts = 8,
                               .used = 2,
                               .expert_ffn = 32};
    struct gguf_writer writer = {0};
    struct workload_model model;
    gguf_shape_pairs(&writer, &shape);
    gguf_u32(&writer, "deepseek2.attention.kv_lora_rank", 64);
    gguf_u32(&writer, "deepseek2.attention.value_length", apart ? 64 : 32);
    gguf_u32(&writer, "deepseek2.rope.dimension_count", 16);
    gguf_u32(&writer, "deepseek2.expert_shared_count", 2);
    gguf_u32(&writer, "deepseek2.leading_dense_block_count", 1);
    if (apart) {
        gguf_u32(&writer, "deepseek2.attention.key_length_mla", 48);
        gguf_u32(&writer, "deepseek2.attention.value_length_mla", 32);
    }
    gguf_shape_tensors(&writer, &shape);
    struct text bytes = gguf_finish(&writer);
    struct tree *tree = import_text_of("t.gguf", bytes.bytes, bytes.length);
    if (tree && read_model(tree, &model)) {
        CHECK(model.latent.kv_rank == 64 && model.latent.q_rank == 0);
        CHECK(model.latent.rope_dim == 16 && model.latent.nope_dim == 32);
        CHECK(model.latent.v_dim == 32 && model.head_dim == 48);
        CHECK(model.experts.shared == 2 && model.experts.dense_first == 1);
        workload_model_free(&model);
    }
    tree_free(tree);
    text_free(&bytes);
}

int main(void)
{
    test_gguf();
    test_file_types();
    test_gguf_refusals();
    test_gguf_kinds();
    test_latent(false);
    test_latent(true);
    test_parameters();
    test_keys();
    test_refusals();
    return check_result();
}
