/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pareto dominance, all objectives minimised. a weakly dominates b when a_i <= b_i for all i; it
 * dominates b when additionally some a_i < b_i.
 *
 * The archive is unbounded and keeps exactly the nondominated points of everything inserted; of
 * equal objective vectors it keeps the one that came first. Its points are always sorted
 * lexicographically by their objectives, so that equal sets are equal bytes. */
#ifndef ANALYSIS_PARETO_H
#define ANALYSIS_PARETO_H

#include <stdbool.h>
#include <stddef.h>

enum { PARETO_OBJECTIVES = 8, PARETO_RECENT = 8 };

struct analysis_archive {
    size_t m, n, capacity; /* objectives, points, room */
    double *f;             /* (n, m) */
    size_t *id;            /* (n) the caller's name of each point */
    size_t *removed;       /* (n_removed) ids that the last insertion drove out */
    size_t n_removed;
    double recent[PARETO_RECENT][PARETO_OBJECTIVES]; /* (n_recent, m) reasons to refuse */
    size_t n_recent;
    struct analysis_block *block; /* (n_blocks) what makes queries fast; for archive.c alone */
    size_t n_blocks, block_capacity;
};

/* An empty archive of m objectives, 1 <= m <= PARETO_OBJECTIVES. */
void analysis_archive_init(struct analysis_archive *archive, size_t m);
void analysis_archive_free(struct analysis_archive *archive);

/* True when point f (m) entered; archive->removed then lists the ids that left for it. A point with
 * a nan is refused. Refusing costs O(log n) with up to three objectives, else O(n), with a short
 * way out for points near earlier refused ones; entering moves the members behind it. */
bool analysis_archive_insert(struct analysis_archive *archive, const double *f, size_t id);

/* Would f be refused, that is: does a member weakly dominate it (or has it a nan)? Changes nothing
 * but the order in which members are tried. */
bool analysis_archive_covers(struct analysis_archive *archive, const double *f);

/* Objectives of member i. Borrowed; valid until the next insertion. */
static inline const double *analysis_archive_point(const struct analysis_archive *archive, size_t i)
{
    return archive->f + i * archive->m;
}

/* The member with the least weighted sum of objectives; the archive must not be empty. */
size_t analysis_archive_least(const struct analysis_archive *archive, const double *weight);
/* Distance of member i to its nearest neighbour: the sum of differences, each weighted. Infinite
 * when it is the only one. */
double analysis_archive_gap(const struct analysis_archive *archive, size_t i, const double *weight);

static inline bool analysis_weakly_dominates(const double *a, const double *b, size_t m)
{
    for (size_t o = 0; o < m; o++)
        if (!(a[o] <= b[o]))
            return false;
    return true;
}
bool analysis_dominates(const double *a, const double *b, size_t m);

/* The order of the archive: <0, 0, >0 by the first objective that differs. */
int analysis_lexicographic(const double *a, const double *b, size_t m);

/* Writes into kept (room for n) the indices, ascending, of the points of f (n, m) that no other
 * dominates; of equal points only the first. Returns how many. Points with a nan are left out. */
size_t analysis_nondominated(const double *f, size_t n, size_t m, size_t *kept);

/* Nondominated sorting: into rank (n) the layer of each point of f (n, m), from 0; a layer is what
 * is nondominated once those before it are taken away, equal points all. SIZE_MAX for points with a
 * nan. Returns the number of layers. O(n log^2 n) with up to three objectives, else O(n^2). */
size_t analysis_ranks(const double *f, size_t n, size_t m, size_t *rank);

/* Least and greatest value of each objective over f (n, m), n >= 1: ideal and nadir of a front. */
void analysis_bounds(const double *f, size_t n, size_t m, double *least, double *greatest);

/* Index of the point of f (n, m), n >= 1, with the least objective o; ties go to the least sum of
 * the other objectives, each over its range, then to the first. */
size_t analysis_extreme(const double *f, size_t n, size_t m, size_t o);

/* Index of the knee of the front f (n, m), n >= 1: after mapping each objective's range to [0, 1],
 * the point farthest on the ideal's side from the hyperplane through the m extremes (Das, "On
 * characterizing the knee of the Pareto curve", Structural Optimization 18, 1999). Where the
 * extremes fix no such plane, or one that does not descend in every objective, the plane
 * sum x = const is taken instead. Ties go to the first. */
size_t analysis_knee(const double *f, size_t n, size_t m);

/* Index of the knee of the edge of f (n, m), n >= 1, m >= 2, towards the first two objectives:
 * points stand in order of the first, and each that is less in the second than all before it is of
 * the edge. */
size_t analysis_edge_knee(const double *f, size_t n, size_t m);

#endif
