/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Memory of the device. Callers do arithmetic on its addresses, which OpenCL's handles do not
 * allow: a stretch of addresses that nobody may touch stands for each buffer. */
#include "devices/kernels/opencl_device.h"

#include "base/memory.h"

#include <string.h>
#include <sys/mman.h>

enum { ALIGNED = 256 };

static size_t size_of(size_t bytes)
{
    return (bytes / ALIGNED + 1) * ALIGNED;
}

/* Where a place is or would be among the buffers. */
static size_t index_of(const struct opencl *opencl, const char *place)
{
    size_t low = 0, high = opencl->n_buffers;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (opencl->buffer[mid].place + opencl->buffer[mid].bytes <= place)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

const struct opencl_buffer *opencl_find_buffer(const struct opencl *opencl, const void *address,
                                               uint64_t *offset)
{
    const char *place = address;
    size_t at = index_of(opencl, place);
    if (at == opencl->n_buffers || place < opencl->buffer[at].place)
        return NULL;
    *offset = (uint64_t)(place - opencl->buffer[at].place);
    return &opencl->buffer[at];
}

static void add_buffer(struct opencl *opencl, struct opencl_buffer buffer)
{
    size_t at = index_of(opencl, buffer.place);
    opencl->buffer = mem_grow(opencl->buffer, &opencl->buffer_room, opencl->n_buffers + 1,
                              sizeof *opencl->buffer);
    memmove(opencl->buffer + at + 1, opencl->buffer + at,
            (opencl->n_buffers - at) * sizeof *opencl->buffer);
    opencl->buffer[at] = buffer;
    opencl->n_buffers++;
    opencl->used_B += (double)buffer.bytes;
}

/* A buffer of zeros: drivers take the memory when it is first written. NULL: there is none. */
static cl_mem zeros(struct opencl *opencl, size_t bytes)
{
    const cl_uint zero = 0;
    cl_int status = CL_SUCCESS;
    cl_mem memory =
        opencl->cl.CreateBuffer(opencl->context, CL_MEM_READ_WRITE, bytes, NULL, &status);
    if (!memory)
        return NULL;
    status = opencl->cl.EnqueueFillBuffer(opencl->queue, memory, &zero, sizeof zero, 0, bytes, 0,
                                          NULL, NULL);
    if (status == CL_SUCCESS)
        status = opencl->cl.Finish(opencl->queue);
    if (status == CL_SUCCESS)
        return memory;
    opencl->cl.ReleaseMemObject(memory);
    return NULL;
}

void *opencl_alloc(struct kernels *kernels, size_t bytes)
{
    struct opencl *opencl = (struct opencl *)kernels;
    size_t size = size_of(bytes);
    bool fits =
        (double)size <= opencl->most_alloc_B && opencl->used_B + (double)size <= opencl->memory_B;
    cl_mem memory = fits ? zeros(opencl, size) : NULL;
    if (!memory)
        return NULL;
    void *place = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (place == MAP_FAILED) {
        opencl->cl.ReleaseMemObject(memory);
        return NULL;
    }
    add_buffer(opencl, (struct opencl_buffer){place, size, memory});
    return place;
}

void opencl_free(struct kernels *kernels, void *memory, size_t bytes)
{
    struct opencl *opencl = (struct opencl *)kernels;
    size_t at = index_of(opencl, memory);
    (void)bytes;
    if (!memory || at == opencl->n_buffers || opencl->buffer[at].place != memory)
        return;
    opencl->cl.ReleaseMemObject(opencl->buffer[at].memory);
    munmap(memory, opencl->buffer[at].bytes);
    opencl->used_B -= (double)opencl->buffer[at].bytes;
    opencl->n_buffers--;
    memmove(opencl->buffer + at, opencl->buffer + at + 1,
            (opencl->n_buffers - at) * sizeof *opencl->buffer);
}

void opencl_write(struct kernels *kernels, void *to, size_t offset, const void *from, size_t bytes)
{
    struct opencl *opencl = (struct opencl *)kernels;
    uint64_t at = 0;
    const struct opencl_buffer *buffer = opencl_find_buffer(opencl, (char *)to + offset, &at);
    if (bytes == 0 || !opencl_ok(opencl, buffer ? CL_SUCCESS : CL_INVALID_VALUE, "a write"))
        return;
    opencl_ok(opencl,
              opencl->cl.EnqueueWriteBuffer(opencl->queue, buffer->memory, CL_TRUE, at, bytes, from,
                                            0, NULL, NULL),
              "a write");
}

void opencl_read(struct kernels *kernels, void *to, const void *from, size_t offset, size_t bytes)
{
    struct opencl *opencl = (struct opencl *)kernels;
    uint64_t at = 0;
    const struct opencl_buffer *buffer =
        opencl_find_buffer(opencl, (const char *)from + offset, &at);
    if (bytes == 0 || !opencl_ok(opencl, buffer ? CL_SUCCESS : CL_INVALID_VALUE, "a read"))
        return;
    opencl_ok(opencl,
              opencl->cl.EnqueueReadBuffer(opencl->queue, buffer->memory, CL_TRUE, at, bytes, to, 0,
                                           NULL, NULL),
              "a read");
}

void *opencl_pin(struct kernels *kernels, size_t bytes)
{
    struct opencl *opencl = (struct opencl *)kernels;
    cl_int status = CL_SUCCESS;
    cl_mem memory = opencl->cl.CreateBuffer(
        opencl->context, CL_MEM_READ_WRITE | CL_MEM_ALLOC_HOST_PTR, size_of(bytes), NULL, &status);
    if (!memory)
        return NULL;
    void *host =
        opencl->cl.EnqueueMapBuffer(opencl->queue, memory, CL_TRUE, CL_MAP_READ | CL_MAP_WRITE, 0,
                                    size_of(bytes), 0, NULL, NULL, &status);
    if (!host) {
        opencl->cl.ReleaseMemObject(memory);
        return NULL;
    }
    opencl->pinned = mem_grow(opencl->pinned, &opencl->pinned_room, opencl->n_pinned + 1,
                              sizeof *opencl->pinned);
    opencl->pinned[opencl->n_pinned++] = (struct opencl_pinned){host, memory};
    return host;
}

void opencl_unpin(struct kernels *kernels, void *memory)
{
    struct opencl *opencl = (struct opencl *)kernels;
    for (size_t i = 0; i < opencl->n_pinned; i++)
        if (opencl->pinned[i].host == memory) {
            opencl->cl.EnqueueUnmapMemObject(opencl->queue, opencl->pinned[i].memory, memory, 0,
                                             NULL, NULL);
            opencl->cl.Finish(opencl->queue);
            opencl->cl.ReleaseMemObject(opencl->pinned[i].memory);
            opencl->pinned[i] = opencl->pinned[--opencl->n_pinned];
            return;
        }
}

bool opencl_keep_room(struct opencl *opencl, char **memory, size_t *room_B, size_t bytes)
{
    if (*memory && *room_B >= bytes)
        return true;
    opencl_free(&opencl->base, *memory, *room_B);
    *memory = opencl_alloc(&opencl->base, bytes);
    *room_B = *memory ? bytes : 0;
    return opencl_ok(opencl, *memory ? CL_SUCCESS : CL_MEM_OBJECT_ALLOCATION_FAILURE,
                     "memory for a kernel");
}

void opencl_finish(struct kernels *kernels)
{
    struct opencl *opencl = (struct opencl *)kernels;
    opencl_ok(opencl, opencl->cl.Finish(opencl->queue), "clFinish");
}

bool opencl_ok(struct opencl *opencl, cl_int status, const char *what)
{
    if (status != CL_SUCCESS && !opencl->fault)
        opencl->fault = mem_printf("%s failed: %s", what, opencl_status(status).name);
    return status == CL_SUCCESS;
}
