/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Against R's wilcox.test and p.adjust, and against counting by hand where R does not count. */
#include "analysis/rank_tests.h"

#include "tests/check.h"

/* The examples of R's wilcox.test (permeability of membranes; depression before and after). */
static void check_published(void)
{
    const double x[] = {0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46};
    const double y[] = {1.15, 0.88, 0.90, 0.74, 1.21};
    struct analysis_test test = analysis_mann_whitney(x, 10, y, 5);
    CHECK(test.statistic == 35 && test.exact);
    CHECK_NEAR(test.p, 0.2544122544122544, 1e-14);
    test = analysis_mann_whitney_normal(x, 10, y, 5);
    CHECK(test.statistic == 35 && !test.exact);
    CHECK_NEAR(test.p, 0.2446236051269834, 1e-14);
    CHECK_NEAR(analysis_mann_whitney(y, 5, x, 10).p, 0.2544122544122544, 1e-14);
    CHECK(analysis_a12(x, 10, y, 5) == 0.7 && analysis_a12(y, 5, x, 10) == 0.3);
    const double first[] = {1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30};
    const double second[] = {0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29};
    test = analysis_wilcoxon(first, second, 9);
    CHECK(test.statistic == 40 && test.exact);
    CHECK_NEAR(test.p, 0.0390625, 1e-14);
    CHECK_NEAR(analysis_wilcoxon_normal(first, second, 9).p, 0.04401098401295146, 1e-14);
}

static const double tied_x[] = {1, 2, 2, 3, 5, 5, 9}, tied_y[] = {2, 4, 5, 5, 8, 9, 10, 11};
static const double differences[] = {3, -1, 2, 2, -2, 0, 5, 4, -1, 7}, zeros[10];

static void check_ties(void)
{
    struct analysis_test test = analysis_mann_whitney_normal(tied_x, 7, tied_y, 8);
    CHECK(test.statistic == 13.5);
    CHECK_NEAR(test.p, 0.1005216408334027, 1e-14);
    test = analysis_wilcoxon_normal(differences, zeros, 10);
    CHECK(test.statistic == 38);
    CHECK_NEAR(test.p, 0.07427877944816884, 1e-14);
}

static double wins(const double *all, const bool *first, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++)
            if (first[i] && !first[j])
                sum += all[i] > all[j] ? 1 : all[i] == all[j] ? 0.5 : 0;
    return sum;
}

/* All ways to call seven of the fifteen values the first sample. */
static void check_exact_ties(void)
{
    double all[15];
    size_t ways = 0, far = 0;
    memcpy(all, tied_x, sizeof tied_x);
    memcpy(all + 7, tied_y, sizeof tied_y);
    for (unsigned mask = 0; mask < 1U << 15; mask++) {
        bool first[15];
        size_t n = 0;
        for (size_t i = 0; i < 15; i++)
            n += first[i] = mask >> i & 1;
        if (n != 7)
            continue;
        ways++;
        far += fabs(wins(all, first, 15) - 28) >= fabs(13.5 - 28);
    }
    CHECK(ways == 6435);
    CHECK_NEAR(analysis_mann_whitney(tied_x, 7, tied_y, 8).p, (double)far / (double)ways, 1e-14);
}

/* All ways to give the nine differences a sign. */
static void check_exact_signs(void)
{
    const double rank[] = {6, 1.5, 4, 4, 4, 8, 7, 1.5, 9};
    size_t far = 0;
    for (unsigned mask = 0; mask < 1U << 9; mask++) {
        double sum = 0;
        for (size_t i = 0; i < 9; i++)
            sum += mask >> i & 1 ? rank[i] : 0;
        far += fabs(sum - 22.5) >= fabs(38 - 22.5);
    }
    CHECK_NEAR(analysis_wilcoxon(differences, zeros, 10).p, (double)far / 512, 1e-14);
}

/* Thirty seeds each, one method always better: the smallest p that there is, 2/C(60, 30) and
 * 2/2^30. */
static void check_extremes(void)
{
    double low[60], high[60];
    for (size_t i = 0; i < 60; i++) {
        low[i] = (double)i;
        high[i] = (double)(1000 + 2 * i);
    }
    struct analysis_test test = analysis_mann_whitney(low, 30, high, 30);
    CHECK(test.statistic == 0 && test.exact);
    CHECK_NEAR(test.p, 2 / 118264581564861424., 1e-12);
    CHECK(analysis_a12(low, 30, high, 30) == 0);
    CHECK_NEAR(analysis_wilcoxon(high, low, 30).p, ldexp(1, -29), 1e-12);
    CHECK(!analysis_mann_whitney(low, 60, high, 30).exact);
    CHECK(!analysis_wilcoxon(low, high, 60).exact);
}

static void check_odd(void)
{
    const double same[] = {2, 2, 2}, hole[] = {1, (double)NAN, 3};
    CHECK(analysis_mann_whitney(same, 3, same, 3).p == 1);
    CHECK(analysis_mann_whitney_normal(same, 3, same, 3).p == 1);
    CHECK(analysis_mann_whitney_normal(same, 1, hole, 1).p == 1);
    CHECK(analysis_wilcoxon(same, same, 3).p == 1 &&
          analysis_wilcoxon_normal(same, same, 3).p == 1);
    CHECK(analysis_a12(same, 3, same, 2) == 0.5);
    CHECK(isnan(analysis_mann_whitney(same, 0, same, 3).p) &&
          isnan(analysis_a12(same, 3, same, 0)));
    CHECK(isnan(analysis_mann_whitney(same, 3, hole, 3).p) &&
          isnan(analysis_a12(hole, 3, same, 3)));
    CHECK(isnan(analysis_wilcoxon(same, hole, 3).p) && isnan(analysis_wilcoxon(same, same, 0).p));
    const double ends[] = {(double)-INFINITY, (double)INFINITY};
    CHECK(analysis_a12(ends, 2, same, 3) == 0.5);
}

static void check_holm(void)
{
    const double p[] = {.01, .04, .03, .005, .5}, want[] = {.04, .09, .09, .025, .5};
    double got[5], with_hole[] = {.01, (double)NAN, .6, .7};
    analysis_holm(p, 5, got);
    for (size_t i = 0; i < 5; i++)
        CHECK_NEAR(got[i], want[i], 1e-15);
    analysis_holm(with_hole, 4, with_hole);
    CHECK(with_hole[0] == .03 && isnan(with_hole[1]) && with_hole[2] == 1 && with_hole[3] == 1);
    analysis_holm(p, 0, got);
}

int main(void)
{
    check_published();
    check_ties();
    check_exact_ties();
    check_exact_signs();
    check_extremes();
    check_odd();
    check_holm();
    return check_result();
}
