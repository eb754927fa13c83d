/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Heat: C_i dT_i/dt = P_i + sum_j G_ij (T_j - T_i) + G_ia (T_a - T_i), with leakage that is linear
 * inside a cell of its grid. Power is constant over a step, so a step is exact: the eigenbasis of
 * the network with the cells' leakage slopes, cached per combination of cells. */
#ifndef DEVICES_THERMAL_H
#define DEVICES_THERMAL_H

#include "devices/platform.h"
#include "devices/power.h"

struct device_thermal; /* the network, the grids and the present temperatures */

/* The caller owns the result and frees it with device_thermal_destroy. All nodes start at ambient.
 */
struct device_thermal *device_thermal_create(const struct device_platform *platform);
void device_thermal_destroy(struct device_thermal *thermal);

size_t device_thermal_nodes(const struct device_thermal *thermal);
double device_thermal_node_K(const struct device_thermal *thermal, size_t node);
double device_thermal_die_K(const struct device_thermal *thermal, size_t device);
double device_thermal_leakage_W(const struct device_thermal *thermal, size_t device);
bool device_thermal_runaway(
    const struct device_thermal *thermal); /* a die reached the grid's end */

/* A device's leakage counts only while it is powered, scaled by its P-state's voltage. */
void device_thermal_set(struct device_thermal *thermal, size_t device, bool powered,
                        double leakage_factor);
void device_thermal_set_temperatures(struct device_thermal *thermal, const double *node_K);

/* Advances by dt with constant powers (without leakage) at the dies; adds each device's leaked
 * joules to leakage_J[device] and keeps each die's highest temperature in peak_K[device]. */
void device_thermal_step(struct device_thermal *thermal, double dt_s, const double *power_W,
                         double *leakage_J, double *peak_K);

/* Steady state under constant powers with leakage; false on runaway (R dP_leak/dT >= 1). */
bool device_thermal_steady(struct device_thermal *thermal, const double *power_W);

/* R_dj: rise of device d's die per watt at device j's die, without leakage; (n_devices squared),
 * row d. And R_die: the part of R_dd between die and the next node, felt by short peaks. */
void device_thermal_resistances(const struct device_thermal *thermal, double *resistance_KpW,
                                double *die_KpW);

#endif
