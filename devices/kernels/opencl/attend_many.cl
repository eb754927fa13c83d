/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rows of a prompt, a tile of them for one query head a group, against tiles of the context
 * with a running maximum and sum. An item holds the scores of 4 rows and 4 tokens, and of its rows
 * QUADS x 4 numbers of the output, for heads of at most 4 SIDE QUADS numbers. Powers of two stand
 * for those of e. */
#define TILE_EDGE (4 * SIDE)
#define MANY_VALUES JOIN(many_values, QUADS)

/* The sums of a tile's values come to those before, which shrink. */
void MANY_VALUES(struct prompt p, uint token, float4 shrink, local float4 (*power)[SIDE + 1],
                 float4 (*sum)[QUADS])
{
#pragma unroll
    for (uint j = 0; j < QUADS; j++) {
        sum[0][j] *= shrink.s0;
        sum[1][j] *= shrink.s1;
        sum[2][j] *= shrink.s2;
        sum[3][j] *= shrink.s3;
    }
    for (uint t = 0; t < min((uint)TILE_EDGE, p.end - token); t++) {
        float4 by = power[t][p.down];
#pragma unroll
        for (uint j = 0; j < QUADS; j++) {
            float4 value = value_of(p, token + t, (j * SIDE + p.across) * 4);
            sum[0][j] = mad((float4)(by.s0), value, sum[0][j]);
            sum[1][j] = mad((float4)(by.s1), value, sum[1][j]);
            sum[2][j] = mad((float4)(by.s2), value, sum[2][j]);
            sum[3][j] = mad((float4)(by.s3), value, sum[3][j]);
        }
    }
}

kernel __attribute__((reqd_work_group_size(SIDE, SIDE, 1))) void
JOIN(attend_many, QUADS)(const global char *restrict q, ulong q_at,
                         const global char *restrict keys, ulong keys_at,
                         const global char *restrict values, ulong values_at,
                         global char *restrict out, ulong out_at, uint q_heads, uint kv_heads,
                         uint dim, uint capacity, uint first, uint rows, uint window, float scale,
                         uint whole)
{
    local float4 as[DEPTH][SIDE + 1], bs[DEPTH][SIDE + 1];
    local float4 power[TILE_EDGE][SIDE + 1], best[SIDE][SIDE + 1];
    uint across = get_local_id(0), down = get_local_id(1), head = get_group_id(1);
    uint first_row = get_group_id(0) * TILE_EDGE, place = first + first_row;
    ulong cache = (ulong)(head / (q_heads / kv_heads)) * capacity * dim;
    struct prompt p = {.q = AT(const float, q, q_at),
                       .keys = AT(const ushort, keys, keys_at) + cache,
                       .values = AT(const ushort, values, values_at) + cache,
                       .q_heads = q_heads,
                       .head = head,
                       .dim = dim,
                       .whole = whole,
                       .first_row = first_row,
                       .rows = rows,
                       .place = place,
                       .end = min(place + TILE_EDGE, first + rows),
                       .across = across,
                       .down = down};
    uint begin = window > 0 && place + 1 > window ? place + 1 - window : 0;
    float4 most = (float4)(-INFINITY), weight = (float4)(0.0f), sum[4][QUADS];
#pragma unroll
    for (uint j = 0; j < QUADS; j++)
        sum[0][j] = sum[1][j] = sum[2][j] = sum[3][j] = (float4)(0.0f);

    for (uint token = begin; token < p.end; token += TILE_EDGE) {
        float4 score[4] = {(float4)(0.0f), (float4)(0.0f), (float4)(0.0f), (float4)(0.0f)};
        score_tile(p, token, as, bs, score);
        hide(p, token, window, scale, score);
        best[across][down] = (float4)(greatest(score[0]), greatest(score[1]), greatest(score[2]),
                                      greatest(score[3]));
        barrier(CLK_LOCAL_MEM_FENCE);
        float4 now = most;
        for (uint i = 0; i < SIDE; i++)
            now = fmax(now, best[i][down]);

        /* Where a row has seen nothing yet, 0 stands for the maximum: all powers are then 0. */
        float4 from = select(now, (float4)(0.0f), now == (float4)(-INFINITY));
        float4 shrink = exp2(most - from);
        most = now;
        weight = mad(weight, shrink, put_powers(score, from, p, power));
        barrier(CLK_LOCAL_MEM_FENCE);
        MANY_VALUES(p, token, shrink, power, sum);
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
#undef MANY_VALUES
