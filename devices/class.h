/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A class: what devices of one kind, memory type and generation have in common. Its file is a part
 * of a device file, laid under each device that names it, and says how well it is known. */
#ifndef DEVICES_CLASS_H
#define DEVICES_CLASS_H

#include "base/fields.h"

/* How far single devices scatter around a value of the class. */
struct device_class_spread {
    char *name;   /* path in the device file: "memory.efficiency" */
    double sigma; /* of shares themselves, of the logarithm of times */
};

/* What the class was fitted to. */
struct device_class_fit {
    char **devices; /* members that have rows; none: by hand */
    size_t n_devices;
    uint64_t rows;
    /* Medians of |predicted - measured| / measured over the members, each predicted from a class
     * fitted without it; nan when there are no such rows. */
    double decode_error, prefill_error;
};

struct device_class {
    char *schema, *name, *title;
    char *parent; /* class that gives what this one does not; NULL: none */
    const struct tree *compute, *attention, *memory, *overheads; /* parts of a device; borrowed */
    struct device_class_fit fit;
    struct device_class_spread *spread;
    size_t n_spreads;
};

/* The field table of kind "class". */
extern const struct field device_class_fields[];

/* The caller frees *out with device_class_free; it borrows from `node`. */
bool device_class_read(const struct tree *node, struct device_class *out, struct error *err);
void device_class_free(struct device_class *class);

/* The class's own spread of a parameter, nan when it tells none. */
double device_class_sigma(const struct device_class *class, const char *path);

/* Fewer members than this say little of the next one. */
enum { DEVICE_CLASS_SMALL = 5 };

/* Gives a device map what it lacks of the class's parts, each with a source that names the class.
 */
void device_class_fill(const struct device_class *class, struct tree *device);

#endif
