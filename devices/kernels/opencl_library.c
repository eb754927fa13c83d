/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "devices/kernels/opencl_library.h"

#include "base/memory.h"

#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A function of the library. ISO C has no cast from a data to a function pointer; POSIX says that
 * the bits are the same. */
static bool find(void *library, const char *name, void *function)
{
    void *symbol = dlsym(library, name);
    memcpy(function, &symbol, sizeof symbol);
    return symbol != NULL;
}

char *opencl_load(const char *name, struct opencl_library *out)
{
    *out = (struct opencl_library){.handle = dlopen(name, RTLD_NOW | RTLD_LOCAL)};
    if (!out->handle)
        return mem_printf("%s is not installed", name);
    const char *missing = NULL;
#define OPENCL_FIND(function)                                                                      \
    if (!find(out->handle, "cl" #function, &out->function) && !missing)                            \
        missing = "cl" #function;
    OPENCL_FUNCTIONS(OPENCL_FIND)
#undef OPENCL_FIND
    if (!missing)
        return NULL;
    *out = (struct opencl_library){0};
    return mem_printf("%s is older than OpenCL 1.2: it has no %s", name, missing);
}

static void list_platform(const struct opencl_library *library, cl_platform_id platform,
                          struct opencl_ids *out)
{
    const cl_device_type types = CL_DEVICE_TYPE_CPU | CL_DEVICE_TYPE_GPU |
                                 CL_DEVICE_TYPE_ACCELERATOR | CL_DEVICE_TYPE_DEFAULT;
    cl_uint n = 0;
    if (library->GetDeviceIDs(platform, types, 0, NULL, &n) != CL_SUCCESS || n == 0)
        return;
    cl_device_id *device = mem_calloc(n, sizeof *device);
    if (library->GetDeviceIDs(platform, types, n, device, NULL) == CL_SUCCESS) {
        out->device = mem_grow(out->device, &out->room, out->n + n, sizeof *out->device);
        out->platform =
            mem_grow(out->platform, &out->platform_room, out->n + n, sizeof *out->platform);
        for (cl_uint i = 0; i < n; i++) {
            out->device[out->n] = device[i];
            out->platform[out->n++] = platform;
        }
    }
    free(device);
}

void opencl_list(const struct opencl_library *library, struct opencl_ids *out)
{
    cl_uint n = 0;
    *out = (struct opencl_ids){0};
    if (library->GetPlatformIDs(0, NULL, &n) != CL_SUCCESS || n == 0)
        return;
    cl_platform_id *platform = mem_calloc(n, sizeof *platform);
    if (library->GetPlatformIDs(n, platform, NULL) == CL_SUCCESS)
        for (cl_uint i = 0; i < n; i++)
            list_platform(library, platform[i], out);
    free(platform);
}

void opencl_ids_free(struct opencl_ids *ids)
{
    free(ids->device);
    free(ids->platform);
    *ids = (struct opencl_ids){0};
}

/* Without blanks at the ends and without what would break a line. */
static void tidy(char *text)
{
    size_t first = strspn(text, " \t\r\n"), length = strlen(text);
    memmove(text, text + first, length - first + 1);
    for (char *at = text; *at; at++)
        *at = (unsigned char)*at < ' ' ? ' ' : *at;
    for (length = strlen(text); length > 0 && text[length - 1] == ' '; length--)
        text[length - 1] = '\0';
}

char *opencl_text(const struct opencl_library *library, cl_device_id device, cl_device_info what)
{
    size_t bytes = 0;
    if (library->GetDeviceInfo(device, what, 0, NULL, &bytes) != CL_SUCCESS)
        bytes = 0;
    char *text = mem_calloc(bytes + 1, 1);
    if (bytes > 0 && library->GetDeviceInfo(device, what, bytes, text, NULL) != CL_SUCCESS)
        text[0] = '\0';
    tidy(text);
    return text;
}

static char *platform_text(const struct opencl_library *library, cl_platform_id platform,
                           cl_platform_info what)
{
    size_t bytes = 0;
    if (library->GetPlatformInfo(platform, what, 0, NULL, &bytes) != CL_SUCCESS)
        bytes = 0;
    char *text = mem_calloc(bytes + 1, 1);
    if (bytes > 0 && library->GetPlatformInfo(platform, what, bytes, text, NULL) != CL_SUCCESS)
        text[0] = '\0';
    tidy(text);
    return text;
}

uint64_t opencl_number(const struct opencl_library *library, cl_device_id device,
                       cl_device_info what)
{
    uint64_t number = 0;
    uint32_t small = 0;
    size_t bytes = 0;
    if (library->GetDeviceInfo(device, what, 0, NULL, &bytes) != CL_SUCCESS)
        return 0;
    if (bytes == sizeof small)
        return library->GetDeviceInfo(device, what, bytes, &small, NULL) == CL_SUCCESS ? small : 0;
    if (bytes == sizeof number)
        return library->GetDeviceInfo(device, what, bytes, &number, NULL) == CL_SUCCESS ? number
                                                                                        : 0;
    return 0;
}

/* Drivers tell the size of the first, the second or the last level. A part of the memory that no
 * cache reaches, as far as cards are built today, is held for the cache of a card. */
static double cache_B(const struct opencl_device *device, double told_B)
{
    const double most_B = 128e6;
    bool card = device->gpu && !device->shares_memory;
    return card ? fmax(told_B, fmin(most_B, device->memory_B / 128)) : told_B;
}

void opencl_describe(const struct opencl_library *library, const struct opencl_ids *ids,
                     size_t index, struct opencl_device *out)
{
    cl_device_id device = ids->device[index];
    uint64_t type = opencl_number(library, device, CL_DEVICE_TYPE);
    *out = (struct opencl_device){
        .title = opencl_text(library, device, CL_DEVICE_NAME),
        .platform = platform_text(library, ids->platform[index], CL_PLATFORM_NAME),
        .driver = opencl_text(library, device, CL_DRIVER_VERSION),
        .gpu = (type & CL_DEVICE_TYPE_GPU) != 0,
        .processor = (type & CL_DEVICE_TYPE_CPU) != 0,
        .shares_memory = opencl_number(library, device, CL_DEVICE_HOST_UNIFIED_MEMORY) != 0,
        .memory_B = (double)opencl_number(library, device, CL_DEVICE_GLOBAL_MEM_SIZE),
        .most_alloc_B = (double)opencl_number(library, device, CL_DEVICE_MAX_MEM_ALLOC_SIZE),
        .clock_Hz = 1e6 * (double)opencl_number(library, device, CL_DEVICE_MAX_CLOCK_FREQUENCY),
        .units = (unsigned)opencl_number(library, device, CL_DEVICE_MAX_COMPUTE_UNITS),
    };
    out->cache_B =
        cache_B(out, (double)opencl_number(library, device, CL_DEVICE_GLOBAL_MEM_CACHE_SIZE));
}

struct opencl_status opencl_status(cl_int status)
{
    static const struct {
        cl_int status;
        const char *name;
    } names[] = {
        {CL_DEVICE_NOT_AVAILABLE, "CL_DEVICE_NOT_AVAILABLE"},
        {CL_COMPILER_NOT_AVAILABLE, "CL_COMPILER_NOT_AVAILABLE"},
        {CL_MEM_OBJECT_ALLOCATION_FAILURE, "CL_MEM_OBJECT_ALLOCATION_FAILURE"},
        {CL_OUT_OF_RESOURCES, "CL_OUT_OF_RESOURCES"},
        {CL_OUT_OF_HOST_MEMORY, "CL_OUT_OF_HOST_MEMORY"},
        {CL_BUILD_PROGRAM_FAILURE, "CL_BUILD_PROGRAM_FAILURE"},
        {CL_INVALID_VALUE, "CL_INVALID_VALUE"},
        {CL_INVALID_KERNEL_NAME, "CL_INVALID_KERNEL_NAME"},
        {CL_INVALID_KERNEL_ARGS, "CL_INVALID_KERNEL_ARGS"},
        {CL_INVALID_ARG_SIZE, "CL_INVALID_ARG_SIZE"},
        {CL_INVALID_WORK_GROUP_SIZE, "CL_INVALID_WORK_GROUP_SIZE"},
        {CL_INVALID_BUFFER_SIZE, "CL_INVALID_BUFFER_SIZE"},
    };
    struct opencl_status out;
    snprintf(out.name, sizeof out.name, "error %d", (int)status);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].status == status)
            snprintf(out.name, sizeof out.name, "%s", names[i].name);
    return out;
}
