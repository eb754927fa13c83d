/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writes GGUF headers for tests, faulty ones too: pairs and tensors are appended in the order of
 * the calls, and every count can be set to a lie before the file is put together. */
#ifndef TESTS_SUPPORT_GGUF_WRITER_H
#define TESTS_SUPPORT_GGUF_WRITER_H

#include "base/memory.h"
#include "base/text.h"
#include "workloads/gguf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct gguf_writer {
    const char *magic; /* NULL: GGUF */
    uint32_t version;  /* 0: 3 */
    uint64_t n_pairs, n_tensors;
    uint64_t offset; /* of the next tensor */
    struct text pairs, tensors;
};

/* n bytes, the lowest first; those beyond the number are zero. */
static inline void gguf_put(struct text *out, uint64_t bits, size_t n)
{
    for (size_t i = 0; i < n; i++, bits >>= 8) {
        char byte = (char)(unsigned char)(bits & 0xFF);
        text_add_bytes(out, &byte, 1);
    }
}

static inline void gguf_put_text(struct text *out, const char *text)
{
    gguf_put(out, strlen(text), 8);
    text_add_bytes(out, text, strlen(text));
}

static inline void gguf_key(struct gguf_writer *writer, const char *key, uint32_t type)
{
    gguf_put_text(&writer->pairs, key);
    gguf_put(&writer->pairs, type, 4);
    writer->n_pairs++;
}

static inline void gguf_u32(struct gguf_writer *writer, const char *key, uint32_t value)
{
    gguf_key(writer, key, GGUF_UINT32);
    gguf_put(&writer->pairs, value, 4);
}

static inline void gguf_text(struct gguf_writer *writer, const char *key, const char *value)
{
    gguf_key(writer, key, GGUF_STRING);
    gguf_put_text(&writer->pairs, value);
}

static inline void gguf_array(struct gguf_writer *writer, const char *key, uint32_t element,
                              uint64_t n)
{
    gguf_key(writer, key, GGUF_ARRAY);
    gguf_put(&writer->pairs, element, 4);
    gguf_put(&writer->pairs, n, 8);
}

/* A tokenizer's list: n words of a few letters. */
static inline void gguf_words(struct gguf_writer *writer, const char *key, uint64_t n)
{
    gguf_array(writer, key, GGUF_STRING, n);
    for (uint64_t i = 0; i < n; i++) {
        char word[24];
        snprintf(word, sizeof word, "w%llu", (unsigned long long)i);
        gguf_put_text(&writer->pairs, word);
    }
}

/* A tensor of `planes` times `rows` rows of `columns`; 0 rows or planes: as many dimensions fewer.
 * `type` is ggml's number. */
static inline void gguf_tensor_3d(struct gguf_writer *writer, const char *name, uint32_t type,
                                  const uint64_t size[3])
{
    const struct gguf_format *format = gguf_format(type);
    uint64_t weights = size[0] * (size[1] ? size[1] : 1) * (size[2] ? size[2] : 1);
    uint32_t n = size[2] ? 3 : size[1] ? 2 : 1;
    gguf_put_text(&writer->tensors, name);
    gguf_put(&writer->tensors, n, 4);
    for (uint32_t i = 0; i < n; i++)
        gguf_put(&writer->tensors, size[i], 8);
    gguf_put(&writer->tensors, type, 4);
    gguf_put(&writer->tensors, writer->offset, 8);
    if (format)
        writer->offset += weights / format->block_weights * format->block_bytes;
    writer->offset = (writer->offset + 31) / 32 * 32;
    writer->n_tensors++;
}

static inline void gguf_tensor(struct gguf_writer *writer, const char *name, uint32_t type,
                               uint64_t columns, uint64_t rows)
{
    gguf_tensor_3d(writer, name, type, (uint64_t[]){columns, rows, 0});
}

