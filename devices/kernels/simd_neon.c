/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "devices/kernels/simd_neon.h"

#if defined(__aarch64__)

NEON_INLINE float sum_of_four(const float32x4_t x[4])
{
    return vaddvq_f32(vaddq_f32(vaddq_f32(x[0], x[1]), vaddq_f32(x[2], x[3])));
}

/* Eight numbers. */
NEON_INLINE float32x4x2_t halves(const uint16_t *from)
{
    float16x8_t raw = vreinterpretq_f16_u16(vld1q_u16(from));
    return (float32x4x2_t){{vcvt_f32_f16(vget_low_f16(raw)), vcvt_high_f32_f16(raw)}};
}

NEON_INLINE float32x4x2_t bfloats(const uint16_t *from)
{
    uint16x8_t raw = vld1q_u16(from);
    return (float32x4x2_t){{vreinterpretq_f32_u32(vshll_n_u16(vget_low_u16(raw), 16)),
                            vreinterpretq_f32_u32(vshll_high_n_u16(raw, 16))}};
}

static float dot_f32(const void *weights, const void *x, size_t n)
{
    const float *w = weights, *v = x;
    float32x4_t sum[4] = {vdupq_n_f32(0), vdupq_n_f32(0), vdupq_n_f32(0), vdupq_n_f32(0)};
    size_t i = 0;
    for (; i + 16 <= n; i += 16)
        for (size_t j = 0; j < 4; j++)
            sum[j] = vfmaq_f32(sum[j], vld1q_f32(w + i + 4 * j), vld1q_f32(v + i + 4 * j));
    return sum_of_four(sum) + kernels_simd_scalar.dot[KERNELS_F32](w + i, v + i, n - i);
}

static float dot_f16(const void *weights, const void *x, size_t n)
{
    const uint16_t *w = weights;
    const float *v = x;
    float32x4_t sum[4] = {vdupq_n_f32(0), vdupq_n_f32(0), vdupq_n_f32(0), vdupq_n_f32(0)};
    size_t i = 0;
    for (; i + 16 <= n; i += 16)
        for (size_t j = 0; j < 2; j++) {
            float32x4x2_t eight = halves(w + i + 8 * j);
            sum[2 * j] = vfmaq_f32(sum[2 * j], eight.val[0], vld1q_f32(v + i + 8 * j));
            sum[2 * j + 1] = vfmaq_f32(sum[2 * j + 1], eight.val[1], vld1q_f32(v + i + 8 * j + 4));
        }
    return sum_of_four(sum) + kernels_simd_scalar.dot[KERNELS_F16](w + i, v + i, n - i);
}

static float dot_bf16(const void *weights, const void *x, size_t n)
{
    const uint16_t *w = weights;
    const float *v = x;
    float32x4_t sum[4] = {vdupq_n_f32(0), vdupq_n_f32(0), vdupq_n_f32(0), vdupq_n_f32(0)};
    size_t i = 0;
    for (; i + 16 <= n; i += 16)
        for (size_t j = 0; j < 2; j++) {
            float32x4x2_t eight = bfloats(w + i + 8 * j);
            sum[2 * j] = vfmaq_f32(sum[2 * j], eight.val[0], vld1q_f32(v + i + 8 * j));
            sum[2 * j + 1] = vfmaq_f32(sum[2 * j + 1], eight.val[1], vld1q_f32(v + i + 8 * j + 4));
        }
    return sum_of_four(sum) + kernels_simd_scalar.dot[KERNELS_BF16](w + i, v + i, n - i);
}

/* Products of two pairs of bytes stay below 2^15; x lies within +-127. */
NEON_INLINE int32x4_t products(int8x16x2_t weights, int8x16x2_t x)
{
    int16x8_t low = vmull_s8(vget_low_s8(weights.val[0]), vget_low_s8(x.val[0]));
    int16x8_t high = vmull_high_s8(weights.val[0], x.val[0]);
    low = vmlal_s8(low, vget_low_s8(weights.val[1]), vget_low_s8(x.val[1]));
    high = vmlal_high_s8(high, weights.val[1], x.val[1]);
    return vpadalq_s16(vpaddlq_s16(low), high);
}

