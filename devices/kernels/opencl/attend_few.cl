/* SPDX-License-Identifier: GPL-3.0-or-later */
/* New rows one by one against a long cache: a group takes a stretch of the context for HEADS query
 * heads that share keys and values, which are read once. Stretches are joined by their maximum and
 * sum (Milakov and Gimelshein, arXiv 1805.02867). Powers of two stand for those of e.
 * found (rows, q_heads, splits, dim + 2): sum of values, maximum, sum of weights; a lone stretch
 * goes to `out` at once. Local memory: query (HEADS, 4 quads), tile (TOKENS, 2 quads + 1) words,
 * score (HEADS, per_split), room (items) float4. */
#define FEW_VALUES JOIN(few_values, HEADS)

/* The stretch's sums of values in quad j, each head's for the first team. */
void FEW_VALUES(const global ushort *values, struct stretch s, uint j, uint heads,
                const local float *score, local float4 *room, float4 *sum)
{
#pragma unroll
    for (uint h = 0; h < HEADS; h++)
        sum[h] = (float4)(0.0f);
    for (uint t = s.team; t < s.n && s.team < s.teams && j < s.quads; t += s.teams) {
        const global ushort *from = values + s.cache + (ulong)t * s.dim + 4 * j;
        float4 value = from_halves(four_halves(from, s.dim - 4 * j, s.whole));
#pragma unroll
        for (uint h = 0; h < HEADS; h++)
            if (h < heads)
                sum[h] = mad((float4)(score[h * s.per_split + t]), value, sum[h]);
    }
#pragma unroll
    for (uint h = 0; h < HEADS; h++) {
        room[get_local_id(0)] = sum[h];
        barrier(CLK_LOCAL_MEM_FENCE);
        for (uint i = 1; i < s.teams && s.team == 0; i++)
            sum[h] += room[i * s.lanes + s.lane];
        barrier(CLK_LOCAL_MEM_FENCE);
    }
}

kernel void JOIN(attend_few, HEADS)(
    const global char *restrict q, ulong q_at, const global char *restrict keys, ulong keys_at,
    const global char *restrict values, ulong values_at, global char *restrict found,
    ulong found_at, global char *restrict out, ulong out_at, uint q_heads, uint kv_heads, uint dim,
    uint capacity, uint first, uint window, uint per_split, float scale, uint whole,
    local float *query, local uint *tile, local float *score, local float4 *room)
{
    uint item = get_local_id(0), items = get_local_size(0), quads = (dim + 3) / 4;
    uint group = q_heads / kv_heads, parts = (group + HEADS - 1) / HEADS;
    uint kv_head = get_group_id(1) / parts, row = get_group_id(2);
    uint in_group = get_group_id(1) % parts * HEADS;
    uint head = kv_head * group + in_group, heads = min((uint)HEADS, group - in_group);
    uint end = first + row + 1, begin = window > 0 && end > window ? end - window : 0;
    uint lanes = min(quads, items);
    begin += get_group_id(0) * per_split;
    struct stretch s = {.cache = ((ulong)kv_head * capacity + begin) * dim,
                        .n = begin < end ? min(per_split, end - begin) : 0,
                        .per_split = per_split,
                        .dim = dim,
                        .quads = quads,
                        .whole = whole,
                        .lanes = lanes,
                        .teams = items / lanes,
                        .lane = item % lanes,
                        .team = item / lanes};

    for (uint i = item; i < HEADS * 4 * quads; i += items) {
        uint h = i / (4 * quads), d = i % (4 * quads);
        ulong from = ((ulong)row * q_heads + head + h) * dim + d;
        query[i] = h < heads && d < dim ? scale * AT(const float, q, q_at)[from] : 0.0f;
    }
    score_keys(AT(const ushort, keys, keys_at), s, heads, query, tile, score);
    float2 weight[HEADS];
#pragma unroll
    for (uint h = 0; h < HEADS; h++)
        if (h < heads)
            weight[h] = weigh(score + h * per_split, s.n, (local float *)room);

    for (uint j = s.lane; j - s.lane < quads; j += lanes) {
        float4 sum[HEADS];
        FEW_VALUES(AT(const ushort, values, values_at), s, j, heads, score, room, sum);
#pragma unroll
        for (uint h = 0; h < HEADS; h++) {
            ulong place = (ulong)row * q_heads + head + h, splits = get_num_groups(0);
            global float *to = splits == 1 ? AT(float, out, out_at) + place * dim
                                           : AT(float, found, found_at) +
                                                 (place * splits + get_group_id(0)) * (dim + 2);
            if (h >= heads || s.team > 0 || j >= quads)
                continue;
            store_first_of(splits == 1 ? sum[h] / weight[h].y : sum[h], dim - 4 * j, to + 4 * j);
            if (splits > 1 && j == 0) {
                to[dim] = weight[h].x;
                to[dim + 1] = weight[h].y;
            }
        }
    }
}
#undef FEW_VALUES
