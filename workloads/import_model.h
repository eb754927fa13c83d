/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the importers share: a model file that grows key by key, each with its source; and what the
 * architectures imply. Internal to this folder. */
#ifndef WORKLOADS_IMPORT_MODEL_H
#define WORKLOADS_IMPORT_MODEL_H

#include "base/tree.h"

#include <stdint.h>
#include <stdio.h>

struct import {
    const char *path;
    char *file; /* its last part, for sources */
    struct error *err;
    struct tree *model, *sources;
    bool ok;
};

void import_begin(struct import *import, const char *path, struct error *err);
/* Checks what has grown as a model. NULL where anything failed. The import is empty afterwards. */
struct tree *import_end(struct import *import);
/* One fault about the file; returns false. */
bool import_fault(struct import *import, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Put a key. `field` is the file's own name for it; NULL: it is the architecture's default, and
 * `origin` tells why. */
struct import_source {
    const char *field, *origin;
};
void import_text(struct import *import, const char *key, const char *value,
                 struct import_source source);
void import_count(struct import *import, const char *key, uint64_t value,
                  struct import_source source);
void import_remove(struct import *import, const char *key);
/* Kinds of layers in Hugging Face's words: full_attention, sliding_attention, conv. Puts nothing
 * where all attend to all (then no window either) or all slide, a pattern where there is one, else
 * the list. */
void import_layers(struct import *import, const char *const *kinds, size_t n,
                   struct import_source source);
/* A source without a key of the model: what else is known. */
void import_note(struct import *import, const char *key, const char *kind, const char *text);
/* A count that was put before, 0 where there is none. */
uint64_t import_get(const struct import *import, const char *key);

/* The limits that the model's field table sets a key. */
struct import_limits {
    double min, max;
};
struct import_limits import_limits(const char *key);

/* A catalogue name: lower-case words joined by '-'. Freed with free(); NULL where nothing is left
 * of the text. */
char *import_name(const char *text);

/* One architecture under its names in both worlds, and what its class in Hugging Face's
 * transformers implies where a file says nothing. */
struct import_architecture {
    const char *config;     /* "LlamaForCausalLM" */
    const char *model_type; /* "llama" */
    const char *gguf;       /* "llama"; NULL where none or another row stands for it */
    uint64_t n_kv_heads;    /* num_key_value_heads; 0: as many as query heads */
    uint64_t head_dim;      /* 0: hidden_size / num_attention_heads */
    uint64_t window;        /* sliding_window; 0: none */
    uint64_t pattern;       /* as sliding_window_pattern of a model file */
    bool tied;              /* tie_word_embeddings */
    bool experts;           /* a mixture of experts */
};
/* NULL with a fault that names those that are known. */
const struct import_architecture *import_find_config(struct import *import, const char *name);
const struct import_architecture *import_find_gguf(struct import *import, const char *name);
/* By model_type; NULL without a fault. */
const struct import_architecture *import_find_type(const char *model_type);
/* Puts what is so in every model of the architecture. */
void import_traits(struct import *import, const struct import_architecture *architecture);

struct tree *import_config_bytes(const char *path, const char *bytes, size_t n, struct error *err);
struct tree *import_gguf_stream(const char *path, FILE *stream, uint64_t size, struct error *err);

#endif
