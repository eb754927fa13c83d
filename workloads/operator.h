/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A forward pass as operators, each a pure function of the rows in the pass and their contexts.
 *
 * A model is cut into units of work, the pieces that a plan places: unit 0 is the embedding, then
 * per layer an attention unit and an FFN unit, last the LM head:
 *     0 = embed, 1 + 2l = layer l attention, 2 + 2l = layer l FFN, 1 + 2L = head.
 * A short convolution or linear attention stands where attention would. */
#ifndef WORKLOADS_OPERATOR_H
#define WORKLOADS_OPERATOR_H

#include "workloads/model.h"

enum workload_operator_kind {
    WORKLOAD_EMBED,     /* gather of one embedding row per token */
    WORKLOAD_MATMUL,    /* rows times a weight matrix */
    WORKLOAD_ATTENTION, /* softmax(q k^T) v over the KV cache */
    WORKLOAD_ELEMENT    /* norms, rotary embedding, activation, residual: bandwidth only */
};

/* Which rows of a pass an operator sees. */
enum workload_rows {
    WORKLOAD_ROWS_TOKENS, /* every token of the pass */
    WORKLOAD_ROWS_SAMPLED /* only the last token of each sequence that samples (final norm, head) */
};

enum { WORKLOAD_UNIT_OPERATORS = 16 }; /* most operators in a unit */

struct workload_operator {
    const char *name; /* "attn_q", "ffn_down", ... */
    enum workload_operator_kind kind;
    enum workload_rows rows;
    /* Works on what another operator of its unit reads or writes, so that some runtimes do both in
     * one kernel: the key and value projections with the query's, a residual with a norm. */
    bool joins;
    const struct workload_format *format; /* of its weights; NULL without weights */
    double weights;                       /* weights multiplied with (0 for element operators) */
    double weight_bytes;                  /* streamed once per pass, whatever the rows */
    double flops_per_row;                 /* multiply and add counted apart: 2 per weight used */
    double activation_bytes_per_row;      /* read and written between operators, 2 bytes a value */
    double shared_bytes_per_row;          /* of these, what one kernel for both moves only once */
    /* Weights of all experts together. A row goes through `experts_used` of `experts`, so M rows
     * read the share 1 - (1 - k/E)^M of weight_bytes. 0: dense, all is read. */
    double experts, experts_used;
    /* Attention only, for one (row, context token) pair and one context token: */
    double flops_per_pair;     /* 4 x q_heads x head_dim: q k^T and the weighted sum of v */
    double kv_bytes_per_token; /* this layer's keys and values of one token */
    double q_heads, kv_heads;  /* kv_heads: how many of the cache's heads the query heads share */
    double window; /* most context tokens that a row attends to, itself included; 0: all */
};

size_t workload_units(const struct workload_model *model);
/* "embed", "l07.attn" (or "l07.conv", "l07.linear"), "l07.ffn", "head". Freed with free(). */
char *workload_unit_name(const struct workload_model *model, size_t unit);
/* Fills out[] with the operators of a unit in execution order; returns how many. */
size_t workload_unit_operators(const struct workload_model *model, size_t unit,
                               struct workload_operator out[WORKLOAD_UNIT_OPERATORS]);
/* Share of an operator's weights that M rows are expected to read: all of a dense one; of E experts
 * with k to a row, chosen evenly and independently, 1 - (1 - k/E)^M. */
double workload_operator_share(const struct workload_operator *op, double rows);
/* Bytes a device must hold to run a unit. Embedding and tied head hold the same matrix and both
 * count it: where both lie in one pool, take workload_shared_bytes off their sum. */
double workload_unit_resident_bytes(const struct workload_model *model, size_t unit);
/* Bytes of the matrix that embedding and head share when tied, else 0. */
double workload_shared_bytes(const struct workload_model *model);

#endif
