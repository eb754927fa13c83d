/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Latencies of a run: exact percentiles of what each request has once, and a histogram with bins
 * of 1 % for the gaps between tokens, of which there are millions. */
#ifndef SIM_LATENCY_H
#define SIM_LATENCY_H

#include "sim/engine.h"

struct sim_values {
    double *value;
    size_t n, capacity;
};
void sim_values_add(struct sim_values *values, double value);
/* Sorts the values; percentiles interpolate linearly. */
struct sim_distribution sim_values_distribution(struct sim_values *values);
void sim_values_free(struct sim_values *values);

enum { SIM_GAP_BINS = 4096 };
struct sim_gaps {
    uint64_t bin[SIM_GAP_BINS]; /* bin i holds gaps around 1 ns x 1.01^i */
    uint64_t count;
    double sum_s;
};
void sim_gaps_add(struct sim_gaps *gaps, double gap_s, uint64_t times);
struct sim_distribution sim_gaps_distribution(const struct sim_gaps *gaps);

#endif
