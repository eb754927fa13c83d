/* SPDX-License-Identifier: GPL-3.0-or-later */
/* config.json of Hugging Face's transformers. */
#include "workloads/import_config.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct config_key required[] = {
    {"num_hidden_layers", "num_hidden_layers", "n_layer"},
    {"hidden_size", "hidden_size", "n_embd"},
};
static const struct config_key heads = {"num_attention_heads", "num_attention_heads", "n_head"};
static const struct config_key kv_heads = {"num_key_value_heads", "num_key_value_heads", NULL};
static const struct config_key head_dim = {"head_dim", "head_dim", NULL};
static const struct config_key ffn = {"intermediate_size", "intermediate_size", "n_inner"};
static const struct config_key vocab = {"vocab_size", "vocab_size", NULL};
static const struct config_key context = {"max_position_embeddings", "max_position_embeddings",
                                          "n_positions"};

/* What the classes say of keys that their models' files leave out (Gemma 3 writes only what differs
 * from its smallest text model). */
static const struct {
    const char *model_type, *key;
    uint64_t value;
} defaults[] = {
    {"gemma3", "num_attention_heads", 8},
    {"gemma3", "vocab_size", 262208},
    {"gemma3", "max_position_embeddings", 131072},
    {"gemma3_text", "num_attention_heads", 8},
    {"gemma3_text", "vocab_size", 262208},
    {"gemma3_text", "max_position_embeddings", 131072},
    {"gpt2", "vocab_size", 50257},
    {"gpt2", "max_position_embeddings", 1024},
    {"deepseek_v2", "q_lora_rank", 1536},
    {"deepseek_v3", "q_lora_rank", 1536},
    {"lfm2", "conv_L_cache", 3},
    {"gpt_oss", "num_experts_per_tok", 4},
};

const json_t *config_member(const struct config *config, const char *name)
{
    const json_t *value = name ? json_object_get(config->scope, name) : NULL;
    return json_is_null(value) ? NULL : value;
}

static enum config_found wrong(struct config *config, const char *name, const json_t *value,
                               struct import_limits limits)
{
    char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
    import_fault(config->import, "'%s' is %s; a whole number from %.0f to %.0f is wanted", name,
                 text ? text_clip(text).bytes : "unreadable", limits.min, limits.max);
    free(text);
    return CONFIG_WRONG;
}

/* Reads a key's count; `name` gets what the file calls it. */
static enum config_found get_count(struct config *config, struct config_key key, uint64_t *out,
                                   const char **name)
{
    *name = config_member(config, key.name) ? key.name : key.alias;
    const json_t *value = config_member(config, *name);
    if (!value)
        return CONFIG_ABSENT;
    struct import_limits limits = import_limits(key.key);
    double number = json_is_integer(value) ? (double)json_integer_value(value) : -1;
    if (!json_is_integer(value) || number < limits.min || number > limits.max)
        return wrong(config, *name, value, limits);
    *out = (uint64_t)json_integer_value(value);
    return CONFIG_FOUND;
}

void config_default(struct config *config, const char *key, uint64_t value, const char *why)
{
    char *origin = mem_printf("%s of %s", why, config->architecture->config);
    import_count(config->import, key, value, (struct import_source){.origin = origin});
    free(origin);
}

/* Puts a key where the file has it. */
enum config_found config_put(struct config *config, struct config_key key)
{
    uint64_t value = 0;
    const char *name;
    enum config_found found = get_count(config, key, &value, &name);
    if (found == CONFIG_FOUND)
        import_count(config->import, key.key, value, (struct import_source){.field = name});
    return found;
}

/* Puts a key that the file must have, unless the architecture has a default. */
void config_need(struct config *config, struct config_key key)
{
    if (config_put(config, key) != CONFIG_ABSENT)
        return;
    for (size_t i = 0; i < sizeof defaults / sizeof *defaults; i++)
        if (strcmp(defaults[i].key, key.key) == 0 &&
            strcmp(defaults[i].model_type, config->architecture->model_type) == 0) {
            config_default(config, key.key, defaults[i].value, "default");
            return;
        }
    import_fault(config->import, "'%s' is missing", key.name);
}

enum config_found config_flag(struct config *config, const char *name, bool *out)
{
    const json_t *value = config_member(config, name);
    if (!value)
        return CONFIG_ABSENT;
    if (!json_is_boolean(value)) {
        import_fault(config->import, "'%s' is neither true nor false", name);
        return CONFIG_WRONG;
    }
    *out = json_is_true(value);
    return CONFIG_FOUND;
}

