/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What load generators record of requests, as logs and as traces: vLLM's lists, AIPerf's records,
 * what of them is left out, and what is refused. */
#include "base/file.h"
#include "devices/measurements/request_log.h"
#include "tests/check.h"

#include <math.h>
#include <unistd.h>

static char path[] = "/tmp/qeilsim-bench-log-XXXXXX";

static bool read_text(const char *text, struct measured_log *out, struct error *err)
{
    *err = (struct error){0};
    CHECK(file_write(path, text, strlen(text), err));
    return measured_log_read(path, out, err);
}

static bool near(double a, double b)
{
    return fabs(a - b) < 1e-12;
}

/* The third request failed; the second came first. */
static const char vllm[] =
    "\xEF\xBB\xBF{\"date\": \"20260102-030405\", \"completed\": 2, \"failed\": 1, "
    "\"request_rate\": "
    "\"inf\",\r\n \"input_lens\": [100, 200, 7], \"output_lens\": [3, 2, 0], \"ttfts\": [0.1, "
    "0.25, "
    "0], \"itls\": [[0.05, 0.07], [0.125], []], \"start_times\": [11.5, 10.25, 12], "
    "\"generated_texts\": [\"\\u0001\", \"\", \"\"], \"errors\": [\"\", \"\", \"Timeout\"], "
    "\"mean_ttft_ms\": 175, \"max_concurrency\": 4}\r\n";

static void test_vllm(void)
{
    struct measured_log log;
    struct error err;
    if (CHECK(read_text(vllm, &log, &err) && log.n == 2)) {
        const struct measured_request *first = &log.request[0], *second = &log.request[1];
        CHECK(log.format == WORKLOAD_VLLM_BENCH && log.failed == 1 && log.cancelled == 0);
        CHECK(near(first->arrival_s, 1.25) && near(second->arrival_s, 0));
        CHECK(near(log.start_s, 10.25));
        CHECK(first->prompt_tokens == 100 && first->output_tokens == 3 && first->line == 1);
        CHECK(near(first->ttft_s, 0.1) && near(first->e2e_s, 0.22) && near(first->tpot_s, 0.06));
        CHECK(near(second->e2e_s, 0.375) && near(second->tpot_s, 0.125) && second->line == 2);
    }
    measured_log_free(&log);
}

/* All sent at once: without a limit of concurrency no start is needed. */
static void test_at_once(void)
{
    struct measured_log log;
    struct error err;
    if (CHECK(read_text("{\"request_rate\": \"inf\", \"max_concurrency\": null, \"input_lens\": "
                        "[5, 6], \"output_lens\": [1, 1], \"ttfts\": [0.5, 0.75], \"itls\": [[], "
                        "[]], \"latencies\": [0.5, 0.8125]}",
                        &log, &err) &&
              log.n == 2)) {
        CHECK(near(log.request[0].arrival_s, 0) && near(log.request[1].arrival_s, 0));
        CHECK(isnan(log.request[0].tpot_s) && near(log.request[1].e2e_s, 0.8125));
    }
    measured_log_free(&log);
}

#define RECORD(start, phase, cancelled, metrics, error)                                            \
    "{\"metadata\": {\"session_num\": 1, \"request_start_ns\": " start                             \
    ", \"request_end_ns\": 1, \"benchmark_phase\": \"" phase "\", \"was_cancelled\": " cancelled   \
    "}, \"metrics\": " metrics ", \"error\": " error "}\r\n"
#define LENGTHS                                                                                    \
    "\"input_sequence_length\": {\"value\": 550, \"unit\": \"tokens\"}, "                          \
    "\"output_sequence_length\""                                                                   \
    ": {\"value\": 9, \"unit\": \"tokens\"}"

static const char aiperf[] = RECORD(
    "1759813207532900363", "profiling", "false",
    "{" LENGTHS ", \"time_to_first_token\": {\"value\": 256, \"unit\": \"ms\"}, "
    "\"request_latency\": {\"value\": 0.296, \"unit\": \"sec\"}, \"inter_chunk_latency\": "
    "{\"value\": [4.5, 5], \"unit\": \"ms\"}}",
    "null")
    RECORD("1759813207132900363", "profiling", "false",
           "{\"input_sequence_length\": {\"value\": 6, \"unit\": \"tokens\"}, "
           "\"output_token_count\": {\"value\": 3, \"unit\": \"tokens\"}, \"time_to_first_token\": "
           "{\"value\": null, \"unit\": \"ms\"}, \"request_latency\": {\"value\": 3000000, "
           "\"unit\": \"ns\"}, \"inter_token_latency\": {\"value\": 500, \"unit\": \"us\"}}",
           "null") "\n" RECORD("1", "profiling", "true",
                               "{\"error_isl\": {\"value\": 550, \"unit\": \"tokens\"}}",
                               "{\"code\": 499, \"type\": \"RequestCancellationError\", "
                               "\"message\": \"\"}")
        RECORD("1", "profiling", "false", "{}",
               "{\"code\": 500, \"type\": \"Server\", \"message\": \"\"}")
            RECORD("1", "profiling", "false", "null", "null")
                RECORD("1", "warmup", "false", "{" LENGTHS "}", "null")
                    RECORD("1", "profiling", "false", "{\"input_sequence_length\": null}", "null");

