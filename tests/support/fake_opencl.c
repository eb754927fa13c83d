/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Stands for libOpenCL with two devices, "Fake A" and "Fake B", whose kernels run and do nothing.
 * FAKE_OPENCL tells what else goes wrong: "abort" and "hang" when platforms are asked for, "none",
 * "old", "build" where the program does not build, "memory" where there is none, "crash" where a
 * kernel of Fake B does, "run" where no kernel can be queued. */
#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>

#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { DEVICES = 2 };

/* Handles: only their addresses count, and which of two devices a queue belongs to. */
struct _cl_device_id {
    const char *name;
};
struct _cl_mem {
    char *bytes;
};

static bool is(const char *mode)
{
    const char *now = getenv("FAKE_OPENCL");
    return now && strcmp(now, mode) == 0;
}

static cl_device_id device(size_t number)
{
    static struct _cl_device_id devices[DEVICES] = {{"  Fake A "}, {"Fake\tB"}};
    return &devices[number];
}

/* Anything that is not NULL. */
static void *handle(void)
{
    return device(0);
}

static cl_int give(const void *value, size_t bytes, size_t room, void *out, size_t *told)
{
    if (told)
        *told = bytes;
    if (out && room < bytes)
        return CL_INVALID_VALUE;
    if (out)
        memcpy(out, value, bytes);
    return CL_SUCCESS;
}

static cl_int give_text(const char *text, size_t room, void *out, size_t *told)
{
    return give(text, strlen(text) + 1, room, out, told);
}

cl_int clGetPlatformIDs(cl_uint room, cl_platform_id *out, cl_uint *n)
{
    if (is("abort"))
        abort();
    while (is("hang"))
        sleep(1);
    if (n)
        *n = !is("none");
    if (out && room > 0)
        *out = handle();
    return CL_SUCCESS;
}

cl_int clGetPlatformInfo(cl_platform_id platform, cl_platform_info what, size_t room, void *out,
                         size_t *told)
{
    (void)platform;
    (void)what;
    return give_text("Fakes", room, out, told);
}

cl_int clGetDeviceIDs(cl_platform_id platform, cl_device_type types, cl_uint room,
                      cl_device_id *out, cl_uint *n)
{
    (void)platform;
    (void)types;
    if (n)
        *n = DEVICES;
    for (cl_uint i = 0; out && i < DEVICES && i < room; i++)
        out[i] = device(i);
    return CL_SUCCESS;
}

cl_int clGetDeviceInfo(cl_device_id asked, cl_device_info what, size_t room, void *out,
                       size_t *told)
{
    const size_t group = 256;
    const cl_ulong type = CL_DEVICE_TYPE_GPU, memory_B = 8000000000, local_B = 65536;
    const cl_uint yes = 1, clock_MHz = 1500, units = 20;
    switch (what) {
    case CL_DEVICE_NAME:
        return give_text(asked->name, room, out, told);
    case CL_DRIVER_VERSION:
        return give_text("0.1", room, out, told);
    case CL_DEVICE_OPENCL_C_VERSION:
        return give_text(is("old") ? "OpenCL C 1.0 Fake" : "OpenCL C 1.2 Fake", room, out, told);
    case CL_DEVICE_TYPE:
        return give(&type, sizeof type, room, out, told);
    case CL_DEVICE_GLOBAL_MEM_SIZE:
    case CL_DEVICE_MAX_MEM_ALLOC_SIZE:
        return give(&memory_B, sizeof memory_B, room, out, told);
    case CL_DEVICE_LOCAL_MEM_SIZE:
        return give(&local_B, sizeof local_B, room, out, told);
    case CL_DEVICE_MAX_WORK_GROUP_SIZE:
        return give(&group, sizeof group, room, out, told);
    case CL_DEVICE_AVAILABLE:
    case CL_DEVICE_COMPILER_AVAILABLE:
    case CL_DEVICE_ENDIAN_LITTLE:
        return give(&yes, sizeof yes, room, out, told);
    case CL_DEVICE_MAX_CLOCK_FREQUENCY:
        return give(&clock_MHz, sizeof clock_MHz, room, out, told);
    case CL_DEVICE_MAX_COMPUTE_UNITS:
        return give(&units, sizeof units, room, out, told);
    default: /* what a device need not know */
        return CL_INVALID_VALUE;
    }
}

cl_context clCreateContext(const cl_context_properties *properties, cl_uint n,
                           const cl_device_id *devices,
                           void(CL_CALLBACK *tell)(const char *, const void *, size_t, void *),
                           void *context, cl_int *status)
{
    (void)properties;
    (void)n;
    (void)devices;
    (void)tell;
    (void)context;
    *status = CL_SUCCESS;
    return handle();
}

cl_command_queue clCreateCommandQueue(cl_context context, cl_device_id of,
                                      cl_command_queue_properties properties, cl_int *status)
{
    (void)context;
    (void)properties;
    *status = CL_SUCCESS;
    return (void *)of;
}

cl_program clCreateProgramWithSource(cl_context context, cl_uint n, const char **source,
                                     const size_t *bytes, cl_int *status)
{
    (void)context;
    (void)n;
    (void)source;
    (void)bytes;
    *status = CL_SUCCESS;
    return handle();
}

cl_int clBuildProgram(cl_program program, cl_uint n, const cl_device_id *devices,
                      const char *options, void(CL_CALLBACK *tell)(cl_program, void *),
                      void *context)
{
    (void)program;
    (void)n;
    (void)devices;
    (void)options;
    (void)tell;
    (void)context;
    return is("build") ? CL_BUILD_PROGRAM_FAILURE : CL_SUCCESS;
}

