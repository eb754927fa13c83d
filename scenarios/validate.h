/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Measured rows held against predictions, and device files fitted to them. */
#ifndef SCENARIOS_VALIDATE_H
#define SCENARIOS_VALIDATE_H

#include "analysis/fit.h"
#include "base/table.h"
#include "scenarios/measured_power.h"

struct scenario_validate_ask {
    const char *const *paths; /* (n_paths) measured rows */
    size_t n_paths;
    const char *device;  /* "auto": each row's own; else a catalogue name or a file for all */
    const char *where;   /* rows to predict; NULL: all */
    const char *fit_on;  /* rows to fit each device to first; NULL: none */
    const char *best_of; /* column whose fastest row stands for a test; NULL: every row */
    double ubatch;       /* most prompt tokens of a pass */
    const char *model;   /* of rows that name none that is known, "MODEL[:QUANT]"; NULL: none */
    struct scenario_power_ask power;
};

/* What is predicted of a row: a rate of tokens in one of the phases, the mean draw, the energy for
 * each token. */
enum scenario_quantity {
    SCENARIO_PREFILL,
    SCENARIO_DECODE,
    SCENARIO_POWER,
    SCENARIO_ENERGY,
    SCENARIO_QUANTITIES
};

/* One predicted value of a row. */
struct scenario_validated_row {
    const char *device, *class, *kind; /* catalogue names */
    const char *model, *quant, *backend;
    int32_t phase; /* enum scenario_quantity */
    double prompt_tokens, gen_tokens, context_depth, batch;
    double measured, predicted; /* tokens/s, watts, joules for a token */
    double low, high;           /* 90 % interval */
    double error;               /* (predicted - measured) / measured */
    int64_t fitted;             /* 1: the device was fitted to this row */
    const char *place;          /* "file:line" */
    int64_t borderline;         /* 1: the run comes within 4 % of a full memory, on either side */
};
extern const struct column_spec scenario_validated_columns[];

struct scenario_group {
    const char *name; /* borrowed from the rows */
    size_t n, inside; /* rows, and those whose measured value lies in the 90 % interval */
    double median_abs_error, mean_abs_error, bias; /* bias: the median error with its sign */
    double p90_abs_error;                          /* nine of ten rows are better */
};

/* Why rows were left out. */
struct scenario_skipped {
    char *reason;
    size_t rows;
    char *example; /* place of the first such row, and candidates where a name was unclear */
};

/* A device as it was used. */
struct scenario_validated_device {
    char *name, *class;
    size_t class_devices; /* members that the class was fitted to; 0: chosen by hand */
    size_t rows, fitted_rows;
    char *undetermined; /* parameters that the fitted rows tell little of, "a, b"; "" */
};

struct scenario_validation {
    struct table rows;                /* of struct scenario_validated_row */
    struct scenario_skipped *skipped; /* (n_skipped) most rows first */
    size_t n_skipped, skipped_rows, fitted_rows;
    struct scenario_validated_device *device; /* (n_devices) */
    size_t n_devices;
    struct measured_power_report power; /* of the log of power; rows 0: there was none */
};

/* Predicts. Rows that a device was fitted to are marked and count in no group, unless all rows are.
 * The caller frees *out with scenario_validation_free, also after a failure. */
bool scenario_validate(const struct scenario_validate_ask *ask, struct scenario_validation *out,
                       struct error *err);
void scenario_validation_free(struct scenario_validation *validation);

/* HDF5 with groups /validation (the rows), /validation_skipped and /validation_devices; equal
 * validations give equal files. Written to a temporary name and renamed; scenario_result_read
 * reads it. */
bool scenario_validation_write(const struct scenario_validation *validation, const char *path,
                               struct error *err);

/* Groups of the counted rows: by quantity (all of them, whether or not they have rows), and within
 * one by a column: "device", "class", "kind", "quant", "model", "backend". Returns how
 * many; the caller frees *out with free(). */
size_t scenario_validation_phases(const struct scenario_validation *validation,
                                  struct scenario_group out[SCENARIO_QUANTITIES]);
size_t scenario_validation_groups(const struct scenario_validation *validation, int phase,
                                  const char *column, struct scenario_group **out);
/* How many predicted values are borderline: they count in no group. */
size_t scenario_validation_borderline(const struct scenario_validation *validation);
/* Rows of the greatest errors, at most `most`; returns how many. */
size_t scenario_validation_worst(const struct scenario_validation *validation, size_t most,
                                 size_t *row);
/* DESIGN's keys of `validate --json`. Freed with free(). */
char *scenario_validation_json(const struct scenario_validation *validation);

/* A parameter after a fit, in the device file's units. */
struct scenario_fitted {
    char *path; /* "memory.efficiency" */
    double prior, value, standard_error;
    double learned; /* 0: the rows tell nothing of it; 1: they alone decide */
    double pull;    /* standard deviations of the prior between prior and value */
    bool held;      /* not among what these measurements can tell */
};

/* A row of a device that its class was fitted without. */
struct scenario_left_out {
    char *device; /* catalogue name */
    double error; /* (predicted - measured) / measured, of the rate */
};

struct scenario_fit {
    char *name;                        /* of the device or class */
    struct scenario_fitted *parameter; /* (n) */
    size_t n;
    double *correlation;          /* (n, n) */
    size_t rows;                  /* measurements */
    double scatter;               /* robust standard deviation of ln(predicted/measured) */
    struct scenario_group *group; /* (n_groups) errors by kind of measurement, of the rows that were
                                     held back where some were */
    size_t n_groups;
    struct scenario_left_out *left_out[2]; /* a class: rows of members that it was fitted without,
                                              in prefill and in decode */
    size_t n_left_out[2];
    size_t held_back; /* rows that were not fitted to */
    struct scenario_skipped *skipped;
    size_t n_skipped, skipped_rows;
    struct measured_power_report power;
    char *yaml; /* the fitted device file */
};

struct scenario_fit_ask {
    const char *const *paths; /* measured rows; none: operators are given */
    size_t n_paths;
    const char *operators; /* folder; NULL: none */
    const char *model;     /* of the operators (NULL: as the folder's name tells), or of rows that
                              name none that is known, "MODEL[:QUANT]" */
    const char *device;    /* catalogue name, file, or "class:NAME": what its members share */
    const char *where, *best_of;
    double ubatch;
    double split; /* share of the measurements that is fitted to, drawn by `seed`; the errors are
                     those of the others. 1: all of them */
    uint64_t seed;
    struct scenario_power_ask power;
};

/* Fits a device's parameters to measurements. The caller frees *out with scenario_fit_free. */
bool scenario_fit_device(const struct scenario_fit_ask *ask, struct scenario_fit *out,
                         struct error *err);
void scenario_fit_free(struct scenario_fit *fit);
char *scenario_fit_json(const struct scenario_fit *fit);

#endif
