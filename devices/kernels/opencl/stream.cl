/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Memory in long strides, arithmetic in registers, and nothing at all. */

/* How the items share n pieces. Those of a GPU run in step: neighbours take neighbours. Those of a
 * CPU run one after the other: each takes a stretch of its own. */
#ifdef PROCESSOR
typedef float16 wide;
#define BEGIN(n) ((n) * get_global_id(0) / get_global_size(0))
#define END(n) ((n) * (get_global_id(0) + 1) / get_global_size(0))
#define STEP 1
#else
typedef float4 wide;
#define BEGIN(n) get_global_id(0)
#define END(n) (n)
#define STEP get_global_size(0)
#endif

kernel void do_nothing(void)
{
}

float total(wide sum)
{
#ifdef PROCESSOR
    float8 half_of = sum.lo + sum.hi;
    float4 some = half_of.lo + half_of.hi;
#else
    float4 some = sum;
#endif
    return some.s0 + some.s1 + some.s2 + some.s3;
}

#define WIDE (sizeof(wide) / sizeof(float))

/* `out` is written to in one case that never comes: else nothing would be read. */
kernel void stream_read(const global char *a, ulong a_at, global char *out, ulong out_at, ulong n)
{
    const global wide *from = AT(const wide, a, a_at);
    ulong whole = n / WIDE, i = BEGIN(whole);
    wide sum = (wide)(0.0f), other = (wide)(0.0f);
    for (; i + STEP < END(whole); i += 2 * STEP) {
        sum += from[i];
        other += from[i + STEP];
    }
    if (i < END(whole))
        sum += from[i];
    float all = total(sum + other);
    for (i = whole * WIDE + get_global_id(0); i < n; i += get_global_size(0))
        all += AT(const float, a, a_at)[i];
    if (all == 1.2345e38f)
        *AT(float, out, out_at) = all;
}

kernel void stream_copy(const global char *a, ulong a_at, global char *b, ulong b_at, ulong n)
{
    ulong whole = n / WIDE;
    for (ulong i = BEGIN(whole); i < END(whole); i += STEP)
        AT(wide, b, b_at)[i] = AT(const wide, a, a_at)[i];
    for (ulong i = whole * WIDE + get_global_id(0); i < n; i += get_global_size(0))
        AT(float, b, b_at)[i] = AT(const float, a, a_at)[i];
}

kernel void stream_triad(const global char *a, ulong a_at, const global char *b, ulong b_at,
                         global char *c, ulong c_at, ulong n)
{
    ulong whole = n / WIDE;
    for (ulong i = BEGIN(whole); i < END(whole); i += STEP)
        AT(wide, c, c_at)[i] = AT(const wide, a, a_at)[i] + 3.0f * AT(const wide, b, b_at)[i];
    for (ulong i = whole * WIDE + get_global_id(0); i < n; i += get_global_size(0))
        AT(float, c, c_at)[i] = AT(const float, a, a_at)[i] + 3.0f * AT(const float, b, b_at)[i];
}

/* Eight sums that do not wait for each other; a round is 8 multiply-adds of each lane of `wide`. */
kernel void peak_float(uint rounds, global char *out, ulong out_at)
{
    wide a = (wide)((float)get_global_id(0)), b = a + 1.0f, c = a + 2.0f, d = a + 3.0f;
    wide e = a + 4.0f, f = a + 5.0f, g = a + 6.0f, h = a + 7.0f;
    const wide by = (wide)(0.999f), more = (wide)(1e-3f);
    for (uint i = 0; i < rounds; i++) {
        a = mad(a, by, more);
        b = mad(b, by, more);
        c = mad(c, by, more);
        d = mad(d, by, more);
        e = mad(e, by, more);
        f = mad(f, by, more);
        g = mad(g, by, more);
        h = mad(h, by, more);
    }
    float all = total(a + b + c + d + e + f + g + h);
    if (all == 1.2345e38f)
        *AT(float, out, out_at) = all;
}

/* Sums of four products of 8-bit numbers, by the instruction for it where there is one. */
#ifdef cl_khr_integer_dot_product
#pragma OPENCL EXTENSION cl_khr_integer_dot_product : enable
#define FOUR_PRODUCTS(a, b, sum) ((sum) + dot_4x8packed_ss_int(a, b))
#else
#define FOUR_PRODUCTS(a, b, sum) four_products(a, b, sum)
int four_products(uint a, uint b, int sum)
{
    int4 wide_a = convert_int4(as_char4(a)), wide_b = convert_int4(as_char4(b));
    int4 product = wide_a * wide_b;
    return sum + product.s0 + product.s1 + product.s2 + product.s3;
}
#endif

/* A round is 8 of them, each fed by its own sum, so that none can be left out. */
kernel void peak_int(uint rounds, global char *out, ulong out_at)
{
    uint x = 0x01020304u + (uint)get_global_id(0);
    int a = 0, b = 1, c = 2, d = 3, e = 4, f = 5, g = 6, h = 7;
    for (uint i = 0; i < rounds; i++) {
        a = FOUR_PRODUCTS(x, as_uint(a), a);
        b = FOUR_PRODUCTS(x, as_uint(b), b);
        c = FOUR_PRODUCTS(x, as_uint(c), c);
        d = FOUR_PRODUCTS(x, as_uint(d), d);
        e = FOUR_PRODUCTS(x, as_uint(e), e);
        f = FOUR_PRODUCTS(x, as_uint(f), f);
        g = FOUR_PRODUCTS(x, as_uint(g), g);
        h = FOUR_PRODUCTS(x, as_uint(h), h);
    }
    if ((a ^ b ^ c ^ d ^ e ^ f ^ g ^ h) == 123456789)
        *AT(int, out, out_at) = a;
}
