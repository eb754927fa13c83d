/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/pareto.h"

#include "analysis/staircase.h"
#include "base/memory.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Whether a is reason to refuse f. With three objectives one branch is faster than three. */
static inline bool refuses(const double *a, const double *f, size_t m)
{
    if (m != 3)
        return analysis_weakly_dominates(a, f, m);
    return (a[0] <= f[0]) & (a[1] <= f[1]) & (a[2] <= f[2]);
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
        if (refuses(archive->recent[i], f, archive->m)) {
            if (i > 0)
                remember(archive, archive->recent[i], i);
            return true;
        }
    }
    return false;
}

/* Members in a row, for three objectives. Whatever stands before a point in the archive's order is
 * no worse in the first objective, so that the staircase of the other two tells whether anything
 * before the block covers it. Points that have left stay in the staircases: they remain valid
 * reasons to refuse. */
struct analysis_block {
    double key[3];           /* points from here on, and before the next block's */
    size_t start;            /* its first member */
    struct staircase before; /* (second, third) of every point that entered before the key */
};
/* A member is sought through a block; one that enters is noted in all blocks behind it. */
enum { BLOCK_MOST = 24, BLOCKS = 256 };

static struct analysis_block *block_of(const struct analysis_archive *archive, const double *f)
{
    size_t first = 1, last = archive->n_blocks;
    while (first < last) {
        size_t middle = first + (last - first) / 2;
        if (analysis_lexicographic(archive->block[middle].key, f, 3) <= 0)
            first = middle + 1;
        else
            last = middle;
    }
    return archive->block + first - 1;
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

static void remember_new(struct analysis_archive *archive, const double *f)
{
    if (archive->n_recent < PARETO_RECENT)
        archive->n_recent++;
    remember(archive, f, archive->n_recent - 1);
}

/* Where a block's staircase covers f, the worst that the covering point can be is remembered. */
static bool covered_before(struct analysis_archive *archive, const struct analysis_block *block,
                           const double *f)
{
    const struct staircase_step *step = staircase_cover(&block->before, f[1], f[2]);
    if (step)
        remember_new(archive, (const double[]){block->key[0], step->x, step->y});
    return step != NULL;
}

/* Only members before or equal f can weakly dominate it. */
static bool covered_by_member(struct analysis_archive *archive, const double *f)
{
    size_t i = 0, n = archive->n, m = archive->m;
    if (archive->n_blocks > 0) {
        const struct analysis_block *block = block_of(archive, f);
        if (covered_before(archive, block, f))
            return true;
        i = block->start;
    }
    for (; i < n && archive->f[i * m] <= f[0]; i++) {
        const double *member = archive->f + i * m;
        if (refuses(member, f, m)) {
            remember_new(archive, member);
            return true;
        }
    }
    return false;
}

/* With two objectives the last of the members that are not behind f is best in the second. */
static bool covered_by_last(const struct analysis_archive *archive, const double *f)
{
    size_t end = place(archive, f), m = archive->m;
    return end > 0 && analysis_weakly_dominates(archive->f + (end - 1) * m, f, m);
}

bool analysis_archive_covers(struct analysis_archive *archive, const double *f)
{
    if (!analysis_weakly_dominates(f, f, archive->m)) /* a nan */
        return true;
    if (archive->m <= 2)
        return covered_by_last(archive, f);
    return covered_by_recent(archive, f) || covered_by_member(archive, f);
}

/* The first member from `start` on that f dominates, or the number of members. All of these are no
 * better in the first objective; with two objectives those that f dominates follow at once. */
static size_t find_dominated(const struct analysis_archive *archive, const double *f, size_t start)
{
    size_t m = archive->m, n = archive->n;
    if (m <= 2)
        return start < n && analysis_weakly_dominates(f, archive->f + start * m, m) ? start : n;
    while (start < n && !analysis_weakly_dominates(f + 1, archive->f + start * m + 1, m - 1))
        start++;
    return start;
}

/* Takes out the members from `start` on that f dominates. */
static void drive_out(struct analysis_archive *archive, const double *f, size_t start)
{
    size_t m = archive->m, kept = find_dominated(archive, f, start), b = archive->n_blocks;
    while (b > 0 && archive->block[b - 1].start >= kept)
        b--;
    for (size_t i = kept; i < archive->n; i++) {
        const double *member = archive->f + i * m;
        for (; b < archive->n_blocks && archive->block[b].start == i; b++)
            archive->block[b].start = kept;
        if (analysis_weakly_dominates(f, member, m)) {
            archive->removed[archive->n_removed++] = archive->id[i];
            continue;
        }
        memcpy(archive->f + kept * m, member, m * sizeof *member);
        archive->id[kept++] = archive->id[i];
    }
    for (; b < archive->n_blocks; b++)
        archive->block[b].start = kept;
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

static size_t end_of(const struct analysis_archive *archive, size_t b)
{
    return b + 1 < archive->n_blocks ? archive->block[b + 1].start : archive->n;
}

/* Cuts block b before its middle member. */
static void split(struct analysis_archive *archive, size_t b)
{
    size_t end = end_of(archive, b);
    archive->block = mem_grow(archive->block, &archive->block_capacity, archive->n_blocks + 1,
                              sizeof *archive->block);
    struct analysis_block *block = archive->block + b, *next = block + 1;
    memmove(next + 1, next, (archive->n_blocks++ - b - 1) * sizeof *next);
    *next = (struct analysis_block){.start = block->start + (end - block->start) / 2};
    memcpy(next->key, analysis_archive_point(archive, next->start), sizeof next->key);
    staircase_copy(&next->before, &block->before);
    for (size_t i = block->start; i < next->start; i++) {
        const double *member = analysis_archive_point(archive, i);
        staircase_add(&next->before, member[1], member[2]);
    }
}

/* Notes a new member in the blocks. */
static void enter_block(struct analysis_archive *archive, const double *f)
{
    if (archive->n_blocks == 0) {
        archive->block = mem_grow(NULL, &archive->block_capacity, 1, sizeof *archive->block);
        archive->block[archive->n_blocks++] =
            (struct analysis_block){.key = {-INFINITY, -INFINITY, -INFINITY}};
    }
    size_t b = (size_t)(block_of(archive, f) - archive->block);
    for (size_t later = b + 1; later < archive->n_blocks; later++)
        archive->block[later].start++;
    /* What one staircase covers, all later ones cover too. */
    for (size_t later = b + 1; later < archive->n_blocks; later++)
        if (!staircase_add(&archive->block[later].before, f[1], f[2]))
            break;
    size_t most = archive->n / BLOCKS > BLOCK_MOST ? archive->n / BLOCKS : BLOCK_MOST;
    if (end_of(archive, b) - archive->block[b].start >= most)
        split(archive, b);
}

bool analysis_archive_insert(struct analysis_archive *archive, const double *f, size_t id)
{
    size_t m = archive->m;
    archive->n_removed = 0;
    if (analysis_archive_covers(archive, f))
        return false;
    size_t at = place(archive, f);
    drive_out(archive, f, at);
    grow(archive);
    memmove(archive->f + (at + 1) * m, archive->f + at * m, (archive->n - at) * m * sizeof *f);
    memmove(archive->id + at + 1, archive->id + at, (archive->n - at) * sizeof *archive->id);
    memcpy(archive->f + at * m, f, m * sizeof *f);
    archive->id[at] = id;
    archive->n++;
    if (m == 3)
        enter_block(archive, f);
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
    for (size_t b = 0; b < archive->n_blocks; b++)
        staircase_free(&archive->block[b].before);
    free(archive->block);
    *archive = (struct analysis_archive){.m = archive->m};
}
