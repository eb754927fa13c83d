/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What llama-bench prints, in its three forms and several builds, as measured rows. The figures are
 * those of the example in its README: Qwen2.5 7B on an RTX 4080. */
#include "base/file.h"
#include "base/memory.h"
#include "devices/measurements/measured.h"
#include "tests/check.h"

#include <unistd.h>

static char path[] = "/tmp/qeilsim-bench-XXXXXX";

static bool read_text(const char *text, struct measured_table *out, struct error *err)
{
    const char *const paths[] = {path};
    *err = (struct error){0};
    CHECK(file_write(path, text, strlen(text), err));
    return measured_read(paths, 1, out, err);
}

#define NAMES                                                                                      \
    "build_commit,build_number,cpu_info,gpu_info,backends,model_filename,model_type,model_size,"   \
    "model_n_params,n_gpu_layers,flash_attn,n_prompt,n_gen,n_depth,avg_ns,stddev_ns,avg_ts,"       \
    "stddev_ts"
#define MACHINE                                                                                    \
    "\"8cf427ff\",\"5163\",\"AMD Ryzen 7 7800X3D, 8 cores\",\"NVIDIA GeForce RTX 4080\","          \
    "\"CUDA\",\"/models/Qwen2.5-7B-Instruct-Q4_K_M.gguf\",\"qwen2 7B Q4_K - Medium\","             \
    "\"4677120000\",\"7615616512\","

static void check_rows(const struct measured_table *table)
{
    if (!CHECK(table->n_rows == 2))
        return;
    const struct measured_row *prompt = &table->row[0], *answer = &table->row[1];
    CHECK_TEXT(prompt->device, "NVIDIA GeForce RTX 4080");
    CHECK_TEXT(prompt->device_kind, "gpu");
    CHECK_TEXT(prompt->model, "Qwen2.5-7B-Instruct-Q4_K_M");
    CHECK_TEXT(prompt->quant, "Q4_K_M");
    CHECK_TEXT(prompt->backend, "CUDA");
    CHECK(prompt->phase == MEASURED_PREFILL && answer->phase == MEASURED_DECODE);
    CHECK(prompt->prompt_tokens == 512 && answer->gen_tokens == 128);
    CHECK_NEAR(prompt->tokens_per_s, 7100.002165, 1e-9);
    CHECK_NEAR(answer->tokens_per_s, 118.881588, 1e-9);
    CHECK_NEAR(answer->parameters, 7615616512.0, 1e-8);
    CHECK_NEAR(answer->model_bytes, 4677120000.0, 1e-8);
    CHECK(answer->batch == 1 && answer->n_devices == 1);
    CHECK(prompt->flash_attention == 0 && answer->line == prompt->line + 1);
}

static void test_csv(void)
{
    struct measured_table table;
    struct error err;
    CHECK(read_text(NAMES "\n" MACHINE "\"99\",\"0\",\"512\",\"0\",\"0\",\"72135640\",\"1453752\","
                          "\"7100.002165\",\"140.341520\"\n" MACHINE
                          "\"99\",\"0\",\"0\",\"128\",\"4096\",\"1076767880\",\"9449585\","
                          "\"118.881588\",\"1.041811\"\n",
                    &table, &err));
    check_rows(&table);
    CHECK(table.row[1].context_depth == 4096);
    measured_free(&table);
}

#define OBJECT(prompt, answer, rate)                                                               \
    "{\"build_commit\":\"8cf427ff\",\"cpu_info\":\"AMD Ryzen 7 7800X3D, 8 cores\",\"gpu_info\":"   \
    "\"NVIDIA GeForce RTX 4080\",\"backends\":\"CUDA\",\"model_filename\":"                        \
    "\"Qwen2.5-7B-Instruct-Q4_K_M.gguf\",\"model_type\":\"qwen2 7B Q4_K - Medium\","               \
    "\"model_size\":4677120000,\"model_n_params\":7615616512,\"n_gpu_layers\":99,"                 \
    "\"flash_attn\":false,\"load_mode\":\"mmap\",\"n_prompt\":" prompt ",\"n_gen\":" answer        \
    ",\"avg_ts\":" rate ",\"samples_ts\":[1.5,2]}"

