/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A decoder put together from the kernels, with weights drawn by chance: it says nothing, and takes
 * as long as one that does. One sequence. */
#ifndef DEVICES_CALIBRATE_TRANSFORMER_H
#define DEVICES_CALIBRATE_TRANSFORMER_H

#include "devices/calibrate/weights.h"
#include "devices/forward.h"

struct calibrate_transformer;

/* `rows`: most of a pass; `context`: tokens that the cache has room for. Models with experts,
 * latent or linear attention, convolutions, sinks or gates at their output are refused, and so are
 * models that memory does not hold. NULL: err says why. Freed with calibrate_transformer_close. */
struct calibrate_transformer *calibrate_transformer_open(struct kernels *kernels,
                                                         const struct workload_model *model,
                                                         size_t rows, size_t context,
                                                         struct error *err);
void calibrate_transformer_close(struct calibrate_transformer *transformer);

/* A pass of `rows` tokens behind `first` others: keeps their keys and values. The last one's logits
 * (vocabulary) are memory of the backend, valid until the next pass. */
const void *calibrate_transformer_pass(struct calibrate_transformer *transformer,
                                       const uint32_t *token, size_t rows, size_t first);

/* Storage formats without kernels run as Q8_0. Does the same to what is predicted, and says how
 * many bytes of weights run in another format than the model says. */
double calibrate_run_as(struct device_forward *forward);

#endif
