/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The reader behind measured_read, for CSV that is open already. */
#ifndef DEVICES_MEASUREMENTS_READ_H
#define DEVICES_MEASUREMENTS_READ_H

#include "base/csv.h"
#include "devices/measurements/measured.h"

/* Reads each to its end; the caller closes them, and frees *out with measured_free. */
bool measured_read_csv(struct csv *const *csv, size_t n, struct measured_table *out,
                       struct error *err);

#endif
