/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Requests over time: readers of recorded traces and our own generator behind one source, plus
 * the statistics that a closed form needs. */
#ifndef WORKLOADS_WORKLOAD_H
#define WORKLOADS_WORKLOAD_H

#include "base/fields.h"
#include "base/stream.h"

#include <stdio.h>

/* Calls of one session (0: of none) follow each other: one with `follows` comes think_ps after the
 * one before it has ended, and not before its own arrival_ps. A session's calls stand in order. */
struct workload_call {
    uint64_t session;
    int64_t think_ps;
    bool follows;
};

/* What the tokens of a request are: two requests share the tokens of their blocks up to the first
 * id that differs. */
struct workload_known {
    const uint64_t *id;    /* (n_ids), borrowed until the next call on the source */
    size_t n_ids;          /* 0: nothing is known */
    uint64_t block_tokens; /* of a block; the last may hold fewer */
    uint64_t tokens; /* of prompt and answer that the ids tell; in traces those of the prompt */
};

struct workload_request {
    uint64_t id;                           /* position in the source, from 0, before thinning */
    int64_t arrival_ps;                    /* since the first request of the trace */
    uint64_t prompt_tokens, output_tokens; /* output 0: a failed request, kept and flagged */
    size_t line;                           /* line of the trace file, 0 for generated ones */
    struct workload_call call;
    struct workload_known known;
};

/* The recorded formats: tables, from WORKLOAD_MOONCAKE on one JSON object a line, from
 * WORKLOAD_VLLM_BENCH on what load generators record (workloads/bench.h), which is only read. */
enum workload_trace_format {
    WORKLOAD_AZURE,
    WORKLOAD_VIDUR,
    WORKLOAD_BURSTGPT,
    WORKLOAD_SPLITWISE_SIM,
    WORKLOAD_MOONCAKE,
    WORKLOAD_QWEN_BAILIAN,
    WORKLOAD_RAGPULSE,
    WORKLOAD_LLMSERVINGSIM,
    WORKLOAD_VLLM_LOG,
    WORKLOAD_VLLM_BENCH,
    WORKLOAD_AIPERF,
    WORKLOAD_FORMATS
};
/* Their names in `workload.trace.format`, NULL-ended, and where users get such traces. */
extern const char *const workload_trace_formats[WORKLOAD_FORMATS + 1];
const char *workload_trace_origin(int format);

/* Unit of stamps that are plain numbers and of which no format says more: vidur's. */
enum workload_time_unit { WORKLOAD_S, WORKLOAD_MS, WORKLOAD_US, WORKLOAD_NS };

struct workload_trace_spec {
    char *file;          /* as the user wrote it */
    char *folder_of;     /* the file that names it: relative paths start there; NULL: here */
    size_t line, column; /* where folder_of names it */
    int format;          /* enum workload_trace_format */
    int time_unit;       /* enum workload_time_unit */
    double thin;         /* keep each request with this probability, (0, 1] */
    double stretch;      /* arrival times are multiplied by this */
    bool sort;           /* stable sort instead of refusing stamps that go backwards */
    bool drop_failed;    /* leave out requests with 0 output tokens */
    uint64_t limit;      /* at most so many requests, 0: all */
};

enum workload_length_law { WORKLOAD_LOGNORMAL, WORKLOAD_EXPONENTIAL };

/* Lengths drawn by the generator, clamped to [min, max]: log-normal with the given median and sigma
 * of the logarithm, rounded; or exponential with that median, rounded up, which is geometric. */
struct workload_lengths {
    double median, log_sigma;
    uint64_t min, max;
    int law; /* enum workload_length_law */
};

/* What requests begin with, put before what their prompt length says. */
struct workload_prefix_spec {
    uint64_t tokens, groups; /* as many different beginnings, equally likely */
    double share;            /* of the requests (of the sessions) that have one */
};

/* A request becomes a session: each further call repeats all that was said and adds to it. */
struct workload_session_spec {
    uint64_t calls;
    double think_s, think_cv; /* from the end of a call to the next: mean; 0: always the same */
};

/* So many users, each with one request at a time. The stamps of the workload are not used. */
struct workload_loop_spec {
    uint64_t users;
    double think_s, think_cv;
};

