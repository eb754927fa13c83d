/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Operators that do little more than move numbers. */
#include "devices/kernels/cpu.h"

#include <math.h>
#include <string.h>

/* Rows of a job, some to a part. */
struct rows {
    const struct cpu *cpu;
    size_t rows, columns, rows_a_part;
    const void *in, *weight;
    void *out;
    const uint32_t *token;
    const struct kernels_weights *table;
    size_t heads, dim, first;
};

static size_t rows_end(const struct rows *job, size_t part)
{
    size_t end = (part + 1) * job->rows_a_part;
    return end < job->rows ? end : job->rows;
}

static void share(struct cpu *cpu, struct rows *job, kernels_work *work)
{
    size_t threads = kernels_pool_used(cpu->pool), values = job->rows * job->columns;
    size_t parts = values < CPU_WORTH_SHARING ? 1 : 4 * threads;
    job->cpu = cpu;
    job->rows_a_part = (job->rows + parts - 1) / parts;
    if (job->rows > 0)
        kernels_pool_run(cpu->pool, (job->rows + job->rows_a_part - 1) / job->rows_a_part, work,
                         job);
}

static void norm_part(void *context, size_t part, size_t thread)
{
    const struct rows *job = context;
    const float *weight = job->weight;
    (void)thread;
    for (size_t row = part * job->rows_a_part; row < rows_end(job, part); row++) {
        const float *x = (const float *)job->in + row * job->columns;
        float *y = (float *)job->out + row * job->columns;
        float mean = job->cpu->simd->squares(x, job->columns) / (float)job->columns;
        float scale = 1 / sqrtf(mean + 1e-6f);
        for (size_t i = 0; i < job->columns; i++)
            y[i] = x[i] * scale * weight[i];
    }
}

void cpu_norm(struct kernels *kernels, const void *x, const void *weight, size_t rows,
              size_t columns, void *y)
{
    struct rows job = {.rows = rows, .columns = columns, .in = x, .weight = weight, .out = y};
    share((struct cpu *)kernels, &job, norm_part);
}

enum { ROPE_MOST = 256 }; /* pairs of a head whose angles are known at a time */

/* Cosines and sines of the angles of a place, and of what the next place adds to them. */
struct turns {
    double cosine[ROPE_MOST], sine[ROPE_MOST], more_cosine[ROPE_MOST], more_sine[ROPE_MOST];
    float rounded_cosine[ROPE_MOST], rounded_sine[ROPE_MOST];
};

/* Angles of a place: place * 10000^(-2i/dim) (Su et al., arXiv 2104.09864). */
static void begin_turns(const struct rows *job, size_t row, size_t from, size_t n,
                        struct turns *turns)
{
    for (size_t i = 0; i < n; i++) {
        double more = exp(-2 * (double)(from + i) / (double)job->dim * log(10000));
        double angle = (double)(job->first + row) * more;
        turns->cosine[i] = cos(angle);
        turns->sine[i] = sin(angle);
        turns->more_cosine[i] = job->rows > 1 ? cos(more) : 1;
        turns->more_sine[i] = job->rows > 1 ? sin(more) : 0;
    }
}

/* Rounds the angles of this place and goes on to the next, by a product of complex numbers, which
 * takes less time than a cosine and a sine. */
static void next_turns(struct turns *turns, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        double a = turns->cosine[i], b = turns->sine[i];
        turns->rounded_cosine[i] = (float)a;
        turns->rounded_sine[i] = (float)b;
        turns->cosine[i] = a * turns->more_cosine[i] - b * turns->more_sine[i];
        turns->sine[i] = a * turns->more_sine[i] + b * turns->more_cosine[i];
    }
}

static void rotate(float *restrict low, float *restrict high, const struct turns *turns, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        float a = low[i], b = high[i];
        low[i] = a * turns->rounded_cosine[i] - b * turns->rounded_sine[i];
        high[i] = a * turns->rounded_sine[i] + b * turns->rounded_cosine[i];
    }
}

static void rope_part(void *context, size_t part, size_t thread)
{
    const struct rows *job = context;
    struct turns turns;
    size_t pairs = job->dim / 2, begin = part * job->rows_a_part;
    (void)thread;
    for (size_t from = 0; from < pairs; from += ROPE_MOST) {
        size_t n = pairs - from < ROPE_MOST ? pairs - from : ROPE_MOST;
        begin_turns(job, begin, from, n, &turns);
        for (size_t row = begin; row < rows_end(job, part); row++) {
            next_turns(&turns, n);
            float *low = (float *)job->out + row * job->columns + from;
            for (size_t head = 0; head < job->heads; head++, low += job->dim)
                rotate(low, low + pairs, &turns, n);
        }
    }
}

