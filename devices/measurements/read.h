/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The readers behind measured_read and measured_thermal_read, for CSV that is open already. */
#ifndef DEVICES_MEASUREMENTS_READ_H
#define DEVICES_MEASUREMENTS_READ_H

#include "base/csv.h"
#include "devices/measurements/measured.h"
#include "devices/measurements/thermal_log.h"

/* Reads each to its end; the caller closes them, and frees *out with measured_free. */
bool measured_read_csv(struct csv *const *csv, size_t n, struct measured_table *out,
                       struct error *err);
/* As above; the caller frees *out with measured_thermal_free. */
bool measured_thermal_read_csv(struct csv *csv, const char *where, struct measured_thermal *out,
                               struct error *err);

#endif
