/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/kv.h"
#include "sim/score_tables.h"

#include <gsl/gsl_math.h>
#include <math.h>
#include <string.h>

/* Sums over the units of a plan at given clocks. */
struct phase {
    double prefill_s[SIM_MOST_DEVICES], prefill_J[SIM_MOST_DEVICES];
    double step_s[SIM_MOST_DEVICES], step_J[SIM_MOST_DEVICES]; /* at the operating batch */
    double total_step_s[SIM_GRID]; /* over devices, cuts and the host; up to working.last */
    double prefill_total_s;        /* as a request sees it: chunks, cuts, host, KV hand-over */
    double link_J, link_step_J[SIM_GRID]; /* likewise */
    bool shared;                          /* some device works in both phases */
};

/* A batch between two points of the grid. */
struct place {
    double batch;
    size_t low;   /* it lies between grid points low and low + 1 ... */
    double share; /* ... at this share of the way */
};

/* What a score is made of while it is made. */
struct working {
    const struct sim_tally *tally;
    uint8_t pstate[2][SIM_MOST_DEVICES]; /* in prefill and in decode: a cap may bind in one only */
    struct phase phase;
    struct place seen; /* the batch that a request decodes in, itself included */
    double decode_s;   /* decoding time of a request */
    struct place mean; /* the batch of the mean decode step: fewer, as lone steps are shorter */
    double busy_s[SIM_MOST_DEVICES], dynamic_J[SIM_MOST_DEVICES]; /* per request */
    double mean_W[SIM_MOST_DEVICES], die_K[SIM_MOST_DEVICES];
    double peak_W[2][SIM_MOST_DEVICES]; /* by phase */
    size_t last; /* grid point of the number in flight: the batch when saturated */
    double full_s[SIM_MOST_DEVICES]; /* busy seconds per request in that batch */
    double throughput_per_s, latency_s, wait_s, transfer_J;
    double cpq, paging_s, paging_J; /* per pass */
    double excess;                  /* of CPQ over 1 in pools without a store */
    bool runaway;
};

static bool powered(const struct working *w, size_t d)
{
    return w->tally->used[d] > 0 || !w->tally->scorer->system->platform->device[d].power.can_sleep;
}

