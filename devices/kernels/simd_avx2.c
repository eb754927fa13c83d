/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "devices/kernels/simd_sets.h"

#if defined(__x86_64__)
#include <immintrin.h>
#include <string.h>

#define AVX2 __attribute__((target("avx2,fma,f16c")))

static AVX2 inline float sum_of(__m256 x)
{
    __m128 half = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
    half = _mm_add_ps(half, _mm_movehl_ps(half, half));
    return _mm_cvtss_f32(_mm_add_ss(half, _mm_movehdup_ps(half)));
}

static AVX2 inline float sum_of_four(const __m256 x[4])
{
    return sum_of(_mm256_add_ps(_mm256_add_ps(x[0], x[1]), _mm256_add_ps(x[2], x[3])));
}

static AVX2 inline __m256 half_8(const uint16_t *from)
{
    return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(const void *)from));
}

static AVX2 inline __m256 bfloat_8(const uint16_t *from)
{
    __m128i raw = _mm_loadu_si128((const __m128i *)(const void *)from);
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(raw), 16));
}

static AVX2 float dot_f32(const void *weights, const void *x, size_t n)
{
    const float *w = weights, *v = x;
    __m256 sum[4] = {_mm256_setzero_ps(), _mm256_setzero_ps(), _mm256_setzero_ps(),
                     _mm256_setzero_ps()};
    size_t i = 0;
    for (; i + 32 <= n; i += 32)
        for (size_t j = 0; j < 4; j++)
            sum[j] = _mm256_fmadd_ps(_mm256_loadu_ps(w + i + 8 * j), _mm256_loadu_ps(v + i + 8 * j),
                                     sum[j]);
    float rest = 0;
    for (; i < n; i++)
        rest += w[i] * v[i];
    return rest + sum_of_four(sum);
}

static AVX2 float dot_f16(const void *weights, const void *x, size_t n)
{
    const uint16_t *w = weights;
    const float *v = x;
    __m256 even = _mm256_setzero_ps(), odd = _mm256_setzero_ps();
    size_t i = 0;
    for (; i + 16 <= n; i += 16) {
        even = _mm256_fmadd_ps(half_8(w + i), _mm256_loadu_ps(v + i), even);
        odd = _mm256_fmadd_ps(half_8(w + i + 8), _mm256_loadu_ps(v + i + 8), odd);
    }
    float rest = 0;
    for (; i < n; i++)
        rest += _cvtsh_ss(w[i]) * v[i];
    return rest + sum_of(_mm256_add_ps(even, odd));
}

static AVX2 float dot_bf16(const void *weights, const void *x, size_t n)
{
    const uint16_t *w = weights;
    const float *v = x;
    __m256 even = _mm256_setzero_ps(), odd = _mm256_setzero_ps();
    size_t i = 0;
    for (; i + 16 <= n; i += 16) {
        even = _mm256_fmadd_ps(bfloat_8(w + i), _mm256_loadu_ps(v + i), even);
        odd = _mm256_fmadd_ps(bfloat_8(w + i + 8), _mm256_loadu_ps(v + i + 8), odd);
    }
    float rest = 0;
    for (; i < n; i++)
        rest += block_from_bfloat(w[i]) * v[i];
    return rest + sum_of(_mm256_add_ps(even, odd));
}

/* Scales of the weights of eight blocks that lie so many bytes apart times those of activations. */
static AVX2 inline __m256 scales(const void *weights, size_t apart, const struct block_x8 *x)
{
    const char *at = weights;
    uint16_t scale[BLOCK_GROUP];
    for (size_t i = 0; i < BLOCK_GROUP; i++)
        memcpy(&scale[i], at + i * apart, sizeof scale[i]);
    __m128i all =
        _mm_setr_epi16((short)scale[0], (short)scale[1], (short)scale[2], (short)scale[3],
                       (short)scale[4], (short)scale[5], (short)scale[6], (short)scale[7]);
    return _mm256_mul_ps(_mm256_cvtph_ps(all), _mm256_loadu_ps(x->scale));
}

