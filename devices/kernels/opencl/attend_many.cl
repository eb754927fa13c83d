/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rows of a prompt, a tile of them for one query head a group, against tiles of the context
 * with a running maximum and sum. An item holds the scores of 4 rows and 4 tokens, and of its rows
 * QUADS x 4 numbers of the output, for heads of at most 4 SIDE QUADS numbers. Powers of two stand
 * for those of e. */
#define TILE_EDGE (4 * SIDE)
#define GREATEST(x) fmax(fmax((x).s0, (x).s1), fmax((x).s2, (x).s3))

kernel __attribute__((reqd_work_group_size(SIDE, SIDE, 1))) void
JOIN(attend_many, QUADS)(const global char *restrict q, ulong q_at,
                         const global char *restrict keys, ulong keys_at,
                         const global char *restrict values, ulong values_at,
                         global char *restrict out, ulong out_at, uint q_heads, uint kv_heads,
                         uint dim, uint capacity, uint first, uint rows, uint window, float scale,
                         uint whole)
{
    local float4 as[DEPTH][SIDE + 1], bs[DEPTH][SIDE + 1];
    local float4 power[TILE_EDGE][SIDE + 1];
    local float4 best[SIDE][SIDE + 1];
    uint across = get_local_id(0), down = get_local_id(1), item = down * SIDE + across;
    uint first_row = get_group_id(0) * TILE_EDGE, head = get_group_id(1);
    ulong cache = (ulong)(head / (q_heads / kv_heads)) * capacity * dim;
    uint place = first + first_row, end = min(place + TILE_EDGE, first + rows);
    uint begin = window > 0 && place + 1 > window ? place + 1 - window : 0;
    float4 most = (float4)(-INFINITY), weight = (float4)(0.0f), sum[4][QUADS];
#pragma unroll
    for (uint j = 0; j < QUADS; j++)
        sum[0][j] = sum[1][j] = sum[2][j] = sum[3][j] = (float4)(0.0f);

    for (uint token = begin; token < end; token += TILE_EDGE) {
        float4 score[4] = {(float4)(0.0f), (float4)(0.0f), (float4)(0.0f), (float4)(0.0f)};
        for (uint d = 0; d < dim; d += DEPTH) {
            for (uint u = item; u < TILE_EDGE * DEPTH / 4; u += SIDE * SIDE) {
                uint at = u / (DEPTH / 4), k = u % (DEPTH / 4) * 4;
                uint left = d + k < dim ? dim - d - k : 0;
                const global float *from =
                    AT(const float, q, q_at) +
                    ((ulong)(first_row + at) * q_heads + head) * dim + d + k;
                uint there = first_row + at < rows ? left : 0;
                float4 four = there >= 4 ? vload4(0, from) : first_of(from, there);
                ((local float *)as[k])[at] = four.s0;
                ((local float *)as[k + 1])[at] = four.s1;
                ((local float *)as[k + 2])[at] = four.s2;
                ((local float *)as[k + 3])[at] = four.s3;
                const global ushort *key = AT(const ushort, keys, keys_at) + cache +
                                           (ulong)(token + at) * dim + d + k;
                there = token + at < end ? left : 0;
                four = from_halves(four_halves(key, there, whole && there >= 4));
                ((local float *)bs[k])[at] = four.s0;
                ((local float *)bs[k + 1])[at] = four.s1;
                ((local float *)bs[k + 2])[at] = four.s2;
                ((local float *)bs[k + 3])[at] = four.s3;
            }
            barrier(CLK_LOCAL_MEM_FENCE);
#pragma unroll 4
            for (uint k = 0; k < DEPTH; k++) {
                float4 a = as[k][down], b = bs[k][across];
                score[0] = mad((float4)(a.s0), b, score[0]);
                score[1] = mad((float4)(a.s1), b, score[1]);
                score[2] = mad((float4)(a.s2), b, score[2]);
                score[3] = mad((float4)(a.s3), b, score[3]);
            }
            barrier(CLK_LOCAL_MEM_FENCE);
        }

        /* A row looks at no token behind it, nor at one before its window. */
        uint4 seen = (uint4)(token + 4 * across) + (uint4)(0, 1, 2, 3);
#pragma unroll
        for (uint r = 0; r < 4; r++) {
            uint last = place + 4 * down + r;
            uint oldest = window > 0 && last + 1 > window ? last + 1 - window : 0;
            int4 hidden = seen > (uint4)(last) || seen < (uint4)(oldest) || seen >= (uint4)(end);
            score[r] = select(score[r] * scale, (float4)(-INFINITY), hidden);
        }
        best[across][down] =
            (float4)(GREATEST(score[0]), GREATEST(score[1]), GREATEST(score[2]), GREATEST(score[3]));
        barrier(CLK_LOCAL_MEM_FENCE);
        float4 now = most;
        for (uint i = 0; i < SIDE; i++)
            now = fmax(now, best[i][down]);

        /* Where a row has seen nothing yet, 0 stands for the maximum: all powers are then 0. */
        float4 from = select(now, (float4)(0.0f), now == (float4)(-INFINITY));
        float4 shrink = exp2(most - from);
        most = now;
        score[0] = exp2(score[0] - from.s0);
        score[1] = exp2(score[1] - from.s1);
        score[2] = exp2(score[2] - from.s2);
        score[3] = exp2(score[3] - from.s3);
        float4 c0 = (float4)(score[0].s0, score[1].s0, score[2].s0, score[3].s0);
        float4 c1 = (float4)(score[0].s1, score[1].s1, score[2].s1, score[3].s1);
        float4 c2 = (float4)(score[0].s2, score[1].s2, score[2].s2, score[3].s2);
        float4 c3 = (float4)(score[0].s3, score[1].s3, score[2].s3, score[3].s3);
        weight = mad(weight, shrink, c0 + c1 + c2 + c3);
        power[4 * across][down] = c0;
        power[4 * across + 1][down] = c1;
        power[4 * across + 2][down] = c2;
        power[4 * across + 3][down] = c3;
#pragma unroll
        for (uint j = 0; j < QUADS; j++) {
            sum[0][j] *= shrink.s0;
            sum[1][j] *= shrink.s1;
            sum[2][j] *= shrink.s2;
            sum[3][j] *= shrink.s3;
        }
        barrier(CLK_LOCAL_MEM_FENCE);

        uint n = min((uint)TILE_EDGE, end - token);
        for (uint t = 0; t < n; t++) {
            float4 by = power[t][down];
#pragma unroll
            for (uint j = 0; j < QUADS; j++) {
                uint d = (j * SIDE + across) * 4, left = d < dim ? dim - d : 0;
                const global ushort *at = AT(const ushort, values, values_at) + cache +
                                          (ulong)(token + t) * dim + d;
                float4 value = from_halves(four_halves(at, left, whole && left >= 4));
                sum[0][j] = mad((float4)(by.s0), value, sum[0][j]);
                sum[1][j] = mad((float4)(by.s1), value, sum[1][j]);
                sum[2][j] = mad((float4)(by.s2), value, sum[2][j]);
                sum[3][j] = mad((float4)(by.s3), value, sum[3][j]);
            }
        }
        barrier(CLK_LOCAL_MEM_FENCE);
    }

    best[across][down] = weight;
    barrier(CLK_LOCAL_MEM_FENCE);
    float4 all = (float4)(0.0f);
    for (uint i = 0; i < SIDE; i++)
        all += best[i][down];
#pragma unroll
    for (uint r = 0; r < 4; r++)
#pragma unroll
        for (uint j = 0; j < QUADS; j++) {
            uint row = first_row + 4 * down + r, d = (j * SIDE + across) * 4;
            float by = 1.0f / (r == 0 ? all.s0 : r == 1 ? all.s1 : r == 2 ? all.s2 : all.s3);
            if (row < rows && d < dim)
                store_first_of(sum[r][j] * by, dim - d,
                               AT(float, out, out_at) + ((ulong)row * q_heads + head) * dim + d);
        }
}
#undef TILE_EDGE
#undef GREATEST
