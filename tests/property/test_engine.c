/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Over random machines, models, workloads and plans: stepping every token gives the counts and
 * times of fast-forward, nothing is lost, energy is the integral of power. */
#include "sim/kv.h"
#include "tests/check.h"
#include "tests/support/random_scenario.h"

enum { CASES = 3000 };

struct tally {
    unsigned preempted, throttled, linked, shared, rejected, capped, sliding, wasted, hit, evicted;
};

/* What a run emits, row by row. */
enum { MOST_ROWS = 400 };
struct rows {
    struct sim_request_row request[MOST_ROWS];
    struct sim_sample_row sample[MOST_ROWS];
    struct sim_device_row device[4];
    size_t n_requests, n_samples, n_devices;
};

static void see_request(void *state, const struct sim_request_row *row)
{
    struct rows *rows = state;
    rows->request[rows->n_requests++ % MOST_ROWS] = *row;
}

static void see_sample(void *state, const struct sim_sample_row *row)
{
    struct rows *rows = state;
    rows->sample[rows->n_samples++ % MOST_ROWS] = *row;
}

static void see_device(void *state, const struct sim_device_row *row)
{
    struct rows *rows = state;
    rows->device[rows->n_devices++ % 4] = *row;
}

/* A series for every other seed: its readings cut the stretches of both runs alike. */
static bool run(struct random_scenario *s, bool token, struct sim_summary *out, struct rows *rows)
{
    struct error err;
    error_clear(&err);
    struct workload_source *source = workload_source_open(&s->workload, 1, &err);
    struct sim_options options = {
        .token_resolution = token,
        .series_period_s = s->seed % 2 ? 0.37 : 0,
        .sink = {
            .state = rows, .request = see_request, .sample = see_sample, .device = see_device}};
    rows->n_requests = rows->n_samples = rows->n_devices = 0;
    bool ok = source && sim_run(&s->system, &s->plan, source, &options, out, &err);
    workload_source_close(source);
    if (!ok)
        random_fail(s, &err);
    return ok;
}

