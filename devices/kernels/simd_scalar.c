/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Plain C: what the others are held against, and what runs where there is nothing better. */
#include "devices/kernels/simd_sets.h"

#include <math.h>
#include <string.h>

static float dot_f32(const void *weights, const void *x, size_t n)
{
    const float *w = weights, *v = x;
    float sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += w[i] * v[i];
    return sum;
}

static float dot_f16(const void *weights, const void *x, size_t n)
{
    const uint16_t *w = weights;
    const float *v = x;
    float sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += block_from_half(w[i]) * v[i];
    return sum;
}

static float dot_bf16(const void *weights, const void *x, size_t n)
{
    const uint16_t *w = weights;
    const float *v = x;
    float sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += block_from_bfloat(w[i]) * v[i];
    return sum;
}

static float dot_q8_0(const void *weights, const void *x, size_t n)
{
    const struct block_q8 *w = weights;
    const struct block_x8 *v = x;
    float sum = 0;
    for (size_t b = 0; b < n / BLOCK_VALUES; b++) {
        const struct block_x8 *group = &v[b / BLOCK_GROUP];
        const int8_t *value = group->value[b % BLOCK_GROUP];
        int32_t products = 0;
        for (size_t i = 0; i < BLOCK_VALUES; i++)
            products += w[b].value[i] * value[i];
        sum += block_from_half(w[b].scale) * group->scale[b % BLOCK_GROUP] * (float)products;
    }
    return sum;
}

static float dot_q4_0(const void *weights, const void *x, size_t n)
{
    enum { HALF = BLOCK_VALUES / 2 };
    const struct block_q4 *w = weights;
    const struct block_x8 *v = x;
    float sum = 0;
    for (size_t b = 0; b < n / BLOCK_VALUES; b++) {
        const struct block_x8 *group = &v[b / BLOCK_GROUP];
        const int8_t *value = group->value[b % BLOCK_GROUP];
        int32_t products = 0;
        for (size_t i = 0; i < HALF; i++)
            products +=
                ((w[b].pair[i] & 15) - 8) * value[i] + ((w[b].pair[i] >> 4) - 8) * value[i + HALF];
        sum += block_from_half(w[b].scale) * group->scale[b % BLOCK_GROUP] * (float)products;
    }
    return sum;
}

void simd_unpack_f32(const void *weights, float *out, size_t n)
{
    memcpy(out, weights, n * sizeof *out);
}

static void unpack_f16(const void *weights, float *out, size_t n)
{
    const uint16_t *w = weights;
    for (size_t i = 0; i < n; i++)
        out[i] = block_from_half(w[i]);
}

static void unpack_bf16(const void *weights, float *out, size_t n)
{
    const uint16_t *w = weights;
    for (size_t i = 0; i < n; i++)
        out[i] = block_from_bfloat(w[i]);
}

static void unpack_q8_0(const void *weights, float *out, size_t n)
{
    const struct block_q8 *w = weights;
    for (size_t b = 0; b < n / BLOCK_VALUES; b++, out += BLOCK_VALUES) {
        float scale = block_from_half(w[b].scale);
        for (size_t i = 0; i < BLOCK_VALUES; i++)
            out[i] = scale * (float)w[b].value[i];
    }
}

static void unpack_q4_0(const void *weights, float *out, size_t n)
{
    const struct block_q4 *w = weights;
    enum { HALF = BLOCK_VALUES / 2 };
    for (size_t b = 0; b < n / BLOCK_VALUES; b++, out += BLOCK_VALUES) {
        float scale = block_from_half(w[b].scale);
        for (size_t i = 0; i < HALF; i++) {
            out[i] = scale * (float)((w[b].pair[i] & 15) - 8);
            out[i + HALF] = scale * (float)((w[b].pair[i] >> 4) - 8);
        }
    }
}

static void quantise(const float *x, struct block_x8 *out, size_t n)
{
    for (size_t b = 0; b < n / BLOCK_VALUES; b++, x += BLOCK_VALUES) {
        struct block_x8 *group = &out[b / BLOCK_GROUP];
        size_t at = b % BLOCK_GROUP;
        float most = 0, sum = 0;
        for (size_t i = 0; i < BLOCK_VALUES; i++)
            most = fmaxf(most, fabsf(x[i]));
        float inverse = most > 0 ? 127 / most : 0;
        for (size_t i = 0; i < BLOCK_VALUES; i++) {
            group->value[at][i] = (int8_t)lrintf(x[i] * inverse);
            sum += group->value[at][i];
        }
        group->scale[at] = most / 127;
        group->minus_8[at] = -8 * sum;
    }
}

static void halve(const float *x, uint16_t *out, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = block_to_half(x[i]);
}

static void add_halves(float *to, const float *weight, const uint16_t *row, size_t rows, size_t n)
{
    for (size_t j = 0; j < rows; j++)
        for (size_t i = 0; i < n; i++)
            to[i] += weight[j] * block_from_half(row[j * n + i]);
}

static float exps(float *x, float most, size_t n)
{
    float sum = 0;
    for (size_t i = 0; i < n; i++) {
        float below = x[i] - most;
        x[i] = below < -87 ? 0 : expf(below);
        sum += x[i];
    }
    return sum;
}

static float squares(const float *x, size_t n)
{
    return dot_f32(x, x, n);
}

static void swiglu(const float *gate, const float *up, float *y, size_t n)
{
    for (size_t i = 0; i < n; i++)
        y[i] = gate[i] / (1 + expf(-gate[i])) * (up ? up[i] : 1);
}

/* Sums of integers may be taken in any order, so that compilers use whole vectors. */
static float read_all(const float *a, size_t n)
{
    const uint32_t *bits = (const uint32_t *)(const void *)a;
    uint32_t sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += bits[i];
    return (float)sum;
}

enum { LANES = 32 };

static double flops(size_t rounds)
{
    float sum[LANES];
    for (size_t i = 0; i < LANES; i++)
        sum[i] = (float)i;
    for (size_t r = 0; r < rounds; r++)
        for (size_t i = 0; i < LANES; i++)
            sum[i] = sum[i] * 0.999f + 1e-6f;
    volatile float keep = sum[rounds % LANES];
    (void)keep;
    return 2.0 * LANES * (double)rounds;
}

static double int_ops(size_t rounds)
{
    int32_t sum[LANES];
    for (int i = 0; i < LANES; i++)
        sum[i] = i;
    for (size_t r = 0; r < rounds; r++)
        for (size_t i = 0; i < LANES; i++)
            sum[i] = (int16_t)sum[i] * 3 + 1;
    volatile int32_t keep = sum[rounds % LANES];
    (void)keep;
    return 2.0 * LANES * (double)rounds;
}

const struct kernels_simd kernels_simd_scalar = {
    .name = "no vector instructions",
    .dot = {dot_f32, dot_f16, dot_bf16, dot_q8_0, dot_q4_0},
    .unpack = {simd_unpack_f32, unpack_f16, unpack_bf16, unpack_q8_0, unpack_q4_0},
    .quantise = quantise,
    .halve = halve,
    .add_halves = add_halves,
    .exps = exps,
    .squares = squares,
    .swiglu = swiglu,
    .read = read_all,
    .flops = flops,
    .int_ops = int_ops,
};