static void test_aiperf(void)
{
    struct measured_log log;
    struct error err;
    if (CHECK(read_text(aiperf, &log, &err) && log.n == 2)) {
        const struct measured_request *first = &log.request[0], *second = &log.request[1];
        CHECK(log.format == WORKLOAD_AIPERF);
        CHECK(log.failed == 2 && log.cancelled == 1 && log.warm_up == 1 && log.unsized == 1);
        CHECK(near(first->arrival_s, 0.4) && near(second->arrival_s, 0));
        CHECK(fabs(log.start_s - 1759813207.1329) < 1e-6);
        CHECK(first->prompt_tokens == 550 && first->output_tokens == 9 && first->line == 1);
        CHECK(near(first->ttft_s, 0.256) && near(first->e2e_s, 0.296));
        CHECK(near(first->tpot_s, 0.005));
        CHECK(isnan(second->ttft_s) && near(second->e2e_s, 0.003) && near(second->tpot_s, 5e-4));
        CHECK(second->output_tokens == 3 && second->line == 2);
    }
    measured_log_free(&log);
}

/* As a trace the same requests come, in order of time and under the same numbers. */
static void test_as_traces(void)
{
    static const struct {
        const char *text;
        int format;
        int64_t later_ps;
    } files[] = {{vllm, WORKLOAD_VLLM_BENCH, INT64_C(1250000000000)},
                 {aiperf, WORKLOAD_AIPERF, INT64_C(400000000000)}};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct error err = {0};
        struct workload workload = {
            .has_trace = true,
            .trace = {.file = path, .format = files[i].format, .thin = 1, .stretch = 1}};
        struct workload_request request[2];
        bool end = true;
        workload.trace.sort = true;
        CHECK(file_write(path, files[i].text, strlen(files[i].text), &err));
        struct workload_source *source = workload_source_open(&workload, 1, &err);
        if (CHECK(source && workload_source_next(source, &request[0], &end, &err) &&
                  workload_source_next(source, &request[1], &end, &err) && !end)) {
            CHECK(request[0].id == 1 && request[0].arrival_ps == 0);
            CHECK(request[1].id == 0 && request[1].arrival_ps == files[i].later_ps);
            CHECK(workload_source_next(source, &request[0], &end, &err) && end);
        }
        workload_source_close(source);
        workload.trace.sort = false;
        struct workload_written written;
        CHECK(!workload_write(&workload, 1, files[i].format, stdout, &written, &err));
    }
}

static void check_refused(const char *text, const char *sentence)
{
    struct measured_log log;
    struct error err;
    CHECK(!read_text(text, &log, &err));
    const char *said = err.n_faults ? err.fault[0] + strlen(path) : "no fault";
    CHECK_TEXT(said, sentence);
    measured_log_free(&log);
}

#define LISTS "{\"input_lens\": [5], \"output_lens\": [2], \"start_times\": [1], "

