/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Each kernel once, on numbers whose answer needs no other kernel to be known: whole numbers that
 * every format holds exactly, means, equal shares. */
#include "devices/kernels/opencl_device.h"

#include "base/memory.h"
#include "devices/kernels/blocks.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_ARRAYS = 8 };

/* Arrays on the device, freed together. */
struct trial {
    struct kernels *kernels;
    void *array[MOST_ARRAYS];
    size_t bytes[MOST_ARRAYS], n;
};

static void *array_of(struct trial *trial, const void *from, size_t bytes)
{
    const struct kernels_backend *does = trial->kernels->does;
    void *memory = does->alloc(trial->kernels, bytes);
    if (memory && from)
        does->write(trial->kernels, memory, 0, from, bytes);
    trial->array[trial->n] = memory;
    trial->bytes[trial->n++] = bytes;
    return memory;
}

static void *numbers_of(struct trial *trial, const float *from, size_t n)
{
    return array_of(trial, from, n * sizeof *from);
}

/* Whether the device has these numbers there, to a thousandth. */
static bool holds(struct trial *trial, const void *array, const float *want, size_t n)
{
    float *got = mem_calloc(n, sizeof *got);
    trial->kernels->does->read(trial->kernels, got, array, 0, n * sizeof *got);
    bool same = true;
    for (size_t i = 0; i < n && same; i++)
        same = fabsf(got[i] - want[i]) <= 1e-3f * (1 + fabsf(want[i]));
    free(got);
    return same;
}

static void end(struct trial *trial)
{
    for (size_t i = 0; i < trial->n; i++)
        trial->kernels->does->release(trial->kernels, trial->array[i], trial->bytes[i]);
    trial->n = 0;
}

static bool try_streams(struct trial *trial)
{
    enum { N = 1003 };
    float a[N], c[N];
    for (size_t i = 0; i < N; i++) {
        a[i] = (float)(i % 91);
        c[i] = 4 * a[i];
    }
    void *const array[3] = {numbers_of(trial, a, N), numbers_of(trial, NULL, N),
                            numbers_of(trial, NULL, N)};
    trial->kernels->does->stream(trial->kernels, KERNELS_READ, array, N);
    trial->kernels->does->stream(trial->kernels, KERNELS_COPY, array, N);
    trial->kernels->does->stream(trial->kernels, KERNELS_TRIAD, array, N);
    return holds(trial, array[1], a, N) && holds(trial, array[2], c, N);
}

/* Whole numbers; the first of each block makes its scale 1. */
static float weight(enum kernels_format format, size_t output, size_t input)
{
    if (input % BLOCK_VALUES == 0)
        return format == KERNELS_Q8_0 ? 127 : -8;
    return (float)((3 * output + input) % 16) - 8;
}

enum { OUTPUTS = 37, INPUTS = 96, ROWS = 13 };

static bool try_product(struct trial *trial, enum kernels_format format, size_t rows)
{
    float w[OUTPUTS * INPUTS], x[ROWS * INPUTS], want[ROWS * OUTPUTS] = {0};
    char packed[sizeof w];
    for (size_t i = 0; i < OUTPUTS * INPUTS; i++)
        w[i] = weight(format, i / INPUTS, i % INPUTS);
    for (size_t i = 0; i < ROWS * INPUTS; i++)
        x[i] = (float)(i * 7 % 5) - 2;
    for (size_t r = 0; r < rows; r++)
        for (size_t o = 0; o < OUTPUTS; o++)
            for (size_t i = 0; i < INPUTS; i++)
                want[r * OUTPUTS + o] += w[o * INPUTS + i] * x[r * INPUTS + i];
    block_pack(format, w, OUTPUTS * INPUTS, packed);
    struct kernels_weights weights = {
        format, OUTPUTS, INPUTS,
        array_of(trial, packed, kernels_format_bytes(format, OUTPUTS * INPUTS))};
    void *in = numbers_of(trial, x, rows * INPUTS);
    void *out = numbers_of(trial, NULL, rows * OUTPUTS);
    trial->kernels->does->matmul(trial->kernels, &weights, in, rows, out);
    return holds(trial, out, want, rows * OUTPUTS);
}

