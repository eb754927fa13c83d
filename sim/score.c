/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/kv.h"
#include "sim/score_working.h"

#include <gsl/gsl_math.h>
#include <math.h>
#include <string.h>

static void sum_units(struct sim_working *w)
{
    const struct sim_tally *tally = w->tally;
    const struct sim_scorer *scorer = tally->scorer;
    struct sim_phase_sums *phase = &w->phase;
    for (size_t c = 0; c < scorer->system->n_classes; c++)
        for (size_t d = 0; d < scorer->system->n_devices; d++) {
            double prefill = sim_units_at(tally, false, c)[d],
                   decode = sim_units_at(tally, true, c)[d];
            const struct sim_record *record = sim_record_at(scorer, c, d, w->pstate[0][d]);
            if (prefill > 0) {
                phase->prefill_s[d] += prefill * record->prefill_s;
                phase->prefill_J[d] += prefill * record->prefill_J;
            }
            record = sim_record_at(scorer, c, d, w->pstate[1][d]);
            for (size_t g = 0; decode > 0 && g <= w->last; g++)
                phase->total_step_s[g] += decode * record->step_s[g];
        }
}

static bool works(const struct sim_working *w, bool decode, size_t d)
{
    for (size_t c = 0; c < w->tally->scorer->system->n_classes; c++)
        if (sim_units_at(w->tally, decode, c)[d] > 0)
            return true;
    return false;
}

/* Host time per pass: the slowest host among the devices that take part. */
static void add_hosts(struct sim_working *w)
{
    const struct sim_scorer *scorer = w->tally->scorer;
    double host_s[2] = {0, 0};
    for (size_t d = 0; d < scorer->system->n_devices; d++) {
        double pass_s = scorer->system->platform->device[d].overheads.pass_s;
        bool prefill = works(w, false, d), decode = works(w, true, d);
        if (prefill)
            host_s[0] = fmax(host_s[0], pass_s);
        if (decode)
            host_s[1] = fmax(host_s[1], pass_s);
        w->phase.shared = w->phase.shared || (prefill && decode);
        w->phase.prefill_total_s += w->phase.prefill_s[d];
    }
    w->phase.prefill_total_s += host_s[0] * scorer->chunks;
    for (size_t g = 0; g <= w->last; g++)
        w->phase.total_step_s[g] += host_s[1];
}

/* Activations over the cuts of each phase, and the KV handed from prefill to decode. */
static void add_pair(struct sim_working *w, size_t i, size_t j)
{
    const struct sim_tally *tally = w->tally;
    const struct sim_scorer *scorer = tally->scorer;
    const struct sim_system *system = scorer->system;
    size_t n = system->n_devices, pair = i * n + j;
    double prefill = tally->cuts[pair], decode = tally->cuts[n * n + pair];
    double moves = tally->kv_moves[pair];
    if (prefill + decode + moves == 0)
        return;
    struct sim_phase_sums *phase = &w->phase;
    double byte_J = system->route[pair].byte_J, prompt = scorer->load.prompt_mean;
    double kv_B = moves * prompt * scorer->layer_kv_B;
    double rows_B = prefill * prompt * system->row_B;
    phase->prefill_total_s += sim_transfer_s(system, i, j, prefill * scorer->chunks, rows_B) +
                              (moves > 0 ? sim_transfer_s(system, i, j, 1, kv_B) : 0);
    phase->link_J += (rows_B + kv_B) * byte_J;
    for (size_t g = 0; decode > 0 && g <= w->last; g++) {
        double bytes = decode * scorer->grid[g] * system->row_B;
        phase->total_step_s[g] += sim_transfer_s(system, i, j, decode, bytes);
        phase->link_step_J[g] += bytes * byte_J;
    }
}

static void add_transfers(struct sim_working *w)
{
    size_t n = w->tally->scorer->system->n_devices;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++)
            if (i != j)
                add_pair(w, i, j);
}

static void sum_steps(struct sim_working *w, size_t d)
{
    const struct sim_tally *tally = w->tally;
    const struct sim_scorer *scorer = tally->scorer;
    for (size_t c = 0; c < scorer->system->n_classes; c++) {
        double units = sim_units_at(tally, true, c)[d];
        if (units == 0)
            continue;
        const struct sim_record *record = sim_record_at(scorer, c, d, w->pstate[1][d]);
        w->phase.step_s[d] += units * sim_at_batch(&w->mean, record->step_s);
        w->phase.step_J[d] += units * sim_at_batch(&w->mean, record->step_J);
        w->full_s[d] += units * record->step_s[w->last];
    }
}

