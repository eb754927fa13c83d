/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a heating run tells of throttling and of leakage. */
#include "analysis/statistics.h"
#include "base/memory.h"
#include "devices/calibrate/heat.h"
#include "devices/power.h"

#include <math.h>
#include <stdlib.h>

/* Readings under load, the first ones left out: chips and clocks settle, and the draw of the first
 * is still in part that of rest. */
enum { SETTLING = 4, EARLY = 6, FEWEST = 24 };

static size_t take_load(const struct calibrate_heat *heat, struct calibrate_heat_reading *out)
{
    size_t n = 0, seen = 0;
    for (size_t i = 0; i < heat->n; i++)
        if (heat->reading[i].phase == CALIBRATE_HEAT_UP && seen++ >= SETTLING)
            out[n++] = heat->reading[i];
    return n;
}

static double median_of(const struct calibrate_heat_reading *reading, size_t n, bool clock)
{
    double *value = mem_calloc(n, sizeof *value);
    for (size_t i = 0; i < n; i++)
        value[i] = clock ? reading[i].clock_Hz : reading[i].rate;
    double median = analysis_median(value, n);
    free(value);
    return median;
}

/* The first reading from which on the rate, or the clock, is below its early median, and stays so:
 * EARLY readings in a row, and the median of all that follow. Returns n: it does not fall. */
static size_t falls_at(const struct calibrate_heat_reading *reading, size_t n, bool clock,
                       double *fall)
{
    const double at_once = 0.96, on_the_whole = 0.94;
    double early = median_of(reading, EARLY, clock);
    size_t low = 0;
    for (size_t i = EARLY; i < n && early > 0; i++) {
        double value = clock ? reading[i].clock_Hz : reading[i].rate;
        low = value < at_once * early ? low + 1 : 0;
        if (low < EARLY)
            continue;
        size_t first = i + 1 - low;
        double rest = median_of(reading + first, n - first, clock) / early;
        if (rest < on_the_whole) {
            *fall = 1 - rest;
            return first;
        }
    }
    return n;
}

struct calibrate_throttle calibrate_heat_throttle(const struct calibrate_heat *heat)
{
    const double least_K = 3; /* cooler machines are slowed by something else */
    struct calibrate_throttle out = {.die_K = NAN};
    struct calibrate_heat_reading *reading = mem_calloc(heat->n + 1, sizeof *reading);
    size_t n = take_load(heat, reading);
    double clock_fall = 0;
    if (n >= FEWEST) {
        size_t rate = falls_at(reading, n, false, &out.fall);
        size_t clock = falls_at(reading, n, true, &clock_fall);
        size_t first = rate < clock ? rate : clock;
        if (first < n && reading[first].die_K - reading[0].die_K >= least_K) {
            out.die_K = reading[first].die_K;
            out.clock = clock < n;
            out.fall = fmax(out.fall, clock_fall);
        }
    }
    free(reading);
    return isfinite(out.die_K) ? out : (struct calibrate_throttle){.die_K = NAN};
}

/* Sums of a straight line through draws over the leakage of a watt at the reference temperature. */
struct line {
    double n, x, y, xx, xy, yy;
};

static void add(struct line *line, double x, double y)
{
    line->n++;
    line->x += x;
    line->y += y;
    line->xx += x * x;
    line->xy += x * y;
    line->yy += y * y;
}

/* The draw of a reading goes with the middle of the two temperatures around it. */
static struct line line_of(const struct calibrate_heat_reading *reading, size_t n,
                           const struct device_leakage *form)
{
    struct line line = {0};
    struct device_leakage watt = *form;
    watt.reference_W = 1;
    /* Sums about the first reading lose no digits. */
    double x_0 = device_leakage_W(&watt, reading[0].die_K, 1, 1), y_0 = reading[0].power_W;
    for (size_t i = 1; i < n; i++) {
        double die_K = (reading[i - 1].die_K + reading[i].die_K) / 2;
        add(&line, device_leakage_W(&watt, die_K, 1, 1) - x_0, reading[i].power_W - y_0);
    }
    return line;
}

/* Readings before the load got slower. */
static size_t unthrottled(const struct calibrate_heat_reading *reading, size_t n)
{
    double fall;
    size_t rate = falls_at(reading, n, false, &fall), clock = falls_at(reading, n, true, &fall);
    return rate < clock ? rate : clock;
}

bool calibrate_heat_leakage(const struct calibrate_heat *heat, const struct device_leakage *form,
                            double *reference_W, double *error_W)
{
    /* Sensors that tell whole degrees may be half of one off all the while. */
    const double most_error = 0.3, rounding_K = 0.5;
    struct calibrate_heat_reading *reading = mem_calloc(heat->n + 1, sizeof *reading);
    size_t n = take_load(heat, reading);
    n = n >= FEWEST ? unthrottled(reading, n) : 0;
    *reference_W = *error_W = NAN;
    if (n >= FEWEST) {
        struct line line = line_of(reading, n, form);
        double xx = line.xx - line.x * line.x / line.n, xy = line.xy - line.x * line.y / line.n;
        double yy = line.yy - line.y * line.y / line.n;
        *reference_W = xy / xx;
        *error_W =
            hypot(sqrt(fmax(yy - xy * xy / xx, 0) / (line.n - 2) / xx),
                  *reference_W * rounding_K * device_leakage_log_slope(form, reading[n / 2].die_K));
    }
    free(reading);
    return *reference_W > 0 && *error_W < most_error * *reference_W;
}