static bool try_gather(struct trial *trial, enum kernels_format format)
{
    float w[OUTPUTS * INPUTS], want[2 * INPUTS];
    char packed[sizeof w];
    const uint32_t token[2] = {OUTPUTS - 1, 3};
    for (size_t i = 0; i < OUTPUTS * INPUTS; i++)
        w[i] = weight(format, i / INPUTS, i % INPUTS);
    for (size_t i = 0; i < 2 * INPUTS; i++)
        want[i] = w[token[i / INPUTS] * INPUTS + i % INPUTS];
    block_pack(format, w, OUTPUTS * INPUTS, packed);
    struct kernels_weights table = {
        format, OUTPUTS, INPUTS,
        array_of(trial, packed, kernels_format_bytes(format, OUTPUTS * INPUTS))};
    void *out = numbers_of(trial, NULL, 2 * INPUTS);
    trial->kernels->does->gather(trial->kernels, &table, token, 2, out);
    return holds(trial, out, want, 2 * INPUTS);
}

/* Values tell their token. The keys are equal, so that all tokens of a window count alike, but for
 * one that outweighs them. */
static bool try_attention(struct trial *trial, size_t first, size_t rows)
{
    enum { DIM = 16, TOKENS = 60, HEADS = 2, LOUD = 30 };
    float k[TOKENS * DIM] = {0}, v[TOKENS * DIM], q[ROWS * HEADS * DIM];
    float want[ROWS * HEADS * DIM];
    struct kernels_attention what = {.q_heads = HEADS,
                                     .kv_heads = 1,
                                     .dim = DIM,
                                     .capacity = TOKENS,
                                     .window = 20,
                                     .keys = array_of(trial, NULL, sizeof k),
                                     .values = array_of(trial, NULL, sizeof v),
                                     .rows = first + rows};
    for (size_t i = 0; i < TOKENS * DIM; i++) {
        size_t token = i / DIM;
        v[i] = (float)token;
    }
    for (size_t i = 0; i < DIM; i++)
        k[LOUD * DIM + i] = 100;
    for (size_t i = 0; i < rows * HEADS * DIM; i++) {
        size_t place = first + i / (HEADS * DIM), oldest = place < 19 ? 0 : place - 19;
        bool loud = oldest <= LOUD && LOUD <= place;
        q[i] = 1;
        want[i] = loud ? LOUD : (float)(oldest + place) / 2;
    }
    void *in = numbers_of(trial, q, rows * HEADS * DIM);
    void *out = numbers_of(trial, NULL, rows * HEADS * DIM);
    trial->kernels->does->keep(trial->kernels, &what, numbers_of(trial, k, TOKENS * DIM),
                               numbers_of(trial, v, TOKENS * DIM));
    what.first = first;
    what.rows = rows;
    trial->kernels->does->attend(trial->kernels, &what, in, out);
    return holds(trial, out, want, rows * HEADS * DIM);
}

static bool try_norm(struct trial *trial)
{
    enum { N = 67 };
    float x[N], weights[N];
    for (size_t i = 0; i < N; i++) {
        x[i] = i % 2 ? 5 : -5;
        weights[i] = i % 2 ? (float)i : -(float)i;
    }
    float want[N];
    for (size_t i = 0; i < N; i++)
        want[i] = (float)i;
    void *out = numbers_of(trial, NULL, N);
    trial->kernels->does->norm(trial->kernels, numbers_of(trial, x, N),
                               numbers_of(trial, weights, N), 1, N, out);
    return holds(trial, out, want, N);
}