/* The nibbles of a block as bytes, in the order of the numbers. */
static AVX2 inline __m256i nibbles(const struct block_q4 *block)
{
    __m128i raw = _mm_loadu_si128((const __m128i *)(const void *)block->pair);
    __m256i both = _mm256_inserti128_si256(_mm256_castsi128_si256(raw), _mm_srli_epi16(raw, 4), 1);
    return _mm256_and_si256(both, _mm256_set1_epi8(15));
}

/* Sums of four products of unsigned with signed bytes: pairs stay below 2^15 while the unsigned
 * ones are at most 128. */
static AVX2 inline __m256i products(__m256i unsigned_bytes, __m256i signed_bytes)
{
    return _mm256_madd_epi16(_mm256_maddubs_epi16(unsigned_bytes, signed_bytes),
                             _mm256_set1_epi16(1));
}

static AVX2 inline __m256i bytes_of(const int8_t *value)
{
    return _mm256_loadu_si256((const __m256i *)(const void *)value);
}

AVX2 float simd_avx2_dot_q8_0(const void *weights, const void *x, size_t n)
{
    const struct block_q8 *w = weights;
    const struct block_x8 *v = x;
    __m256 sum[4] = {_mm256_setzero_ps(), _mm256_setzero_ps(), _mm256_setzero_ps(),
                     _mm256_setzero_ps()};
    size_t b = 0;
    for (; b + BLOCK_GROUP <= n / BLOCK_VALUES; b += BLOCK_GROUP, v++) {
        float scale[BLOCK_GROUP];
        _mm256_storeu_ps(scale, scales(&w[b], sizeof *w, v));
#pragma GCC unroll 8
        for (size_t i = 0; i < BLOCK_GROUP; i++) {
            __m256i value = bytes_of(w[b + i].value);
            __m256i found =
                products(_mm256_abs_epi8(value), _mm256_sign_epi8(bytes_of(v->value[i]), value));
            sum[i % 4] = _mm256_fmadd_ps(_mm256_broadcast_ss(&scale[i]), _mm256_cvtepi32_ps(found),
                                         sum[i % 4]);
        }
    }
    for (size_t i = 0; b < n / BLOCK_VALUES; b++, i++) {
        __m256 scale = _mm256_set1_ps(_cvtsh_ss(w[b].scale) * v->scale[i]);
        __m256i value = bytes_of(w[b].value);
        __m256i found =
            products(_mm256_abs_epi8(value), _mm256_sign_epi8(bytes_of(v->value[i]), value));
        sum[i % 4] = _mm256_fmadd_ps(scale, _mm256_cvtepi32_ps(found), sum[i % 4]);
    }
    return sum_of_four(sum);
}

AVX2 float simd_avx2_dot_q4_0(const void *weights, const void *x, size_t n)
{
    const struct block_q4 *w = weights;
    const struct block_x8 *v = x;
    __m256 sum[4] = {_mm256_setzero_ps(), _mm256_setzero_ps(), _mm256_setzero_ps(),
                     _mm256_setzero_ps()};
    size_t b = 0;
    for (; b + BLOCK_GROUP <= n / BLOCK_VALUES; b += BLOCK_GROUP, v++) {
        float scale[BLOCK_GROUP];
        __m256 all = scales(&w[b], sizeof *w, v);
        _mm256_storeu_ps(scale, all);
        sum[0] = _mm256_fmadd_ps(all, _mm256_loadu_ps(v->minus_8), sum[0]);
#pragma GCC unroll 8
        for (size_t i = 0; i < BLOCK_GROUP; i++) {
            __m256i found = products(nibbles(&w[b + i]), bytes_of(v->value[i]));
            sum[i % 4] = _mm256_fmadd_ps(_mm256_broadcast_ss(&scale[i]), _mm256_cvtepi32_ps(found),
                                         sum[i % 4]);
        }
    }
    float rest = 0;
    for (size_t i = 0; b < n / BLOCK_VALUES; b++, i++) {
        float scale = _cvtsh_ss(w[b].scale) * v->scale[i];
        __m256i found = products(nibbles(&w[b]), bytes_of(v->value[i]));
        rest += scale * v->minus_8[i];
        sum[i % 4] = _mm256_fmadd_ps(_mm256_set1_ps(scale), _mm256_cvtepi32_ps(found), sum[i % 4]);
    }
    return rest + sum_of_four(sum);
}

