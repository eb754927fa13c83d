/* SPDX-License-Identifier: GPL-3.0-or-later */
/* At most FEW rows times weights in FORMAT, which are read once: a team of get_local_size(0) items
 * goes along OUTPUTS stored rows together, so that neighbours read neighbouring bytes; each item
 * meets eight inputs with all of those rows. Columns are a multiple of 8, rows 16-byte aligned. */
#ifdef PROCESSOR
#define sum_t float8
#define ADD_EIGHT(sum, scale, w, x) sum = mad((w) * (scale), x, sum)
#else
#define sum_t float
#define ADD_EIGHT(sum, scale, w, x) sum = mad(scale, dot((w).lo, (x).lo) + dot((w).hi, (x).hi), sum)
#endif

kernel void JOIN(JOIN(product_few, FORMAT), FEW)(
    const global char *restrict weights, ulong weights_at, ulong row_bytes,
    const global char *restrict x, ulong x_at, global char *restrict y, ulong y_at, uint rows,
    uint outputs, uint columns, local float *room)
{
    uint lane = get_local_id(0), lanes = get_local_size(0);
    uint first = (get_group_id(0) * get_local_size(1) + get_local_id(1)) * OUTPUTS;
    const global char *row[OUTPUTS];
    sum_t sum[OUTPUTS][FEW];
#pragma unroll
    for (uint r = 0; r < OUTPUTS; r++) {
        row[r] = AT(const char, weights, weights_at) + row_bytes * min(first + r, outputs - 1);
#pragma unroll
        for (uint m = 0; m < FEW; m++)
            sum[r][m] = (sum_t)(0.0f);
    }
    for (uint i = lane; i < columns / 8; i += lanes) {
        float8 in[FEW];
#pragma unroll
        for (uint m = 0; m < FEW; m++)
            in[m] = JOIN(inputs, FORMAT)(AT(const float, x, x_at) + min(m, rows - 1) * columns, i);
#pragma unroll
        for (uint r = 0; r < OUTPUTS; r++) {
            float8 w = JOIN(eight, FORMAT)(row[r], i);
            float scale = JOIN(scale, FORMAT)(row[r], i);
#pragma unroll
            for (uint m = 0; m < FEW; m++)
                ADD_EIGHT(sum[r][m], scale, w, in[m]);
        }
    }

    /* Each team's sums of one kind lie side by side. */
    local float *mine = room + get_local_id(1) * lanes * OUTPUTS * FEW + lane;
#pragma unroll
    for (uint r = 0; r < OUTPUTS; r++)
#pragma unroll
        for (uint m = 0; m < FEW; m++) {
#ifdef PROCESSOR
            float4 four = sum[r][m].lo + sum[r][m].hi;
            mine[(r * FEW + m) * lanes] = four.s0 + four.s1 + four.s2 + four.s3;
#else
            mine[(r * FEW + m) * lanes] = sum[r][m];
#endif
        }
    for (uint half_way = lanes / 2; half_way > 0; half_way /= 2) {
        barrier(CLK_LOCAL_MEM_FENCE);
        if (lane < half_way)
#pragma unroll
            for (uint k = 0; k < OUTPUTS * FEW; k++)
                mine[k * lanes] += mine[k * lanes + half_way];
    }
    if (lane == 0)
#pragma unroll
        for (uint r = 0; r < OUTPUTS; r++)
            if (first + r < outputs)
#pragma unroll
                for (uint m = 0; m < FEW; m++)
                    if (m < rows)
                        AT(float, y, y_at)[(ulong)m * outputs + first + r] =
                            mine[(r * FEW + m) * lanes];
}
#undef sum_t
#undef ADD_EIGHT
