/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The kernels of the CPU, on one thread and on several, against plain loops over doubles. */
#include "devices/kernels/blas.h"
#include "devices/kernels/kernels.h"
#include "devices/kernels/places.h"
#include "devices/kernels/pool.h"
#include "tests/check.h"
#include "tests/support/kernel_reference.h"

#include "devices/kernels/blocks.h"

#include <dlfcn.h>
#include <stdatomic.h>
#include <time.h>

static double worst_of(const float *got, const double *want, size_t n)
{
    double worst = 0;
    for (size_t i = 0; i < n; i++)
        worst = fmax(worst, fabs((double)got[i] - want[i]));
    return worst;
}

enum { OUT = 150 };

static void check_matmul_of(struct kernels *k, enum kernels_format format, size_t rows, size_t in)
{
    float *numbers = reference_numbers((size_t)OUT * in, 7), *x = reference_numbers(rows * in, 99);
    struct kernels_weights weights = {format, OUT, in, NULL};
    size_t bytes = kernels_format_bytes(format, (size_t)OUT * in);
    weights.data = k->does->alloc(k, bytes);
    block_pack(format, numbers, (size_t)OUT * in, weights.data);
    float *y = calloc(rows * OUT, sizeof *y);
    double *want = calloc(rows * OUT, sizeof *want);
    k->does->matmul(k, &weights, x, rows, y);
    k->does->finish(k);
    size_t row_bytes = kernels_format_bytes(format, in);
    double *weight = calloc(in, sizeof *weight);
    for (size_t o = 0; o < OUT; o++) {
        for (size_t i = 0; i < in; i++)
            weight[i] = reference_weight(format, (char *)weights.data + o * row_bytes, i);
        for (size_t r = 0; r < rows; r++)
            for (size_t i = 0; i < in; i++)
                want[r * OUT + o] += weight[i] * (double)x[r * in + i];
    }
    bool rounded = (k->integers || rows <= KERNELS_VECTOR_ROWS) &&
                   (format == KERNELS_Q8_0 || format == KERNELS_Q4_0);
    if (!CHECK(worst_of(y, want, rows * OUT) <= (rounded ? 0.3 : 2e-4)))
        fprintf(stderr, "    %s, %zu rows\n", kernels_format_name(format), rows);
    k->does->release(k, weights.data, bytes);
    free(weight);
    free(numbers);
    free(x);
    free(y);
    free(want);
}

/* Narrow ones, and ones whose activations take another way. */
static void check_matmul(struct kernels *k, enum kernels_format format, size_t rows)
{
    check_matmul_of(k, format, rows, 1088);
    if (rows < KERNELS_VECTOR_ROWS)
        check_matmul_of(k, format, rows, 4224);
}

