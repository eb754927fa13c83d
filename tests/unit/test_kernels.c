/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The kernels of the CPU, on one thread and on several, against plain loops over doubles. */
#include "devices/kernels/blas.h"
#include "devices/kernels/kernels.h"
#include "devices/kernels/places.h"
#include "devices/kernels/pool.h"
#include "tests/support/kernel_checks.h"

#include <dlfcn.h>
#include <stdatomic.h>
#include <time.h>

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
    static const size_t rows[] = {1, 2, KERNELS_VECTOR_ROWS, KERNELS_VECTOR_ROWS + 1, 33, 64};
    check_formats();
    check_blas();
    check_pool();
    for (size_t threads = 1; threads <= 3; threads += 2) {
        struct error err = {0};
        struct kernels *k = kernels_open_cpu(threads, &err);
        if (!CHECK(k != NULL))
            return check_result();
        CHECK(k->threads == threads);
        struct kernel_checks checks = {.kernels = k,
                                       .rounded_rows = k->integers ? SIZE_MAX : KERNELS_VECTOR_ROWS,
                                       .rows = rows,
                                       .n_rows = sizeof rows / sizeof *rows};
        check_kernels(&checks);
        if (threads > 1) {
            k->does->use(k, 2);
            check_product(&checks, (struct product_size){KERNELS_Q4_0, 1, 150, 1088, 0});
        }
        printf("%s; %s; %s\n", k->title, k->vectors, k->gemm);
        k->does->close(k);
    }
    return check_result();
}
