/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Models from the files that others keep them in: a config.json of Hugging Face, or the header of a
 * GGUF file. What comes out is a model file of ours (qeilsim/model/1) that workload_model_read
 * accepts; its `sources` name, for each key, the file and the field that it was taken from, or the
 * default of the architecture that stands in for one. */
#ifndef WORKLOADS_IMPORT_H
#define WORKLOADS_IMPORT_H

#include "base/tree.h"

/* Append the model as YAML. False: err tells what is missing or wrong, *yaml is as it was. */
bool workload_import_config(const char *path, struct text *yaml, struct error *err);
bool workload_import_gguf(const char *path, struct text *yaml, struct error *err);

/* Either, told apart by the first bytes, as a tree whose marks name the file. The caller owns the
 * result and frees it with tree_free. NULL: err has the faults. */
struct tree *workload_import(const char *path, struct error *err);
/* As workload_import, for bytes in memory; `name` stands for the file's. */
struct tree *workload_import_memory(const char *name, const char *bytes, size_t n,
                                    struct error *err);

#endif
