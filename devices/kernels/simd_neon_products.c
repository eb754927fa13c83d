/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Many rows times quantised weights by SDOT: 16 outputs at a time lie four inputs each in four
 * vectors, and meet four numbers of a row at once. Compiled and called as simd_neon_dot.c is. */
#include "devices/kernels/simd_neon.h"

#if defined(__aarch64__)
#include <string.h>

/* Rows that weights in registers meet, and vectors of four outputs. */
enum { ROWS = 4, FOURS = SIMD_PANEL / 4 };

/* 16 bytes of each of four outputs, `apart` bytes one behind the other, so that vector i has the
 * bytes 4 i to 4 i + 3 of all. */
NEON_INLINE void turn(const char *from, size_t apart, uint8x16_t out[4])
{
    uint32x4_t row[4];
    for (size_t i = 0; i < 4; i++)
        row[i] = vreinterpretq_u32_u8(vld1q_u8((const uint8_t *)(from + i * apart)));
    for (size_t i = 0; i < 2; i++) {
        uint64x2_t first =
            vreinterpretq_u64_u32(i ? vtrn2q_u32(row[0], row[1]) : vtrn1q_u32(row[0], row[1]));
        uint64x2_t second =
            vreinterpretq_u64_u32(i ? vtrn2q_u32(row[2], row[3]) : vtrn1q_u32(row[2], row[3]));
        out[i] = vreinterpretq_u8_u64(vtrn1q_u64(first, second));
        out[i + 2] = vreinterpretq_u8_u64(vtrn2q_u64(first, second));
    }
}

/* Each block begins with its scale. */
NEON_INLINE void turn_scales(const char *from, size_t apart, float *out)
{
    uint16_t scale[SIMD_PANEL];
    for (size_t i = 0; i < SIMD_PANEL; i++)
        memcpy(&scale[i], from + i * apart, sizeof *scale);
    for (size_t i = 0; i < SIMD_PANEL; i += 4)
        vst1q_f32(out + i, vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(scale + i))));
}

void simd_neon_dot_pack_q4_0(const void *weights, size_t apart, size_t n, struct simd_panel *out)
{
    const char *from = weights;
    for (size_t b = 0; b < n / BLOCK_VALUES; b++, from += sizeof(struct block_q4)) {
        uint8_t *to = out->value + b * BLOCK_VALUES * SIMD_PANEL;
        turn_scales(from, apart, out->scale + b * SIMD_PANEL);
        for (size_t four = 0; four < FOURS; four++, to += 16) {
            const char *first = from + 4 * four * apart + offsetof(struct block_q4, pair);
            uint8x16_t pairs[4];
            turn(first, apart, pairs);
            for (size_t i = 0; i < 4; i++) {
                vst1q_u8(to + 4 * SIMD_PANEL * i, vandq_u8(pairs[i], vdupq_n_u8(15)));
                vst1q_u8(to + 4 * SIMD_PANEL * (4 + i), vshrq_n_u8(pairs[i], 4));
            }
        }
    }
}

/* SDOT takes signed numbers as they are. */
void simd_neon_dot_pack_q8_0(const void *weights, size_t apart, size_t n, struct simd_panel *out)
{
    const char *from = weights;
    for (size_t b = 0; b < n / BLOCK_VALUES; b++, from += sizeof(struct block_q8)) {
        uint8_t *to = out->value + b * BLOCK_VALUES * SIMD_PANEL;
        turn_scales(from, apart, out->scale + b * SIMD_PANEL);
        for (size_t four = 0; four < FOURS; four++, to += 16)
            for (size_t half = 0; half < 2; half++) {
                const char *first = from + 4 * four * apart + offsetof(struct block_q8, value);
                uint8x16_t part[4];
                turn(first + 16 * half, apart, part);
                for (size_t i = 0; i < 4; i++)
                    vst1q_u8(to + 4 * SIMD_PANEL * (4 * half + i), part[i]);
            }
    }
}

/* Products of the inputs 4 lane to 4 lane + 3 of sixteen; the lane has to be a number in the text.
 */
#define ADD_FOUR(lane)                                                                             \
    for (size_t f = 0; f < FOURS; f++) {                                                           \
        int8x16_t four = vld1q_s8(value + 4 * SIMD_PANEL * (lane) + 16 * f);                       \
        for (size_t r = 0; r < rows; r++)                                                          \
            found[r][f] = vdotq_laneq_s32(found[r][f], four, x[r], lane);                          \
    }

NEON_INLINE void add_16(const int8_t *value, const int8x16_t x[ROWS], size_t rows,
                        int32x4_t found[ROWS][FOURS]){ADD_FOUR(0) ADD_FOUR(1) ADD_FOUR(2)
                                                          ADD_FOUR(3)}

/* One block of `rows` rows, a constant where this is called. */
NEON_INLINE void add_block(const struct simd_panel *panel, const struct block_x8 *const row[ROWS],
                           size_t rows, size_t b, float32x4_t sum[ROWS][FOURS])
{
    const int8_t *value = (const int8_t *)panel->value + b * BLOCK_VALUES * SIMD_PANEL;
    const float *scale = panel->scale + b * SIMD_PANEL;
    size_t group = b / BLOCK_GROUP, at = b % BLOCK_GROUP;
    int32x4_t found[ROWS][FOURS];
    for (size_t r = 0; r < rows; r++)
        for (size_t f = 0; f < FOURS; f++)
            found[r][f] = vdupq_n_s32(panel->wide ? 0 : (int32_t)row[r][group].minus_8[at]);
    for (size_t half = 0; half < 2; half++) {
        int8x16_t x[ROWS];
        for (size_t r = 0; r < rows; r++)
            x[r] = vld1q_s8(row[r][group].value[at] + 16 * half);
        add_16(value + 16 * SIMD_PANEL * half, x, rows, found);
    }
    for (size_t r = 0; r < rows; r++)
        for (size_t f = 0; f < FOURS; f++)
            sum[r][f] = vfmaq_f32(sum[r][f], vcvtq_f32_s32(found[r][f]),
                                  vmulq_n_f32(vld1q_f32(scale + 4 * f), row[r][group].scale[at]));
}

NEON_INLINE void multiply(const struct simd_panel *panel, const struct simd_rows *x, size_t rows,
                          float *y)
{
    float32x4_t sum[ROWS][FOURS];
    const struct block_x8 *row[ROWS];
    for (size_t r = 0; r < rows; r++) {
        row[r] = x->first + r * x->groups;
        for (size_t f = 0; f < FOURS; f++)
            sum[r][f] = vdupq_n_f32(0);
    }
    for (size_t b = 0; b < panel->n / BLOCK_VALUES; b++)
        add_block(panel, row, rows, b, sum);
    for (size_t r = 0; r < rows; r++)
        for (size_t f = 0; f < FOURS; f++)
            vst1q_f32(y + r * x->apart + 4 * f, sum[r][f]);
}

void simd_neon_dot_multiply(const struct simd_panel *panel, const struct simd_rows *x, float *y)
{
    struct simd_rows left = *x;
    for (; left.rows >= ROWS; left.rows -= ROWS) {
        multiply(panel, &left, ROWS, y);
        left.first += ROWS * x->groups;
        y += ROWS * x->apart;
    }
    for (; left.rows > 0; left.rows--) {
        multiply(panel, &left, 1, y);
        left.first += x->groups;
        y += x->apart;
    }
}
#endif
