/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The machine that the program runs on, as one that is heated. */
#include "base/memory.h"
#include "base/text.h"
#include "devices/calibrate/heat.h"
#include "devices/sensors/clock.h"
#include "devices/sensors/meter.h"

#include <math.h>
#include <stdlib.h>
#include <time.h>

enum { MOST_METERS = 16 };

struct here {
    struct calibrate_session *session;
    const struct sensors *sensors;
    const struct sensor *sensor[MOST_METERS]; /* (n) */
    struct sensor_meter meter[MOST_METERS];   /* (n) */
    size_t n;
    double last_s, joules; /* of all meters, at the reading before */
    bool started;
    char *why;
};

static double now_s(void *context)
{
    (void)context;
    return calibrate_now_s();
}

static bool goes_on(const struct here *here)
{
    const struct calibrate_effort *effort = &here->session->effort;
    return !effort->go_on || effort->go_on(effort->context);
}

static bool rest(struct here *here, double s)
{
    const struct timespec pause = {0, 20000000};
    double end_s = calibrate_now_s() + s;
    bool ok = goes_on(here);
    while (ok && calibrate_now_s() < end_s) {
        nanosleep(&pause, NULL);
        ok = goes_on(here);
    }
    return ok;
}

/* Products with many rows: what draws most. */
static bool spend(void *context, bool load, double s, double *rate)
{
    struct here *here = context;
    struct calibrate_sample sample = {.kind = CALIBRATE_PRODUCT,
                                      .name = "gemm",
                                      .format = KERNELS_F32,
                                      .rows = 512,
                                      .outputs = 2048,
                                      .inputs = 2048};
    *rate = 0;
    if (!load)
        return rest(here, s);
    here->session->effort.s = s;
    if (!calibrate_measure(here->session, &sample))
        return false;
    *rate = sample.flops / sample.timing.median_s;
    return true;
}

static const char *blame(struct here *here, const char *name, const char *what)
{
    free(here->why);
    here->why = mem_printf("%s %s", name, what);
    return here->why;
}

static void start(struct here *here, double at_s)
{
    for (size_t i = 0; i < here->n; i++)
        sensor_meter_start(&here->meter[i], here->sensors, here->sensor[i], at_s);
    here->started = true;
}

/* Joules of all meters since the start; nan: one of them does not tell, which *why names. */
static double joules_of(struct here *here, double at_s, const char **why)
{
    double sum_J = 0;
    for (size_t i = 0; i < here->n && !*why; i++) {
        struct sensor_reading reading;
        if (sensor_meter_read(&here->meter[i], at_s, &reading) != SENSOR_GOOD)
            *why = blame(here, here->sensor[i]->name, sensor_state_text(reading.state));
        sum_J += reading.mean_W * reading.time_s;
    }
    return *why ? NAN : sum_J;
}

static const char *read_all(void *context, double *power_W, double *die_K, double *clock_Hz)
{
    struct here *here = context;
    const char *why = NULL;
    double at_s = calibrate_now_s(), joules = 0;
    *power_W = NAN;
    if (here->started)
        joules = joules_of(here, at_s, &why);
    else
        start(here, at_s);
    if (!why && at_s > here->last_s && here->last_s > 0)
        *power_W = (joules - here->joules) / (at_s - here->last_s);
    here->joules = joules;
    here->last_s = at_s;
    *die_K = sensors_processor_K(here->sensors);
    *clock_Hz = sensors_clock_Hz("");
    if (!why && isnan(*die_K))
        why = blame(here, "the temperature", "is told no more");
    return why;
}

static char *names_of(const struct here *here)
{
    struct text names = {0};
    for (size_t i = 0; i < here->n; i++)
        text_add(&names, "%s%s", i ? " + " : "", here->sensor[i]->name);
    return names.bytes;
}

bool calibrate_heat_here(struct calibrate_session *session, const struct sensors *sensors,
                         const struct calibrate_heat_ask *ask, struct calibrate_heat *out)
{
    const struct calibrate_effort effort = session->effort;
    struct here here = {.session = session, .sensors = sensors};
    const struct calibrate_heater heater = {now_s, spend, read_all, &here};
    *out = (struct calibrate_heat){.reading = NULL};
    here.n = sensors_of_processor(sensors, here.sensor, MOST_METERS);
    bool hot = isfinite(sensors_processor_K(sensors)), ok = true;
    if (here.n == 0 || !hot)
        out->why =
            mem_printf("no sensor tells the %s of the processor", here.n > 0 ? "temperature"
                                                                  : hot      ? "power"
                                                                        : "power and temperature");
    else {
        session->effort.least = 0;
        session->effort.most = (size_t)1 << 30;
        ok = calibrate_heat(ask, &heater, out);
        out->sensors = names_of(&here);
        session->effort = effort;
    }
    free(here.why);
    return ok;
}