static bool same(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

static bool same_distribution(const struct sim_distribution *a, const struct sim_distribution *b)
{
    return same(a->mean, b->mean) && same(a->p50, b->p50) && same(a->p90, b->p90) &&
           same(a->p95, b->p95) && same(a->p99, b->p99);
}

static bool near(double a, double b)
{
    return a == b || fabs(a - b) <= 1e-9 * fmax(fabs(a), fabs(b));
}

static bool same_request(const struct sim_request_row *a, const struct sim_request_row *b)
{
    return a->id == b->id && a->status == b->status && a->preemptions == b->preemptions &&
           a->cached_tokens == b->cached_tokens && same(a->arrival_s, b->arrival_s) &&
           same(a->scheduled_s, b->scheduled_s) && same(a->first_token_s, b->first_token_s) &&
           same(a->finish_s, b->finish_s);
}

/* A sum of parts may leave a rest where nothing was busy: of a second 1e-9 too. */
static bool near_or_none(double a, double b)
{
    return near(a, b) || fabs(a - b) <= 1e-9;
}

static bool same_sample(const struct sim_sample_row *a, const struct sim_sample_row *b)
{
    return a->running == b->running && a->waiting == b->waiting && same(a->time_s, b->time_s) &&
           near(a->power_W, b->power_W) && near(a->temperature_C, b->temperature_C) &&
           near(a->clock, b->clock) && near_or_none(a->busy, b->busy) && near(a->cpq, b->cpq);
}

static bool same_device(const struct sim_device_row *a, const struct sim_device_row *b)
{
    return near(a->energy_J, b->energy_J) && near(a->leakage_J, b->leakage_J) &&
           near(a->peak_temperature_C, b->peak_temperature_C) &&
           near(a->mean_temperature_C, b->mean_temperature_C) &&
           near(a->throttled_s, b->throttled_s) && near(a->busy_s, b->busy_s) &&
           near(a->dasi, b->dasi);
}

static bool same_rows(const struct rows *a, const struct rows *b)
{
    bool ok = a->n_requests == b->n_requests && a->n_samples == b->n_samples &&
              a->n_devices == b->n_devices;
    for (size_t i = 0; ok && i < a->n_requests && i < MOST_ROWS; i++)
        ok = same_request(&a->request[i], &b->request[i]);
    for (size_t i = 0; ok && i < a->n_samples && i < MOST_ROWS; i++)
        ok = same_sample(&a->sample[i], &b->sample[i]);
    for (size_t i = 0; ok && i < a->n_devices; i++)
        ok = same_device(&a->device[i], &b->device[i]);
    return ok;
}

static bool same_run(const struct sim_summary *a, const struct sim_summary *b)
{
    return a->done == b->done && a->rejected == b->rejected && a->tokens_out == b->tokens_out &&
           a->preemptions == b->preemptions && a->passes == b->passes &&
           a->segments == b->segments && same_distribution(&a->ttft_s, &b->ttft_s) &&
           same_distribution(&a->tpot_s, &b->tpot_s) && same_distribution(&a->e2e_s, &b->e2e_s) &&
           same(a->makespan_s, b->makespan_s) && near(a->energy.total, b->energy.total) &&
           near(a->peak_temperature_C, b->peak_temperature_C) &&
           near(a->throttled_s, b->throttled_s) &&
           a->prefix_cached_tokens == b->prefix_cached_tokens &&
           a->prefix_evicted_blocks == b->prefix_evicted_blocks && same(a->cpq_mean, b->cpq_mean) &&
           same(a->cpq_peak, b->cpq_peak) && same(a->kv_fragmentation, b->kv_fragmentation);
}

/* Only paged memory wastes nothing between its blocks; only it runs out under way. */
static bool sound_cache(const struct random_scenario *s, const struct sim_summary *r)
{
    if (s->serving.kv_allocator == SIM_KV_PAGED)
        return r->kv_fragmentation == 0;
    return r->preemptions == 0 && r->kv_fragmentation >= 0 && r->kv_fragmentation < 1;
}

static bool sound(const struct random_scenario *s, const struct sim_summary *r)
{
    const struct sim_energy *e = &r->energy;
    double parts = e->base + e->active + e->compute + e->memory + e->leakage + e->link + e->storage;
    return r->requests_in == s->workload.generator.requests &&
           r->requests_in == r->done + r->rejected + r->failed && near(parts, e->total) &&
           near(e->integral, e->total) && e->total > 0 && e->leakage >= 0 &&
           r->kv_blocks_held == 0 && r->cpq_mean > 0 && r->cpq_mean <= r->cpq_peak &&
           sound_cache(s, r) &&
           (r->done == 0 || (r->ttft_s.mean > 0 && r->e2e_s.mean >= r->ttft_s.mean));
}

static void count(struct tally *tally, const struct random_scenario *s, const struct sim_summary *r)
{
    tally->preempted += r->preemptions > 0;
    tally->throttled += r->throttled_s > 0;
    tally->linked += r->energy.link > 0;
    tally->hit += r->prefix_cached_tokens > 0;
    tally->evicted += r->prefix_evicted_blocks > 0;
    tally->rejected += r->rejected > 0;
    tally->capped += r->cap_unreachable;
    tally->wasted += r->kv_fragmentation > 0.2;
    tally->sliding += s->model.sliding_window > 0 && r->done > 0;
    tally->shared += s->platform.n_pools == 1 && s->platform.n_devices > 1 &&
                     memcmp(s->plan.prefill, s->plan.decode, s->plan.n_units) != 0;
}

int main(void)
{
    struct tally tally = {0};
    for (uint64_t seed = 1; seed <= CASES; seed++) {
        struct random_scenario s;
        struct sim_summary fast, slow;
        static struct rows fast_rows, slow_rows;
        random_scenario_init(&s, seed);
        random_allocator(&s);
        random_prefixes(&s);
        random_pipeline(&s);
        random_arrivals(&s);
        run(&s, false, &fast, &fast_rows);
        run(&s, true, &slow, &slow_rows);
        if (!CHECK(same_run(&fast, &slow)) || !CHECK(same_rows(&fast_rows, &slow_rows)) ||
            !CHECK(sound(&s, &fast)))
            fprintf(stderr, "    seed %llu\n", (unsigned long long)seed);
        count(&tally, &s, &fast);
        random_scenario_free(&s);
    }
    printf("of %d: %u preempted, %u throttled, %u over a link, %u on a shared pool, %u rejected, "
           "%u above their cap, %u with a fifth of the cache wasted, %u with a prefix hit, %u with "
           "a kept block that made room\n",
           CASES, tally.preempted, tally.throttled, tally.linked, tally.shared, tally.rejected,
           tally.capped, tally.wasted, tally.hit, tally.evicted);
    CHECK(tally.preempted >= CASES / 20);
    CHECK(tally.throttled >= CASES / 20);
    CHECK(tally.linked >= CASES / 20);
    CHECK(tally.shared >= CASES / 20);
    CHECK(tally.sliding >= CASES / 20);
    CHECK(tally.hit >= CASES / 20);
    CHECK(tally.wasted >= CASES / 20);
    return check_result();
}
