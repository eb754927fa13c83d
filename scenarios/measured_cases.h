/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Measured rows as observations of devices and models of the catalogue: which device and model a
 * row means, how it was run, and why a row cannot be used. Internal to this folder. */
#ifndef SCENARIOS_MEASURED_CASES_H
#define SCENARIOS_MEASURED_CASES_H

#include "devices/measurements/measured.h"
#include "devices/observe.h"
#include "scenarios/class.h"
#include "scenarios/measured_memory.h"
#include "scenarios/validate.h"

/* A device that rows are about. */
struct scenario_subject {
    char *name;
    struct tree *tree; /* what `device` borrows from */
    struct device device;
    struct scenario_class class;
};

/* A model in one file type. */
struct scenario_measured_model {
    char *name, *quant;
    struct device_forward forward;
    double parameters, bytes;
};

struct scenario_case {
    const struct measured_row *row;
    enum scenario_quantity quantity;
    size_t device;     /* of the subjects */
    const char *model; /* borrowed */
    const char *quant; /* file type; borrowed */
    double tokens;     /* of one sequence, that the measured rate counts */
    struct device_observation what;
};

struct scenario_cases {
    struct scenario_subject *subject; /* (n_subjects) */
    size_t n_subjects;
    struct scenario_measured_model **model; /* (n_models) */
    size_t n_models;
    struct scenario_case *item; /* (n) in the order of the rows */
    size_t n;
    struct scenario_skipped *skip; /* (n_skips) most rows first */
    size_t n_skips, skipped;
    struct measured_names *devices, *models;
    struct scenario_memories memories;
    bool known_device;           /* the one that was asked for has the name of a catalogue entry */
    char *own_model, *own_quant; /* as asked for; NULL: each row's own */
};

struct scenario_cases_ask {
    const char *device; /* NULL: each row's own, by name; else a catalogue name or a file for all */
    double ubatch;
    /* Values of the device that are no data sheet's give way to those of its class. */
    bool data_sheet_only;
    bool wall; /* take power at the wall too: a fit can tell the rest of the machine */
    /* "MODEL" or "MODEL:QUANT" of rows that do not name one, or one that is not known; rows that
     * name another one are left out. NULL: each row's own. */
    const char *model;
};

/* Adds a case or a reason for each row that `keep` (n_rows of the table) is set for. Rows of
 * several devices working together, without a rate, of unknown name are left out. The caller frees
 * *out with scenario_cases_free, also after a failure. */
bool scenario_cases_read(const struct measured_table *table, const bool *keep,
                         const struct scenario_cases_ask *ask, struct scenario_cases *out,
                         struct error *err);
void scenario_cases_free(struct scenario_cases *cases);

/* A device from the catalogue or a file, with its class. */
bool scenario_subject_read(const char *name, bool data_sheet_only, struct scenario_subject *out,
                           struct error *err);
void scenario_subject_free(struct scenario_subject *subject);
/* Takes from a device what its class tells too and no data sheet said. */
void scenario_strip(struct tree *device, const struct scenario_class *class);

/* Gives a fit the spreads that a class tells. */
void scenario_spread_of_class(const struct scenario_class *class, struct device_fit *fit);
/* Holds what unpacking costs of formats that no case of a subject has. */
void scenario_hold_unused_formats(const struct scenario_cases *cases, size_t subject,
                                  struct device_fit *fit);
/* "a, b": the parameters that the rows tell little of; freed with free(). */
char *scenario_undetermined(const struct device_fit *fit, const struct fit_result *result);
void scenario_skipped_free(struct scenario_skipped *skipped, size_t n);

#endif
