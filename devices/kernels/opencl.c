/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "devices/kernels/opencl.h"

#include "base/memory.h"

#include <stdlib.h>

void opencl_find(struct opencl_devices *out)
{
    const double most_s = 60;
    opencl_find_in("libOpenCL.so.1", most_s, out);
}

void opencl_find_in(const char *library, double most_s, struct opencl_devices *out)
{
    (void)most_s;
    *out = (struct opencl_devices){.why = mem_printf("%s is not installed", library)};
}

void opencl_devices_free(struct opencl_devices *devices)
{
    for (size_t i = 0; i < devices->n; i++) {
        free(devices->device[i].id);
        free(devices->device[i].title);
        free(devices->device[i].platform);
        free(devices->device[i].driver);
        free(devices->device[i].why);
    }
    free(devices->device);
    free(devices->why);
    *devices = (struct opencl_devices){0};
}

struct kernels *kernels_open_opencl(const char *id, struct error *err)
{
    error_machine(err, "%s: no such device", id);
    return NULL;
}
