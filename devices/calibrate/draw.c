/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "devices/calibrate/draw.h"

#include "base/memory.h"
#include "base/text.h"
#include "devices/power.h"
#include "devices/sensors/meter.h"

#include <math.h>
#include <stdlib.h>
#include <time.h>

enum { MOST_METERS = 16 };

/* Between two readings; they take some of the time that the load should have. */
static const double period_s = 0.02;
/* The share of a load's time that chips and clocks get to settle. */
static const double settling = 0.25;

/* Reads between the repetitions of a load. */
struct watch {
    const struct sensors *sensors;
    const struct sensor *sensor[MOST_METERS]; /* (n) */
    struct sensor_meter meter[MOST_METERS];   /* (n) */
    struct sensor_reading reading[MOST_METERS];
    size_t n, readings;
    double settle_s, begin_s, next_s; /* begin_s 0: not begun */
    double K_sum;
    size_t K_readings;
    calibrate_go_on *go_on;
    void *context;
};

static void read_all(struct watch *watch, double now_s)
{
    bool first = watch->readings++ == 0;
    for (size_t i = 0; i < watch->n; i++)
        if (first)
            sensor_meter_start(&watch->meter[i], watch->sensors, watch->sensor[i], now_s);
        else
            sensor_meter_read(&watch->meter[i], now_s, &watch->reading[i]);
    double die_K = sensors_processor_K(watch->sensors);
    if (isfinite(die_K)) {
        watch->K_sum += die_K;
        watch->K_readings++;
    }
}

static bool look(void *context)
{
    struct watch *watch = context;
    double now_s = calibrate_now_s();
    if (watch->begin_s <= 0) {
        watch->begin_s = now_s;
        watch->next_s = now_s + watch->settle_s;
    }
    if (now_s >= watch->next_s) {
        read_all(watch, now_s);
        watch->next_s = now_s + period_s;
    }
    return !watch->go_on || watch->go_on(watch->context);
}

static void begin(struct watch *watch, double s)
{
    watch->settle_s = settling * s;
    watch->begin_s = watch->K_sum = 0;
    watch->readings = watch->K_readings = 0;
}

static double mean_K(const struct watch *watch)
{
    return watch->K_readings > 0 ? watch->K_sum / (double)watch->K_readings : NAN;
}

static void blame(struct calibrate_draw *out, const char *name, const char *what)
{
    if (!out->why)
        out->why = mem_printf("%s %s", name, what);
}

/* Watts of all sensors together; nan, with the reason, where one of them does not tell. */
static double total_W(const struct watch *watch, struct calibrate_draw *out)
{
    double sum_W = 0;
    for (size_t i = 0; i < watch->n; i++) {
        const struct sensor_reading *reading = &watch->reading[i];
        const char *name = watch->sensor[i]->name;
        if (watch->readings < 3)
            blame(out, name, "was read too seldom");
        else if (reading->state != SENSOR_GOOD)
            blame(out, name, sensor_state_text(reading->state));
        else if (reading->still && watch->sensor[i]->quantity == SENSOR_ENERGY)
            blame(out, name, sensor_state_text(SENSOR_STUCK));
        sum_W += reading->mean_W;
    }
    return out->why ? NAN : sum_W;
}

static bool rest(struct watch *watch, double s, struct calibrate_draw *out)
{
    const struct timespec pause = {0, 10000000};
    double end_s = calibrate_now_s() + s * (1 + settling);
    bool ok = true;
    begin(watch, s);
    while (ok && calibrate_now_s() < end_s) {
        ok = look(watch);
        nanosleep(&pause, NULL);
    }
    if (ok) {
        out->idle_W = total_W(watch, out);
        out->idle_K = mean_K(watch);
    }
    return ok;
}

struct plan {
    const char *name;
    struct calibrate_sample sample;
    bool far; /* a working set out of caches */
};

