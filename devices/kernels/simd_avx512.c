/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "devices/kernels/simd_sets.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx2,fma,f16c")))

static AVX512 inline __m512 half_16(const uint16_t *from)
{
    return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(const void *)from));
}

static AVX512 inline __m512 bfloat_16(const uint16_t *from)
{
    __m256i raw = _mm256_loadu_si256((const __m256i *)(const void *)from);
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(raw), 16));
}

AVX512 float simd_avx512_dot_f32(const void *weights, const void *x, size_t n)
{
    const float *w = weights, *v = x;
    __m512 sum[4] = {_mm512_setzero_ps(), _mm512_setzero_ps(), _mm512_setzero_ps(),
                     _mm512_setzero_ps()};
    size_t i = 0;
    for (; i + 64 <= n; i += 64)
        for (size_t j = 0; j < 4; j++)
            sum[j] = _mm512_fmadd_ps(_mm512_loadu_ps(w + i + 16 * j),
                                     _mm512_loadu_ps(v + i + 16 * j), sum[j]);
    float rest = 0;
    for (; i < n; i++)
        rest += w[i] * v[i];
    return rest + _mm512_reduce_add_ps(
                      _mm512_add_ps(_mm512_add_ps(sum[0], sum[1]), _mm512_add_ps(sum[2], sum[3])));
}

AVX512 float simd_avx512_dot_f16(const void *weights, const void *x, size_t n)
{
    const uint16_t *w = weights;
    const float *v = x;
    __m512 even = _mm512_setzero_ps(), odd = _mm512_setzero_ps();
    size_t i = 0;
    for (; i + 32 <= n; i += 32) {
        even = _mm512_fmadd_ps(half_16(w + i), _mm512_loadu_ps(v + i), even);
        odd = _mm512_fmadd_ps(half_16(w + i + 16), _mm512_loadu_ps(v + i + 16), odd);
    }
    float rest = 0;
    for (; i < n; i++)
        rest += _cvtsh_ss(w[i]) * v[i];
    return rest + _mm512_reduce_add_ps(_mm512_add_ps(even, odd));
}

AVX512 float simd_avx512_dot_bf16(const void *weights, const void *x, size_t n)
{
    const uint16_t *w = weights;
    const float *v = x;
    __m512 even = _mm512_setzero_ps(), odd = _mm512_setzero_ps();
    size_t i = 0;
    for (; i + 32 <= n; i += 32) {
        even = _mm512_fmadd_ps(bfloat_16(w + i), _mm512_loadu_ps(v + i), even);
        odd = _mm512_fmadd_ps(bfloat_16(w + i + 16), _mm512_loadu_ps(v + i + 16), odd);
    }
    float rest = 0;
    for (; i < n; i++)
        rest += block_from_bfloat(w[i]) * v[i];
    return rest + _mm512_reduce_add_ps(_mm512_add_ps(even, odd));
}

static AVX512 inline __m512 float_16(const float *from)
{
    return _mm512_loadu_ps(from);
}

/* Rows that begin `apart` bytes behind each other meet the same activations; what is left behind
 * whole vectors goes row by row. */
#define DOT_4(name, type, load, dot)                                                               \
    AVX512 void name(const void *weights, size_t apart, const float *x, size_t n, float *y)        \
    {                                                                                              \
        const type *w[4];                                                                          \
        __m512 sum[4];                                                                             \
        size_t i = 0;                                                                              \
        for (size_t row = 0; row < 4; row++) {                                                     \
            w[row] = (const type *)(const void *)((const char *)weights + row * apart);            \
            sum[row] = _mm512_setzero_ps();                                                        \
        }                                                                                          \
        for (; i + 16 <= n; i += 16) {                                                             \
            __m512 value = _mm512_loadu_ps(x + i);                                                 \
            for (size_t row = 0; row < 4; row++)                                                   \
                sum[row] = _mm512_fmadd_ps(load(w[row] + i), value, sum[row]);                     \
        }                                                                                          \
        for (size_t row = 0; row < 4; row++)                                                       \
            y[row] = _mm512_reduce_add_ps(sum[row]) + dot(w[row] + i, x + i, n - i);               \
    }

