/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Energy, mean power or temperature over a stretch of time. Whoever measures reads often: power
 * counts as straight between two readings, and counters must not wrap twice between them. */
#ifndef DEVICES_SENSORS_METER_H
#define DEVICES_SENSORS_METER_H

#include "devices/sensors/sensors.h"

struct sensor_meter {
    const struct sensors *sensors; /* borrowed */
    const struct sensor *sensor;   /* borrowed */
    enum sensor_state state;       /* what is not good stays so until the next start */
    double begin_s, last_s;        /* of the caller's clock */
    double changed_s;              /* when the value changed last */
    double last, sum, highest;     /* J, W or K; sum: J, or K s */
    size_t readings, wraps;
    bool still; /* every reading was the same */
};

/* What cannot be said is nan: all of it, unless the state is good. */
struct sensor_reading {
    enum sensor_state state;
    double time_s;            /* since the start */
    double joules, mean_W;    /* energy and power */
    double mean_K, highest_K; /* temperature */
    size_t readings, wraps;
    bool still; /* a power sensor that is still tells of no load */
};

/* A counter that stands for longer is stuck. Chips count at least ten times a second. */
#define SENSOR_PATIENCE_S 2.0
/* No counter of one device counts faster. */
#define SENSOR_MOST_W 5000.0

/* Takes the first reading. The time is that of any clock that only runs forward. */
enum sensor_state sensor_meter_start(struct sensor_meter *meter, const struct sensors *sensors,
                                     const struct sensor *sensor, double now_s);
/* Takes another one; *out tells of all since the start. Returns out->state. */
enum sensor_state sensor_meter_read(struct sensor_meter *meter, double now_s,
                                    struct sensor_reading *out);

#endif
