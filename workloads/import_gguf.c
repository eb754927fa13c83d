/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Models from GGUF headers. Keys are those of docs/gguf.md of ggml and of Keys in llama.cpp's
 * gguf-py; what the tensors say counts before what the metadata say. */
#include "workloads/import_gguf.h"

#include "base/memory.h"
#include "workloads/model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct gguf_key required[] = {
    {"num_hidden_layers", "block_count"},          {"hidden_size", "embedding_length"},
    {"intermediate_size", "feed_forward_length"},  {"num_attention_heads", "attention.head_count"},
    {"max_position_embeddings", "context_length"},
};

/* llama_ftype of llama.cpp's include/llama.h. */
static const struct {
    unsigned type;
    const char *name;
} file_types[] = {
    {0, "F32"},      {1, "F16"},      {2, "Q4_0"},       {3, "Q4_1"},    {7, "Q8_0"},
    {8, "Q5_0"},     {9, "Q5_1"},     {10, "Q2_K"},      {11, "Q3_K_S"}, {12, "Q3_K_M"},
    {13, "Q3_K_L"},  {14, "Q4_K_S"},  {15, "Q4_K_M"},    {16, "Q5_K_S"}, {17, "Q5_K_M"},
    {18, "Q6_K"},    {19, "IQ2_XXS"}, {20, "IQ2_XS"},    {21, "Q2_K_S"}, {22, "IQ3_XS"},
    {23, "IQ3_XXS"}, {24, "IQ1_S"},   {25, "IQ4_NL"},    {26, "IQ3_S"},  {27, "IQ3_M"},
    {28, "IQ2_S"},   {29, "IQ2_M"},   {30, "IQ4_XS"},    {31, "IQ1_M"},  {32, "BF16"},
    {36, "TQ1_0"},   {37, "TQ2_0"},   {38, "MXFP4_MOE"},
};

/* Between a recipe's bytes and the tensors': what is told, and what is not believed. */
static const double tolerance = 0.02, disbelief = 0.15;

const struct gguf_pair *gguf_pair_of(const struct gguf_source *source, const char *suffix)
{
    char *name = mem_printf("%s.%s", source->prefix, suffix);
    const struct gguf_pair *pair = gguf_find(source->gguf, name);
    free(name);
    return pair;
}

double gguf_largest(const struct gguf_pair *pair)
{
    double most = pair->n_numbers > 0 ? pair->number[0] : -1;
    for (size_t i = 1; i < pair->n_numbers; i++)
        most = fmax(most, pair->number[i]);
    return most;
}

bool gguf_put_count(struct gguf_source *source, struct gguf_key key)
{
    const struct gguf_pair *pair = gguf_pair_of(source, key.suffix);
    struct import_limits limits = import_limits(key.key);
    if (!pair)
        return false;
    double value = gguf_largest(pair);
    if (value >= limits.min && value <= limits.max && trunc(value) == value)
        import_count(source->import, key.key, (uint64_t)value,
                     (struct import_source){.field = pair->key});
    else
        import_fault(source->import, "'%s' is not a whole number from %.0f to %.0f",
                     text_clip(pair->key).bytes, limits.min, limits.max);
    return true;
}

void gguf_need_count(struct gguf_source *source, struct gguf_key key)
{
    if (!gguf_put_count(source, key))
        import_fault(source->import, "'%s.%s' is missing", source->prefix, key.suffix);
}

static void put_default(struct gguf_source *source, const char *key, uint64_t value,
                        const char *why)
{
    import_count(source->import, key, value, (struct import_source){.origin = why});
}

static void put_heads(struct gguf_source *source)
{
    struct import *import = source->import;
    uint64_t n = import_get(import, "num_attention_heads"),
             hidden = import_get(import, "hidden_size");
    if (!gguf_put_count(source,
                        (struct gguf_key){"num_key_value_heads", "attention.head_count_kv"}) &&
        n > 0)
        put_default(source, "num_key_value_heads", n, "as many as query heads: none are told");
    if (!gguf_put_count(source, (struct gguf_key){"head_dim", "attention.key_length"}) && n > 0 &&
        hidden % n == 0)
        put_default(source, "head_dim", hidden / n,
                    "embedding_length / head_count: no key_length is told");
}

