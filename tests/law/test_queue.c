/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One request at a time, all alike: the engine is a M/D/1 queue. Its mean wait against Pollaczek
 * and Khinchine, W = rho D / (2 (1 - rho)); Little's law from samples of the number present. */
#include "tests/check.h"
#include "tests/support/served.h"

static const char box[] = "name: box\ndevices:\n" SERVED_DEVICE(
    "a", "p", "") "pools: [{name: p, capacity_GiB: 1, bandwidth_GBps: 100}]\n";

enum { REQUESTS = 60000, BATCHES = 40 };

struct seen {
    double wait_s[BATCHES], sojourn_s, present, service_s;
    size_t n, samples;
};

static void see_request(void *state, const struct sim_request_row *row)
{
    struct seen *seen = state;
    CHECK(row->status == SIM_DONE);
    seen->wait_s[seen->n++ * BATCHES / REQUESTS] += row->scheduled_s - row->arrival_s;
    seen->sojourn_s += row->e2e_s;
}

static void see_sample(void *state, const struct sim_sample_row *row)
{
    struct seen *seen = state;
    seen->present += (double)(row->running + row->waiting);
    seen->samples++;
}

static void run(struct served *s, int requests, double rate, struct seen *seen,
                struct sim_summary *out)
{
    struct error err;
    char text[300];
    snprintf(text, sizeof text,
             "generator: {requests: %d, rate_per_s: %.17g, cv: 1, seed: 5, prompt: {median: 100, "
             "log_sigma: 0, min: 100, max: 100}, output: {median: 1, log_sigma: 0, min: 1, max: "
             "1}}\n",
             requests, rate);
    struct sim_options options = {0};
    if (seen) {
        options.series_period_s = 1.17 / rate; /* in step with nothing */
        options.sink = (struct sim_sink){seen, see_request, see_sample, NULL};
    }
    if (!CHECK(served_run(s, text, &options, out, &err)))
        fprintf(stderr, "    %s\n", err.fault[0]);
}

static void check_load(struct served *s, double service_s, double load)
{
    struct seen seen = {0};
    struct sim_summary out;
    double rate = load / service_s, mean_s = 0, variance = 0;
    run(s, REQUESTS, rate, &seen, &out);
    for (size_t i = 0; i < BATCHES; i++)
        mean_s += seen.wait_s[i] / REQUESTS;
    for (size_t i = 0; i < BATCHES; i++)
        variance += pow(seen.wait_s[i] * BATCHES / REQUESTS - mean_s, 2) / (BATCHES - 1);
    /* 99.9 % of Student's t with 39 degrees of freedom */
    double margin_s = 3.56 * sqrt(variance / BATCHES), want_s = load * service_s / (2 - 2 * load);
    printf("load %.2g: wait %.6g s of %.6g +- %.2g\n", load, mean_s, want_s, margin_s);
    CHECK(fabs(mean_s - want_s) <= margin_s);
    CHECK(margin_s < 0.12 * want_s);
    CHECK_NEAR(out.ttft_s.mean, mean_s + service_s, 1e-9);
    CHECK_NEAR(out.time.queue_s, mean_s * REQUESTS, 1e-9);
    double effective_rate = REQUESTS / out.makespan_s;
    CHECK_NEAR(seen.present / (double)seen.samples, effective_rate * seen.sojourn_s / REQUESTS,
               0.02);
    CHECK(!out.saturated);
}

int main(void)
{
    struct served s;
    struct sim_summary one, over;
    struct sim_serving serving = served_default;
    serving.max_num_seqs = 1;
    served_open(&s, box, SERVED_MODEL(2), serving);
    run(&s, 1, 1, NULL, &one);
    CHECK(one.done == 1 && one.passes == 1);
    double service_s = one.e2e_s.mean;
    CHECK_NEAR(one.time.prefill_s, service_s, 1e-9);
    check_load(&s, service_s, 0.3);
    check_load(&s, service_s, 0.6);
    check_load(&s, service_s, 0.8);
    run(&s, 5000, 1.3 / service_s, NULL, &over);
    CHECK(over.saturated);
    CHECK_NEAR(over.requests_per_s, 1 / service_s, 0.01);
    served_close(&s);
    return check_result();
}
