/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The machine that the program runs on: the kernels of its devices measured, a device file fitted
 * to each, and whole passes held against what such a file predicts. */
#ifndef SCENARIOS_CALIBRATE_H
#define SCENARIOS_CALIBRATE_H

#include "devices/calibrate/draw.h"
#include "devices/calibrate/evidence.h"
#include "devices/calibrate/heat.h"
#include "devices/kernels/places.h"
#include "scenarios/thermal.h"
#include "scenarios/validate.h"

/* How long work tells of itself. */
struct scenario_calibrate_talk {
    bool (*progress)(void *context, const char *what, double done, double of); /* false: stop */
    void (*note)(void *context, const char *sentence);
    void *context;
};

/* A device that was found here. */
struct scenario_found {
    char *id;           /* "cpu", "opencl:0" */
    char *title;        /* NULL: not told */
    char *driver;       /* NULL: none */
    int kind;           /* enum device_kind */
    bool shares_memory; /* with the processor */
    bool again;         /* stands in the list before, found by another driver */
    double memory_B;    /* that it may use */
    double cache_B;     /* what lies in no cache is more; 0: as the places tell */
    double clock_Hz;    /* 0: not told */
    unsigned units;     /* that compute; 0: not told */
    char *why;          /* skipped unless asked for, when it is there again; NULL: measured */
};

/* A deep copy, freed with scenario_found_free. */
void scenario_found_copy(const struct scenario_found *found, struct scenario_found *out);
void scenario_found_free(struct scenario_found *found);

struct scenario_founds {
    struct scenario_found *device; /* (n) the processor first */
    size_t n;
    char *why; /* nothing but the processor was looked for successfully; NULL: all was */
};

/* The processor and, with `all`, what OpenCL's drivers tell of: those are asked in a process of
 * their own, because a driver may crash. Freed with scenario_founds_free. */
void scenario_founds_find(const struct places *places, bool all, struct scenario_founds *out);
void scenario_founds_free(struct scenario_founds *founds);
/* By id; NULL with a fault that names those that are there. */
const struct scenario_found *scenario_founds_get(const struct scenario_founds *founds,
                                                 const char *id, struct error *err);
char *scenario_founds_json(const struct scenario_founds *founds);

struct scenario_calibrate_ask {
    bool quick;
    const char *name;    /* of the device or platform; NULL: "host", or the kind of a device that is
                            no processor */
    const char *on;      /* devices, "cpu,opencl:0"; NULL: the processor, of a platform all */
    bool platform;       /* devices for a platform, else one */
    double most_minutes; /* 0: no limit */
    double most_K;       /* wait where a sensor tells more; 0: no limit */
    double ambient_K;    /* 0: not told */
    double heat_minutes; /* most of a heating run, and as long of the cooling behind it; 0: none */
    size_t threads;      /* 0: those that are fastest */
    /* Takes the file of what was measured so far, before a device whose driver may take the program
     * with it; NULL: nobody does. */
    void (*keep)(void *context, const char *yaml);
    void *keep_context;
    struct scenario_calibrate_talk talk;
};

/* Rates of one number of threads. */
struct scenario_calibrate_threads {
    size_t threads;
    double stream_Bps, gemm_FLOPps;
};

/* A line through the times of copies over their sizes. */
struct scenario_way {
    double latency_s, bandwidth_Bps;       /* nan: not measured */
    double latency_error, bandwidth_error; /* standard errors, as shares */
    size_t n;                              /* copies */
};

enum { SCENARIO_HEAT_NODES = 3 };

/* What a heating and a cooling run told: a chain of thermal nodes from the die to the air, and
 * leakage in the form of the device. */
