/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "devices/sensors/sensors.h"

#include "base/memory.h"
#include "devices/sensors/node.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What no chip of a running machine can tell: broken ones say -274, 0 K or 65 000 degrees. */
static const double zero_K = 273.15, coldest_K = 193.15, hottest_K = 473.15, most_W = 1e5;

static void free_sensor(struct sensor *one)
{
    free(one->name);
    free(one->file);
    free(one->times);
    free(one->status);
}

/* Why the first reading failed. */
static const char *reason(const struct sensor *one, enum sensor_state state)
{
    if (one->kind == SENSOR_NVML)
        return "the driver does not tell it";
    if (one->status && state == SENSOR_VANISHED && access(one->file, R_OK) == 0)
        return "the battery is not discharged, so that it does not feed the machine";
    if (state == SENSOR_GARBLED)
        return sensor_state_text(state);
    return access(one->file, R_OK) != 0 && errno == EACCES ? "may be read by the administrator only"
                                                           : "cannot be read";
}

void sensors_skip(struct sensors *sensors, const char *name, const char *why)
{
    sensors->skipped = mem_grow(sensors->skipped, &sensors->skipped_room, sensors->n_skipped + 1,
                                sizeof *sensors->skipped);
    sensors->skipped[sensors->n_skipped++] =
        (struct sensor_skipped){mem_strdup(name), mem_strdup(why)};
}

void sensors_add(struct sensors *sensors, struct sensor one)
{
    double value;
    enum sensor_state state = sensor_read(sensors, &one, &value);
    if (state == SENSOR_GOOD) {
        sensors->sensor = mem_grow(sensors->sensor, &sensors->room, sensors->n + 1, sizeof one);
        sensors->sensor[sensors->n++] = one;
        return;
    }
    char *name = mem_printf("%s, %s", one.name, sensor_quantity_text(one.quantity));
    sensors_skip(sensors, name, reason(&one, state));
    free(name);
    free_sensor(&one);
}

struct sensors *sensors_open(const char *root, const char *nvml)
{
    struct sensors *sensors = mem_calloc(1, sizeof *sensors);
    sensors_find_rapl(sensors, root);
    sensors_find_hwmon(sensors, root);
    sensors_find_iio(sensors, root);
    sensors_find_zones(sensors, root);
    sensors_find_batteries(sensors, root);
    sensors_find_nvml(sensors, nvml);
    return sensors;
}

void sensors_close(struct sensors *sensors)
{
    if (!sensors)
        return;
    for (size_t i = 0; i < sensors->n; i++)
        free_sensor(&sensors->sensor[i]);
    for (size_t i = 0; i < sensors->n_skipped; i++) {
        free(sensors->skipped[i].name);
        free(sensors->skipped[i].why);
    }
    nvml_close(sensors->nvml);
    free(sensors->sensor);
    free(sensors->skipped);
    free(sensors);
}

static enum sensor_state read_raw(const struct sensors *sensors, const struct sensor *sensor,
                                  double *value)
{
    double factor;
    if (!sensor->file)
        return nvml_read(sensors->nvml, sensor, value);
    enum sensor_state state = node_number(sensor->file, value);
    if (state != SENSOR_GOOD || !sensor->times)
        return state;
    state = node_number(sensor->times, &factor);
    *value *= factor;
    return state;
}

static bool is_discharged(const struct sensor *sensor)
{
    char *status = sensor->status ? node_text(sensor->status) : NULL;
    bool discharged = !sensor->status || (status && strcmp(status, "Discharging") == 0);
    free(status);
    return discharged;
}

static bool is_possible(enum sensor_quantity quantity, double value)
{
    if (quantity == SENSOR_TEMPERATURE)
        return value > coldest_K && value < hottest_K;
    return value >= 0 && (quantity == SENSOR_ENERGY || value < most_W);
}

enum sensor_state sensor_read(const struct sensors *sensors, const struct sensor *sensor,
                              double *value)
{
    enum sensor_state state =
        is_discharged(sensor) ? read_raw(sensors, sensor, value) : SENSOR_VANISHED;
    if (state == SENSOR_GOOD) {
        *value *= sensor->unit;
        /* Some drivers tell the current of a battery that is discharged below zero. */
        if (sensor->kind == SENSOR_BATTERY)
            *value = fabs(*value);
        if (sensor->quantity == SENSOR_TEMPERATURE)
            *value += zero_K;
        if (!is_possible(sensor->quantity, *value))
            state = SENSOR_GARBLED;
    }
    if (state != SENSOR_GOOD)
        *value = NAN;
    return state;
}

const char *sensor_state_text(enum sensor_state state)
{
    static const char *const texts[SENSOR_STATES] = {
        "is good", "cannot be read any more",          "tells what cannot be", "does not count",
        "jumped",  "was read too seldom for its range"};
    return texts[state];
}

const char *sensor_quantity_text(enum sensor_quantity quantity)
{
    static const char *const texts[SENSOR_QUANTITIES] = {"energy", "power", "temperature"};
    return texts[quantity];
}

const char *sensor_place_text(enum sensor_place place)
{
    static const char *const texts[SENSOR_PLACES] = {"processor", "cores",   "memory",
                                                     "GPU",       "machine", "elsewhere"};
    return texts[place];
}

static bool is_at(const struct sensor *one, enum sensor_place place, enum sensor_quantity quantity)
{
    return one->place == place && one->quantity == quantity && one->kind != SENSOR_BATTERY;
}

/* All of one kind, or its first one where they may tell the same twice. */
static size_t take(const struct sensors *sensors, enum sensor_place place,
                   enum sensor_quantity quantity, const struct sensor **out, size_t most)
{
    size_t n = 0;
    for (size_t i = 0; i < sensors->n; i++) {
        const struct sensor *one = &sensors->sensor[i];
        bool first = n == 0;
        bool other = !first && (one->kind != out[0]->kind || place == SENSOR_MACHINE);
        if (is_at(one, place, quantity) && !other && n < most)
            out[n++] = one;
    }
    return n;
}

size_t sensors_of_processor(const struct sensors *sensors, const struct sensor **out, size_t most)
{
    static const struct {
        enum sensor_place place;
        enum sensor_quantity quantity;
    } order[] = {{SENSOR_PROCESSOR, SENSOR_ENERGY},
                 {SENSOR_PROCESSOR, SENSOR_POWER},
                 {SENSOR_MACHINE, SENSOR_ENERGY},
                 {SENSOR_MACHINE, SENSOR_POWER}};
    size_t n = 0;
    for (size_t i = 0; n == 0 && i < sizeof order / sizeof *order; i++) {
        n = take(sensors, order[i].place, order[i].quantity, out, most);
        if (n > 0 && order[i].place == SENSOR_PROCESSOR)
            n += take(sensors, SENSOR_MEMORY, order[i].quantity, out + n, most - n);
    }
    return n;
}

static double highest_K(const struct sensors *sensors, bool processor)
{
    double most_K = NAN, value;
    for (size_t i = 0; i < sensors->n; i++) {
        const struct sensor *one = &sensors->sensor[i];
        bool inside = one->place == SENSOR_PROCESSOR || one->place == SENSOR_CORES;
        if ((inside || !processor) && one->quantity == SENSOR_TEMPERATURE &&
            sensor_read(sensors, one, &value) == SENSOR_GOOD)
            most_K = fmax(most_K, value);
    }
    return most_K;
}

double sensors_processor_K(const struct sensors *sensors)
{
    return highest_K(sensors, true);
}

double sensors_hottest_K(const struct sensors *sensors)
{
    return highest_K(sensors, false);
}
