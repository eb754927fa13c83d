/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A calibration of made-up times: all that a quick one plans, at 10 GB/s and 100 GFLOP/s, with
 * predictions of 90, 100, 110 % of them in turn. */
#ifndef TESTS_SUPPORT_SMALL_CALIBRATION_H
#define TESTS_SUPPORT_SMALL_CALIBRATION_H

#include "base/memory.h"
#include "scenarios/calibrate_store.h"

#include <stdlib.h>

static inline void small_calibration_time(struct calibrate_sample *one, size_t i)
{
    double products = 2 * (double)(one->rows * one->outputs * one->inputs);
    one->threads = 2;
    one->bytes = one->working_set_B > 0 ? one->working_set_B : 1e6 + 1e4 * (double)i;
    one->flops = products > 0 ? products : 1e6;
    one->timing = (struct calibrate_timing){.median_s = one->bytes / 1e10 + one->flops / 1e11,
                                            .spread = 0.02,
                                            .standard_error = 0.01,
                                            .repetitions = 5};
}

/* The caller frees it with small_calibration_free, not with scenario_calibration_free. */
static inline struct scenario_calibration small_calibration(void)
{
    struct scenario_calibration one = {.threads = 2};
    const struct calibrate_extent extent = {.quick = true, .cache_B = 1e6, .most_B = 1e9};
    calibrate_plan(&extent, &one.samples);
    for (size_t i = 0; i < one.samples.n; i++)
        small_calibration_time(&one.samples.sample[i], i);
    one.samples.sample[7].timing.repetitions = 0; /* was not measured */
    calibrate_evidence(&one.samples, NULL, 0, &one.evidence);
    one.predicted_s = mem_calloc(one.evidence.n, sizeof *one.predicted_s);
    for (size_t i = 0; i < one.evidence.n; i++)
        one.predicted_s[i] = one.evidence.what[i].measured * (0.9 + 0.1 * (double)(i % 3));
    one.places = mem_calloc(1, sizeof *one.places);
    one.places->n_caches = 2;
    one.places->cache[0] = (struct places_cache){.level = 1, .caches = 4, .bytes = 32768};
    one.places->cache[1] = (struct places_cache){.level = 2, .caches = 1, .bytes = 1048576};
    return one;
}

static inline void small_calibration_free(struct scenario_calibration *one)
{
    calibrate_evidence_free(&one->evidence);
    calibrate_samples_free(&one->samples);
    free(one->predicted_s);
    free(one->places);
}

/* Of devices with these names and this device file. The caller frees it with
 * scenario_calibrations_free. */
static inline struct scenario_calibrations small_calibrations(char **name, size_t n, char *yaml)
{
    char title[] = "it's a made-up machine", vectors[] = "AVX2", gemm[] = "our loop";
    struct scenario_calibrations all = {0};
    struct scenario_calibration one = small_calibration();
    one.title = title;
    one.vectors = vectors;
    one.gemm = gemm;
    one.fit.yaml = yaml;
    for (size_t i = 0; i < n; i++) {
        one.fit.name = name[i];
        scenario_calibrations_add(&all, &one);
    }
    small_calibration_free(&one);
    return all;
}

#endif
