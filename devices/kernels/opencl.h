/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Kernels in OpenCL C 1.2, for GPUs and other accelerators. libOpenCL.so.1 is loaded when the
 * program runs. Drivers may abort, crash or hang: devices are found and tried in a process of their
 * own, so that this one only opens what was seen to work. */
#ifndef DEVICES_KERNELS_OPENCL_H
#define DEVICES_KERNELS_OPENCL_H

#include "devices/kernels/kernels.h"

#include <stdbool.h>
#include <stddef.h>

/* One device that OpenCL knows. */
struct opencl_device {
    char *id;    /* "opencl:0", counted over all platforms: what kernels_open_opencl takes */
    char *title; /* the device's own name */
    char *platform, *driver;                 /* of the platform; version of the driver */
    bool gpu, processor;                     /* kinds of device; neither: another accelerator */
    bool shares_memory;                      /* with the host */
    unsigned units;                          /* that compute */
    double memory_B, most_alloc_B, clock_Hz; /* 0: not told */
    double cache_B; /* what working sets must exceed to come from memory: at least what the driver
                       tells, since many tell a smaller cache than the last */
    char *why;      /* NULL: usable; else why it is not: "its driver ended with signal 11" */
};

struct opencl_devices {
    struct opencl_device *device; /* (n) */
    size_t n;
    char *why; /* there are none or not all: "libOpenCL.so.1 is not installed"; else NULL */
};

/* Finds the devices and tries every kernel on each. Call it before threads are started: the
 * processes that it forks would inherit their locks. Freed with opencl_devices_free. */
void opencl_find(struct opencl_devices *out);
/* The same with another library, waiting at most `most_s` for it and for each device. */
void opencl_find_in(const char *library, double most_s, struct opencl_devices *out);
void opencl_devices_free(struct opencl_devices *devices);

/* Kernels on the device `id` of opencl_find. NULL: err says why. */
struct kernels *kernels_open_opencl(const char *id, struct error *err);

#endif
