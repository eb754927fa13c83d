/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers as GGUF stores them. Buffers are passed with an offset in bytes: the memory that the
 * caller names may lie anywhere in a buffer. PROCESSOR is defined on CPUs. */
#define JOIN_NOW(a, b) a##_##b
#define JOIN(a, b) JOIN_NOW(a, b)
#define AT(type, buffer, offset) ((global type *)((global char *)(buffer) + (offset)))

/* Value i of a stored row. */
float value_F32(const global char *row, uint i)
{
    return ((const global float *)row)[i];
}

float value_F16(const global char *row, uint i)
{
    return vload_half(i, (const global half *)row);
}

float value_BF16(const global char *row, uint i)
{
    return as_float((uint)((const global ushort *)row)[i] << 16);
}

float value_Q8_0(const global char *row, uint i)
{
    const global char *block = row + i / 32 * 34;
    return vload_half(0, (const global half *)block) * (float)block[2 + i % 32];
}

float value_Q4_0(const global char *row, uint i)
{
    const global char *block = row + i / 32 * 18;
    uint pair = as_uchar(block[2 + i % 16]);
    uint nibble = i % 32 < 16 ? pair & 15u : pair >> 4;
    return vload_half(0, (const global half *)block) * ((float)nibble - 8.0f);
}

/* Eight values of a row whose start is 16-byte aligned, without their scale. Those of Q4_0 are four
 * low and four high nibbles, so that no byte is read twice. */
float8 eight_F32(const global char *row, uint eight)
{
    const global float4 *at = (const global float4 *)row + 2 * eight;
    return (float8)(at[0], at[1]);
}

float8 eight_F16(const global char *row, uint eight)
{
    ushort8 bits = ((const global ushort8 *)row)[eight];
    return vload_half8(0, (const half *)&bits);
}

float8 eight_BF16(const global char *row, uint eight)
{
    ushort8 bits = ((const global ushort8 *)row)[eight];
    return as_float8(convert_uint8(bits) << 16);
}

float8 eight_Q8_0(const global char *row, uint eight)
{
    const global ushort *at =
        (const global ushort *)(row + eight / 4 * 34 + 2 + eight % 4 * 8);
    return convert_float8(as_char8((ushort4)(at[0], at[1], at[2], at[3])));
}

/* A nibble n in the last bits of 2^23 is 2^23 + n. */
float4 nibbles(uint bits)
{
    uint4 nibble = ((uint4)(bits) >> (uint4)(0, 8, 16, 24)) & 15u;
    return as_float4(nibble | 0x4b000000u) - 8388616.0f;
}

float8 eight_Q4_0(const global char *row, uint eight)
{
    const global ushort *at =
        (const global ushort *)(row + eight / 4 * 18 + 2 + eight % 4 * 4);
    uint bits = (uint)at[0] | (uint)at[1] << 16;
    return (float8)(nibbles(bits), nibbles(bits >> 4));
}

#define scale_F32(row, eight) 1.0f
#define scale_F16(row, eight) 1.0f
#define scale_BF16(row, eight) 1.0f
#define scale_Q8_0(row, eight) vload_half((eight) / 4 * 17, (const global half *)(row))
#define scale_Q4_0(row, eight) vload_half((eight) / 4 * 9, (const global half *)(row))

/* The eight inputs that meet them. */
float8 inputs(const global float *x, uint eight)
{
    const global float4 *at = (const global float4 *)x + 2 * eight;
    return (float8)(at[0], at[1]);
}

float8 inputs_of_halves(const global float *x, uint eight)
{
    const global float4 *at = (const global float4 *)x + eight / 4 * 8 + eight % 4;
    return (float8)(at[0], at[4]);
}

#define inputs_F32 inputs
#define inputs_F16 inputs
#define inputs_BF16 inputs
#define inputs_Q8_0 inputs
#define inputs_Q4_0 inputs_of_halves