/* The header's bytes; frees what the writer held. Freed with text_free. */
static inline struct text gguf_finish(struct gguf_writer *writer)
{
    struct text out = {0};
    text_add_bytes(&out, writer->magic ? writer->magic : "GGUF", 4);
    gguf_put(&out, writer->version ? writer->version : 3, 4);
    gguf_put(&out, writer->n_tensors, 8);
    gguf_put(&out, writer->n_pairs, 8);
    if (writer->pairs.bytes)
        text_add_bytes(&out, writer->pairs.bytes, writer->pairs.length);
    if (writer->tensors.bytes)
        text_add_bytes(&out, writer->tensors.bytes, writer->tensors.length);
    text_free(&writer->pairs);
    text_free(&writer->tensors);
    *writer = (struct gguf_writer){0};
    return out;
}

/* What a decoder of the Llama family has in its file. */
struct gguf_shape {
    const char *architecture;
    uint32_t layers, hidden, ffn, heads, kv_heads, head_dim, vocab, context;
    uint32_t file_type; /* llama_ftype */
    uint32_t type;      /* ggml's type of matrices */
    uint32_t more;      /* that of attn_v and ffn_down where Q4_K_M spends more; 0: as the rest */
    uint32_t output;    /* that of the logits' matrix */
    bool tied;
    bool norms;      /* norms of queries and keys */
    bool biases;     /* of queries, keys and values */
    bool post_norms; /* behind attention and feed-forward block */
    uint32_t experts, used, expert_ffn;
};

static inline void gguf_shape_pair(struct gguf_writer *writer, const struct gguf_shape *shape,
                                   const char *suffix, uint32_t value)
{
    char key[64];
    snprintf(key, sizeof key, "%s.%s", shape->architecture, suffix);
    gguf_u32(writer, key, value);
}

static inline void gguf_shape_pairs(struct gguf_writer *writer, const struct gguf_shape *shape)
{
    gguf_text(writer, "general.architecture", shape->architecture);
    gguf_shape_pair(writer, shape, "block_count", shape->layers);
    gguf_shape_pair(writer, shape, "context_length", shape->context);
    gguf_shape_pair(writer, shape, "embedding_length", shape->hidden);
    gguf_shape_pair(writer, shape, "feed_forward_length", shape->ffn);
    gguf_shape_pair(writer, shape, "attention.head_count", shape->heads);
    gguf_shape_pair(writer, shape, "attention.head_count_kv", shape->kv_heads);
    gguf_shape_pair(writer, shape, "attention.key_length", shape->head_dim);
    gguf_u32(writer, "general.file_type", shape->file_type);
    if (shape->experts == 0)
        return;
    gguf_shape_pair(writer, shape, "expert_count", shape->experts);
    gguf_shape_pair(writer, shape, "expert_used_count", shape->used);
    gguf_shape_pair(writer, shape, "expert_feed_forward_length", shape->expert_ffn);
}

static inline void gguf_block_tensor(struct gguf_writer *writer, uint32_t layer, const char *name,
                                     uint32_t type, const uint64_t size[3])
{
    char full[64];
    snprintf(full, sizeof full, "blk.%u.%s", layer, name);
    gguf_tensor_3d(writer, full, type, size);
}

static inline void gguf_shape_attention(struct gguf_writer *writer, const struct gguf_shape *shape,
                                        uint32_t layer, uint32_t more)
{
    uint64_t q = shape->heads * shape->head_dim, kv = shape->kv_heads * shape->head_dim;
    uint64_t hidden = shape->hidden;
    gguf_block_tensor(writer, layer, "attn_norm.weight", 0, (uint64_t[3]){hidden, 0});
    gguf_block_tensor(writer, layer, "attn_q.weight", shape->type, (uint64_t[3]){hidden, q});
    gguf_block_tensor(writer, layer, "attn_k.weight", shape->type, (uint64_t[3]){hidden, kv});
    gguf_block_tensor(writer, layer, "attn_v.weight", more, (uint64_t[3]){hidden, kv});
    gguf_block_tensor(writer, layer, "attn_output.weight", shape->type, (uint64_t[3]){q, hidden});
    if (shape->biases) {
        gguf_block_tensor(writer, layer, "attn_q.bias", 0, (uint64_t[3]){q, 0});
        gguf_block_tensor(writer, layer, "attn_k.bias", 0, (uint64_t[3]){kv, 0});
        gguf_block_tensor(writer, layer, "attn_v.bias", 0, (uint64_t[3]){kv, 0});
    }
    if (shape->norms) {
        gguf_block_tensor(writer, layer, "attn_q_norm.weight", 0,
                          (uint64_t[3]){shape->head_dim, 0});
        gguf_block_tensor(writer, layer, "attn_k_norm.weight", 0,
                          (uint64_t[3]){shape->head_dim, 0});
    }
}

