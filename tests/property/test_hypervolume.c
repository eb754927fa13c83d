/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The volume of a set with integer coordinates is the number of unit cells that lie above one of
 * its points: counted one by one, which needs no geometry at all. */
#include "analysis/hypervolume.h"

#include "base/stream.h"
#include "tests/check.h"

enum { SIDE = 10, MOST_POINTS = 8, MOST_OBJECTIVES = 4 };

static bool above(const double *point, const size_t *cell, size_t m)
{
    for (size_t o = 0; o < m; o++)
        if ((double)cell[o] < point[o])
            return false;
    return true;
}

static bool covered(const double *f, size_t n, size_t m, size_t cell_number)
{
    size_t cell[MOST_OBJECTIVES];
    for (size_t o = 0; o < m; o++, cell_number /= SIDE)
        cell[o] = cell_number % SIDE;
    for (size_t i = 0; i < n; i++)
        if (above(f + i * m, cell, m))
            return true;
    return false;
}

static double counted(const double *f, size_t n, size_t m)
{
    size_t cells = 1, inside = 0;
    for (size_t o = 0; o < m; o++)
        cells *= SIDE;
    for (size_t cell = 0; cell < cells; cell++)
        inside += covered(f, n, m, cell);
    return (double)inside;
}

/* Cells that are covered no more once point i is left out. */
static bool contributions_agree(const double *f, size_t n, size_t m, double whole)
{
    double rest[MOST_POINTS * MOST_OBJECTIVES], share[MOST_POINTS];
    analysis_contributions(f, n, m, (double[]){SIDE, SIDE, SIDE, SIDE}, share);
    for (size_t i = 0; i < n; i++) {
        memcpy(rest, f, i * m * sizeof *f);
        memcpy(rest + i * m, f + (i + 1) * m, (n - i - 1) * m * sizeof *f);
        if (share[i] != whole - counted(rest, n - 1, m))
            return false;
    }
    return true;
}

static bool agrees(uint64_t seed, size_t m)
{
    struct stream stream = stream_open(seed, STREAM_TEST, 0, (uint32_t)m);
    double f[MOST_POINTS * MOST_OBJECTIVES], r[MOST_OBJECTIVES];
    size_t n = stream_below(&stream, MOST_POINTS + 1), on_plane = 0, discarded;
    /* A narrow range of values makes ties and duplicates common. */
    uint32_t values = 2 + stream_below(&stream, SIDE);
    for (size_t i = 0; i < n; i++) {
        bool outside = false;
        for (size_t o = 0; o < m; o++) {
            f[i * m + o] = stream_below(&stream, values);
            outside = outside || f[i * m + o] >= SIDE;
        }
        on_plane += outside;
    }
    for (size_t o = 0; o < m; o++)
        r[o] = SIDE;
    double whole = counted(f, n, m);
    return analysis_hypervolume(f, n, m, r, &discarded) == whole && discarded == on_plane &&
           (seed >= 100 || contributions_agree(f, n, m, whole));
}

int main(void)
{
    for (uint64_t seed = 0; seed < 1000; seed++) {
        for (size_t m = 1; m <= (seed < 50 ? 4 : 3); m++) {
            if (!CHECK(agrees(seed, m))) {
                fprintf(stderr, "    seed %llu, %zu objectives\n", (unsigned long long)seed, m);
                return check_result();
            }
        }
    }
    return check_result();
}