static float dot_q8_0(const void *weights, const void *x, size_t n)
{
    return neon_dot_q8_0(weights, x, n / BLOCK_VALUES, products);
}

static float dot_q4_0(const void *weights, const void *x, size_t n)
{
    return neon_dot_q4_0(weights, x, n / BLOCK_VALUES, products);
}

static void unpack_f16(const void *weights, float *out, size_t n)
{
    const uint16_t *w = weights;
    size_t i = 0;
    for (; i + 8 <= n; i += 8)
        vst1q_f32_x2(out + i, halves(w + i));
    kernels_simd_scalar.unpack[KERNELS_F16](w + i, out + i, n - i);
}

static void unpack_bf16(const void *weights, float *out, size_t n)
{
    const uint16_t *w = weights;
    size_t i = 0;
    for (; i + 8 <= n; i += 8)
        vst1q_f32_x2(out + i, bfloats(w + i));
    kernels_simd_scalar.unpack[KERNELS_BF16](w + i, out + i, n - i);
}

/* 32 signed bytes times a scale. */
NEON_INLINE void store_bytes(int8x16x2_t value, float scale, float *out)
{
    for (size_t j = 0; j < 4; j++) {
        int8x8_t eight = j % 2 ? vget_high_s8(value.val[j / 2]) : vget_low_s8(value.val[j / 2]);
        int16x8_t wide = vmovl_s8(eight);
        float32x4_t low = vcvtq_f32_s32(vmovl_s16(vget_low_s16(wide)));
        float32x4_t high = vcvtq_f32_s32(vmovl_high_s16(wide));
        vst1q_f32(out + 8 * j, vmulq_n_f32(low, scale));
        vst1q_f32(out + 8 * j + 4, vmulq_n_f32(high, scale));
    }
}

static void unpack_q8_0(const void *weights, float *out, size_t n)
{
    const struct block_q8 *w = weights;
    for (size_t b = 0; b < n / BLOCK_VALUES; b++)
        store_bytes(neon_bytes(w[b].value), neon_half(w[b].scale), out + b * BLOCK_VALUES);
}

static void unpack_q4_0(const void *weights, float *out, size_t n)
{
    const struct block_q4 *w = weights;
    for (size_t b = 0; b < n / BLOCK_VALUES; b++) {
        int8x16x2_t value = neon_nibbles(&w[b]);
        for (size_t j = 0; j < 2; j++)
            value.val[j] = vsubq_s8(value.val[j], vdupq_n_s8(8));
        store_bytes(value, neon_half(w[b].scale), out + b * BLOCK_VALUES);
    }
}

enum { QUADS = BLOCK_VALUES / 4 }; /* vectors of floats in a block */

NEON_INLINE void quantise_block(const float *x, struct block_x8 *group, size_t at)
{
    float32x4_t value[QUADS], most_of = vdupq_n_f32(0);
    for (size_t j = 0; j < QUADS; j++) {
        value[j] = vld1q_f32(x + 4 * j);
        most_of = vmaxq_f32(most_of, vabsq_f32(value[j]));
    }
    float most = vmaxvq_f32(most_of), inverse = most > 0 ? 127 / most : 0;
    int32x4_t number[QUADS], sum = vdupq_n_s32(0);
    for (size_t j = 0; j < QUADS; j++) {
        number[j] = vcvtnq_s32_f32(vmulq_n_f32(value[j], inverse));
        sum = vaddq_s32(sum, number[j]);
    }
    for (size_t j = 0; j < QUADS; j += 2) {
        int16x8_t eight = vcombine_s16(vmovn_s32(number[j]), vmovn_s32(number[j + 1]));
        vst1_s8(group->value[at] + 4 * j, vmovn_s16(eight));
    }
    group->scale[at] = most / 127;
    group->minus_8[at] = -8 * (float)vaddvq_s32(sum);
}