bool config_is_null(const struct config *config, const char *name)
{
    return json_is_null(json_object_get(config->scope, name));
}

bool config_is(const struct config *config, const char *model_type)
{
    return strcmp(config->architecture->model_type, model_type) == 0;
}

static void put_heads(struct config *config)
{
    const struct import_architecture *architecture = config->architecture;
    config_need(config, heads);
    uint64_t n = import_get(config->import, "num_attention_heads");
    if (config_put(config, kv_heads) == CONFIG_ABSENT && n > 0)
        config_default(config, kv_heads.key,
                       architecture->n_kv_heads ? architecture->n_kv_heads : n, "default");
    if (config_put(config, head_dim) != CONFIG_ABSENT)
        return;
    if (architecture->head_dim > 0)
        config_default(config, head_dim.key, architecture->head_dim, "default");
    else if (n > 0 && import_get(config->import, "hidden_size") % n == 0)
        config_default(config, head_dim.key, import_get(config->import, "hidden_size") / n,
                       "hidden_size / num_attention_heads, the default");
}

static double config_number(const struct config *config, const char *name, double absent)
{
    const json_t *value = config_member(config, name);
    return json_is_number(value) ? json_number_value(value) : absent;
}

/* LFM2 tells a width from which two thirds are taken and rounded up (Lfm2MLP of transformers). */
static void put_lfm2_ffn(struct config *config)
{
    bool adjust = true;
    config_need(config, (struct config_key){ffn.key, "block_ff_dim", ffn.name});
    config_flag(config, "block_auto_adjust_ff_dim", &adjust);
    double width = (double)import_get(config->import, ffn.key);
    double multiple = config_number(config, "block_multiple_of", 256);
    if (!adjust || width < 1 || !(multiple >= 1 && multiple <= width))
        return;
    width = trunc(config_number(config, "block_ffn_dim_multiplier", 1) * trunc(2 * width / 3));
    width = ceil(width / trunc(multiple)) * trunc(multiple);
    if (width >= 1 && width <= import_limits(ffn.key).max)
        import_count(config->import, ffn.key, (uint64_t)width,
                     (struct import_source){"block_ff_dim", "two thirds, rounded up"});
    else
        import_fault(config->import, "'block_ffn_dim_multiplier' makes no sensible width");
}

/* GPT-2's is four times the width where n_inner is null. */
static void put_ffn(struct config *config)
{
    if (config_is(config, "lfm2"))
        put_lfm2_ffn(config);
    else if (!config_is(config, "gpt2"))
        config_need(config, ffn);
    else if (config_put(config, ffn) == CONFIG_ABSENT)
        config_default(config, ffn.key, 4 * import_get(config->import, "hidden_size"),
                       "4 n_embd, the default");
}

static void put_tied(struct config *config)
{
    bool tied = config->architecture->tied;
    const char *name = "tie_word_embeddings";
    enum config_found found = config_flag(config, name, &tied);
    if (found == CONFIG_ABSENT && config_is(config, "lfm2"))
        found = config_flag(config, name = "tie_embedding", &tied);
    char *origin = mem_printf("default of %s", config->architecture->config);
    struct import_source source = {.field = name};
    if (found != CONFIG_FOUND)
        source = (struct import_source){.origin = origin};
    import_text(config->import, "tie_word_embeddings", tied ? "true" : "false", source);
    free(origin);
}

/* The file type that keeps the numbers as they are. */
static const char *quant_of(const char *dtype)
{
    static const struct {
        const char *dtype, *quant;
    } names[] = {{"bfloat16", "BF16"}, {"float16", "F16"}, {"float32", "F32"}};
    const char *bare = strncmp(dtype, "torch.", 6) == 0 ? dtype + 6 : dtype;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i].dtype, bare) == 0)
            return names[i].quant;
    return NULL;
}

static const char *quant_method(const struct config *config)
{
    const json_t *quantised = json_object_get(config->root, "quantization_config");
    return json_string_value(json_object_get(quantised, "quant_method"));
}

/* The type is told by the model, or by the whole. */
static void put_quant(struct config *config)
{
    const char *method = quant_method(config);
    if (method && strcmp(method, "mxfp4") == 0) {
        import_text(config->import, "quant", "MXFP4_MOE",
                    (struct import_source){.field = "quantization_config"});
        return;
    }
    static const char *const names[] = {"torch_dtype", "dtype"};
    for (size_t i = 0; i < 2; i++) {
        const char *dtype = json_string_value(json_object_get(config->scope, names[i]));
        if (!dtype)
            dtype = json_string_value(json_object_get(config->root, names[i]));
        const char *quant = dtype ? quant_of(dtype) : NULL;
        if (!quant)
            continue;
        import_text(config->import, "quant", quant, (struct import_source){.field = names[i]});
        return;
    }
    import_text(config->import, "quant", "F16",
                (struct import_source){.origin = "the file tells no torch_dtype"});
}

