/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Logs of a server's requests: both forms, two clocks, unknown times, meta data. */
#include "devices/measurements/request_log.h"
#include "tests/check.h"

#include <math.h>
#include <unistd.h>

static bool read_lines(const char *text, struct measured_log *out, struct error *err)
{
    *out = (struct measured_log){.n = 0};
    struct jsonl *lines = jsonl_open_memory("log", text, strlen(text), err);
    bool ok = lines && measured_log_read_lines(lines, out, err);
    jsonl_close(lines);
    return ok;
}

static bool near(double a, double b)
{
    return fabs(a - b) < 1e-9;
}

/* The engine's clock starts elsewhere; the second request waited 0.5 s on its way to the queue. */
static void test_two_clocks(void)
{
    struct error err = {0};
    struct measured_log log;
    bool ok = read_lines(
        "{\"input_toks\": 10, \"output_toks\": 5, \"arrival_time\": 1000.5, \"queued_ts\": 7, "
        "\"first_token_ts\": 8, \"last_token_ts\": 10}\n"
        "{\"input_toks\": 20, \"output_toks\": 1, \"arrival_time\": 1001.5, \"queued_ts\": 8.5, "
        "\"first_token_ts\": 9.25, \"last_token_ts\": 9.25}\n",
        &log, &err);
    if (CHECK(ok && log.n == 2)) {
        CHECK(near(log.request[0].arrival_s, 0) && near(log.request[0].ttft_s, 1));
        CHECK(near(log.request[0].e2e_s, 3) && near(log.request[0].tpot_s, 0.5));
        CHECK(near(log.request[1].arrival_s, 1) && near(log.request[1].ttft_s, 1.25));
        CHECK(near(log.request[1].e2e_s, 1.25) && isnan(log.request[1].tpot_s));
        CHECK(log.request[1].prompt_tokens == 20 && log.request[1].line == 2);
    }
    measured_log_free(&log);
}

static void test_one_clock(void)
{
    struct error err = {0};
    struct measured_log log;
    bool ok = read_lines("{\"input_toks\": 1, \"output_toks\": 3, \"arrival_time\": 100, "
                         "\"first_token_ts\": 101, \"last_token_ts\": 102}\n"
                         "{\"input_toks\": 1, \"output_toks\": 3, \"arrival_time\": 99, "
                         "\"first_token_ts\": null, \"last_token_ts\": null}\n",
                         &log, &err);
    if (CHECK(ok && log.n == 2)) {
        CHECK(near(log.request[0].arrival_s, 1) && near(log.request[0].ttft_s, 1));
        CHECK(near(log.request[0].tpot_s, 0.5) && near(log.request[0].e2e_s, 2));
        CHECK(isnan(log.request[1].ttft_s) && isnan(log.request[1].e2e_s));
    }
    measured_log_free(&log);
}

static void test_table(void)
{
    static const char text[] =
        "e2e_s,arrived_at,num_prefill_tokens,num_decode_tokens,ttft_s,tpot_s,note\n"
        "9,5.5,10,3,1,4,x\n,4.5,11,0,,,\n";
    struct error err = {0};
    struct measured_log log = {.n = 0};
    struct csv *csv = csv_open_memory("log", text, sizeof text - 1, &err);
    if (CHECK(csv && measured_log_read_csv(csv, &log, &err) && log.n == 2)) {
        CHECK(near(log.request[0].arrival_s, 1) && near(log.request[0].e2e_s, 9));
        CHECK(near(log.request[0].ttft_s, 1) && near(log.request[0].tpot_s, 4));
        CHECK(log.request[1].output_tokens == 0 && isnan(log.request[1].e2e_s));
    }
    csv_close(csv);
    measured_log_free(&log);
}

static bool read_meta(const char *text, struct measured_server *out, struct error *err)
{
    return measured_server_read("meta.json", text, strlen(text), out, err);
}

static void test_meta(void)
{
    struct error err = {0};
    struct measured_server server;
    CHECK(read_meta("{\"engine_kwargs\": {\"max_num_seqs\": 64, \"num_gpu_blocks_override\": 9, "
                    "\"max_num_batched_tokens\": null, \"enable_chunked_prefill\": false, "
                    "\"enable_prefix_caching\": true},"
                    " \"cache_config\": {\"num_gpu_blocks\": 1800, \"block_size\": 32,"
                    " \"gpu_memory_utilization\": 0.85}}",
                    &server, &err));
    CHECK(server.kv_blocks == 1800 && server.kv_block_tokens == 32 && server.max_num_seqs == 64);
    CHECK(server.max_num_batched_tokens == 0 && server.chunked_prefill == 0);
    CHECK(server.prefix_cache == 1);
    CHECK(near(server.memory_fraction, 0.85));
    CHECK(read_meta("{\"num_gpu_blocks\": null, \"num_gpu_blocks_override\": 9}", &server, &err));
    CHECK(server.kv_blocks == 9 && server.chunked_prefill == -1);
    CHECK(server.prefix_cache == -1);
    CHECK(!read_meta("{\"num_gpu_blocks\": 0}", &server, &err));
    CHECK_TEXT(err.fault[0],
               "meta.json:1:1: member 'num_gpu_blocks' is not a whole number from 1 to 1e9");
    error_clear(&err);
    CHECK(!read_meta("{\"enable_prefix_caching\": 1}", &server, &err));
    CHECK_TEXT(err.fault[0], "meta.json:1:1: member 'enable_prefix_caching' is not true or false");
}

/* The real one: its figures as this file's writers computed them apart. */
static void test_real(void)
{
    static const char path[] =
        SOURCE_DIR "/../shared/measured/serving/rtx_pro_6000_llama31_8b/requests.jsonl";
    struct error err = {0};
    struct measured_log log;
    if (access(path, R_OK) != 0) {
        puts("skipped: ../shared is not there");
        return;
    }
    if (CHECK(measured_log_read(path, &log, &err) && log.n == 300)) {
        double tpot_s = 0;
        for (size_t i = 0; i < log.n; i++)
            tpot_s += log.request[i].tpot_s / (double)log.n;
        CHECK(fabs(tpot_s - 0.03245802468824997) < 1e-9);
        CHECK(log.format == WORKLOAD_VLLM_LOG && log.meta);
        CHECK(log.server.max_num_seqs == 128 && log.server.max_num_batched_tokens == 2048);
        CHECK(log.server.kv_blocks == 0);
    }
    measured_log_free(&log);
}

int main(void)
{
    test_two_clocks();
    test_one_clock();
    test_table();
    test_meta();
    test_real();
    return check_result();
}