cl_int clGetProgramBuildInfo(cl_program program, cl_device_id of, cl_program_build_info what,
                             size_t room, void *out, size_t *told)
{
    (void)program;
    (void)of;
    (void)what;
    return give_text("a warning\nformats.cl:7: error: no such type\nmore\n", room, out, told);
}

cl_kernel clCreateKernel(cl_program program, const char *name, cl_int *status)
{
    (void)program;
    (void)name;
    *status = CL_SUCCESS;
    return handle();
}

cl_int clGetKernelWorkGroupInfo(cl_kernel kernel, cl_device_id of, cl_kernel_work_group_info what,
                                size_t room, void *out, size_t *told)
{
    const size_t items = what == CL_KERNEL_WORK_GROUP_SIZE ? 256 : 32;
    (void)kernel;
    (void)of;
    return give(&items, sizeof items, room, out, told);
}

cl_int clSetKernelArg(cl_kernel kernel, cl_uint number, size_t bytes, const void *value)
{
    (void)kernel;
    (void)number;
    (void)bytes;
    (void)value;
    return CL_SUCCESS;
}

cl_mem clCreateBuffer(cl_context context, cl_mem_flags flags, size_t bytes, void *host,
                      cl_int *status)
{
    (void)context;
    (void)flags;
    (void)host;
    *status = is("memory") ? CL_MEM_OBJECT_ALLOCATION_FAILURE : CL_SUCCESS;
    if (is("memory"))
        return NULL;
    cl_mem memory = calloc(1, sizeof *memory);
    memory->bytes = calloc(bytes, 1);
    return memory;
}

cl_int clReleaseMemObject(cl_mem memory)
{
    free(memory->bytes);
    free(memory);
    return CL_SUCCESS;
}

cl_int clEnqueueFillBuffer(cl_command_queue queue, cl_mem memory, const void *pattern,
                           size_t pattern_bytes, size_t offset, size_t bytes, cl_uint n,
                           const cl_event *events, cl_event *event)
{
    (void)queue;
    (void)pattern;
    (void)pattern_bytes;
    (void)n;
    (void)events;
    (void)event;
    memset(memory->bytes + offset, 0, bytes);
    return CL_SUCCESS;
}

cl_int clEnqueueWriteBuffer(cl_command_queue queue, cl_mem memory, cl_bool wait, size_t offset,
                            size_t bytes, const void *from, cl_uint n, const cl_event *events,
                            cl_event *event)
{
    (void)queue;
    (void)wait;
    (void)n;
    (void)events;
    if (event)
        *event = handle();
    memcpy(memory->bytes + offset, from, bytes);
    return CL_SUCCESS;
}

cl_int clEnqueueReadBuffer(cl_command_queue queue, cl_mem memory, cl_bool wait, size_t offset,
                           size_t bytes, void *to, cl_uint n, const cl_event *events,
                           cl_event *event)
{
    (void)queue;
    (void)wait;
    (void)n;
    (void)events;
    (void)event;
    memcpy(to, memory->bytes + offset, bytes);
    return CL_SUCCESS;
}

void *clEnqueueMapBuffer(cl_command_queue queue, cl_mem memory, cl_bool wait, cl_map_flags flags,
                         size_t offset, size_t bytes, cl_uint n, const cl_event *events,
                         cl_event *event, cl_int *status)
{
    (void)queue;
    (void)wait;
    (void)flags;
    (void)bytes;
    (void)n;
    (void)events;
    (void)event;
    *status = CL_SUCCESS;
    return memory->bytes + offset;
}

cl_int clEnqueueUnmapMemObject(cl_command_queue queue, cl_mem memory, void *host, cl_uint n,
                               const cl_event *events, cl_event *event)
{
    (void)queue;
    (void)memory;
    (void)host;
    (void)n;
    (void)events;
    (void)event;
    return CL_SUCCESS;
}

cl_int clEnqueueNDRangeKernel(cl_command_queue queue, cl_kernel kernel, cl_uint dimensions,
                              const size_t *first, const size_t *items, const size_t *group,
                              cl_uint n, const cl_event *events, cl_event *event)
{
    (void)kernel;
    (void)dimensions;
    (void)first;
    (void)items;
    (void)group;
    (void)n;
    (void)events;
    (void)event;
    if (is("crash") && (void *)queue == (void *)device(1))
        kill(getpid(), SIGSEGV);
    return is("run") ? CL_OUT_OF_RESOURCES : CL_SUCCESS;
}

cl_int clFinish(cl_command_queue queue)
{
    (void)queue;
    return CL_SUCCESS;
}

cl_int clWaitForEvents(cl_uint n, const cl_event *events)
{
    (void)n;
    (void)events;
    return CL_SUCCESS;
}

cl_int clReleaseEvent(cl_event event)
{
    (void)event;
    return CL_SUCCESS;
}

cl_int clReleaseKernel(cl_kernel kernel)
{
    (void)kernel;
    return CL_SUCCESS;
}

cl_int clReleaseProgram(cl_program program)
{
    (void)program;
    return CL_SUCCESS;
}

cl_int clReleaseCommandQueue(cl_command_queue queue)
{
    (void)queue;
    return CL_SUCCESS;
}

cl_int clReleaseContext(cl_context context)
{
    (void)context;
    return CL_SUCCESS;
}
