/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Percentiles: exact ones with linear interpolation (as numpy.percentile), and the histogram of
 * gaps within its 1 % bins. */
#include "sim/latency.h"

#include "base/stream.h"
#include "tests/check.h"

/* numpy.percentile([7, 1, 5, 3, 9], [50, 90, 95, 99]) = 5, 8.2, 8.6, 8.92 */
static void check_exact(void)
{
    const double values[] = {7, 1, 5, 3, 9};
    struct sim_values set = {0};
    struct sim_distribution d = sim_values_distribution(&set);
    CHECK(isnan(d.mean) && isnan(d.p50) && isnan(d.p99));
    for (size_t i = 0; i < 5; i++)
        sim_values_add(&set, values[i]);
    d = sim_values_distribution(&set);
    CHECK_NEAR(d.mean, 5, 1e-15);
    CHECK_NEAR(d.p50, 5, 1e-15);
    CHECK_NEAR(d.p90, 8.2, 1e-14);
    CHECK_NEAR(d.p95, 8.6, 1e-14);
    CHECK_NEAR(d.p99, 8.92, 1e-14);
    sim_values_free(&set);
    sim_values_add(&set, 2.5);
    d = sim_values_distribution(&set);
    CHECK(d.mean == 2.5 && d.p50 == 2.5 && d.p99 == 2.5);
    sim_values_free(&set);
}

static void check_histogram(void)
{
    static struct sim_gaps gaps;
    struct stream stream = stream_open(3, STREAM_TEST, 0, 0);
    struct sim_values exact = {0};
    CHECK(isnan(sim_gaps_distribution(&gaps).p50));
    for (int i = 0; i < 20000; i++) {
        double gap_s = 1e-4 * exp(3 * stream_uniform(&stream) * stream_uniform(&stream));
        uint64_t times = 1 + stream_below(&stream, 3);
        sim_gaps_add(&gaps, gap_s, times);
        for (uint64_t n = 0; n < times; n++)
            sim_values_add(&exact, gap_s);
    }
    struct sim_distribution got = sim_gaps_distribution(&gaps);
    struct sim_distribution want = sim_values_distribution(&exact);
    CHECK_NEAR(got.mean, want.mean, 1e-10);
    CHECK_NEAR(got.p50, want.p50, 0.006);
    CHECK_NEAR(got.p90, want.p90, 0.006);
    CHECK_NEAR(got.p95, want.p95, 0.006);
    CHECK_NEAR(got.p99, want.p99, 0.006);
    sim_values_free(&exact);
}

/* No gap falls outside the bins, however small or large. */
static void check_ends(void)
{
    static struct sim_gaps gaps;
    sim_gaps_add(&gaps, 0, 1);
    sim_gaps_add(&gaps, 1e-15, 1);
    CHECK_NEAR(sim_gaps_distribution(&gaps).p99, 1e-9, 1e-12);
    sim_gaps_add(&gaps, 4e6, 1000);
    CHECK_NEAR(sim_gaps_distribution(&gaps).p50, 4e6, 0.006);
    CHECK(gaps.count == 1002);
}

int main(void)
{
    check_exact();
    check_histogram();
    check_ends();
    return check_result();
}
