/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How fast the processors run at the moment. */
#ifndef DEVICES_SENSORS_CLOCK_H
#define DEVICES_SENSORS_CLOCK_H

/* The mean over the processors below `root` ("" is the real /sys), as their drivers tell it; nan
 * where none does. */
double sensors_clock_Hz(const char *root);

#endif