static AVX2 void unpack_f16(const void *weights, float *out, size_t n)
{
    const uint16_t *w = weights;
    size_t i = 0;
    for (; i + 8 <= n; i += 8)
        _mm256_storeu_ps(out + i, half_8(w + i));
    for (; i < n; i++)
        out[i] = _cvtsh_ss(w[i]);
}

static AVX2 void unpack_bf16(const void *weights, float *out, size_t n)
{
    const uint16_t *w = weights;
    size_t i = 0;
    for (; i + 8 <= n; i += 8)
        _mm256_storeu_ps(out + i, bfloat_8(w + i));
    for (; i < n; i++)
        out[i] = block_from_bfloat(w[i]);
}

/* 32 signed bytes times a scale. */
static AVX2 inline void store_bytes(__m256i value, __m256 scale, float *out)
{
    __m128i half[2] = {_mm256_castsi256_si128(value), _mm256_extracti128_si256(value, 1)};
    for (size_t j = 0; j < 4; j++) {
        __m128i eight = j % 2 ? _mm_srli_si128(half[j / 2], 8) : half[j / 2];
        __m256 number = _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(eight));
        _mm256_storeu_ps(out + 8 * j, _mm256_mul_ps(number, scale));
    }
}

static AVX2 void unpack_q8_0(const void *weights, float *out, size_t n)
{
    const struct block_q8 *w = weights;
    for (size_t b = 0; b < n / BLOCK_VALUES; b++)
        store_bytes(bytes_of(w[b].value), _mm256_set1_ps(_cvtsh_ss(w[b].scale)),
                    out + b * BLOCK_VALUES);
}

static AVX2 void unpack_q4_0(const void *weights, float *out, size_t n)
{
    const struct block_q4 *w = weights;
    for (size_t b = 0; b < n / BLOCK_VALUES; b++)
        store_bytes(_mm256_sub_epi8(nibbles(&w[b]), _mm256_set1_epi8(8)),
                    _mm256_set1_ps(_cvtsh_ss(w[b].scale)), out + b * BLOCK_VALUES);
}

static AVX2 inline float most_of(const __m256 value[4])
{
    __m256 sign = _mm256_set1_ps(-0.0f);
    __m256 most = _mm256_setzero_ps();
    for (size_t j = 0; j < 4; j++)
        most = _mm256_max_ps(most, _mm256_andnot_ps(sign, value[j]));
    __m128 half = _mm_max_ps(_mm256_castps256_ps128(most), _mm256_extractf128_ps(most, 1));
    half = _mm_max_ps(half, _mm_movehl_ps(half, half));
    return _mm_cvtss_f32(_mm_max_ss(half, _mm_movehdup_ps(half)));
}

