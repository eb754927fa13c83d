/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a device draws while it runs a model, at any clock between its P-states, and the clock that
 * a power limit leaves. */
#ifndef DEVICES_DRAW_H
#define DEVICES_DRAW_H

#include "devices/forward.h"
#include "devices/power.h"

/* Relative voltage at a relative clock: between P-states on the line that joins them, flat beyond
 * the slowest and the fastest. */
double device_voltage_at(const struct device *device, double clock);

/* P = P_base + P_act v^2 f + e_F v^2 F/t + e_B B/t + P_leak(T, V) of a device that works all the
 * time, and the same less its idle draw. */
double device_draw_W(const struct device *device, const struct device_spent *spent, double clock,
                     double die_K);

/* Temperature of the die that `power_W` holds, the leakage counted in it; ambient when nothing
 * leads the heat away. */
double device_steady_K(const struct device *device, double power_W, double ambient_K);

/* What a run takes under a power limit (0: none): the highest clock at which the draw keeps to it,
 * the slowest P-state's when none does. *clock tells which. */
struct device_spent device_capped_run(const struct device *device,
                                      const struct device_forward *forward,
                                      const struct device_run *run, bool prefill, double cap_W,
                                      double die_K, double *clock);

#endif
