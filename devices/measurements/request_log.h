/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Logs of a server's requests: when each arrived, how long it was, and when its tokens came. */
#ifndef DEVICES_MEASUREMENTS_REQUEST_LOG_H
#define DEVICES_MEASUREMENTS_REQUEST_LOG_H

#include "base/csv.h"
#include "base/jsonl.h"
#include "workloads/bench.h"
#include "workloads/workload.h"

/* One request, in the order of the file. */
struct measured_request {
    double arrival_s; /* since the first request of the log */
    uint64_t prompt_tokens, output_tokens;
    double ttft_s, tpot_s, e2e_s; /* nan where the log has none */
    size_t line; /* of a result of vLLM's benchmark: position in its lists, from 1 */
};

/* What the log's meta data say of the server; 0 or -1 where they say nothing. */
struct measured_server {
    uint64_t kv_blocks, kv_block_tokens, max_num_seqs, max_num_batched_tokens;
    double memory_fraction;
    int chunked_prefill, prefix_cache; /* 0, 1 or -1 */
};

struct measured_log {
    struct measured_request *request; /* (n) */
    size_t n, room;
    int format; /* enum workload_trace_format: what reads it as a trace of the same requests */
    /* Requests that are not among them: failed, cancelled, of the warm-up, without lengths. */
    size_t failed, cancelled, warm_up, unsized;
    double start_s; /* when the first request came, on the log's own clock */
    struct measured_server server;
    char *meta; /* file of the meta data; NULL: none is there */
};

/* Reads a log, told by its content, and meta.json beside it:
 * - JSON lines as from vLLM: input_toks, output_toks; arrival_time in seconds; first_token_ts and
 *   last_token_ts in seconds of another clock when queued_ts is there, of the same one otherwise.
 *   Two clocks are joined at their first values. A time that is null is not known.
 * - CSV: arrived_at, num_prefill_tokens, num_decode_tokens, ttft_s, tpot_s, e2e_s. An empty cell is
 *   not known.
 * - What load generators record: see workloads/bench.h.
 * A wrong type, more than 2^31 tokens, a time before 0, a token before its request or before the
 * first one is a fault with its place. The caller frees *out with measured_log_free, also after a
 * failure. */
bool measured_log_read(const char *path, struct measured_log *out, struct error *err);
void measured_log_free(struct measured_log *log);

/* The parts of it, for bytes in memory. `log` and `server` start empty: measured_server_none. */
bool measured_log_read_csv(struct csv *csv, struct measured_log *log, struct error *err);
bool measured_log_read_lines(struct jsonl *lines, struct measured_log *log, struct error *err);
void measured_log_take_bench(const struct workload_bench *bench, struct measured_log *log);
/* Names of vLLM's settings, at any depth. */
bool measured_server_read(const char *name, const char *bytes, size_t n,
                          struct measured_server *server, struct error *err);
struct measured_server measured_server_none(void);

#endif
