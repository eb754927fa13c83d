/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The requests of a load generator's record as a trace. */
#include "base/memory.h"
#include "workloads/bench.h"
#include "workloads/reader.h"

#include <stdlib.h>

struct bench_trace {
    struct workload_bench bench;
    size_t given;
};

static void bench_trace_close(void *state)
{
    struct bench_trace *trace = state;
    workload_bench_free(&trace->bench);
    free(trace);
}

static void *bench_trace_open(const struct workload *workload, const char *path, struct error *err)
{
    bool vllm = workload->trace.format == WORKLOAD_VLLM_BENCH;
    struct bench_trace *trace = mem_calloc(1, sizeof *trace);
    if (workload_bench_read(path, vllm ? WORKLOAD_BENCH_VLLM : WORKLOAD_BENCH_AIPERF, &trace->bench,
                            err))
        return trace;
    bench_trace_close(trace);
    return NULL;
}

static enum csv_status bench_trace_next(void *state, struct reader_row *out, struct error *err)
{
    struct bench_trace *trace = state;
    (void)err;
    if (trace->given == trace->bench.n)
        return CSV_END;
    const struct workload_bench_request *request = &trace->bench.request[trace->given++];
    *out = (struct reader_row){.stamp = request->start,
                               .prompt_tokens = request->prompt_tokens,
                               .output_tokens = request->output_tokens,
                               .line = request->record,
                               .column = 1};
    return CSV_ROW;
}

const struct reader reader_bench = {"bench", bench_trace_open, bench_trace_close, bench_trace_next};
