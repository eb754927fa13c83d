/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What load generators record of each request that they sent to a server: the result that
 * `vllm bench serve --save-result --save-detailed` saves (one JSON object of lists), and AIPerf's
 * profile_export.jsonl (one record a line). Requests that failed, were cancelled, or only warmed
 * the server up are counted and left out. */
#ifndef WORKLOADS_BENCH_H
#define WORKLOADS_BENCH_H

#include "base/jsonl.h"
#include "base/stamp.h"

struct workload_bench_request {
    struct stamp start; /* vLLM: of a clock whose zero nobody knows; AIPerf: since 1970 */
    uint64_t prompt_tokens, output_tokens;
    double ttft_s, tpot_s, e2e_s; /* nan: not recorded */
    size_t record;                /* position in vLLM's lists, line of AIPerf's; from 1 */
};

struct workload_bench {
    struct workload_bench_request *request; /* (n) in the order of the file */
    size_t n, room;
    size_t failed, cancelled, warm_up, unsized; /* unsized: lengths are not told */
};

/* What a file is, by its first JSON value. */
enum workload_bench_kind {
    WORKLOAD_BENCH_NONE, /* none of these */
    WORKLOAD_BENCH_VLLM,
    WORKLOAD_BENCH_AIPERF,
    WORKLOAD_BENCH_AIPERF_SUMMARY, /* profile_export_aiperf.json: no requests in it */
    WORKLOAD_BENCH_GENAI_PERF      /* profile_export.json of its predecessor */
};
enum workload_bench_kind workload_bench_kind(const char *path);
/* A fault that names the file that holds requests; for the last two kinds. */
bool workload_bench_refuse(const char *path, enum workload_bench_kind kind, struct error *err);

/* Reads a file of one of the first two kinds. A list of another length, a number that is none or
 * below 0, more than 2^31 tokens, a key that stands twice is a fault with the line or the request.
 * The caller frees *out with workload_bench_free, also after a failure. */
bool workload_bench_read(const char *path, enum workload_bench_kind kind,
                         struct workload_bench *out, struct error *err);
void workload_bench_free(struct workload_bench *bench);

/* The parts of it, for bytes in memory; *out starts empty. */
bool workload_bench_read_vllm(const char *name, const char *bytes, size_t n,
                              struct workload_bench *out, struct error *err);
bool workload_bench_read_aiperf(struct jsonl *lines, struct workload_bench *out, struct error *err);
struct workload_bench_request *workload_bench_add(struct workload_bench *bench, size_t record);

#endif
