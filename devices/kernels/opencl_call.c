/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Calls of kernels, and the ones that need no more than that. */
#include "devices/kernels/opencl_device.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct opencl_call opencl_call(struct opencl *opencl, cl_kernel kernel)
{
    return (struct opencl_call){.opencl = opencl, .kernel = kernel};
}

static void put(struct opencl_call *call, size_t bytes, const void *value)
{
    struct opencl *opencl = call->opencl;
    if (opencl->fault) /* an argument may be missing: the next would stand in its place */
        return;
    opencl_ok(opencl, opencl->cl.SetKernelArg(call->kernel, call->arguments++, bytes, value),
              "an argument of a kernel");
}

void opencl_put_memory(struct opencl_call *call, const void *memory)
{
    uint64_t offset = 0;
    const struct opencl_buffer *buffer = opencl_find_buffer(call->opencl, memory, &offset);
    if (opencl_ok(call->opencl, buffer ? CL_SUCCESS : CL_INVALID_VALUE, "memory of a kernel"))
        put(call, sizeof buffer->memory, &buffer->memory);
    opencl_put_long(call, offset);
}

void opencl_put_size(struct opencl_call *call, size_t value)
{
    cl_uint small = (cl_uint)value;
    put(call, sizeof small, &small);
}

void opencl_put_long(struct opencl_call *call, uint64_t value)
{
    put(call, sizeof value, &value);
}

void opencl_put_float(struct opencl_call *call, float value)
{
    put(call, sizeof value, &value);
}

void opencl_put_local(struct opencl_call *call, size_t bytes)
{
    put(call, bytes, NULL);
}

void opencl_run(const struct opencl_call *call, struct opencl_groups groups)
{
    struct opencl *opencl = call->opencl;
    size_t items[3];
    for (size_t i = 0; i < 3; i++)
        items[i] = groups.n[i] * groups.items[i];
    if (opencl->fault || items[0] * items[1] * items[2] == 0)
        return;
    opencl_ok(opencl,
              opencl->cl.EnqueueNDRangeKernel(opencl->queue, call->kernel, 3, NULL, items,
                                              groups.items, 0, NULL, NULL),
              "a kernel");
}

struct opencl_groups opencl_spread(const struct opencl *opencl, size_t n)
{
    const struct opencl_shape *shape = &opencl->shape;
    size_t items = shape->processor ? 1 : shape->items;
    size_t most = shape->units * (shape->processor ? 4 : 4096 / items),
           groups = (n + items - 1) / items;
    return (struct opencl_groups){{groups < most ? groups : most, 1, 1}, {items, 1, 1}};
}

void opencl_nothing(struct kernels *kernels)
{
    struct opencl *opencl = (struct opencl *)kernels;
    struct opencl_call call = opencl_call(opencl, opencl->single[OPENCL_NOTHING]);
    opencl_run(&call, (struct opencl_groups){{1, 1, 1}, {1, 1, 1}});
}

void opencl_stream(struct kernels *kernels, enum kernels_stream what, void *const array[3],
                   size_t values)
{
    static const enum opencl_single which[] = {
        [KERNELS_READ] = OPENCL_READ, [KERNELS_COPY] = OPENCL_COPY, [KERNELS_TRIAD] = OPENCL_TRIAD};
    struct opencl *opencl = (struct opencl *)kernels;
    const size_t wide = opencl->shape.processor ? 16 : 4;
    struct opencl_call call = opencl_call(opencl, opencl->single[which[what]]);
    opencl_put_memory(&call, array[0]);
    if (what == KERNELS_READ)
        opencl_put_memory(&call, opencl->scratch);
    for (size_t i = 1; i <= (size_t)what; i++)
        opencl_put_memory(&call, array[i]);
    opencl_put_long(&call, values);
    opencl_run(&call, opencl_spread(opencl, (values + wide - 1) / wide));
}

/* Enough items for all units, and the operations that each makes in a round. */
static double peak(struct opencl *opencl, enum opencl_single which, size_t rounds, double a_round)
{
    struct opencl_groups groups = opencl_spread(opencl, SIZE_MAX / 2);
    struct opencl_call call = opencl_call(opencl, opencl->single[which]);
    opencl_put_size(&call, rounds);
    opencl_put_memory(&call, opencl->scratch);
    opencl_run(&call, groups);
    return (double)rounds * a_round * (double)(groups.n[0] * groups.items[0]);
}

/* The rounds are those of a thread of a CPU. A GPU's units have thousands of items. */
static size_t shared_rounds(const struct opencl *opencl, size_t rounds)
{
    return opencl->shape.processor ? rounds : rounds / 64 + 1;
}

double opencl_flops(struct kernels *kernels, size_t rounds)
{
    struct opencl *opencl = (struct opencl *)kernels;
    double lanes = opencl->shape.processor ? 16 : 4;
    return peak(opencl, OPENCL_PEAK_FLOAT, shared_rounds(opencl, rounds), 8 * 2 * lanes);
}

double opencl_int_ops(struct kernels *kernels, size_t rounds)
{
    struct opencl *opencl = (struct opencl *)kernels;
    return peak(opencl, OPENCL_PEAK_INT, shared_rounds(opencl, rounds), 8 * 2 * 4);
}

/* A group for each of some rows. */
static void run_rows(const struct opencl_call *call, size_t rows)
{
    opencl_run(call, (struct opencl_groups){{rows, 1, 1}, {call->opencl->shape.items, 1, 1}});
}

