/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A heating and a cooling run: rest, full load, rest again, with power and temperature over time,
 * and what they tell apart from the thermal network. */
#ifndef DEVICES_CALIBRATE_HEAT_H
#define DEVICES_CALIBRATE_HEAT_H

#include "devices/calibrate/samples.h"
#include "devices/device.h"
#include "devices/sensors/sensors.h"

enum calibrate_heat_phase { CALIBRATE_HEAT_REST, CALIBRATE_HEAT_UP, CALIBRATE_HEAT_DOWN };

/* The work and the draw are means since the reading before. */
struct calibrate_heat_reading {
    enum calibrate_heat_phase phase;
    double time_s; /* since the run began */
    double power_W, die_K;
    double rate;     /* operations per second; 0: at rest */
    double clock_Hz; /* nan: not told */
};

struct calibrate_heat {
    struct calibrate_heat_reading *reading; /* (n) */
    size_t n, room;
    char *sensors;       /* that told the draw; NULL: there is none */
    char *why;           /* why there are no readings; NULL: there are, or no run was asked for */
    bool limited;        /* the load ended at the greatest temperature that was allowed */
    bool steady;         /* it ended because the temperature no longer rose */
    double up_s, down_s; /* how long load and rest after it took */
};

struct calibrate_heat_ask {
    double rest_s; /* before the load */
    double most_s; /* of the load; the rest behind it is as long, and at least twice rest_s */
    double most_K; /* ends the load; infinite: no limit */
};

/* The machine that is heated. */
struct calibrate_heater {
    double (*now_s)(void *context); /* of a clock that only runs forward */
    /* Works or rests for about `s` seconds; the mean operations per second in *rate. False: stopped
     * from outside. */
    bool (*spend)(void *context, bool load, double s, double *rate);
    /* Mean draw since the call before, nan at the first call; present temperature of the die and
     * clock. Returns why they cannot be told, valid until the next call, or NULL. */
    const char *(*read)(void *context, double *power_W, double *die_K, double *clock_Hz);
    void *context;
};

/* False: stopped from outside. Where the run did not end as it should there are no readings, and
 * `why` says so. The caller frees *out with calibrate_heat_free. */
bool calibrate_heat(const struct calibrate_heat_ask *ask, const struct calibrate_heater *heater,
                    struct calibrate_heat *out);
void calibrate_heat_free(struct calibrate_heat *heat);

/* The run on this machine: products with many rows, and the sensors of the processor. Where these
 * do not tell both power and temperature, `why` says so at once. */
bool calibrate_heat_here(struct calibrate_session *session, const struct sensors *sensors,
                         const struct calibrate_heat_ask *ask, struct calibrate_heat *out);

/* The load got slower while the die got hotter. */
struct calibrate_throttle {
    double die_K; /* at which it began; nan: it was not seen */
    double fall;  /* of the rate or the clock, as a share */
    bool clock;   /* the clock fell too */
};
struct calibrate_throttle calibrate_heat_throttle(const struct calibrate_heat *heat);

/* What of the draw under full load grows with the die's temperature as leakage of this form does:
 * its watts at the form's reference temperature, and their standard error. False: the run does not
 * tell. */
bool calibrate_heat_leakage(const struct calibrate_heat *heat, const struct device_leakage *form,
                            double *reference_W, double *error_W);

#endif