/* Heads, first, rows and window of `what` against the reference. */
static void check_attention(struct kernels *k, struct kernels_attention what)
{
    const size_t q_heads = what.q_heads, kv_heads = what.kv_heads, dim = what.dim;
    const size_t first = what.first, rows = what.rows, all = first + rows;
    what.capacity = 700;
    size_t bytes = 2 * kv_heads * what.capacity * dim;
    what.keys = k->does->alloc(k, bytes);
    what.values = k->does->alloc(k, bytes);
    float *keys = reference_numbers(all * kv_heads * dim, 3),
          *values = reference_numbers(all * kv_heads * dim, 4);
    float *q = reference_numbers(rows * q_heads * dim, 8),
          *out = calloc(rows * q_heads * dim, sizeof *out);
    double *want = calloc(rows * q_heads * dim, sizeof *want);
    for (size_t i = 0; i < rows * q_heads * dim; i++)
        q[i] *= 4;
    what.first = 0;
    what.rows = first;
    k->does->keep(k, &what, keys, values);
    what.first = first;
    what.rows = rows;
    k->does->keep(k, &what, keys + first * kv_heads * dim, values + first * kv_heads * dim);
    k->does->attend(k, &what, q, out);
    k->does->finish(k);
    for (size_t r = 0; r < rows; r++)
        for (size_t h = 0; h < q_heads; h++) {
            size_t place = first + r, at = (r * q_heads + h) * dim;
            size_t head = h / (q_heads / kv_heads) * what.capacity * dim * 2;
            size_t tokens[2] = {what.window && place >= what.window ? place + 1 - what.window : 0,
                                place};
            reference_attention(q + at, (char *)what.keys + head, (char *)what.values + head, dim,
                                tokens, want + at);
        }
    if (!CHECK(worst_of(out, want, rows * q_heads * dim) <= 2e-5))
        fprintf(stderr, "    dim %zu, first %zu, rows %zu, window %zu\n", dim, first, rows,
                what.window);
    bool kept = true; /* keys lie where they are said to, here those of the last head */
    for (size_t t = 0; t < all; t++)
        for (size_t i = 0; i < dim; i++) {
            size_t from = (t * kv_heads + kv_heads - 1) * dim + i;
            size_t to = ((kv_heads - 1) * what.capacity + t) * dim + i;
            double there = reference_weight(KERNELS_F16, what.keys, to);
            kept = kept && fabs(there - (double)keys[from]) <= 1e-3;
        }
    CHECK(kept);
    k->does->release(k, what.keys, bytes);
    k->does->release(k, what.values, bytes);
    free(keys);
    free(values);
    free(q);
    free(out);
    free(want);
}

/* Single rows, few rows, and tiles of many; windows that begin before, in and behind a tile's first
 * context; heads of lengths that no vector is. */
static void check_attentions(struct kernels *k)
{
    static const struct {
        size_t first, rows, window;
    } cases[] = {{0, 1, 0},    {600, 1, 0},   {600, 3, 0},  {600, 1, 37},  {0, 150, 0},
                 {201, 99, 0}, {201, 99, 80}, {201, 99, 1}, {0, 150, 128}, {300, 70, 129}};
    static const size_t heads[][3] = {{6, 2, 48}, {3, 3, 33}, {4, 1, 7}};
    for (size_t h = 0; h < sizeof heads / sizeof *heads; h++)
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
            check_attention(k, (struct kernels_attention){.q_heads = heads[h][0],
                                                          .kv_heads = heads[h][1],
                                                          .dim = heads[h][2],
                                                          .first = cases[i].first,
                                                          .rows = cases[i].rows,
                                                          .window = cases[i].window});
}

static void check_norm(struct kernels *k, size_t rows, size_t columns)
{
    float *x = reference_numbers(rows * columns, 2), *weight = reference_numbers(columns, 5);
    float *y = calloc(rows * columns, sizeof *y);
    k->does->norm(k, x, weight, rows, columns, y);
    for (size_t r = 0; r < rows; r++) {
        double mean = 0;
        for (size_t i = 0; i < columns; i++)
            mean += pow((double)x[r * columns + i], 2) / (double)columns;
        for (size_t i = 0; i < columns; i++)
            if (fabs((double)y[r * columns + i] -
                     (double)x[r * columns + i] * (double)weight[i] / sqrt(mean + 1e-6)) > 1e-5)
                CHECK(false);
    }
    free(x);
    free(weight);
    free(y);
}

