/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes are read as a log of requests in each form, and as the meta data of one. What is
 * accepted has no token before its request. */
#include "devices/measurements/request_log.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(struct measured_log *log, bool ok, const struct error *err)
{
    if (ok != (err->n_faults == 0))
        abort();
    for (size_t i = 0; ok && i < log->n; i++) {
        const struct measured_request *request = &log->request[i];
        if (!(request->arrival_s >= 0) || request->prompt_tokens == 0 || request->tpot_s < 0)
            abort();
    }
    measured_log_free(log);
}

/* The records of load generators. */
static void read_bench(const char *bytes, size_t size)
{
    struct error vllm_err = {0}, aiperf_err = {0};
    struct workload_bench vllm = {.n = 0}, aiperf = {.n = 0};
    struct measured_log log = {.n = 0}, other = {.n = 0};
    bool ok = workload_bench_read_vllm("fuzz", bytes, size, &vllm, &vllm_err);
    if (ok)
        measured_log_take_bench(&vllm, &log);
    check(&log, ok, &vllm_err);
    struct jsonl *lines = jsonl_open_memory("fuzz", bytes, size, &aiperf_err);
    ok = lines && workload_bench_read_aiperf(lines, &aiperf, &aiperf_err);
    if (ok)
        measured_log_take_bench(&aiperf, &other);
    check(&other, ok, &aiperf_err);
    jsonl_close(lines);
    workload_bench_free(&vllm);
    workload_bench_free(&aiperf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *bytes = (const char *)data;
    struct error csv_err = {0}, lines_err = {0}, meta_err = {0};
    struct measured_log table = {.n = 0}, list = {.n = 0};
    struct csv *csv = csv_open_memory("fuzz", bytes, size, &csv_err);
    check(&table, csv && measured_log_read_csv(csv, &table, &csv_err), &csv_err);
    csv_close(csv);
    struct jsonl *lines = jsonl_open_memory("fuzz", bytes, size, &lines_err);
    check(&list, lines && measured_log_read_lines(lines, &list, &lines_err), &lines_err);
    jsonl_close(lines);
    read_bench(bytes, size);
    struct measured_server server;
    bool ok = measured_server_read("fuzz", bytes, size, &server, &meta_err);
    if (ok != (meta_err.n_faults == 0))
        abort();
    return 0;
}
