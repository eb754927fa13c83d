/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the machine draws at rest and under loads of different mixes, where sensors tell. */
#ifndef DEVICES_CALIBRATE_DRAW_H
#define DEVICES_CALIBRATE_DRAW_H

#include "devices/calibrate/samples.h"
#include "devices/device.h"
#include "devices/sensors/sensors.h"
#include "devices/sensors/split.h"

enum { CALIBRATE_LOADS = 5 };

struct calibrate_load {
    const char *name; /* constant: "registers", "cache", "memory" ... */
    double power_W;
    double die_K; /* mean; nan: no sensor tells */
    double FLOP_per_s, B_per_s;
};

struct calibrate_draw {
    char *sensors; /* that told: "RAPL package-0 + RAPL package-0 dram"; NULL: there is none */
    bool whole;    /* they tell the draw of the whole machine */
    char *why;     /* why there is no draw, or not all of it; NULL: there is */
    double idle_W, idle_K;                       /* nan: not told */
    struct calibrate_load load[CALIBRATE_LOADS]; /* (n) */
    size_t n;
    double leakage_W; /* at its form's reference temperature, by a heating run; 0: not told */
};

/* Rests and works for `s` seconds each, and reads the sensors meanwhile. Without sensors it does
 * nothing. False: stopped. The caller frees *out with calibrate_draw_free, and ends the session. */
bool calibrate_draw(struct calibrate_session *session, const struct sensors *sensors, double s,
                    struct calibrate_draw *out);
void calibrate_draw_free(struct calibrate_draw *draw);

/* What being busy, an operation and a byte cost, less what a hotter die leaks more than at rest.
 * False: the loads do not tell. */
bool calibrate_draw_split(const struct calibrate_draw *draw, const struct device_leakage *leakage,
                          struct sensor_split *out);

#endif
