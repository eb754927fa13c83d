/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/memory.h"
#include "scenarios/fit_device.h"

#include <math.h>
#include <stdlib.h>

enum { OCTAVES = 24, LEAST_TIMES = 4 };

/* The mean logarithm of measured over predicted, weighted as the fit weighs. */
struct octave {
    double weight, sum;
    size_t n;
};

static bool is_product(const struct device_observation *what)
{
    return what->kind == DEVICE_SAW_OPERATOR && what->op->kind == WORKLOAD_MATMUL;
}

static void add(const struct device *device, const struct device_observation *what,
                struct octave octave[OCTAVES])
{
    double fixed_s = device->overheads.operator_s, weight = 1 / (what->noise * what->noise);
    double measured_s = what->measured - fixed_s, ours_s = device_observed(device, what) - fixed_s;
    double place = round(log2(what->pass.rows));
    if (measured_s <= 0 || ours_s <= 0 || place < 0 || place >= OCTAVES)
        return;
    struct octave *own = &octave[(size_t)place];
    own->weight += weight;
    own->sum += weight * log(measured_s / ours_s);
    own->n++;
}

static void put_number(struct tree *map, const char *key, double value)
{
    char *text = mem_printf("%.4g", value);
    tree_put(map, key, tree_new_scalar(text, &map->mark));
    free(text);
}

static void put(const struct device_compute *from, struct tree *map)
{
    struct tree *compute = tree_get(map, "compute"), *list = tree_new_map(&map->mark);
    list->kind = TREE_LIST;
    for (size_t i = 0; i < from->n_row_factors; i++) {
        struct tree *point = tree_new_map(&map->mark);
        put_number(point, "rows", from->row_factor[i].rows);
        put_number(point, "factor", from->row_factor[i].factor);
        tree_append(list, point);
    }
    tree_put(compute, "row_factors", list);
}

void scenario_fit_row_factors(struct device *device, const struct device_observation *what,
                              size_t n, struct tree *map)
{
    struct octave octave[OCTAVES] = {{0}};
    struct device_compute *compute = &device->compute;
    for (size_t i = 0; i < n; i++)
        if (is_product(&what[i]))
            add(device, &what[i], octave);
    compute->row_factor = mem_realloc(compute->row_factor, OCTAVES, sizeof *compute->row_factor);
    for (size_t k = 0; k < OCTAVES; k++)
        if (octave[k].n >= LEAST_TIMES)
            compute->row_factor[compute->n_row_factors++] =
                (struct device_row_factor){exp2((double)k), exp(octave[k].sum / octave[k].weight)};
    if (compute->n_row_factors > 0)
        put(compute, map);
}
