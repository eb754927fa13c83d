/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any backend's kernels against plain loops over doubles. All memory is the device's own, and what
 * comes out of it is read back. */
#ifndef TESTS_SUPPORT_KERNEL_CHECKS_H
#define TESTS_SUPPORT_KERNEL_CHECKS_H

#include "tests/check.h"
#include "tests/support/kernel_reference.h"

#include "devices/kernels/blocks.h"

/* What is checked, and the sizes that a backend meets in other kernels of its own. */
struct kernel_checks {
    struct kernels *kernels;
    size_t rounded_rows; /* most rows whose products with quantised weights round the inputs */
    const size_t *rows;  /* (n_rows) of products */
    size_t n_rows;
};

/* An array on the device, `pad` bytes behind the start of its memory. */
struct device_array {
    struct kernels *kernels;
    void *memory, *data;
    size_t bytes, all_bytes;
};

static inline struct device_array array_at(struct kernels *k, const void *from, size_t bytes,
                                           size_t pad)
{
    struct device_array array = {.kernels = k, .bytes = bytes, .all_bytes = bytes + pad};
    array.memory = k->does->alloc(k, array.all_bytes);
    array.data = array.memory ? (char *)array.memory + pad : NULL;
    if (CHECK(array.memory != NULL) && from)
        k->does->write(k, array.data, 0, from, bytes);
    return array;
}

static inline struct device_array array_of(struct kernels *k, const void *from, size_t bytes)
{
    return array_at(k, from, bytes, 0);
}

static inline struct device_array numbers_at(struct kernels *k, size_t n, size_t from)
{
    float *numbers = reference_numbers(n, from);
    struct device_array array = array_of(k, numbers, n * sizeof *numbers);
    free(numbers);
    return array;
}

/* What it holds now; freed by the caller. */
static inline void *array_read(const struct device_array *array)
{
    void *host = calloc(array->bytes + 64, 1);
    array->kernels->does->read(array->kernels, host, array->data, 0, array->bytes);
    return host;
}

static inline void array_free(struct device_array *array)
{
    array->kernels->does->release(array->kernels, array->memory, array->all_bytes);
}

static inline double worst_of(const float *got, const double *want, size_t n)
{
    double worst = 0;
    for (size_t i = 0; i < n; i++)
        worst = isfinite(got[i]) ? fmax(worst, fabs((double)got[i] - want[i])) : INFINITY;
    return worst;
}

/* The array against numbers, to an absolute limit. */
static inline bool array_holds(const struct device_array *array, const double *want, double limit)
{
    float *got = array_read(array);
    double worst = worst_of(got, want, array->bytes / sizeof *got);
    free(got);
    return worst <= limit;
}

struct product_size {
    enum kernels_format format;
    size_t rows, outputs, inputs;
    size_t pad; /* bytes before the weights and inputs */
};

static inline void check_product(const struct kernel_checks *c, struct product_size size)
{
    struct kernels *k = c->kernels;
    size_t values = size.outputs * size.inputs, outs = size.rows * size.outputs;
    size_t bytes = kernels_format_bytes(size.format, values);
    size_t row_bytes = kernels_format_bytes(size.format, size.inputs);
    float *numbers = reference_numbers(values, 7),
          *x = reference_numbers(size.rows * size.inputs, 99);
    char *packed = calloc(bytes + 64, 1);
    block_pack(size.format, numbers, values, packed);
    struct device_array w = array_at(k, packed, bytes, size.pad);
    struct device_array in = array_at(k, x, size.rows * size.inputs * sizeof *x, size.pad * 2);
    struct device_array out = array_of(k, NULL, outs * sizeof(float));
    struct kernels_weights weights = {size.format, size.outputs, size.inputs, w.data};
    double *want = calloc(outs + 1, sizeof *want), *weight = calloc(size.inputs, sizeof *weight);
    k->does->matmul(k, &weights, in.data, size.rows, out.data);
    k->does->finish(k);
    for (size_t o = 0; o < size.outputs; o++) {
        for (size_t i = 0; i < size.inputs; i++)
            weight[i] = reference_weight(size.format, packed + o * row_bytes, i);
        for (size_t r = 0; r < size.rows; r++)
            for (size_t i = 0; i < size.inputs; i++)
                want[r * size.outputs + o] += weight[i] * (double)x[r * size.inputs + i];
    }
    bool quantised = size.format == KERNELS_Q8_0 || size.format == KERNELS_Q4_0;
    bool rounded = quantised && size.rows <= c->rounded_rows;
    if (!CHECK(array_holds(&out, want, rounded ? 0.3 : 2e-4)))
        fprintf(stderr, "    %s, %zu rows, %zu outputs, %zu inputs\n",
                kernels_format_name(size.format), size.rows, size.outputs, size.inputs);
    array_free(&w);
    array_free(&in);
    array_free(&out);
    free(numbers);
    free(x);
    free(packed);
    free(want);
    free(weight);
}