static bool try_rope(struct trial *trial)
{
    enum { DIM = 8 };
    float x[2 * DIM] = {0}, want[2 * DIM] = {0};
    x[0] = x[DIM] = 1;
    want[0] = cosf(7);
    want[DIM / 2] = sinf(7);
    want[DIM] = cosf(8);
    want[DIM + DIM / 2] = sinf(8);
    void *in = numbers_of(trial, x, 2 * DIM);
    trial->kernels->does->rope(trial->kernels, in, 2, 1, DIM, 7);
    return holds(trial, in, want, 2 * DIM);
}

static bool try_elements(struct trial *trial)
{
    enum { HALF = 65, N = 2 * HALF };
    float x[N], want[N], share[N];
    for (size_t i = 0; i < N; i++) {
        x[i] = (float)i / 8 - 8;
        want[i] = x[i] / (1 + expf(-x[i])) * x[i] + x[i];
        share[i] = 1.0f / HALF;
    }
    const struct kernels_backend *does = trial->kernels->does;
    void *in = numbers_of(trial, x, N), *out = numbers_of(trial, NULL, N);
    void *zeros = numbers_of(trial, NULL, N);
    does->gate(trial->kernels, in, in, N, out);
    does->add(trial->kernels, out, in, N);
    does->softmax(trial->kernels, zeros, 2, HALF);
    does->nothing(trial->kernels);
    return holds(trial, out, want, N) && holds(trial, zeros, share, N);
}

static bool try_peaks(struct trial *trial)
{
    const struct kernels_backend *does = trial->kernels->does;
    bool ok = does->flops(trial->kernels, 64) > 0 && does->int_ops(trial->kernels, 64) > 0;
    does->finish(trial->kernels);
    return ok;
}

/* One row, many, and few. A CPU, which compiles each of them when it is first called and is there
 * for tests, is spared the few. */
static bool try_products(struct trial *trial, struct error *err)
{
    static const size_t rows[] = {1, ROWS, 2, 4, 7};
    const struct opencl *opencl = (const struct opencl *)trial->kernels;
    size_t n = opencl->shape.processor ? 2 : sizeof rows / sizeof *rows;
    for (enum kernels_format f = 0; f < KERNELS_FORMATS; f++) {
        for (size_t i = 0; i < n; i++) {
            bool ok = try_product(trial, f, rows[i]);
            end(trial);
            if (!ok)
                return error_machine(err, "it answers wrongly: a product with %s",
                                     kernels_format_name(f));
        }
        bool ok = try_gather(trial, f);
        end(trial);
        if (!ok)
            return error_machine(err, "it answers wrongly: rows of a table in %s",
                                 kernels_format_name(f));
    }
    return true;
}

static bool try_rest(struct trial *trial, struct error *err)
{
    static const struct {
        const char *name;
        bool (*work)(struct trial *trial);
    } trials[] = {{"a stream", try_streams},
                  {"a norm", try_norm},
                  {"a rotary embedding", try_rope},
                  {"an element-wise operator", try_elements},
                  {"arithmetic in registers", try_peaks}};
    for (size_t i = 0; i < sizeof trials / sizeof *trials; i++) {
        bool ok = trials[i].work(trial);
        end(trial);
        if (!ok)
            return error_machine(err, "it answers wrongly: %s", trials[i].name);
    }
    bool ok = try_attention(trial, 45, 1);
    end(trial);
    ok = try_attention(trial, 25, ROWS) && ok;
    end(trial);
    return ok || error_machine(err, "it answers wrongly: attention");
}

bool opencl_try(struct kernels *kernels, struct error *err)
{
    struct trial trial = {.kernels = kernels};
    struct error inner = {0};
    if (try_rest(&trial, &inner) && try_products(&trial, &inner) && !kernels->does->fault(kernels))
        return true;
    const char *fault = kernels->does->fault(kernels);
    return error_machine(err, "%s", fault ? fault : inner.fault[0]);
}
