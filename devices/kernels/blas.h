/* SPDX-License-Identifier: GPL-3.0-or-later */
/* OpenBLAS, loaded when the program runs and never linked: in one link with GSL's own BLAS the
 * order of the libraries would decide which of the two answers. It is told to use one thread, since
 * the threads that call it each do a part of the work. */
#ifndef DEVICES_KERNELS_BLAS_H
#define DEVICES_KERNELS_BLAS_H

#include <stdbool.h>
#include <stddef.h>

/* C (m, n) = alpha A (m, k) B + beta C, B (k, n), or given as (n, k) with trans_b = 112. Layout is
 * 101 (rows), trans 111 (as it is): the numbers of the CBLAS interface. */
typedef void blas_sgemm(int layout, int trans_a, int trans_b, int m, int n, int k, float alpha,
                        const float *a, int lda, const float *b, int ldb, float beta, float *c,
                        int ldc);

struct blas {
    void *library;     /* NULL: there is none */
    blas_sgemm *sgemm; /* OpenBLAS's, or NULL */
    char *config;      /* what it says of itself */
};

enum { BLAS_ROWS = 101, BLAS_PLAIN = 111, BLAS_TURNED = 112 };

/* False when no OpenBLAS can be loaded; *out is then empty. */
bool blas_open(struct blas *out);
void blas_close(struct blas *blas);
/* Threads that it would use by itself; 0 when none is loaded. */
int blas_threads(const struct blas *blas);

#endif
