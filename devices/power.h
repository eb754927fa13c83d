/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Power of a device: P = P_base + busy P_act v^2 f + e_F (F/t) v^2 + e_B (B/t) + P_leak(T, V).
 * Leakage is piecewise linear on a fixed temperature grid, so that the model does not depend on
 * where time steps fall. */
#ifndef DEVICES_POWER_H
#define DEVICES_POWER_H

#include "devices/device.h"

/* Knots of the leakage grid: every quarter of a kelvin from 173.15 K (-100 C) to 673.15 K. */
#define DEVICE_GRID_STEP_K 0.25
#define DEVICE_GRID_FIRST_K 173.15
enum { DEVICE_GRID_KNOTS = 2001 };

/* Leakage by the formula, and its slope with temperature. */
double device_leakage_W(const struct device_leakage *leakage, double temperature_K,
                        double voltage_V, double nominal_V);
/* d ln P / dT of the formula: 2/T + q V_th,eff / (n k_B T^2). */
double device_leakage_log_slope(const struct device_leakage *leakage, double temperature_K);

/* The grid of leakage at nominal voltage, and the factor of another voltage. */
struct device_leakage_grid {
    double *knot_W; /* (DEVICE_GRID_KNOTS) */
};
void device_leakage_grid_init(struct device_leakage_grid *grid,
                              const struct device_leakage *leakage);
void device_leakage_grid_free(struct device_leakage_grid *grid);
/* The cell that holds a temperature: knots [cell, cell + 1]; clamped to the grid. */
int device_leakage_cell(double temperature_K);
double device_leakage_factor(const struct device *device, size_t pstate);
double device_leakage_on_grid(const struct device_leakage_grid *grid, double temperature_K);

/* P_base = measured idle less the leakage at the idle temperature, so that nothing counts twice. */
double device_base_W(const struct device *device);

/* Dynamic energy of counted work: e_F v^2 F + e_B B, and of being busy for t seconds. */
double device_work_J(const struct device *device, size_t pstate, double flops, double bytes);
double device_busy_W(const struct device *device, size_t pstate);

#endif
