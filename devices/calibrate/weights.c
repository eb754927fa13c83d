/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "devices/calibrate/weights.h"

#include "base/memory.h"
#include "base/stream.h"
#include "devices/kernels/blocks.h"

#include <stdlib.h>

/* So many numbers are drawn, then repeated: what they are does not matter for the time. */
enum { DRAWN = 1 << 18 };

/* The drawn numbers in their format. */
static void *draw(enum kernels_format format, double size)
{
    float *value = mem_calloc(DRAWN, sizeof *value);
    struct stream stream = stream_open(1, STREAM_KERNELS, 0, 0);
    for (size_t i = 0; i < DRAWN; i++)
        value[i] = (float)(size * (2 * stream_uniform(&stream) - 1) * 1.7320508);
    void *packed = mem_calloc(kernels_format_bytes(format, DRAWN), 1);
    block_pack(format, value, DRAWN, packed);
    free(value);
    return packed;
}

bool calibrate_memory_new(struct kernels *kernels, enum kernels_format format, size_t values,
                          double size, struct calibrate_memory *out)
{
    size_t bytes = kernels_format_bytes(format, values);
    *out = (struct calibrate_memory){kernels, kernels->does->alloc(kernels, bytes), bytes};
    if (!out->data)
        return false;
    void *packed = draw(format, size);
    size_t drawn = kernels_format_bytes(format, DRAWN);
    for (size_t at = 0; at < bytes; at += drawn)
        kernels->does->write(kernels, out->data, at, packed,
                             bytes - at < drawn ? bytes - at : drawn);
    free(packed);
    return true;
}

void calibrate_memory_free(struct calibrate_memory *memory)
{
    if (memory->data)
        memory->kernels->does->release(memory->kernels, memory->data, memory->bytes);
    *memory = (struct calibrate_memory){0};
}
