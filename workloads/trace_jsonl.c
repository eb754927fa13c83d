/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Traces that are one JSON object per line. Which unit the stamps have is part of the format. */
#include "base/jsonl.h"
#include "base/memory.h"
#include "workloads/reader.h"

#include <stdio.h>
#include <stdlib.h>

struct jsonl_format {
    const char *stamp, *prompt, *output; /* members */
    int shift;                           /* decimal places of the unit of stamps */
};

static const struct jsonl_format formats[] = {
    [WORKLOAD_MOONCAKE] = {"timestamp", "input_length", "output_length", 3},
    [WORKLOAD_QWEN_BAILIAN] = {"timestamp", "input_length", "output_length", 0},
    [WORKLOAD_RAGPULSE] = {"timestamp", "input_length", "output_length", 0},
    [WORKLOAD_LLMSERVINGSIM] = {"arrival_time_ns", "input_toks", "output_toks", 9},
    [WORKLOAD_VLLM_LOG] = {"arrival_time", "input_toks", "output_toks", 0},
};

struct jsonl_trace {
    struct jsonl *lines;
    const struct jsonl_format *format;
    uint64_t block_tokens; /* of which `hash_ids` tells; 0: it is not read */
    uint64_t *id;          /* of the row's blocks */
    size_t id_capacity;
};

static void jsonl_trace_close(void *state)
{
    struct jsonl_trace *trace = state;
    jsonl_close(trace->lines);
    free(trace->id);
    free(trace);
}

static void *jsonl_trace_open(const struct workload *workload, const char *path, struct error *err)
{
    struct jsonl *lines = jsonl_open(path, err);
    if (!lines)
        return NULL;
    struct jsonl_trace *trace = mem_calloc(1, sizeof *trace);
    *trace = (struct jsonl_trace){
        .lines = lines,
        .format = &formats[workload->trace.format],
        .block_tokens = workload_trace_block_tokens(workload->trace.format),
    };
    return trace;
}

/* Seconds since 1970 as a JSON number went through a double: 0.24 us are lost in the file. */
static bool read_stamp(const struct jsonl_trace *trace, const json_t *object, struct stamp *out,
                       struct error *err)
{
    const json_t *value = json_object_get(object, trace->format->stamp);
    char number[64];
    const char *text = number;
    if (json_is_integer(value))
        snprintf(number, sizeof number, "%lld", (long long)json_integer_value(value));
    else if (json_is_real(value))
        snprintf(number, sizeof number, "%.17g", json_real_value(value));
    else
        text = json_is_string(value) ? json_string_value(value) : "";
    if (stamp_read_decimal(text, trace->format->shift, out))
        return true;
    return error_at(err, jsonl_path(trace->lines), jsonl_line(trace->lines), 1, "member '%s' is %s",
                    trace->format->stamp, value ? "not a time from 0 on" : "not there");
}

static bool read_tokens(const struct jsonl_trace *trace, const json_t *object, const char *key,
                        uint64_t least, uint64_t *out, struct error *err)
{
    if (!jsonl_count(trace->lines, object, key, out, err))
        return false;
    if (*out >= least && *out <= READER_MOST_TOKENS)
        return true;
    return error_at(err, jsonl_path(trace->lines), jsonl_line(trace->lines), 1,
                    "member '%s': %llu tokens; a request has %llu to %llu", key,
                    (unsigned long long)*out, (unsigned long long)least,
                    (unsigned long long)READER_MOST_TOKENS);
}

/* Which blocks the prompt is made of, where the row tells all of them. */
static bool read_known(struct jsonl_trace *trace, const json_t *object, struct reader_row *out,
                       struct error *err)
{
    uint64_t block_tokens = trace->block_tokens;
    const json_t *ids = block_tokens > 0 ? json_object_get(object, "hash_ids") : NULL;
    out->known = (struct workload_known){.id = NULL};
    if (!ids)
        return true;
    size_t n = json_array_size(ids);
    if (n != (out->prompt_tokens + block_tokens - 1) / block_tokens)
        return error_at(err, jsonl_path(trace->lines), jsonl_line(trace->lines), 1,
                        "member 'hash_ids' is not a list of one number for each %llu tokens of "
                        "the prompt",
                        (unsigned long long)block_tokens);
    trace->id = mem_grow(trace->id, &trace->id_capacity, n, sizeof *trace->id);
    for (size_t i = 0; i < n; i++) {
        const json_t *id = json_array_get(ids, i);
        if (!json_is_integer(id))
            return error_at(err, jsonl_path(trace->lines), jsonl_line(trace->lines), 1,
                            "member 'hash_ids': element %zu is not a whole number", i);
        trace->id[i] = (uint64_t)json_integer_value(id);
    }
    out->known = (struct workload_known){trace->id, n, block_tokens, out->prompt_tokens};
    return true;
}

static enum csv_status jsonl_trace_next(void *state, struct reader_row *out, struct error *err)
{
    struct jsonl_trace *trace = state;
    json_t *object;
    enum csv_status status = jsonl_next(trace->lines, &object, err);
    if (status != CSV_ROW)
        return status;
    out->line = jsonl_line(trace->lines);
    out->column = 1;
    bool ok = read_stamp(trace, object, &out->stamp, err) &&
              read_tokens(trace, object, trace->format->prompt, 1, &out->prompt_tokens, err) &&
              read_tokens(trace, object, trace->format->output, 0, &out->output_tokens, err) &&
              read_known(trace, object, out, err);
    return ok ? CSV_ROW : CSV_FAILED;
}

const struct reader reader_jsonl = {"jsonl", jsonl_trace_open, jsonl_trace_close, jsonl_trace_next};
