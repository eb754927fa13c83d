/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a source of requests reads from: one table of functions for each trace format, and one for
 * the generator. Rows come in the order in which they stand. Internal to this folder. */
#ifndef WORKLOADS_READER_H
#define WORKLOADS_READER_H

#include "base/csv.h"
#include "workloads/stamp.h"
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

extern const struct reader reader_azure, reader_vidur, reader_generator;

#endif
