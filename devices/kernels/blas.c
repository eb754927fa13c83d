/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "devices/kernels/blas.h"

#include "base/memory.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

/* A function of the library. ISO C has no cast from a data to a function pointer; POSIX says that
 * the bits are the same. */
static void find(void *library, const char *name, void *function)
{
    void *symbol = dlsym(library, name);
    memcpy(function, &symbol, sizeof symbol);
}

bool blas_open(struct blas *out)
{
    static const char *const names[] = {"libopenblas.so.0", "libopenblas.so"};
    void (*set_threads)(int) = NULL;
    char *(*config)(void) = NULL;
    *out = (struct blas){0};
    for (size_t i = 0; i < sizeof names / sizeof *names && !out->library; i++)
        out->library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
    if (!out->library)
        return false;
    find(out->library, "cblas_sgemm", &out->sgemm);
    find(out->library, "openblas_set_num_threads", &set_threads);
    find(out->library, "openblas_get_config", &config);
    if (!out->sgemm || !set_threads || !config) {
        blas_close(out);
        return false;
    }
    set_threads(1);
    out->config = mem_strdup(config());
    return true;
}

void blas_close(struct blas *blas)
{
    if (blas->library)
        dlclose(blas->library);
    free(blas->config);
    *blas = (struct blas){0};
}

int blas_threads(const struct blas *blas)
{
    int (*threads)(void) = NULL;
    if (blas->library)
        find(blas->library, "openblas_get_num_threads", &threads);
    return threads ? threads() : 0;
}