/* Values i ... i + 3 of a row, i a multiple of 4, with their scale. */
float4 four_F32(const global char *row, uint i)
{
    return vload4(0, (const global float *)row + i);
}

float4 four_F16(const global char *row, uint i)
{
    return vload_half4(0, (const global half *)row + i);
}

float4 four_BF16(const global char *row, uint i)
{
    return as_float4(convert_uint4(vload4(0, (const global ushort *)row + i)) << 16);
}

float4 four_Q8_0(const global char *row, uint i)
{
    const global ushort *at = (const global ushort *)(row + i / 32 * 34);
    ushort2 bits = (ushort2)(at[1 + i % 32 / 2], at[2 + i % 32 / 2]);
    return vload_half(0, (const global half *)at) * convert_float4(as_char4(bits));
}

float4 four_Q4_0(const global char *row, uint i)
{
    const global ushort *at = (const global ushort *)(row + i / 32 * 18);
    uint bits = (uint)at[1 + i % 16 / 2] | (uint)at[2 + i % 16 / 2] << 16;
    return vload_half(0, (const global half *)at) * nibbles(i % 32 < 16 ? bits : bits >> 4);
}

/* The first n of four numbers, and zeros. */
float4 first_of(const global float *x, uint n)
{
    float4 some = (float4)(0.0f);
    some.s0 = n > 0 ? x[0] : 0.0f;
    some.s1 = n > 1 ? x[1] : 0.0f;
    some.s2 = n > 2 ? x[2] : 0.0f;
    some.s3 = n > 3 ? x[3] : 0.0f;
    return some;
}

void store_first_of(float4 value, uint n, global float *to)
{
    if (n >= 4) {
        vstore4(value, 0, to);
        return;
    }
    if (n > 0)
        to[0] = value.s0;
    if (n > 1)
        to[1] = value.s1;
    if (n > 2)
        to[2] = value.s2;
}

/* Four neighbours of a row into a tile that is turned: `tile` has `words` to a column. */
void put_turned(local float *tile, uint words, uint column, uint row, float4 four)
{
    tile[column * words + row] = four.s0;
    tile[(column + 1) * words + row] = four.s1;
    tile[(column + 2) * words + row] = four.s2;
    tile[(column + 3) * words + row] = four.s3;
}

/* The sum, or the greatest, of a number of each item of a group of a power of two, for all. */
float sum_of_group(float mine, local float *room)
{
    uint item = get_local_id(0);
    room[item] = mine;
    for (uint half_way = get_local_size(0) / 2; half_way > 0; half_way /= 2) {
        barrier(CLK_LOCAL_MEM_FENCE);
        if (item < half_way)
            room[item] += room[item + half_way];
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    float all = room[0];
    barrier(CLK_LOCAL_MEM_FENCE);
    return all;
}

float greatest_of_group(float mine, local float *room)
{
    uint item = get_local_id(0);
    room[item] = mine;
    for (uint half_way = get_local_size(0) / 2; half_way > 0; half_way /= 2) {
        barrier(CLK_LOCAL_MEM_FENCE);
        if (item < half_way)
            room[item] = fmax(room[item], room[item + half_way]);
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    float all = room[0];
    barrier(CLK_LOCAL_MEM_FENCE);
    return all;
}

/* Four halves of a cache, of which `left` are there; `whole`: all are, and are aligned. */
ushort4 four_halves(const global ushort *from, uint left, uint whole)
{
    if (whole)
        return *(const global ushort4 *)from;
    ushort4 some = (ushort4)(0);
    some.s0 = left > 0 ? from[0] : 0;
    some.s1 = left > 1 ? from[1] : 0;
    some.s2 = left > 2 ? from[2] : 0;
    some.s3 = left > 3 ? from[3] : 0;
    return some;
}

float4 from_halves(ushort4 bits)
{
    return vload_half4(0, (const half *)&bits);
}
