/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "devices/measurements/request_log.h"

#include "base/file.h"
#include "base/memory.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* No model has contexts of this length: a larger count is a damaged file. */
static const uint64_t most_tokens = UINT64_C(1) << 31;

static struct measured_request *add_request(struct measured_log *log, size_t line)
{
    log->request = mem_grow(log->request, &log->room, log->n + 1, sizeof *log->request);
    struct measured_request *request = &log->request[log->n++];
    *request = (struct measured_request){.ttft_s = NAN, .tpot_s = NAN, .e2e_s = NAN, .line = line};
    return request;
}

/* A table. */

enum column { ARRIVAL, PROMPT, OUTPUT, TTFT, TPOT, E2E, COLUMNS };
static const char *const columns[COLUMNS] = {
    "arrived_at", "num_prefill_tokens", "num_decode_tokens", "ttft_s", "tpot_s", "e2e_s"};

static bool csv_tokens(const struct csv *csv, size_t column, uint64_t least, uint64_t *out,
                       struct error *err)
{
    if (!csv_count(csv, column, out, err))
        return false;
    return (*out >= least && *out <= most_tokens) ||
           csv_cell_error(csv, column, "a number of tokens", err);
}

static bool csv_seconds(const struct csv *csv, size_t column, double *out, struct error *err)
{
    if (*csv_text(csv, column) == '\0')
        return true;
    if (!csv_number(csv, column, out, err))
        return false;
    return *out >= 0 || csv_cell_error(csv, column, "a time from 0 on", err);
}

static bool csv_request(const struct csv *csv, const size_t at[COLUMNS], struct measured_log *log,
                        struct error *err)
{
    struct measured_request *request = add_request(log, csv_line(csv));
    request->arrival_s = NAN;
    return csv_seconds(csv, at[ARRIVAL], &request->arrival_s, err) &&
           (!isnan(request->arrival_s) ||
            csv_cell_error(csv, at[ARRIVAL], "a time from 0 on", err)) &&
           csv_tokens(csv, at[PROMPT], 1, &request->prompt_tokens, err) &&
           csv_tokens(csv, at[OUTPUT], 0, &request->output_tokens, err) &&
           csv_seconds(csv, at[TTFT], &request->ttft_s, err) &&
           csv_seconds(csv, at[TPOT], &request->tpot_s, err) &&
           csv_seconds(csv, at[E2E], &request->e2e_s, err) &&
           (!(request->e2e_s < request->ttft_s) ||
            csv_cell_error(csv, at[E2E], "a time from ttft_s on", err));
}

static void start_at_zero(struct measured_log *log)
{
    double first = INFINITY;
    for (size_t i = 0; i < log->n; i++)
        first = fmin(first, log->request[i].arrival_s);
    for (size_t i = 0; i < log->n; i++)
        log->request[i].arrival_s -= first;
    log->start_s = first;
}

static bool some_requests(const struct measured_log *log, const char *path, struct error *err)
{
    return log->n > 0 || error_at(err, path, 1, 1, "the log has no requests");
}

bool measured_log_read_csv(struct csv *csv, struct measured_log *log, struct error *err)
{
    size_t at[COLUMNS];
    bool ok = true;
    for (size_t i = 0; i < COLUMNS; i++)
        ok = csv_need(csv, columns[i], &at[i], err) && ok;
    enum csv_status status = CSV_FAILED;
    while (ok && (status = csv_next(csv, err)) == CSV_ROW)
        ok = csv_request(csv, at, log, err);
    if (!ok || status == CSV_FAILED || !some_requests(log, csv_path(csv), err))
        return false;
    start_at_zero(log);
    return true;
}

/* JSON lines. */

/* Points of time of one request, on the two clocks. */
struct stamps {
    double arrival, queued, first_token, last_token; /* nan: not known */
};

static bool line_error(const struct jsonl *lines, const char *key, const char *what,
                       struct error *err)
{
    return error_at(err, jsonl_path(lines), jsonl_line(lines), 1, "member '%s' is %s", key, what);
}

