/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Faults, a guard and what replans for them, for a random scenario: of a stream of its own, so that
 * all else of the scenario stays. */
#ifndef TESTS_SUPPORT_RANDOM_FAULTS_H
#define TESTS_SUPPORT_RANDOM_FAULTS_H

#include "tests/support/random_scenario.h"

enum { RANDOM_FAULTS = 4 };

struct random_faults {
    struct sim_fault fault[RANDOM_FAULTS];
    char scheduler[16];
    struct sim_faults faults;
    struct sim_replan replan;
    struct sim_search search;
    struct sim_load load;
    struct sim_scorer *scorer;
    struct sim_change_options changes;
};

/* Times of faults lie where the run is busy: within the arrivals and somewhat beyond. */
static inline void random_fault_times(struct random_faults *f, struct random_scenario *s,
                                      struct stream *stream)
{
    double span_s = f->load.horizon_s + 0.5;
    f->faults = (struct sim_faults){
        .scheduled = f->fault,
        .n_scheduled = stream_below(stream, RANDOM_FAULTS),
        .drawn = stream_below(stream, 2),
        .repair_s = stream_below(stream, 4) ? 0.3 * span_s * stream_uniform(stream) : 0,
        .detection_s = 0.1 * stream_uniform(stream),
        .return_share = 0.2 + 0.8 * stream_uniform(stream),
        .ramp_s = span_s * stream_uniform(stream)};
    for (size_t i = 0; i < f->faults.n_scheduled; i++) {
        size_t d = stream_below(stream, (uint32_t)s->platform.n_devices);
        bool first = stream_below(stream, 6) == 0;
        f->fault[i] = (struct sim_fault){
            s->platform.device[d].name, first ? 0 : span_s * stream_uniform(stream),
            stream_below(stream, 4) ? span_s * stream_uniform(stream) : 0};
    }
    for (size_t d = 0; d < s->platform.n_devices; d++) {
        struct device *device = &s->platform.device[d];
        device->reliability = (struct device_reliability){stream_below(stream, 2) ? span_s : 0,
                                                          0.5 + 2 * stream_uniform(stream)};
        /* The guard acts up to 10 K before the governor, whose limit is 100 C. */
        device->thermal.guard =
            (device->thermal.throttle_K - 273.15 - 10 * stream_uniform(stream)) / 100;
    }
}

/* The caller frees with random_faults_free. Borrows the scenario. */
static inline void random_faults_init(struct random_faults *f, struct random_scenario *s)
{
    struct stream stream = stream_open(s->seed, STREAM_TEST, 4, 0);
    struct error err = {0};
    *f = (struct random_faults){.scheduler = "pgsam"};
    if (!sim_load_measure(&s->workload, 1, &f->load, &err))
        random_fail(s, &err);
    f->scorer = sim_scorer_create(&s->system, &f->load);
    random_fault_times(f, s, &stream);
    f->replan = (struct sim_replan){.scheduler = f->scheduler,
                                    .evaluations = 20 + stream_below(&stream, 60),
                                    .evaluation_s = 1e-4 * stream_uniform(&stream),
                                    .load_Bps = stream_below(&stream, 2) ? 1e9 : 0,
                                    .take = (int)stream_below(&stream, 3),
                                    .guard = stream_below(&stream, 2)};
    f->search = (struct sim_search){.granularity = (int)stream_below(&stream, 3),
                                    .split_phases = stream_below(&stream, 2),
                                    .clocks = true,
                                    .keep_up = stream_below(&stream, 2),
                                    .objective = {true, true, true}};
    f->changes = (struct sim_change_options){
        &f->faults, {f->scorer, &s->system, &f->search, &f->replan, s->seed}};
}

static inline void random_faults_free(struct random_faults *f)
{
    sim_scorer_destroy(f->scorer);
}

#endif
