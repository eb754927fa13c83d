/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files of /sys as sensors. Internal to this folder. */
#ifndef DEVICES_SENSORS_NODE_H
#define DEVICES_SENSORS_NODE_H

#include "devices/sensors/sensors.h"

/* The text of a small file without blanks at its end. NULL: it cannot be read, or is no text of
 * one line. Freed with free(). */
char *node_text(const char *path);
/* The same for folder/name.
 * Freed with free(). */
char *node_text_in(const char *folder, const char *name);
/* The number that the whole file is. VANISHED: it cannot be read. */
enum sensor_state node_number(const char *path, double *out);
/* The folder of "hwmon0/temp1", below `top`, in *folder, and "temp1". Both freed with free(). */
char *node_split(const char *top, const char *name, char **folder);
/* Whether a text holds a word, whatever its case. */
bool node_has(const char *text, const char *word);

/* Takes a sensor with its texts, into the list when it can be read, else into those skipped. */
void sensors_add(struct sensors *sensors, struct sensor one);
void sensors_skip(struct sensors *sensors, const char *name, const char *why);

/* Looks for sensors of one kind. */
void sensors_find_rapl(struct sensors *sensors, const char *root);
void sensors_find_hwmon(struct sensors *sensors, const char *root);
void sensors_find_zones(struct sensors *sensors, const char *root);
void sensors_find_batteries(struct sensors *sensors, const char *root);
void sensors_find_nvml(struct sensors *sensors, const char *library);

/* Power rails of an INA3221: `chip` is its hwmon folder, "/sys/class/hwmon/hwmon2". */
void sensors_add_rails(struct sensors *sensors, const char *chip);
/* The same where the kernel tells them under iio. */
void sensors_find_iio(struct sensors *sensors, const char *root);

void nvml_close(struct nvml *nvml);
enum sensor_state nvml_read(const struct nvml *nvml, const struct sensor *sensor, double *out);

#endif
