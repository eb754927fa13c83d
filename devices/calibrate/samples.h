/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What calibration measures: one kernel at one size, its time, and what it did in that time. */
#ifndef DEVICES_CALIBRATE_SAMPLES_H
#define DEVICES_CALIBRATE_SAMPLES_H

#include "devices/calibrate/timing.h"
#include "devices/calibrate/weights.h"

enum calibrate_kind {
    CALIBRATE_STREAM,  /* "read", "copy", "triad" over a working set */
    CALIBRATE_PEAK,    /* "f32", "int8": arithmetic in registers */
    CALIBRATE_LAUNCH,  /* an empty operator */
    CALIBRATE_PAGES,   /* the first touch of memory, for each 4 KiB */
    CALIBRATE_PRODUCT, /* rows times a matrix; one row streams it */
    CALIBRATE_DECODE,  /* attention of one new row to its context */
    CALIBRATE_PROMPT,  /* attention of the rows of a prompt */
    CALIBRATE_ELEMENT, /* "norm", "rope", "gate", "add", "gather", "softmax" */
    CALIBRATE_COPY,    /* "upload", "download": working_set_B from or to the host */
    CALIBRATE_KINDS
};

struct calibrate_sample {
    enum calibrate_kind kind;
    const char *name; /* constant: "read", "gemm", "attention", "rope" ... */
    enum kernels_format format;
    size_t threads, rows;
    size_t outputs, inputs;             /* products; of elements `inputs` is the width of a row */
    size_t q_heads, kv_heads, head_dim; /* attention */
    size_t context;                     /* tokens before the rows */
    double working_set_B;               /* streams: of all arrays together; copies: their size */
    double bytes, flops;                /* of a call: moved to and from memory, computed */
    struct calibrate_timing round[CALIBRATE_ROUNDS]; /* (rounds) */
    size_t rounds;
    struct calibrate_timing timing; /* of the rounds together */
};

/* Where it is measured, and with how much effort. */
struct calibrate_session {
    struct kernels *kernels;
    double cache_B; /* of the last level: weights and caches of keys and values are taken from more
                       memory than it holds, four times as much */
    struct calibrate_effort effort;
    double memory_B; /* of the device; 0: not told */
    /* Of the products. All are kept while they take no more than a quarter of the memory: what is
     * freed and taken again comes in scattered pages, which stream slower than a model's do. */
    struct calibrate_memory weights[KERNELS_FORMATS];
};

/* Fills bytes and flops of *sample, and times one more round of it. False: stopped, or not so much
 * memory: the rounds before count. */
bool calibrate_measure(struct calibrate_session *session, struct calibrate_sample *sample);
/* Frees what measuring left; the backend stays open. */
void calibrate_session_end(struct calibrate_session *session);

/* The kinds one by one; internal to this folder. */
bool calibrate_stream(struct calibrate_session *session, struct calibrate_sample *sample);
bool calibrate_peak(struct calibrate_session *session, struct calibrate_sample *sample);
bool calibrate_launch(struct calibrate_session *session, struct calibrate_sample *sample);
bool calibrate_pages(struct calibrate_session *session, struct calibrate_sample *sample);
bool calibrate_product(struct calibrate_session *session, struct calibrate_sample *sample);
bool calibrate_attention(struct calibrate_session *session, struct calibrate_sample *sample);
bool calibrate_element(struct calibrate_session *session, struct calibrate_sample *sample);
bool calibrate_copy(struct calibrate_session *session, struct calibrate_sample *sample);
/* More memory than the last cache level holds. */
double calibrate_far_B(const struct calibrate_session *session);

#endif
