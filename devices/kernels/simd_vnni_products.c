/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Many rows times quantised weights, in 8-bit integers: 16 outputs at a time lie four inputs each
 * in a vector, and meet four numbers of a row that are repeated 16 times. */
#include "devices/kernels/simd_sets.h"

#if defined(__x86_64__)
#include <immintrin.h>
#include <string.h>

#define VNNI __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx2,fma,f16c")))

/* Rows that weights in registers meet; their sums stay there too. */
enum { ROWS = 8 };

/* 16 bytes of each of 16 outputs, `apart` bytes one behind the other, so that vector i has the
 * bytes 4 i to 4 i + 3 of all. */
static VNNI inline void turn(const char *from, size_t apart, __m512i out[4])
{
    __m512i row[4], low[2], high[2];
    for (size_t i = 0; i < 4; i++) {
        row[i] = _mm512_castsi128_si512(_mm_loadu_si128((const __m128i *)(from + i * apart)));
        row[i] = _mm512_inserti32x4(row[i],
                                    _mm_loadu_si128((const __m128i *)(from + (4 + i) * apart)), 1);
        row[i] = _mm512_inserti32x4(row[i],
                                    _mm_loadu_si128((const __m128i *)(from + (8 + i) * apart)), 2);
        row[i] = _mm512_inserti32x4(row[i],
                                    _mm_loadu_si128((const __m128i *)(from + (12 + i) * apart)), 3);
    }
    for (size_t i = 0; i < 2; i++) {
        low[i] = _mm512_unpacklo_epi32(row[2 * i], row[2 * i + 1]);
        high[i] = _mm512_unpackhi_epi32(row[2 * i], row[2 * i + 1]);
    }
    out[0] = _mm512_unpacklo_epi64(low[0], low[1]);
    out[1] = _mm512_unpackhi_epi64(low[0], low[1]);
    out[2] = _mm512_unpacklo_epi64(high[0], high[1]);
    out[3] = _mm512_unpackhi_epi64(high[0], high[1]);
}

/* Each block begins with its scale. */
static VNNI inline void turn_scales(const char *from, size_t apart, float *out)
{
    uint16_t scale[SIMD_PANEL];
    for (size_t i = 0; i < SIMD_PANEL; i++)
        memcpy(&scale[i], from + i * apart, sizeof *scale);
    _mm512_storeu_ps(out,
                     _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(const void *)scale)));
}

VNNI void simd_vnni_pack_q4_0(const void *weights, size_t apart, size_t n, struct simd_panel *out)
{
    const char *from = weights;
    __m512i low = _mm512_set1_epi8(15), pairs[4];
    for (size_t b = 0; b < n / BLOCK_VALUES; b++, from += sizeof(struct block_q4)) {
        uint8_t *to = out->value + b * BLOCK_VALUES * SIMD_PANEL;
        turn_scales(from, apart, out->scale + b * SIMD_PANEL);
        turn(from + offsetof(struct block_q4, pair), apart, pairs);
        for (size_t i = 0; i < 4; i++) {
            _mm512_storeu_si512(to + 64 * i, _mm512_and_si512(pairs[i], low));
            _mm512_storeu_si512(to + 64 * (4 + i),
                                _mm512_and_si512(_mm512_srli_epi16(pairs[i], 4), low));
        }
    }
}

VNNI void simd_vnni_pack_q8_0(const void *weights, size_t apart, size_t n, struct simd_panel *out)
{
    const char *from = weights;
    __m512i flip = _mm512_set1_epi8((char)0x80), part[4];
    for (size_t b = 0; b < n / BLOCK_VALUES; b++, from += sizeof(struct block_q8)) {
        uint8_t *to = out->value + b * BLOCK_VALUES * SIMD_PANEL;
        turn_scales(from, apart, out->scale + b * SIMD_PANEL);
        for (size_t half = 0; half < 2; half++) {
            turn(from + offsetof(struct block_q8, value) + 16 * half, apart, part);
            for (size_t i = 0; i < 4; i++)
                _mm512_storeu_si512(to + 64 * (4 * half + i), _mm512_xor_si512(part[i], flip));
        }
    }
}

/* What a row's numbers in block `b` add to each sum before the weights do: it takes off the offset
 * of the weights, 8 or 16 times as much. */
static VNNI inline __m512i first_sum(const struct block_x8 *x, size_t b, bool wide)
{
    __m512i sum = _mm512_cvttps_epi32(_mm512_set1_ps(x[b / BLOCK_GROUP].minus_8[b % BLOCK_GROUP]));
    return wide ? _mm512_slli_epi32(sum, 4) : sum;
}

static VNNI inline __m512i four_of(const struct block_x8 *x, size_t b, size_t four)
{
    int32_t value;
    memcpy(&value, x[b / BLOCK_GROUP].value[b % BLOCK_GROUP] + 4 * four, sizeof value);
    return _mm512_set1_epi32(value);
}

/* `rows` rows, a constant where this is called. */
static VNNI inline __attribute__((always_inline)) void
multiply(const struct simd_panel *panel, const struct simd_rows *x, size_t rows, float *y)
{
    bool wide = panel->wide;
    __m512 sum[ROWS];
    const struct block_x8 *row[ROWS];
    for (size_t r = 0; r < rows; r++) {
        sum[r] = _mm512_setzero_ps();
        row[r] = x->first + r * x->groups;
    }
    for (size_t b = 0; b < panel->n / BLOCK_VALUES; b++) {
        const uint8_t *value = panel->value + b * BLOCK_VALUES * SIMD_PANEL;
        __m512i found[ROWS];
        for (size_t r = 0; r < rows; r++)
            found[r] = first_sum(row[r], b, wide);
#pragma GCC unroll 8
        for (size_t four = 0; four < BLOCK_VALUES / 4; four++) {
            __m512i weights = _mm512_loadu_si512(value + 64 * four);
#pragma GCC unroll 8
            for (size_t r = 0; r < rows; r++)
                found[r] = _mm512_dpbusd_epi32(found[r], weights, four_of(row[r], b, four));
        }
        __m512 scale = _mm512_loadu_ps(panel->scale + b * SIMD_PANEL);
        for (size_t r = 0; r < rows; r++) {
            __m512 both = _mm512_mul_ps(
                scale, _mm512_set1_ps(row[r][b / BLOCK_GROUP].scale[b % BLOCK_GROUP]));
            sum[r] = _mm512_fmadd_ps(both, _mm512_cvtepi32_ps(found[r]), sum[r]);
        }
    }
    for (size_t r = 0; r < rows; r++)
        _mm512_storeu_ps(y + r * x->apart, sum[r]);
}

VNNI void simd_vnni_multiply(const struct simd_panel *panel, const struct simd_rows *x, float *y)
{
    struct simd_rows left = *x;
    for (; left.rows >= ROWS; left.rows -= ROWS) {
        multiply(panel, &left, ROWS, y);
        left.first += ROWS * x->groups;
        y += ROWS * x->apart;
    }
    for (; left.rows >= 4; left.rows -= 4) {
        multiply(panel, &left, 4, y);
        left.first += 4 * x->groups;
        y += 4 * x->apart;
    }
    for (; left.rows > 0; left.rows--) {
        multiply(panel, &left, 1, y);
        left.first += x->groups;
        y += x->apart;
    }
}
#endif