/* Rows of the embedding count, with their padding; then the stated size, then the tokenizer's. */
static void put_vocab(struct gguf_source *source)
{
    const struct gguf_tensor *table = gguf_find_tensor(source->gguf, "token_embd.weight");
    const struct gguf_pair *tokens = gguf_find(source->gguf, "tokenizer.ggml.tokens");
    uint64_t hidden = import_get(source->import, "hidden_size");
    double most = import_limits("vocab_size").max;
    if (table && hidden > 0 && table->dimension[0] != hidden)
        import_fault(source->import, "token_embd.weight has rows of %llu, embedding_length is %llu",
                     (unsigned long long)table->dimension[0], (unsigned long long)hidden);
    else if (table && (double)table->dimension[1] <= most)
        import_count(source->import, "vocab_size", table->dimension[1],
                     (struct import_source){.field = "token_embd.weight"});
    else if (gguf_put_count(source, (struct gguf_key){"vocab_size", "vocab_size"}))
        return;
    else if (tokens && tokens->n > 0 && (double)tokens->n <= most)
        import_count(source->import, "vocab_size", tokens->n,
                     (struct import_source){.field = tokens->key});
    else
        import_fault(source->import, "no tensor 'token_embd.weight' tells the vocabulary's size");
}

static void put_tied(struct gguf_source *source)
{
    bool tied = !gguf_find_tensor(source->gguf, "output.weight");
    import_text(source->import, "tie_word_embeddings", tied ? "true" : "false",
                (struct import_source){.field = tied ? "no tensor 'output.weight'"
                                                     : "tensor 'output.weight'"});
}

static const char *text_of(const struct gguf *gguf, const char *key)
{
    const struct gguf_pair *pair = gguf_find(gguf, key);
    return pair && pair->type == GGUF_STRING ? pair->text : NULL;
}

static void put_name(struct gguf_source *source)
{
    const char *said = text_of(source->gguf, "general.name");
    const char *file = source->import->file, *dot = strrchr(file, '.');
    char *stem = mem_strndup(file, dot && dot > file ? (size_t)(dot - file) : strlen(file));
    char *name = said ? import_name(said) : NULL;
    if (!name)
        name = import_name(stem);
    import_text(source->import, "name", name ? name : source->prefix,
                (struct import_source){.field = "general.name"});
    tree_remove(source->import->sources, "name");
    free(stem);
    free(name);
}

/* What the model as it stands weighs in a file type; negative where it is no model. */
static double bytes_in(const struct import *import, const char *quant)
{
    struct tree *tree = tree_copy(import->model);
    struct tree_mark mark = {tree->mark.path, 1, 1};
    struct workload_model model;
    struct error unused = {0};
    double bytes = -1;
    tree_put(tree, "quant", tree_new_scalar(quant, &mark));
    if (workload_model_read(tree, &model, &unused)) {
        bytes = workload_model_file_bytes(&model);
        workload_model_free(&model);
    }
    tree_free(tree);
    return bytes;
}

/* The file type whose recipe comes nearest to so many bytes. */
static const char *nearest_quant(const struct import *import, double wanted)
{
    const char *const *quants = workload_quants();
    const char *best = quants[0];
    double least = INFINITY;
    for (size_t i = 0; quants[i]; i++) {
        double off = fabs(bytes_in(import, quants[i]) - wanted);
        if (off < least) {
            least = off;
            best = quants[i];
        }
    }
    return best;
}

/* gpt-oss comes with experts in MXFP4 whatever the file type says. */
static bool is_mostly_mxfp4(const struct gguf *gguf)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < gguf->n_tensors; i++)
        if (strcmp(gguf->tensor[i].format->name, "MXFP4") == 0)
            bytes += gguf->tensor[i].bytes;
    return bytes > gguf->tensor_bytes / 2;
}

/* The name of general.file_type; NULL where it is absent, guessed or unknown. */
static const char *file_type(const struct gguf *gguf)
{
    const struct gguf_pair *pair = gguf_find(gguf, "general.file_type");
    if (is_mostly_mxfp4(gguf))
        return "MXFP4_MOE";
    for (size_t i = 0; pair && i < sizeof file_types / sizeof *file_types; i++)
        if (gguf_largest(pair) >= 0 && (uint64_t)gguf_largest(pair) == file_types[i].type)
            return file_types[i].name;
    return NULL;
}

static bool is_ours(const char *quant)
{
    const char *const *quants = workload_quants();
    for (size_t i = 0; quants[i]; i++)
        if (strcmp(quants[i], quant) == 0)
            return true;
    return false;
}

/* How much more a file type would make of the model than the tensors are, as a fraction. */
static double excess(const struct gguf_source *source, const char *quant)
{
    double bytes = (double)source->gguf->tensor_bytes;
    return (bytes_in(source->import, quant) - bytes) / bytes;
}

