/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What /proc and /sys tell of a machine. Internal to the files places*.c. */
#ifndef DEVICES_KERNELS_PLACES_SYSTEM_H
#define DEVICES_KERNELS_PLACES_SYSTEM_H

#include "devices/kernels/places.h"

/* Fills in all but the topology, from files below `root`. */
void places_read_system(struct places *places, const char *root);

#endif