/* Seconds and joules per request on each device at the operating batch. */
static void add_work(struct sim_working *w)
{
    const struct sim_scorer *scorer = w->tally->scorer;
    struct sim_phase_sums *phase = &w->phase;
    double all_steps = fmax(0, scorer->load.output_mean - 1), steps = all_steps / w->mean.batch;
    for (size_t d = 0; d < scorer->system->n_devices; d++) {
        w->full_s[d] = 0;
        sum_steps(w, d);
        w->full_s[d] = phase->prefill_s[d] + w->full_s[d] * all_steps / scorer->grid[w->last];
        const double *busy_W = scorer->busy_W + d * scorer->most_pstates;
        double prefill_W = busy_W[w->pstate[0][d]], step_W = busy_W[w->pstate[1][d]];
        w->busy_s[d] = phase->prefill_s[d] + steps * phase->step_s[d];
        w->dynamic_J[d] = phase->prefill_J[d] + prefill_W * phase->prefill_s[d] +
                          steps * (phase->step_J[d] + step_W * phase->step_s[d]);
        w->peak_W[0][d] = w->peak_W[1][d] = 0;
        if (phase->prefill_s[d] > 0)
            w->peak_W[0][d] = prefill_W + phase->prefill_J[d] / phase->prefill_s[d];
        if (phase->step_s[d] > 0)
            w->peak_W[1][d] = step_W + phase->step_J[d] / phase->step_s[d];
    }
    w->transfer_J = w->phase.link_J + w->paging_J * (scorer->chunks + steps) +
                    steps * sim_at_batch(&w->mean, w->phase.link_step_J);
}

/* Waiting of a queue with N servers (Sakasegawa, Annals of the Institute of Statistical
 * Mathematics 29, 1977), bounded by what a trace of n requests can
 * build up: near saturation the queue is a reflected Brownian motion, whose mean over n arrivals is
 * 2/3 sqrt(2 n/pi) sigma (Harrison, Brownian Motion and Stochastic Flow Systems, 1985); past it the
 * backlog grows to (load - 1) horizon, half of it on average. */
static double queue_wait_s(const struct sim_load *load, double servers, double service_s,
                           double service_cv2)
{
    double share_s = service_s / servers, use = load->rate_per_s * share_s;
    double steady_s = INFINITY, gap_s = 1 / load->rate_per_s;
    if (use < 1)
        steady_s = 0.5 * (load->arrival_cv2 + service_cv2) * share_s *
                   pow(use, sqrt(2 * (servers + 1)) - 1) / (1 - use);
    double sigma_s = sqrt(share_s * share_s * service_cv2 + gap_s * gap_s * load->arrival_cv2);
    double built_s = 2.0 / 3 * sqrt(2 * (double)load->requests / M_PI) * sigma_s;
    double drift_s = use > 1 ? 0.5 * (use - 1) * load->horizon_s : 0;
    return fmin(steady_s, built_s + drift_s);
}

/* X = min(rate, N/L, 1/b), with L and b of full batches: below them the batch grows with the load,
 * so that only its largest value tells what a plan can serve. */
static void find_throughput(struct sim_working *w, double *bottleneck_s)
{
    const struct sim_scorer *scorer = w->tally->scorer;
    double full = scorer->grid[w->last];
    double step_s = w->phase.total_step_s[w->last] + w->paging_s;
    double alone_s = w->phase.prefill_total_s + sim_decoding_s(w, step_s, full);
    *bottleneck_s = 0;
    for (size_t d = 0; d < scorer->system->n_devices; d++)
        *bottleneck_s = fmax(*bottleneck_s, w->full_s[d]);
    double most_per_s = fmin((double)w->tally->plan.in_flight / alone_s, 1 / *bottleneck_s);
    w->throughput_per_s = fmin(scorer->load.rate_per_s, most_per_s);
}

