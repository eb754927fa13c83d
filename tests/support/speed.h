/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A catalogue device's speed with one request, as benchmarks report it. */
#ifndef TESTS_SUPPORT_SPEED_H
#define TESTS_SUPPORT_SPEED_H

#include "devices/forward.h"
#include "scenarios/scenario.h"
#include "tests/check.h"

/* With what it takes from its class. */
static inline bool read_device(const char *name, struct device *out)
{
    struct error err = {0};
    struct tree *tree = scenario_find("device", name, NULL, NULL, &err);
    bool ok = tree && device_read(tree, out, &err);
    if (!CHECK(ok))
        fprintf(stderr, "    %s\n", err.fault[0]);
    else
        out->sources = NULL;
    tree_free(tree);
    return ok;
}

/* Tokens per second of a prompt of 512. */
static inline double prefill_rate(const struct device *device, const struct workload_model *model)
{
    struct device_forward forward;
    struct device_run run = {.batch = 1, .tokens = 512, .ubatch = 512};
    device_forward_init(&forward, model);
    double time_s = device_prefill(device, &forward, &run).time_s;
    device_forward_free(&forward);
    return run.tokens / time_s;
}

/* The same of an answer of 128. */
static inline double decode_rate(const struct device *device, const struct workload_model *model)
{
    struct device_forward forward;
    struct device_run run = {.batch = 1, .tokens = 128};
    device_forward_init(&forward, model);
    double time_s = device_decode(device, &forward, &run).time_s;
    device_forward_free(&forward);
    return run.tokens / time_s;
}

#endif
