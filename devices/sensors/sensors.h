/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What this machine tells of its energy, power and temperature. A sensor that cannot be read is
 * named with the reason, and no value is ever made up for it. */
#ifndef DEVICES_SENSORS_SENSORS_H
#define DEVICES_SENSORS_SENSORS_H

#include <stdbool.h>
#include <stddef.h>

enum sensor_kind {
    SENSOR_RAPL,    /* energy counters of processors, in /sys/class/powercap */
    SENSOR_HWMON,   /* /sys/class/hwmon */
    SENSOR_INA3221, /* power rails of Jetson boards: hwmon, or iio in older systems */
    SENSOR_ZONE,    /* /sys/class/thermal */
    SENSOR_BATTERY, /* /sys/class/power_supply, while it is discharged */
    SENSOR_NVML,    /* NVIDIA's library */
    SENSOR_KINDS
};

enum sensor_quantity { SENSOR_ENERGY, SENSOR_POWER, SENSOR_TEMPERATURE, SENSOR_QUANTITIES };

/* What it is about. */
enum sensor_place {
    SENSOR_PROCESSOR, /* whole packages */
    SENSOR_CORES,     /* a part of a processor */
    SENSOR_MEMORY,
    SENSOR_GPU,
    SENSOR_MACHINE, /* all that the supply feeds */
    SENSOR_ELSEWHERE,
    SENSOR_PLACES
};

struct sensor {
    enum sensor_kind kind;
    enum sensor_quantity quantity;
    enum sensor_place place;
    char *name;    /* "RAPL package-0" */
    char *file;    /* that tells the number; NULL: NVML */
    char *times;   /* another file whose number is multiplied with it; NULL: none */
    char *status;  /* a file that must say "Discharging"; NULL: none */
    double unit;   /* one of the number, in J, W or K */
    double range;  /* where the counter begins anew, J; 0: not told */
    size_t number; /* NVML: of the device */
};

struct sensor_skipped {
    char *name, *why;
};

struct nvml;

struct sensors {
    struct sensor *sensor; /* (n) each could be read once */
    size_t n, room;
    struct sensor_skipped *skipped; /* (n_skipped) found, and of no use */
    size_t n_skipped, skipped_room;
    struct nvml *nvml; /* NULL: not there */
};

/* The library of NVIDIA's driver. */
#define SENSORS_NVML "libnvidia-ml.so.1"

/* Looks below `root` ("" is the real /sys) and loads a library of this name, NULL: none. Never
 * NULL; freed with sensors_close. */
struct sensors *sensors_open(const char *root, const char *nvml);
void sensors_close(struct sensors *sensors);

enum sensor_state {
    SENSOR_GOOD,
    SENSOR_VANISHED, /* was there and is no more */
    SENSOR_GARBLED,  /* tells no number, or none that can be */
    SENSOR_STUCK,    /* a counter that does not count */
    SENSOR_JUMPED,   /* a counter that counts more than can be, or backward without wrapping */
    SENSOR_LATE,     /* read so seldom that the counter may have wrapped unseen */
    SENSOR_STATES
};

/* J, W or K. *value is nan unless it is good. */
enum sensor_state sensor_read(const struct sensors *sensors, const struct sensor *sensor,
                              double *value);

/* "cannot be read any more" */
const char *sensor_state_text(enum sensor_state state);
const char *sensor_quantity_text(enum sensor_quantity quantity); /* "energy" */
const char *sensor_place_text(enum sensor_place place);          /* "processor" */

/* The sensors that together tell what the processors and, where it is told, their memory draw; the
 * whole machine's where nothing is nearer. At most `most`; 0: none does. Batteries are told too
 * seldom to be one of them. */
size_t sensors_of_processor(const struct sensors *sensors, const struct sensor **out, size_t most);
/* The highest temperature of the processors, K; nan where none is told. */
double sensors_processor_K(const struct sensors *sensors);
/* The same of all that tell a temperature. */
double sensors_hottest_K(const struct sensors *sensors);

#endif
