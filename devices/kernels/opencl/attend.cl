/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the kernels of attention share. */

/* A stretch of the context of a row, and how the items of a group share it: neighbours take
 * neighbouring quads of a head, teams take tokens by turns. */
struct stretch {
    ulong cache; /* its first number */
    uint n, per_split, dim, quads, whole;
    uint lanes, teams, lane, team;
};

/* Scores of the stretch for some heads. Keys pass through local memory, whose rows have an odd
 * number of words: the items that each take a token then meet no neighbour. */
void score_keys(const global ushort *keys, struct stretch s, uint heads, local float *query,
                local uint *tile, local float *score)
{
    uint words = 2 * s.quads + 1;
    for (uint token = 0; token < s.n; token += TOKENS) {
        for (uint t = s.team; t < TOKENS && s.team < s.teams; t += s.teams)
            for (uint j = s.lane; j < s.quads && token + t < s.n; j += s.lanes) {
                ulong from = s.cache + (ulong)(token + t) * s.dim + 4 * j;
                ushort4 four = four_halves(keys + from, s.dim - 4 * j, s.whole);
                tile[t * words + 2 * j] = as_uint(four.lo);
                tile[t * words + 2 * j + 1] = as_uint(four.hi);
            }
        barrier(CLK_LOCAL_MEM_FENCE);
        for (uint i = get_local_id(0); i < heads * TOKENS; i += get_local_size(0)) {
            uint h = i / TOKENS, t = i % TOKENS;
            float4 sum = (float4)(0.0f);
            for (uint j = 0; j < s.quads && token + t < s.n; j++) {
                uint2 bits = (uint2)(tile[t * words + 2 * j], tile[t * words + 2 * j + 1]);
                sum = mad(from_halves(as_ushort4(bits)), vload4(h * s.quads + j, query), sum);
            }
            if (token + t < s.n)
                score[h * s.per_split + token + t] = sum.s0 + sum.s1 + sum.s2 + sum.s3;
        }
        barrier(CLK_LOCAL_MEM_FENCE);
    }
}

/* Scores of a head into powers of two less the greatest: x that, y their sum. */
float2 weigh(local float *score, uint n, local float *room)
{
    float most = -INFINITY, sum = 0.0f;
    for (uint t = get_local_id(0); t < n; t += get_local_size(0))
        most = fmax(most, score[t]);
    most = greatest_of_group(most, room);
    for (uint t = get_local_id(0); t < n; t += get_local_size(0)) {
        score[t] = exp2(score[t] - most);
        sum += score[t];
    }
    return (float2)(most, sum_of_group(sum, room));
}

/* A tile of a prompt against the context. */
struct prompt {
    const global float *q;
    const global ushort *keys, *values; /* of the head */
    uint q_heads, head, dim, whole;
    uint first_row, rows, place, end; /* of the tile; rows of all; tokens before it; behind it */
    uint across, down;
};

/* Scores of 4 rows of an item and 4 tokens behind `token`, through tiles of DEPTH numbers. */
void score_tile(struct prompt p, uint token, local float4 (*as)[SIDE + 1],
                local float4 (*bs)[SIDE + 1], float4 *score)
{
    const uint words = 4 * (SIDE + 1);
    for (uint d = 0; d < p.dim; d += DEPTH) {
        for (uint u = p.down * SIDE + p.across; u < SIDE * DEPTH; u += SIDE * SIDE) {
            uint at = u / (DEPTH / 4), k = u % (DEPTH / 4) * 4, row = p.first_row + at;
            uint left = d + k < p.dim ? p.dim - d - k : 0, there = row < p.rows ? left : 0;
            const global float *from = p.q + ((ulong)row * p.q_heads + p.head) * p.dim + d + k;
            float4 four = there >= 4 ? vload4(0, from) : first_of(from, there);
            put_turned((local float *)as, words, k, at, four);
            const global ushort *key = p.keys + (ulong)(token + at) * p.dim + d + k;
            there = token + at < p.end ? left : 0;
            four = from_halves(four_halves(key, there, p.whole && there >= 4));
            put_turned((local float *)bs, words, k, at, four);
        }
        barrier(CLK_LOCAL_MEM_FENCE);
#pragma unroll 4
        for (uint k = 0; k < DEPTH; k++) {
            float4 a = as[k][p.down], b = bs[k][p.across];
            score[0] = mad((float4)(a.s0), b, score[0]);
            score[1] = mad((float4)(a.s1), b, score[1]);
            score[2] = mad((float4)(a.s2), b, score[2]);
            score[3] = mad((float4)(a.s3), b, score[3]);
        }
        barrier(CLK_LOCAL_MEM_FENCE);
    }
}

/* A row looks at no token behind it, nor at one before its window. */
void hide(struct prompt p, uint token, uint window, float scale, float4 *score)
{
    uint4 seen = (uint4)(token + 4 * p.across) + (uint4)(0, 1, 2, 3);
#pragma unroll
    for (uint r = 0; r < 4; r++) {
        uint last = p.place + 4 * p.down + r;
        uint oldest = window > 0 && last + 1 > window ? last + 1 - window : 0;
        int4 hidden = seen > (uint4)(last) || seen < (uint4)(oldest) || seen >= (uint4)(p.end);
        score[r] = select(score[r] * scale, (float4)(-INFINITY), hidden);
    }
}

float greatest(float4 x)
{
    return fmax(fmax(x.s0, x.s1), fmax(x.s2, x.s3));
}

/* Columns of the 4 x 4 scores of an item, as powers of two less `from`, to all; returns the sum of
 * each row. */
float4 put_powers(const float4 *score, float4 from, struct prompt p,
                  local float4 (*power)[SIDE + 1])
{
    float4 a = exp2(score[0] - from.s0), b = exp2(score[1] - from.s1);
    float4 c = exp2(score[2] - from.s2), d = exp2(score[3] - from.s3);
    float4 c0 = (float4)(a.s0, b.s0, c.s0, d.s0), c1 = (float4)(a.s1, b.s1, c.s1, d.s1);
    float4 c2 = (float4)(a.s2, b.s2, c.s2, d.s2), c3 = (float4)(a.s3, b.s3, c.s3, d.s3);
    power[4 * p.across][p.down] = c0;
    power[4 * p.across + 1][p.down] = c1;
    power[4 * p.across + 2][p.down] = c2;
    power[4 * p.across + 3][p.down] = c3;
    return c0 + c1 + c2 + c3;
}

/* Four numbers, as much as the head has of them. */
float4 value_of(struct prompt p, uint token, uint d)
{
    uint left = d < p.dim ? p.dim - d : 0;
    return from_halves(four_halves(p.values + (ulong)token * p.dim + d, left,
                                   p.whole && left >= 4));
}