/* Formats of other runtimes have no place in a model file; the reader must know. */
static void note_quantisation(struct config *config)
{
    const char *method = quant_method(config);
    if (!method || strcmp(method, "mxfp4") == 0)
        return;
    char *text = mem_printf("%s: quantization_config (%s) is left out; set quant to what the "
                            "runtime loads",
                            config->import->file, text_clip(method).bytes);
    import_note(config->import, "quantization", "estimated", text);
    free(text);
}

static bool find_architecture(struct config *config)
{
    const json_t *list = json_object_get(config->root, "architectures");
    const char *name = json_string_value(json_array_get(list, 0));
    const char *type = json_string_value(json_object_get(config->root, "model_type"));
    if (name)
        config->architecture = import_find_config(config->import, name);
    else if (type)
        config->architecture = import_find_type(type);
    if (!config->architecture && config->import->ok)
        import_fault(config->import,
                     "'architectures' is missing: is this the config.json of a language model?");
    return config->architecture != NULL;
}

/* A vision-language model keeps its language model apart. */
static bool find_scope(struct config *config)
{
    const json_t *text = json_object_get(config->root, "text_config");
    config->scope = config->root;
    if (!config_is(config, "gemma3"))
        return true;
    config->scope = text;
    return json_is_object(text) || import_fault(config->import, "'text_config' is missing");
}

/* A name of "Llama-3.2-1B" in "models/Llama-3.2-1B/" or "meta-llama/Llama-3.2-1B". Freed with
 * free(); NULL where nothing is left. */
static char *last_part(const char *path, size_t length)
{
    while (length > 0 && path[length - 1] == '/')
        length--;
    size_t start = length;
    while (start > 0 && path[start - 1] != '/')
        start--;
    char *part = mem_strndup(path + start, length - start);
    char *name = import_name(part);
    free(part);
    return name;
}

/* The file's own name where it is a telling one, else its folder's, else what the file says. */
static void put_name(struct config *config)
{
    const char *path = config->import->path, *file = config->import->file;
    const char *origin = json_string_value(json_object_get(config->root, "_name_or_path"));
    const char *dot = strrchr(file, '.');
    size_t stem = dot && dot > file ? (size_t)(dot - file) : strlen(file);
    char *name = NULL;
    if (stem != strlen("config") || strncmp(file, "config", stem) != 0)
        name = last_part(file, stem);
    if (!name)
        name = last_part(path, strlen(path) - strlen(file));
    if (!name && origin)
        name = last_part(origin, strlen(origin));
    import_text(config->import, "name", name ? name : config->architecture->model_type,
                (struct import_source){.origin = config->architecture->config});
    tree_remove(config->import->sources, "name");
    free(name);
}

static void put_model(struct config *config)
{
    put_name(config);
    for (size_t i = 0; i < sizeof required / sizeof *required; i++)
        config_need(config, required[i]);
    put_ffn(config);
    put_heads(config);
    config_need(config, vocab);
    config_need(config, context);
    put_tied(config);
    import_traits(config->import, config->architecture);
    if (config_is(config, "gpt2"))
        import_count(config->import, "learned_positions", import_get(config->import, context.key),
                     (struct import_source){.origin = "max_position_embeddings"});
    config_put_kinds(config);
    put_quant(config);
    note_quantisation(config);
}

struct tree *import_config_bytes(const char *path, const char *bytes, size_t n, struct error *err)
{
    struct import import;
    json_error_t fault;
    size_t mark = n >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
    json_t *root = json_loadb(bytes + mark, n - mark, JSON_REJECT_DUPLICATES, &fault);
    if (!root) {
        error_at(err, path, fault.line > 0 ? (size_t)fault.line : 1,
                 fault.column > 0 ? (size_t)fault.column : 1, "not valid JSON: %s", fault.text);
        return NULL;
    }
    import_begin(&import, path, err);
    struct config config = {.import = &import, .root = root};
    if (!json_is_object(root))
        import_fault(&import, "one JSON object is wanted: {...}");
    else if (find_architecture(&config) && find_scope(&config))
        put_model(&config);
    json_decref(root);
    return import_end(&import);
}