static void find_latency(struct sim_working *w)
{
    const struct sim_load *load = &w->tally->scorer->load;
    double step_s = sim_at_batch(&w->seen, w->phase.total_step_s) + w->paging_s;
    double alone_s = w->phase.prefill_total_s + w->decode_s;
    double in_flight = (double)w->tally->plan.in_flight, bottleneck_s;
    find_throughput(w, &bottleneck_s);
    /* A prompt waits for the prompts before it, and for a place among those in flight. */
    double prefill_wait_s = queue_wait_s(load, 1, w->phase.prefill_total_s, load->prompt_cv2);
    double place_wait_s = queue_wait_s(load, in_flight, alone_s, load->output_cv2);
    double device_wait_s = load->rate_per_s * bottleneck_s > 1
                               ? queue_wait_s(load, 1, bottleneck_s, load->output_cv2)
                               : 0;
    w->wait_s = fmax(fmax(prefill_wait_s, place_wait_s), device_wait_s);
    if (w->phase.shared) /* on average half a decode step is under way */
        w->wait_s += 0.5 * step_s * -expm1(-load->rate_per_s * w->decode_s);
    w->latency_s = alone_s + w->wait_s;
}

/* What a request occupies of a pool's cache: a slot is never longer than what the pool has left. */
static double request_kv_B(const struct sim_tally *tally, size_t pool, double left_B)
{
    const struct sim_scorer *scorer = tally->scorer;
    double kv_B = scorer->kv.occupied_tokens * tally->kv_B[pool];
    if (scorer->system->serving.kv_allocator == SIM_KV_CONTIGUOUS && left_B > 0)
        kv_B = fmin(kv_B, left_B);
    return kv_B;
}

/* CPQ of the worst pool with the KV of the requests in flight; beyond 1 a pool with a store pages
 * its weights at every pass. */
static void find_pressure(struct sim_working *w)
{
    const struct sim_tally *tally = w->tally;
    const struct sim_system *system = tally->scorer->system;
    w->cpq = 0;
    w->excess = 0;
    w->paging_s = w->paging_J = 0;
    for (size_t p = 0; p < system->n_pools; p++) {
        const struct device_pool *pool = &system->platform->pool[p];
        double weights_B = tally->weights_B[p];
        if (weights_B <= 0)
            continue;
        size_t head = system->n_units - 1;
        bool embedding = system->pool_of[tally->plan.prefill[0]] == p ||
                         system->pool_of[tally->plan.decode[0]] == p;
        if (embedding && (system->pool_of[tally->plan.prefill[head]] == p ||
                          system->pool_of[tally->plan.decode[head]] == p))
            weights_B -= system->shared_B;
        double usable_B = system->serving.memory_fraction * (pool->capacity_B - pool->reserve_B);
        double resident_B = weights_B + system->activations_B;
        double kv_B = w->seen.batch * request_kv_B(tally, p, usable_B - resident_B);
        double cpq = (resident_B + kv_B) / usable_B;
        w->cpq = fmax(w->cpq, cpq);
        if (cpq > 1 && pool->store_Bps > 0) {
            double over_B = (cpq - 1) * usable_B;
            double bytes = pool->store_policy == DEVICE_STORE_LRU ? weights_B : over_B;
            w->paging_s += fmin(bytes, weights_B) / pool->store_Bps;
            w->paging_J += fmin(bytes, weights_B) * pool->store_byte_J;
        } else if (cpq > 1) {
            w->excess = fmax(w->excess, cpq - 1);
        }
    }
}

static void work_out(struct sim_working *w)
{
    const struct sim_tally *tally = w->tally;
    memset(&w->phase, 0, sizeof w->phase);
    w->paging_s = 0;
    sum_units(w);
    add_hosts(w);
    add_transfers(w);
    sim_find_batch(w);
    find_pressure(w);
    if (w->paging_s > 0) {
        w->phase.prefill_total_s += w->paging_s * tally->scorer->chunks;
        sim_find_batch(w);
    }
    add_work(w);
    find_latency(w);
    sim_find_heat(w);
}

/* Slows the first device and phase that is too hot or above its cap by a P-state; false when there
 * is none with a slower state left. */
