/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A recorded log as what a thermal network is fitted to: power or its proxy, and temperatures.
 * Internal to this folder. */
#ifndef SCENARIOS_THERMAL_SERIES_H
#define SCENARIOS_THERMAL_SERIES_H

#include "devices/measurements/thermal_log.h"

struct thermal_series {
    size_t n, fitted;            /* readings; the first `fitted` ones are fitted to */
    double *time_s, *measured_K; /* (n) temperature nan where it was not read */
    double
        *input; /* (n) since the reading before: watts, or the proxy as a share of its greatest */
    bool proxy;
    enum measured_power source;
    double reference_W; /* the greatest power among the fitted readings; of a proxy a guess */
    double period_s;    /* median time between readings */
    double coldest_K;   /* of the fitted readings */
    size_t read;        /* fitted readings with a temperature */
    size_t gaps;        /* steps of more than ten periods */
};

/* Without power the proxy is load x clock x voltage^2, the voltage, where it is not logged, as the
 * root of the clock. `split` is the share of the log's time that is fitted to. Returns NULL, or why
 * the log cannot be used. The caller frees *out with thermal_series_free in any case. */
const char *thermal_series_make(const struct measured_thermal_log *log, double split,
                                struct thermal_series *out);
void thermal_series_free(struct thermal_series *series);

#endif
