/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Published values of small sets, each in every order of the coordinates. */
#include "analysis/hypervolume.h"
#include "tests/check.h"

#include "base/memory.h"

enum { MOST_POINTS = 24, MOST_OBJECTIVES = 5 };

struct oracle {
    const char *source;
    size_t m, n, discarded;
    double r; /* the same in every objective */
    double volume, tolerance;
    double f[MOST_POINTS * MOST_OBJECTIVES];
};

static const struct oracle oracles[] = {
    {"moocore rep3d 1", 3, 7, 0, 10, 401, 0, {5, 5, 0, 4, 4, 1, 6, 3, 2, 5, 4,
                                              3, 4, 5, 4, 3, 6, 5, 5, 5, 6}},
    {"moocore rep3d 2", 3, 10, 0, 10, 970.816268, 1e-12, {.16, .86, .47, .66, .37, .28, .79, .79,
                                                          .04, .28, .99, .29, .51, .37, .38, .92,
                                                          .62, .07, .16, .53, .70, .01, .98, .94,
                                                          .67, .17, .54, .79, .72, .05}},
    {"moocore rep4d 1",
     4,
     4,
     0,
     20,
     29404,
     0,
     {6, 14, 1, 3, 18, 3, 16, 8, 14, 16, 15, 10, 10, 6, 4, 19}},
    {"moocore bug-41, each point twice", 3, 10, 0, 1, .535, 1e-12, {.5, .5, .1, .4, .5, .2, .3, .5,
                                                                    .3, .2, .5, .4, .1, .1, .5, .5,
                                                                    .5, .1, .4, .5, .2, .3, .5, .3,
                                                                    .2, .5, .4, .1, .1, .5}},
    {"moocore equal values, one point on the reference", 4, 9, 1, 8, 2022, 0, {3, 0, 2, 1, 1, 1,
                                                                               6, 3, 1, 2, 5, 3,
                                                                               1, 3, 4, 3, 1, 4,
                                                                               3, 3, 1, 5, 3, 2,
                                                                               1, 6, 2, 3, 1, 7,
                                                                               2, 2, 8, 8, 8, 8}},
    {"pagmo 2-D", 2, 3, 0, 7, 17.91, 1e-12, {2.3, 4.5, 3.4, 3.4, 6, 1.2}},
    {"pagmo 3-D", 3, 3, 0, 7, 66.386, 1e-12, {2.3, 4.5, 3.2, 3.4, 3.4, 3.4, 6, 1.2, 3.6}},
    {"pagmo 5-D",
     5,
     3,
     0,
     7,
     373.21228,
     1e-12,
     {2.3, 4.5, 3.2, 1.9, 6, 3.4, 3.4, 3.4, 2.1, 5.8, 6, 1.2, 3.6, 3, 6}},
    {"jMetal 3-D", 3, 3, 0, 5, 25, 0, {1, 4, 4, 2, 2, 3, 4, 1, 2}},
    {"moocore Python", 3, 2, 0, 2, 5, 0, {1, 0, 1, 0, 1, 0}},
    {"moocore documentation", 2, 4, 0, 10, 38, 0, {5, 5, 4, 6, 2, 7, 7, 4}},
    {"jMetal WFG, two points on the reference",
     2,
     11,
     2,
     1,
     .61050953,
     1e-12,
     {1,       0,  0,       1,  .1,      .683772, .2,     .552786, .3,      .452277, .4,
      .367544, .5, .292893, .6, .225403, .7,      .16334, .8,      .105573, .9,      .0513167}},
    {"no point", 3, 0, 0, 1, 0, 0, {0}},
    {"one point", 3, 1, 0, 5, 24, 0, {1, 2, 3}},
    {"dominated points change nothing",
     3,
     6,
     0,
     5,
     25,
     0,
     {1, 4, 4, 2, 2, 3, 4, 1, 2, 4, 4, 4, 2, 2, 4, 4, 2, 3}},
    {"all on the reference plane", 2, 2, 2, 3, 0, 0, {3, 0, 1, 3}},
    {"negative coordinates", 2, 2, 0, 0, 11, 0, {-3, -3, -1, -5}},
};

/* Changes permutation (m) to the lexicographically next one; false after the last. */
static bool next_permutation(size_t *permutation, size_t m)
{
    if (m < 2)
        return false;
    size_t i = m - 1, j = m - 1;
    while (i > 0 && permutation[i - 1] > permutation[i])
        i--;
    if (i == 0)
        return false;
    while (permutation[j] < permutation[i - 1])
        j--;
    size_t kept = permutation[i - 1];
    permutation[i - 1] = permutation[j];
    permutation[j] = kept;
    for (j = m - 1; i < j; i++, j--) {
        kept = permutation[i];
        permutation[i] = permutation[j];
        permutation[j] = kept;
    }
    return true;
}

