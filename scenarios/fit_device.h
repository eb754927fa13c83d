/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What fits of devices, of classes and of operator times share: the report of the parameters, and
 * how a file takes them. Internal to this folder. */
#ifndef SCENARIOS_FIT_DEVICE_H
#define SCENARIOS_FIT_DEVICE_H

#include "scenarios/measured_cases.h"

struct json_t;
/* A group of errors, each (predicted - measured) / measured of a rate; `name` is borrowed. */
struct scenario_group scenario_group_of(const char *name, const double *error, size_t n);
struct json_t *scenario_group_json(const struct scenario_group *group);

/* Fills parameter, n, correlation, rows and scatter of *out. */
void scenario_fit_report(const struct device_fit *fit, const struct fit_result *result,
                         struct scenario_fit *out);
/* Puts the learned parameters into a device's or a class's map, each with its source when the map
 * has `sources`. `ref` tells what they were fitted to. */
void scenario_fit_put(const struct device_fit *fit, const struct fit_result *result,
                      struct tree *map, const char *ref);
/* Errors of the observations' rates by group, into the groups of *out, whose names are borrowed. */
void scenario_fit_judge(const struct device_fit *fit, const struct device_observation *what,
                        const char *const *group, size_t n, struct scenario_fit *out);
/* The map as a file of its kind. Freed with free(). */
char *scenario_fit_yaml(const struct tree *map, const char *kind);

/* Points of compute.row_factors for the device of a fit, and into its map: what the products'
 * times leave over the fitted roofline, by octave of their rows. */
void scenario_fit_row_factors(struct device *device, const struct device_observation *what,
                              size_t n, struct tree *map);

/* Fits what the members of a class that have cases have in common. The groups are the errors of
 * members that were left out of the fit. */
bool scenario_fit_class(const struct scenario_cases *cases, const char *name,
                        struct scenario_fit *out, struct error *err);

/* Observations of operator times. */
struct scenario_operator_cases {
    struct workload_operator *op; /* (n_ops) what the observations borrow */
    size_t n_ops;
    double layers;                   /* of the model */
    bool fused;                      /* the runtime runs several of our products as one */
    struct device_observation *what; /* (n) */
    const char **group;              /* (n) "gemm", "element", "attention decode" ... */
    size_t n;
    struct scenario_skipped *skip;
    size_t n_skips, skipped;
};
/* The folder, the model (NULL: the one that ends the folder's name) and the rows of `ask`. */
bool scenario_operator_cases_read(const struct scenario_fit_ask *ask,
                                  struct scenario_operator_cases *out, struct error *err);
void scenario_operator_cases_free(struct scenario_operator_cases *cases);

#endif
