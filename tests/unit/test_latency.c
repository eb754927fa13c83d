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

/* Many values go into bins of 0.1 %, those kept so far too; the mean stays exact. */
static void check_many(void)
{
    enum { MANY = 2 * SIM_VALUES_EXACT };
    struct sim_values set = {0};
    for (size_t i = 0; i < MANY; i++) /* 1 s ... 11 s, in no order */
        sim_values_add(&set, 1 + 10.0 * (double)(i * 7919 % MANY) / MANY);
    struct sim_distribution d = sim_values_distribution(&set);
    CHECK(set.bin && !set.value && set.n == MANY);
    CHECK_NEAR(d.mean, 6 - 5.0 / MANY, 1e-12);
    CHECK_NEAR(d.p50, 6, 0.0006);
    CHECK_NEAR(d.p90, 10, 0.0006);
    CHECK_NEAR(d.p99, 10.9, 0.0006);
    sim_values_add(&set, 0);
    sim_values_add(&set, 1e300);
    CHECK(set.bin[0] == 1 && set.bin[SIM_VALUE_BINS - 1] == 1);
    sim_values_free(&set);
}

/* Means over quarters: exact while there are few values, nearly so when they were joined. */
static void check_course(void)
{
    static const uint64_t lengths[] = {1, 4, 7, SIM_COURSE, SIM_COURSE + 1, 10 * SIM_COURSE + 3};
    for (size_t l = 0; l < sizeof lengths / sizeof *lengths; l++) {
        static struct sim_course course;
        course = (struct sim_course){.n = 0};
        uint64_t n = lengths[l];
        CHECK(sim_course_mean(&course, 3) == 0);
        for (uint64_t i = 0; i < n; i++)
            sim_course_add(&course, (double)i);
        for (unsigned q = 0; q < 4; q++) {
            uint64_t from = n * q / 4, to = n * (q + 1) / 4;
            double want = to > from ? (double)(from + to - 1) / 2 : 0;
            CHECK_NEAR(sim_course_mean(&course, q), want, n <= SIM_COURSE ? 1e-12 : 0.001);
        }
    }
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
    check_many();
    check_course();
    check_histogram();
    check_ends();
    return check_result();
}
