/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "devices/kernels/opencl.h"

#include "base/memory.h"
#include "base/text.h"
#include "devices/kernels/opencl_device.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void opencl_close(struct kernels *kernels)
{
    struct opencl *opencl = (struct opencl *)kernels;
    if (opencl->queue)
        opencl->cl.Finish(opencl->queue);
    if (opencl->token_sent)
        opencl->cl.ReleaseEvent(opencl->token_sent);
    while (opencl->n_pinned > 0)
        opencl_unpin(kernels, opencl->pinned[0].host);
    while (opencl->n_buffers > 0)
        opencl_free(kernels, opencl->buffer[0].place, opencl->buffer[0].bytes);
    opencl_release_kernels(opencl);
    if (opencl->queue)
        opencl->cl.ReleaseCommandQueue(opencl->queue);
    if (opencl->context)
        opencl->cl.ReleaseContext(opencl->context);
    free(opencl->buffer);
    free(opencl->pinned);
    free(opencl->token_copy);
    free(opencl->fault);
    free(kernels->title);
    free(kernels->vectors);
    free(kernels->gemm);
    free(opencl);
}

static void opencl_use(struct kernels *kernels, size_t threads)
{
    (void)kernels;
    (void)threads;
}

static const char *opencl_fault(const struct kernels *kernels)
{
    return ((const struct opencl *)kernels)->fault;
}

static const struct kernels_backend backend = {
    .name = "opencl",
    .close = opencl_close,
    .alloc = opencl_alloc,
    .release = opencl_free,
    .write = opencl_write,
    .read = opencl_read,
    .finish = opencl_finish,
    .pin = opencl_pin,
    .unpin = opencl_unpin,
    .fault = opencl_fault,
    .use = opencl_use,
    .nothing = opencl_nothing,
    .stream = opencl_stream,
    .matmul = opencl_matmul,
    .keep = opencl_keep,
    .attend = opencl_attend,
    .norm = opencl_norm,
    .rope = opencl_rope,
    .gate = opencl_gate,
    .add = opencl_add,
    .softmax = opencl_softmax,
    .gather = opencl_gather,
    .flops = opencl_flops,
    .int_ops = opencl_int_ops,
};

/* Why the kernels cannot run there; NULL: nothing speaks against it. */
static char *unfit(const struct opencl *opencl)
{
    const struct opencl_library *cl = &opencl->cl;
    cl_device_id device = opencl->device;
    const size_t least_items = OPENCL_LEAST_SIDE * OPENCL_LEAST_SIDE, least_local_B = 16384;
    unsigned version[2] = {0, 0};
    char *text = opencl_text(cl, device, CL_DEVICE_OPENCL_C_VERSION), *why = NULL;
    if (sscanf(text, "OpenCL C %u.%u", &version[0], &version[1]) == 2 &&
        version[0] * 10 + version[1] < 12)
        why = mem_printf("it knows OpenCL C %u.%u only, not 1.2", version[0], version[1]);
    else if (opencl_number(cl, device, CL_DEVICE_AVAILABLE) == 0)
        why = mem_strdup("its driver says that it is not available");
    else if (opencl_number(cl, device, CL_DEVICE_COMPILER_AVAILABLE) == 0)
        why = mem_strdup("its driver has no compiler");
    else if (opencl_number(cl, device, CL_DEVICE_ENDIAN_LITTLE) == 0)
        why = mem_strdup("its numbers are big-endian");
    else if (opencl_number(cl, device, CL_DEVICE_MAX_WORK_GROUP_SIZE) < least_items)
        why = mem_printf("it runs groups of fewer than %zu items only", least_items);
    else if (opencl_number(cl, device, CL_DEVICE_LOCAL_MEM_SIZE) < least_local_B)
        why = mem_printf("it has less than %zu bytes of local memory", least_local_B);
    free(text);
    return why;
}

static size_t power_of_two(size_t most)
{
    size_t power = 1;
    while (2 * power <= most)
        power *= 2;
    return power;
}