static void sum_units(struct working *w)
{
    const struct sim_tally *tally = w->tally;
    const struct sim_scorer *scorer = tally->scorer;
    struct phase *phase = &w->phase;
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

static bool works(const struct working *w, bool decode, size_t d)
{
    for (size_t c = 0; c < w->tally->scorer->system->n_classes; c++)
        if (sim_units_at(w->tally, decode, c)[d] > 0)
            return true;
    return false;
}

/* Host time per pass: the slowest host among the devices that take part. */
static void add_hosts(struct working *w)
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
static void add_pair(struct working *w, size_t i, size_t j)
{
    const struct sim_tally *tally = w->tally;
    const struct sim_scorer *scorer = tally->scorer;
    const struct sim_system *system = scorer->system;
    size_t n = system->n_devices, pair = i * n + j;
    double prefill = tally->cuts[pair], decode = tally->cuts[n * n + pair];
    double moves = tally->kv_moves[pair];
    if (prefill + decode + moves == 0)
        return;
    struct phase *phase = &w->phase;
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

static void add_transfers(struct working *w)
{
    size_t n = w->tally->scorer->system->n_devices;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++)
            if (i != j)
                add_pair(w, i, j);
}

static double at_batch(const struct place *at, const double *grid)
{
    double low = grid[at->low];
    return at->share > 0 ? low + at->share * (grid[at->low + 1] - low) : low;
}

/* How many seconds a request decodes in a batch with steps of `step_s`, stretched by the prompts of
 * others where they use the same devices: at most as many prompts as those devices can serve. */
static double decoding_s(const struct working *w, double step_s, double batch)
{
    const struct sim_load *load = &w->tally->scorer->load;
    double steps = fmax(0, load->output_mean - 1), prompt_s = w->phase.prefill_total_s;
    if (!w->phase.shared || steps == 0)
        return steps * step_s;
    double most_per_s = 1 / (prompt_s + steps * step_s / batch);
    return steps * step_s / (1 - fmin(load->rate_per_s, most_per_s) * prompt_s);
}

/* Mean number present given that somebody is, when c are present on average: a negative binomial
 * law whose ratio of variance to mean is the peakedness z = 1 + (cv2 - 1)/2 of the arrivals (Whitt,
 * "Heavy-traffic approximations for service systems with blocking", AT&T Bell Laboratories
 * Technical Journal 63, 1984), so that P(nobody) = z^(-c/(z - 1)); Poisson for z = 1. */
static double occupancy(double c, double arrival_cv2)
{
    double z = fmax(0.5, 1 + 0.5 * (arrival_cv2 - 1));
    double exponent = fabs(z - 1) < 1e-6 ? c : c * log(z) / (z - 1);
    return exponent < 1e-9 ? 1 : fmax(1, c / -expm1(-exponent));
}

/* Mean number that an arrival finds when c are present on average: GI/M/infinity with gamma gaps
 * (Takacs, Introduction to the Theory of Queues, 1962), phi/(1 - phi) with the gaps' transform phi
 * at the rate of service. c itself when arrivals are Poisson. */
static double found_by_arrival(double c, double arrival_cv2)
{
    if (c < 1e-9)
        return 0;
    double cv2 = fmax(arrival_cv2, 1e-3);
    double log_phi = -log1p(cv2 / c) / cv2;
    return exp(log_phi) / -expm1(log_phi);
}

/* Goes on to a batch that is not smaller, nor greater than the last of the grid. */
static void go_to_batch(const struct working *w, double batch, struct place *at)
{
    const double *grid = w->tally->scorer->grid;
    at->batch = batch;
    while (at->low < w->last && grid[at->low + 1] <= batch)
        at->low++;
    at->share = 0;
    if (at->low < w->last)
        at->share = (batch - grid[at->low]) / (grid[at->low + 1] - grid[at->low]);
}

static struct place place_of(const struct working *w, double batch)
{
    struct place at = {0};
    go_to_batch(w, fmin(fmax(batch, 1), w->tally->scorer->grid[w->last]), &at);
    return at;
}

/* Decoding time of a request in a batch. */
static double decoding_in_s(const struct working *w, double batch)
{
    struct place at = place_of(w, batch);
    return decoding_s(w, at_batch(&at, w->phase.total_step_s) + w->paging_s, batch);
}

/* Sums over the law of the number that decode together; shares are relative to that of nobody. */
struct chain {
    double sum, present, passes_per_s;
};

static void add_state(struct chain *chain, double share, double n, double passes_per_s)
{
    chain->sum += share;
    chain->present += n * share;
    chain->passes_per_s += share * passes_per_s;
}

static void rescale(struct chain *chain, double *share)
{
    double factor = 1 / chain->sum;
    *share *= factor;
    chain->present *= factor;
    chain->passes_per_s *= factor;
    chain->sum = 1;
}

/* Requests that decode together: a birth-death chain with arrivals at the trace's rate and, with n
 * present, departures at n over their decoding time; beyond the number in flight they wait, and
 * the most decode. Step times depend on n alone and are shared alike, so that the law holds
 * whatever the distribution of lengths (processor sharing; Kelly, Reversibility and Stochastic
 * Networks, 1979, section 3.3). It tells what a mean batch hides: steps that grow with the batch,
 * or jump where matrix units begin, keep a batch large once it is. */
static struct chain decode_law(const struct working *w)
{
    const struct sim_scorer *scorer = w->tally->scorer;
    double rate = scorer->load.rate_per_s, steps = fmax(0, scorer->load.output_mean - 1);
    double share = 1, ratio = 0, seconds = 0, most = scorer->grid[w->last];
    struct chain chain = {.sum = 1};
    struct place at = {0};
    for (double n = 1; n <= most && steps > 0; n++) {
        go_to_batch(w, n, &at);
        seconds = decoding_s(w, at_batch(&at, w->phase.total_step_s) + w->paging_s, n);
        ratio = rate * seconds / n;
        share *= ratio;
        add_state(&chain, share, n, steps / seconds);
        if (share < 1e-9 * chain.sum && ratio < 1)
            return chain;
        if (chain.sum > 1e200)
            rescale(&chain, &share);
    }
    /* A geometric tail of waiting requests; when it does not fall, all is full. */
    if (ratio >= 1)
        chain = (struct chain){0};
    if (steps > 0 && share > 0)
        add_state(&chain, ratio < 1 ? share * ratio / (1 - ratio) : 1, most, steps / seconds);
    return chain;
}

static void find_batch(struct working *w)
{
    const struct sim_scorer *scorer = w->tally->scorer;
    const struct sim_load *load = &scorer->load;
    struct chain chain = decode_law(w);
    double steps = fmax(0, load->output_mean - 1), most = scorer->grid[w->last];
    double present = chain.present / chain.sum, passes_per_s = chain.passes_per_s / chain.sum;
    bool full = chain.present >= most * chain.sum;
    /* Arrivals that come in bunches find more than the mean. */
    double found = fmin(found_by_arrival(present, load->arrival_cv2), most - 1);
    double alone = fmin(present, most - 1);
    w->decode_s = full ? decoding_in_s(w, most) : present / load->rate_per_s;
    if (!full && steps > 0)
        w->decode_s *= decoding_in_s(w, 1 + found) / decoding_in_s(w, 1 + alone);
    double mean = passes_per_s > 0 && !full ? load->rate_per_s * steps / passes_per_s : most;
    double bunching = occupancy(present, load->arrival_cv2) / occupancy(present, 1);
    w->mean = place_of(w, steps > 0 ? mean * bunching : 1);
    w->seen = place_of(w, 1 + found);
}

static void sum_steps(struct working *w, size_t d)
{
    const struct sim_tally *tally = w->tally;
    const struct sim_scorer *scorer = tally->scorer;
    for (size_t c = 0; c < scorer->system->n_classes; c++) {
        double units = sim_units_at(tally, true, c)[d];
        if (units == 0)
            continue;
        const struct sim_record *record = sim_record_at(scorer, c, d, w->pstate[1][d]);
        w->phase.step_s[d] += units * at_batch(&w->mean, record->step_s);
        w->phase.step_J[d] += units * at_batch(&w->mean, record->step_J);
        w->full_s[d] += units * record->step_s[w->last];
    }
}

/* Seconds and joules per request on each device at the operating batch. */
static void add_work(struct working *w)
{
    const struct sim_scorer *scorer = w->tally->scorer;
    struct phase *phase = &w->phase;
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
                    steps * at_batch(&w->mean, w->phase.link_step_J);
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
static void find_throughput(struct working *w, double *bottleneck_s)
{
    const struct sim_scorer *scorer = w->tally->scorer;
    double full = scorer->grid[w->last];
    double step_s = w->phase.total_step_s[w->last] + w->paging_s;
    double alone_s = w->phase.prefill_total_s + decoding_s(w, step_s, full);
    *bottleneck_s = 0;
    for (size_t d = 0; d < scorer->system->n_devices; d++)
        *bottleneck_s = fmax(*bottleneck_s, w->full_s[d]);
    double most_per_s = fmin((double)w->tally->plan.in_flight / alone_s, 1 / *bottleneck_s);
    w->throughput_per_s = fmin(scorer->load.rate_per_s, most_per_s);
}

static void find_latency(struct working *w)
{
    const struct sim_load *load = &w->tally->scorer->load;
    double step_s = at_batch(&w->seen, w->phase.total_step_s) + w->paging_s;
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
static void find_pressure(struct working *w)
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

/* What a device draws whatever it is asked to do, its leakage apart. */
static double resting_W(const struct working *w, size_t d)
{
    const struct sim_scorer *scorer = w->tally->scorer;
    return powered(w, d) ? scorer->base_W[d] : scorer->system->platform->device[d].power.sleep_W;
}

/* Leakage over that at the nominal voltage: 0 when it is off. */
static double leakage_factor(const struct working *w, size_t d)
{
    const struct sim_scorer *scorer = w->tally->scorer;
    if (!powered(w, d))
        return 0;
    /* What no unit runs on idles at its slowest clock. */
    size_t pstate = w->pstate[w->phase.step_s[d] > 0 ? 1 : 0][d];
    if (w->tally->used[d] == 0)
        pstate = device_pstates(&scorer->system->platform->device[d]) - 1;
    return scorer->leakage_factor[d * scorer->most_pstates + pstate];
}

static double leakage_W(const struct sim_scorer *scorer, size_t d, double factor,
                        double temperature_K)
{
    return factor > 0 ? factor * device_leakage_on_grid(&scorer->leakage[d], temperature_K) : 0;
}

/* T_d = T_a + sum_j R_dj P_j + R_die (P_peak - P_mean), leakage iterated with it. */
static void find_heat(struct working *w)
{
    const struct sim_scorer *scorer = w->tally->scorer;
    const struct sim_system *system = scorer->system;
    size_t n = system->n_devices;
    double rest_W[SIM_MOST_DEVICES], factor[SIM_MOST_DEVICES], work_W[SIM_MOST_DEVICES];
    for (size_t d = 0; d < n; d++) {
        w->die_K[d] = system->platform->ambient_K;
        rest_W[d] = resting_W(w, d);
        factor[d] = leakage_factor(w, d);
        work_W[d] = w->throughput_per_s * w->dynamic_J[d];
    }
    double change_K = INFINITY;
    for (int i = 0; i < 30 && change_K > 0.01; i++) {
        change_K = 0;
        for (size_t d = 0; d < n; d++)
            w->mean_W[d] = rest_W[d] + leakage_W(scorer, d, factor[d], w->die_K[d]) + work_W[d];
        for (size_t d = 0; d < n; d++) {
            double rise_K = 0;
            for (size_t j = 0; j < n; j++)
                rise_K += system->resistance_KpW[d * n + j] * w->mean_W[j];
            double temperature_K = system->platform->ambient_K + rise_K;
            change_K = fmax(change_K, fabs(temperature_K - w->die_K[d]));
            w->die_K[d] = fmin(temperature_K, 600);
        }
    }
    w->runaway = change_K > 1;
    for (size_t d = 0; d < n; d++) {
        if (w->tally->used[d] == 0)
            continue;
        double idle_W = scorer->base_W[d] + leakage_W(scorer, d, factor[d], w->die_K[d]);
        w->peak_W[0][d] += w->peak_W[0][d] > 0 ? idle_W : 0;
        w->peak_W[1][d] += w->peak_W[1][d] > 0 ? idle_W : 0;
        double peak_W = fmax(w->peak_W[0][d], w->peak_W[1][d]);
        w->die_K[d] += system->die_KpW[d] * fmax(0, peak_W - w->mean_W[d]);
    }
}

static void work_out(struct working *w)
{
    const struct sim_tally *tally = w->tally;
    memset(&w->phase, 0, sizeof w->phase);
    w->paging_s = 0;
    sum_units(w);
    add_hosts(w);
    add_transfers(w);
    find_batch(w);
    find_pressure(w);
    if (w->paging_s > 0) {
        w->phase.prefill_total_s += w->paging_s * tally->scorer->chunks;
        find_batch(w);
    }
    add_work(w);
    find_latency(w);
    find_heat(w);
}

/* Slows the first device and phase that is too hot or above its cap by a P-state; false when there
 * is none with a slower state left. */
static bool slow_down(struct working *w, bool *stuck)
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
static double violation(const struct working *w, bool stuck)
{
    return missing_routes(w->tally) + (stuck ? 1 : 0) + w->excess;
}

static void fill_score(const struct working *w, bool stuck, struct sim_score *out)
{
    const struct sim_scorer *scorer = w->tally->scorer;
    const struct sim_system *system = scorer->system;
    double powered_n = 0, used_share = 0, idle_W = 0, gross_J = w->transfer_J;
    *out = (struct sim_score){0};
    for (size_t d = 0; d < system->n_devices; d++) {
        const struct device *device = &system->platform->device[d];
        gross_J += w->mean_W[d] / w->throughput_per_s;
        out->power_W += w->mean_W[d];
        if (!powered(w, d)) {
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
    out->step_s = at_batch(&w->mean, w->phase.total_step_s) + w->paging_s;
    out->wait_s = w->wait_s;
    out->cpq = w->cpq;
}

void sim_tally_score(const struct sim_tally *tally, struct sim_score *out)
{
    const struct sim_scorer *scorer = tally->scorer;
    struct working w = {.tally = tally};
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
