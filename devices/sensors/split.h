/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What being busy, an operation and a byte cost, from loads of different mixes. */
#ifndef DEVICES_SENSORS_SPLIT_H
#define DEVICES_SENSORS_SPLIT_H

#include <stdbool.h>
#include <stddef.h>

/* A load at the nominal clock. */
struct sensor_load {
    double power_W; /* mean, less the idle draw */
    double FLOP_per_s, B_per_s;
};

struct sensor_split {
    double active_W, FLOP_J, B_J;                   /* none below 0 */
    double active_error_W, FLOP_error_J, B_error_J; /* standard errors; nan: held at 0, or as many
                                                       loads as unknowns */
    double error; /* root mean square of (split - measured) / measured */
};

/* Least squares of P = active_W + FLOP_J FLOP/s + B_J B/s over the relative errors, none of the
 * three below 0. False: fewer than three loads, or their mixes do not tell the three apart. */
bool sensor_split(const struct sensor_load *load, size_t n, struct sensor_split *out);

#endif
