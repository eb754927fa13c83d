/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A catalogue device's speed with one request, as benchmarks report it. */
#ifndef TESTS_SUPPORT_SPEED_H
#define TESTS_SUPPORT_SPEED_H

#include "devices/roofline.h"
#include "tests/check.h"

/* `source` is the project's folder. */
static inline bool read_device(const char *source, const char *name, struct device *out)
{
    struct error err = {0};
    char path[512];
    snprintf(path, sizeof path, "%s/devices/catalog/devices/%s.yaml", source, name);
    struct tree *tree = tree_read(path, &err);
    bool ok = tree && device_read(tree, out, &err);
    if (!CHECK(ok))
        fprintf(stderr, "    %s\n", err.fault[0]);
    else
        out->sources = NULL;
    tree_free(tree);
    return ok;
}

static inline double pass_s(const struct device *device, const struct workload_model *model,
                            const struct device_pass *pass, double context)
{
    struct workload_operator op[WORKLOAD_UNIT_OPERATORS];
    struct device_condition at = {1, INFINITY, workload_model_file_bytes(model)};
    struct device_cost cost = {0};
    for (size_t unit = 0; unit < workload_units(model); unit++) {
        size_t n = workload_unit_operators(model, unit, op);
        for (size_t i = 0; i < n; i++)
            device_operator_cost(device, &op[i], pass, &at, 1, &cost);
    }
    return device->overheads.pass_s + cost.time_s + cost.time_per_context_s * context;
}

/* Tokens per second of a prompt of 512, and of an answer of 128 whose context is 64 on average. */
static inline double prefill_rate(const struct device *device, const struct workload_model *model)
{
    struct device_pass pass = {.rows = 512,
                               .sampled = 1,
                               .prefill_sequences = 1,
                               .prefill_rows = 512,
                               .prefill_pairs = 512.0 * 513 / 2};
    return 512 / pass_s(device, model, &pass, 0);
}

static inline double decode_rate(const struct device *device, const struct workload_model *model)
{
    struct device_pass pass = {.rows = 1, .sampled = 1, .decode_sequences = 1};
    return 1 / pass_s(device, model, &pass, 64);
}

#endif
