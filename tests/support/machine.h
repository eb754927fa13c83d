/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Small machines, models and workloads from YAML text, for tests that know their numbers. */
#ifndef TESTS_SUPPORT_MACHINE_H
#define TESTS_SUPPORT_MACHINE_H

#include "devices/platform.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static inline void machine_fail(const struct error *err, const char *text)
{
    fprintf(stderr, "%s\n%s\n", err->fault[0], text);
    exit(1);
}

static inline struct tree *machine_parse(const char *text)
{
    struct error err = {0};
    struct tree *tree = tree_parse("test", text, strlen(text), &err);
    if (!tree)
        machine_fail(&err, text);
    return tree;
}

/* Nothing in the text may be kept as a source: the tree is freed. Free with device_platform_free.
 */
static inline struct device_platform machine_platform(const char *text)
{
    struct error err = {0};
    struct device_platform platform;
    struct tree *tree = machine_parse(text);
    if (!device_platform_read(tree, &platform, &err))
        machine_fail(&err, text);
    tree_free(tree);
    return platform;
}

/* A device file; the pool is set so that it may be part of a platform. */
static inline struct device machine_device(const char *text)
{
    struct error err = {0};
    struct device device;
    struct tree *tree = machine_parse(text);
    if (!device_read(tree, &device, &err))
        machine_fail(&err, text);
    tree_free(tree);
    return device;
}

#endif
