/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/statistics.h"

#include "tests/check.h"

static void check_sums(void)
{
    struct analysis_sum sum = {0, 0};
    const double hard[] = {1, 1e100, 1, -1e100}; /* Neumaier's example: 2, naively 0 */
    for (size_t i = 0; i < 4; i++)
        analysis_sum_add(&sum, hard[i]);
    CHECK(analysis_sum_value(&sum) == 2);
    struct analysis_sum tenths = {0, 0};
    for (size_t i = 0; i < 10000000; i++)
        analysis_sum_add(&tenths, 0.1);
    CHECK_NEAR(analysis_sum_value(&tenths), 1e6, 1e-15);
    analysis_sum_add(&tenths, (double)INFINITY);
    CHECK(isinf(analysis_sum_value(&tenths)));
}

static void check_moments(void)
{
    const double value[] = {2, 4, 4, 4, 5, 5, 7, 9};
    struct analysis_moments moments = {0};
    CHECK(isnan(analysis_moments_sd(&moments)));
    for (size_t i = 0; i < 8; i++)
        analysis_moments_add(&moments, 1e9 + value[i]); /* squares of 1e9 would swallow the rest */
    CHECK(moments.n == 8 && moments.least == 1e9 + 2 && moments.greatest == 1e9 + 9);
    CHECK_NEAR(moments.mean, 1e9 + 5, 1e-15);
    CHECK_NEAR(analysis_moments_sd(&moments), sqrt(32. / 7), 1e-8);
    CHECK(analysis_mean(value, 8) == 5);
    CHECK_NEAR(analysis_sd(value, 8), sqrt(32. / 7), 1e-15);
    CHECK(isnan(analysis_mean(value, 0)) && isnan(analysis_sd(value, 1)));
    CHECK(analysis_sd((double[]){3, 3}, 2) == 0);
}

/* Type 7 as numpy.percentile and R's quantile give it; nearest rank as in the usual example. */
static void check_percentiles(void)
{
    const double value[] = {50, 15, 40, 20, 35};
    CHECK(analysis_percentile(value, 5, 0) == 15 && analysis_percentile(value, 5, 100) == 50);
    CHECK_NEAR(analysis_percentile(value, 5, 40), 29, 1e-15);
    CHECK_NEAR(analysis_percentile(value, 5, 95), 48, 1e-15);
    CHECK(analysis_median(value, 5) == 35 && analysis_median(value, 4) == 30);
    const double rank_p[] = {0, 5, 20, 30, 40, 50, 60.1, 100};
    const double rank_want[] = {15, 15, 15, 20, 20, 35, 40, 50};
    for (size_t i = 0; i < 8; i++)
        CHECK(analysis_percentile_rank(value, 5, rank_p[i]) == rank_want[i]);
    double out[3];
    analysis_percentiles(value, 5, (double[]){25, 50, 75}, 3, out);
    CHECK(out[0] == 20 && out[1] == 35 && out[2] == 40);
    CHECK(value[0] == 50); /* the caller's array stays as it is */
    CHECK(analysis_percentile((double[]){7}, 1, 99) == 7);
    CHECK(analysis_percentile((double[]){1, (double)INFINITY, (double)INFINITY}, 3, 75) ==
          (double)INFINITY);
}

static void check_exact_ranks(void)
{
    double value[1000];
    for (size_t i = 0; i < 1000; i++)
        value[i] = (double)(999 - i);
    for (size_t percent = 1; percent <= 100; percent++)
        CHECK(analysis_percentile_rank(value, 1000, (double)percent) == (double)(10 * percent - 1));
    analysis_sort(value, 1000);
    CHECK(value[0] == 0 && value[999] == 999);
    CHECK_NEAR(analysis_sorted_percentile(value, 1000, 99), 989.01, 1e-15);
    CHECK(analysis_sorted_percentile_rank(value, 1000, 99) == 989);
}

static void check_missing(void)
{
    const double value[] = {1, (double)NAN, 3};
    CHECK(isnan(analysis_percentile(value, 0, 50)) && isnan(analysis_percentile(value, 3, 50)));
    CHECK(isnan(analysis_percentile_rank(value, 3, 0)) && isnan(analysis_mean(value, 3)));
    CHECK(isnan(analysis_percentile(value, 1, 101)) && isnan(analysis_percentile(value, 1, -1)));
    double sorted[] = {(double)NAN, 2, (double)NAN, 1};
    analysis_sort(sorted, 4);
    CHECK(sorted[0] == 1 && sorted[1] == 2 && isnan(sorted[2]) && isnan(sorted[3]));
}

int main(void)
{
    check_sums();
    check_moments();
    check_percentiles();
    check_exact_ranks();
    check_missing();
    return check_result();
}
