/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/pareto.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

bool analysis_dominates(const double *a, const double *b, size_t m)
{
    return analysis_weakly_dominates(a, b, m) && !analysis_weakly_dominates(b, a, m);
}

int analysis_lexicographic(const double *a, const double *b, size_t m)
{
    for (size_t o = 0; o < m; o++)
        if (a[o] != b[o])
            return a[o] < b[o] ? -1 : 1;
    return 0;
}

static int compare_ids(const void *a, const void *b)
{
    const size_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

size_t analysis_nondominated(const double *f, size_t n, size_t m, size_t *kept)
{
    struct analysis_archive archive;
    analysis_archive_init(&archive, m);
    for (size_t i = 0; i < n; i++)
        analysis_archive_insert(&archive, f + i * m, i);
    size_t n_kept = archive.n;
    if (n_kept > 0)
        memcpy(kept, archive.id, n_kept * sizeof *kept);
    analysis_archive_free(&archive);
    qsort(kept, n_kept, sizeof *kept, compare_ids);
    return n_kept;
}
