/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "scenarios/thermal_series.h"

#include "analysis/statistics.h"
#include "base/memory.h"

#include <math.h>
#include <stdlib.h>

enum {
    FEWEST_READINGS = 10,
    GAP_PERIODS = 10,
    LEAST_RISE_K = 5,
    STUCK_READINGS = 10 /* so many equal ones under changing power */
};
/* Power that changes by this factor must show. */
#define STUCK_FACTOR 1.5
/* What a proxy of 1 stands for before anything is fitted: a board under full load. */
#define PROXY_W 5.0

/* V as a power of f where no voltage is logged: P ~ f V^2 ~ f^2, between a fixed voltage (f) and a
 * proportional one (f^3). */
#define VOLTAGE_EXPONENT 0.5

static double proxy_of(const struct measured_reading *reading)
{
    double clock_Hz = isnan(reading->clock_Hz) ? 1 : reading->clock_Hz;
    double voltage_V =
        isnan(reading->voltage_V) ? pow(clock_Hz, VOLTAGE_EXPONENT) : reading->voltage_V;
    return reading->load * clock_Hz * voltage_V * voltage_V;
}

/* Fills the input; false when neither power nor load is logged. */
static bool take_input(const struct measured_thermal_log *log, struct thermal_series *out)
{
    out->source = log->source;
    out->proxy = log->source == MEASURED_POWER_NONE;
    double held = NAN, greatest = 0;
    for (size_t i = 0; i < log->n; i++) {
        const struct measured_reading *reading = &log->reading[i];
        double input = out->proxy ? proxy_of(reading) : reading->power_W;
        held = isnan(input) ? held : input;
        out->input[i] = isnan(held) ? 0 : held;
        if (i < out->fitted)
            greatest = fmax(greatest, out->input[i]);
    }
    if (!(greatest > 0))
        return false;
    for (size_t i = 0; i < log->n && out->proxy; i++)
        out->input[i] /= greatest;
    out->reference_W = out->proxy ? PROXY_W : greatest;
    return true;
}

static void take_readings(const struct measured_thermal_log *log, double split,
                          struct thermal_series *out)
{
    double *step_s = mem_calloc(log->n + 1, sizeof *step_s);
    double end_s = split * log->reading[log->n - 1].time_s;
    out->n = log->n;
    out->coldest_K = INFINITY;
    for (size_t i = 0; i < log->n; i++) {
        out->time_s[i] = log->reading[i].time_s;
        out->measured_K[i] = log->reading[i].temperature_K;
        if (i > 0)
            step_s[i - 1] = out->time_s[i] - out->time_s[i - 1];
        if (out->time_s[i] > end_s)
            continue;
        out->fitted = i + 1;
        out->read += isnan(out->measured_K[i]) ? 0 : 1;
        out->coldest_K = fmin(out->coldest_K, out->measured_K[i]);
    }
    out->period_s = log->n > 1 ? analysis_median(step_s, log->n - 1) : 0;
    for (size_t i = 0; i + 1 < log->n; i++)
        out->gaps += step_s[i] > GAP_PERIODS * out->period_s;
    free(step_s);
}

/* The longest stretch of one temperature is most of the log though the power changes in it. */
static bool is_stuck(const struct thermal_series *series)
{
    size_t first = 0;
    double low = INFINITY, high = 0;
    for (size_t i = 0; i < series->n; i++) {
        if (i > 0 && !(series->measured_K[i] == series->measured_K[i - 1])) {
            first = i;
            low = INFINITY;
            high = 0;
        }
        low = fmin(low, series->input[i]);
        high = fmax(high, series->input[i]);
        size_t n = i + 1 - first;
        if (n >= STUCK_READINGS && 2 * n > series->n && high > STUCK_FACTOR * low)
            return true;
    }
    return false;
}

static double rise_K(const struct thermal_series *series)
{
    double low = INFINITY, high = -INFINITY;
    for (size_t i = 0; i < series->n; i++) {
        low = fmin(low, series->measured_K[i]);
        high = fmax(high, series->measured_K[i]);
    }
    return high - low;
}

const char *thermal_series_make(const struct measured_thermal_log *log, double split,
                                struct thermal_series *out)
{
    *out = (struct thermal_series){.time_s = mem_calloc(log->n, sizeof(double)),
                                   .measured_K = mem_calloc(log->n, sizeof(double)),
                                   .input = mem_calloc(log->n, sizeof(double))};
    if (log->backward_line > 0)
        return "time goes backward";
    take_readings(log, split, out);
    bool has_input = take_input(log, out);
    double rise = rise_K(out);
    if (isinf(rise))
        return "no temperature was logged";
    if (!has_input)
        return "neither power nor load was logged";
    if (is_stuck(out))
        return "the sensor is stuck";
    if (rise < LEAST_RISE_K)
        return "the temperature rises by less than 5 K";
    if (out->read < FEWEST_READINGS)
        return "fewer than 10 readings to fit to";
    return NULL;
}

void thermal_series_free(struct thermal_series *series)
{
    free(series->time_s);
    free(series->measured_K);
    free(series->input);
    *series = (struct thermal_series){.n = 0};
}
