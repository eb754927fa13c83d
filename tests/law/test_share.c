/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is shared is shared max-min. Water-filling against its closed form over sorted demands, and
 * caches that cross a link together: of k equal ones each takes k times as long as one alone. */
#include "sim/share.h"
#include "tests/check.h"
#include "tests/support/served.h"

#include "base/stream.h"

#include <math.h>

enum { MOST = 12, CASES = 5000 };

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Of demands in order, the level is (C - sum of the first m)/(n - m) for the first m at which the
 * next demand is above it. */
static double closed_form(double *demand, size_t n, size_t greedy, double capacity)
{
    double served = 0;
    qsort(demand, n, sizeof *demand, ascending);
    for (size_t m = 0; m < n + greedy; m++) {
        double level = (capacity - served) / (double)(n + greedy - m);
        if (m >= n || demand[m] > level)
            return level;
        served += demand[m];
    }
    return INFINITY;
}

static void check_levels(void)
{
    for (uint32_t seed = 1; seed <= CASES; seed++) {
        struct stream stream = stream_open(seed, STREAM_TEST, 5, 0);
        double demand[MOST], capacity = 10 * stream_uniform(&stream), sum = 0;
        size_t n = stream_below(&stream, MOST), greedy = stream_below(&stream, 3);
        for (size_t i = 0; i < n; i++)
            demand[i] = 3 * stream_uniform(&stream) * stream_uniform(&stream);
        double level = sim_share_level(demand, n, greedy, capacity);
        for (size_t i = 0; i < n; i++)
            sum += fmin(demand[i], level);
        if (isinf(level)) /* nobody goes short */
            CHECK(greedy == 0 && sum <= capacity * (1 + 1e-12));
        else
            CHECK_NEAR(sum + (double)greedy * level, capacity, 1e-12);
        double wanted = closed_form(demand, n, greedy, capacity);
        CHECK(level == wanted || fabs(level - wanted) <= 1e-12 * wanted);
    }
    CHECK(isinf(sim_share_level(NULL, 0, 0, 1)));
    CHECK(sim_share_level(NULL, 0, 4, 1) == 0.25);
}

static const char apart[] =
    "name: box\nambient_C: 25\ndevices:\n" SERVED_DEVICE("a", "p", "") SERVED_DEVICE(
        "b", "q",
        "") "pools: [{name: p, capacity_GiB: 1, bandwidth_GBps: 100}, {name: q, capacity_GiB: 1, "
            "bandwidth_GBps: 100}]\n"
            "links: [{name: l, from: a, to: b, bandwidth_GBps: 0.001, latency_us: 7000}]\n";

static double second_token_s;

static void see_request(void *state, const struct sim_request_row *row)
{
    (void)state;
    second_token_s = fmax(second_token_s, row->finish_s - row->first_token_s);
}

/* Seconds from the first token to the second and last, of k requests that come at once. */
static double between_tokens_s(unsigned k, uint64_t rows)
{
    struct served s;
    struct error err;
    struct sim_summary out;
    struct sim_serving serving = served_default;
    struct sim_options options = {.sink = {.request = see_request}};
    char workload[400];
    serving.max_num_batched_tokens = rows;
    served_open(&s, apart, SERVED_MODEL(2), serving);
    memset(s.plan.decode, 1, s.plan.n_units);
    s.plan.in_flight = 8;
    snprintf(
        workload, sizeof workload,
        "generator: {requests: %u, rate_per_s: 1e9, cv: 0, prompt: {median: 100, log_sigma: 0, "
        "min: 100, max: 100}, output: {median: 2, log_sigma: 0, min: 2, max: 2}}\n",
        k);
    second_token_s = 0;
    if (!served_run(&s, workload, &options, &out, &err) || out.done != k)
        machine_fail(&err, workload);
    served_close(&s);
    return second_token_s;
}

/* 512 bytes a token of 2 layers: 51.2 ms for a prompt's cache, and the latency once. */
static void check_links(void)
{
    double alone_s = between_tokens_s(1, 2000);
    CHECK_NEAR(alone_s, 0.0512 + 0.007, 0.02);
    for (unsigned k = 2; k <= 8; k++)
        CHECK_NEAR(between_tokens_s(k, 2000) - alone_s, (k - 1) * 0.0512, 0.02);
}

int main(void)
{
    check_levels();
    check_links();
    return check_result();
}
