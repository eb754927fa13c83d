/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Networks of servers through the engine against closed forms: users who think and wait (exact mean
 * value analysis, Reiser and Lavenberg, JACM 27, 1980), two devices in a row, and the corners of
 * the roofline. */
#include "tests/support/theory.h"

enum { CUSTOMERS = 200000 / THEORY_SHARE, WARM = 2000 };

static const char one[] = "name: box\ndevices:\n" THEORY_DEVICE("a") THEORY_POOL;
static const char two[] =
    "name: box\nsync_us: 0\ndevices:\n" THEORY_DEVICE("a") THEORY_DEVICE("b") THEORY_POOL;

struct seen {
    struct theory_mean first_s, sojourn_s;
    double last_finish_s, worst_s; /* worst: how far a finish is from its place in line */
    double line_s[3];              /* of a line: first answer, then one after the other */
    uint64_t n, customers;
};

static void see(void *state, const struct sim_request_row *row)
{
    struct seen *seen = state;
    uint64_t n = seen->n++;
    seen->last_finish_s = row->finish_s;
    if (n >= WARM) {
        size_t batch = (size_t)((n - WARM) * THEORY_BATCHES / (seen->customers - WARM));
        theory_add(&seen->first_s, batch, row->ttft_s);
        theory_add(&seen->sojourn_s, batch, row->e2e_s);
    }
    double place_s = seen->line_s[0] + (double)n * seen->line_s[1];
    seen->worst_s = fmax(seen->worst_s, fabs(row->finish_s - place_s));
}

static struct sim_summary serve(struct served *s, const char *workload, struct seen *seen)
{
    struct error err;
    struct sim_summary out;
    struct sim_options options = {.sink = {.state = seen, .request = see}};
    if (!CHECK(served_run(s, workload, &options, &out, &err)))
        fprintf(stderr, "    %s\n", err.fault[0]);
    return out;
}

/* Seconds of one request alone, to its first token and to its last. */
static struct sim_summary alone(struct served *s, uint64_t prompt, uint64_t output)
{
    char text[300];
    struct seen seen = {.customers = WARM + 1};
    snprintf(text, sizeof text,
             "generator: {requests: 1, rate_per_s: 1, seed: 5, prompt: {median: %llu, log_sigma: "
             "0, max: %llu}, output: {median: %llu, log_sigma: 0, max: %llu}}\n",
             (unsigned long long)prompt, (unsigned long long)prompt, (unsigned long long)output,
             (unsigned long long)output);
    return serve(s, text, &seen);
}

/* One queueing station of `demand_s`, and delays together of `delay_s`: its residence time among n
 * users is what a further one finds there among n - 1. */
static double residence_s(uint64_t users, double demand_s, double delay_s)
{
    double present = 0, residence = demand_s;
    for (uint64_t n = 1; n <= users; n++) {
        residence = demand_s * (1 + present);
        present = (double)n * residence / (delay_s + residence);
    }
    return residence;
}

static void check_users(struct served *s, uint64_t users, double think_s, const char *lengths,
                        double decode_s, double demand_s)
{
    char text[400], name[40];
    struct seen *seen = calloc(1, sizeof *seen);
    if (!CHECK(seen != NULL))
        return;
    seen->customers = CUSTOMERS;
    snprintf(text, sizeof text,
             "generator: {requests: %d, seed: 5, %s}\nclosed_loop: {users: %llu, think_s: %.17g, "
             "think_cv: 1}\n",
             CUSTOMERS, lengths, (unsigned long long)users, think_s);
    struct sim_summary out = serve(s, text, seen);
    double want_s = residence_s(users, demand_s, think_s + decode_s) + decode_s;
    CHECK(out.done == CUSTOMERS && !out.saturated);
    snprintf(name, sizeof name, "%llu users", (unsigned long long)users);
    theory_near(name, &seen->sojourn_s, want_s, 0.05);
    /* Response time law: X (R + Z) = N, over all of the run. */
    CHECK_NEAR(out.requests_per_s * (out.e2e_s.mean + think_s), (double)users,
               0.01 * sqrt(THEORY_SHARE));
    free(seen);
}

