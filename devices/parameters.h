/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The parameters of a device's speed that measurements can tell of. A class gives their priors;
 * a data sheet gives none of them. */
#ifndef DEVICES_PARAMETERS_H
#define DEVICES_PARAMETERS_H

#include "analysis/fit.h"
#include "devices/device.h"

/* What kind of measurement tells of a parameter. */
enum device_evidence { DEVICE_FROM_RUNS = 1, DEVICE_FROM_OPERATORS = 2, DEVICE_FROM_POWER = 4 };

struct device_parameter {
    const char *path; /* the part of the device file that it stands in: "memory" */
    const char *key;  /* "efficiency" */
    double scale;     /* one file unit in SI */
    enum fit_scale coordinate;
    double low, high;   /* SI; the field table's range, or narrower */
    double sigma;       /* how far devices of a class scatter: of the value for shares, of its
                           logarithm for times */
    int evidence;       /* enum device_evidence */
    const char *format; /* storage format that it belongs to; NULL: none */
};

/* The scalar parameters; each device has further ones, the operations to unpack a weight of each
 * storage format that it lists. */
size_t device_parameters(const struct device *device);
/* The texts of *out are borrowed from the device or constant. */
void device_parameter(const struct device *device, size_t i, struct device_parameter *out);
/* Where parameter `i` stands in the device. */
double *device_parameter_value(struct device *device, size_t i);

/* "memory.efficiency", "compute.dequant.Q4_0.ops_per_weight". Freed with free(). */
char *device_parameter_path(const struct device_parameter *parameter);

#endif