static void choose_shape(struct opencl *opencl, bool as_gpu)
{
    const struct opencl_library *cl = &opencl->cl;
    const size_t large_side = 16, large_local_B = 32768, most_items = 256;
    struct opencl_shape *shape = &opencl->shape;
    size_t items = (size_t)opencl_number(cl, opencl->device, CL_DEVICE_MAX_WORK_GROUP_SIZE);
    uint64_t type = opencl_number(cl, opencl->device, CL_DEVICE_TYPE);
    shape->local_B = (size_t)opencl_number(cl, opencl->device, CL_DEVICE_LOCAL_MEM_SIZE);
    shape->units = (size_t)opencl_number(cl, opencl->device, CL_DEVICE_MAX_COMPUTE_UNITS);
    shape->units = shape->units > 0 ? shape->units : 1;
    shape->unrolled = (type & CL_DEVICE_TYPE_CPU) == 0;
    shape->processor = !shape->unrolled && !as_gpu;
    bool large = items >= large_side * large_side && shape->local_B >= large_local_B;
    shape->side = large && !shape->processor ? large_side : OPENCL_LEAST_SIDE;
    shape->items = shape->processor ? 16 : power_of_two(items < most_items ? items : most_items);
}

/* Items that run in step, as a driver tells of a kernel that is built. */
static void find_lanes(struct opencl *opencl)
{
    const size_t least = 8, most = 64;
    size_t multiple = 0;
    opencl->cl.GetKernelWorkGroupInfo(opencl->single[OPENCL_NORM], opencl->device,
                                      CL_KERNEL_PREFERRED_WORK_GROUP_SIZE_MULTIPLE, sizeof multiple,
                                      &multiple, NULL);
    multiple = multiple < least ? least : multiple > most ? most : multiple;
    multiple = multiple < opencl->shape.items ? multiple : opencl->shape.items;
    opencl->shape.lanes = power_of_two(multiple);
}

static bool start(struct opencl *opencl, bool as_gpu, struct error *err)
{
    cl_int status = CL_SUCCESS;
    char *why = unfit(opencl);
    if (why) {
        error_machine(err, "%s", why);
        free(why);
        return false;
    }
    choose_shape(opencl, as_gpu);
    opencl->context = opencl->cl.CreateContext(NULL, 1, &opencl->device, NULL, NULL, &status);
    if (opencl->context)
        opencl->queue = opencl->cl.CreateCommandQueue(opencl->context, opencl->device, 0, &status);
    if (!opencl->queue)
        return error_machine(err, "it cannot be opened (%s)", opencl_status(status).name);
    if (!opencl_build(opencl, err))
        return false;
    find_lanes(opencl);
    const size_t first_B = 65536;
    return opencl_keep_room(opencl, &opencl->scratch, &opencl->scratch_B, first_B) ||
           error_machine(err, "it gives no memory");
}

/* What is told of the device goes over to the kernels. */
static struct opencl *prepare(const struct opencl_library *library, const struct opencl_ids *ids,
                              size_t number)
{
    struct opencl *opencl = mem_calloc(1, sizeof *opencl);
    struct opencl_device device;
    opencl_describe(library, ids, number, &device);
    opencl->cl = *library;
    opencl->device = ids->device[number];
    opencl->memory_B = device.memory_B;
    opencl->most_alloc_B = device.most_alloc_B;
    opencl->base =
        (struct kernels){.does = &backend,
                         .threads = 1,
                         .own_memory = !device.shares_memory,
                         .title = device.title,
                         .vectors = mem_printf("OpenCL, %s %s", device.platform, device.driver),
                         .gemm = mem_strdup("own")};
    free(device.platform);
    free(device.driver);
    return opencl;
}

struct kernels *opencl_open(const struct opencl_library *library, size_t number, bool as_gpu,
                            struct error *err)
{
    struct opencl_ids ids;
    opencl_list(library, &ids);
    struct opencl *opencl = number < ids.n ? prepare(library, &ids, number) : NULL;
    opencl_ids_free(&ids);
    if (!opencl)
        error_machine(err, "there is no such device");
    else if (start(opencl, as_gpu, err))
        return &opencl->base;
    else
        opencl_close(&opencl->base);
    return NULL;
}

struct kernels *kernels_open_opencl(const char *id, struct error *err)
{
    static const char start_of_id[] = "opencl:";
    struct opencl_library library;
    struct error inner = {0};
    uint64_t number = 0;
    if (strncmp(id, start_of_id, strlen(start_of_id)) != 0 ||
        !text_count(id + strlen(start_of_id), &number)) {
        error_set(err, "'%s' is no OpenCL device: they are named opencl:0, opencl:1 ...",
                  text_clip(id).bytes);
        return NULL;
    }
    char *why = opencl_load(OPENCL_LIBRARY, &library);
    if (why) {
        error_machine(err, "%s: %s", id, why);
        free(why);
        return NULL;
    }
    struct kernels *kernels = opencl_open(&library, (size_t)number, false, &inner);
    if (!kernels)
        error_machine(err, "%s: %s", id, inner.fault[0]);
    return kernels;
}
