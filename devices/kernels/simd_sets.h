/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The instruction sets one by one. Internal to the files simd_*.c. */
#ifndef DEVICES_KERNELS_SIMD_SETS_H
#define DEVICES_KERNELS_SIMD_SETS_H

#include "devices/kernels/simd.h"

extern const struct kernels_simd kernels_simd_scalar;
void simd_unpack_f32(const void *weights, float *out, size_t n); /* copies */
#if defined(__x86_64__)
extern const struct kernels_simd kernels_simd_avx2, kernels_simd_avx512, kernels_simd_vnni;

/* Loops of AVX2 that wider sets have no better ones for. */
float simd_avx2_dot_q8_0(const void *weights, const void *x, size_t n);
float simd_avx2_dot_q4_0(const void *weights, const void *x, size_t n);
void simd_avx2_quantise(const float *x, struct block_x8 *out, size_t n);
void simd_avx2_halve(const float *x, uint16_t *out, size_t n);
double simd_avx2_int_ops(size_t rounds);

float simd_avx512_dot_f32(const void *weights, const void *x, size_t n);
float simd_avx512_dot_f16(const void *weights, const void *x, size_t n);
float simd_avx512_dot_bf16(const void *weights, const void *x, size_t n);
void simd_avx512_dot_4_f32(const void *weights, size_t apart, const float *x, size_t n, float *y);
void simd_avx512_dot_4_f16(const void *weights, size_t apart, const float *x, size_t n, float *y);
void simd_avx512_dot_4_bf16(const void *weights, size_t apart, const float *x, size_t n, float *y);
void simd_avx512_unpack_f16(const void *weights, float *out, size_t n);
void simd_avx512_unpack_bf16(const void *weights, float *out, size_t n);
void simd_avx512_unpack_q8_0(const void *weights, float *out, size_t n);
void simd_avx512_unpack_q4_0(const void *weights, float *out, size_t n);
void simd_avx512_add_halves(float *to, const float *weight, const uint16_t *row, size_t rows,
                            size_t n);
float simd_avx512_exps(float *x, float most, size_t n);
float simd_avx512_squares(const float *x, size_t n);
void simd_avx512_swiglu(const float *gate, const float *up, float *y, size_t n);
float simd_avx512_read(const float *a, size_t n);
double simd_avx512_flops(size_t rounds);

/* Products of many rows with VNNI. */
void simd_vnni_pack_q8_0(const void *weights, size_t apart, size_t n, struct simd_panel *out);
void simd_vnni_pack_q4_0(const void *weights, size_t apart, size_t n, struct simd_panel *out);
void simd_vnni_multiply(const struct simd_panel *panel, const struct simd_rows *x, float *y);
#elif defined(__aarch64__)
extern const struct kernels_simd kernels_simd_neon, kernels_simd_neon_dot;

/* Loops of NEON with SDOT. */
float simd_neon_dot_q8_0(const void *weights, const void *x, size_t n);
float simd_neon_dot_q4_0(const void *weights, const void *x, size_t n);
double simd_neon_dot_int_ops(size_t rounds);
void simd_neon_dot_pack_q8_0(const void *weights, size_t apart, size_t n, struct simd_panel *out);
void simd_neon_dot_pack_q4_0(const void *weights, size_t apart, size_t n, struct simd_panel *out);
void simd_neon_dot_multiply(const struct simd_panel *panel, const struct simd_rows *x, float *y);
#endif

#endif
