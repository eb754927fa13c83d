/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The inner loops, in the instruction sets that a CPU may have: which of them is found when the
 * program runs. Lengths n are in numbers; quantised formats want multiples of 32. Internal to this
 * folder and its tests. */
#ifndef DEVICES_KERNELS_SIMD_H
#define DEVICES_KERNELS_SIMD_H

#include "devices/kernels/blocks.h"

/* Quantised weights of 16 outputs with n inputs, made ready for products of many rows: numbers
 * without a sign, four inputs of each output in turn. */
enum { SIMD_PANEL = 16 };
struct simd_panel {
    size_t n;
    uint8_t *value; /* (n / 4, 16, 4) stored numbers plus 8; with `wide` plus 128, in NEON plus 0 */
    float *scale;   /* (n / 32, 16) */
    bool wide;
};
/* Rows that a panel meets, and where what they find goes. */
struct simd_rows {
    const struct block_x8 *first;
    size_t rows, groups; /* groups of blocks of a row */
    size_t apart;        /* numbers between the results of two rows */
};

struct kernels_simd {
    const char *name;
    /* Sum of products of n weights with x: floats, or blocks of 8-bit numbers (struct block_x8)
     * where the weights are quantised. */
    float (*dot[KERNELS_FORMATS])(const void *weights, const void *x, size_t n);
    /* The same of four rows of floats, `apart` bytes one behind the other, at once: activations
     * that no first-level cache holds are read a quarter as often. NULL: row by row is as good. */
    void (*dot_4[KERNELS_Q8_0])(const void *weights, size_t apart, const float *x, size_t n,
                                float *y);
    void (*unpack[KERNELS_FORMATS])(const void *weights, float *out, size_t n);
    /* x in blocks of 8-bit numbers. */
    void (*quantise)(const float *x, struct block_x8 *out, size_t n);
    /* Quantised weights of 16 outputs, `apart` bytes one behind the other, and the products of rows
     * with them: y (rows, 16). NULL: there is no instruction for it. */
    void (*pack[KERNELS_FORMATS])(const void *weights, size_t apart, size_t n,
                                  struct simd_panel *out);
    void (*multiply)(const struct simd_panel *panel, const struct simd_rows *x, float *y);
    void (*halve)(const float *x, uint16_t *out, size_t n);
    /* to += weight[j] (F16 row j), for `rows` rows that lie one behind the other. */
    void (*add_halves)(float *to, const float *weight, const uint16_t *row, size_t rows, size_t n);
    /* x = exp(x - most); returns the sum. Errors of 2e-7 of the value; below -87 it is 0. */
    float (*exps)(float *x, float most, size_t n);
    float (*squares)(const float *x, size_t n); /* their sum */
    /* y = gate / (1 + exp(-gate)) up; up NULL: 1. */
    void (*swiglu)(const float *gate, const float *up, float *y, size_t n);
    float (*read)(const float *a, size_t n); /* touches all of a */
    /* So many rounds of operations that hang on nothing but registers: returns operations. */
    double (*flops)(size_t rounds);
    double (*int_ops)(size_t rounds);
};

/* The instruction sets of this CPU, plainest first; NULL-ended and constant. */
const struct kernels_simd *const *kernels_simd_all(void);
/* The last of them. */
const struct kernels_simd *kernels_simd_best(void);

#endif
