/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A point's rank is the length of the longest chain of points, each dominating the next, that ends
 * at it. */
#include "analysis/pareto.h"

#include "base/stream.h"
#include "tests/check.h"

enum { MOST_POINTS = 120, MOST_OBJECTIVES = 5 };

/* Longest chain to each point, by relaxation until nothing changes. */
static size_t chains(const double *f, size_t n, size_t m, size_t *length)
{
    bool changed = true;
    size_t most = 0;
    memset(length, 0, n * sizeof *length);
    while (changed) {
        changed = false;
        for (size_t i = 0; i < n; i++)
            for (size_t j = 0; j < n; j++)
                if (length[i] <= length[j] && analysis_dominates(f + j * m, f + i * m, m)) {
                    length[i] = length[j] + 1;
                    changed = true;
                }
    }
    for (size_t i = 0; i < n; i++)
        most = length[i] >= most ? length[i] + 1 : most;
    return most;
}

static bool holds(uint64_t seed, size_t m)
{
    struct stream stream = stream_open(seed, STREAM_TEST, 2, (uint32_t)m);
    double f[MOST_POINTS * MOST_OBJECTIVES];
    size_t want[MOST_POINTS], rank[MOST_POINTS], n = stream_below(&stream, MOST_POINTS + 1);
    uint32_t values = 1 + stream_below(&stream, 30);
    for (size_t i = 0; i < n * m; i++)
        f[i] = stream_below(&stream, values);
    size_t layers = chains(f, n, m, want);
    return analysis_ranks(f, n, m, rank) == layers && memcmp(rank, want, n * sizeof *rank) == 0;
}

int main(void)
{
    for (uint64_t seed = 0; seed < 200; seed++)
        for (size_t m = 1; m <= MOST_OBJECTIVES; m++)
            if (!CHECK(holds(seed, m)))
                fprintf(stderr, "    seed %llu, %zu objectives\n", (unsigned long long)seed, m);
    return check_result();
}
