/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Thermal networks from logs: chains of one to three nodes, each by a fit with wide priors, and the
 * choice between them. Internal to this folder. */
#ifndef SCENARIOS_THERMAL_FIT_H
#define SCENARIOS_THERMAL_FIT_H

#include "base/error.h"
#include "scenarios/thermal_chain.h"
#include "scenarios/thermal_series.h"

/* A chain under its log's power. */
struct thermal_model {
    struct thermal_chain chain;
    double ambient_K;
    double gain, offset_W; /* of the log's power, or of its proxy, to the die's: gain x + offset */
    double start_K[THERMAL_NODES];
};

struct thermal_fit {
    struct thermal_model model;
    double time_constant_s[THERMAL_NODES]; /* slowest first */
    double relative_error[THERMAL_NODES];  /* standard errors of their logarithms */
    bool identified[THERMAL_NODES];
    size_t n_identified;
    /* From the die to ambient, by a watt of the log, and the standard error of its logarithm. */
    double resistance_KpW, resistance_error;
    size_t parameters;          /* that were fitted */
    double rmse_fit_K, rmse_K;  /* of the fitted readings, and of those behind them (nan: none) */
    double correlation;         /* of a residual with the one before it, at least 0 */
    double effective;           /* readings that would say as much were they independent */
    double criterion;           /* BIC with that number */
    double least_K, greatest_K; /* of the fitted readings */
};

/* Chooses the number of nodes. False only where no fit can be computed. */
bool thermal_fit_best(const struct thermal_series *series, struct thermal_fit *out,
                      struct error *err);

/* Temperature of the die at every reading (n) by the model alone, from the first one on. */
void thermal_predict(const struct thermal_model *model, const struct thermal_series *series,
                     double *die_K);

#endif
