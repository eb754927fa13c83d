/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What kernels are held against: plain loops over doubles, and weights read as GGUF lays them out
 * (ggml's block_q8_0 and block_q4_0), written apart from the kernels. */
#ifndef TESTS_SUPPORT_KERNEL_REFERENCE_H
#define TESTS_SUPPORT_KERNEL_REFERENCE_H

#include "devices/kernels/kernels.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Numbers in [-1, 1) that look drawn by chance, the same in each run. */
static inline float reference_number(size_t i)
{
    uint32_t x = (uint32_t)i * 2654435761u + 12345u;
    x ^= x >> 15;
    x *= 2246822519u;
    x ^= x >> 13;
    return (float)(x >> 8) / 8388608.0f - 1;
}

static inline float *reference_numbers(size_t n, size_t from)
{
    float *x = calloc(n + 64, sizeof *x);
    for (size_t i = 0; i < n; i++)
        x[i] = reference_number(from + i);
    return x;
}

static inline double reference_half(const unsigned char *at)
{
    unsigned bits = at[0] | (unsigned)at[1] << 8, exponent = bits >> 10 & 31, low = bits & 1023;
    double size = exponent ? 1024 + low : 2 * low; /* in steps of 2^(exponent - 25) */
    size *= (double)(1u << exponent) / 33554432;
    return bits & 0x8000 ? -size : size;
}

/* Number `i` of a stored row. */
static inline double reference_weight(enum kernels_format format, const void *data, size_t i)
{
    const unsigned char *at = data;
    float value = 0;
    switch (format) {
    case KERNELS_F32:
        memcpy(&value, at + 4 * i, sizeof value);
        return value;
    case KERNELS_F16:
        return reference_half(at + 2 * i);
    case KERNELS_BF16:
        memcpy((char *)&value + 2, at + 2 * i, 2);
        return value;
    case KERNELS_Q8_0:
        at += i / 32 * 34;
        return reference_half(at) * (signed char)at[2 + i % 32];
    case KERNELS_Q4_0:
        at += i / 32 * 18;
        i %= 32;
        return reference_half(at) * ((i < 16 ? at[2 + i] & 15 : at[2 + i - 16] >> 4) - 8);
    case KERNELS_FORMATS:
        break;
    }
    return 0;
}

static inline double reference_dot(enum kernels_format format, const void *data, const float *x,
                                   size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += reference_weight(format, data, i) * x[i];
    return sum;
}

/* One query head of one row: softmax(q k / sqrt(dim)) v over tokens first ... last of a head's F16
 * keys and values. */
static inline void reference_attention(const float *q, const void *keys, const void *values,
                                       size_t dim, const size_t tokens[2], double *out)
{
    double sum = 0;
    memset(out, 0, dim * sizeof *out);
    for (size_t t = tokens[0]; t <= tokens[1]; t++) {
        const unsigned char *key = (const unsigned char *)keys + 2 * t * dim;
        const unsigned char *value = (const unsigned char *)values + 2 * t * dim;
        double weight = exp(reference_dot(KERNELS_F16, key, q, dim) / sqrt((double)dim));
        sum += weight;
        for (size_t i = 0; i < dim; i++)
            out[i] += weight * reference_half(value + 2 * i);
    }
    for (size_t i = 0; i < dim; i++)
        out[i] /= sum;
}

#endif
