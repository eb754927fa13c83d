/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "devices/calibrate/heat.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>

/* Between two readings. */
static const double period_s = 0.5;
/* A temperature is steady when its mean over so long exceeds the mean of as long before by less
 * than this. Sensors that tell whole degrees are averaged out. */
static const double window_s = 30, steady_K = 0.3;

static void blame(struct calibrate_heat *out, const char *why)
{
    out->n = 0;
    if (!out->why)
        out->why = mem_strdup(why);
}

/* Mean temperature of a phase over the readings from `begin_s` to `end_s`; nan: none. */
static double mean_K(const struct calibrate_heat *heat, enum calibrate_heat_phase phase,
                     double begin_s, double end_s)
{
    double sum_K = 0, n = 0;
    for (size_t i = heat->n; i-- > 0 && heat->reading[i].time_s > begin_s;)
        if (heat->reading[i].phase == phase && heat->reading[i].time_s <= end_s) {
            sum_K += heat->reading[i].die_K;
            n++;
        }
    return n > 0 ? sum_K / n : NAN;
}

static bool is_steady(const struct calibrate_heat *heat, enum calibrate_heat_phase phase,
                      double since_s)
{
    double now_s = heat->reading[heat->n - 1].time_s;
    if (now_s - since_s < 2 * window_s)
        return false;
    double late_K = mean_K(heat, phase, now_s - window_s, now_s);
    double early_K = mean_K(heat, phase, now_s - 2 * window_s, now_s - window_s);
    return fabs(late_K - early_K) < steady_K;
}

/* What a run is made with. */
struct run {
    const struct calibrate_heater *heater;
    struct calibrate_heat *out;
    double begin_s;
    bool stopped;
};

/* Spends a period and reads; false: the run is over, with the reason. */
static bool step(struct run *run, enum calibrate_heat_phase phase)
{
    const struct calibrate_heater *heater = run->heater;
    struct calibrate_heat *out = run->out;
    struct calibrate_heat_reading one = {.phase = phase};
    double last_s = out->n > 0 ? out->reading[out->n - 1].time_s : 0;
    if (!heater->spend(heater->context, phase == CALIBRATE_HEAT_UP, period_s, &one.rate)) {
        run->stopped = true;
        blame(out, "the run was stopped");
        return false;
    }
    const char *why = heater->read(heater->context, &one.power_W, &one.die_K, &one.clock_Hz);
    one.time_s = heater->now_s(heater->context) - run->begin_s;
    if (!why && !(one.time_s > last_s))
        why = "the clock stands still";
    if (why) {
        blame(out, why);
        return false;
    }
    out->reading = mem_grow(out->reading, &out->room, out->n + 1, sizeof *out->reading);
    out->reading[out->n++] = one;
    return true;
}

/* Goes on until the time is over or, but for the rest before, the temperature is steady or too
 * high; *took is how long it was. */
static bool spend_phase(struct run *run, enum calibrate_heat_phase phase, double most_s,
                        double most_K, double *took_s)
{
    struct calibrate_heat *out = run->out;
    double since_s = out->n > 0 ? out->reading[out->n - 1].time_s : 0;
    bool over = false;
    while (!over) {
        if (!step(run, phase))
            return false;
        const struct calibrate_heat_reading *last = &out->reading[out->n - 1];
        bool up = phase == CALIBRATE_HEAT_UP;
        bool steady = phase != CALIBRATE_HEAT_REST && is_steady(out, phase, since_s);
        out->limited = out->limited || (up && last->die_K > most_K);
        out->steady = out->steady || (up && steady);
        *took_s = last->time_s - since_s;
        over = steady || *took_s >= most_s || (up && out->limited);
    }
    return true;
}

bool calibrate_heat(const struct calibrate_heat_ask *ask, const struct calibrate_heater *heater,
                    struct calibrate_heat *out)
{
    struct run run = {.heater = heater, .out = out};
    double power_W, die_K, clock_Hz, before_s;
    *out = (struct calibrate_heat){.reading = NULL};
    const char *why = heater->read(heater->context, &power_W, &die_K, &clock_Hz);
    run.begin_s = heater->now_s(heater->context);
    if (why) {
        blame(out, why);
        return true;
    }
    if (spend_phase(&run, CALIBRATE_HEAT_REST, ask->rest_s, INFINITY, &before_s) &&
        spend_phase(&run, CALIBRATE_HEAT_UP, ask->most_s, ask->most_K, &out->up_s))
        spend_phase(&run, CALIBRATE_HEAT_DOWN, fmax(out->up_s, 2 * ask->rest_s), INFINITY,
                    &out->down_s);
    return !run.stopped;
}

void calibrate_heat_free(struct calibrate_heat *heat)
{
    free(heat->reading);
    free(heat->sensors);
    free(heat->why);
    *heat = (struct calibrate_heat){.reading = NULL};
}
