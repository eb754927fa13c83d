/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The kernels that inference runs, on one device. A backend is a table of functions; what they work
 * on is memory of the device, which only its backend may look into. Numbers are 32-bit floats
 * unless a format says otherwise; matrices lie row by row. */
#ifndef DEVICES_KERNELS_KERNELS_H
#define DEVICES_KERNELS_KERNELS_H

#include "base/error.h"

#include <stdint.h>

/* Storage of weights, in GGUF's layout: the quantised ones in blocks of 32 with one scale. */
enum kernels_format {
    KERNELS_F32,
    KERNELS_F16,
    KERNELS_BF16,
    KERNELS_Q8_0,
    KERNELS_Q4_0,
    KERNELS_FORMATS
};

/* y = x W^T: `rows` outputs from `columns` inputs. Quantised columns are a multiple of 32. */
struct kernels_weights {
    enum kernels_format format;
    size_t rows, columns;
    void *data;
};

/* New rows of one sequence attend to the cache of keys and values and to those before them. */
struct kernels_attention {
    size_t q_heads, kv_heads, dim; /* q_heads is a multiple of kv_heads */
    size_t capacity;               /* tokens that the cache has room for */
    size_t window;                 /* most tokens that a row attends to; 0: all */
    void *keys, *values;           /* F16 (kv_heads, capacity, dim) */
    size_t first, rows;            /* tokens in the cache before the new rows; new rows */
};

enum kernels_stream { KERNELS_READ, KERNELS_COPY, KERNELS_TRIAD };

/* Up to so many rows a matrix product goes row by row through the vector units. */
enum { KERNELS_VECTOR_ROWS = 4 };

struct kernels;

/* What a backend does. Calls may return before the device is done: `finish` waits. */
struct kernels_backend {
    const char *name; /* "cpu" */
    void (*close)(struct kernels *kernels);
    /* Zeroed memory of the device, NULL when there is not so much. */
    void *(*alloc)(struct kernels *kernels, size_t bytes);
    void (*release)(struct kernels *kernels, void *memory, size_t bytes);
    void (*write)(struct kernels *kernels, void *to, size_t offset, const void *from, size_t bytes);
    void (*read)(struct kernels *kernels, void *to, const void *from, size_t offset, size_t bytes);
    void (*finish)(struct kernels *kernels);
    /* Memory of the host that `write` and `read` copy fastest. NULL: any serves. */
    void *(*pin)(struct kernels *kernels, size_t bytes);
    void (*unpin)(struct kernels *kernels, void *memory);
    /* What went wrong on the device since it was opened; NULL: nothing, or nothing can. */
    const char *(*fault)(const struct kernels *kernels);
    /* How many threads work from now on, 1 ... kernels->threads. */
    void (*use)(struct kernels *kernels, size_t threads);

    /* Counts the processor time of work from now on, and how long the work since the last call
     * would have taken with no other program beside it. NULL: the device is nobody else's. */
    void (*meter)(struct kernels *kernels, bool on);
    double (*worked_s)(struct kernels *kernels);

    /* An empty operator. */
    void (*nothing)(struct kernels *kernels);
    /* a is read; b = a; c = a + 3 b. `values` numbers. */
    void (*stream)(struct kernels *kernels, enum kernels_stream what, void *const array[3],
                   size_t values);
    /* y (rows, weights->rows) from x (rows, weights->columns). */
    void (*matmul)(struct kernels *kernels, const struct kernels_weights *weights, const void *x,
                   size_t rows, void *y);
    /* Appends keys and values (rows, kv_heads dim) to the cache. */
    void (*keep)(struct kernels *kernels, const struct kernels_attention *what, const void *k,
                 const void *v);
    /* out (rows, q_heads dim) from q of the same shape; the rows were kept before. */
    void (*attend)(struct kernels *kernels, const struct kernels_attention *what, const void *q,
                   void *out);
    /* RMSNorm of (rows, columns) with one weight a column. */
    void (*norm)(struct kernels *kernels, const void *x, const void *weight, size_t rows,
                 size_t columns, void *y);
    /* Rotates the pairs (i, i + dim/2) of each head, in place; row 0 stands at place `first`. */
    void (*rope)(struct kernels *kernels, void *x, size_t rows, size_t heads, size_t dim,
                 size_t first);
    /* y = silu(gate) up; up NULL: silu(gate). */
    void (*gate)(struct kernels *kernels, const void *gate, const void *up, size_t values, void *y);
    /* x += y */
    void (*add)(struct kernels *kernels, void *x, const void *y, size_t values);
    void (*softmax)(struct kernels *kernels, void *x, size_t rows, size_t columns);
    /* y (rows, table->columns): one row of the table for each token. */
    void (*gather)(struct kernels *kernels, const struct kernels_weights *table,
                   const uint32_t *token, size_t rows, void *y);
    /* Multiply-adds of floats, or products of 8-bit integers, in registers alone on all threads;
     * returns how many operations were done, multiply and add counted apart. */
    double (*flops)(struct kernels *kernels, size_t rounds);
    double (*int_ops)(struct kernels *kernels, size_t rounds);
};

/* An open backend. */
struct kernels {
    const struct kernels_backend *does;
    size_t threads;  /* at most */
    bool own_memory; /* apart from the host's */
    bool integers;   /* many rows times quantised weights are products of 8-bit integers */
    char *title;     /* of the device */
    char *vectors;   /* instructions in use: "AVX-512 VNNI" */
    char *gemm;      /* library of matrix products: "OpenBLAS 0.3.21 ...", "own" */
};

/* Kernels on the CPUs that this process may use. `threads`: at most; 0: one a core, fewer under a
 * limit of the control group. The calling thread works too, and stays on one CPU with whatever
 * threads and processes it starts, until it ends the kernels with kernels->does->close. NULL: err
 * says why. */
struct kernels *kernels_open_cpu(size_t threads, struct error *err);

const char *kernels_format_name(enum kernels_format format); /* as GGUF writes it */
/* KERNELS_FORMATS when there are no kernels for it. */
enum kernels_format kernels_format_find(const char *name);
size_t kernels_format_bytes(enum kernels_format format, size_t values);

#endif
