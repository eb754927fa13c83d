/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "devices/sensors/meter.h"

#include <math.h>

/* Counters are brought up to date so often. */
static const double update_s = 0.2;

enum sensor_state sensor_meter_start(struct sensor_meter *meter, const struct sensors *sensors,
                                     const struct sensor *sensor, double now_s)
{
    *meter = (struct sensor_meter){.sensors = sensors,
                                   .sensor = sensor,
                                   .begin_s = now_s,
                                   .last_s = now_s,
                                   .changed_s = now_s,
                                   .readings = 1,
                                   .still = true};
    meter->state = sensor_read(sensors, sensor, &meter->last);
    meter->highest = meter->last;
    return meter->state;
}

/* Joules between two readings of a counter. One that is below the one before has wrapped, where the
 * range is known and the energy is one that can be. */
static enum sensor_state count(struct sensor_meter *meter, double value, double elapsed_s)
{
    double joules = value - meter->last, range = meter->sensor->range;
    if (range > 0 && SENSOR_MOST_W * elapsed_s > range)
        return SENSOR_LATE;
    bool wrapped = joules < 0 && range > 0;
    if (wrapped)
        joules += range;
    if (joules < 0 || joules > SENSOR_MOST_W * (elapsed_s + update_s))
        return SENSOR_JUMPED;
    meter->sum += joules;
    meter->wraps += wrapped;
    return SENSOR_GOOD;
}

static enum sensor_state take(struct sensor_meter *meter, double now_s)
{
    double value, elapsed_s = now_s - meter->last_s;
    enum sensor_state state = sensor_read(meter->sensors, meter->sensor, &value);
    bool counter = meter->sensor->quantity == SENSOR_ENERGY;
    if (state == SENSOR_GOOD && counter)
        state = count(meter, value, elapsed_s);
    if (state != SENSOR_GOOD)
        return state;
    if (!counter)
        meter->sum += elapsed_s * (meter->last + value) / 2;
    if (value != meter->last) {
        meter->still = false;
        meter->changed_s = now_s;
    }
    meter->highest = fmax(meter->highest, value);
    meter->last = value;
    meter->last_s = now_s;
    meter->readings++;
    return counter && now_s - meter->changed_s > SENSOR_PATIENCE_S ? SENSOR_STUCK : SENSOR_GOOD;
}

enum sensor_state sensor_meter_read(struct sensor_meter *meter, double now_s,
                                    struct sensor_reading *out)
{
    if (meter->state == SENSOR_GOOD)
        meter->state = take(meter, now_s);
    double time_s = now_s - meter->begin_s;
    *out = (struct sensor_reading){.state = meter->state,
                                   .time_s = time_s,
                                   .joules = NAN,
                                   .mean_W = NAN,
                                   .mean_K = NAN,
                                   .highest_K = NAN,
                                   .readings = meter->readings,
                                   .wraps = meter->wraps,
                                   .still = meter->still};
    if (meter->state != SENSOR_GOOD)
        return meter->state;
    double mean = time_s > 0 ? meter->sum / time_s : NAN;
    if (meter->sensor->quantity == SENSOR_TEMPERATURE) {
        out->mean_K = mean;
        out->highest_K = meter->highest;
    } else {
        out->joules = meter->sum;
        out->mean_W = mean;
    }
    return meter->state;
}
