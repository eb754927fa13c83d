/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Loops over quantised blocks in NEON, around products of bytes that a file brings along: those of
 * all AArch64, or one instruction where there is one. Internal to the files simd_neon*.c. */
#ifndef DEVICES_KERNELS_SIMD_NEON_H
#define DEVICES_KERNELS_SIMD_NEON_H

#include "devices/kernels/simd_sets.h"

#if defined(__aarch64__)
#include <arm_neon.h>

#define NEON_INLINE static inline __attribute__((always_inline))

/* The sum of 32 products of bytes, spread over four lanes; x lies within +-127. */
typedef int32x4_t neon_products(int8x16x2_t weights, int8x16x2_t x);

NEON_INLINE int8x16x2_t neon_bytes(const int8_t *value)
{
    return (int8x16x2_t){{vld1q_s8(value), vld1q_s8(value + 16)}};
}

/* The nibbles of a block as bytes, 0 ... 15, in the order of the numbers. */
NEON_INLINE int8x16x2_t neon_nibbles(const struct block_q4 *block)
{
    uint8x16_t raw = vld1q_u8(block->pair), low = vandq_u8(raw, vdupq_n_u8(15));
    return (int8x16x2_t){{vreinterpretq_s8_u8(low), vreinterpretq_s8_u8(vshrq_n_u8(raw, 4))}};
}

NEON_INLINE float neon_half(uint16_t half)
{
    return vgetq_lane_f32(vcvt_f32_f16(vreinterpret_f16_u16(vdup_n_u16(half))), 0);
}

/* Scales of eight blocks that lie so many half floats apart times those of the activations. */
NEON_INLINE void neon_scales(const uint16_t *at, size_t apart, const struct block_x8 *x,
                             float scale[BLOCK_GROUP])
{
    uint16x8_t all = {at[0],         at[apart],     at[2 * apart], at[3 * apart],
                      at[4 * apart], at[5 * apart], at[6 * apart], at[7 * apart]};
    float16x8_t half = vreinterpretq_f16_u16(all);
    float32x4_t low = vcvt_f32_f16(vget_low_f16(half)), high = vcvt_high_f32_f16(half);
    vst1q_f32(scale, vmulq_f32(low, vld1q_f32(x->scale)));
    vst1q_f32(scale + 4, vmulq_f32(high, vld1q_f32(x->scale + 4)));
}

NEON_INLINE float neon_dot_q8_0(const struct block_q8 *w, const struct block_x8 *x, size_t blocks,
                                neon_products *products)
{
    float32x4_t sum[4] = {vdupq_n_f32(0), vdupq_n_f32(0), vdupq_n_f32(0), vdupq_n_f32(0)};
    for (; blocks >= BLOCK_GROUP; blocks -= BLOCK_GROUP, w += BLOCK_GROUP, x++) {
        float scale[BLOCK_GROUP];
        neon_scales(&w->scale, sizeof *w / sizeof w->scale, x, scale);
#pragma GCC unroll 8
        for (size_t i = 0; i < BLOCK_GROUP; i++) {
            int32x4_t found = products(neon_bytes(w[i].value), neon_bytes(x->value[i]));
            sum[i % 4] = vfmaq_n_f32(sum[i % 4], vcvtq_f32_s32(found), scale[i]);
        }
    }
    for (size_t i = 0; i < blocks; i++) {
        int32x4_t found = products(neon_bytes(w[i].value), neon_bytes(x->value[i]));
        sum[0] = vfmaq_n_f32(sum[0], vcvtq_f32_s32(found), neon_half(w[i].scale) * x->scale[i]);
    }
    return vaddvq_f32(vaddq_f32(vaddq_f32(sum[0], sum[1]), vaddq_f32(sum[2], sum[3])));
}

NEON_INLINE float neon_dot_q4_0(const struct block_q4 *w, const struct block_x8 *x, size_t blocks,
                                neon_products *products)
{
    float32x4_t sum[4] = {vdupq_n_f32(0), vdupq_n_f32(0), vdupq_n_f32(0), vdupq_n_f32(0)};
    for (; blocks >= BLOCK_GROUP; blocks -= BLOCK_GROUP, w += BLOCK_GROUP, x++) {
        float scale[BLOCK_GROUP];
        neon_scales(&w->scale, sizeof *w / sizeof w->scale, x, scale);
        for (size_t i = 0; i < BLOCK_GROUP; i += 4)
            sum[i / 4] = vfmaq_f32(sum[i / 4], vld1q_f32(scale + i), vld1q_f32(x->minus_8 + i));
#pragma GCC unroll 8
        for (size_t i = 0; i < BLOCK_GROUP; i++) {
            int32x4_t found = products(neon_nibbles(&w[i]), neon_bytes(x->value[i]));
            sum[i % 4] = vfmaq_n_f32(sum[i % 4], vcvtq_f32_s32(found), scale[i]);
        }
    }
    float rest = 0;
    for (size_t i = 0; i < blocks; i++) {
        float scale = neon_half(w[i].scale) * x->scale[i];
        int32x4_t found = products(neon_nibbles(&w[i]), neon_bytes(x->value[i]));
        rest += scale * x->minus_8[i];
        sum[i % 4] = vfmaq_n_f32(sum[i % 4], vcvtq_f32_s32(found), scale);
    }
    return rest + vaddvq_f32(vaddq_f32(vaddq_f32(sum[0], sum[1]), vaddq_f32(sum[2], sum[3])));
}

/* Sums at once where only arithmetic counts: more than what four units of four cycles have under
 * way. */
enum { NEON_SUMS = 20 };

NEON_INLINE int32_t neon_total(const int32x4_t sum[NEON_SUMS])
{
    int32x4_t all = sum[0];
#pragma GCC unroll 20
    for (size_t j = 1; j < NEON_SUMS; j++)
        all = vaddq_s32(all, sum[j]);
    return vaddvq_s32(all);
}
#endif

#endif
