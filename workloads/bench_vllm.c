/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fields are those that vLLM's vllm/benchmarks/serve.py writes; times in seconds. */
#include "workloads/bench.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "workloads/reader.h"

#include <math.h>
#include <string.h>

static const char record_all[] =
    "'vllm bench serve' writes each request with --save-result --save-detailed";

/* One list for each quantity, all of the same length; NULL where one is not there. */
enum list { PROMPTS, ANSWERS, FIRST, BETWEEN, WHOLE, STARTS, ERRORS, LISTS };
static const char *const names[LISTS] = {"input_lens", "output_lens", "ttfts", "itls",
                                         "latencies",  "start_times", "errors"};

struct result {
    const char *path;
    const json_t *object, *list[LISTS];
    size_t n;
};

struct workload_bench_request *workload_bench_add(struct workload_bench *bench, size_t record)
{
    bench->request = mem_grow(bench->request, &bench->room, bench->n + 1, sizeof *bench->request);
    struct workload_bench_request *request = &bench->request[bench->n++];
    *request = (struct workload_bench_request){
        .ttft_s = NAN, .tpot_s = NAN, .e2e_s = NAN, .record = record};
    return request;
}

static bool result_error(const struct result *result, const char *what, struct error *err)
{
    return error_at(err, result->path, 1, 1, "%s", what);
}

static bool find_lists(struct result *result, struct error *err)
{
    for (int i = 0; i < LISTS; i++) {
        const json_t *list = json_object_get(result->object, names[i]);
        result->list[i] = list && !json_is_null(list) ? list : NULL;
        if (result->list[i] && !json_is_array(list))
            return error_at(err, result->path, 1, 1, "member '%s' is not a list", names[i]);
    }
    if (!result->list[PROMPTS] && !result->list[FIRST])
        return error_at(err, result->path, 1, 1,
                        "means and percentiles only: arrivals and lengths of the requests are not "
                        "there; %s",
                        record_all);
    for (int i = 0; i <= FIRST; i++)
        if (!result->list[i])
            return error_at(err, result->path, 1, 1, "member '%s' is not there; %s", names[i],
                            record_all);
    result->n = json_array_size(result->list[PROMPTS]);
    for (int i = 0; i < LISTS; i++)
        if (result->list[i] && json_array_size(result->list[i]) != result->n)
            return error_at(err, result->path, 1, 1, "member '%s' has %zu elements, '%s' has %zu",
                            names[i], json_array_size(result->list[i]), names[PROMPTS], result->n);
    return true;
}

/* Without starts arrivals are known only where all requests were sent at once. */
static bool check_starts(const struct result *result, struct error *err)
{
    const char *rate = json_string_value(json_object_get(result->object, "request_rate"));
    const json_t *limit = json_object_get(result->object, "max_concurrency");
    if (result->list[STARTS])
        return true;
    if (rate && strcmp(rate, "inf") == 0 && (!limit || json_is_null(limit)))
        return true;
    return result_error(result,
                        "member 'start_times' is not there, so that nobody knows when the "
                        "requests came; a newer vLLM records it with --save-detailed",
                        err);
}

static bool element_error(const struct result *result, enum list list, size_t i, const char *wanted,
                          struct error *err)
{
    return error_at(err, result->path, 1, 1, "member '%s': request %zu is not %s", names[list],
                    i + 1, wanted);
}

static bool tokens(const struct result *result, enum list list, size_t i, uint64_t least,
                   uint64_t *out, struct error *err)
{
    const json_t *value = json_array_get(result->list[list], i);
    json_int_t count = json_is_integer(value) ? json_integer_value(value) : -1;
    *out = count >= 0 ? (uint64_t)count : 0;
    return (count >= 0 && *out >= least && *out <= READER_MOST_TOKENS) ||
           element_error(result, list, i, "a number of tokens", err);
}

/* Leaves *out where there is no such list. */
static bool seconds(const struct result *result, enum list list, size_t i, double *out,
                    struct error *err)
{
    if (!result->list[list])
        return true;
    const json_t *value = json_array_get(result->list[list], i);
    if (!json_is_number(value) || !(json_number_value(value) >= 0))
        return element_error(result, list, i, "a time from 0 on", err);
    *out = json_number_value(value);
    return true;
}

