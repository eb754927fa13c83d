/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Waits of a million customers through the engine against closed forms: Pollaczek and Khinchine for
 * one request at a time (M/D/1, M/M/1, M/G/1), Erlang's C for several (M/M/c); and Little's law
 * from samples of the number present. */
#include "tests/support/theory.h"

enum { CUSTOMERS = 1000000 / THEORY_SHARE };

static const char box[] = "name: box\ndevices:\n" THEORY_DEVICE("a") THEORY_POOL;

/* Lengths of answers, and their first two moments in passes. */
struct law {
    const char *name, *lengths;
    double mean, square;
};

/* Long against a pass, so that waiting for a pass to end is nothing: geometric with mean 1443. */
#define EXPONENTIAL_MEDIAN 1000
#define EXPONENTIAL "law: exponential, median: 1000, max: 900000"
/* Log-normal: the mean is median exp(s^2/2), of squares median^2 exp(2 s^2). */
#define GENERAL_SIGMA 0.8
#define GENERAL "median: 1000, log_sigma: 0.8, max: 900000"

static struct law exponential_law(const char *name)
{
    double end = 1 - exp2(-1.0 / EXPONENTIAL_MEDIAN); /* per pass */
    return (struct law){name, EXPONENTIAL, 1 / end, (2 - end) / (end * end)};
}

static struct law general_law(void)
{
    double s2 = GENERAL_SIGMA * GENERAL_SIGMA;
    return (struct law){"M/G/1", GENERAL, 1000 * exp(s2 / 2), 1e6 * exp(2 * s2)};
}

struct seen {
    struct theory_mean wait_s, present;
    struct theory_mean astray; /* by how much Little's law is missed, per batch of time */
    double batch_s;            /* length of a batch of time */
    double sojourn_s[THEORY_BATCHES];
    uint64_t n;
};

static size_t batch_at(const struct seen *seen, double time_s)
{
    double batch = time_s / seen->batch_s;
    return batch < THEORY_BATCHES ? (size_t)batch : THEORY_BATCHES;
}

static void see_request(void *state, const struct sim_request_row *row)
{
    struct seen *seen = state;
    size_t batch = batch_at(seen, row->arrival_s);
    theory_add(&seen->wait_s, (size_t)row->id * THEORY_BATCHES / CUSTOMERS,
               row->scheduled_s - row->arrival_s);
    if (batch < THEORY_BATCHES)
        seen->sojourn_s[batch] += row->e2e_s;
    seen->n++;
}

static void see_sample(void *state, const struct sim_sample_row *row)
{
    struct seen *seen = state;
    size_t batch = batch_at(seen, row->time_s);
    if (batch < THEORY_BATCHES)
        theory_add(&seen->present, batch, (double)(row->running + row->waiting));
}

static struct sim_summary serve(struct served *s, const char *lengths, double rate,
                                uint64_t customers, struct seen *seen)
{
    struct error err;
    struct sim_summary out;
    char text[300];
    snprintf(text, sizeof text,
             "generator: {requests: %llu, rate_per_s: %.17g, cv: 1, seed: 5, prompt: {median: 1, "
             "max: 1}, output: {%s}}\n",
             (unsigned long long)customers, rate, lengths);
    struct sim_options options = {0};
    if (seen) {
        options.series_period_s = 4.17 / rate; /* in step with nothing */
        options.sink =
            (struct sim_sink){.state = seen, .request = see_request, .sample = see_sample};
    }
    if (!CHECK(served_run(s, text, &options, &out, &err)))
        fprintf(stderr, "    %s\n", err.fault[0]);
    return out;
}

/* Every part of the run keeps L = lambda W, but for those who come in one and leave in the next. */
static void check_little(struct seen *seen)
{
    for (size_t i = 0; i < THEORY_BATCHES; i++)
        theory_add(&seen->astray, i,
                   seen->present.sum[i] / seen->present.n[i] - seen->sojourn_s[i] / seen->batch_s);
    double present = theory_value(&seen->present), margin = theory_margin(&seen->astray);
    printf("  Little: %.6g present, %+.2g +- %.2g of rate x sojourn\n", present,
           theory_value(&seen->astray), margin);
    CHECK(fabs(theory_value(&seen->astray)) <= margin);
    CHECK(margin <= 0.01 * sqrt(THEORY_SHARE) * present);
}

/* The wait is `want_s` (of the time between two passes' ends, half a pass more at most). */
static void check_wait(struct served *s, const struct law *law, double rate, double want_s)
{
    struct seen *seen = calloc(1, sizeof *seen);
    if (!CHECK(seen != NULL))
        return;
    seen->batch_s = CUSTOMERS / rate / THEORY_BATCHES;
    struct sim_summary out = serve(s, law->lengths, rate, CUSTOMERS, seen);
    CHECK(out.done == CUSTOMERS && seen->n == CUSTOMERS && !out.saturated);
    theory_near(law->name, &seen->wait_s, want_s, 0.06);
    CHECK_NEAR(out.time.queue_s, theory_value(&seen->wait_s) * CUSTOMERS, 1e-9);
    check_little(seen);
    free(seen);
}

/* W = lambda E(S^2) / (2 (1 - rho)) */
static void check_single(struct served *s, const struct law *law, double pass_s, double load)
{
    double rate = load / (law->mean * pass_s);
    check_wait(s, law, rate, rate * law->square * pass_s * pass_s / (2 * (1 - load)));
}

/* Erlang's C, the share of those who wait, by the recurrence of B; W = C S / (c (1 - rho)). */
static void check_several(struct served *s, double pass_s, uint64_t c, double load)
{
    struct law law = exponential_law("M/M/4");
    double offered = load * (double)c, blocked = 1;
    for (uint64_t k = 1; k <= c; k++)
        blocked = offered * blocked / ((double)k + offered * blocked);
    double waits = blocked / (1 - load * (1 - blocked)), service_s = law.mean * pass_s;
    check_wait(s, &law, offered / service_s, waits * service_s / ((double)c * (1 - load)));
}

int main(void)
{
    static const struct law one_pass = {"M/D/1", "median: 1, max: 1", 1, 1};
    struct law exponential = exponential_law("M/M/1"), general = general_law();
    struct served s;
    served_open(&s, box, THEORY_MODEL, theory_serving);
    double pass_s = serve(&s, one_pass.lengths, 1, 1, NULL).e2e_s.mean;
    double many_s = serve(&s, "median: 3000, max: 3000", 1, 1, NULL).e2e_s.mean;
    CHECK_NEAR(many_s, 3000 * pass_s, 1e-4); /* the same whatever the context */
    check_single(&s, &one_pass, pass_s, 0.7);
    check_single(&s, &exponential, pass_s, 0.5);
    check_single(&s, &general, pass_s, 0.5);
    struct sim_summary over = serve(&s, one_pass.lengths, 1.3 / pass_s, 5000, NULL);
    CHECK(over.saturated);
    CHECK_NEAR(over.requests_per_s, 1 / pass_s, 0.01);
    s.system.serving.max_num_seqs = s.plan.in_flight = 4;
    check_several(&s, pass_s, 4, 0.7);
    served_close(&s);
    return check_result();
}