/* Packs four vectors of eight 32-bit numbers into bytes in their order. */
static AVX2 inline __m256i pack_bytes(const __m256i number[4])
{
    __m256i low = _mm256_packs_epi32(number[0], number[1]);
    __m256i high = _mm256_packs_epi32(number[2], number[3]);
    return _mm256_permutevar8x32_epi32(_mm256_packs_epi16(low, high),
                                       _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
}

static AVX2 inline int32_t sum_of_32(__m256i x)
{
    __m128i half = _mm_add_epi32(_mm256_castsi256_si128(x), _mm256_extracti128_si256(x, 1));
    half = _mm_add_epi32(half, _mm_shuffle_epi32(half, 0x4e));
    return _mm_cvtsi128_si32(_mm_add_epi32(half, _mm_shuffle_epi32(half, 0xb1)));
}

AVX2 void simd_avx2_quantise(const float *x, struct block_x8 *out, size_t n)
{
    for (size_t b = 0; b < n / BLOCK_VALUES; b++, x += BLOCK_VALUES) {
        __m256 value[4];
        for (size_t j = 0; j < 4; j++)
            value[j] = _mm256_loadu_ps(x + 8 * j);
        float most = most_of(value);
        __m256 inverse = _mm256_set1_ps(most > 0 ? 127 / most : 0);
        __m256i number[4], sum = _mm256_setzero_si256();
        for (size_t j = 0; j < 4; j++) {
            number[j] = _mm256_cvtps_epi32(_mm256_mul_ps(value[j], inverse));
            sum = _mm256_add_epi32(sum, number[j]);
        }
        struct block_x8 *group = &out[b / BLOCK_GROUP];
        size_t at = b % BLOCK_GROUP;
        _mm256_storeu_si256((__m256i *)(void *)group->value[at], pack_bytes(number));
        group->scale[at] = most / 127;
        group->minus_8[at] = -8 * (float)sum_of_32(sum);
    }
}

AVX2 void simd_avx2_halve(const float *x, uint16_t *out, size_t n)
{
    size_t i = 0;
    for (; i + 8 <= n; i += 8)
        _mm_storeu_si128((__m128i *)(void *)(out + i),
                         _mm256_cvtps_ph(_mm256_loadu_ps(x + i), _MM_FROUND_TO_NEAREST_INT));
    for (; i < n; i++)
        out[i] = _cvtss_sh(x[i], _MM_FROUND_TO_NEAREST_INT);
}

static AVX2 void add_halves(float *to, const float *weight, const uint16_t *row, size_t rows,
                            size_t n)
{
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        __m256 sum = _mm256_loadu_ps(to + i);
        for (size_t j = 0; j < rows; j++)
            sum = _mm256_fmadd_ps(_mm256_broadcast_ss(weight + j), half_8(row + j * n + i), sum);
        _mm256_storeu_ps(to + i, sum);
    }
    for (; i < n; i++)
        for (size_t j = 0; j < rows; j++)
            to[i] += weight[j] * _cvtsh_ss(row[j * n + i]);
}

/* e^x = 2^k e^r with |r| <= ln(2)/2, ln(2) in two parts so that k ln(2) is taken off exactly (Cody
 * and Waite 1980), and the Taylor series of e^r to the seventh power. */
static AVX2 inline __m256 exp_8(__m256 x)
{
    static const float term[] = {1.f / 720, 1.f / 120, 1.f / 24, 1.f / 6, 0.5f, 1, 1};
    __m256 least = _mm256_set1_ps(-87), bounded = _mm256_min_ps(x, _mm256_set1_ps(88));
    bounded = _mm256_max_ps(bounded, least);
    __m256 k = _mm256_round_ps(_mm256_mul_ps(bounded, _mm256_set1_ps(1.44269504f)),
                               _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    __m256 r = _mm256_fnmadd_ps(k, _mm256_set1_ps(0.693359375f), bounded);
    r = _mm256_fnmadd_ps(k, _mm256_set1_ps(-2.12194440e-4f), r);
    __m256 sum = _mm256_set1_ps(1.f / 5040);
    for (size_t i = 0; i < sizeof term / sizeof *term; i++)
        sum = _mm256_fmadd_ps(sum, r, _mm256_set1_ps(term[i]));
    __m256i power = _mm256_slli_epi32(_mm256_cvtps_epi32(k), 23);
    __m256 value = _mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(sum), power));
    return _mm256_and_ps(value, _mm256_cmp_ps(x, least, _CMP_GE_OQ));
}