DOT_4(simd_avx512_dot_4_f32, float, float_16, simd_avx512_dot_f32)
DOT_4(simd_avx512_dot_4_f16, uint16_t, half_16, simd_avx512_dot_f16)
DOT_4(simd_avx512_dot_4_bf16, uint16_t, bfloat_16, simd_avx512_dot_bf16)

AVX512 void simd_avx512_unpack_f16(const void *weights, float *out, size_t n)
{
    const uint16_t *w = weights;
    size_t i = 0;
    for (; i + 16 <= n; i += 16)
        _mm512_storeu_ps(out + i, half_16(w + i));
    for (; i < n; i++)
        out[i] = _cvtsh_ss(w[i]);
}

AVX512 void simd_avx512_unpack_bf16(const void *weights, float *out, size_t n)
{
    const uint16_t *w = weights;
    size_t i = 0;
    for (; i + 16 <= n; i += 16)
        _mm512_storeu_ps(out + i, bfloat_16(w + i));
    for (; i < n; i++)
        out[i] = block_from_bfloat(w[i]);
}

/* 16 signed bytes times a scale. */
static AVX512 inline void store_bytes(__m128i value, __m512 scale, float *out)
{
    __m512 number = _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(value));
    _mm512_storeu_ps(out, _mm512_mul_ps(number, scale));
}

static AVX512 inline __m128i bytes_16(const void *from)
{
    return _mm_loadu_si128((const __m128i *)from);
}

AVX512 void simd_avx512_unpack_q8_0(const void *weights, float *out, size_t n)
{
    const struct block_q8 *w = weights;
    for (size_t b = 0; b < n / BLOCK_VALUES; b++, out += BLOCK_VALUES) {
        __m512 scale = _mm512_set1_ps(_cvtsh_ss(w[b].scale));
        store_bytes(bytes_16(w[b].value), scale, out);
        store_bytes(bytes_16(w[b].value + 16), scale, out + 16);
    }
}

AVX512 void simd_avx512_unpack_q4_0(const void *weights, float *out, size_t n)
{
    const struct block_q4 *w = weights;
    __m128i low = _mm_set1_epi8(15), offset = _mm_set1_epi8(8);
    for (size_t b = 0; b < n / BLOCK_VALUES; b++, out += BLOCK_VALUES) {
        __m512 scale = _mm512_set1_ps(_cvtsh_ss(w[b].scale));
        __m128i pair = bytes_16(w[b].pair);
        __m128i high = _mm_and_si128(_mm_srli_epi16(pair, 4), low);
        store_bytes(_mm_sub_epi8(_mm_and_si128(pair, low), offset), scale, out);
        store_bytes(_mm_sub_epi8(high, offset), scale, out + 16);
    }
}

AVX512 void simd_avx512_add_halves(float *to, const float *weight, const uint16_t *row, size_t rows,
                                   size_t n)
{
    size_t i = 0;
    for (; i + 16 <= n; i += 16) {
        __m512 sum = _mm512_loadu_ps(to + i);
        for (size_t j = 0; j < rows; j++)
            sum = _mm512_fmadd_ps(_mm512_set1_ps(weight[j]), half_16(row + j * n + i), sum);
        _mm512_storeu_ps(to + i, sum);
    }
    for (; i < n; i++)
        for (size_t j = 0; j < rows; j++)
            to[i] += weight[j] * _cvtsh_ss(row[j * n + i]);
}

/* As exp_8 of simd_avx2.c. */
static AVX512 inline __m512 exp_16(__m512 x)
{
    static const float term[] = {1.f / 720, 1.f / 120, 1.f / 24, 1.f / 6, 0.5f, 1, 1};
    __m512 least = _mm512_set1_ps(-87), bounded = _mm512_min_ps(x, _mm512_set1_ps(88));
    bounded = _mm512_max_ps(bounded, least);
    __m512 k = _mm512_roundscale_ps(_mm512_mul_ps(bounded, _mm512_set1_ps(1.44269504f)),
                                    _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    __m512 r = _mm512_fnmadd_ps(k, _mm512_set1_ps(0.693359375f), bounded);
    r = _mm512_fnmadd_ps(k, _mm512_set1_ps(-2.12194440e-4f), r);
    __m512 sum = _mm512_set1_ps(1.f / 5040);
    for (size_t i = 0; i < sizeof term / sizeof *term; i++)
        sum = _mm512_fmadd_ps(sum, r, _mm512_set1_ps(term[i]));
    __m512 value = _mm512_scalef_ps(sum, k);
    return _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(x, least, _CMP_GE_OQ), value);
}