struct workload_generator_spec {
    uint64_t requests; /* calls of sessions counted one by one */
    double rate_per_s; /* of requests, or of sessions; 0: all at once, for closed loops */
    double cv;         /* of the inter-arrival times: 1 is Poisson, else gamma with shape 1/cv^2 */
    struct workload_lengths prompt, output;
    bool has_prefix, has_session;
    struct workload_prefix_spec prefix;
    struct workload_session_spec session;
    uint64_t seed;
};

struct workload {
    char *schema, *name;           /* may be NULL */
    bool has_trace, has_generator; /* exactly one */
    struct workload_trace_spec trace;
    struct workload_generator_spec generator;
    bool has_loop;
    struct workload_loop_spec loop;
};

extern const struct field workload_fields[]; /* kind "workload" */

bool workload_read(const struct tree *node, struct workload *out, struct error *err);
void workload_free(struct workload *workload);

struct workload_written {
    uint64_t requests, ids_left_out; /* ids_left_out: whose blocks the format cannot tell */
};
/* Writes the requests as a trace of a format (enum workload_trace_format), one after the other: of
 * any length. Clock times are from 2026-01-01 00:00:00 on. What a format wants and nobody told is
 * empty or one constant: model, application, session. */
bool workload_write(const struct workload *workload, uint64_t seed, int format, FILE *out,
                    struct workload_written *written, struct error *err);
/* Tokens of a block of which a format's `hash_ids` tell; 0: it has none that are read. */
uint64_t workload_trace_block_tokens(int format);

/* Where the trace file lies: beside the file that names it, then $QEILSIM_TRACES, then
 * DATA/workloads/traces. NULL with a fault that says where to get it. Freed with free(). */
char *workload_trace_path(const struct workload_trace_spec *spec, struct error *err);

/* A stream of requests in order of arrival. `seed` decides thinning; what the generator draws is
 * decided by its own seed alone. The workload must outlive the source. The caller owns the result
 * and frees it with workload_source_close. */
struct workload_source;
struct workload_source *workload_source_open(const struct workload *workload, uint64_t seed,
                                             struct error *err);
void workload_source_close(struct workload_source *source);
/* *end is set when there is no further request. False: err has the place. An empty trace (header
 * only) is a fault, and so is one of which nothing is left after thinning. */
bool workload_source_next(struct workload_source *source, struct workload_request *out, bool *end,
                          struct error *err);
/* Called before the first request by who serves them. Where the loop is closed, the source then
 * gives each user's first request, after a time to think, and more as requests end; else, and
 * without this call, it gives all requests at their own times. True: the loop is closed. */
bool workload_source_serve(struct workload_source *source);
/* A request of a closed loop ended, so that its user has a time to think. *some is set when a
 * request follows; it is in *out then. Nothing follows where the loop is open. */
bool workload_source_ended(struct workload_source *source, int64_t end_ps,
                           struct workload_request *out, bool *some, struct error *err);
/* Rows whose stamp was earlier than that of the row above them, and that `sort` put in order. */
size_t workload_source_inversions(const struct workload_source *source);

/* Deviations are those of the set itself (divided by n). Percentiles interpolate linearly between
 * the two nearest ranks and are rounded, halves to even. The rate is one over the mean gap. */
struct workload_statistics {
    uint64_t requests, failed; /* failed: 0 output tokens */
    double span_s;             /* first to last arrival */
    double prompt_sum, output_sum;
    double prompt_mean, prompt_sd, output_mean, output_sd;
    uint64_t prompt_p50, prompt_p90, prompt_p99, prompt_max;
    uint64_t output_p50, output_p90, output_p99, output_max;
    double rate_per_s, cv;                /* cv of inter-arrival times */
    double correlation;                   /* of prompt and output lengths */
    uint64_t peak_1s, peak_10s, peak_60s; /* most arrivals in any half-open window */
    /* Blocks of prompts that the requests tell of, and how many are different: the others would be
     * found in a prefix cache without bounds. */
    uint64_t blocks, distinct_blocks;
};

/* Reads the whole source once. */
bool workload_statistics(const struct workload *workload, uint64_t seed,
                         struct workload_statistics *out, struct error *err);

#endif