/* Narrow ones, and ones whose inputs may take another way. */
static inline void check_products(const struct kernel_checks *c, enum kernels_format format)
{
    for (size_t i = 0; i < c->n_rows; i++) {
        size_t rows = c->rows[i];
        check_product(c, (struct product_size){format, rows, 150, 1088, 0});
        if (rows < KERNELS_VECTOR_ROWS)
            check_product(c, (struct product_size){format, rows, 150, 4224, 0});
    }
}

struct attention_size {
    size_t q_heads, kv_heads, dim, first, rows, window;
};

/* Keys lie where they are said to. */
static inline void check_kept(const struct attention_size *size, size_t capacity, const char *kept,
                              const float *keys)
{
    size_t width = size->kv_heads * size->dim, all = size->first + size->rows;
    double worst = 0;
    for (size_t i = 0; i < all * width; i++) {
        size_t token = i / width, head = i % width / size->dim, d = i % size->dim;
        double value =
            reference_weight(KERNELS_F16, kept, (head * capacity + token) * size->dim + d);
        worst = fmax(worst, fabs(value - (double)keys[i]));
    }
    CHECK(worst <= 1e-3);
}

static inline void check_attention(const struct kernel_checks *c, struct attention_size size)
{
    struct kernels *k = c->kernels;
    size_t all = size.first + size.rows, capacity = all + 3, width = size.kv_heads * size.dim;
    size_t cache_B = 2 * capacity * width, outs = size.rows * size.q_heads * size.dim;
    float *keys = reference_numbers(all * width, 3), *values = reference_numbers(all * width, 4);
    float *q = reference_numbers(outs, 8);
    for (size_t i = 0; i < outs; i++)
        q[i] *= 4;
    struct device_array new_k = array_of(k, keys, all * width * sizeof *keys);
    struct device_array new_v = array_of(k, values, all * width * sizeof *values);
    struct device_array in = array_of(k, q, outs * sizeof *q);
    struct device_array out = array_of(k, NULL, outs * sizeof *q);
    struct device_array kept_k = array_at(k, NULL, cache_B, 2 * width);
    struct device_array kept_v = array_at(k, NULL, cache_B, 2 * width);
    struct kernels_attention what = {.q_heads = size.q_heads,
                                     .kv_heads = size.kv_heads,
                                     .dim = size.dim,
                                     .capacity = capacity,
                                     .window = size.window,
                                     .keys = kept_k.data,
                                     .values = kept_v.data,
                                     .rows = size.first};
    k->does->keep(k, &what, new_k.data, new_v.data);
    what.first = size.first;
    what.rows = size.rows;
    k->does->keep(k, &what, (float *)new_k.data + size.first * width,
                  (float *)new_v.data + size.first * width);
    k->does->attend(k, &what, in.data, out.data);
    k->does->finish(k);

    char *host_k = array_read(&kept_k), *host_v = array_read(&kept_v);
    double *want = calloc(outs, sizeof *want);
    for (size_t i = 0; i < outs; i += size.dim) {
        size_t place = size.first + i / size.dim / size.q_heads, head = i / size.dim % size.q_heads;
        size_t at = head / (size.q_heads / size.kv_heads) * capacity * size.dim * 2;
        size_t tokens[2] = {size.window && place + 1 > size.window ? place + 1 - size.window : 0,
                            place};
        reference_attention(q + i, host_k + at, host_v + at, size.dim, tokens, want + i);
    }
    if (!CHECK(array_holds(&out, want, 2e-5)))
        fprintf(stderr, "    heads %zu/%zu of %zu, first %zu, rows %zu, window %zu\n", size.q_heads,
                size.kv_heads, size.dim, size.first, size.rows, size.window);
    check_kept(&size, capacity, host_k, keys);
    struct device_array *const arrays[] = {&new_k, &new_v, &in, &out, &kept_k, &kept_v};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
        array_free(arrays[i]);
    void *const memory[] = {keys, values, q, host_k, host_v, want};
    for (size_t i = 0; i < sizeof memory / sizeof *memory; i++)
        free(memory[i]);
}