AVX512 float simd_avx512_exps(float *x, float most, size_t n)
{
    __m512 sum = _mm512_setzero_ps(), shift = _mm512_set1_ps(most);
    size_t i = 0;
    for (; i + 16 <= n; i += 16) {
        __m512 value = exp_16(_mm512_sub_ps(_mm512_loadu_ps(x + i), shift));
        _mm512_storeu_ps(x + i, value);
        sum = _mm512_add_ps(sum, value);
    }
    return _mm512_reduce_add_ps(sum) + kernels_simd_scalar.exps(x + i, most, n - i);
}

AVX512 float simd_avx512_squares(const float *x, size_t n)
{
    return simd_avx512_dot_f32(x, x, n);
}

AVX512 void simd_avx512_swiglu(const float *gate, const float *up, float *y, size_t n)
{
    __m512 one = _mm512_set1_ps(1);
    size_t i = 0;
    for (; i + 16 <= n; i += 16) {
        __m512 value = _mm512_loadu_ps(gate + i);
        __m512 below = _mm512_add_ps(one, exp_16(_mm512_sub_ps(_mm512_setzero_ps(), value)));
        value = _mm512_div_ps(value, below);
        _mm512_storeu_ps(y + i, up ? _mm512_mul_ps(value, _mm512_loadu_ps(up + i)) : value);
    }
    kernels_simd_scalar.swiglu(gate + i, up ? up + i : NULL, y + i, n - i);
}

AVX512 float simd_avx512_read(const float *a, size_t n)
{
    __m512 sum[4] = {_mm512_setzero_ps(), _mm512_setzero_ps(), _mm512_setzero_ps(),
                     _mm512_setzero_ps()};
    for (size_t i = 0; i + 64 <= n; i += 64)
        for (size_t j = 0; j < 4; j++)
            sum[j] = _mm512_add_ps(sum[j], _mm512_loadu_ps(a + i + 16 * j));
    return _mm512_reduce_add_ps(
        _mm512_add_ps(_mm512_add_ps(sum[0], sum[1]), _mm512_add_ps(sum[2], sum[3])));
}

enum { SUMS = 10 };

AVX512 double simd_avx512_flops(size_t rounds)
{
    __m512 sum[SUMS], by = _mm512_set1_ps(0.999f), plus = _mm512_set1_ps(1e-6f);
    for (size_t j = 0; j < SUMS; j++)
        sum[j] = _mm512_set1_ps((float)j);
    for (size_t i = 0; i < rounds; i++)
#pragma GCC unroll 10
        for (size_t j = 0; j < SUMS; j++)
            sum[j] = _mm512_fmadd_ps(sum[j], by, plus);
    volatile float keep = _mm512_reduce_add_ps(sum[rounds % SUMS]);
    (void)keep;
    return 2.0 * 16 * SUMS * (double)rounds;
}

const struct kernels_simd kernels_simd_avx512 = {
    .name = "AVX-512",
    .dot = {simd_avx512_dot_f32, simd_avx512_dot_f16, simd_avx512_dot_bf16, simd_avx2_dot_q8_0,
            simd_avx2_dot_q4_0},
    .dot_4 = {simd_avx512_dot_4_f32, simd_avx512_dot_4_f16, simd_avx512_dot_4_bf16},
    .unpack = {simd_unpack_f32, simd_avx512_unpack_f16, simd_avx512_unpack_bf16,
               simd_avx512_unpack_q8_0, simd_avx512_unpack_q4_0},
    .quantise = simd_avx2_quantise,
    .halve = simd_avx2_halve,
    .add_halves = simd_avx512_add_halves,
    .exps = simd_avx512_exps,
    .squares = simd_avx512_squares,
    .swiglu = simd_avx512_swiglu,
    .read = simd_avx512_read,
    .flops = simd_avx512_flops,
    .int_ops = simd_avx2_int_ops,
};
#endif