static void check_rope(struct kernels *k, size_t rows, size_t heads, size_t dim, size_t first)
{
    float *x = reference_numbers(rows * heads * dim, 2);
    float *old = reference_numbers(rows * heads * dim, 2);
    k->does->rope(k, x, rows, heads, dim, first);
    double worst = 0;
    for (size_t r = 0; r < rows; r++)
        for (size_t h = 0; h < heads; h++)
            for (size_t i = 0; i < dim / 2; i++) {
                double angle = (double)(first + r) * pow(10000, -2.0 * (double)i / (double)dim);
                size_t a = (r * heads + h) * dim + i, b = a + dim / 2;
                double ca = (double)old[a] * cos(angle) - (double)old[b] * sin(angle);
                double cb = (double)old[a] * sin(angle) + (double)old[b] * cos(angle);
                worst = fmax(worst, fmax(fabs((double)x[a] - ca), fabs((double)x[b] - cb)));
            }
    if (!CHECK(worst < 1e-6))
        fprintf(stderr, "    %zu rows, %zu heads of %zu: %g\n", rows, heads, dim, worst);
    for (size_t i = 0; dim % 2 && i < rows * heads; i++)
        CHECK(x[i * dim + dim - 1] == old[i * dim + dim - 1]);
    free(x);
    free(old);
}

static void check_element(struct kernels *k, size_t n)
{
    float *x = reference_numbers(n, 2), *y = reference_numbers(n, 3), *z = calloc(n, sizeof *z);
    k->does->gate(k, x, y, n, z);
    double worst = 0, sum = 0;
    for (size_t i = 0; i < n; i++)
        worst = fmax(worst,
                     fabs((double)z[i] - (double)x[i] / (1 + exp(-(double)x[i])) * (double)y[i]));
    k->does->add(k, z, x, n);
    for (size_t i = 0; i < n; i++)
        worst = fmax(worst, fabs((double)z[i] - (double)x[i] -
                                 (double)x[i] / (1 + exp(-(double)x[i])) * (double)y[i]));
    CHECK(worst < 1e-5);
    k->does->softmax(k, y, 1, n);
    for (size_t i = 0; i < n; i++)
        sum += exp((double)reference_number(3 + i));
    worst = 0;
    for (size_t i = 0; i < n; i++)
        worst = fmax(worst, fabs((double)y[i] * sum / exp((double)reference_number(3 + i)) - 1));
    CHECK(worst < 1e-4);
    free(x);
    free(y);
    free(z);
}

static void check_gather(struct kernels *k, enum kernels_format format)
{
    enum { VOCAB = 50, WIDTH = 64, ROWS = 4 };
    float *numbers = reference_numbers((size_t)VOCAB * WIDTH, 2), y[ROWS * WIDTH];
    struct kernels_weights table = {format, VOCAB, WIDTH, calloc(VOCAB * WIDTH, 4)};
    const uint32_t token[ROWS] = {49, 0, 7, 7};
    block_pack(format, numbers, (size_t)VOCAB * WIDTH, table.data);
    k->does->gather(k, &table, token, ROWS, y);
    double worst = 0;
    for (size_t r = 0; r < ROWS; r++)
        for (size_t i = 0; i < WIDTH; i++)
            worst = fmax(worst, fabs((double)y[r * WIDTH + i] -
                                     reference_weight(format, table.data, token[r] * WIDTH + i)));
    CHECK(worst < 1e-6);
    free(table.data);
    free(numbers);
}

static void check_streams(struct kernels *k)
{
    enum { N = 100003 };
    void *array[3];
    for (int i = 0; i < 3; i++)
        array[i] = k->does->alloc(k, N * sizeof(float));
    float *a = array[0], *b = array[1], *c = array[2];
    for (size_t i = 0; i < N; i++)
        a[i] = reference_number(i);
    k->does->stream(k, KERNELS_READ, (void *const[3]){array[0], NULL, NULL}, N);
    k->does->stream(k, KERNELS_COPY, array, N);
    for (size_t i = 0; i < N; i++)
        if (a[i] != b[i] && !CHECK(false))
            break;
    k->does->stream(k, KERNELS_TRIAD, array, N);
    for (size_t i = 0; i < N; i++)
        if (fabsf(c[i] - (a[i] + 3 * b[i])) > 1e-6f && !CHECK(false))
            break;
    for (int i = 0; i < 3; i++)
        k->does->release(k, array[i], N * sizeof(float));
}

