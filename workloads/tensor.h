/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tensors of a model file: shape and storage format of each. Parameters, file size, residency
 * and operators are all sums over these, so they cannot disagree. Internal to this folder. */
#ifndef WORKLOADS_TENSOR_H
#define WORKLOADS_TENSOR_H

#include "workloads/model.h"

enum tensor_role {
    TENSOR_TOKEN_EMBD,
    TENSOR_POSITION,
    TENSOR_NORM,     /* before attention or convolution, and before the head */
    TENSOR_FFN_NORM, /* before the feed-forward block */
    TENSOR_POST_NORM,
    TENSOR_ATTN_Q, /* from the latent where queries have one */
    TENSOR_ATTN_K,
    TENSOR_ATTN_V,
    TENSOR_Q_NORM,
    TENSOR_K_NORM,
    TENSOR_SINKS,
    TENSOR_Q_A, /* into the latents, and their norms; per head, out of that of keys and values */
    TENSOR_Q_A_NORM,
    TENSOR_KV_A,
    TENSOR_KV_A_NORM,
    TENSOR_K_B,
    TENSOR_V_B,
    TENSOR_ATTN_OUTPUT,
    TENSOR_CONV_IN,
    TENSOR_CONV,
    TENSOR_CONV_OUT,
    TENSOR_LINEAR_QKV,
    TENSOR_LINEAR_GATE,
    TENSOR_LINEAR_BETA,  /* strength and decay of a token's update, per value head */
    TENSOR_LINEAR_DECAY, /* constants of the decay: its rate and its offset */
    TENSOR_LINEAR_CONV,
    TENSOR_LINEAR_NORM,
    TENSOR_LINEAR_OUT,
    TENSOR_ROUTER,
    TENSOR_FFN_GATE,
    TENSOR_FFN_UP,
    TENSOR_FFN_DOWN,
    TENSOR_EXPERTS_GATE,
    TENSOR_EXPERTS_UP,
    TENSOR_EXPERTS_DOWN,
    TENSOR_SHARED_GATE,
    TENSOR_SHARED_UP,
    TENSOR_SHARED_DOWN,
    TENSOR_OUTPUT /* the LM head; the embedding matrix when tied */
};

enum { TENSOR_UNIT_MOST = 16 };

struct tensor {
    enum tensor_role role;
    uint64_t rows, columns; /* outputs and inputs; quantisation blocks run along a row */
    uint64_t matrices;      /* of this shape: one per expert, one per head, else 1 */
    uint64_t used;          /* of these, how many a row goes through */
    const struct workload_format *format;
    uint64_t bias; /* F32 values that belong to it */
};

/* The tensor of this role; `layer` matters only inside decoder layers. */
struct tensor workload_tensor(const struct workload_model *model, enum tensor_role role,
                              uint64_t layer);
/* Those of a unit (see operator.h for the numbering); returns how many. */
size_t workload_unit_tensors(const struct workload_model *model, size_t unit,
                             struct tensor out[TENSOR_UNIT_MOST]);
double workload_tensor_weights(const struct tensor *tensor); /* without biases */
double workload_tensor_bytes(const struct tensor *tensor);
/* Whether a role is a matrix of each expert. */
bool workload_tensor_is_expert(enum tensor_role role);

/* The format that the model's file type (`quant`) gives to a tensor. */
const struct workload_format *workload_quant_format(const struct workload_model *model,
                                                    enum tensor_role role, uint64_t columns,
                                                    uint64_t layer);

#endif
