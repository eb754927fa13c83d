/* SPDX-License-Identifier: GPL-3.0-or-later */
/* On a grid of whole numbers one can count at each node how many sets reach it: the surface must
 * reach the same nodes, and have no point too many. */
#include "analysis/attainment.h"

#include "analysis/pareto.h"
#include "base/stream.h"
#include "tests/check.h"

enum { SIDE = 7, MOST_SETS = 5, MOST_POINTS = 30 };

static size_t sets_that_reach(const struct analysis_sets *sets, const double *node)
{
    bool reached[MOST_SETS] = {false};
    size_t count = 0;
    for (size_t i = 0; i < sets->n; i++)
        if (analysis_weakly_dominates(sets->f + i * sets->m, node, sets->m))
            reached[sets->set[i]] = true;
    for (size_t s = 0; s < sets->n_sets; s++)
        count += reached[s];
    return count;
}

static bool surface_reaches(const double *surface, size_t n, const double *node, size_t m)
{
    for (size_t i = 0; i < n; i++)
        if (analysis_weakly_dominates(surface + i * m, node, m))
            return true;
    return false;
}

static bool in_order(const double *a, const double *b, size_t m)
{
    return m == 2 || a[2] == b[2] ? a[0] < b[0] : a[2] < b[2];
}

static bool surface_holds(const struct analysis_sets *sets, size_t k)
{
    size_t n, m = sets->m, nodes = m == 2 ? SIDE * SIDE : SIDE * SIDE * SIDE, kept[MOST_POINTS * 9];
    double *surface = analysis_attainment(sets, k, &n);
    bool ok = n <= MOST_POINTS * 9 && analysis_nondominated(surface, n, m, kept) == n;
    for (size_t i = 1; ok && i < n; i++)
        ok = in_order(surface + (i - 1) * m, surface + i * m, m);
    for (size_t number = 0; ok && number < nodes; number++) {
        const double node[] = {(double)(number % SIDE), (double)(number / SIDE % SIDE),
                               (double)(number / SIDE / SIDE)};
        ok = surface_reaches(surface, n, node, m) == (sets_that_reach(sets, node) >= k);
    }
    free(surface);
    return ok;
}

static bool holds(uint64_t seed, size_t m)
{
    struct stream stream = stream_open(seed, STREAM_TEST, 1, (uint32_t)m);
    double f[MOST_POINTS * 3];
    size_t set[MOST_POINTS];
    struct analysis_sets sets = {f, set, stream_below(&stream, MOST_POINTS + 1), m,
                                 1 + stream_below(&stream, MOST_SETS)};
    uint32_t values = 2 + stream_below(&stream, SIDE - 1);
    for (size_t i = 0; i < sets.n; i++) {
        set[i] = stream_below(&stream, (uint32_t)sets.n_sets);
        for (size_t o = 0; o < m; o++)
            f[i * m + o] = stream_below(&stream, values);
    }
    for (size_t k = 1; k <= sets.n_sets; k++)
        if (!surface_holds(&sets, k))
            return false;
    return true;
}

/* Three runs whose median is known: between (1, 4)(3, 2), (2, 3) and (4, 1). */
static void check_known(void)
{
    const double f[] = {1, 4, 3, 2, 2, 3, 4, 1, (double)NAN, 0}, want[] = {2, 4, 3, 3, 4, 2};
    const size_t set[] = {0, 0, 1, 2, 2};
    size_t n;
    double *median = analysis_attainment(&(struct analysis_sets){f, set, 5, 2, 3}, 2, &n);
    CHECK(n == 3 && memcmp(median, want, sizeof want) == 0);
    free(median);
    double *worst = analysis_attainment(&(struct analysis_sets){f, set, 5, 2, 3}, 3, &n);
    CHECK(n == 1 && worst[0] == 4 && worst[1] == 3);
    free(worst);
    double *none = analysis_attainment(&(struct analysis_sets){f, set, 3, 2, 3}, 3, &n);
    CHECK(n == 0);
    free(none);
}

int main(void)
{
    check_known();
    for (uint64_t seed = 0; seed < 1000; seed++) {
        for (size_t m = 2; m <= 3; m++) {
            if (!CHECK(holds(seed, m))) {
                fprintf(stderr, "    seed %llu, %zu objectives\n", (unsigned long long)seed, m);
                return check_result();
            }
        }
    }
    return check_result();
}
