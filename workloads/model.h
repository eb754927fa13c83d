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

struct workload_model {
    char *schema; /* may be NULL */
    char *name;   /* "llama-3.2-1b" */
    uint64_t n_layers;
    uint64_t hidden;
    uint64_t ffn; /* intermediate size */
    uint64_t n_heads, n_kv_heads, head_dim;
    uint64_t vocab;
    uint64_t max_context;          /* tokens */
    uint64_t learned_positions;    /* rows of a position table, 0 with rotary embeddings */
    int ffn_kind;                  /* enum workload_ffn */
    bool tied_embeddings;          /* the LM head streams the embedding matrix */
    bool biases;                   /* projections have biases (GPT-2) */
    bool norm_biases;              /* LayerNorm rather than RMSNorm */
    bool fused_qkv;                /* q, k and v lie in one tensor of the file (GPT-2) */
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
/* KV bytes of one token in one layer, and in all. */
double workload_model_kv_bytes_per_layer(const struct workload_model *model);
double workload_model_kv_bytes(const struct workload_model *model);

#endif