static void check_oracle(const struct oracle *oracle)
{
    size_t permutation[MOST_OBJECTIVES], discarded, m = oracle->m;
    double f[MOST_POINTS * MOST_OBJECTIVES], r[MOST_OBJECTIVES];
    for (size_t o = 0; o < m; o++) {
        permutation[o] = o;
        r[o] = oracle->r;
    }
    do {
        for (size_t i = 0; i < oracle->n * m; i++)
            f[i] = oracle->f[i / m * m + permutation[i % m]];
        double volume = analysis_hypervolume(f, oracle->n, m, r, &discarded);
        if (!CHECK_NEAR(volume, oracle->volume, oracle->tolerance) ||
            !CHECK(discarded == oracle->discarded))
            fprintf(stderr, "    %s\n", oracle->source);
    } while (next_permutation(permutation, m));
}

/* pagmo's tests; the points from the seventh on add nothing. */
static void check_contributions(void)
{
    static const double f[13 * 3] = {-6, -1, -6, -1, -3, -5, -3, -4, -4, -4, -2, -3, -5,
                                     -5, -2, -2, -6, -1, -3, -1, -3, -1, -1, -5, -1, -2,
                                     -4, -1, -3, -4, -7, -7, 0,  0,  -5, -5, -7, 0,  -7};
    static const double want[13] = {18, 2, 12, 1, 18, 2};
    static const double r[3] = {0, 0, 0}, twice[] = {1, 1, 1, 1, .5, .5}, two[] = {2, 2};
    double got[13];
    for (size_t n = 6; n <= 13; n += 7) {
        analysis_contributions(f, n, 3, r, got);
        for (size_t i = 0; i < n; i++)
            CHECK(got[i] == want[i]);
    }
    analysis_contributions(twice, 1, 2, two, got);
    CHECK(got[0] == 1);
    analysis_contributions(twice, 2, 2, two, got);
    CHECK(got[0] == 0 && got[1] == 0);
    analysis_contributions(twice, 3, 2, two, got);
    CHECK(got[0] == 0 && got[1] == 0 && got[2] == 1.25);
    analysis_contributions((double[]){4, 2, 7, 5}, 4, 1, (double[]){5}, got);
    CHECK(got[0] == 0 && got[1] == 2 && got[2] == 0 && got[3] == 0);
    analysis_contributions(NULL, 0, 3, r, got);
}

/* All (i, j, H - i - j)/H: the plane of DTLZ1 when halved, of DTLZ2 when put on the unit sphere.
 * Values by moocore. */
static void check_lattice(size_t divisions, double plane, double sphere)
{
    size_t n = 0, discarded, room = (divisions + 1) * (divisions + 2) / 2;
    double *flat = mem_calloc(room, 3 * sizeof *flat);
    double *round = mem_calloc(room, 3 * sizeof *round);
    for (size_t i = 0; i <= divisions; i++) {
        for (size_t j = 0; i + j <= divisions; j++, n++) {
            double x[3] = {(double)i, (double)j, (double)(divisions - i - j)};
            double length = sqrt(x[0] * x[0] + x[1] * x[1] + x[2] * x[2]);
            for (size_t o = 0; o < 3; o++) {
                flat[3 * n + o] = .5 * x[o] / (double)divisions;
                round[3 * n + o] = x[o] / length;
            }
        }
    }
    CHECK_NEAR(analysis_hypervolume(flat, n, 3, (double[]){1, 1, 1}, &discarded), plane, 1e-11);
    CHECK(discarded == 0);
    CHECK_NEAR(analysis_hypervolume(round, n, 3, (double[]){1.1, 1.1, 1.1}, NULL), sphere, 1e-11);
    free(flat);
    free(round);
}

static void check_nan(void)
{
    size_t discarded;
    double f[] = {1, (double)NAN, 2, 1}, r[] = {3, 3};
    CHECK(analysis_hypervolume(f, 2, 2, r, &discarded) == 2);
    CHECK(discarded == 1);
    CHECK(analysis_hypervolume((double[]){4, 2, 3}, 3, 1, (double[]){5}, &discarded) == 3);
}

int main(void)
{
    for (size_t i = 0; i < sizeof oracles / sizeof *oracles; i++)
        check_oracle(&oracles[i]);
    check_contributions();
    check_lattice(12, 0.973668981481, 0.744850899188);
    check_lattice(50, 0.977900000000, 0.791780400151);
    check_lattice(200, 0.978853125000, 0.803465629385);
    check_nan();
    return check_result();
}
