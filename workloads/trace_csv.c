/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Traces that are one request per CSV row: Azure's (2023, 2024 and LMM 2025), vidur's,
 * BurstGPT's and splitwise-sim's. */
#include "base/memory.h"
#include "workloads/reader.h"

#include <stdlib.h>
#include <string.h>

struct csv_format {
    const char *stamp, *prompt, *output; /* column names */
    bool clock;                          /* stamps are clock times */
    const char *example;
};

static const struct csv_format formats[] = {
    [WORKLOAD_AZURE] = {"TIMESTAMP", "ContextTokens", "GeneratedTokens", true,
                        "a time like 2023-11-16 18:15:46.6805900"},
    [WORKLOAD_VIDUR] = {"arrived_at", "num_prefill_tokens", "num_decode_tokens", false,
                        "a time like 4.314579, 0 or later"},
    [WORKLOAD_BURSTGPT] = {"Timestamp", "Request tokens", "Response tokens", false,
                           "a time like 19440110.0, 0 or later"},
    [WORKLOAD_SPLITWISE_SIM] = {"arrival_timestamp", "prompt_size", "token_size", false,
                                "a time like 4.314579, 0 or later"},
};

struct csv_trace {
    struct csv *csv;
    const struct csv_format *format;
    size_t stamp, prompt, output; /* columns */
    int shift;                    /* decimal places of the time unit */
};

/* Where a cell stands in its line; exact where no cell before it is quoted. */
static size_t cell_column(const struct csv *csv, size_t column)
{
    size_t place = 1;
    for (size_t i = 0; i < column; i++)
        place += strlen(csv_text(csv, i)) + 1;
    return place;
}

static void csv_trace_close(void *state)
{
    struct csv_trace *trace = state;
    csv_close(trace->csv);
    free(trace);
}

static void *csv_trace_open(const struct workload *workload, const char *path, struct error *err)
{
    const struct csv_format *format = &formats[workload->trace.format];
    static const int shifts[] = {
        [WORKLOAD_S] = 0, [WORKLOAD_MS] = 3, [WORKLOAD_US] = 6, [WORKLOAD_NS] = 9};
    struct csv *csv = csv_open(path, err);
    if (!csv)
        return NULL;
    struct csv_trace *trace = mem_calloc(1, sizeof *trace);
    trace->csv = csv;
    trace->format = format;
    trace->shift = shifts[workload->trace.time_unit];
    if (csv_need(csv, format->stamp, &trace->stamp, err) &&
        csv_need(csv, format->prompt, &trace->prompt, err) &&
        csv_need(csv, format->output, &trace->output, err))
        return trace;
    csv_trace_close(trace);
    return NULL;
}

static bool read_stamp(const struct csv_trace *trace, struct reader_row *out, struct error *err)
{
    const char *text = csv_text(trace->csv, trace->stamp);
    out->line = csv_line(trace->csv);
    out->column = cell_column(trace->csv, trace->stamp);
    if (trace->format->clock ? stamp_read_clock(text, &out->stamp)
                             : stamp_read_decimal(text, trace->shift, &out->stamp))
        return true;
    return error_at(err, csv_path(trace->csv), out->line, out->column,
                    "column '%s': '%s' is not %s", trace->format->stamp, text_clip(text).bytes,
                    trace->format->example);
}

static bool read_tokens(const struct csv *csv, size_t column, uint64_t least, uint64_t *out,
                        struct error *err)
{
    if (!csv_count(csv, column, out, err))
        return false;
    if (*out >= least && *out <= READER_MOST_TOKENS)
        return true;
    return error_at(err, csv_path(csv), csv_line(csv), cell_column(csv, column),
                    "column '%s': %s tokens; a request has %llu to %llu",
                    csv_column_name(csv, column), text_clip(csv_text(csv, column)).bytes,
                    (unsigned long long)least, (unsigned long long)READER_MOST_TOKENS);
}

static enum csv_status csv_trace_next(void *state, struct reader_row *out, struct error *err)
{
    struct csv_trace *trace = state;
    enum csv_status status = csv_next(trace->csv, err);
    if (status != CSV_ROW)
        return status;
    bool ok = read_stamp(trace, out, err) &&
              read_tokens(trace->csv, trace->prompt, 1, &out->prompt_tokens, err) &&
              read_tokens(trace->csv, trace->output, 0, &out->output_tokens, err);
    return ok ? CSV_ROW : CSV_FAILED;
}

const struct reader reader_csv = {"csv", csv_trace_open, csv_trace_close, csv_trace_next};