static void quantise(const float *x, struct block_x8 *out, size_t n)
{
    for (size_t b = 0; b < n / BLOCK_VALUES; b++)
        quantise_block(x + b * BLOCK_VALUES, &out[b / BLOCK_GROUP], b % BLOCK_GROUP);
}

static void halve(const float *x, uint16_t *out, size_t n)
{
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        float16x4_t low = vcvt_f16_f32(vld1q_f32(x + i));
        vst1q_u16(out + i, vreinterpretq_u16_f16(vcvt_high_f16_f32(low, vld1q_f32(x + i + 4))));
    }
    kernels_simd_scalar.halve(x + i, out + i, n - i);
}

/* 16 numbers of each row, so that four sums hide each other's latency. */
NEON_INLINE void add_16(float *to, const float *weight, const uint16_t *row, size_t rows,
                        size_t apart)
{
    float32x4_t sum[4] = {vld1q_f32(to), vld1q_f32(to + 4), vld1q_f32(to + 8), vld1q_f32(to + 12)};
    for (size_t j = 0; j < rows; j++, row += apart)
        for (size_t k = 0; k < 2; k++) {
            float32x4x2_t eight = halves(row + 8 * k);
            sum[2 * k] = vfmaq_n_f32(sum[2 * k], eight.val[0], weight[j]);
            sum[2 * k + 1] = vfmaq_n_f32(sum[2 * k + 1], eight.val[1], weight[j]);
        }
    for (size_t k = 0; k < 4; k++)
        vst1q_f32(to + 4 * k, sum[k]);
}

static void add_halves(float *to, const float *weight, const uint16_t *row, size_t rows, size_t n)
{
    size_t i = 0;
    for (; i + 16 <= n; i += 16)
        add_16(to + i, weight, row + i, rows, n);
    for (; i < n; i++)
        for (size_t j = 0; j < rows; j++)
            to[i] += weight[j] * neon_half(row[j * n + i]);
}

/* e^x = 2^k e^r with |r| <= ln(2)/2, ln(2) in two parts so that k ln(2) is taken off exactly (Cody
 * and Waite 1980), and the Taylor series of e^r to the seventh power. */
NEON_INLINE float32x4_t exp_4(float32x4_t x)
{
    static const float term[] = {1.f / 720, 1.f / 120, 1.f / 24, 1.f / 6, 0.5f, 1, 1};
    float32x4_t least = vdupq_n_f32(-87);
    float32x4_t bounded = vmaxq_f32(vminq_f32(x, vdupq_n_f32(88)), least);
    float32x4_t k = vrndnq_f32(vmulq_n_f32(bounded, 1.44269504f));
    float32x4_t r = vfmsq_n_f32(bounded, k, 0.693359375f);
    r = vfmsq_n_f32(r, k, -2.12194440e-4f);
    float32x4_t sum = vdupq_n_f32(1.f / 5040);
    for (size_t i = 0; i < sizeof term / sizeof *term; i++)
        sum = vfmaq_f32(vdupq_n_f32(term[i]), sum, r);
    int32x4_t power = vshlq_n_s32(vcvtq_s32_f32(k), 23);
    uint32x4_t value = vreinterpretq_u32_s32(vaddq_s32(vreinterpretq_s32_f32(sum), power));
    return vreinterpretq_f32_u32(vandq_u32(value, vcgeq_f32(x, least)));
}

static float exps(float *x, float most, size_t n)
{
    float32x4_t sum = vdupq_n_f32(0), shift = vdupq_n_f32(most);
    size_t i = 0;
    for (; i + 4 <= n; i += 4) {
        float32x4_t value = exp_4(vsubq_f32(vld1q_f32(x + i), shift));
        vst1q_f32(x + i, value);
        sum = vaddq_f32(sum, value);
    }
    return vaddvq_f32(sum) + kernels_simd_scalar.exps(x + i, most, n - i);
}

static float squares(const float *x, size_t n)
{
    return dot_f32(x, x, n);
}

