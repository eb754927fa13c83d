/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A model's whole forward pass on one device: what a benchmark of one prompt or one answer times.
 * Equal operators of equal layers are priced once. */
#ifndef DEVICES_FORWARD_H
#define DEVICES_FORWARD_H

#include "devices/roofline.h"

struct device_forward {
    struct device_forward_op {
        struct workload_operator op;
        double count; /* how many of it a pass runs */
    } * op;           /* (n) */
    size_t n;
    double weight_bytes, kv_bytes_per_token; /* of all layers */
    double expert_bytes;                     /* of the weights, those of experts */
    bool windows;                            /* some layers attend to a sliding window */
    double window;                           /* its tokens */
};

/* The caller frees *out with device_forward_free. */
void device_forward_init(struct device_forward *out, const struct workload_model *model);
void device_forward_free(struct device_forward *forward);

/* One run. */
struct device_run {
    double batch;  /* sequences, at least 1 */
    double depth;  /* tokens that each has in the cache at the start */
    double tokens; /* of the prompt, or of the answer, for each sequence */
    double ubatch; /* most prompt rows of a pass */
    /* Bytes of the weights over those that the model's file type has; 0 is 1. */
    double weight_scale;
    double clock; /* relative; 0 is nominal */
    /* The memory left for weights and cache, and the bandwidth of what lies behind it; 0: no end to
     * the memory. */
    double memory_B, store_Bps;
};

/* What a run costs. */
struct device_spent {
    double time_s, flops, bytes;
    double pressure; /* CPQ: what a pass touches over the memory that is left for it; 0: no end */
};

/* A prompt in chunks, its last token sampled; an answer, one step for each token. The reuse
 * distance of weights and cache is a pass's own traffic. */
struct device_spent device_prefill(const struct device *device,
                                   const struct device_forward *forward,
                                   const struct device_run *run);
struct device_spent device_decode(const struct device *device, const struct device_forward *forward,
                                  const struct device_run *run);

#endif
