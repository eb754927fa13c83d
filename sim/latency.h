/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Latencies of a run in constant memory, however many requests there are. */
#ifndef SIM_LATENCY_H
#define SIM_LATENCY_H

#include "sim/engine.h"

/* What each request has once: kept one by one while they are few, with exact percentiles; beyond
 * that in bins of 0.1 %. */
enum { SIM_VALUES_EXACT = 1 << 17, SIM_VALUE_BINS = 41472 };
struct sim_values {
    double *value; /* (n) */
    size_t capacity;
    uint64_t n;
    uint64_t *bin; /* (SIM_VALUE_BINS) bin i holds values around 1 ns x 1.001^i; NULL: few values */
    double sum;    /* of those in bins */
};
void sim_values_add(struct sim_values *values, double value);
/* Sorts the values; exact percentiles interpolate linearly. */
struct sim_distribution sim_values_distribution(struct sim_values *values);
void sim_values_free(struct sim_values *values);

/* Gaps between tokens, of which there are millions. */
enum { SIM_GAP_BINS = 4096 };
struct sim_gaps {
    uint64_t bin[SIM_GAP_BINS]; /* bin i holds gaps around 1 ns x 1.01^i */
    uint64_t count;
    double sum_s;
};
void sim_gaps_add(struct sim_gaps *gaps, double gap_s, uint64_t times);
struct sim_distribution sim_gaps_distribution(const struct sim_gaps *gaps);

/* The course of a quantity: means over quarters of its values, exact up to SIM_COURSE values and
 * beyond that but for less than one in SIM_COURSE / 2 at both ends of a quarter. */
enum { SIM_COURSE = 4096 };
struct sim_course {
    double sum[SIM_COURSE]; /* of `width` values each */
    uint64_t n, width;      /* values; 0 means 1 */
};
void sim_course_add(struct sim_course *course, double value);
double sim_course_mean(const struct sim_course *course, unsigned quarter); /* 0 without values */

#endif