static void test_refused_vllm(void)
{
    check_refused("{\"request_throughput\": 3.5, \"mean_ttft_ms\": 12.5, \"request_rate\": 4}",
                  ":1:1: means and percentiles only: arrivals and lengths of the requests are not "
                  "there; 'vllm bench serve' writes each request with --save-result "
                  "--save-detailed");
    check_refused("{\"input_lens\": [5], \"ttfts\": [1]}",
                  ":1:1: member 'output_lens' is not there; 'vllm bench serve' writes each request "
                  "with --save-result --save-detailed");
    check_refused("{\"input_lens\": [5], \"output_lens\": [2], \"ttfts\": [1], \"request_rate\": "
                  "\"inf\", \"max_concurrency\": 8}",
                  ":1:1: member 'start_times' is not there, so that nobody knows when the requests "
                  "came; a newer vLLM records it with --save-detailed");
    check_refused("{\"input_lens\": [], \"output_lens\": [], \"ttfts\": [], \"start_times\": []}",
                  ":1:1: the log has no requests");
    check_refused(LISTS "\"ttfts\": [1, 2]}",
                  ":1:1: member 'ttfts' has 2 elements, 'input_lens' has 1");
    check_refused(LISTS "\"ttfts\": 1}", ":1:1: member 'ttfts' is not a list");
    check_refused(LISTS "\"ttfts\": [-1]}",
                  ":1:1: member 'ttfts': request 1 is not a time from 0 on");
    check_refused(LISTS "\"ttfts\": [null]}",
                  ":1:1: member 'ttfts': request 1 is not a time from 0 on");
    check_refused(LISTS "\"ttfts\": [1], \"itls\": [[1, \"a\"]]}",
                  ":1:1: member 'itls': request 1 is not a list of times from 0 on");
    check_refused(LISTS "\"ttfts\": [1], \"latencies\": [0.5]}",
                  ":1:1: member 'latencies': request 1 is not a time from that of the first token "
                  "on");
    check_refused("{\"input_lens\": [0], \"output_lens\": [2], \"ttfts\": [1], \"start_times\": "
                  "[1]}",
                  ":1:1: member 'input_lens': request 1 is not a number of tokens");
    check_refused(LISTS "\"ttfts\": [1], \"errors\": [\"refused\"]}",
                  ":1:1: no request was finished, of 1");
    check_refused(LISTS "\"ttfts\": [1]}\n" LISTS "\"ttfts\": [1]}\n",
                  ":2:1: not valid JSON: end of file expected near '{'; a file of --append-result "
                  "holds several runs, one is wanted");
}

static void test_refused_aiperf(void)
{
    check_refused(
        "{\"request_latency\": {\"unit\": \"ms\", \"avg\": 6550.4}, \"input_config\": {}}",
        ":1:1: a summary of AIPerf has no requests; they are in profile_export.jsonl "
        "beside it");
    check_refused("{\"experiments\": []}",
                  ":1:1: events of GenAI-Perf are not read; AIPerf, which follows it, writes the "
                  "requests to profile_export.jsonl");
    check_refused(RECORD("1", "profiling", "false",
                         "{" LENGTHS ", \"request_latency\": {\"value\": 3, \"unit\": \"h\"}}",
                         "null"),
                  ":1:1: metric 'request_latency' has no 'unit' of time: ms, s, us or ns");
    check_refused(RECORD("1", "profiling", "false",
                         "{" LENGTHS ", \"request_latency\": {\"value\": [3], \"unit\": \"ms\"}}",
                         "null"),
                  ":1:1: metric 'request_latency' is not a time from 0 on");
    check_refused(RECORD("1", "profiling", "false",
                         "{" LENGTHS ", \"request_latency\": {\"value\": 3, \"unit\": \"ms\"}, "
                         "\"time_to_first_token\": {\"value\": 4, \"unit\": \"ms\"}}",
                         "null"),
                  ":1:1: metric 'request_latency' is before the first token");
    check_refused(RECORD("1.5", "profiling", "false", "{" LENGTHS "}", "null"),
                  ":1:1: member 'metadata.request_start_ns' is not a whole number of nanoseconds");
    check_refused(RECORD("1", "profiling", "true", "{}", "null") "{\"metrics\": {}}\n",
                  ":2:1: member 'metadata' is not there: each record of AIPerf has one");
    check_refused(RECORD("1", "profiling", "true", "{}", "null") "{\"metadata\": {}, ",
                  ":2:17: not valid JSON: string or '}' expected near end of file");
    check_refused(RECORD("1", "profiling", "true", "{}", "null"),
                  ":1:1: no request was finished, of 1");
}

/* Which of two values holds nobody can tell. */
static void test_twice(void)
{
    struct measured_log log;
    struct error err;
    CHECK(!read_text(RECORD("1", "profiling", "false",
                            "{" LENGTHS ", \"request_latency\": {\"value\": 3, \"unit\": \"ms\"}, "
                            "\"request_latency\": {\"value\": 4, \"unit\": \"ms\"}}",
                            "null"),
                     &log, &err));
    CHECK(err.n_faults > 0 && strstr(err.fault[0], "duplicate object key"));
    measured_log_free(&log);
}

int main(void)
{
    int file = mkstemp(path);
    if (file < 0)
        return check_skip("no file can be made in /tmp");
    close(file);
    test_vllm();
    test_at_once();
    test_aiperf();
    test_as_traces();
    test_refused_vllm();
    test_refused_aiperf();
    test_twice();
    unlink(path);
    return check_result();
}