/* Arithmetic alone, a cache alone, memory alone, and products between them. */
static const struct plan plans[CALIBRATE_LOADS] = {
    {"registers", {.kind = CALIBRATE_PEAK, .name = "f32"}, false},
    {"cache", {.kind = CALIBRATE_STREAM, .name = "read"}, false},
    {"memory", {.kind = CALIBRATE_STREAM, .name = "read"}, true},
    {"one row",
     {.kind = CALIBRATE_PRODUCT,
      .name = "gemv",
      .format = KERNELS_F16,
      .rows = 1,
      .outputs = 8192,
      .inputs = 2048},
     true},
    {"many rows",
     {.kind = CALIBRATE_PRODUCT,
      .name = "gemm",
      .format = KERNELS_F32,
      .rows = 512,
      .outputs = 2048,
      .inputs = 2048},
     true}};

/* Of each thread, well within its first cache. */
static const double near_B = 16384;

static bool work(struct calibrate_session *session, struct watch *watch, const struct plan *plan,
                 struct calibrate_draw *out)
{
    struct calibrate_sample sample = plan->sample;
    sample.working_set_B =
        plan->far ? calibrate_far_B(session) : near_B * (double)session->kernels->threads;
    begin(watch, session->effort.s);
    if (!calibrate_measure(session, &sample))
        return false;
    if (sample.timing.metered)
        blame(out, "another program", "ran beside the loads");
    double bytes = plan->far ? sample.bytes : 0, time_s = sample.timing.median_s;
    out->load[out->n++] = (struct calibrate_load){plan->name, total_W(watch, out), mean_K(watch),
                                                  sample.flops / time_s, bytes / time_s};
    return true;
}

/* A chip that tells the same whatever runs tells nothing. */
static void judge(const struct watch *watch, struct calibrate_draw *out)
{
    double most_W = out->idle_W;
    for (size_t i = 0; i < out->n; i++)
        most_W = fmax(most_W, out->load[i].power_W);
    if (!out->why && !(most_W > out->idle_W))
        blame(out, watch->sensor[0]->name, "tells no more under load than at rest");
}

static bool find_sensors(const struct sensors *sensors, struct watch *watch,
                         struct calibrate_draw *out)
{
    struct text names = {0};
    watch->n = sensors_of_processor(sensors, watch->sensor, MOST_METERS);
    for (size_t i = 0; i < watch->n; i++)
        text_add(&names, "%s%s", i ? " + " : "", watch->sensor[i]->name);
    out->sensors = names.bytes;
    out->whole = watch->n > 0 && watch->sensor[0]->place == SENSOR_MACHINE;
    return watch->n > 0;
}

bool calibrate_draw(struct calibrate_session *session, const struct sensors *sensors, double s,
                    struct calibrate_draw *out)
{
    const struct calibrate_effort effort = session->effort;
    struct watch watch = {.sensors = sensors, .go_on = effort.go_on, .context = effort.context};
    *out = (struct calibrate_draw){.idle_W = NAN, .idle_K = NAN};
    if (!find_sensors(sensors, &watch, out))
        return true;
    session->effort.s = s;
    session->effort.most = (size_t)1 << 30;
    session->effort.go_on = look;
    session->effort.context = &watch;
    bool ok = rest(&watch, s, out);
    for (size_t i = 0; ok && !out->why && i < CALIBRATE_LOADS; i++)
        ok = work(session, &watch, &plans[i], out);
    session->effort = effort;
    if (ok)
        judge(&watch, out);
    else
        blame(out, "the measurement", "was stopped");
    return ok;
}

void calibrate_draw_free(struct calibrate_draw *draw)
{
    free(draw->sensors);
    free(draw->why);
    *draw = (struct calibrate_draw){0};
}

/* Leakage is told at the nominal voltage, which the loads run at. */
bool calibrate_draw_split(const struct calibrate_draw *draw, const struct device_leakage *leakage,
                          struct sensor_split *out)
{
    struct sensor_load load[CALIBRATE_LOADS];
    double rest_W = device_leakage_W(leakage, draw->idle_K, 1, 1);
    for (size_t i = 0; i < draw->n; i++) {
        const struct calibrate_load *one = &draw->load[i];
        double more_W = device_leakage_W(leakage, one->die_K, 1, 1) - rest_W;
        load[i] =
            (struct sensor_load){one->power_W - draw->idle_W - (isfinite(more_W) ? more_W : 0),
                                 one->FLOP_per_s, one->B_per_s};
    }
    return !draw->why && draw->n > 0 && sensor_split(load, draw->n, out);
}
