/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Operators that do little more than move numbers. */

/* A group a row. */
kernel void rms_norm(const global char *x, ulong x_at, const global char *weight, ulong weight_at,
                     global char *y, ulong y_at, uint columns, local float *room)
{
    ulong row = get_group_id(0);
    const global float *from = AT(const float, x, x_at) + row * columns;
    const global float *by = AT(const float, weight, weight_at);
    global float *to = AT(float, y, y_at) + row * columns;
    float squares = 0.0f;
    for (uint i = get_local_id(0); i < columns; i += get_local_size(0))
        squares = mad(from[i], from[i], squares);
    float scale = rsqrt(sum_of_group(squares, room) / (float)columns + 1e-6f);
    for (uint i = get_local_id(0); i < columns; i += get_local_size(0))
        to[i] = from[i] * scale * by[i];
}

/* An item a pair of a head. `turn` holds the turns that a place adds, as parts of 2^64: whole turns
 * fall out of the product, so that far places are as exact as near ones. */
kernel void rope(global char *x, ulong x_at, const global char *turn, ulong turn_at, uint heads,
                 uint dim, ulong first)
{
    uint item = get_global_id(0), row = get_global_id(1), pairs = dim / 2;
    if (item >= heads * pairs)
        return;
    uint pair = item % pairs;
    global float *head = AT(float, x, x_at) + ((ulong)row * heads + item / pairs) * dim;
    long angle = (long)((first + row) * AT(const ulong, turn, turn_at)[pair]);
    float half_turns = (float)angle * 0x1p-63f;
    float c = cospi(half_turns), s = sinpi(half_turns);
    float a = head[pair], b = head[pair + pairs];
    head[pair] = a * c - b * s;
    head[pair + pairs] = a * s + b * c;
}

float silu(float x)
{
    return x / (1.0f + exp(-x));
}

kernel void gate(const global char *gate, ulong gate_at, const global char *up, ulong up_at,
                 global char *y, ulong y_at, ulong n, uint has_up)
{
    const global float *from = AT(const float, gate, gate_at), *by = AT(const float, up, up_at);
    for (ulong i = BEGIN(n); i < END(n); i += STEP)
        AT(float, y, y_at)[i] = has_up ? silu(from[i]) * by[i] : silu(from[i]);
}

kernel void add_to(global char *x, ulong x_at, const global char *y, ulong y_at, ulong n)
{
    for (ulong i = BEGIN(n); i < END(n); i += STEP)
        AT(float, x, x_at)[i] += AT(const float, y, y_at)[i];
}

/* A group a row. */
kernel void softmax(global char *x, ulong x_at, uint columns, local float *room)
{
    global float *row = AT(float, x, x_at) + get_group_id(0) * columns;
    float most = -INFINITY, sum = 0.0f;
    for (uint i = get_local_id(0); i < columns; i += get_local_size(0))
        most = fmax(most, row[i]);
    most = greatest_of_group(most, room);
    for (uint i = get_local_id(0); i < columns; i += get_local_size(0)) {
        row[i] = exp(row[i] - most);
        sum += row[i];
    }
    float share = 1.0f / sum_of_group(sum, room);
    for (uint i = get_local_id(0); i < columns; i += get_local_size(0))
        row[i] *= share;
}

/* Keys and values of new rows into the cache (kv_heads, capacity, dim). */
kernel void keep(const global char *k, ulong k_at, const global char *v, ulong v_at,
                 global char *keys, ulong keys_at, global char *values, ulong values_at,
                 uint kv_heads, uint dim, uint capacity, uint first)
{
    uint item = get_global_id(0), row = get_global_id(1), width = kv_heads * dim;
    if (item >= width)
        return;
    ulong from = (ulong)row * width + item;
    ulong to = ((ulong)(item / dim) * capacity + first + row) * dim + item % dim;
    vstore_half_rte(AT(const float, k, k_at)[from], to, AT(half, keys, keys_at));
    vstore_half_rte(AT(const float, v, v_at)[from], to, AT(half, values, values_at));
}
