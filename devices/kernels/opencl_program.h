/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The sources of the kernels, files of devices/kernels/opencl/ that the build turns into lines of
 * C. Internal to the files opencl*.c. */
#ifndef DEVICES_KERNELS_OPENCL_PROGRAM_H
#define DEVICES_KERNELS_OPENCL_PROGRAM_H

#include <stddef.h>

struct opencl_source {
    const char *name;        /* "formats.cl" */
    const char *const *line; /* (n) with their ends */
    size_t n;
};

/* The file of this name. */
const struct opencl_source *opencl_source(const char *name);

#endif
