/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bounds on what a fault costs. Of two devices, one k times slower in everything, the faster fails:
 * a request takes k times as long. The papers' bound D/D_healthy = 2 then holds only for k <= 2;
 * the one weighed by rates, (1 + 1/k)/(1/k) = k + 1, always does. And the distributions that faults
 * are drawn from. */
#include "tests/check.h"
#include "tests/support/recovered.h"

#define CHAT                                                                                       \
    "generator: {requests: 40, rate_per_s: 2, cv: 1, seed: 3, prompt: {median: 100, log_sigma: "   \
    "0.5, min: 10, max: 300}, output: {median: 60, log_sigma: 0.5, min: 10, max: 200}}\n"

static const char two[] =
    "name: box\nambient_C: 25\nsync_us: 0\ndevices:\n" SERVED_DEVICE("a", "p", "")
        SERVED_DEVICE("b", "p", "    software: {factor: %g}\n") "pools: [{name: p, capacity_GiB: "
                                                                "1, bandwidth_GBps: 100}]\n";

static void check_slower(double k)
{
    static char fails[] = "a";
    struct sim_fault fault[] = {{fails, 5, 0}};
    struct recovered r;
    char text[4000];
    snprintf(text, sizeof text, two, k);
    recovered_open(&r, text, SERVED_MODEL(2), served_default, CHAT);
    r.faults.scheduled = fault;
    r.faults.n_scheduled = 1;
    /* Host time per pass is no device's: without it rates are in the ratio of the factors. */
    for (size_t d = 0; d < 2; d++)
        r.served.platform.device[d].overheads.pass_s = 0;
    struct sim_summary out = recovered_run(&r, CHAT, false);
    const struct sim_recovered *at = &out.recovery;
    CHECK(out.done == 40);
    CHECK_NEAR(at->latency_ratio, k, 0.3); /* steps of a slower device hold more requests */
    CHECK_NEAR(at->rate_limit, k + 1, 0.3);
    CHECK(at->equal_limit == 2);
    CHECK(sim_recovered_held(at, at->rate_limit));
    if (k < 1.6 || k > 2.6)
        CHECK(sim_recovered_held(at, at->equal_limit) == (k < 2));
    recovered_close(&r);
}

/* The mean is the one that the file tells, whatever the shape; shape 1 has no memory. */
static void check_draws(double shape)
{
    enum { DRAWS = 20000 };
    struct device_reliability reliability = {3600, shape};
    double sum_s = 0, sum2 = 0, late = 0, later = 0;
    for (uint32_t i = 0; i < DRAWS; i++) {
        double gap_s = sim_fault_gap_s(&reliability, &(struct sim_fault_draw){7, 1, i});
        sum_s += gap_s;
        sum2 += gap_s * gap_s;
        late += gap_s > 3600;
        later += gap_s > 7200;
    }
    double mean_s = sum_s / DRAWS, cv2 = sum2 / DRAWS / (mean_s * mean_s) - 1;
    double gamma1 = tgamma(1 + 1 / shape);
    CHECK_NEAR(mean_s, 3600, 0.03);
    CHECK_NEAR(cv2, tgamma(1 + 2 / shape) / (gamma1 * gamma1) - 1, 0.1);
    if (shape == 1)
        CHECK_NEAR(later / late, late / DRAWS, 0.04);
    reliability.mtbf_s = 0;
    CHECK(isinf(sim_fault_gap_s(&reliability, &(struct sim_fault_draw){7, 1, 0})));
}

int main(void)
{
    const double factors[] = {1, 1.3, 2, 3, 5, 12};
    for (size_t i = 0; i < sizeof factors / sizeof *factors; i++)
        check_slower(factors[i]);
    check_draws(1);
    check_draws(2);
    check_draws(0.7);
    return check_result();
}