static AVX2 float exps(float *x, float most, size_t n)
{
    __m256 sum = _mm256_setzero_ps(), shift = _mm256_set1_ps(most);
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        __m256 value = exp_8(_mm256_sub_ps(_mm256_loadu_ps(x + i), shift));
        _mm256_storeu_ps(x + i, value);
        sum = _mm256_add_ps(sum, value);
    }
    return sum_of(sum) + kernels_simd_scalar.exps(x + i, most, n - i);
}

static AVX2 float squares(const float *x, size_t n)
{
    return dot_f32(x, x, n);
}

static AVX2 void swiglu(const float *gate, const float *up, float *y, size_t n)
{
    __m256 one = _mm256_set1_ps(1);
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        __m256 value = _mm256_loadu_ps(gate + i);
        __m256 below = _mm256_add_ps(one, exp_8(_mm256_sub_ps(_mm256_setzero_ps(), value)));
        value = _mm256_div_ps(value, below);
        _mm256_storeu_ps(y + i, up ? _mm256_mul_ps(value, _mm256_loadu_ps(up + i)) : value);
    }
    kernels_simd_scalar.swiglu(gate + i, up ? up + i : NULL, y + i, n - i);
}

static AVX2 float read_all(const float *a, size_t n)
{
    __m256 sum[4] = {_mm256_setzero_ps(), _mm256_setzero_ps(), _mm256_setzero_ps(),
                     _mm256_setzero_ps()};
    for (size_t i = 0; i + 32 <= n; i += 32)
        for (size_t j = 0; j < 4; j++)
            sum[j] = _mm256_add_ps(sum[j], _mm256_loadu_ps(a + i + 8 * j));
    return sum_of_four(sum);
}

/* Ten sums at once: more than what two units of four or five cycles have under way. */
enum { SUMS = 10 };

static AVX2 double flops(size_t rounds)
{
    __m256 sum[SUMS], by = _mm256_set1_ps(0.999f), plus = _mm256_set1_ps(1e-6f);
    for (size_t j = 0; j < SUMS; j++)
        sum[j] = _mm256_set1_ps((float)j);
    for (size_t i = 0; i < rounds; i++)
#pragma GCC unroll 10
        for (size_t j = 0; j < SUMS; j++)
            sum[j] = _mm256_fmadd_ps(sum[j], by, plus);
    volatile float keep = sum_of(sum[rounds % SUMS]);
    (void)keep;
    return 2.0 * 8 * SUMS * (double)rounds;
}

AVX2 double simd_avx2_int_ops(size_t rounds)
{
    __m256i sum[SUMS], by = _mm256_set1_epi8(3);
    for (int j = 0; j < SUMS; j++)
        sum[j] = _mm256_set1_epi8((char)j);
    for (size_t i = 0; i < rounds; i++)
#pragma GCC unroll 10
        for (size_t j = 0; j < SUMS; j++)
            sum[j] = _mm256_add_epi32(sum[j], products(by, sum[j]));
    volatile int32_t keep = sum_of_32(sum[rounds % SUMS]);
    (void)keep;
    return 2.0 * 32 * SUMS * (double)rounds;
}

const struct kernels_simd kernels_simd_avx2 = {
    .name = "AVX2",
    .dot = {dot_f32, dot_f16, dot_bf16, simd_avx2_dot_q8_0, simd_avx2_dot_q4_0},
    .unpack = {simd_unpack_f32, unpack_f16, unpack_bf16, unpack_q8_0, unpack_q4_0},
    .quantise = simd_avx2_quantise,
    .halve = simd_avx2_halve,
    .add_halves = add_halves,
    .exps = exps,
    .squares = squares,
    .swiglu = swiglu,
    .read = read_all,
    .flops = flops,
    .int_ops = simd_avx2_int_ops,
};
#endif
