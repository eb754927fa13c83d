/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the parts of a score share while it is made; for score*.c alone. */
#ifndef SIM_SCORE_WORKING_H
#define SIM_SCORE_WORKING_H

#include "sim/score_tables.h"

/* Sums over the units of a plan at given clocks. */
struct sim_phase_sums {
    double prefill_s[SIM_MOST_DEVICES], prefill_J[SIM_MOST_DEVICES];
    double step_s[SIM_MOST_DEVICES], step_J[SIM_MOST_DEVICES]; /* at the operating batch */
    double total_step_s[SIM_GRID]; /* over devices, cuts and the host; up to grid point `last` */
    double prefill_total_s;        /* as a request sees it: chunks, cuts, host, KV hand-over */
    double link_J, link_step_J[SIM_GRID]; /* the same grid points */
    bool shared;                          /* some device works in both phases */
};

/* A batch between two points of the grid. */
struct sim_batch_place {
    double batch;
    size_t low;   /* it lies between grid points low and low + 1 ... */
    double share; /* ... at this share of the way */
};

/* What a score is made of while it is made. */
struct sim_working {
    const struct sim_tally *tally;
    uint8_t pstate[2][SIM_MOST_DEVICES]; /* in prefill and in decode: a cap may bind in one only */
    struct sim_phase_sums phase;
    struct sim_batch_place seen; /* the batch that a request decodes in, itself included */
    double decode_s;             /* decoding time of a request */
    struct sim_batch_place mean; /* of the mean decode step: fewer, as lone steps are shorter */
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

static inline bool sim_powered(const struct sim_working *w, size_t d)
{
    return w->tally->used[d] > 0 || !w->tally->scorer->system->platform->device[d].power.can_sleep;
}

/* A value on the grid of batches, in between straight. */
static inline double sim_at_batch(const struct sim_batch_place *at, const double *grid)
{
    double low = grid[at->low];
    return at->share > 0 ? low + at->share * (grid[at->low + 1] - low) : low;
}

/* How many seconds a request decodes in a batch with steps of `step_s`, stretched by the prompts of
 * others where they use the same devices: at most as many prompts as those devices can serve. */
double sim_decoding_s(const struct sim_working *w, double step_s, double batch);
/* The batches that decode: seen by a request, and the mean; needs phase and paging_s. */
void sim_find_batch(struct sim_working *w);

/* T_d = T_a + sum_j R_dj P_j + R_die (P_peak - P_mean), leakage iterated with it. */
void sim_find_heat(struct sim_working *w);

#endif