static inline void check_norm(const struct kernel_checks *c, size_t rows, size_t columns)
{
    struct kernels *k = c->kernels;
    struct device_array x = numbers_at(k, rows * columns, 2), weight = numbers_at(k, columns, 5);
    struct device_array y = array_of(k, NULL, x.bytes);
    double *want = calloc(rows * columns, sizeof *want);
    for (size_t r = 0; r < rows; r++) {
        double mean = 0;
        for (size_t i = 0; i < columns; i++)
            mean += pow((double)reference_number(2 + r * columns + i), 2) / (double)columns;
        for (size_t i = 0; i < columns; i++)
            want[r * columns + i] = (double)reference_number(2 + r * columns + i) *
                                    (double)reference_number(5 + i) / sqrt(mean + 1e-6);
    }
    k->does->norm(k, x.data, weight.data, rows, columns, y.data);
    CHECK(array_holds(&y, want, 1e-5));
    array_free(&x);
    array_free(&weight);
    array_free(&y);
    free(want);
}

/* Rows and heads of a size, the first at a place. */
struct rope_size {
    size_t rows, heads, dim, first;
};

static inline void check_rope(const struct kernel_checks *c, struct rope_size size)
{
    struct kernels *k = c->kernels;
    size_t n = size.rows * size.heads * size.dim, pairs = size.dim / 2;
    struct device_array x = numbers_at(k, n, 2);
    double *want = calloc(n, sizeof *want);
    for (size_t at = 0; at < n; at += size.dim) {
        double place = (double)(size.first + at / size.dim / size.heads);
        want[at + size.dim - 1] = (double)reference_number(2 + at + size.dim - 1); /* if odd */
        for (size_t i = 0; i < pairs; i++) {
            double angle = place * pow(10000, -2.0 * (double)i / (double)size.dim);
            double a = (double)reference_number(2 + at + i);
            double b = (double)reference_number(2 + at + i + pairs);
            want[at + i] = a * cos(angle) - b * sin(angle);
            want[at + i + pairs] = a * sin(angle) + b * cos(angle);
        }
    }
    k->does->rope(k, x.data, size.rows, size.heads, size.dim, size.first);
    if (!CHECK(array_holds(&x, want, 1e-6)))
        fprintf(stderr, "    %zu rows, %zu heads of %zu\n", size.rows, size.heads, size.dim);
    array_free(&x);
    free(want);
}

/* Gate with and without its second input, sum, and softmax. */
static inline void check_element(const struct kernel_checks *c, size_t n)
{
    struct kernels *k = c->kernels;
    struct device_array x = numbers_at(k, n, 2), y = numbers_at(k, n, 3), z = numbers_at(k, n, 4);
    double *want = calloc(n, sizeof *want), sum = 0;
    for (size_t i = 0; i < n; i++) {
        double a = (double)reference_number(2 + i), b = (double)reference_number(3 + i);
        want[i] = a / (1 + exp(-a)) * b + a;
        sum += exp(b);
    }
    k->does->gate(k, x.data, y.data, n, z.data);
    k->does->add(k, z.data, x.data, n);
    CHECK(array_holds(&z, want, 1e-5));
    for (size_t i = 0; i < n; i++) {
        double a = (double)reference_number(2 + i);
        want[i] = a / (1 + exp(-a));
    }
    k->does->gate(k, x.data, NULL, n, z.data);
    CHECK(array_holds(&z, want, 1e-5));
    for (size_t i = 0; i < n; i++)
        want[i] = exp((double)reference_number(3 + i)) / sum;
    k->does->softmax(k, y.data, 1, n);
    CHECK(array_holds(&y, want, 1e-4 / sum));
    array_free(&x);
    array_free(&y);
    array_free(&z);
    free(want);
}

static inline void check_gather(const struct kernel_checks *c, enum kernels_format format)
{
    enum { VOCAB = 50, WIDTH = 64, ROWS = 4 };
    struct kernels *k = c->kernels;
    float *numbers = reference_numbers((size_t)VOCAB * WIDTH, 2);
    char packed[VOCAB * WIDTH * 4];
    uint32_t token[ROWS] = {49, 0, 7, 7};
    double want[ROWS * WIDTH];
    size_t bytes = kernels_format_bytes(format, (size_t)VOCAB * WIDTH);
    block_pack(format, numbers, (size_t)VOCAB * WIDTH, packed);
    for (size_t i = 0; i < ROWS * WIDTH; i++)
        want[i] = reference_weight(format, packed, token[i / WIDTH] * WIDTH + i % WIDTH);
    struct device_array rows = array_of(k, packed, bytes);
    struct device_array y = array_of(k, NULL, ROWS * WIDTH * sizeof(float));
    struct kernels_weights table = {format, VOCAB, WIDTH, rows.data};
    k->does->gather(k, &table, token, ROWS, y.data);
    memset(token, 0, sizeof token); /* the caller's again as soon as the call returns */
    CHECK(array_holds(&y, want, 1e-6));
    array_free(&rows);
    array_free(&y);
    free(numbers);
}