static void check_backend(struct kernels *k)
{
    static const size_t rows[] = {1, 2, KERNELS_VECTOR_ROWS, KERNELS_VECTOR_ROWS + 1, 33, 64};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (enum kernels_format f = 0; f < KERNELS_FORMATS; f++)
            check_matmul(k, f, rows[i]);
    check_attentions(k);
    check_norm(k, 1, 100);
    check_norm(k, 40, 1024);
    check_rope(k, 20, 9, 96, 1000);
    check_rope(k, 1, 3, 64, 4000);
    check_rope(k, 600, 1, 64, 0);
    check_rope(k, 40, 1, 1091, 5);
    check_element(k, 777);
    check_element(k, 40000);
    for (enum kernels_format f = 0; f < KERNELS_FORMATS; f++)
        check_gather(k, f);
    check_streams(k);
    CHECK(k->does->flops(k, 100) > 0 && k->does->int_ops(k, 100) > 0);
    k->does->nothing(k);
}

/* OpenBLAS answers, on one thread: its function lies in its own library. */
static void check_blas(void)
{
    struct blas blas;
    Dl_info info = {0};
    if (!CHECK(blas_open(&blas)))
        return;
    void *address;
    memcpy(&address, &blas.sgemm, sizeof address);
    CHECK(dladdr(address, &info) != 0 && info.dli_fname && strstr(info.dli_fname, "openblas"));
    CHECK(strstr(blas.config, "OpenBLAS") != NULL);
    CHECK(blas_threads(&blas) == 1);
    blas_close(&blas);
    CHECK(blas_threads(&blas) == 0);
}

struct counted {
    atomic_int done[1000];
    atomic_int stranger;
    size_t threads;
};

static void count(void *context, size_t part, size_t thread)
{
    struct counted *counted = context;
    atomic_fetch_add(&counted->done[part], 1);
    if (thread >= counted->threads)
        atomic_fetch_add(&counted->stranger, 1);
}

/* Each part is done once, whatever the threads, also after they slept. */
static void check_pool(void)
{
    const struct timespec nap = {0, 3000000};
    struct error err = {0};
    struct kernels_pool *pool = kernels_pool_open(4, NULL, NULL, &err);
    if (!CHECK(pool))
        return;
    for (int round = 0; round < 300; round++) {
        static struct counted counted;
        memset(&counted, 0, sizeof counted);
        size_t parts = (size_t)round * 7 % 1000;
        kernels_pool_use(pool, 1 + (size_t)round % 4);
        counted.threads = kernels_pool_used(pool);
        kernels_pool_run(pool, parts, count, &counted);
        int done = 0;
        for (size_t i = 0; i < 1000; i++)
            done += counted.done[i] == (i < parts);
        CHECK(done == 1000 && counted.stranger == 0);
        if (round % 100 == 99)
            nanosleep(&nap, NULL);
    }
    kernels_pool_use(pool, 99);
    CHECK(kernels_pool_used(pool) == 4);
    kernels_pool_close(pool);
}

static void check_formats(void)
{
    CHECK(kernels_format_find("Q4_0") == KERNELS_Q4_0);
    CHECK(kernels_format_find("Q4_K") == KERNELS_FORMATS);
    CHECK(kernels_format_bytes(KERNELS_Q4_0, 64) == 36);
    CHECK(kernels_format_bytes(KERNELS_Q8_0, 64) == 68);
}

int main(void)
{
    check_formats();
    check_blas();
    check_pool();
    for (size_t threads = 1; threads <= 3; threads += 2) {
        struct error err = {0};
        struct kernels *k = kernels_open_cpu(threads, &err);
        if (!CHECK(k != NULL))
            return check_result();
        CHECK(k->threads == threads);
        check_backend(k);
        if (threads > 1) {
            k->does->use(k, 2);
            check_matmul(k, KERNELS_Q4_0, 1);
        }
        printf("%s; %s; %s\n", k->title, k->vectors, k->gemm);
        k->does->close(k);
    }
    return check_result();
}
