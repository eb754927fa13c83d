/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Products of bytes in one instruction: unsigned by signed, four of them added to each sum. Stored
 * weights become unsigned by adding 8 or 128, which is taken off again by the activations' sum. */
#include "devices/kernels/simd_sets.h"

#if defined(__x86_64__)
#include <immintrin.h>
#include <string.h>

#define VNNI __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx2,fma,f16c")))

static VNNI inline __m512i load_512(const void *from)
{
    return _mm512_loadu_si512(from);
}

static VNNI inline __m256i load_256(const void *from)
{
    return _mm256_loadu_si256((const __m256i *)from);
}

/* Where in two vectors, which begin at the blocks 0 and 4 of eight, words of Q4_0 lie, nine of
 * which are a block: the scales, twice; and four words of nibbles of each block, two by two. */
static const uint16_t scale_places[16] = {0, 9, 18, 27, 32, 41, 50, 59,
                                          0, 9, 18, 27, 32, 41, 50, 59};
static const uint16_t nibble_places[32] = {1,  2,  10, 11, 19, 20, 28, 29, 33, 34, 42,
                                           43, 51, 52, 60, 61, 3,  4,  12, 13, 21, 22,
                                           30, 31, 35, 36, 44, 45, 53, 54, 62, 63};

/* 64 bytes from `at` on of blocks of Q4_0 that are `bytes` long; 0 behind them. */
static VNNI inline __m512i part_q4(const struct block_q4 *blocks, size_t at, size_t bytes)
{
    const char *from = (const char *)blocks + at;
    if (at + 64 <= bytes)
        return load_512(from);
    __mmask64 there = at < bytes ? ~0ull >> (64 - (bytes - at)) : 0;
    return _mm512_maskz_loadu_epi8(there, from);
}

static VNNI inline __m512 scales_q4(__m512i front, __m512i back, const struct block_x8 *x)
{
    __m512i places = _mm512_castsi256_si512(load_256(scale_places));
    __m512i all = _mm512_permutex2var_epi16(front, places, back);
    return _mm512_mul_ps(_mm512_cvtph_ps(_mm512_castsi512_si256(all)),
                         _mm512_broadcast_f32x8(_mm256_loadu_ps(x->scale)));
}

/* Products of the low and of the high nibbles of half of each block, added to sum: each of its 16
 * numbers belongs to one block. */
static VNNI inline __m512i add_half_q4(__m512i sum, __m512i pairs, const struct block_x8 *x,
                                       size_t half)
{
    __m512i low = _mm512_set1_epi8(15);
    sum = _mm512_dpbusd_epi32(sum, _mm512_and_si512(pairs, low), load_512(x->quad[2 * half]));
    return _mm512_dpbusd_epi32(sum, _mm512_and_si512(_mm512_srli_epi16(pairs, 4), low),
                               load_512(x->quad[4 + 2 * half]));
}

/* Up to eight blocks that are `bytes` long: sum[0] takes their products, sum[1] what the offset of
 * the nibbles takes off. */
static VNNI inline void add_q4(__m512 sum[2], const struct block_q4 *blocks, size_t bytes,
                               const struct block_x8 *x)
{
    __m512i places = load_512(nibble_places), found = _mm512_setzero_si512();
    __m512 scale = _mm512_setzero_ps();
    for (size_t half = 0; half < 2; half++) {
        __m512i front = part_q4(blocks, 8 * half, bytes);
        __m512i back = part_q4(blocks, 72 + 8 * half, bytes);
        if (half == 0)
            scale = scales_q4(front, back, x);
        found = add_half_q4(found, _mm512_permutex2var_epi16(front, places, back), x, half);
    }
    sum[0] = _mm512_fmadd_ps(scale, _mm512_cvtepi32_ps(found), sum[0]);
    sum[1] = _mm512_fmadd_ps(scale, _mm512_zextps256_ps512(_mm256_loadu_ps(x->minus_8)), sum[1]);
}

static VNNI inline __m256 scales_q8(const struct block_q8 *weights, const struct block_x8 *x)
{
    const char *at = (const char *)weights;
    __m512i low_place = _mm512_castsi128_si512(_mm_setr_epi16(0, 17, 34, 51, 0, 0, 0, 0));
    __m512i high_place = _mm512_castsi128_si512(_mm_setr_epi16(4, 21, 38, 55, 0, 0, 0, 0));
    __m512i low = _mm512_permutex2var_epi16(load_512(at), low_place, load_512(at + 64));
    __m512i high = _mm512_permutex2var_epi16(load_512(at + 128), high_place, load_512(at + 192));
    __m128i all = _mm_unpacklo_epi64(_mm512_castsi512_si128(low), _mm512_castsi512_si128(high));
    return _mm256_mul_ps(_mm256_cvtph_ps(all), _mm256_loadu_ps(x->scale));
}

static VNNI inline __m256 add_scaled(__m256 sum, __m256i weights, const int8_t *x,
                                     const float *scale)
{
    __m256i found = _mm256_dpbusd_epi32(_mm256_setzero_si256(), weights, load_256(x));
    return _mm256_fmadd_ps(_mm256_broadcast_ss(scale), _mm256_cvtepi32_ps(found), sum);
}

