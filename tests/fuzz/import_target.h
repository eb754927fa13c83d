/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Imports any bytes: what is accepted must be a model when it is written and read again. */
#ifndef TESTS_FUZZ_IMPORT_TARGET_H
#define TESTS_FUZZ_IMPORT_TARGET_H

#include "workloads/import.h"
#include "workloads/model.h"

#include <stdlib.h>

static inline void import_any(const char *name, const char *bytes, size_t n)
{
    struct error err = {0};
    struct workload_model model;
    struct text yaml = {0};
    struct tree *tree = workload_import_memory(name, bytes, n, &err);
    if (!tree && err.n_faults == 0)
        abort();
    if (!tree)
        return;
    tree_write(tree, &yaml);
    tree_free(tree);
    tree = tree_parse("again", yaml.bytes, yaml.length, &err);
    if (!tree || !workload_model_read(tree, &model, &err) ||
        !(workload_model_file_bytes(&model) > 0))
        abort();
    workload_model_free(&model);
    tree_free(tree);
    text_free(&yaml);
}

#endif