static inline void check_streams(const struct kernel_checks *c, size_t n)
{
    struct kernels *k = c->kernels;
    struct device_array a = numbers_at(k, n, 0), b = array_of(k, NULL, a.bytes);
    struct device_array sum = array_of(k, NULL, a.bytes);
    double *want = calloc(n, sizeof *want);
    k->does->stream(k, KERNELS_READ, (void *const[3]){a.data, NULL, NULL}, n);
    k->does->stream(k, KERNELS_COPY, (void *const[3]){a.data, b.data, NULL}, n);
    for (size_t i = 0; i < n; i++)
        want[i] = (double)reference_number(i);
    CHECK(array_holds(&b, want, 0));
    k->does->stream(k, KERNELS_TRIAD, (void *const[3]){a.data, b.data, sum.data}, n);
    for (size_t i = 0; i < n; i++)
        want[i] *= 4;
    CHECK(array_holds(&sum, want, 1e-6));
    array_free(&a);
    array_free(&b);
    array_free(&sum);
    free(want);
}

/* Memory comes as zeros, and takes what is written at a place. */
static inline void check_memory(const struct kernel_checks *c)
{
    struct kernels *k = c->kernels;
    struct device_array array = array_of(k, NULL, 1001);
    char *first = array_read(&array);
    k->does->write(k, array.data, 1000, "x", 1);
    k->does->write(k, (char *)array.data + 7, 3, "yz", 2);
    char *then = array_read(&array);
    bool ok = then[1000] == 'x' && then[10] == 'y' && then[11] == 'z';
    for (size_t i = 0; i < array.bytes; i++)
        ok = ok && first[i] == 0 && (i == 10 || i == 11 || i == 1000 || then[i] == 0);
    CHECK(ok);
    CHECK(k->does->alloc(k, SIZE_MAX / 4) == NULL);
    array_free(&array);
    free(first);
    free(then);
}

/* Single rows, few rows, and tiles of many; windows that begin before, in and behind a tile's first
 * context; heads of lengths that no vector is. */
static inline void check_attentions(const struct kernel_checks *c)
{
    static const struct {
        size_t first, rows, window;
    } cases[] = {{0, 1, 0},    {600, 1, 0},   {600, 3, 0},  {600, 1, 37},  {0, 150, 0},
                 {201, 99, 0}, {201, 99, 80}, {201, 99, 1}, {0, 150, 128}, {300, 70, 129}};
    static const size_t heads[][3] = {{6, 2, 48}, {3, 3, 33}, {4, 1, 7}};
    for (size_t h = 0; h < sizeof heads / sizeof *heads; h++)
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
            check_attention(c, (struct attention_size){heads[h][0], heads[h][1], heads[h][2],
                                                       cases[i].first, cases[i].rows,
                                                       cases[i].window});
}

/* All that every backend must do. */
static inline void check_kernels(const struct kernel_checks *c)
{
    struct kernels *k = c->kernels;
    check_memory(c);
    for (enum kernels_format f = 0; f < KERNELS_FORMATS; f++)
        check_products(c, f);
    check_attentions(c);
    check_norm(c, 1, 100);
    check_norm(c, 40, 1024);
    check_rope(c, (struct rope_size){20, 9, 96, 1000});
    check_rope(c, (struct rope_size){1, 3, 64, 4000});
    check_rope(c, (struct rope_size){600, 1, 64, 0});
    check_rope(c, (struct rope_size){40, 1, 1091, 5});
    check_element(c, 777);
    check_element(c, 40000);
    for (enum kernels_format f = 0; f < KERNELS_FORMATS; f++)
        check_gather(c, f);
    check_streams(c, 100003);
    CHECK(k->does->flops(k, 100) > 0 && k->does->int_ops(k, 100) > 0);
    k->does->nothing(k);
    k->does->finish(k);
    CHECK(!k->does->fault || k->does->fault(k) == NULL);
}

#endif