void cpu_rope(struct kernels *kernels, void *x, size_t rows, size_t heads, size_t dim, size_t first)
{
    struct rows job = {
        .rows = rows, .columns = heads * dim, .out = x, .heads = heads, .dim = dim, .first = first};
    share((struct cpu *)kernels, &job, rope_part);
}

/* Numbers in a row that have nothing to do with each other, in pieces. */
enum { PIECE = 1024 };

static size_t piece(const struct rows *job, size_t row)
{
    size_t left = job->dim - row * PIECE;
    return left < PIECE ? left : PIECE;
}

static void gate_part(void *context, size_t part, size_t thread)
{
    const struct rows *job = context;
    (void)thread;
    for (size_t row = part * job->rows_a_part; row < rows_end(job, part); row++)
        job->cpu->simd->swiglu((const float *)job->in + row * PIECE,
                               job->weight ? (const float *)job->weight + row * PIECE : NULL,
                               (float *)job->out + row * PIECE, piece(job, row));
}

void cpu_gate(struct kernels *kernels, const void *gate, const void *up, size_t values, void *y)
{
    struct rows job = {.rows = (values + PIECE - 1) / PIECE,
                       .columns = PIECE,
                       .dim = values,
                       .in = gate,
                       .weight = up,
                       .out = y};
    share((struct cpu *)kernels, &job, gate_part);
}

static void add_part(void *context, size_t part, size_t thread)
{
    const struct rows *job = context;
    (void)thread;
    for (size_t row = part * job->rows_a_part; row < rows_end(job, part); row++) {
        const float *y = (const float *)job->in + row * PIECE;
        float *x = (float *)job->out + row * PIECE;
        for (size_t i = 0; i < piece(job, row); i++)
            x[i] += y[i];
    }
}

void cpu_add(struct kernels *kernels, void *x, const void *y, size_t values)
{
    struct rows job = {
        .rows = (values + PIECE - 1) / PIECE, .columns = PIECE, .dim = values, .in = y, .out = x};
    share((struct cpu *)kernels, &job, add_part);
}

float cpu_greatest(const float *x, size_t n)
{
    enum { LANES = 16 }; /* kept apart, so that none waits for the one before */
    float lane[LANES], most = -INFINITY;
    for (size_t j = 0; j < LANES; j++)
        lane[j] = -INFINITY;
    size_t i = 0;
    for (; i + LANES <= n; i += LANES)
#pragma GCC unroll 1 /* or compilers take them one by one */
        for (size_t j = 0; j < LANES; j++)
            lane[j] = x[i + j] > lane[j] ? x[i + j] : lane[j];
    for (; i < n; i++)
        most = x[i] > most ? x[i] : most;
    for (size_t j = 0; j < LANES; j++)
        most = lane[j] > most ? lane[j] : most;
    return most;
}

static void softmax_part(void *context, size_t part, size_t thread)
{
    const struct rows *job = context;
    (void)thread;
    for (size_t row = part * job->rows_a_part; row < rows_end(job, part); row++) {
        float *x = (float *)job->out + row * job->columns;
        float most = cpu_greatest(x, job->columns);
        float share_of = 1 / job->cpu->simd->exps(x, most, job->columns);
        for (size_t i = 0; i < job->columns; i++)
            x[i] *= share_of;
    }
}

void cpu_softmax(struct kernels *kernels, void *x, size_t rows, size_t columns)
{
    struct rows job = {.rows = rows, .columns = columns, .out = x};
    if (columns > 0)
        share((struct cpu *)kernels, &job, softmax_part);
}

static void gather_part(void *context, size_t part, size_t thread)
{
    const struct rows *job = context;
    const struct kernels_weights *table = job->table;
    size_t bytes = kernels_format_bytes(table->format, table->columns);
    (void)thread;
    for (size_t row = part * job->rows_a_part; row < rows_end(job, part); row++)
        job->cpu->simd->unpack[table->format]((const char *)table->data + job->token[row] * bytes,
                                              (float *)job->out + row * table->columns,
                                              table->columns);
}

void cpu_gather(struct kernels *kernels, const struct kernels_weights *table, const uint32_t *token,
                size_t rows, void *y)
{
    struct rows job = {
        .rows = rows, .columns = table->columns, .out = y, .token = token, .table = table};
    share((struct cpu *)kernels, &job, gather_part);
}
