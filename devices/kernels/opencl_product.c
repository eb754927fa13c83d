/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which kernel makes a product, and how its items are laid out. */
#include "devices/kernels/opencl_device.h"

struct product {
    struct opencl *opencl;
    const struct kernels_weights *weights;
    const void *x;
    void *y;
    size_t rows;
};

static void put_operands(struct opencl_call *call, const struct product *what)
{
    opencl_put_memory(call, what->weights->data);
    opencl_put_long(call, kernels_format_bytes(what->weights->format, what->weights->columns));
    opencl_put_memory(call, what->x);
    opencl_put_memory(call, what->y);
}

/* Rows that begin where wide loads may. */
static bool is_aligned(const struct product *what)
{
    uint64_t weights = 0, x = 0;
    bool found = opencl_find_buffer(what->opencl, what->weights->data, &weights) &&
                 opencl_find_buffer(what->opencl, what->x, &x);
    bool quantised = what->weights->format == KERNELS_Q8_0 || what->weights->format == KERNELS_Q4_0;
    return found && what->weights->columns % 8 == 0 && x % 16 == 0 &&
           (quantised || weights % 16 == 0);
}

static void multiply_any(const struct product *what)
{
    struct opencl *opencl = what->opencl;
    struct opencl_call call = opencl_call(opencl, opencl->product_any[what->weights->format]);
    put_operands(&call, what);
    opencl_put_size(&call, what->weights->rows);
    opencl_put_size(&call, what->weights->columns);
    opencl_put_local(&call, opencl->shape.items * sizeof(float));
    opencl_run(&call, (struct opencl_groups){{what->weights->rows, what->rows, 1},
                                             {opencl->shape.items, 1, 1}});
}

/* Items of a team: where there are few outputs, more of them go along a row, as long as each has
 * some eights to do. */
static size_t team(const struct opencl_shape *shape, size_t teams, size_t columns)
{
    const size_t busy = 512; /* items that a unit has at least */
    size_t lanes = shape->lanes;
    while (2 * lanes <= shape->items && lanes * teams < busy * shape->units &&
           2 * lanes * 8 * 2 <= columns)
        lanes *= 2;
    return lanes;
}

static void multiply_few(const struct product *what, size_t width)
{
    const size_t wanted = 64; /* items of a group */
    struct opencl *opencl = what->opencl;
    const struct opencl_shape *shape = &opencl->shape;
    size_t outputs = what->weights->rows, at_once = opencl_few_outputs(width);
    size_t teams = (outputs + at_once - 1) / at_once;
    size_t lanes = shape->processor ? 1 : team(shape, teams, what->weights->columns);
    size_t in_group = shape->processor || lanes >= wanted ? 1 : wanted / lanes;
    struct opencl_call call =
        opencl_call(opencl, opencl->product_few[what->weights->format][width]);
    put_operands(&call, what);
    opencl_put_size(&call, what->rows);
    opencl_put_size(&call, outputs);
    opencl_put_size(&call, what->weights->columns);
    opencl_put_local(&call, (lanes * in_group * at_once << width) * sizeof(float));
    opencl_run(&call, (struct opencl_groups){{(teams + in_group - 1) / in_group, 1, 1},
                                             {lanes, in_group, 1}});
}

/* The tile that is done first: groups go through the units in waves, and a large one reuses more of
 * what it loads. */
static size_t best_tile(const struct opencl_shape *shape, size_t rows, size_t outputs)
{
    static const double rate[OPENCL_TILES] = {0.6, 0.65, 1};
    size_t best = 0;
    double least = 0;
    for (size_t t = 0; t < OPENCL_TILES; t++) {
        struct opencl_tile tile = opencl_tile(shape, t);
        size_t groups =
            ((rows + tile.rows - 1) / tile.rows) * ((outputs + tile.outputs - 1) / tile.outputs);
        size_t waves = (groups + shape->units - 1) / shape->units;
        double cost = (double)(waves * tile.rows * tile.outputs) / rate[t];
        if (t == 0 || cost < least) {
            least = cost;
            best = t;
        }
    }
    return best;
}

static void multiply_many(const struct product *what)
{
    struct opencl *opencl = what->opencl;
    size_t outputs = what->weights->rows;
    size_t which = best_tile(&opencl->shape, what->rows, outputs);
    struct opencl_tile tile = opencl_tile(&opencl->shape, which);
    struct opencl_call call =
        opencl_call(opencl, opencl->product_many[what->weights->format][which]);
    put_operands(&call, what);
    opencl_put_size(&call, what->rows);
    opencl_put_size(&call, outputs);
    opencl_put_size(&call, what->weights->columns);
    opencl_run(&call, (struct opencl_groups){{(what->rows + tile.rows - 1) / tile.rows,
                                              (outputs + tile.outputs - 1) / tile.outputs, 1},
                                             {tile.across, tile.down, 1}});
}

void opencl_matmul(struct kernels *kernels, const struct kernels_weights *weights, const void *x,
                   size_t rows, void *y)
{
    struct product what = {(struct opencl *)kernels, weights, x, y, rows};
    size_t width = 0;
    while (width < OPENCL_WIDTHS && (size_t)1 << width < rows)
        width++;
    if (width == OPENCL_WIDTHS)
        multiply_many(&what);
    else if (is_aligned(&what))
        multiply_few(&what, width);
    else
        multiply_any(&what);
}
