/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A chain of thermal nodes from the die, which takes the power, to ambient: die - cooler - case.
 * Its modes make a step under constant power exact. Internal to this folder. */
#ifndef SCENARIOS_THERMAL_CHAIN_H
#define SCENARIOS_THERMAL_CHAIN_H

#include <stddef.h>

enum { THERMAL_NODES = 3 };

struct thermal_chain {
    size_t n;
    double capacity_JpK[THERMAL_NODES];
    double conductance_WpK[THERMAL_NODES]; /* to the next node; of the last one to ambient */
    /* A fan that is governed by heat: the conductance to ambient grows by this share of itself for
     * each kelvin of the last node above `fan_from_K` (above ambient); 0: none. */
    double fan_pK, fan_from_K;
};

/* The chain with the conductance to ambient that small changes around `fan_from_K` feel. */
struct thermal_chain thermal_chain_linear(const struct thermal_chain *chain);

/* Temperatures above ambient as sums of modes that each decay at a rate of their own. */
struct thermal_modes {
    size_t n;
    double rate_ps[THERMAL_NODES];             /* slowest first */
    double root_JpK[THERMAL_NODES];            /* of each node's capacity */
    double part[THERMAL_NODES][THERMAL_NODES]; /* orthonormal: node, mode */
    double amplitude[THERMAL_NODES];           /* present state */
    double ambient_WpK, fan_pK, fan_from_K;
};

void thermal_modes_init(struct thermal_modes *modes, const struct thermal_chain *chain);
/* Sets the state: each node's temperature above ambient. */
void thermal_modes_set(struct thermal_modes *modes, const double *rise_K);
double thermal_modes_rise(const struct thermal_modes *modes, size_t node);
/* Exact without a fan; with one the fan's speed holds over a twentieth of the slowest time. */
void thermal_modes_step(struct thermal_modes *modes, double dt_s, double power_W);

#endif