void opencl_norm(struct kernels *kernels, const void *x, const void *weight, size_t rows,
                 size_t columns, void *y)
{
    struct opencl *opencl = (struct opencl *)kernels;
    struct opencl_call call = opencl_call(opencl, opencl->single[OPENCL_NORM]);
    opencl_put_memory(&call, x);
    opencl_put_memory(&call, weight);
    opencl_put_memory(&call, y);
    opencl_put_size(&call, columns);
    opencl_put_local(&call, opencl->shape.items * sizeof(float));
    run_rows(&call, rows);
}

void opencl_softmax(struct kernels *kernels, void *x, size_t rows, size_t columns)
{
    struct opencl *opencl = (struct opencl *)kernels;
    struct opencl_call call = opencl_call(opencl, opencl->single[OPENCL_SOFTMAX]);
    opencl_put_memory(&call, x);
    opencl_put_size(&call, columns);
    opencl_put_local(&call, opencl->shape.items * sizeof(float));
    run_rows(&call, columns > 0 ? rows : 0);
}

/* The turn that a place adds to each pair, 10000^(-2i/dim) / 2 pi (Su et al., arXiv 2104.09864), in
 * parts of 2^64. */
static bool make_turn(struct opencl *opencl, size_t dim)
{
    size_t pairs = dim / 2;
    if (opencl->turn && opencl->turn_dim == dim)
        return true;
    uint64_t *turn = mem_calloc(pairs, sizeof *turn);
    for (size_t i = 0; i < pairs; i++) {
        double step = exp(-2 * (double)i / (double)dim * log(10000));
        turn[i] = (uint64_t)ldexp(step / (2 * acos(-1)), 64);
    }
    size_t room_B = opencl->turn_dim / 2 * sizeof *turn;
    bool ok = opencl_keep_room(opencl, &opencl->turn, &room_B, pairs * sizeof *turn);
    if (ok)
        opencl_write(&opencl->base, opencl->turn, 0, turn, pairs * sizeof *turn);
    opencl->turn_dim = ok ? dim : 0;
    free(turn);
    return ok;
}

void opencl_rope(struct kernels *kernels, void *x, size_t rows, size_t heads, size_t dim,
                 size_t first)
{
    struct opencl *opencl = (struct opencl *)kernels;
    struct opencl_call call = opencl_call(opencl, opencl->single[OPENCL_ROPE]);
    size_t items = opencl->shape.items, across = heads * (dim / 2);
    if (across == 0 || !make_turn(opencl, dim))
        return;
    opencl_put_memory(&call, x);
    opencl_put_memory(&call, opencl->turn);
    opencl_put_size(&call, heads);
    opencl_put_size(&call, dim);
    opencl_put_long(&call, first);
    opencl_run(&call,
               (struct opencl_groups){{(across + items - 1) / items, rows, 1}, {items, 1, 1}});
}

void opencl_gate(struct kernels *kernels, const void *gate, const void *up, size_t values, void *y)
{
    struct opencl *opencl = (struct opencl *)kernels;
    struct opencl_call call = opencl_call(opencl, opencl->single[OPENCL_GATE]);
    opencl_put_memory(&call, gate);
    opencl_put_memory(&call, up ? up : gate);
    opencl_put_memory(&call, y);
    opencl_put_long(&call, values);
    opencl_put_size(&call, up != NULL);
    opencl_run(&call, opencl_spread(opencl, values));
}

void opencl_add(struct kernels *kernels, void *x, const void *y, size_t values)
{
    struct opencl *opencl = (struct opencl *)kernels;
    struct opencl_call call = opencl_call(opencl, opencl->single[OPENCL_ADD]);
    opencl_put_memory(&call, x);
    opencl_put_memory(&call, y);
    opencl_put_long(&call, values);
    opencl_run(&call, opencl_spread(opencl, values));
}

/* The tokens are copied on: the caller may change them at once, and no call waits for the queue. */
static bool send_tokens(struct opencl *opencl, const uint32_t *token, size_t rows)
{
    size_t room_B = opencl->token_room * sizeof *token;
    uint64_t offset = 0;
    if (opencl->token_sent) {
        opencl->cl.WaitForEvents(1, &opencl->token_sent);
        opencl->cl.ReleaseEvent(opencl->token_sent);
        opencl->token_sent = NULL;
    }
    if (!opencl_keep_room(opencl, &opencl->token, &room_B, rows * sizeof *token))
        return false;
    if (opencl->token_room < rows)
        opencl->token_copy = mem_realloc(opencl->token_copy, rows, sizeof *token);
    opencl->token_room = opencl->token_room < rows ? rows : opencl->token_room;
    memcpy(opencl->token_copy, token, rows * sizeof *token);
    const struct opencl_buffer *buffer = opencl_find_buffer(opencl, opencl->token, &offset);
    return opencl_ok(opencl,
                     opencl->cl.EnqueueWriteBuffer(opencl->queue, buffer->memory, CL_FALSE, 0,
                                                   rows * sizeof *token, opencl->token_copy, 0,
                                                   NULL, &opencl->token_sent),
                     "a write");
}

void opencl_gather(struct kernels *kernels, const struct kernels_weights *table,
                   const uint32_t *token, size_t rows, void *y)
{
    struct opencl *opencl = (struct opencl *)kernels;
    struct opencl_call call = opencl_call(opencl, opencl->gather[table->format]);
    size_t items = opencl->shape.items;
    if (rows == 0 || !send_tokens(opencl, token, rows))
        return;
    opencl_put_memory(&call, table->data);
    opencl_put_long(&call, kernels_format_bytes(table->format, table->columns));
    opencl_put_memory(&call, opencl->token);
    opencl_put_memory(&call, y);
    opencl_put_size(&call, table->columns);
    opencl_run(&call, (struct opencl_groups){{(table->columns + items - 1) / items, rows, 1},
                                             {items, 1, 1}});
}