static bool line_seconds(const struct jsonl *lines, const json_t *object, const char *key,
                         double *out, struct error *err)
{
    const json_t *value = json_object_get(object, key);
    *out = NAN;
    if (json_is_null(value))
        return true;
    if (!jsonl_number(lines, object, key, out, err))
        return false;
    return *out >= 0 || line_error(lines, key, "before 0", err);
}

static bool line_tokens(const json_t *object, const char *key, uint64_t least, uint64_t *out)
{
    const json_t *value = json_object_get(object, key);
    json_int_t count = json_is_integer(value) ? json_integer_value(value) : -1;
    *out = count >= 0 ? (uint64_t)count : 0;
    return count >= 0 && *out >= least && *out <= most_tokens;
}

static bool line_stamps(const struct jsonl *lines, const json_t *object, struct stamps *out,
                        struct error *err)
{
    out->queued = NAN;
    if (!line_seconds(lines, object, "arrival_time", &out->arrival, err) ||
        (json_object_get(object, "queued_ts") &&
         !line_seconds(lines, object, "queued_ts", &out->queued, err)) ||
        !line_seconds(lines, object, "first_token_ts", &out->first_token, err) ||
        !line_seconds(lines, object, "last_token_ts", &out->last_token, err))
        return false;
    if (isnan(out->arrival))
        return line_error(lines, "arrival_time", "not a time", err);
    double start = isnan(out->queued) ? out->arrival : out->queued;
    if (out->first_token < start)
        return line_error(lines, "first_token_ts", "before the request came", err);
    if (out->last_token < out->first_token)
        return line_error(lines, "last_token_ts", "before the first token", err);
    return true;
}

static bool line_request(const struct jsonl *lines, const json_t *object, struct measured_log *log,
                         struct stamps *stamps, struct error *err)
{
    struct measured_request *request = add_request(log, jsonl_line(lines));
    if (!line_tokens(object, "input_toks", 1, &request->prompt_tokens))
        return line_error(lines, "input_toks", "not a number of tokens", err);
    if (!line_tokens(object, "output_toks", 0, &request->output_tokens))
        return line_error(lines, "output_toks", "not a number of tokens", err);
    return line_stamps(lines, object, stamps, err);
}

/* Joins the clock of the engine and that of the arrivals at the first value of each. */
static void join_clocks(struct measured_log *log, const struct stamps *stamps)
{
    double first_arrival = INFINITY, first_queued = INFINITY;
    for (size_t i = 0; i < log->n; i++) {
        first_arrival = fmin(first_arrival, stamps[i].arrival);
        first_queued = fmin(first_queued, stamps[i].queued);
    }
    log->start_s = first_arrival;
    double zero = isfinite(first_queued) ? first_queued : first_arrival;
    for (size_t i = 0; i < log->n; i++) {
        struct measured_request *request = &log->request[i];
        double steps = (double)request->output_tokens - 1;
        request->arrival_s = stamps[i].arrival - first_arrival;
        request->ttft_s = stamps[i].first_token - zero - request->arrival_s;
        request->e2e_s = stamps[i].last_token - zero - request->arrival_s;
        if (steps > 0)
            request->tpot_s = (stamps[i].last_token - stamps[i].first_token) / steps;
    }
}

bool measured_log_read_lines(struct jsonl *lines, struct measured_log *log, struct error *err)
{
    struct stamps *stamps = NULL;
    size_t room = 0;
    json_t *object;
    bool ok = true;
    enum csv_status status;
    while (ok && (status = jsonl_next(lines, &object, err)) == CSV_ROW) {
        stamps = mem_grow(stamps, &room, log->n + 1, sizeof *stamps);
        ok = line_request(lines, object, log, &stamps[log->n], err);
    }
    ok = ok && status == CSV_END && some_requests(log, jsonl_path(lines), err);
    if (ok && stamps)
        join_clocks(log, stamps);
    free(stamps);
    return ok;
}

