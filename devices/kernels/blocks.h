/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers as GGUF stores them, one at a time: what kernels are held against, and what makes their
 * inputs. Internal to this folder, calibration and tests. */
#ifndef DEVICES_KERNELS_BLOCKS_H
#define DEVICES_KERNELS_BLOCKS_H

#include "devices/kernels/kernels.h"

enum { BLOCK_VALUES = 32 };

struct block_q8 {   /* value[i] scale */
    uint16_t scale; /* F16 */
    int8_t value[BLOCK_VALUES];
};
struct block_q4 { /* (nibble - 8) scale; the low nibbles come first */
    uint16_t scale;
    uint8_t pair[BLOCK_VALUES / 2];
};

/* Activations of a quantised product, eight blocks together: 8-bit numbers with a scale for each
 * block, and -8 times the sum of its numbers, for weights that are stored with an offset. */
enum { BLOCK_GROUP = 8, BLOCK_GROUP_VALUES = BLOCK_GROUP * BLOCK_VALUES };
struct block_x8 {
    int8_t value[BLOCK_GROUP][BLOCK_VALUES];
    /* The same, four numbers of each block in turn; filled only by instruction sets that read it.
     */
    int8_t quad[BLOCK_VALUES / 4][BLOCK_GROUP][4];
    float scale[BLOCK_GROUP], minus_8[BLOCK_GROUP];
};

float block_from_half(uint16_t half);
uint16_t block_to_half(float value);
float block_from_bfloat(uint16_t value);
uint16_t block_to_bfloat(float value);

/* n numbers into a format; a multiple of 32 where it is quantised. */
void block_pack(enum kernels_format format, const float *from, size_t n, void *to);

#endif
