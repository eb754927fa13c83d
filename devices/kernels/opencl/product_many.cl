/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Many rows times weights in FORMAT. A group of ACROSS x DOWN items makes a tile of TILE_ROWS x
 * TILE_OUTPUTS, in steps of DEPTH columns that pass through local memory, weights unpacked and both
 * turned so that an item reads four neighbours at once. It keeps QUADS_DOWN x QUADS_ACROSS squares
 * of 4 x 4 sums, which lie apart so that neighbouring items read neighbouring words. */
#define TILE_ROWS (4 * DOWN * QUADS_DOWN)
#define TILE_OUTPUTS (4 * ACROSS * QUADS_ACROSS)
#define MANY JOIN(JOIN(product_many, FORMAT), TILE)

kernel __attribute__((reqd_work_group_size(ACROSS, DOWN, 1))) void
MANY(const global char *restrict weights, ulong weights_at, ulong row_bytes,
     const global char *restrict x, ulong x_at, global char *restrict y, ulong y_at, uint rows,
     uint outputs, uint columns)
{
    local float4 xs[DEPTH][TILE_ROWS / 4 + 1], ws[DEPTH][TILE_OUTPUTS / 4 + 1];
    uint across = get_local_id(0), down = get_local_id(1), item = down * ACROSS + across;
    uint first_row = get_group_id(0) * TILE_ROWS, first_output = get_group_id(1) * TILE_OUTPUTS;
    float4 sum[QUADS_DOWN][4][QUADS_ACROSS];
#pragma unroll
    for (uint i = 0; i < QUADS_DOWN; i++)
#pragma unroll
        for (uint r = 0; r < 4; r++)
#pragma unroll
            for (uint j = 0; j < QUADS_ACROSS; j++)
                sum[i][r][j] = (float4)(0.0f);

    for (uint begin = 0; begin < columns; begin += DEPTH) {
        for (uint u = item; u < TILE_ROWS * DEPTH / 4; u += ACROSS * DOWN) {
            uint at = u / (DEPTH / 4), k = u % (DEPTH / 4) * 4, row = first_row + at;
            const global float *from = AT(const float, x, x_at) + (ulong)row * columns + begin + k;
            uint left = row < rows && begin + k < columns ? columns - begin - k : 0;
            float4 four = left >= 4 ? vload4(0, from) : first_of(from, left);
            put_turned((local float *)xs, TILE_ROWS + 4, k, at, four);
        }
        for (uint u = item; u < TILE_OUTPUTS * DEPTH / 4; u += ACROSS * DOWN) {
            uint at = u / (DEPTH / 4), k = u % (DEPTH / 4) * 4, output = first_output + at;
            const global char *from = AT(const char, weights, weights_at) + row_bytes * output;
            uint left = output < outputs && begin + k < columns ? columns - begin - k : 0;
            float4 four = (float4)(0.0f);
            if (left >= 4)
                four = JOIN(four, FORMAT)(from, begin + k);
            else if (left > 0) {
                four.s0 = JOIN(value, FORMAT)(from, begin + k);
                four.s1 = left > 1 ? JOIN(value, FORMAT)(from, begin + k + 1) : 0.0f;
                four.s2 = left > 2 ? JOIN(value, FORMAT)(from, begin + k + 2) : 0.0f;
            }
            put_turned((local float *)ws, TILE_OUTPUTS + 4, k, at, four);
        }
        barrier(CLK_LOCAL_MEM_FENCE);
#pragma unroll 4
        for (uint k = 0; k < DEPTH; k++) {
            float4 w[QUADS_ACROSS];
#pragma unroll
            for (uint j = 0; j < QUADS_ACROSS; j++)
                w[j] = ws[k][j * ACROSS + across];
#pragma unroll
            for (uint i = 0; i < QUADS_DOWN; i++) {
                float4 by = xs[k][i * DOWN + down];
#pragma unroll
                for (uint j = 0; j < QUADS_ACROSS; j++) {
                    sum[i][0][j] = mad((float4)(by.s0), w[j], sum[i][0][j]);
                    sum[i][1][j] = mad((float4)(by.s1), w[j], sum[i][1][j]);
                    sum[i][2][j] = mad((float4)(by.s2), w[j], sum[i][2][j]);
                    sum[i][3][j] = mad((float4)(by.s3), w[j], sum[i][3][j]);
                }
            }
        }
        barrier(CLK_LOCAL_MEM_FENCE);
    }

#pragma unroll
    for (uint i = 0; i < QUADS_DOWN; i++)
#pragma unroll
        for (uint r = 0; r < 4; r++)
#pragma unroll
            for (uint j = 0; j < QUADS_ACROSS; j++) {
                uint row = first_row + (i * DOWN + down) * 4 + r;
                uint output = first_output + (j * ACROSS + across) * 4;
                if (row < rows && output < outputs)
                    store_first_of(sum[i][r][j], outputs - output,
                                   AT(float, y, y_at) + (ulong)row * outputs + output);
            }
}
#undef TILE_ROWS
#undef TILE_OUTPUTS
#undef MANY
