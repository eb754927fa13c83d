/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Classes of the catalogue and their parents. */
#ifndef SCENARIOS_CLASS_H
#define SCENARIOS_CLASS_H

#include "devices/class.h"

/* A class, its parent, the parent's parent ... */
struct scenario_class {
    struct device_class *class; /* (n) */
    struct tree **tree;         /* (n) what they borrow from */
    size_t n;
};

/* Reads a class and its parents; n is 0 when the catalogue has no class of that name. The caller
 * frees *out with scenario_class_free, also after a failure. */
bool scenario_class_read(const char *name, struct scenario_class *out, struct error *err);
void scenario_class_free(struct scenario_class *class);

/* The spread of a parameter that the nearest class tells, nan when none does. */
double scenario_class_sigma(const struct scenario_class *class, const char *path);

/* Gives a device map what it lacks from the class that it names. A class that the catalogue does
 * not know gives nothing. */
bool scenario_class_fill(struct tree *device, struct error *err);

#endif
