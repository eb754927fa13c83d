/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "devices/power.h"

#include "base/memory.h"
#include "devices/gear.h"

#include <gsl/gsl_const_mksa.h>
#include <math.h>
#include <stdlib.h>

/* q / k_B in kelvins per volt. */
static const double Q_OVER_KB = GSL_CONST_MKSA_ELECTRON_CHARGE / GSL_CONST_MKSA_BOLTZMANN;

/* BSIM3 sub-threshold current as in HotLeakage (Zhang et al., UVA TR CS-2003-05), written around a
 * reference temperature; DIBL appears as exp(k_V (V - V_0)). */
double device_leakage_W(const struct device_leakage *leakage, double temperature_K,
                        double voltage_V, double nominal_V)
{
    if (leakage->reference_W <= 0)
        return 0;
    double ratio = temperature_K / leakage->reference_K;
    double barrier_K = Q_OVER_KB * leakage->threshold_V / leakage->swing;
    return leakage->reference_W * (voltage_V / nominal_V) *
           exp(leakage->voltage_per_V * (voltage_V - nominal_V)) * ratio * ratio *
           exp(-barrier_K * (1 / temperature_K - 1 / leakage->reference_K));
}

double device_leakage_log_slope(const struct device_leakage *leakage, double temperature_K)
{
    double barrier_K = Q_OVER_KB * leakage->threshold_V / leakage->swing;
    return 2 / temperature_K + barrier_K / (temperature_K * temperature_K);
}

void device_leakage_grid_init(struct device_leakage_grid *grid,
                              const struct device_leakage *leakage)
{
    grid->knot_W = mem_calloc(DEVICE_GRID_KNOTS, sizeof *grid->knot_W);
    for (int i = 0; i < DEVICE_GRID_KNOTS; i++)
        grid->knot_W[i] =
            device_leakage_W(leakage, DEVICE_GRID_FIRST_K + i * DEVICE_GRID_STEP_K, 1, 1);
}

void device_leakage_grid_free(struct device_leakage_grid *grid)
{
    free(grid->knot_W);
    grid->knot_W = NULL;
}

int device_leakage_cell(double temperature_K)
{
    double cell = floor((temperature_K - DEVICE_GRID_FIRST_K) / DEVICE_GRID_STEP_K);
    if (!(cell > 0))
        return 0;
    return cell > DEVICE_GRID_KNOTS - 2 ? DEVICE_GRID_KNOTS - 2 : (int)cell;
}

double device_leakage_factor(const struct device *device, size_t pstate)
{
    return device_gear_leakage(device, pstate * DEVICE_GEARS);
}

double device_leakage_on_grid(const struct device_leakage_grid *grid, double temperature_K)
{
    int cell = device_leakage_cell(temperature_K);
    double low_K = DEVICE_GRID_FIRST_K + cell * DEVICE_GRID_STEP_K;
    double share = fmin(1, (temperature_K - low_K) / DEVICE_GRID_STEP_K);
    return grid->knot_W[cell] + share * (grid->knot_W[cell + 1] - grid->knot_W[cell]);
}

double device_base_W(const struct device *device)
{
    return device->power.idle_W -
           device_leakage_W(&device->power.leakage, device->power.idle_K, 1, 1);
}

double device_work_J(const struct device *device, size_t pstate, double flops, double bytes)
{
    return device_gear_work_J(device, pstate * DEVICE_GEARS, flops, bytes);
}

double device_busy_W(const struct device *device, size_t pstate)
{
    return device_gear_busy_W(device, pstate * DEVICE_GEARS);
}
