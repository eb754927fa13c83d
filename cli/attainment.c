/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/attainment.h"

#include "analysis/attainment.h"
#include "base/memory.h"
#include "base/points.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The points of all sets, each with the number of its set. */
struct gathered {
    double *f;
    size_t *set;
    size_t n, m, n_sets;
    size_t f_room, set_room;
};

static void add_set(struct gathered *all, const struct points *points)
{
    size_t n = all->n + points->n;
    all->m = points->m;
    all->f = mem_grow(all->f, &all->f_room, n * all->m, sizeof *all->f);
    all->set = mem_grow(all->set, &all->set_room, n, sizeof *all->set);
    memcpy(all->f + all->n * all->m, points->f, points->n * all->m * sizeof *all->f);
    for (size_t i = all->n; i < n; i++)
        all->set[i] = all->n_sets;
    all->n = n;
    all->n_sets++;
}

static bool gather(const char *path, struct gathered *all, struct error *err)
{
    struct points points;
    enum points_status status = POINTS_FAILED;
    bool ok = points_open(&points, path, err);
    while (ok && (status = points_next(&points, err)) == POINTS_SET)
        add_set(all, &points);
    points_close(&points);
    return ok && status == POINTS_END;
}

static bool has_surface(const char *path, const struct gathered *all, uint64_t k, struct error *err)
{
    if (all->m != 2 && all->m != 3)
        return error_at(err, path, 1, 1,
                        "points have %zu number%s here, --attainment knows 2 or 3 objectives",
                        all->m, all->m == 1 ? "" : "s");
    if (k > all->n_sets)
        return error_set(err, "--attainment: %" PRIu64 " is more than the %zu set%s of '%s'", k,
                         all->n_sets, all->n_sets == 1 ? "" : "s", path);
    return true;
}

static void print_surface(const struct gathered *all, size_t k)
{
    size_t n;
    double *f = analysis_attainment(
        &(struct analysis_sets){all->f, all->set, all->n, all->m, all->n_sets}, k, &n);
    for (size_t i = 0; i < n * all->m; i++)
        printf("%.17g%c", f[i], (i + 1) % all->m == 0 ? '\n' : ' ');
    free(f);
}

bool attainment_print(const char *path, uint64_t k, struct error *err)
{
    struct gathered all = {0};
    bool ok = gather(path, &all, err) && has_surface(path, &all, k, err);
    if (ok)
        print_surface(&all, (size_t)k);
    free(all.f);
    free(all.set);
    return ok;
}