static void swiglu(const float *gate, const float *up, float *y, size_t n)
{
    size_t i = 0;
    for (; i + 4 <= n; i += 4) {
        float32x4_t value = vld1q_f32(gate + i);
        value = vdivq_f32(value, vaddq_f32(vdupq_n_f32(1), exp_4(vnegq_f32(value))));
        vst1q_f32(y + i, up ? vmulq_f32(value, vld1q_f32(up + i)) : value);
    }
    kernels_simd_scalar.swiglu(gate + i, up ? up + i : NULL, y + i, n - i);
}

static float read_all(const float *a, size_t n)
{
    float32x4_t sum[4] = {vdupq_n_f32(0), vdupq_n_f32(0), vdupq_n_f32(0), vdupq_n_f32(0)};
    size_t i = 0;
    for (; i + 16 <= n; i += 16)
        for (size_t j = 0; j < 4; j++)
            sum[j] = vaddq_f32(sum[j], vld1q_f32(a + i + 4 * j));
    return sum_of_four(sum) + kernels_simd_scalar.read(a + i, n - i);
}

NEON_INLINE float total(const float32x4_t sum[NEON_SUMS])
{
    float32x4_t all = sum[0];
#pragma GCC unroll 20
    for (size_t j = 1; j < NEON_SUMS; j++)
        all = vaddq_f32(all, sum[j]);
    return vaddvq_f32(all);
}

static double flops(size_t rounds)
{
    float32x4_t sum[NEON_SUMS];
    float32x4_t by = vdupq_n_f32(0.999f), plus = vdupq_n_f32(1e-6f);
#pragma GCC unroll 20
    for (size_t j = 0; j < NEON_SUMS; j++)
        sum[j] = vdupq_n_f32((float)j);
    for (size_t i = 0; i < rounds; i++)
#pragma GCC unroll 20
        for (size_t j = 0; j < NEON_SUMS; j++)
            sum[j] = vfmaq_f32(sum[j], by, plus);
    volatile float keep = total(sum);
    (void)keep;
    return 2.0 * 4 * NEON_SUMS * (double)rounds;
}

static double int_ops(size_t rounds)
{
    int32x4_t sum[NEON_SUMS];
    int8x16_t by = vdupq_n_s8(3);
#pragma GCC unroll 20
    for (int j = 0; j < NEON_SUMS; j++)
        sum[j] = vdupq_n_s32(j);
    for (size_t i = 0; i < rounds; i++)
#pragma GCC unroll 20
        for (size_t j = 0; j < NEON_SUMS; j++) {
            int8x16_t value = vreinterpretq_s8_s32(sum[j]);
            int16x8_t found = vmull_s8(vget_low_s8(value), vget_low_s8(by));
            sum[j] = vpadalq_s16(sum[j], vmlal_high_s8(found, value, by));
        }
    volatile int32_t keep = neon_total(sum);
    (void)keep;
    return 2.0 * 16 * NEON_SUMS * (double)rounds;
}

#define NEON_FLOATS                                                                                \
    .unpack = {simd_unpack_f32, unpack_f16, unpack_bf16, unpack_q8_0, unpack_q4_0},                \
    .quantise = quantise, .halve = halve, .add_halves = add_halves, .exps = exps,                  \
    .squares = squares, .swiglu = swiglu, .read = read_all, .flops = flops

const struct kernels_simd kernels_simd_neon = {
    .name = "NEON",
    .dot = {dot_f32, dot_f16, dot_bf16, dot_q8_0, dot_q4_0},
    .int_ops = int_ops,
    NEON_FLOATS,
};

const struct kernels_simd kernels_simd_neon_dot = {
    .name = "NEON with dot products",
    .dot = {dot_f32, dot_f16, dot_bf16, simd_neon_dot_q8_0, simd_neon_dot_q4_0},
    .pack = {[KERNELS_Q8_0] = simd_neon_dot_pack_q8_0, [KERNELS_Q4_0] = simd_neon_dot_pack_q4_0},
    .multiply = simd_neon_dot_multiply,
    .int_ops = simd_neon_dot_int_ops,
    NEON_FLOATS,
};
#endif