static void test_json(void)
{
    static const char *const forms[] = {
        "[\n" OBJECT("512", "0", "7100.002165") ",\n" OBJECT("0", "128", "118.881588") "]\n",
        OBJECT("512", "0", "7100.002165") "\n" OBJECT("0", "128", "118.881588") "\n"};
    for (size_t i = 0; i < 2; i++) {
        struct measured_table table;
        struct error err;
        CHECK(read_text(forms[i], &table, &err));
        check_rows(&table);
        measured_free(&table);
    }
}

/* No layer on the GPU: the CPU is what is measured. A test of both phases is neither. */
static void test_cpu(void)
{
    struct measured_table table;
    struct error err;
    CHECK(read_text(NAMES "\n" MACHINE "\"0\",\"-1\",\"512\",\"128\",\"0\",\"1\",\"0\",\"20.5\","
                          "\"0\"\n",
                    &table, &err));
    CHECK_TEXT(table.row[0].device, "AMD Ryzen 7 7800X3D, 8 cores");
    CHECK_TEXT(table.row[0].device_kind, "cpu");
    CHECK(table.row[0].phase == MEASURED_E2E && table.row[0].flash_attention == -1);
    measured_free(&table);
}

#define TIMED(depth, mean, deviation, more)                                                        \
    "{\"model_filename\":\"a\",\"model_type\":\"llama 7B Q4_0\",\"model_size\":1,"                 \
    "\"model_n_params\":1,\"n_prompt\":0,\"n_gen\":128,\"avg_ts\":118.9,\"test_time\":"            \
    "\"2026-04-24T11:57:09Z\",\"n_depth\":" depth ",\"avg_ns\":" mean                              \
    ",\"stddev_ns\":" deviation more "}\n"

/* The stamp leaves a second open, and the warm-up the length of a run: runs of 5.38 s are sure to
 * go on from 2.08 s on. Five repetitions where the file does not tell, one where nothing deviates,
 * nothing where the cache was filled in between. */
static void test_times(void)
{
    struct measured_table table;
    struct error err;
    CHECK(read_text(
        TIMED("0", "1076767880", "9449585",
              ",\"samples_ns\":[1075361300,1065089400,1071761200,1081934900,1089692600]")
            TIMED("0", "2e9", "5", "") TIMED("0", "2e9", "0", "") TIMED("64", "2e9", "5", ""),
        &table, &err));
    if (CHECK(table.n_rows == 4)) {
        const double stamp_s = 1777031829;
        CHECK_NEAR(table.row[0].started_s - stamp_s, 2.07676788, 1e-6);
        CHECK_NEAR(table.row[0].ended_s - stamp_s, 5.3838394, 1e-6);
        CHECK_NEAR(table.row[1].started_s - stamp_s, 3, 1e-6);
        CHECK_NEAR(table.row[1].ended_s - stamp_s, 10, 1e-6);
        CHECK_NEAR(table.row[2].ended_s - stamp_s, 2, 1e-6);
        CHECK(isnan(table.row[3].started_s) && isnan(table.row[3].ended_s));
    }
    measured_free(&table);
}

static void check_refused(const char *text, const char *word)
{
    struct measured_table table;
    struct error err;
    CHECK(!read_text(text, &table, &err));
    if (!CHECK(err.n_faults > 0 && strstr(err.fault[0], word)))
        fprintf(stderr, "    %s\n", err.n_faults ? err.fault[0] : "no fault");
    measured_free(&table);
}

/* 42 names over 41 values, as one build prints them: which value is whose cannot be told. */
static void test_refused(void)
{
    check_refused(NAMES ",n_cpu_moe\n" MACHINE "\"99\",\"0\",\"512\",\"0\",\"0\",\"72135640\","
                        "\"1453752\",\"7100.002165\",\"140.341520\"\n",
                  ":2:");
    check_refused(NAMES "\n" MACHINE "\"99\",\"0\",\"many\",\"0\",\"0\",\"1\",\"0\",\"1\",\"0\"\n",
                  "'n_prompt' is 'many'");
    check_refused("[{\"model_filename\": \"a\"}]", "no 'model_type'");
    check_refused("[{\"model_filename\": ", "no JSON");
    check_refused("{\"model_filename\": 1, \"model_filename\": 2}", "no JSON");
    check_refused("[1]", "record 1 is neither of llama-bench, which has 'model_filename', nor");
}

int main(void)
{
    int file = mkstemp(path);
    if (file < 0)
        return check_skip("no file can be made in /tmp");
    close(file);
    test_csv();
    test_json();
    test_cpu();
    test_times();
    test_refused();
    unlink(path);
    return check_result();
}