struct scenario_heat {
    bool told;  /* the chain was fitted */
    char *why;  /* why it was not; NULL: it was, or there was no run */
    char *text; /* temperatures and time constants with their errors */
    size_t nodes;
    double capacity_JpK[SCENARIO_HEAT_NODES];
    double conductance_WpK[SCENARIO_HEAT_NODES]; /* to the next node; of the last one to the air */
    double time_constant_s[SCENARIO_HEAT_NODES]; /* slowest first */
    double time_error[SCENARIO_HEAT_NODES];      /* standard errors of their logarithms */
    bool identified[SCENARIO_HEAT_NODES];
    double resistance_KpW, resistance_error; /* from the die to the air; of its logarithm */
    double rmse_K;
    double leakage_W, leakage_error_W; /* at the form's reference temperature; nan: not told */
    struct calibrate_throttle throttle;
    struct scenario_thermal log; /* for pictures */
};

struct scenario_calibration {
    struct places *places;
    struct scenario_found found;
    char *title, *vectors, *gemm;             /* of the backend */
    bool integers;                            /* as of struct kernels */
    struct scenario_calibrate_threads *sweep; /* (n_sweep) */
    size_t n_sweep, threads;                  /* threads: chosen */
    struct calibrate_samples samples;
    struct calibrate_evidence evidence; /* borrows from the samples */
    double *predicted_s;                /* (evidence.n) by the fitted device */
    struct scenario_fit fit;
    struct calibrate_draw draw;
    struct sensor_split split; /* of the draws; error nan: there is none */
    struct calibrate_heat heat_run;
    struct scenario_heat heat;
    struct calibrate_pace pace;
    double noise;
    size_t planned, measured; /* samples; fewer measured: it was stopped */
    double stream_Bps, gemm_FLOPps, peak_FLOPps, launch_s, page_s; /* nan where not measured; the
 products and the peak are of floats */
    struct scenario_way upload, download; /* between its memory and the host's */
    char *prior; /* quantities that no measurement here tells of, and where they come from */
};

/* Measures and fits one device. False with a fault, also when it was stopped before enough was
 * measured. The caller frees *out with scenario_calibration_free. */
bool scenario_calibrate(const struct scenario_calibrate_ask *ask,
                        const struct scenario_found *found, struct scenario_calibration *out,
                        struct error *err);
void scenario_calibration_free(struct scenario_calibration *calibration);
char *scenario_calibration_json(const struct scenario_calibration *calibration);

/* A link between two devices of a machine. */
struct scenario_machine_link {
    size_t from, to; /* of the devices */
    double bandwidth_Bps, latency_s;
    bool through_host; /* two copies one behind the other, each measured alone */
};

/* A device that was to be measured and is not among the others. */
struct scenario_unmeasured {
    char *id, *why;
};

struct scenario_machine {
    char *name;
    struct scenario_calibration *device; /* (n) in the order of measuring */
    size_t n;
    struct scenario_unmeasured *left_out; /* (n_left_out) */
    size_t n_left_out;
    struct scenario_machine_link *link; /* (n_links) */
    size_t n_links;
    char *yaml; /* the device file; of a platform all of them with their memories and links */
};

/* Measures one device after the other; one that fails is left out with a note, and a stop keeps
 * those that were done. False with a fault: none was. The caller frees *out with
 * scenario_machine_free, also after a fault. */
bool scenario_calibrate_machine(const struct scenario_calibrate_ask *ask,
                                struct scenario_machine *out, struct error *err);
void scenario_machine_free(struct scenario_machine *machine);
/* Devices, links and what was left out. */
char *scenario_machine_json(const struct scenario_machine *machine);

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
    char *on; /* "cpu", "opencl:0": where it ran */
    size_t threads;
    struct scenario_checked *row; /* (n) */
    size_t n;
    double prefill_error, decode_error; /* medians of the rows' absolute errors; nan: no row */
    /* What reading memory gives now, nan when there was not so much of it; and what the device file
     * says that weights stream at. */
    double memory_Bps, told_Bps;
    double other_B; /* weights that ran in another format than the model says */
};

struct scenario_check_ask {
    const char *model, *device; /* "llama-3.2-1b:Q4_0"; a device file */
    const char *on;             /* where it runs; NULL: where the file was calibrated */
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
