/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "devices/kernels/blocks.h"

#include <math.h>
#include <string.h>

static const struct {
    const char *name;
    size_t values, bytes;
} formats[KERNELS_FORMATS] = {
    [KERNELS_F32] = {"F32", 1, 4},
    [KERNELS_F16] = {"F16", 1, 2},
    [KERNELS_BF16] = {"BF16", 1, 2},
    [KERNELS_Q8_0] = {"Q8_0", BLOCK_VALUES, sizeof(struct block_q8)},
    [KERNELS_Q4_0] = {"Q4_0", BLOCK_VALUES, sizeof(struct block_q4)},
};

const char *kernels_format_name(enum kernels_format format)
{
    return formats[format].name;
}

enum kernels_format kernels_format_find(const char *name)
{
    for (unsigned i = 0; i < KERNELS_FORMATS; i++)
        if (strcmp(formats[i].name, name) == 0)
            return (enum kernels_format)i;
    return KERNELS_FORMATS;
}

size_t kernels_format_bytes(enum kernels_format format, size_t values)
{
    return values / formats[format].values * formats[format].bytes;
}

static float from_bits(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static uint32_t to_bits(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

float block_from_half(uint16_t half)
{
    uint32_t sign = (uint32_t)(half & 0x8000u) << 16, exponent = half >> 10 & 31u;
    uint32_t fraction = half & 0x3ffu;
    if (exponent == 31)
        return from_bits(sign | 0x7f800000u | fraction << 13);
    float value = exponent == 0 ? ldexpf((float)fraction, -24)
                                : from_bits((exponent + 112) << 23 | fraction << 13);
    return sign ? -value : value;
}

/* Rounds to nearest, halves to even. */
uint16_t block_to_half(float value)
{
    uint16_t sign = (uint16_t)(to_bits(value) >> 16 & 0x8000u);
    float size = fabsf(value);
    if (isnan(value))
        return sign | 0x7e00u;
    if (size >= 65520)
        return sign | 0x7c00u;
    if (size < 6.103515625e-5f) /* below the least normal number, 2^-14 */
        return (uint16_t)(sign | (uint16_t)lrintf(ldexpf(size, 24)));
    uint32_t bits = to_bits(size);
    bits += 0xfffu + (bits >> 13 & 1u);
    return (uint16_t)(sign | (uint16_t)((bits >> 13) - (112u << 10)));
}

float block_from_bfloat(uint16_t value)
{
    return from_bits((uint32_t)value << 16);
}

uint16_t block_to_bfloat(float value)
{
    uint32_t bits = to_bits(value);
    return (uint16_t)((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16);
}

/* The number farthest from zero. */
static float farthest(const float *from)
{
    float best = 0;
    for (size_t i = 0; i < BLOCK_VALUES; i++)
        if (fabsf(from[i]) > fabsf(best))
            best = from[i];
    return best;
}

static void pack_q8(const float *from, struct block_q8 *to)
{
    float scale = fabsf(farthest(from)) / 127;
    to->scale = block_to_half(scale);
    for (size_t i = 0; i < BLOCK_VALUES; i++)
        to->value[i] = (int8_t)(scale > 0 ? lrintf(from[i] / scale) : 0);
}

static unsigned nibble(float value, float scale)
{
    long step = scale != 0 ? lrintf(value / scale) + 8 : 8;
    return (unsigned)(step < 0 ? 0 : step > 15 ? 15 : step);
}

/* The number farthest from zero becomes -8, so that all sixteen steps are used. */
static void pack_q4(const float *from, struct block_q4 *to)
{
    float scale = farthest(from) / -8;
    to->scale = block_to_half(scale);
    for (size_t i = 0; i < BLOCK_VALUES / 2; i++)
        to->pair[i] =
            (uint8_t)(nibble(from[i], scale) | nibble(from[i + BLOCK_VALUES / 2], scale) << 4);
}

void block_pack(enum kernels_format format, const float *from, size_t n, void *to)
{
    uint16_t *half = to;
    switch (format) {
    case KERNELS_F32:
        memcpy(to, from, n * sizeof *from);
        return;
    case KERNELS_F16:
        for (size_t i = 0; i < n; i++)
            half[i] = block_to_half(from[i]);
        return;
    case KERNELS_BF16:
        for (size_t i = 0; i < n; i++)
            half[i] = block_to_bfloat(from[i]);
        return;
    case KERNELS_Q8_0:
        for (size_t b = 0; b < n / BLOCK_VALUES; b++)
            pack_q8(from + b * BLOCK_VALUES, (struct block_q8 *)to + b);
        return;
    case KERNELS_Q4_0:
        for (size_t b = 0; b < n / BLOCK_VALUES; b++)
            pack_q4(from + b * BLOCK_VALUES, (struct block_q4 *)to + b);
        return;
    case KERNELS_FORMATS:
        return;
    }
}
