/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An open OpenCL device and how its kernels are called. Internal to the files opencl*.c. */
#ifndef DEVICES_KERNELS_OPENCL_DEVICE_H
#define DEVICES_KERNELS_OPENCL_DEVICE_H

#include "devices/kernels/opencl_library.h"

/* Kernels without variants. */
enum opencl_single {
    OPENCL_NOTHING,
    OPENCL_READ,
    OPENCL_COPY,
    OPENCL_TRIAD,
    OPENCL_PEAK_FLOAT,
    OPENCL_PEAK_INT,
    OPENCL_NORM,
    OPENCL_ROPE,
    OPENCL_GATE,
    OPENCL_ADD,
    OPENCL_SOFTMAX,
    OPENCL_KEEP,
    OPENCL_JOIN,
    OPENCL_SINGLES
};

/* Variants: rows of a product, query heads or quads of a head at a time are 1, 2, 4, 8. */
enum { OPENCL_WIDTHS = 4, OPENCL_QUADS = 3, OPENCL_TILES = 3, OPENCL_LEAST_SIDE = 8 };

/* Tokens whose keys lie in local memory at a time. */
enum { OPENCL_TOKENS = 32 };

/* Edges of local tiles; what the kernels are built for. */
struct opencl_shape {
    size_t side;    /* items along the edge of a square group of 4 x 4 sums each */
    size_t items;   /* of a group in one dimension: a power of two */
    size_t lanes;   /* items that run in step: a power of two */
    size_t units;   /* compute units */
    size_t local_B; /* local memory of a group */
    bool processor; /* laid out for a CPU, whose items run one after the other */
    bool unrolled;  /* loops over registers */
};

/* A tile of a product with many rows. */
struct opencl_tile {
    size_t across, down; /* items */
    size_t rows, outputs;
};

struct opencl_buffer {
    char *place; /* what stands for it in the host: addresses that nobody may touch */
    size_t bytes;
    cl_mem memory;
};

struct opencl_pinned {
    void *host;
    cl_mem memory;
};

struct opencl {
    struct kernels base; /* first: a kernels pointer is an opencl pointer */
    struct opencl_library cl;
    cl_device_id device;
    cl_context context;
    cl_command_queue queue;
    cl_program program;
    struct opencl_shape shape;
    double memory_B, most_alloc_B, used_B;

    cl_kernel single[OPENCL_SINGLES];
    cl_kernel gather[KERNELS_FORMATS], product_any[KERNELS_FORMATS];
    cl_kernel product_few[KERNELS_FORMATS][OPENCL_WIDTHS];
    cl_kernel product_many[KERNELS_FORMATS][OPENCL_TILES];
    cl_kernel attend_few[OPENCL_WIDTHS], attend_many[OPENCL_QUADS];

    struct opencl_buffer *buffer; /* (n_buffers) by place */
    size_t n_buffers, buffer_room;
    struct opencl_pinned *pinned; /* (n_pinned) */
    size_t n_pinned, pinned_room;

    char *scratch; /* memory of the device for what a call keeps between its kernels */
    size_t scratch_B;
    char *turn; /* of the rotary embedding of heads of turn_dim */
    size_t turn_dim;
    char *token;          /* of the embedding */
    uint32_t *token_copy; /* that is on its way */
    size_t token_room;
    cl_event token_sent; /* NULL: nothing is */
    char *fault;         /* the first */
};

/* Builds the program and finds its kernels. False: err says why. */
bool opencl_build(struct opencl *opencl, struct error *err);
void opencl_release_kernels(struct opencl *opencl);
/* The tile of this number, as it is built for the device. */
struct opencl_tile opencl_tile(const struct opencl_shape *shape, size_t number);

/* Stored rows that an item of a product with up to 2^width rows takes. */
size_t opencl_few_outputs(size_t width);

/* Remembers the first fault: "clFinish failed: CL_OUT_OF_RESOURCES". True: there was none. */
bool opencl_ok(struct opencl *opencl, cl_int status, const char *what);

void *opencl_alloc(struct kernels *kernels, size_t bytes);
void opencl_free(struct kernels *kernels, void *memory, size_t bytes);
void opencl_write(struct kernels *kernels, void *to, size_t offset, const void *from, size_t bytes);
void opencl_read(struct kernels *kernels, void *to, const void *from, size_t offset, size_t bytes);
void *opencl_pin(struct kernels *kernels, size_t bytes);
void opencl_unpin(struct kernels *kernels, void *memory);
void opencl_finish(struct kernels *kernels);
/* The buffer that an address of the caller's lies in, and how far in; NULL: it is none of ours. */
const struct opencl_buffer *opencl_find_buffer(const struct opencl *opencl, const void *address,
                                               uint64_t *offset);
/* Memory of the device of at least this size that stays the backend's. False: not so much. */
bool opencl_keep_room(struct opencl *opencl, char **memory, size_t *room_B, size_t bytes);

/* A call of a kernel: its arguments in their order, then where it runs. */
struct opencl_call {
    struct opencl *opencl;
    cl_kernel kernel;
    cl_uint arguments;
};
struct opencl_call opencl_call(struct opencl *opencl, cl_kernel kernel);
void opencl_put_memory(struct opencl_call *call, const void *memory); /* buffer and offset */
void opencl_put_size(struct opencl_call *call, size_t value);         /* uint */
void opencl_put_long(struct opencl_call *call, uint64_t value);
void opencl_put_float(struct opencl_call *call, float value);
void opencl_put_local(struct opencl_call *call, size_t bytes);
struct opencl_groups {
    size_t n[3], items[3]; /* groups, items of each */
};
void opencl_run(const struct opencl_call *call, struct opencl_groups groups);
/* Groups of `items` for at least n items in a row, no more than keep the device busy. */
struct opencl_groups opencl_spread(const struct opencl *opencl, size_t n);

void opencl_nothing(struct kernels *kernels);
void opencl_stream(struct kernels *kernels, enum kernels_stream what, void *const array[3],
                   size_t values);
double opencl_flops(struct kernels *kernels, size_t rounds);
double opencl_int_ops(struct kernels *kernels, size_t rounds);
void opencl_matmul(struct kernels *kernels, const struct kernels_weights *weights, const void *x,
                   size_t rows, void *y);
void opencl_keep(struct kernels *kernels, const struct kernels_attention *what, const void *k,
                 const void *v);
void opencl_attend(struct kernels *kernels, const struct kernels_attention *what, const void *q,
                   void *out);
void opencl_norm(struct kernels *kernels, const void *x, const void *weight, size_t rows,
                 size_t columns, void *y);
void opencl_rope(struct kernels *kernels, void *x, size_t rows, size_t heads, size_t dim,
                 size_t first);
void opencl_gate(struct kernels *kernels, const void *gate, const void *up, size_t values, void *y);
void opencl_add(struct kernels *kernels, void *x, const void *y, size_t values);
void opencl_softmax(struct kernels *kernels, void *x, size_t rows, size_t columns);
void opencl_gather(struct kernels *kernels, const struct kernels_weights *table,
                   const uint32_t *token, size_t rows, void *y);

/* Opens the device of this number with a library that is loaded already. `as_gpu`: a CPU, too, is
 * laid out as a GPU is, for tests. */
struct kernels *opencl_open(const struct opencl_library *library, size_t number, bool as_gpu,
                            struct error *err);
/* Runs each kernel on little data whose answer is known. False: err names the first that is wrong.
 */
bool opencl_try(struct kernels *kernels, struct error *err);

#endif