static void note_bytes(struct gguf_source *source, const char *quant, const char *told)
{
    double off = excess(source, quant);
    bool near = fabs(off) <= tolerance;
    char *text =
        mem_printf("%s: %zu tensors of %llu bytes; %s as it is made here gives %+.2f %%%s%s",
                   source->import->file, source->gguf->n_tensors,
                   (unsigned long long)source->gguf->tensor_bytes, quant, 100 * off,
                   near ? "" : ", so the file is made in another way", told);
    import_note(source->import, "weights", near ? "datasheet" : "estimated", text);
    free(text);
}

/* Bytes decide how fast a model is; a file type far from them is not taken at its word. */
static void put_quant(struct gguf_source *source)
{
    const char *type = file_type(source->gguf);
    bool taken = type && is_ours(type) && fabs(excess(source, type)) <= disbelief;
    const char *quant =
        taken ? type : nearest_quant(source->import, (double)source->gguf->tensor_bytes);
    struct import_source told = {.field = "general.file_type"};
    char *other = taken  ? mem_strdup("")
                  : type ? mem_printf("; the file type is %s", type)
                         : mem_strdup("; no file type is told");
    if (!taken)
        told = (struct import_source){.origin = "nearest to the bytes of the tensors"};
    import_text(source->import, "quant", quant, told);
    note_bytes(source, quant, other);
    free(other);
}

static void note_missing_data(struct gguf_source *source)
{
    const struct gguf *gguf = source->gguf;
    uint64_t there =
        gguf->file_bytes > gguf->header_bytes ? gguf->file_bytes - gguf->header_bytes : 0;
    if (there >= gguf->data_bytes)
        return;
    char *text = mem_printf("%s: of %llu bytes of tensors %llu are there; the header is whole",
                            source->import->file, (unsigned long long)gguf->data_bytes,
                            (unsigned long long)there);
    import_note(source->import, "file", "datasheet", text);
    free(text);
}

/* Every block has tensors of its own; so what follows takes no longer than the header is. */
static bool check_blocks(struct gguf_source *source)
{
    uint64_t blocks = import_get(source->import, "num_hidden_layers");
    return blocks <= source->gguf->n_tensors ||
           import_fault(source->import, "'%s.block_count' is %llu, but there are only %zu tensors",
                        source->prefix, (unsigned long long)blocks, source->gguf->n_tensors);
}

static void put_model(struct gguf_source *source)
{
    put_name(source);
    for (size_t i = 0; i < sizeof required / sizeof *required; i++)
        gguf_need_count(source, required[i]);
    if (!check_blocks(source))
        return;
    put_heads(source);
    put_vocab(source);
    put_tied(source);
    import_traits(source->import, source->architecture);
    gguf_put_kinds(source);
    if (gguf_find_tensor(source->gguf, "position_embd.weight"))
        gguf_put_count(source, (struct gguf_key){"learned_positions", "context_length"});
    if (source->import->ok)
        put_quant(source);
    note_missing_data(source);
}

/* A whole language model: neither a part of one, nor a vocabulary or an adapter. */
static bool check_kind(struct gguf_source *source)
{
    const struct gguf_pair *parts = gguf_find(source->gguf, "split.count");
    const char *type = text_of(source->gguf, "general.type");
    if (parts && gguf_largest(parts) > 1)
        return import_fault(source->import,
                            "one of %.0f parts; join them by llama-gguf-split --merge",
                            gguf_largest(parts));
    if (type && strcmp(type, "model") != 0)
        return import_fault(source->import, "general.type is '%s', no model",
                            text_clip(type).bytes);
    if (source->gguf->n_tensors == 0)
        return import_fault(source->import, "the file holds no tensors");
    return true;
}

struct tree *import_gguf_stream(const char *path, FILE *stream, uint64_t size, struct error *err)
{
    struct gguf gguf;
    struct import import;
    if (!gguf_read(stream, size, path, &gguf, err))
        return NULL;
    import_begin(&import, path, err);
    struct gguf_source source = {.import = &import, .gguf = &gguf};
    source.prefix = text_of(&gguf, "general.architecture");
    if (!source.prefix)
        import_fault(&import, "'general.architecture' is missing");
    else if (check_kind(&source)) {
        source.architecture = import_find_gguf(&import, source.prefix);
        if (source.architecture)
            put_model(&source);
    }
    struct tree *tree = import_end(&import);
    gguf_free(&gguf);
    return tree;
}