static bool sum_between(const struct result *result, size_t i, double *out, struct error *err)
{
    const json_t *gaps = json_array_get(result->list[BETWEEN], i);
    *out = NAN;
    if (!result->list[BETWEEN])
        return true;
    bool ok = json_is_array(gaps);
    *out = 0;
    for (size_t k = 0; ok && k < json_array_size(gaps); k++) {
        double gap = json_number_value(json_array_get(gaps, k));
        ok = json_is_number(json_array_get(gaps, k)) && gap >= 0;
        *out += gap;
    }
    return ok || element_error(result, BETWEEN, i, "a list of times from 0 on", err);
}

static struct stamp stamp_of(double start_s)
{
    double whole = floor(start_s);
    int64_t ps = llround((start_s - whole) * 1e12);
    return (struct stamp){(int64_t)whole + ps / STAMP_PS_PER_S, ps % STAMP_PS_PER_S};
}

/* A client that saw no first token writes 0. */
static bool read_times(const struct result *result, size_t i,
                       struct workload_bench_request *request, struct error *err)
{
    const double latest_s = 1e12;
    double between_s, start_s = 0;
    if (!seconds(result, FIRST, i, &request->ttft_s, err) ||
        !sum_between(result, i, &between_s, err) ||
        !seconds(result, WHOLE, i, &request->e2e_s, err) ||
        !seconds(result, STARTS, i, &start_s, err))
        return false;
    if (start_s > latest_s)
        return element_error(result, STARTS, i, "a time below 1e12 s", err);
    request->start = stamp_of(start_s);
    if (!(request->ttft_s > 0))
        request->ttft_s = NAN;
    if (!result->list[WHOLE])
        request->e2e_s = request->ttft_s + between_s;
    if (request->e2e_s < request->ttft_s)
        return element_error(result, WHOLE, i, "a time from that of the first token on", err);
    if (request->output_tokens > 1)
        request->tpot_s = (request->e2e_s - request->ttft_s) / (double)(request->output_tokens - 1);
    return true;
}

static bool has_failed(const struct result *result, size_t i)
{
    const json_t *error = json_array_get(result->list[ERRORS], i);
    const char *text = json_string_value(error);
    return error && !json_is_null(error) && !(text && !*text);
}

static bool read_request(const struct result *result, size_t i, struct workload_bench *out,
                         struct error *err)
{
    if (has_failed(result, i)) {
        out->failed++;
        return true;
    }
    struct workload_bench_request *request = workload_bench_add(out, i + 1);
    return tokens(result, PROMPTS, i, 1, &request->prompt_tokens, err) &&
           tokens(result, ANSWERS, i, 0, &request->output_tokens, err) &&
           read_times(result, i, request, err);
}

bool workload_bench_read_vllm(const char *name, const char *bytes, size_t n,
                              struct workload_bench *out, struct error *err)
{
    static const char mark[] = "\xEF\xBB\xBF";
    json_error_t fault;
    size_t skip = n >= 3 && memcmp(bytes, mark, 3) == 0 ? 3 : 0;
    json_t *object = json_loadb(bytes + skip, n - skip, JSON_REJECT_DUPLICATES, &fault);
    if (!object)
        return error_at(err, name, fault.line > 0 ? (size_t)fault.line : 1,
                        fault.column > 0 ? (size_t)fault.column : 1, "not valid JSON: %s%s",
                        text_clip(fault.text).bytes,
                        strstr(fault.text, "end of file expected")
                            ? "; a file of --append-result holds several runs, one is wanted"
                            : "");
    struct result result = {.path = name, .object = object};
    bool ok = json_is_object(object) || error_at(err, name, 1, 1, "one object is wanted: {...}");
    ok = ok && find_lists(&result, err) && check_starts(&result, err);
    for (size_t i = 0; ok && i < result.n; i++)
        ok = read_request(&result, i, out, err);
    json_decref(object);
    return ok;
}
