/* SPDX-License-Identifier: GPL-3.0-or-later */
/* NEON where one instruction adds four products of bytes to each sum (SDOT, FEAT_DotProd: ARMv8.2
 * and later). This file is compiled for it, and called only where the system tells of it. */
#include "devices/kernels/simd_neon.h"

#if defined(__aarch64__)

NEON_INLINE int32x4_t products(int8x16x2_t weights, int8x16x2_t x)
{
    int32x4_t sum = vdotq_s32(vdupq_n_s32(0), weights.val[0], x.val[0]);
    return vdotq_s32(sum, weights.val[1], x.val[1]);
}

float simd_neon_dot_q8_0(const void *weights, const void *x, size_t n)
{
    return neon_dot_q8_0(weights, x, n / BLOCK_VALUES, products);
}

float simd_neon_dot_q4_0(const void *weights, const void *x, size_t n)
{
    return neon_dot_q4_0(weights, x, n / BLOCK_VALUES, products);
}

double simd_neon_dot_int_ops(size_t rounds)
{
    int32x4_t sum[NEON_SUMS];
    int8x16_t by = vdupq_n_s8(3);
#pragma GCC unroll 20
    for (int j = 0; j < NEON_SUMS; j++)
        sum[j] = vdupq_n_s32(j);
    for (size_t i = 0; i < rounds; i++)
#pragma GCC unroll 20
        for (size_t j = 0; j < NEON_SUMS; j++)
            sum[j] = vdotq_s32(sum[j], by, by);
    volatile int32_t keep = neon_total(sum);
    (void)keep;
    return 2.0 * 16 * NEON_SUMS * (double)rounds;
}
#endif
