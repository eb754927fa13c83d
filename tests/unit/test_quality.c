/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/quality.h"

#include "tests/check.h"

/* Mapped, the true front is (0, 1)(0.5, 0.5)(1, 0). */
static const double truth_f[] = {10, 300, 15, 200, 20, 100};

static void check_measures(void)
{
    struct analysis_truth truth;
    const double half[] = {10, 300, 20, 200};
    analysis_truth_init(&truth, truth_f, 3, 2);
    CHECK_NEAR(truth.volume, 1.1 * 0.1 + 0.6 * 0.5 + 0.1 * 0.5, 1e-14);
    CHECK(truth.least[0] == 10 && truth.greatest[1] == 300);
    struct analysis_quality all = analysis_quality_of(&truth, truth_f, 3);
    CHECK(all.hv_ratio == 1 && all.igd_plus == 0 && all.epsilon == 0 && all.share_found == 1);
    struct analysis_quality some = analysis_quality_of(&truth, half, 2);
    CHECK_NEAR(some.share_found, 1. / 3, 1e-15);
    CHECK_NEAR(some.igd_plus, (0 + 0.5 + 0.5) / 3, 1e-15);
    CHECK_NEAR(some.epsilon, 0.5, 1e-15);
    CHECK_NEAR(some.hv_ratio, (1.1 * 0.1 + 0.1 * 0.5) / truth.volume, 1e-14);
    CHECK(analysis_hv_ratio(&truth, half, 2) == some.hv_ratio);
    CHECK(analysis_hv_ratio(&truth, NULL, 0) == 0);
    analysis_truth_free(&truth);
    analysis_truth_free(&truth);
}

/* Beyond the true front, as where the truth is one of fewer plans. */
static void check_better(void)
{
    struct analysis_truth truth;
    const double better[] = {5, 50};
    analysis_truth_init(&truth, truth_f, 3, 2);
    struct analysis_quality quality = analysis_quality_of(&truth, better, 1);
    CHECK(quality.hv_ratio > 1 && quality.epsilon < 0 && quality.igd_plus == 0);
    CHECK(quality.share_found == 0);
    analysis_truth_free(&truth);
}

/* An objective that is the same everywhere keeps its unit. */
static void check_flat(void)
{
    struct analysis_truth truth;
    const double f[] = {1, 7, 3, 7}, g[] = {1, 7.5};
    analysis_truth_init(&truth, f, 2, 2);
    CHECK_NEAR(truth.volume, 1.1 * 1.1, 1e-14);
    CHECK_NEAR(analysis_quality_of(&truth, g, 1).epsilon, 0.5, 1e-15);
    analysis_truth_free(&truth);
}

int main(void)
{
    check_measures();
    check_better();
    check_flat();
    return check_result();
}
