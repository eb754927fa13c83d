/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Matrix products: few rows stream the weights through the dot products of the vector units; more
 * rows multiply 8-bit integers with quantised weights where there are instructions for it, and else
 * unpack the weights, a piece at a time, for a product of floats. */
#include "devices/kernels/cpu.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

/* Without a library: each row of A stays in a cache while the rows of B go by. */
static void own_product(const struct cpu *cpu, const struct cpu_product *what)
{
    for (size_t i = 0; i < what->m; i++)
        for (size_t j = 0; j < what->n; j++) {
            float sum = 0;
            const float *a = what->a + i * what->lda;
            if (what->b_plain)
                for (size_t l = 0; l < what->k; l++)
                    sum += a[l] * what->b[l * what->ldb + j];
            else
                sum = cpu->simd->dot[KERNELS_F32](what->b + j * what->ldb, a, what->k);
            float *c = &what->c[i * what->ldc + j];
            *c = what->add ? *c + sum : sum;
        }
}

void cpu_product(const struct cpu *cpu, const struct cpu_product *what)
{
    if (!cpu->blas.sgemm) {
        own_product(cpu, what);
        return;
    }
    cpu->blas.sgemm(BLAS_ROWS, BLAS_PLAIN, what->b_plain ? BLAS_PLAIN : BLAS_TURNED, (int)what->m,
                    (int)what->n, (int)what->k, 1, what->a, (int)what->lda, what->b, (int)what->ldb,
                    what->add ? 1 : 0, what->c, (int)what->ldc);
}

struct matmul {
    const struct cpu *cpu;
    const struct kernels_weights *weights;
    const void *x;  /* floats, or blocks of 8-bit numbers */
    size_t x_bytes; /* of one row */
    size_t rows;
    float *y;
    size_t outputs;      /* of a part */
    size_t weight_bytes; /* of one output */
};

static size_t part_end(const struct matmul *matmul, size_t part)
{
    size_t end = (part + 1) * matmul->outputs;
    return end < matmul->weights->rows ? end : matmul->weights->rows;
}

static bool is_quantised(enum kernels_format format)
{
    return format == KERNELS_Q8_0 || format == KERNELS_Q4_0;
}

/* The scales of a panel with so many inputs. */
static size_t panel_scales(size_t columns)
{
    return columns / BLOCK_VALUES * SIMD_PANEL;
}

static bool fits_panel(const struct cpu *cpu, const struct kernels_weights *weights)
{
    size_t values = panel_scales(weights->columns) + weights->columns * SIMD_PANEL / sizeof(float);
    return cpu->simd->pack[weights->format] && values <= CPU_SCRATCH_VALUES;
}

/* Four outputs at once, of float weights whose activations would drive each other out of a
 * first-level cache; else row by row is faster, as one stream of weights. Returns the first output
 * that is left. */
static size_t dot_fours(const struct matmul *matmul, size_t begin, size_t end)
{
    const struct kernels_weights *weights = matmul->weights;
    const struct kernels_simd *simd = matmul->cpu->simd;
    const char *data = weights->data, *x = matmul->x;
    if (weights->columns <= CPU_NARROW_INPUTS || is_quantised(weights->format) ||
        !simd->dot_4[weights->format])
        return begin;
    for (; begin + 4 <= end; begin += 4)
        for (size_t row = 0; row < matmul->rows; row++)
            simd->dot_4[weights->format](data + begin * matmul->weight_bytes, matmul->weight_bytes,
                                         (const float *)(const void *)(x + row * matmul->x_bytes),
                                         weights->columns, matmul->y + row * weights->rows + begin);
    return begin;
}

static void vector_part(void *context, size_t part, size_t thread)
{
    const struct matmul *matmul = context;
    const struct kernels_weights *weights = matmul->weights;
    const char *data = weights->data, *x = matmul->x;
    size_t end = part_end(matmul, part);
    (void)thread;
    for (size_t i = dot_fours(matmul, part * matmul->outputs, end); i < end; i++)
        for (size_t row = 0; row < matmul->rows; row++)
            matmul->y[row * weights->rows + i] = matmul->cpu->simd->dot[weights->format](
                data + i * matmul->weight_bytes, x + row * matmul->x_bytes, weights->columns);
}

/* Unpacks a piece of the weights of some outputs: `inputs` columns from `first` on. */
static void unpack_piece(const struct matmul *matmul, size_t output, size_t outputs, size_t first,
                         size_t inputs, float *to)
{
    const struct kernels_weights *weights = matmul->weights;
    const char *data = weights->data;
    size_t skip = kernels_format_bytes(weights->format, first);
    for (size_t i = 0; i < outputs; i++)
        matmul->cpu->simd->unpack[weights->format](
            data + (output + i) * matmul->weight_bytes + skip, to + i * inputs, inputs);
}

static void matrix_part(void *context, size_t part, size_t thread)
{
    const struct matmul *matmul = context;
    const struct kernels_weights *weights = matmul->weights;
    const float *x = matmul->x;
    size_t begin = part * matmul->outputs, columns = weights->columns;
    struct cpu_product product = {.m = matmul->rows,
                                  .n = part_end(matmul, part) - begin,
                                  .lda = columns,
                                  .c = matmul->y + begin,
                                  .ldc = weights->rows};
    for (size_t first = 0; first < columns; first += CPU_INPUTS) {
        product.k = first + CPU_INPUTS < columns ? CPU_INPUTS : columns - first;
        product.a = x + first;
        product.add = first > 0;
        product.ldb = product.k;
        product.b = matmul->cpu->scratch[thread];
        unpack_piece(matmul, begin, product.n, first, product.k, matmul->cpu->scratch[thread]);
        cpu_product(matmul->cpu, &product);
    }
}