static bool slow_down(struct sim_working *w, bool *stuck)
{
    const struct sim_scorer *scorer = w->tally->scorer;
    const struct sim_system *system = scorer->system;
    *stuck = w->runaway;
    for (size_t d = 0; d < system->n_devices; d++) {
        const struct device *device = &system->platform->device[d];
        bool hot = w->tally->used[d] > 0 && w->die_K[d] > device->thermal.throttle_K;
        bool slowed = false;
        for (size_t phase = 0; phase < 2; phase++) {
            bool hungry = w->peak_W[phase][d] > scorer->cap_W[d];
            bool slower = (size_t)w->pstate[phase][d] + 1 < device_pstates(device);
            if (!(hot || hungry) || !slower || w->peak_W[phase][d] <= 0)
                continue;
            w->pstate[phase][d]++;
            slowed = true;
        }
        if (slowed)
            return true;
        *stuck = *stuck || hot; /* a cap that cannot be held is flagged by the run, not refused */
    }
    return false;
}

static double missing_routes(const struct sim_tally *tally)
{
    const struct sim_system *system = tally->scorer->system;
    size_t pairs = system->n_devices * system->n_devices;
    double missing = 0;
    for (size_t i = 0; i < pairs; i++)
        if (!system->routed[i])
            missing += tally->cuts[i] + tally->cuts[pairs + i] + tally->kv_moves[i];
    return missing;
}

/* Memory that is not there, heat that cannot be held, devices that no link joins. */
static double violation(const struct sim_working *w, bool stuck)
{
    return missing_routes(w->tally) + (stuck ? 1 : 0) + w->excess;
}

static void fill_score(const struct sim_working *w, bool stuck, struct sim_score *out)
{
    const struct sim_scorer *scorer = w->tally->scorer;
    const struct sim_system *system = scorer->system;
    double powered_n = 0, used_share = 0, idle_W = 0, gross_J = w->transfer_J;
    *out = (struct sim_score){0};
    for (size_t d = 0; d < system->n_devices; d++) {
        const struct device *device = &system->platform->device[d];
        gross_J += w->mean_W[d] / w->throughput_per_s;
        out->power_W += w->mean_W[d];
        if (!sim_powered(w, d)) {
            idle_W += device->power.sleep_W;
            continue;
        }
        powered_n++;
        if (device->power.can_sleep) /* switched on once for the whole trace */
            gross_J += device->power.wake_J / (double)scorer->load.requests;
        idle_W += scorer->idle_W[d];
        used_share += fmin(1, w->throughput_per_s * w->busy_s[d]);
        out->peak_K = fmax(out->peak_K, w->die_K[d]);
        double guard_C = device->thermal.guard * (device->thermal.limit_K - 273.15);
        out->guard = fmax(out->guard, (w->die_K[d] - 273.15) / guard_C);
    }
    out->energy_J = gross_J;
    out->net_energy_J = gross_J - idle_W / w->throughput_per_s;
    out->latency_s = w->latency_s;
    out->underutilisation = fmax(0, 1 - used_share / powered_n);
    out->violation = violation(w, stuck);
    out->throughput_per_s = w->throughput_per_s;
    /* A burst at one instant has no rate to keep up with. */
    if (scorer->load.horizon_s > 0)
        out->overload = scorer->load.rate_per_s / w->throughput_per_s - 1;
    out->batch = w->mean.batch;
    out->prefill_s = w->phase.prefill_total_s;
    out->step_s = sim_at_batch(&w->mean, w->phase.total_step_s) + w->paging_s;
    out->wait_s = w->wait_s;
    out->cpq = w->cpq;
}

void sim_tally_score(const struct sim_tally *tally, struct sim_score *out)
{
    const struct sim_scorer *scorer = tally->scorer;
    struct sim_working w = {.tally = tally};
    while (w.last + 1 < scorer->n_grid && scorer->grid[w.last + 1] <= (double)tally->plan.in_flight)
        w.last++;
    memcpy(w.pstate[0], tally->plan.pstate, tally->plan.n_devices);
    memcpy(w.pstate[1], tally->plan.pstate, tally->plan.n_devices);
    bool stuck;
    /* Each round slows a device by a state: it ends at the latest when the P-states are used up. */
    do
        work_out(&w);
    while (slow_down(&w, &stuck));
    fill_score(&w, stuck, out);
}

void sim_score_plan(const struct sim_scorer *scorer, const struct sim_plan *plan,
                    struct sim_score *out)
{
    struct sim_tally *tally = sim_tally_create(scorer);
    sim_tally_set(tally, plan);
    sim_tally_score(tally, out);
    sim_tally_destroy(tally);
}
