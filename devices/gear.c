/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "devices/gear.h"

#include <math.h>

size_t device_gears(const struct device *device)
{
    return (device_pstates(device) - 1) * DEVICE_GEARS + 1;
}

/* A value on the line between the P-states around a gear. */
static double between(const struct device *device, size_t gear,
                      double (*value)(const struct device *device, size_t pstate))
{
    size_t pstate = gear / DEVICE_GEARS, step = gear % DEVICE_GEARS;
    double fast = value(device, pstate);
    if (step == 0)
        return fast;
    return fast + (value(device, pstate + 1) - fast) * (double)step / DEVICE_GEARS;
}

double device_gear_clock(const struct device *device, size_t gear)
{
    return between(device, gear, device_relative_clock);
}

double device_gear_voltage(const struct device *device, size_t gear)
{
    return between(device, gear, device_relative_voltage);
}

double device_gear_work_J(const struct device *device, size_t gear, double flops, double bytes)
{
    double v = device_gear_voltage(device, gear);
    return device->power.flop_J * v * v * flops + device->power.byte_J * bytes;
}

double device_gear_busy_W(const struct device *device, size_t gear)
{
    double v = device_gear_voltage(device, gear);
    return device->power.active_W * v * v * device_gear_clock(device, gear);
}

double device_gear_leakage(const struct device *device, size_t gear)
{
    double v = device_gear_voltage(device, gear);
    double rise_V = (v - 1) * device->clocks.nominal_V;
    return v * exp(device->power.leakage.voltage_per_V * rise_V);
}
