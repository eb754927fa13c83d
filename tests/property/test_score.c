/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The closed form against the replay: at light load and on one device they agree; anywhere else
 * the score is a number, and tells a plan that memory refuses. */
#include "tests/check.h"
#include "tests/support/random_scenario.h"
#include "tests/support/served.h"

#include <gsl/gsl_sort_double.h>
#include <gsl/gsl_statistics_double.h>

enum { CASES = 100 };

static void score(struct random_scenario *s, struct sim_score *out)
{
    struct error err = {0};
    struct sim_load load;
    if (!sim_load_measure(&s->workload, 1, &load, &err))
        random_fail(s, &err);
    struct sim_scorer *scorer = sim_scorer_create(&s->system, &load);
    sim_score_plan(scorer, &s->plan, out);
    sim_scorer_destroy(scorer);
}

static struct sim_summary replay(struct random_scenario *s)
{
    struct error err = {0};
    struct sim_summary out = {0};
    struct sim_options options = {0};
    struct workload_source *source = workload_source_open(&s->workload, 1, &err);
    if (!source || !sim_run(&s->system, &s->plan, source, &options, &out, &err))
        random_fail(s, &err);
    workload_source_close(source);
    return out;
}

/* One device, requests that hardly ever meet. */
static void make_light(struct random_scenario *s)
{
    struct sim_score alone;
    memset(s->plan.prefill, 0, s->plan.n_units);
    memset(s->plan.decode, 0, s->plan.n_units);
    s->serving.kv_blocks = s->system.serving.kv_blocks = 0;
    s->workload.generator.requests = 150;
    s->workload.generator.cv = 1;
    s->workload.generator.rate_per_s = 1e-4;
    score(s, &alone);
    s->workload.generator.rate_per_s = 0.1 / alone.latency_s;
}

static void check_light(void)
{
    static double energy[CASES], latency[CASES];
    for (uint64_t seed = 1; seed <= CASES; seed++) {
        struct random_scenario s;
        struct sim_score closed;
        random_scenario_init(&s, seed);
        make_light(&s);
        score(&s, &closed);
        struct sim_summary run = replay(&s);
        energy[seed - 1] = fabs(closed.energy_J / (run.energy.total / (double)run.done) - 1);
        latency[seed - 1] = fabs(closed.latency_s / run.e2e_s.mean - 1);
        CHECK(run.done == 150 && closed.overload < 1e-9);
        random_scenario_free(&s);
    }
    gsl_sort(energy, 1, CASES);
    gsl_sort(latency, 1, CASES);
    double energy_median = gsl_stats_median_from_sorted_data(energy, 1, CASES);
    double latency_median = gsl_stats_median_from_sorted_data(latency, 1, CASES);
    printf(
        "closed form against replay, median and 90th percentile: energy %.2g %% %.2g %%, latency "
        "%.2g %% %.2g %%\n",
        100 * energy_median, 100 * energy[CASES * 9 / 10], 100 * latency_median,
        100 * latency[CASES * 9 / 10]);
    CHECK(energy_median < 0.05);
    CHECK(latency_median < 0.15);
}

/* Any plan at any load has numbers for a score. */
static void check_numbers(uint64_t seed)
{
    struct random_scenario s;
    struct sim_score got;
    random_scenario_init(&s, seed);
    score(&s, &got);
    const double values[] = {got.energy_J,         got.net_energy_J, got.latency_s,
                             got.underutilisation, got.violation,    got.guard,
                             got.throughput_per_s, got.overload,     got.batch,
                             got.prefill_s,        got.step_s,       got.wait_s,
                             got.power_W,          got.cpq,          got.peak_K};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        if (!CHECK(isfinite(values[i])))
            fprintf(stderr, "    seed %llu, value %zu\n", (unsigned long long)seed, i);
    CHECK(got.energy_J > 0 && got.latency_s > 0 && got.violation >= 0 && got.wait_s >= 0);
    CHECK(got.underutilisation >= 0 && got.underutilisation <= 1 && got.batch >= 1);
    random_scenario_free(&s);
}

/* Pools from far too small to large enough: what the run refuses the score calls a violation. */
static void check_refused(uint64_t seed, unsigned *refused)
{
    struct random_scenario s;
    struct sim_score got;
    struct error err = {0};
    uint64_t blocks;
    random_scenario_init(&s, seed);
    s.serving.kv_blocks = s.system.serving.kv_blocks = 0;
    for (size_t p = 0; p < s.platform.n_pools; p++)
        s.platform.pool[p].capacity_B = random_scale(&s, 2e6, 1e8);
    if (s.platform.n_pools > 1 && random_choice(&s, 2)) /* a store behind one pool helps no other */
        s.platform.pool[0].store_Bps = 1e9;
    score(&s, &got);
    if (!sim_plan_blocks(&s.system, &s.plan, &blocks, &err)) {
        (*refused)++;
        if (!CHECK(got.violation > 0))
            fprintf(stderr, "    seed %llu: %s\n", (unsigned long long)seed, err.fault[0]);
    }
    CHECK(isfinite(got.energy_J) && isfinite(got.latency_s) && isfinite(got.violation));
    random_scenario_free(&s);
}

int main(void)
{
    unsigned refused = 0;
    check_light();
    for (uint64_t seed = 1; seed <= 500; seed++)
        check_numbers(seed);
    for (uint64_t seed = 1; seed <= 400; seed++)
        check_refused(seed, &refused);
    printf("%u of 400 refused for memory\n", refused);
    CHECK(refused > 50 && refused < 350);
    return check_result();
}