static VNNI inline float total(const __m256 sum[4])
{
    __m256 all = _mm256_add_ps(_mm256_add_ps(sum[0], sum[1]), _mm256_add_ps(sum[2], sum[3]));
    return _mm512_reduce_add_ps(_mm512_zextps256_ps512(all));
}

static VNNI float dot_q8_0(const void *weights, const void *x, size_t n)
{
    const struct block_q8 *w = weights;
    const struct block_x8 *v = x;
    __m256 sum[4] = {_mm256_setzero_ps(), _mm256_setzero_ps(), _mm256_setzero_ps(),
                     _mm256_setzero_ps()};
    __m256i flip = _mm256_set1_epi8((char)0x80);
    size_t b = 0;
    for (; b + BLOCK_GROUP <= n / BLOCK_VALUES; b += BLOCK_GROUP, v++) {
        float scale[BLOCK_GROUP];
        __m256 all = scales_q8(&w[b], v), times = _mm256_set1_ps(16);
        _mm256_storeu_ps(scale, all);
        sum[0] = _mm256_fmadd_ps(_mm256_mul_ps(all, times), _mm256_loadu_ps(v->minus_8), sum[0]);
#pragma GCC unroll 8
        for (size_t i = 0; i < BLOCK_GROUP; i++)
            sum[i % 4] = add_scaled(sum[i % 4], _mm256_xor_si256(load_256(w[b + i].value), flip),
                                    v->value[i], &scale[i]);
    }
    float rest = 0;
    for (size_t i = 0; b < n / BLOCK_VALUES; b++, i++) {
        float scale = _cvtsh_ss(w[b].scale) * v->scale[i];
        rest += 16 * scale * v->minus_8[i];
        sum[i % 4] = add_scaled(sum[i % 4], _mm256_xor_si256(load_256(w[b].value), flip),
                                v->value[i], &scale);
    }
    return rest + total(sum);
}

static VNNI float dot_q4_0(const void *weights, const void *x, size_t n)
{
    enum { GROUP_BYTES = BLOCK_GROUP * sizeof(struct block_q4) };
    const struct block_q4 *w = weights;
    const struct block_x8 *v = x;
    size_t blocks = n / BLOCK_VALUES, b = 0;
    __m512 sum[2] = {_mm512_setzero_ps(), _mm512_setzero_ps()};
    for (; b + BLOCK_GROUP <= blocks; b += BLOCK_GROUP, v++)
        add_q4(sum, &w[b], GROUP_BYTES, v);
    if (b < blocks)
        add_q4(sum, &w[b], (blocks - b) * sizeof *w, v);
    return _mm512_reduce_add_ps(_mm512_add_ps(sum[0], sum[1]));
}

/* Four numbers of each of eight blocks in turn; those of blocks that there are not count as 0. */
static VNNI void quantise(const float *x, struct block_x8 *out, size_t n)
{
    size_t rest = n / BLOCK_VALUES % BLOCK_GROUP, groups = n / BLOCK_GROUP_VALUES;
    if (rest > 0)
        memset(&out[groups++], 0, sizeof *out);
    simd_avx2_quantise(x, out, n);
    for (size_t group = 0; group < groups; group++)
        for (size_t block = 0; block < BLOCK_GROUP; block++)
            for (size_t j = 0; j < BLOCK_VALUES / 4; j++)
                memcpy(out[group].quad[j][block], out[group].value[block] + 4 * j, 4);
}

enum { SUMS = 10 };

static VNNI double int_ops(size_t rounds)
{
    __m512i sum[SUMS], by = _mm512_set1_epi8(3);
    for (int j = 0; j < SUMS; j++)
        sum[j] = _mm512_set1_epi8((char)j);
    for (size_t i = 0; i < rounds; i++)
#pragma GCC unroll 10
        for (size_t j = 0; j < SUMS; j++)
            sum[j] = _mm512_dpbusd_epi32(sum[j], by, by);
    volatile int32_t keep = _mm512_reduce_add_epi32(sum[rounds % SUMS]);
    (void)keep;
    return 2.0 * 64 * SUMS * (double)rounds;
}

const struct kernels_simd kernels_simd_vnni = {
    .name = "AVX-512 VNNI",
    .dot = {simd_avx512_dot_f32, simd_avx512_dot_f16, simd_avx512_dot_bf16, dot_q8_0, dot_q4_0},
    .dot_4 = {simd_avx512_dot_4_f32, simd_avx512_dot_4_f16, simd_avx512_dot_4_bf16},
    .unpack = {simd_unpack_f32, simd_avx512_unpack_f16, simd_avx512_unpack_bf16,
               simd_avx512_unpack_q8_0, simd_avx512_unpack_q4_0},
    .quantise = quantise,
    .pack = {[KERNELS_Q8_0] = simd_vnni_pack_q8_0, [KERNELS_Q4_0] = simd_vnni_pack_q4_0},
    .multiply = simd_vnni_multiply,
    .halve = simd_avx2_halve,
    .add_halves = simd_avx512_add_halves,
    .exps = simd_avx512_exps,
    .squares = simd_avx512_squares,
    .swiglu = simd_avx512_swiglu,
    .read = simd_avx512_read,
    .flops = simd_avx512_flops,
    .int_ops = int_ops,
};
#endif
