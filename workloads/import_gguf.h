/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the parts of the GGUF importer share. Internal to this folder. */
#ifndef WORKLOADS_IMPORT_GGUF_H
#define WORKLOADS_IMPORT_GGUF_H

#include "workloads/gguf.h"
#include "workloads/import_model.h"

struct gguf_source {
    struct import *import;
    const struct import_architecture *architecture;
    const struct gguf *gguf;
    const char *prefix; /* "llama": of its keys */
};

/* Our key and what stands behind the architecture's name in theirs. */
struct gguf_key {
    const char *key, *suffix;
};

/* "llama.block_count" for "block_count"; NULL where there is none. */
const struct gguf_pair *gguf_pair_of(const struct gguf_source *source, const char *suffix);
/* The largest of a pair's numbers: those given for each layer are one for all that have any. */
double gguf_largest(const struct gguf_pair *pair);
/* Puts a key if the file has it; false if it has not. */
bool gguf_put_count(struct gguf_source *source, struct gguf_key key);
void gguf_need_count(struct gguf_source *source, struct gguf_key key);

/* Sliding windows and kinds of layers, experts, latent attention. After the dimensions. */
void gguf_put_kinds(struct gguf_source *source);

#endif
