/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "devices/kernels/opencl_device.h"

#include <math.h>

/* Up to so many rows each reads the cache by itself. */
enum { FEW_ROWS = 8, GROUP_ITEMS = 128 };

struct attend {
    struct opencl *opencl;
    const struct kernels_attention *what;
    const void *q;
    void *out;
    float scale; /* of scores, as powers of two */
    bool whole;  /* four halves of the cache may be read at once */
};

static void put_operands(struct opencl_call *call, const struct attend *job)
{
    opencl_put_memory(call, job->q);
    opencl_put_memory(call, job->what->keys);
    opencl_put_memory(call, job->what->values);
}

static void attend_many(const struct attend *job, size_t quads)
{
    struct opencl *opencl = job->opencl;
    const struct kernels_attention *what = job->what;
    size_t side = opencl->shape.side;
    struct opencl_call call = opencl_call(opencl, opencl->attend_many[quads]);
    put_operands(&call, job);
    opencl_put_memory(&call, job->out);
    opencl_put_size(&call, what->q_heads);
    opencl_put_size(&call, what->kv_heads);
    opencl_put_size(&call, what->dim);
    opencl_put_size(&call, what->capacity);
    opencl_put_size(&call, what->first);
    opencl_put_size(&call, what->rows);
    opencl_put_size(&call, what->window);
    opencl_put_float(&call, job->scale);
    opencl_put_size(&call, job->whole);
    opencl_run(&call,
               (struct opencl_groups){{(what->rows + 4 * side - 1) / (4 * side), what->q_heads, 1},
                                      {side, side, 1}});
}

/* How the context is cut for rows one by one. */
struct cut {
    size_t width;             /* 2^width query heads go together */
    size_t parts;             /* of the query heads that share keys and values */
    size_t splits, per_split; /* stretches, tokens of each */
    size_t items;
};

static size_t local_B(const struct cut *cut, size_t dim)
{
    size_t quads = (dim + 3) / 4, heads = (size_t)1 << cut->width;
    return 4 * (heads * 4 * quads + OPENCL_TOKENS * (2 * quads + 1) + heads * cut->per_split +
                4 * cut->items);
}

static struct cut cut_context(const struct attend *job)
{
    const size_t most = 256, waves = 4;
    const struct opencl_shape *shape = &job->opencl->shape;
    const struct kernels_attention *what = job->what;
    size_t group = what->q_heads / what->kv_heads, tokens = what->first + what->rows;
    struct cut cut = {.items = shape->items < GROUP_ITEMS ? shape->items : GROUP_ITEMS,
                      .per_split = most};
    tokens = what->window > 0 && tokens > what->window ? what->window : tokens;
    while (cut.width + 1 < OPENCL_WIDTHS && (size_t)1 << cut.width < group)
        cut.width++;
    while (cut.width > 0 && local_B(&cut, what->dim) > shape->local_B)
        cut.width--;
    cut.parts = (group + ((size_t)1 << cut.width) - 1) >> cut.width;
    size_t groups = cut.parts * what->kv_heads * what->rows, wanted = waves * shape->units / groups;
    if (wanted > 1 && tokens / wanted < most)
        cut.per_split = (tokens / wanted / OPENCL_TOKENS + 1) * OPENCL_TOKENS;
    cut.splits = (tokens + cut.per_split - 1) / cut.per_split;
    return cut;
}

static void join(const struct attend *job, const struct cut *cut)
{
    struct opencl *opencl = job->opencl;
    struct opencl_call call = opencl_call(opencl, opencl->single[OPENCL_JOIN]);
    opencl_put_memory(&call, opencl->scratch);
    opencl_put_memory(&call, job->out);
    opencl_put_size(&call, cut->splits);
    opencl_put_size(&call, job->what->dim);
    opencl_run(&call, (struct opencl_groups){{job->what->rows * job->what->q_heads, 1, 1},
                                             {cut->items, 1, 1}});
}

static void put_few(struct opencl_call *call, const struct attend *job, const struct cut *cut)
{
    const struct kernels_attention *what = job->what;
    size_t quads = (what->dim + 3) / 4, heads = (size_t)1 << cut->width;
    put_operands(call, job);
    opencl_put_memory(call, job->opencl->scratch);
    opencl_put_memory(call, job->out);
    opencl_put_size(call, what->q_heads);
    opencl_put_size(call, what->kv_heads);
    opencl_put_size(call, what->dim);
    opencl_put_size(call, what->capacity);
    opencl_put_size(call, what->first);
    opencl_put_size(call, what->window);
    opencl_put_size(call, cut->per_split);
    opencl_put_float(call, job->scale);
    opencl_put_size(call, job->whole);
    opencl_put_local(call, heads * 4 * quads * sizeof(float));
    opencl_put_local(call, OPENCL_TOKENS * (2 * quads + 1) * sizeof(uint32_t));
    opencl_put_local(call, heads * cut->per_split * sizeof(float));
    opencl_put_local(call, cut->items * 4 * sizeof(float));
}

static void attend_few(const struct attend *job)
{
    struct opencl *opencl = job->opencl;
    const struct kernels_attention *what = job->what;
    struct cut cut = cut_context(job);
    size_t found_B = what->rows * what->q_heads * cut.splits * (what->dim + 2) * sizeof(float);
    if (!opencl_keep_room(opencl, &opencl->scratch, &opencl->scratch_B, found_B))
        return;
    struct opencl_call call = opencl_call(opencl, opencl->attend_few[cut.width]);
    put_few(&call, job, &cut);
    opencl_run(&call, (struct opencl_groups){{cut.splits, cut.parts * what->kv_heads, what->rows},
                                             {cut.items, 1, 1}});
    if (cut.splits > 1)
        join(job, &cut);
}

void opencl_attend(struct kernels *kernels, const struct kernels_attention *what, const void *q,
                   void *out)
{
    struct opencl *opencl = (struct opencl *)kernels;
    const double log2_e = 1.4426950408889634;
    uint64_t keys = 1, values = 1;
    opencl_find_buffer(opencl, what->keys, &keys);
    opencl_find_buffer(opencl, what->values, &values);
    struct attend job = {.opencl = opencl,
                         .what = what,
                         .q = q,
                         .out = out,
                         .scale = (float)(log2_e / sqrt((double)what->dim)),
                         .whole = what->dim % 4 == 0 && keys % 8 == 0 && values % 8 == 0};
    size_t quads = 0;
    while (quads < OPENCL_QUADS && 4 * opencl->shape.side << quads < what->dim)
        quads++;
    if (what->rows > FEW_ROWS && quads < OPENCL_QUADS)
        attend_many(&job, quads);
    else if (what->rows > 0)
        attend_few(&job);
}

void opencl_keep(struct kernels *kernels, const struct kernels_attention *what, const void *k,
                 const void *v)
{
    struct opencl *opencl = (struct opencl *)kernels;
    struct opencl_call call = opencl_call(opencl, opencl->single[OPENCL_KEEP]);
    size_t items = opencl->shape.items, width = what->kv_heads * what->dim;
    opencl_put_memory(&call, k);
    opencl_put_memory(&call, v);
    opencl_put_memory(&call, what->keys);
    opencl_put_memory(&call, what->values);
    opencl_put_size(&call, what->kv_heads);
    opencl_put_size(&call, what->dim);
    opencl_put_size(&call, what->capacity);
    opencl_put_size(&call, what->first);
    opencl_run(&call,
               (struct opencl_groups){{(width + items - 1) / items, what->rows, 1}, {items, 1, 1}});
}
