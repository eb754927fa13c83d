/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Records are those of docs/tutorials/working-with-profile-exports.md of ai-dynamo/aiperf. */
#include "base/file.h"
#include "base/memory.h"
#include "workloads/bench.h"
#include "workloads/reader.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    double seconds;
} units[] = {{"ms", 1e-3},
             {"s", 1},
             {"sec", 1},
             {"seconds", 1},
             {"us", 1e-6},
             {"\xC2\xB5s", 1e-6},
             {"ns", 1e-9},
             {"milliseconds", 1e-3},
             {"microseconds", 1e-6},
             {"nanoseconds", 1e-9},
             {"min", 60}};

static bool metric_error(const struct jsonl *lines, const char *name, const char *what,
                         struct error *err)
{
    return error_at(err, jsonl_path(lines), jsonl_line(lines), 1, "metric '%s' %s", name, what);
}

/* A metric's value, NULL where it is absent or null. Borrowed. */
static const json_t *value_of(const json_t *metrics, const char *name)
{
    const json_t *value = json_object_get(json_object_get(metrics, name), "value");
    return value && !json_is_null(value) ? value : NULL;
}

/* Leaves *out where the metric is absent or null. */
static bool duration(const struct jsonl *lines, const json_t *metrics, const char *name,
                     double *out, struct error *err)
{
    const json_t *value = value_of(metrics, name);
    const char *unit = json_string_value(json_object_get(json_object_get(metrics, name), "unit"));
    if (!value)
        return true;
    if (!json_is_number(value) || !(json_number_value(value) >= 0))
        return metric_error(lines, name, "is not a time from 0 on", err);
    for (size_t i = 0; unit && i < sizeof units / sizeof *units; i++) {
        if (strcmp(unit, units[i].name) == 0) {
            *out = json_number_value(value) * units[i].seconds;
            return true;
        }
    }
    return metric_error(lines, name, "has no 'unit' of time: ms, s, us or ns", err);
}

/* *some is cleared where the metric is absent or null. */
static bool length(const struct jsonl *lines, const json_t *metrics, const char *name,
                   uint64_t least, uint64_t *out, bool *some, struct error *err)
{
    const json_t *value = value_of(metrics, name);
    double count = json_number_value(value);
    *some = value != NULL;
    if (!value)
        return true;
    if (!json_is_number(value) || !(count >= (double)least) || count > (double)READER_MOST_TOKENS ||
        floor(count) < count)
        return metric_error(lines, name, "is not a number of tokens", err);
    *out = (uint64_t)count;
    return true;
}

static bool stamp_at(const struct jsonl *lines, const json_t *metadata, const char *key,
                     struct stamp *out, struct error *err)
{
    const json_t *value = json_object_get(metadata, key);
    json_int_t ns = json_integer_value(value);
    if (!json_is_integer(value) || ns < 0)
        return error_at(err, jsonl_path(lines), jsonl_line(lines), 1,
                        "member 'metadata.%s' is not a whole number of nanoseconds", key);
    *out = (struct stamp){ns / 1000000000, ns % 1000000000 * 1000};
    return true;
}

static bool read_times(const struct jsonl *lines, const json_t *metrics,
                       struct workload_bench_request *request, struct error *err)
{
    if (!duration(lines, metrics, "time_to_first_token", &request->ttft_s, err) ||
        !duration(lines, metrics, "request_latency", &request->e2e_s, err) ||
        !duration(lines, metrics, "inter_token_latency", &request->tpot_s, err))
        return false;
    if (request->e2e_s < request->ttft_s)
        return metric_error(lines, "request_latency", "is before the first token", err);
    double own_s = (request->e2e_s - request->ttft_s) / ((double)request->output_tokens - 1);
    if (request->output_tokens < 2)
        request->tpot_s = NAN;
    else if (!isnan(own_s))
        request->tpot_s = own_s;
    return true;
}

/* What became of a request, by what its record tells beside the metrics. */
static bool is_left_out(const json_t *record, struct workload_bench *out)
{
    const json_t *metadata = json_object_get(record, "metadata");
    const json_t *error = json_object_get(record, "error");
    const char *phase = json_string_value(json_object_get(metadata, "benchmark_phase"));
    size_t *count = NULL;
    if (phase && strcmp(phase, "warmup") == 0)
        count = &out->warm_up;
    else if (json_is_true(json_object_get(metadata, "was_cancelled")))
        count = &out->cancelled;
    else if ((error && !json_is_null(error)) || !json_is_object(json_object_get(record, "metrics")))
        count = &out->failed;
    if (count)
        ++*count;
    return count != NULL;
}

