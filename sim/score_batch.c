/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How many requests decode together: the law of the batch. */
#include "sim/score_working.h"

#include <math.h>

double sim_decoding_s(const struct sim_working *w, double step_s, double batch)
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
static void go_to_batch(const struct sim_working *w, double batch, struct sim_batch_place *at)
{
    const double *grid = w->tally->scorer->grid;
    at->batch = batch;
    while (at->low < w->last && grid[at->low + 1] <= batch)
        at->low++;
    at->share = 0;
    if (at->low < w->last)
        at->share = (batch - grid[at->low]) / (grid[at->low + 1] - grid[at->low]);
}

static struct sim_batch_place place_of(const struct sim_working *w, double batch)
{
    struct sim_batch_place at = {0};
    go_to_batch(w, fmin(fmax(batch, 1), w->tally->scorer->grid[w->last]), &at);
    return at;
}

/* Decoding time of a request in a batch. */
static double decoding_in_s(const struct sim_working *w, double batch)
{
    struct sim_batch_place at = place_of(w, batch);
    return sim_decoding_s(w, sim_at_batch(&at, w->phase.total_step_s) + w->paging_s, batch);
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
static struct chain decode_law(const struct sim_working *w)
{
    const struct sim_scorer *scorer = w->tally->scorer;
    double rate = scorer->load.rate_per_s, steps = fmax(0, scorer->load.output_mean - 1);
    double share = 1, ratio = 0, seconds = 0, most = scorer->grid[w->last];
    struct chain chain = {.sum = 1};
    struct sim_batch_place at = {0};
    for (double n = 1; n <= most && steps > 0; n++) {
        go_to_batch(w, n, &at);
        seconds = sim_decoding_s(w, sim_at_batch(&at, w->phase.total_step_s) + w->paging_s, n);
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

void sim_find_batch(struct sim_working *w)
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
