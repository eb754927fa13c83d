/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The machine that the program runs on: its kernels measured, a device fitted to them, and whole
 * passes held against what that device predicts. */
#ifndef SCENARIOS_CALIBRATE_H
#define SCENARIOS_CALIBRATE_H

#include "devices/calibrate/draw.h"
#include "devices/calibrate/evidence.h"
#include "devices/kernels/places.h"
#include "scenarios/validate.h"

/* How long work tells of itself. */
struct scenario_calibrate_talk {
    bool (*progress)(void *context, const char *what, double done, double of); /* false: stop */
    void (*note)(void *context, const char *sentence);
    void *context;
};

struct scenario_calibrate_ask {
    bool quick;
    const char *name;    /* of the device */
    double most_minutes; /* 0: no limit */
    double most_K;       /* wait where a sensor tells more; 0: no limit */
    double ambient_K;    /* 0: not told */
    size_t threads;      /* 0: those that are fastest */
    struct scenario_calibrate_talk talk;
};

/* Rates of one number of threads. */
struct scenario_calibrate_threads {
    size_t threads;
    double stream_Bps, gemm_FLOPps;
};

struct scenario_calibration {
    struct places *places;
    char *title, *vectors, *gemm;             /* of the backend */
    struct scenario_calibrate_threads *sweep; /* (n_sweep) */
    size_t n_sweep, threads;                  /* threads: chosen */
    struct calibrate_samples samples;
    struct calibrate_evidence evidence; /* borrows from the samples */
    double *predicted_s;                /* (evidence.n) by the fitted device */
    struct scenario_fit fit;
    struct calibrate_draw draw;
    struct sensor_split split; /* of the draws; error nan: there is none */
    struct calibrate_pace pace;
    double noise;
    size_t planned, measured; /* samples; fewer measured: it was stopped */
    double stream_Bps, gemm_FLOPps, peak_FLOPps, launch_s, page_s; /* nan where not measured */
    char *prior; /* quantities that no measurement here tells of, and where they come from */
};

/* Measures and fits. False with a fault, also when it was stopped before enough was measured. The
 * caller frees *out with scenario_calibration_free. */
bool scenario_calibrate(const struct scenario_calibrate_ask *ask, struct scenario_calibration *out,
                        struct error *err);
void scenario_calibration_free(struct scenario_calibration *calibration);
char *scenario_calibration_json(const struct scenario_calibration *calibration);
/* A platform of the fitted device and the memory that it stands on. Freed with free(). */
char *scenario_calibration_platform(const struct scenario_calibration *calibration);

/* A pass that was run and predicted. */
struct scenario_checked {
    bool prefill;
    double tokens, depth; /* of the prompt, or 1; in the cache before */
    double measured_s, predicted_s, spread;
    double error; /* (predicted - measured) / measured */
    bool metered; /* by processor time, because other programs ran */
};

struct scenario_check {
    char *model, *quant, *device;
    size_t threads;
    struct scenario_checked *row; /* (n) */
    size_t n;
    double prefill_error, decode_error; /* medians of the rows' absolute errors; nan: no row */
    double other_B;                     /* weights that ran in another format than the model says */
};

struct scenario_check_ask {
    const char *model, *device; /* "llama-3.2-1b:Q4_0"; a device file */
    bool quick;                 /* shorter prompts, fewer repetitions */
    size_t threads;             /* 0: as the device file says */
    struct scenario_calibrate_talk talk;
};

/* Runs a model with weights drawn by chance. The caller frees *out with scenario_check_free. */
bool scenario_check(const struct scenario_check_ask *ask, struct scenario_check *out,
                    struct error *err);
void scenario_check_free(struct scenario_check *check);
char *scenario_check_json(const struct scenario_check *check);

#endif