/* Machines and a repairman: thinking, and one server for both phases. */
static void check_repairman(void)
{
    struct served s;
    served_open(&s, one, THEORY_MODEL, theory_serving);
    s.plan.in_flight = 1;
    double service_s = alone(&s, 1, 1000).e2e_s.mean / 1000 / (1 - exp2(-1.0 / 1000));
    for (uint64_t users = 1; users <= 25; users += 8)
        check_users(&s, users, 10 * service_s,
                    "prompt: {median: 1, max: 1}, output: {law: exponential, median: 1000, max: "
                    "900000}",
                    0, service_s);
    served_close(&s);
}

/* Prompts above the budget go one by one through the first device, in times that grow as their
 * lengths; the second decodes all that are there in passes that cost the same: a delay. */
static void open_two_stations(struct served *s)
{
    struct sim_serving serving = theory_serving;
    serving.max_num_seqs = 200;
    serving.max_num_batched_tokens = 200;
    serving.chunked_prefill = false;
    served_open(s, two, THEORY_MODEL, serving);
    memset(s->plan.decode, 1, s->plan.n_units);
    s->plan.in_flight = 200;
    /* Slow enough for the arithmetic of prompts to take all of their time. */
    s->platform.device[0].compute.peak[0].matrix_FLOPps = 1e15;
}

static void check_two_stations(void)
{
    struct served s;
    open_two_stations(&s);
    struct sim_summary mean = alone(&s, 20000, 1000);
    double median = 20000 * log(2), service_s = mean.ttft_s.mean;
    double decode_s = (mean.e2e_s.mean - service_s) * 1000 / 999;
    char lengths[200];
    CHECK_NEAR(alone(&s, 60000, 1).ttft_s.mean, 3 * service_s, 0.002);
    snprintf(lengths, sizeof lengths,
             "prompt: {law: exponential, median: %.0f, min: 201, max: 400000}, output: {median: "
             "1000, log_sigma: 0, max: 1000}",
             median);
    check_users(&s, 20, 10 * service_s, lengths, decode_s * 999 / 1000, service_s);
    served_close(&s);
}

/* All there at once, all alike: the first leaves after both stations, each further one after the
 * slower of the two. */
static void check_line(void)
{
    struct served s;
    open_two_stations(&s);
    struct seen seen = {.customers = 500};
    struct sim_summary each = alone(&s, 5000, 2);
    double first_s = each.ttft_s.mean, pass_s = each.e2e_s.mean - first_s;
    seen.line_s[0] = first_s + pass_s;
    seen.line_s[1] = first_s;
    CHECK(first_s > pass_s);
    struct sim_summary out = serve(&s,
                                   "generator: {requests: 500, rate_per_s: 1e9, seed: 5, prompt: "
                                   "{median: 5000, log_sigma: 0, max: 5000}, output: {median: 2, "
                                   "log_sigma: 0, max: 2}}\n",
                                   &seen);
    CHECK(out.done == 500 && seen.worst_s < 1e-9);
    CHECK_NEAR(out.makespan_s, pass_s + 500 * first_s, 1e-9);
    served_close(&s);
}

/* Where arithmetic and memory take equally long, norm p makes of both 2^(1/p) times either; far
 * from there the slower one is all. */
static void check_corner(void)
{
    struct served s;
    served_open(&s, one, THEORY_MODEL, theory_serving);
    struct device *device = &s.platform.device[0];
    double streamed_s = alone(&s, 1, 1).e2e_s.mean;
    device->compute.overlap_p = 2;
    CHECK_NEAR(alone(&s, 1, 1).e2e_s.mean, streamed_s, 1e-3);
    /* Two operations per weight of two bytes: as many FLOP/s as B/s meet in one row. */
    device->compute.peak[0].vector_FLOPps = device->memory.bandwidth_Bps;
    device->compute.peak[0].matrix_FLOPps = device->memory.bandwidth_Bps;
    CHECK_NEAR(alone(&s, 1, 1).e2e_s.mean, sqrt(2) * streamed_s, 1e-3);
    device->compute.overlap_p = 1;
    CHECK_NEAR(alone(&s, 1, 1).e2e_s.mean, 2 * streamed_s, 1e-3);
    device->compute.overlap_p = 64;
    device->compute.peak[0].vector_FLOPps /= 100;
    device->compute.peak[0].matrix_FLOPps /= 100;
    CHECK_NEAR(alone(&s, 1, 1).e2e_s.mean, 100 * streamed_s, 1e-3);
    served_close(&s);
}

int main(void)
{
    check_repairman();
    check_two_stations();
    check_line();
    check_corner();
    return check_result();
}
