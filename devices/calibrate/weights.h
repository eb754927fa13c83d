/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Memory of a backend filled with numbers drawn by chance. */
#ifndef DEVICES_CALIBRATE_WEIGHTS_H
#define DEVICES_CALIBRATE_WEIGHTS_H

#include "devices/kernels/kernels.h"

struct calibrate_memory {
    struct kernels *kernels; /* borrowed */
    void *data;
    size_t bytes;
};

/* Numbers in a format, about 0 with a deviation of `size`. False: not so much memory. Freed with
 * calibrate_memory_free. */
bool calibrate_memory_new(struct kernels *kernels, enum kernels_format format, size_t values,
                          double size, struct calibrate_memory *out);
void calibrate_memory_free(struct calibrate_memory *memory);

#endif
