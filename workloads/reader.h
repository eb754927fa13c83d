/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a source of requests reads from: one table of functions for traces that are tables, one for
 * those of JSON lines, and one for the generator. Rows come in the order in which they stand.
 * Internal to this folder. */
#ifndef WORKLOADS_READER_H
#define WORKLOADS_READER_H

#include "base/csv.h"
#include "base/stamp.h"
#include "workloads/workload.h"

struct reader_row {
    struct stamp stamp;
    uint64_t prompt_tokens, output_tokens;
    size_t line, column; /* where the stamp stands in the file; 0 for generated rows */
    struct workload_call call;
    struct workload_known known; /* its ids stay valid until the next row is read */
};

struct reader {
    const char *name;
    /* `path` is NULL for the generator. NULL: err says why. Freed with close. */
    void *(*open)(const struct workload *workload, const char *path, struct error *err);
    void (*close)(void *state);
    enum csv_status (*next)(void *state, struct reader_row *out, struct error *err);
};

/* No model has contexts of this length: a larger count is a damaged file. */
#define READER_MOST_TOKENS (UINT64_C(1) << 31)

extern const struct reader reader_csv, reader_jsonl, reader_bench, reader_generator;

#endif