/* What load generators record. */

static double seconds_of(struct stamp stamp)
{
    return (double)stamp.s + (double)stamp.ps / (double)STAMP_PS_PER_S;
}

void measured_log_take_bench(const struct workload_bench *bench, struct measured_log *log)
{
    const struct workload_bench_request *first = bench->request;
    for (size_t i = 1; i < bench->n; i++)
        if (stamp_compare(bench->request[i].start, first->start) < 0)
            first = &bench->request[i];
    for (size_t i = 0; i < bench->n; i++) {
        const struct workload_bench_request *from = &bench->request[i];
        struct measured_request *request = add_request(log, from->record);
        request->arrival_s = (double)(from->start.s - first->start.s) +
                             (double)(from->start.ps - first->start.ps) / (double)STAMP_PS_PER_S;
        request->prompt_tokens = from->prompt_tokens;
        request->output_tokens = from->output_tokens;
        request->ttft_s = from->ttft_s;
        request->tpot_s = from->tpot_s;
        request->e2e_s = from->e2e_s;
    }
    log->failed = bench->failed;
    log->cancelled = bench->cancelled;
    log->warm_up = bench->warm_up;
    log->unsized = bench->unsized;
    if (bench->n > 0)
        log->start_s = seconds_of(first->start);
}

static bool read_bench(const char *path, enum workload_bench_kind kind, struct measured_log *out,
                       struct error *err)
{
    if (kind != WORKLOAD_BENCH_VLLM && kind != WORKLOAD_BENCH_AIPERF)
        return workload_bench_refuse(path, kind, err);
    struct workload_bench bench;
    bool ok = workload_bench_read(path, kind, &bench, err);
    if (ok)
        measured_log_take_bench(&bench, out);
    out->format = kind == WORKLOAD_BENCH_VLLM ? WORKLOAD_VLLM_BENCH : WORKLOAD_AIPERF;
    workload_bench_free(&bench);
    return ok;
}

/* The first byte that is no blank. */
static int first_byte(const char *path)
{
    FILE *file = fopen(path, "rb");
    int byte = file ? fgetc(file) : EOF;
    while (file && (isspace(byte) || byte == 0xEF || byte == 0xBB || byte == 0xBF))
        byte = fgetc(file);
    if (file)
        fclose(file);
    return byte;
}

static bool read_requests(const char *path, struct measured_log *out, struct error *err)
{
    bool ok;
    enum workload_bench_kind kind = workload_bench_kind(path);
    if (kind != WORKLOAD_BENCH_NONE)
        return read_bench(path, kind, out, err);
    if (first_byte(path) == '{') {
        out->format = WORKLOAD_VLLM_LOG;
        struct jsonl *lines = jsonl_open(path, err);
        ok = lines && measured_log_read_lines(lines, out, err);
        jsonl_close(lines);
        return ok;
    }
    struct csv *csv = csv_open(path, err);
    ok = csv && measured_log_read_csv(csv, out, err);
    csv_close(csv);
    return ok;
}

static bool read_meta(const char *path, struct measured_log *out, struct error *err)
{
    enum { MOST_BYTES = 1 << 20 };
    char *bytes = NULL, *meta = file_beside(path, "meta.json");
    size_t n = 0;
    bool there = file_exists(meta);
    bool ok = !there || (file_read(meta, MOST_BYTES, &bytes, &n, err) &&
                         measured_server_read(meta, bytes, n, &out->server, err));
    free(bytes);
    if (there)
        out->meta = meta;
    else
        free(meta);
    return ok;
}

bool measured_log_read(const char *path, struct measured_log *out, struct error *err)
{
    *out = (struct measured_log){.format = WORKLOAD_VIDUR, .server = measured_server_none()};
    return read_requests(path, out, err) && read_meta(path, out, err);
}

void measured_log_free(struct measured_log *log)
{
    free(log->request);
    free(log->meta);
    *log = (struct measured_log){0};
}
