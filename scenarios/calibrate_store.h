/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What calibrations measured, kept for pictures and for other programs: every kernel with its time
 * and what the fitted device says, device by device. */
#ifndef SCENARIOS_CALIBRATE_STORE_H
#define SCENARIOS_CALIBRATE_STORE_H

#include "scenarios/calibrate.h"

/* A kernel, or a whole pass, that was measured. Numbers that a kind does not have are 0. */
struct scenario_kernel_row {
    int32_t kind; /* enum calibrate_kind, or CALIBRATE_KINDS: a pass */
    const char *name, *format;
    const char *group; /* in which it was fitted to; "": it was not */
    int64_t threads, rows, outputs, inputs, q_heads, kv_heads, head_dim, context;
    double working_set_B, bytes, flops; /* nan: a pass */
    double time_s, spread, standard_error;
    int64_t repetitions, metered;
    double predicted_s, expected_error; /* nan: not fitted to */
};
extern const struct column_spec scenario_kernel_columns[];

/* "stream", "peak" ... by enum calibrate_kind, then "pass"; NULL-ended. */
extern const char *const scenario_kernel_kinds[];

/* A level of caches: what those of the threads that worked hold together. */
struct scenario_level_row {
    int64_t level;
    double capacity_B;
};
extern const struct column_spec scenario_level_columns[];

struct scenario_kept_device {
    char *name, *title; /* of the device file; "AMD EPYC ..." */
    char *vectors, *gemm;
    char *yaml;           /* the fitted device file */
    struct table kernels; /* of struct scenario_kernel_row, as they were measured */
    struct table levels;  /* of struct scenario_level_row, the smallest first */
};

struct scenario_calibrations {
    struct scenario_kept_device *device; /* (n) */
    size_t n, room;
    /* Heating and cooling runs, to be written; what is read stands in the result's `thermal`. */
    struct scenario_thermal heat;
};

/* Takes a copy of what was measured and fitted. */
void scenario_calibrations_add(struct scenario_calibrations *all,
                               const struct scenario_calibration *one);
void scenario_calibrations_free(struct scenario_calibrations *all);
/* HDF5 with a group /calibration/NAME for each device; scenario_result_read reads it. */
bool scenario_calibrations_write(const struct scenario_calibrations *all, const char *path,
                                 struct error *err);

#endif
