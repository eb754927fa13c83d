/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Columns of a table by name. */
#ifndef DEVICES_MEASUREMENTS_COLUMNS_H
#define DEVICES_MEASUREMENTS_COLUMNS_H

#include "devices/measurements/measured.h"

/* False when there is none (no fault is set). */
bool measured_column_find(const struct measured_table *table, const char *name, size_t *column);
/* As measured_column_find, but an absent column is a fault that names the nearest and all. */
bool measured_column_need(const struct measured_table *table, const char *name, size_t *column,
                          struct error *err);

#endif
