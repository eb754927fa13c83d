/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Published values of small sets (tests of moocore, confirmed by the R package eaf). */
#include "analysis/indicators.h"

#include "tests/check.h"

static const double z[] = {10, 0, 6, 1, 2, 2, 1, 6, 0, 10};
static const double positive_z[] = {10, 1, 6, 1, 2, 2, 1, 6, 1, 10};
static const double a[] = {4, 2, 3, 3, 2, 4}, b[] = {8, 2, 4, 4, 2, 8};

static void check_published(void)
{
    CHECK_NEAR(analysis_igd_plus(a, 3, z, 5, 2), 1.482842712474619, 1e-14);
    CHECK_NEAR(analysis_igd_plus(b, 3, z, 5, 2), 2.260112615949154, 1e-14);
    CHECK(analysis_epsilon_additive(a, 3, positive_z, 5, 2) == 1);
    CHECK(analysis_epsilon_multiplicative(a, 3, positive_z, 5, 2) == 2);
}

static void check_covering(void)
{
    const double better[] = {0, 0}, f[] = {1, 2, 3, 3, 1, 2, 2, 3, 1};
    CHECK(analysis_igd_plus(z, 5, z, 5, 2) == 0 && analysis_epsilon_additive(z, 5, z, 5, 2) == 0);
    CHECK(analysis_igd_plus(better, 1, z, 5, 2) == 0);
    CHECK(analysis_epsilon_additive(better, 1, (double[]){3, 2}, 1, 2) == -2);
    CHECK(analysis_epsilon_multiplicative(f, 3, f, 3, 3) == 1);
    CHECK(analysis_epsilon_additive(f, 1, f, 3, 3) == 2);
    CHECK(analysis_epsilon_multiplicative(f, 1, f, 3, 3) == 3);
}

static void check_share(void)
{
    const double some[] = {2, 2, 9, 9, 0, 10, 2, 2};
    CHECK_NEAR(analysis_share_found(some, 4, z, 5, 2), .4, 1e-15);
    CHECK(analysis_share_found(z, 5, z, 5, 2) == 1 && analysis_share_found(a, 3, b, 3, 2) == 0);
    CHECK(analysis_share_found(NULL, 0, z, 5, 2) == 0);
}

static void check_missing(void)
{
    const double zero[] = {0, 1};
    CHECK(isinf(analysis_igd_plus(NULL, 0, z, 5, 2)));
    CHECK(isinf(analysis_epsilon_additive(NULL, 0, z, 5, 2)));
    CHECK(isnan(analysis_igd_plus(a, 3, NULL, 0, 2)) && isnan(analysis_share_found(a, 3, a, 0, 2)));
    CHECK(isnan(analysis_epsilon_additive(a, 3, NULL, 0, 2)));
    CHECK(isnan(analysis_epsilon_multiplicative(zero, 1, positive_z, 5, 2)));
    CHECK(isnan(analysis_epsilon_multiplicative(a, 3, zero, 1, 2)));
}

int main(void)
{
    check_published();
    check_covering();
    check_share();
    check_missing();
    return check_result();
}