/* Panels of 16 outputs; those that are left go one by one. */
static void integer_part(void *context, size_t part, size_t thread)
{
    const struct matmul *matmul = context;
    const struct kernels_simd *simd = matmul->cpu->simd;
    const struct kernels_weights *weights = matmul->weights;
    const char *data = weights->data, *x = matmul->x;
    float *scratch = matmul->cpu->scratch[thread];
    size_t i = part * matmul->outputs, end = part_end(matmul, part);
    struct simd_panel panel = {.n = weights->columns,
                               .scale = scratch,
                               .value = (uint8_t *)(scratch + panel_scales(weights->columns)),
                               .wide = weights->format == KERNELS_Q8_0};
    struct simd_rows rows = {matmul->x, matmul->rows, matmul->x_bytes / sizeof(struct block_x8),
                             weights->rows};
    for (; i + SIMD_PANEL <= end; i += SIMD_PANEL) {
        simd->pack[weights->format](data + i * matmul->weight_bytes, matmul->weight_bytes,
                                    weights->columns, &panel);
        simd->multiply(&panel, &rows, matmul->y + i);
    }
    for (; i < end; i++)
        for (size_t row = 0; row < matmul->rows; row++)
            matmul->y[row * weights->rows + i] = simd->dot[weights->format](
                data + i * matmul->weight_bytes, x + row * matmul->x_bytes, weights->columns);
}

struct quantise {
    const struct cpu *cpu;
    const float *x;
    size_t columns, groups;
};

static void quantise_part(void *context, size_t part, size_t thread)
{
    const struct quantise *job = context;
    (void)thread;
    job->cpu->simd->quantise(job->x + part * job->columns, job->cpu->blocks + part * job->groups,
                             job->columns);
}

static void quantise(struct cpu *cpu, struct matmul *matmul)
{
    const size_t line = 64;
    size_t columns = matmul->weights->columns,
           groups = (columns + BLOCK_GROUP_VALUES - 1) / BLOCK_GROUP_VALUES;
    struct quantise job = {cpu, matmul->x, columns, groups};
    if (cpu->n_blocks < matmul->rows * groups) {
        cpu->n_blocks = matmul->rows * groups;
        cpu->room = mem_realloc(cpu->room, cpu->n_blocks + 1, sizeof *cpu->blocks);
        cpu->blocks = (void *)(cpu->room + (line - (uintptr_t)cpu->room % line) % line);
    }
    if (matmul->rows > KERNELS_VECTOR_ROWS)
        kernels_pool_run(cpu->pool, matmul->rows, quantise_part, &job);
    else
        for (size_t row = 0; row < matmul->rows; row++)
            quantise_part(&job, row, 0);
    matmul->x = cpu->blocks;
    matmul->x_bytes = groups * sizeof *cpu->blocks;
}

/* Parts of so many bytes of weights: enough of them that a slow thread delays the others little. */
static size_t vector_outputs(const struct cpu *cpu, const struct matmul *matmul)
{
    const size_t least_bytes = 32768, parts_a_thread = 16;
    size_t share = matmul->weights->rows / (parts_a_thread * kernels_pool_used(cpu->pool));
    size_t least = least_bytes / (matmul->weight_bytes + 1) + 1;
    return share > least ? share : least;
}

/* Equal parts of at most CPU_OUTPUTS, as many as the threads can share out evenly. */
static size_t matrix_outputs(const struct cpu *cpu, size_t rows)
{
    size_t threads = kernels_pool_used(cpu->pool);
    size_t parts = (rows + CPU_OUTPUTS - 1) / CPU_OUTPUTS;
    parts = (parts + threads - 1) / threads * threads;
    size_t outputs = (rows + parts - 1) / parts;
    return (outputs + 15) / 16 * 16 < CPU_OUTPUTS ? (outputs + 15) / 16 * 16 : CPU_OUTPUTS;
}

void cpu_matmul(struct kernels *kernels, const struct kernels_weights *weights, const void *x,
                size_t rows, void *y)
{
    struct cpu *cpu = (struct cpu *)kernels;
    bool vector = rows <= KERNELS_VECTOR_ROWS, integers = !vector && fits_panel(cpu, weights);
    struct matmul matmul = {.cpu = cpu,
                            .weights = weights,
                            .x = x,
                            .x_bytes = weights->columns * sizeof(float),
                            .rows = rows,
                            .y = y,
                            .weight_bytes =
                                kernels_format_bytes(weights->format, weights->columns)};
    if (integers || (vector && is_quantised(weights->format)))
        quantise(cpu, &matmul);
    matmul.outputs = vector ? vector_outputs(cpu, &matmul) : matrix_outputs(cpu, weights->rows);
    size_t parts = (weights->rows + matmul.outputs - 1) / matmul.outputs;
    kernels_pool_run(cpu->pool, parts,
                     vector     ? vector_part
                     : integers ? integer_part
                                : matrix_part,
                     &matmul);
}