static inline void gguf_shape_experts(struct gguf_writer *writer, const struct gguf_shape *shape,
                                      uint32_t layer, uint32_t more)
{
    uint64_t hidden = shape->hidden, ffn = shape->expert_ffn, n = shape->experts;
    uint64_t in[3] = {hidden, ffn, n}, out[3] = {ffn, hidden, n};
    gguf_block_tensor(writer, layer, "ffn_gate_inp.weight", 0, (uint64_t[3]){hidden, n});
    gguf_block_tensor(writer, layer, "ffn_gate_exps.weight", shape->type, in);
    gguf_block_tensor(writer, layer, "ffn_up_exps.weight", shape->type, in);
    gguf_block_tensor(writer, layer, "ffn_down_exps.weight", more, out);
}

static inline void gguf_shape_ffn(struct gguf_writer *writer, const struct gguf_shape *shape,
                                  uint32_t layer, uint32_t more)
{
    uint64_t hidden = shape->hidden, ffn = shape->ffn;
    gguf_block_tensor(writer, layer, "ffn_norm.weight", 0, (uint64_t[3]){hidden, 0});
    if (shape->post_norms) {
        gguf_block_tensor(writer, layer, "post_attention_norm.weight", 0, (uint64_t[3]){hidden});
        gguf_block_tensor(writer, layer, "post_ffw_norm.weight", 0, (uint64_t[3]){hidden});
    }
    if (shape->experts > 0) {
        gguf_shape_experts(writer, shape, layer, more);
        return;
    }
    gguf_block_tensor(writer, layer, "ffn_gate.weight", shape->type, (uint64_t[3]){hidden, ffn});
    gguf_block_tensor(writer, layer, "ffn_up.weight", shape->type, (uint64_t[3]){hidden, ffn});
    gguf_block_tensor(writer, layer, "ffn_down.weight", more, (uint64_t[3]){ffn, hidden});
}

/* Where Q4_K_M spends six bits (use_more_bits of llama.cpp's llama-quant.cpp). */
static inline bool gguf_more_bits(uint32_t layer, uint32_t n)
{
    return layer < n / 8 || layer >= 7 * n / 8 || (layer - n / 8) % 3 == 2;
}

static inline void gguf_shape_tensors(struct gguf_writer *writer, const struct gguf_shape *shape)
{
    gguf_tensor(writer, "token_embd.weight", shape->tied ? shape->output : shape->type,
                shape->hidden, shape->vocab);
    gguf_tensor(writer, "output_norm.weight", 0, shape->hidden, 0);
    if (!shape->tied)
        gguf_tensor(writer, "output.weight", shape->output, shape->hidden, shape->vocab);
    for (uint32_t i = 0; i < shape->layers; i++) {
        uint32_t more = shape->more && gguf_more_bits(i, shape->layers) ? shape->more : shape->type;
        gguf_shape_attention(writer, shape, i, more);
        gguf_shape_ffn(writer, shape, i, more);
    }
}

/* A whole header without a tokenizer. Freed with text_free. */
static inline struct text gguf_of_shape(const struct gguf_shape *shape, uint32_t version)
{
    struct gguf_writer writer = {.version = version};
    gguf_shape_pairs(&writer, shape);
    gguf_shape_tensors(&writer, shape);
    return gguf_finish(&writer);
}

#endif
