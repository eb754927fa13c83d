/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Model architectures: dimensions in Hugging Face's sense, the quantisation of every tensor, and
 * what follows from them (parameter count, file size, KV bytes per token). */
#ifndef WORKLOADS_MODEL_H
#define WORKLOADS_MODEL_H

#include "base/fields.h"

/* Storage formats of a tensor, as in GGUF. */
struct workload_format {
    const char *name;       /* "Q4_K" */
    unsigned block_weights; /* weights per block */
    unsigned block_bytes;
};

enum workload_ffn { WORKLOAD_FFN_PLAIN, WORKLOAD_FFN_GATED }; /* two or three matrices */

/* Norms of queries and keys: none, one weight per value of a head, or one per value of all heads.
 */
enum workload_qk_norm { WORKLOAD_QK_NONE, WORKLOAD_QK_HEAD, WORKLOAD_QK_FULL };

/* What stands in a layer's first half. */
enum workload_layer {
    WORKLOAD_LAYER_FULL,
    WORKLOAD_LAYER_SLIDING,
    WORKLOAD_LAYER_CONV,
    WORKLOAD_LAYER_LINEAR
};

/* A mixture of experts in place of a feed-forward block; n = 0: dense. */
struct workload_experts {
    uint64_t n, used;     /* experts, and how many of them a token goes through */
    uint64_t ffn;         /* intermediate size of one */
    uint64_t shared;      /* further ones that every token goes through */
    uint64_t dense_first; /* so many layers at the start are dense */
};

/* Multi-head latent attention (DeepSeek-V2, arXiv 2405.04434): keys and values are kept as one
 * latent vector and one rotary key, shared by all heads. kv_rank = 0: ordinary attention. */
struct workload_latent {
    uint64_t kv_rank, q_rank; /* q_rank 0: queries are projected at once */
    uint64_t rope_dim, nope_dim, v_dim;
};

/* Linear attention with a gated delta rule (arXiv 2412.06464, Qwen 3.5): in place of a cache that
 * grows, each value head keeps a matrix of key_dim x value_dim numbers. value_heads = 0: none. */
struct workload_linear {
    uint64_t key_heads, value_heads;
    uint64_t key_dim, value_dim; /* of a head */
    uint64_t conv;               /* taps of the convolution over queries, keys and values */
};

struct workload_model {
    char *schema; /* may be NULL */
    char *name;   /* "llama-3.2-1b" */
    uint64_t n_layers;
    uint64_t hidden;
    uint64_t ffn; /* intermediate size */
    uint64_t n_heads, n_kv_heads, head_dim;
    uint64_t vocab;
    uint64_t max_context;       /* tokens */
    uint64_t learned_positions; /* rows of a position table, 0 with rotary embeddings */
    int ffn_kind;               /* enum workload_ffn */
    bool tied_embeddings;       /* the LM head streams the embedding matrix */
    bool biases;                /* projections have biases (GPT-2) */
    bool norm_biases;           /* LayerNorm rather than RMSNorm */
    bool fused_qkv;             /* q, k and v lie in one tensor of the file (GPT-2) */
    bool qkv_biases;            /* q, k and v have biases, the others not (Qwen 2) */
    bool post_norms;            /* norms behind attention and feed-forward too (Gemma 2) */
    bool parallel_attention;    /* attention and feed-forward share one norm (Falcon) */
    bool attention_sinks;       /* a learned logit per head beside the context (gpt-oss) */
    bool output_gate;           /* queries bring a gate for the result of attention (Qwen 3.5) */
    int qk_norm;                /* enum workload_qk_norm */
    uint64_t sliding_window;    /* tokens that a sliding layer attends to; 0: none slides */
    uint64_t sliding_pattern;   /* every so many layers one attends to all; 0: all slide */
    char **layer_types;         /* instead of the pattern: each layer's kind by name */
    size_t n_layer_types;       /* 0 or n_layers */
    uint64_t conv_cache;        /* taps of the short convolutions (LFM2) */
    struct workload_experts experts;
    struct workload_latent latent;
    struct workload_linear linear;
    char *quant;                   /* GGUF file type: "F16", "Q8_0", "Q4_K_M", "Q4_0" */
    char *kv_format;               /* "F16", "Q8_0": format of the KV cache */
    uint64_t published_parameters; /* 0 unknown; a test holds the operators against it */
    char **aliases;
    size_t n_aliases;
    const struct tree *sources; /* where the numbers come from; borrowed from the tree read */
};

/* The field table of kind "model". */
extern const struct field workload_model_fields[];

/* Reads a model from an expanded tree; checks that heads divide, that the quantisation is known. */
bool workload_model_read(const struct tree *node, struct workload_model *out, struct error *err);
void workload_model_free(struct workload_model *model);

/* File types that can be chosen as `quant`, NULL-ended. */
const char *const *workload_quants(void);
/* The format by GGUF name, NULL if unknown. */
const struct workload_format *workload_format_find(const char *name);
double workload_format_bytes(const struct workload_format *format, double weights);

/* Parameters as published (tied embeddings counted once) and bytes of the weights in the file:
 * its tensors, what llama-bench calls model_size. Names, vocabulary and padding come on top. */
double workload_model_parameters(const struct workload_model *model);
double workload_model_file_bytes(const struct workload_model *model);
/* What a layer's first half is, and whether its second is a mixture of experts. */
enum workload_layer workload_model_layer(const struct workload_model *model, uint64_t layer);
bool workload_model_has_experts(const struct workload_model *model, uint64_t layer);
/* Whether a layer keeps keys and values of every token, or of those in its window. */
bool workload_model_attends(const struct workload_model *model, uint64_t layer);
/* KV bytes of one token in one layer that has attention, and in all. */
double workload_model_kv_bytes_per_layer(const struct workload_model *model);
double workload_model_kv_bytes(const struct workload_model *model);

#endif
