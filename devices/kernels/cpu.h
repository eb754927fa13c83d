/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The CPU's kernels share this. Internal to the files cpu*.c. */
#ifndef DEVICES_KERNELS_CPU_H
#define DEVICES_KERNELS_CPU_H

#include "devices/kernels/blas.h"
#include "devices/kernels/places.h"
#include "devices/kernels/pool.h"
#include "devices/kernels/simd.h"

struct cpu {
    struct kernels base; /* first: a kernels pointer is a cpu pointer */
    struct kernels_pool *pool;
    const struct kernels_simd *simd;
    struct blas blas;
    struct places *places;
    float **scratch;         /* (threads) CPU_SCRATCH_VALUES each */
    struct block_x8 *blocks; /* activations of a product with quantised weights, from the first
                                cache line of `room` on */
    size_t n_blocks;
    char *room;
    float *parts; /* what parts of an attention found */
    size_t n_parts;
};

/* Outputs that one part of a matrix product makes, and inputs that are unpacked at a time: the
 * numbers unpacked stay in a second-level cache. */
enum { CPU_OUTPUTS = 256, CPU_INPUTS = 512, CPU_SCRATCH_VALUES = CPU_OUTPUTS * CPU_INPUTS };

/* Activations of so many inputs stay in a first-level cache while the weights go by: 16 KiB. */
enum { CPU_NARROW_INPUTS = 4096 };

/* The pool does all parts of a row-wise job: fewer numbers than this are not worth a call. */
enum { CPU_WORTH_SHARING = 16384 };

/* C = A B^T (+ C): A (m, k) lda, B (n, k) ldb, C (m, n) ldc. */
struct cpu_product {
    size_t m, n, k;
    const float *a, *b;
    size_t lda, ldb, ldc;
    float *c;
    bool add;
    bool b_plain; /* B is (k, n): C = A B */
};
void cpu_product(const struct cpu *cpu, const struct cpu_product *what);

float cpu_greatest(const float *x, size_t n); /* -infinity of none */

void cpu_matmul(struct kernels *kernels, const struct kernels_weights *weights, const void *x,
                size_t rows, void *y);
void cpu_keep(struct kernels *kernels, const struct kernels_attention *what, const void *k,
              const void *v);
void cpu_attend(struct kernels *kernels, const struct kernels_attention *what, const void *q,
                void *out);
void cpu_norm(struct kernels *kernels, const void *x, const void *weight, size_t rows,
              size_t columns, void *y);
void cpu_rope(struct kernels *kernels, void *x, size_t rows, size_t heads, size_t dim,
              size_t first);
void cpu_gate(struct kernels *kernels, const void *gate, const void *up, size_t values, void *y);
void cpu_add(struct kernels *kernels, void *x, const void *y, size_t values);
void cpu_softmax(struct kernels *kernels, void *x, size_t rows, size_t columns);
void cpu_gather(struct kernels *kernels, const struct kernels_weights *table, const uint32_t *token,
                size_t rows, void *y);

#endif
