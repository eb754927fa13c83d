/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a calibration measures, in which order. */
#ifndef DEVICES_CALIBRATE_PLAN_H
#define DEVICES_CALIBRATE_PLAN_H

#include "devices/calibrate/samples.h"

/* Samples in the order in which they are measured; those with repetitions were. */
struct calibrate_samples {
    struct calibrate_sample *sample; /* (n) */
    size_t n, room;
};

struct calibrate_extent {
    bool quick;      /* fewer sizes and repetitions: well under a minute */
    double cache_B;  /* of the last level */
    double most_B;   /* of memory, that may be used */
    bool own_memory; /* the device's, apart from the host's: copies between them are measured */
};

/* The caller frees *out with calibrate_samples_free. */
void calibrate_plan(const struct calibrate_extent *extent, struct calibrate_samples *out);
void calibrate_samples_free(struct calibrate_samples *samples);
/* How long to measure one point in one of CALIBRATE_ROUNDS rounds. */
double calibrate_point_s(const struct calibrate_extent *extent);
/* Whether sample `i` is measured in round `round`: references at the start of the first, in the
 * middle of the second and at the end of the last, all others in each. */
bool calibrate_in_round(const struct calibrate_samples *samples, size_t i, size_t round);

/* The same two samples at the start, in the middle and at the end tell whether the machine kept its
 * pace: by how much the slowest time of one exceeds its fastest, and by how much the last exceeds
 * the first. */
struct calibrate_pace {
    double drift, slowdown;
};
bool calibrate_is_reference(const struct calibrate_sample *sample);
struct calibrate_pace calibrate_pace(const struct calibrate_samples *samples);
/* The median over the samples of how far a repetition lies from its median. */
double calibrate_noise(const struct calibrate_samples *samples);
/* The share of the samples that were taken by processor time. */
double calibrate_metered(const struct calibrate_samples *samples);

/* The rate of a stream, bytes per second: the highest of those over more than `cache_B`, or of all
 * with 0 that fit in it. nan when none was measured. */
double calibrate_stream_Bps(const struct calibrate_samples *samples, const char *name,
                            double least_B, double most_B);
/* What memory gives: the fastest of the reading streams over `far_B` and more, and of the
 * products with one row, whose weights come from as much memory. nan when none was measured. */
double calibrate_far_Bps(const struct calibrate_samples *samples, double far_B);
/* Operations per second, nan when it was not measured. */
double calibrate_peak_FLOPps(const struct calibrate_samples *samples, const char *name);
/* The first measured sample of a kind, NULL when there is none. */
const struct calibrate_sample *calibrate_find(const struct calibrate_samples *samples,
                                              enum calibrate_kind kind);

#endif
