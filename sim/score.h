/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The closed form: what a plan costs at an operating point, in about a microsecond. The event
 * engine replays what the search finds; both numbers are stored.
 *
 * L: sequential latency of a request; w_d: busy seconds per request on device d; b = max w_d;
 * X = min(rate, N/L, 1/b). The decode batch m is the mean number that decode together when any
 * does. Waiting is Sakasegawa's M/G/N form (Annals of the Institute of Statistical Mathematics 29,
 * 1977), bounded by what a finite trace can build up. */
#ifndef SIM_SCORE_H
#define SIM_SCORE_H

#include "sim/plan.h"

enum { SIM_BATCHES = 12, SIM_GRID = 16, SIM_MOST_DEVICES = 32 };

struct sim_score {
    double energy_J;     /* per request, gross */
    double net_energy_J; /* less what the idle machine draws */
    double latency_s;    /* mean, waiting included */
    double underutilisation;
    double violation; /* 0: feasible */
    double guard;     /* hottest die over its guard temperature, both in C */
    double throughput_per_s;
    double overload; /* by how much the arrivals exceed it; 0 when it keeps up */
    double batch;    /* mean decode batch */
    double prefill_s, step_s, wait_s;
    double power_W; /* mean of the machine */
    double cpq;     /* worst pool */
    double peak_K;  /* hottest die */
};

/* Cost tables per class, device and P-state at an operating point. */
struct sim_scorer;

/* `system` must outlive it. `batches` are the in-flight choices, rising. The caller frees the
 * result with sim_scorer_destroy. */
struct sim_scorer *sim_scorer_create(const struct sim_system *system, const struct sim_load *load);
void sim_scorer_destroy(struct sim_scorer *scorer);

/* The choices of the in-flight gene: powers of two up to max_num_seqs. */
size_t sim_scorer_batches(const struct sim_scorer *scorer, const uint64_t **batch);

/* A plan as counts: what the score needs, updated by a change in constant time. */
struct sim_tally;
struct sim_tally *sim_tally_create(const struct sim_scorer *scorer);
void sim_tally_destroy(struct sim_tally *tally);
void sim_tally_set(struct sim_tally *tally, const struct sim_plan *plan);
const struct sim_plan *sim_tally_plan(const struct sim_tally *tally);
/* One change: a unit's device in prefill or decode. */
void sim_tally_place(struct sim_tally *tally, bool decode, size_t unit, size_t device);
void sim_tally_clock(struct sim_tally *tally, size_t device, size_t pstate);
void sim_tally_in_flight(struct sim_tally *tally, uint64_t in_flight);

void sim_tally_score(const struct sim_tally *tally, struct sim_score *out);

/* Convenience: the score of one plan. */
void sim_score_plan(const struct sim_scorer *scorer, const struct sim_plan *plan,
                    struct sim_score *out);

#endif
