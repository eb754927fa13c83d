/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The header of a GGUF file: its metadata and what tensors it holds, never their data. The layout
 * is that of docs/gguf.md of ggml, versions 2 and 3, little-endian. A file is hostile until shown
 * otherwise: no count is believed beyond what the file's length can hold, nothing is allocated
 * before its bytes were seen, and what is passed over is read through a small buffer.
 * Internal to this folder. */
#ifndef WORKLOADS_GGUF_H
#define WORKLOADS_GGUF_H

#include "base/error.h"

#include <stdint.h>
#include <stdio.h>

enum gguf_type {
    GGUF_UINT8,
    GGUF_INT8,
    GGUF_UINT16,
    GGUF_INT16,
    GGUF_UINT32,
    GGUF_INT32,
    GGUF_FLOAT32,
    GGUF_BOOL,
    GGUF_STRING,
    GGUF_ARRAY,
    GGUF_UINT64,
    GGUF_INT64,
    GGUF_FLOAT64,
    GGUF_TYPES
};

struct gguf_pair {
    char *key;
    enum gguf_type type, element; /* element: of an array */
    uint64_t n;                   /* elements of an array, 1 otherwise */
    double *number; /* (n_numbers) numbers and truth values; those of long arrays are not kept */
    size_t n_numbers;
    char *text; /* a string; NULL where it is longer than any that tells what a model is */
};

struct gguf_format {
    uint32_t type;
    const char *name; /* "Q4_K" */
    unsigned block_weights, block_bytes;
};

enum { GGUF_DIMENSIONS = 4 };

struct gguf_tensor {
    char *name;
    uint64_t dimension[GGUF_DIMENSIONS]; /* the first runs along a row; 1 where there is none */
    uint64_t weights, bytes;
    uint64_t offset; /* from the start of the data */
    const struct gguf_format *format;
};

struct gguf {
    char *path;
    uint32_t version;
    struct gguf_pair *pair; /* (n_pairs) in order of their keys */
    size_t n_pairs, pair_room;
    struct gguf_tensor *tensor; /* (n_tensors) in order of their names */
    size_t n_tensors, tensor_room;
    uint64_t alignment;
    uint64_t header_bytes; /* where the data start */
    uint64_t tensor_bytes; /* of all tensors, without padding */
    uint64_t data_bytes;   /* that the tensors span, with padding */
    uint64_t file_bytes;   /* that are there */
};

/* Reads a header from a stream of `size` bytes; `path` stands in messages. The caller frees *out
 * with gguf_free; after a fault it is empty. */
bool gguf_read(FILE *stream, uint64_t size, const char *path, struct gguf *out, struct error *err);
void gguf_free(struct gguf *gguf);

/* Borrowed; NULL where there is none. */
const struct gguf_pair *gguf_find(const struct gguf *gguf, const char *key);
const struct gguf_tensor *gguf_find_tensor(const struct gguf *gguf, const char *name);
/* The storage format of a type number, NULL if unknown. */
const struct gguf_format *gguf_format(uint32_t type);

/* Sorts by name, then checks that names are given once and that no two tensors' data overlap. */
bool gguf_check(struct gguf *gguf, struct error *err);

#endif