static bool read_record(const struct jsonl *lines, const json_t *record, struct workload_bench *out,
                        struct error *err)
{
    const json_t *metadata = json_object_get(record, "metadata");
    const json_t *metrics = json_object_get(record, "metrics");
    struct workload_bench_request one = {.ttft_s = NAN, .tpot_s = NAN, .e2e_s = NAN};
    bool prompt, answer;
    if (!json_is_object(metadata))
        return error_at(err, jsonl_path(lines), jsonl_line(lines), 1,
                        "member 'metadata' is not there: each record of AIPerf has one");
    if (is_left_out(record, out))
        return true;
    if (!length(lines, metrics, "input_sequence_length", 1, &one.prompt_tokens, &prompt, err) ||
        !length(lines, metrics, "output_sequence_length", 0, &one.output_tokens, &answer, err))
        return false;
    if (!answer &&
        !length(lines, metrics, "output_token_count", 0, &one.output_tokens, &answer, err))
        return false;
    if (!prompt || !answer) {
        out->unsized++;
        return true;
    }
    if (!stamp_at(lines, metadata, "request_start_ns", &one.start, err) ||
        !read_times(lines, metrics, &one, err))
        return false;
    one.record = jsonl_line(lines);
    *workload_bench_add(out, one.record) = one;
    return true;
}

bool workload_bench_read_aiperf(struct jsonl *lines, struct workload_bench *out, struct error *err)
{
    json_t *record;
    bool ok = true;
    enum csv_status status = CSV_FAILED;
    while (ok && (status = jsonl_next(lines, &record, err)) == CSV_ROW)
        ok = read_record(lines, record, out, err);
    return ok && status == CSV_END;
}

static bool read_vllm(const char *path, struct workload_bench *out, struct error *err)
{
    const size_t most_bytes = (size_t)1 << 29; /* it holds all texts that were generated */
    char *bytes = NULL;
    size_t n;
    bool ok = file_read(path, most_bytes, &bytes, &n, err) &&
              workload_bench_read_vllm(path, bytes, n, out, err);
    free(bytes);
    return ok;
}

bool workload_bench_read(const char *path, enum workload_bench_kind kind,
                         struct workload_bench *out, struct error *err)
{
    *out = (struct workload_bench){.n = 0};
    bool ok;
    if (kind == WORKLOAD_BENCH_VLLM) {
        ok = read_vllm(path, out, err);
    } else {
        struct jsonl *lines = jsonl_open(path, err);
        ok = lines && workload_bench_read_aiperf(lines, out, err);
        jsonl_close(lines);
    }
    if (!ok || out->n > 0)
        return ok;
    size_t others = out->failed + out->cancelled + out->warm_up + out->unsized;
    return others > 0 ? error_at(err, path, 1, 1, "no request was finished, of %zu", others)
                      : error_at(err, path, 1, 1, "the log has no requests");
}

void workload_bench_free(struct workload_bench *bench)
{
    free(bench->request);
    *bench = (struct workload_bench){.n = 0};
}

static enum workload_bench_kind kind_of(const json_t *first)
{
    if (json_is_object(json_object_get(first, "metadata")) && json_object_get(first, "metrics"))
        return WORKLOAD_BENCH_AIPERF;
    if (json_is_object(json_object_get(first, "request_latency")) ||
        json_is_object(json_object_get(first, "request_throughput")))
        return WORKLOAD_BENCH_AIPERF_SUMMARY;
    if (json_object_get(first, "experiments"))
        return WORKLOAD_BENCH_GENAI_PERF;
    if (json_object_get(first, "input_lens") || json_object_get(first, "ttfts") ||
        json_object_get(first, "mean_ttft_ms") || json_object_get(first, "request_throughput"))
        return WORKLOAD_BENCH_VLLM;
    return WORKLOAD_BENCH_NONE;
}

enum workload_bench_kind workload_bench_kind(const char *path)
{
    FILE *file = fopen(path, "rb");
    int byte = file ? fgetc(file) : EOF;
    while (file && (isspace(byte) || byte == 0xEF || byte == 0xBB || byte == 0xBF))
        byte = fgetc(file);
    json_t *first = NULL;
    if (byte == '{' && ungetc(byte, file) == byte)
        first = json_loadf(file, JSON_DISABLE_EOF_CHECK, NULL);
    if (file)
        fclose(file);
    enum workload_bench_kind kind = first ? kind_of(first) : WORKLOAD_BENCH_NONE;
    json_decref(first);
    return kind;
}

bool workload_bench_refuse(const char *path, enum workload_bench_kind kind, struct error *err)
{
    return error_at(err, path, 1, 1,
                    kind == WORKLOAD_BENCH_GENAI_PERF
                        ? "events of GenAI-Perf are not read; AIPerf, which follows it, writes the "
                          "requests to profile_export.jsonl"
                        : "a summary of AIPerf has no requests; they are in profile_export.jsonl "
                          "beside it");
}
