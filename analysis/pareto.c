/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/pareto.h"

#include "base/memory.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

bool analysis_weakly_dominates(const double *a, const double *b, size_t m)
{
    for (size_t o = 0; o < m; o++)
        if (!(a[o] <= b[o]))
            return false;
    return true;
}

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

static bool has_nan(const double *f, size_t m)
{
    for (size_t o = 0; o < m; o++)
        if (isnan(f[o]))
            return true;
    return false;
}

/* Puts f at the front of the points tried first; slot `last` (or the oldest) makes room. */
static void remember(struct analysis_archive *archive, const double *f, size_t last)
{
    double kept[PARETO_OBJECTIVES];
    memcpy(kept, f, archive->m * sizeof *f); /* f may lie in the list itself */
    memmove(archive->recent[1], archive->recent[0], last * sizeof archive->recent[0]);
    memcpy(archive->recent[0], kept, archive->m * sizeof *f);
}

/* A point that was once a member stays a valid reason to refuse: whatever drove it out dominates
 * it. Successive points of a search are often refused by the same few. */
static bool covered_by_recent(struct analysis_archive *archive, const double *f)
{
    for (size_t i = 0; i < archive->n_recent; i++) {
        if (analysis_weakly_dominates(archive->recent[i], f, archive->m)) {
            if (i > 0)
                remember(archive, archive->recent[i], i);
            return true;
        }
    }
    return false;
}

/* Only members that are not lexicographically behind f can weakly dominate it: those before `end`.
 */
static bool covered_by_member(struct analysis_archive *archive, const double *f, size_t end)
{
    for (size_t i = 0; i < end; i++) {
        const double *member = analysis_archive_point(archive, i);
        if (!analysis_weakly_dominates(member, f, archive->m))
            continue;
        if (archive->n_recent < PARETO_RECENT)
            archive->n_recent++;
        remember(archive, member, archive->n_recent - 1);
        return true;
    }
    return false;
}

/* How many members come before or equal f. */
static size_t place(const struct analysis_archive *archive, const double *f)
{
    size_t low = 0, high = archive->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (analysis_lexicographic(analysis_archive_point(archive, middle), f, archive->m) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool analysis_archive_covers(struct analysis_archive *archive, const double *f)
{
    return has_nan(f, archive->m) || covered_by_recent(archive, f) ||
           covered_by_member(archive, f, place(archive, f));
}

/* Takes out the members from `start` on that f dominates. */
static void drive_out(struct analysis_archive *archive, const double *f, size_t start)
{
    size_t m = archive->m, kept = start;
    for (size_t i = start; i < archive->n; i++) {
        double *member = archive->f + i * m;
        if (analysis_weakly_dominates(f, member, m)) {
            archive->removed[archive->n_removed++] = archive->id[i];
            continue;
        }
        if (kept < i) {
            memcpy(archive->f + kept * m, member, m * sizeof *member);
            archive->id[kept] = archive->id[i];
        }
        kept++;
    }
    archive->n = kept;
}

static void grow(struct analysis_archive *archive)
{
    if (archive->n < archive->capacity)
        return;
    size_t capacity = archive->capacity + archive->capacity / 2 + 16;
    archive->f = mem_realloc(archive->f, capacity, archive->m * sizeof *archive->f);
    archive->id = mem_realloc(archive->id, capacity, sizeof *archive->id);
    archive->removed = mem_realloc(archive->removed, capacity, sizeof *archive->removed);
    archive->capacity = capacity;
}

bool analysis_archive_insert(struct analysis_archive *archive, const double *f, size_t id)
{
    size_t m = archive->m;
    archive->n_removed = 0;
    if (has_nan(f, m) || covered_by_recent(archive, f))
        return false;
    size_t at = place(archive, f);
    if (covered_by_member(archive, f, at))
        return false;
    drive_out(archive, f, at);
    grow(archive);
    memmove(archive->f + (at + 1) * m, archive->f + at * m, (archive->n - at) * m * sizeof *f);
    memmove(archive->id + at + 1, archive->id + at, (archive->n - at) * sizeof *archive->id);
    memcpy(archive->f + at * m, f, m * sizeof *f);
    archive->id[at] = id;
    archive->n++;
    return true;
}

void analysis_archive_init(struct analysis_archive *archive, size_t m)
{
    assert(m >= 1 && m <= PARETO_OBJECTIVES);
    *archive = (struct analysis_archive){.m = m};
}

void analysis_archive_free(struct analysis_archive *archive)
{
    free(archive->f);
    free(archive->id);
    free(archive->removed);
    *archive = (struct analysis_archive){.m = archive->m};
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
