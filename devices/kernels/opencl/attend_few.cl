/* SPDX-License-Identifier: GPL-3.0-or-later */
/* New rows one by one against a long cache: a group takes a stretch of the context for HEADS query
 * heads that share keys and values, which are read once. Stretches are joined by their maximum and
 * sum (Milakov and Gimelshein, arXiv 1805.02867). Powers of two stand for those of e.
 * found (rows, q_heads, splits, dim + 2): sum of values, maximum, sum of weights; a lone stretch
 * goes to `out` at once. Local memory: query (HEADS, 4 quads), tile (TOKENS, 2 quads + 1) words,
 * score (HEADS, per_split), room (items) float4. */
kernel void JOIN(attend_few, HEADS)(
    const global char *restrict q, ulong q_at, const global char *restrict keys, ulong keys_at,
    const global char *restrict values, ulong values_at, global char *restrict found,
    ulong found_at, global char *restrict out, ulong out_at, uint q_heads, uint kv_heads, uint dim,
    uint capacity, uint first, uint window, uint per_split, float scale, uint whole,
    local float *query, local uint *tile, local float *score, local float4 *room)
{
    uint item = get_local_id(0), items = get_local_size(0), quads = (dim + 3) / 4;
    uint group = q_heads / kv_heads, parts = (group + HEADS - 1) / HEADS;
    uint split = get_group_id(0), kv_head = get_group_id(1) / parts, row = get_group_id(2);
    uint in_group = get_group_id(1) % parts * HEADS;
    uint head = kv_head * group + in_group, heads = min((uint)HEADS, group - in_group);
    uint end = first + row + 1, begin = window > 0 && end > window ? end - window : 0;
    begin += split * per_split;
    uint n = begin < end ? min(per_split, end - begin) : 0;
    ulong cache = ((ulong)kv_head * capacity + begin) * dim;

    for (uint i = item; i < HEADS * 4 * quads; i += items) {
        uint h = i / (4 * quads), d = i % (4 * quads);
        ulong from = ((ulong)row * q_heads + head + h) * dim + d;
        query[i] = h < heads && d < dim ? scale * AT(const float, q, q_at)[from] : 0.0f;
    }

    /* Keys pass through local memory, whose rows have an odd number of words: the items that each
     * take a token then meet no neighbour. */
    uint lanes = min(quads, items), teams = items / lanes, lane = item % lanes;
    uint team = item / lanes, words = 2 * quads + 1;
    for (uint token = 0; token < n; token += TOKENS) {
        for (uint t = team; t < TOKENS && team < teams; t += teams)
            for (uint j = lane; j < quads && token + t < n; j += lanes) {
                ulong from = cache + (ulong)(token + t) * dim + 4 * j;
                ushort4 four = four_halves(AT(const ushort, keys, keys_at) + from, dim - 4 * j,
                                           whole);
                tile[t * words + 2 * j] = as_uint(four.lo);
                tile[t * words + 2 * j + 1] = as_uint(four.hi);
            }
        barrier(CLK_LOCAL_MEM_FENCE);
        for (uint i = item; i < heads * TOKENS; i += items) {
            uint h = i / TOKENS, t = i % TOKENS;
            if (token + t >= n)
                continue;
            float4 sum = (float4)(0.0f);
            for (uint j = 0; j < quads; j++) {
                uint2 bits = (uint2)(tile[t * words + 2 * j], tile[t * words + 2 * j + 1]);
                sum = mad(from_halves(as_ushort4(bits)), vload4(h * quads + j, query), sum);
            }
            score[h * per_split + token + t] = sum.s0 + sum.s1 + sum.s2 + sum.s3;
        }
        barrier(CLK_LOCAL_MEM_FENCE);
    }

    float most[HEADS], weight[HEADS];
    local float *single = (local float *)room;
#pragma unroll
    for (uint h = 0; h < HEADS; h++) {
        float mine = -INFINITY, sum = 0.0f;
        if (h < heads) {
            for (uint t = item; t < n; t += items)
                mine = fmax(mine, score[h * per_split + t]);
            most[h] = greatest_of_group(mine, single);
            for (uint t = item; t < n; t += items) {
                float power = exp2(score[h * per_split + t] - most[h]);
                score[h * per_split + t] = power;
                sum += power;
            }
            weight[h] = sum_of_group(sum, single);
        }
    }

    /* Neighbours take neighbouring parts of a value; teams take tokens by turns. */
    for (uint begin_quad = 0; begin_quad < quads; begin_quad += lanes) {
        uint j = begin_quad + lane;
        float4 sum[HEADS];
#pragma unroll
        for (uint h = 0; h < HEADS; h++)
            sum[h] = (float4)(0.0f);
        for (uint t = team; t < n && team < teams && j < quads; t += teams) {
            ulong from = cache + (ulong)t * dim + 4 * j;
            float4 value = from_halves(
                four_halves(AT(const ushort, values, values_at) + from, dim - 4 * j, whole));
#pragma unroll
            for (uint h = 0; h < HEADS; h++)
                if (h < heads)
                    sum[h] = mad((float4)(score[h * per_split + t]), value, sum[h]);
        }
#pragma unroll
        for (uint h = 0; h < HEADS; h++) {
            room[item] = sum[h];
            barrier(CLK_LOCAL_MEM_FENCE);
            if (h < heads && team == 0 && j < quads) {
                float4 all = room[lane];
                for (uint i = 1; i < teams; i++)
                    all += room[i * lanes + lane];
                ulong place = (ulong)row * q_heads + head + h;
                if (get_num_groups(0) == 1) {
                    store_first_of(all / weight[h], dim - 4 * j,
                                   AT(float, out, out_at) + place * dim + 4 * j);
                } else {
                    global float *to = AT(float, found, found_at) +
                                       (place * get_num_groups(0) + split) * (dim + 2);
                    store_first_of(all, dim - 4 * j, to + 4 * j);
                    if (j == 0) {
                        to[dim] = most[h];
                        to[dim + 1] = weight[h];
                    }
                }
            }
            barrier(CLK_LOCAL_MEM_FENCE);
        }
    }
}
