/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Gears: clocks between P-states. Firmware that keeps an average power below a limit moves in small
 * steps, or to and fro between two P-states. Gear DEVICE_GEARS i is P-state i; the ones between it
 * and the next slower P-state share out the clock evenly, and the voltage lies on the line that
 * joins the two. */
#ifndef DEVICES_GEAR_H
#define DEVICES_GEAR_H

#include "devices/device.h"

enum { DEVICE_GEARS = 16 }; /* from one P-state to the next */

/* How many a device has; the last one is its slowest P-state. */
size_t device_gears(const struct device *device);
/* Clock and voltage over nominal. */
double device_gear_clock(const struct device *device, size_t gear);
double device_gear_voltage(const struct device *device, size_t gear);

/* Energy of counted work, power of being busy and the factor of leakage, as devices/power.h tells
 * them of P-states. */
double device_gear_work_J(const struct device *device, size_t gear, double flops, double bytes);
double device_gear_busy_W(const struct device *device, size_t gear);
double device_gear_leakage(const struct device *device, size_t gear);

#endif
