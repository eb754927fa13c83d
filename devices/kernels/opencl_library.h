/* SPDX-License-Identifier: GPL-3.0-or-later */
/* libOpenCL's functions, loaded when the program runs and never linked, and the devices that it
 * knows. Internal to the files opencl*.c. */
#ifndef DEVICES_KERNELS_OPENCL_LIBRARY_H
#define DEVICES_KERNELS_OPENCL_LIBRARY_H

#include "devices/kernels/opencl.h"

#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>

#define OPENCL_LIBRARY "libOpenCL.so.1"

/* All of OpenCL 1.2 or older. */
#define OPENCL_FUNCTIONS(X)                                                                        \
    X(GetPlatformIDs)                                                                              \
    X(GetPlatformInfo)                                                                             \
    X(GetDeviceIDs)                                                                                \
    X(GetDeviceInfo)                                                                               \
    X(CreateContext)                                                                               \
    X(ReleaseContext)                                                                              \
    X(CreateCommandQueue)                                                                          \
    X(ReleaseCommandQueue)                                                                         \
    X(CreateProgramWithSource)                                                                     \
    X(BuildProgram)                                                                                \
    X(GetProgramBuildInfo)                                                                         \
    X(ReleaseProgram)                                                                              \
    X(CreateKernel)                                                                                \
    X(GetKernelWorkGroupInfo)                                                                      \
    X(SetKernelArg)                                                                                \
    X(ReleaseKernel)                                                                               \
    X(CreateBuffer)                                                                                \
    X(ReleaseMemObject)                                                                            \
    X(EnqueueFillBuffer)                                                                           \
    X(EnqueueWriteBuffer)                                                                          \
    X(EnqueueReadBuffer)                                                                           \
    X(EnqueueMapBuffer)                                                                            \
    X(EnqueueUnmapMemObject)                                                                       \
    X(EnqueueNDRangeKernel)                                                                        \
    X(Finish)                                                                                      \
    X(WaitForEvents)                                                                               \
    X(ReleaseEvent)

struct opencl_library {
    void *handle;
#define OPENCL_MEMBER(name) __typeof__(cl##name) *name;
    OPENCL_FUNCTIONS(OPENCL_MEMBER)
#undef OPENCL_MEMBER
};

/* NULL: it is there, and stays in the process, since drivers have threads that run on. Else why it
 * is not, to be freed. */
char *opencl_load(const char *name, struct opencl_library *out);

struct opencl_ids {
    cl_device_id *device;     /* (n) */
    cl_platform_id *platform; /* (n) of each device */
    size_t n, room, platform_room;
};

/* The devices of all platforms, in the library's order. */
void opencl_list(const struct opencl_library *library, struct opencl_ids *out);
void opencl_ids_free(struct opencl_ids *ids);

/* A text or a number that a device tells; "" or 0 where it does not. The text is freed. */
char *opencl_text(const struct opencl_library *library, cl_device_id device, cl_device_info what);
uint64_t opencl_number(const struct opencl_library *library, cl_device_id device,
                       cl_device_info what);
/* What is told of a device; `id` and `why` stay empty. */
void opencl_describe(const struct opencl_library *library, const struct opencl_ids *ids,
                     size_t index, struct opencl_device *out);

/* "CL_OUT_OF_RESOURCES", "error -1001". Borrowed text within one call. */
struct opencl_status {
    char name[40];
};
struct opencl_status opencl_status(cl_int status);

#endif
