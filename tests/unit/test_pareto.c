/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/pareto.h"

#include "tests/check.h"

#include <stdint.h>

static void check_dominance(void)
{
    const double a[] = {1, 2, 3}, b[] = {1, 2, 4}, c[] = {0, 9, 9}, n[] = {1, (double)NAN, 3};
    CHECK(analysis_weakly_dominates(a, b, 3) && analysis_dominates(a, b, 3));
    CHECK(!analysis_weakly_dominates(b, a, 3) && !analysis_dominates(b, a, 3));
    CHECK(analysis_weakly_dominates(a, a, 3) && !analysis_dominates(a, a, 3));
    CHECK(!analysis_dominates(a, c, 3) && !analysis_dominates(c, a, 3));
    CHECK(!analysis_weakly_dominates(n, a, 3) && !analysis_weakly_dominates(a, n, 3));
    CHECK(analysis_lexicographic(a, b, 3) < 0 && analysis_lexicographic(b, a, 3) > 0);
    CHECK(analysis_lexicographic(a, a, 3) == 0 && analysis_lexicographic(a, c, 3) > 0);
}

static bool insert(struct analysis_archive *archive, double x, double y, size_t id)
{
    return analysis_archive_insert(archive, (double[]){x, y}, id);
}

static void check_archive(void)
{
    struct analysis_archive archive;
    analysis_archive_init(&archive, 2);
    CHECK(insert(&archive, 5, 5, 10) && archive.n_removed == 0);
    CHECK(insert(&archive, 3, 7, 11));
    CHECK(!insert(&archive, 5, 5, 12)); /* of equal points the first stays */
    CHECK(!insert(&archive, 6, 5, 13));
    CHECK(!insert(&archive, (double)NAN, 0, 14));
    CHECK(analysis_archive_covers(&archive, (double[]){5, 6}));
    CHECK(!analysis_archive_covers(&archive, (double[]){7, 1}));
    CHECK(insert(&archive, 7, 1, 15));
    CHECK(archive.n == 3 && archive.id[0] == 11 && archive.id[1] == 10 && archive.id[2] == 15);
    CHECK(insert(&archive, 3, 4, 16) && archive.n_removed == 2);
    CHECK(archive.removed[0] + archive.removed[1] == 21);
    CHECK(archive.n == 2 && archive.id[0] == 16 && archive.id[1] == 15);
    CHECK(analysis_archive_point(&archive, 1)[0] == 7);
    CHECK(!insert(&archive, 5, 5, 17)); /* what refused it has left, its successor still refuses */
    CHECK(insert(&archive, (double)-INFINITY, 9, 18) && archive.n_removed == 0);
    analysis_archive_free(&archive);
    CHECK(archive.n == 0 && archive.m == 2);
}

static void check_search(void)
{
    struct analysis_archive archive;
    const double weight[] = {1, 0.5};
    analysis_archive_init(&archive, 2);
    insert(&archive, 1, 9, 0);
    CHECK(isinf(analysis_archive_gap(&archive, 0, weight)));
    insert(&archive, 2, 6, 1);
    insert(&archive, 6, 5, 2);
    insert(&archive, 8, 2, 3);
    CHECK(analysis_archive_gap(&archive, 0, weight) == 2.5);
    CHECK(analysis_archive_gap(&archive, 1, weight) == 2.5);
    CHECK(analysis_archive_gap(&archive, 2, weight) == 3.5);
    CHECK(analysis_archive_gap(&archive, 3, weight) == 3.5);
    CHECK(analysis_archive_least(&archive, weight) == 1);
    CHECK(analysis_archive_least(&archive, (double[]){0, 1}) == 3);
    analysis_archive_free(&archive);
}

static void check_filter(void)
{
    const double f[] = {4, 4, 2, 6, 4, 4, 5, 5, 1, 9, 2, 5};
    size_t kept[6];
    CHECK(analysis_nondominated(f, 6, 2, kept) == 3);
    CHECK(kept[0] == 0 && kept[1] == 4 && kept[2] == 5);
    CHECK(analysis_nondominated(f, 0, 2, kept) == 0);
}

/* Nine points in three layers of three, each ten times the last; then a chain (moocore's tests). */
static void check_layers(void)
{
    double f[27];
    size_t rank[9];
    const double layer[] = {1, 2, 3, 3, 1, 2, 2, 3, 1};
    for (size_t i = 0; i < 9; i++) {
        f[i] = layer[i];
        f[9 + i] = 10 * layer[i];
        f[18 + i] = 100 * layer[i];
    }
    CHECK(analysis_ranks(f, 9, 3, rank) == 3);
    for (size_t i = 0; i < 9; i++)
        CHECK(rank[i] == i / 3);
    for (size_t i = 0; i < 15; i++)
        f[i] = (double)(5 - i / 3);
    CHECK(analysis_ranks(f, 5, 3, rank) == 5 && rank[0] == 4 && rank[4] == 0);
    const double odd[] = {2, 2, (double)NAN, 0, 2, 2, 1, 3, 3, 2};
    CHECK(analysis_ranks(odd, 5, 2, rank) == 2);
    CHECK(rank[0] == 0 && rank[1] == SIZE_MAX && rank[2] == 0 && rank[3] == 0 && rank[4] == 1);
    CHECK(analysis_ranks(f, 0, 3, rank) == 0);
}

static void check_bounds(void)
{
    const double f[] = {1, 9, 4, 3, 2, 8};
    double least[2], greatest[2];
    analysis_bounds(f, 3, 2, least, greatest);
    CHECK(least[0] == 1 && least[1] == 3 && greatest[0] == 4 && greatest[1] == 9);
    CHECK(analysis_extreme(f, 3, 2, 0) == 0);
    CHECK(analysis_extreme(f, 3, 2, 1) == 1);
    /* Both have the least first objective; the second is better in the rest. */
    const double tied[] = {1, 9, 1, 5};
    CHECK(analysis_extreme(tied, 2, 2, 0) == 1);
}

static void check_knee(void)
{
    /* The line from (0, 10) to (10, 0): (2, 2) lies farthest below it. */
    const double f[] = {0, 10, 1, 8, 2, 2, 7, 1, 10, 0};
    CHECK(analysis_knee(f, 5, 2) == 2);
    /* Scaling an objective moves no knee. */
    const double scaled[] = {0, 1e-6, 1, 8e-7, 2, 2e-7, 7, 1e-7, 10, 0};
    CHECK(analysis_knee(scaled, 5, 2) == 2);
    /* A concave front: nothing lies below the plane, the extremes lie on it. */
    const double concave[] = {0, 10, 6, 8, 8, 6, 10, 0};
    CHECK(analysis_knee(concave, 4, 2) == 0);
    const double cube[] = {0, 5, 5, 5, 0, 5, 5, 5, 0, 2, 2, 2, 1, 4, 4};
    CHECK(analysis_knee(cube, 5, 3) == 3);
    /* One point; and an objective that is the same everywhere. */
    CHECK(analysis_knee(f, 1, 2) == 0);
    const double flat[] = {0, 7, 10, 2, 7, 2, 10, 7, 0};
    CHECK(analysis_knee(flat, 3, 3) == 1);
}

int main(void)
{
    check_dominance();
    check_archive();
    check_search();
    check_filter();
    check_layers();
    check_bounds();
    check_knee();
    return check_result();
}
