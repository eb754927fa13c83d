/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Formats of traces beside Azure's and vidur's: a row of each, the blocks that prompts share,
 * damaged lines, and the published figures of a real trace. */
#include "tests/check.h"
#include "workloads/workload.h"

#include <unistd.h>

static void write_file(char *path, const char *content)
{
    strcpy(path, "/tmp/qeilsim-format-XXXXXX");
    int handle = mkstemp(path);
    FILE *file = handle >= 0 ? fdopen(handle, "w") : NULL;
    if (!CHECK(file))
        return;
    fputs(content, file);
    fclose(file);
}

static struct workload trace_of(char *path, int format)
{
    return (struct workload){.has_trace = true,
                             .trace = {.file = path, .format = format, .thin = 1, .stretch = 1}};
}

static const struct {
    int format;
    const char *content;
    int64_t second_ps; /* arrival of the second request */
    uint64_t prompt, output;
} samples[] = {
    {WORKLOAD_BURSTGPT,
     "Timestamp,Session ID,Elapsed time,Model,Request tokens,Response tokens,Total tokens,Log "
     "Type\n19440110.0,1722ac82,43,GPT-4,906,446,1352,Conversation log\n"
     "19440111.0,,3,GPT-4,7,0,7,API log\n",
     INT64_C(1000000000000), 7, 0},
    {WORKLOAD_SPLITWISE_SIM,
     "request_id,request_type,application_id,arrival_timestamp,batch_size,prompt_size,token_size\n"
     "0,2,0,0,1,1000,10\n1,2,0,0.25,1,2000,20\n",
     INT64_C(250000000000), 2000, 20},
    {WORKLOAD_MOONCAKE,
     "{\"timestamp\": 27, \"input_length\": 600, \"output_length\": 5, \"hash_ids\": [0, 1]}\n"
     "{\"timestamp\": 30, \"input_length\": 513, \"output_length\": 6, \"hash_ids\": [0, 2]}\n",
     INT64_C(3000000000), 513, 6},
    {WORKLOAD_QWEN_BAILIAN,
     "{\"chat_id\": 1, \"timestamp\": 0.5, \"input_length\": 17, \"output_length\": 5, "
     "\"hash_ids\": [7, 8]}\n{\"timestamp\": 0.75, \"input_length\": 16, \"output_length\": 6, "
     "\"hash_ids\": [7]}\n",
     INT64_C(250000000000), 16, 6},
    {WORKLOAD_RAGPULSE,
     "{\"timestamp\": \"82\", \"input_length\": 3112, \"output_length\": 192, \"hash_ids\": "
     "{\"history\": [1]}}\n\n{\"timestamp\": \"83\", \"input_length\": 3, \"output_length\": "
     "1}\n\n",
     INT64_C(1000000000000), 3, 1},
    {WORKLOAD_LLMSERVINGSIM,
     "{\"input_toks\": 5, \"output_toks\": 9, \"arrival_time_ns\": 1000}\n"
     "{\"input_toks\": 6, \"output_toks\": 8, \"arrival_time_ns\": 3000}\n",
     2000000, 6, 8},
    {WORKLOAD_VLLM_LOG,
     "{\"request_id\": \"a\", \"input_toks\": 5, \"output_toks\": 9, \"arrival_time\": "
     "1777142838.25}\n{\"input_toks\": 6, \"output_toks\": 8, \"arrival_time\": 1777142838.5}\n",
     INT64_C(250000000000), 6, 8},
};

static void test_samples(void)
{
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        char path[64];
        struct error err = {0};
        struct workload_request first, second;
        bool end = true;
        write_file(path, samples[i].content);
        struct workload workload = trace_of(path, samples[i].format);
        struct workload_source *source = workload_source_open(&workload, 1, &err);
        if (CHECK(source && workload_source_next(source, &first, &end, &err) && !end) &&
            CHECK(workload_source_next(source, &second, &end, &err) && !end)) {
            CHECK(first.arrival_ps == 0 && second.arrival_ps == samples[i].second_ps);
            CHECK(second.prompt_tokens == samples[i].prompt);
            CHECK(second.output_tokens == samples[i].output);
            CHECK(workload_source_next(source, &second, &end, &err) && end);
        }
        if (err.n_faults > 0)
            fprintf(stderr, "%s\n", err.fault[0]);
        workload_source_close(source);
        remove(path);
    }
}

/* Sorted requests keep the ids that came with them, beyond the reader's next row. */
static void test_known_blocks(void)
{
    char path[64];
    struct error err = {0};
    struct workload_request request[2];
    bool end;
    write_file(path,
               "{\"timestamp\": 9, \"input_length\": 600, \"output_length\": 5, \"hash_ids\": [3, "
               "4]}\n{\"timestamp\": 1, \"input_length\": 512, \"output_length\": 6, "
               "\"hash_ids\": [5]}\n{\"timestamp\": 10, \"input_length\": 1, \"output_length\": "
               "6}\n");
    struct workload workload = trace_of(path, WORKLOAD_MOONCAKE);
    workload.trace.sort = true;
    struct workload_source *source = workload_source_open(&workload, 1, &err);
    if (CHECK(source && workload_source_next(source, &request[0], &end, &err) &&
              workload_source_next(source, &request[1], &end, &err))) {
        CHECK(request[0].known.n_ids == 1 && request[0].known.id[0] == 5);
        CHECK(request[0].known.block_tokens == 512 && request[0].known.tokens == 512);
        CHECK(request[1].known.n_ids == 2 && request[1].known.id[1] == 4);
        CHECK(workload_source_next(source, &request[0], &end, &err) && !end);
        CHECK(request[0].known.n_ids == 0);
    }
    workload_source_close(source);
    remove(path);
}

static void test_damaged_lines(void)
{
    static const struct {
        const char *content, *words;
    } files[] = {
        {"", "the trace has no requests"},
        {"[1]\n", ":1:1: each line wants one object"},
        {"{\"timestamp\": 1\n", ":1:"},
        {"{\"timestamp\": 1}\n", ":1:1: member 'input_length' is not there"},
        {"{\"input_length\": 1, \"output_length\": 1}\n", ":1:1: member 'timestamp' is not there"},
        {"{\"timestamp\": -1, \"input_length\": 1, \"output_length\": 1}\n",
         ":1:1: member 'timestamp' is not a time from 0 on"},
        {"\n{\"timestamp\": true, \"input_length\": 1, \"output_length\": 1}\n",
         ":2:1: member 'timestamp' is not a time from 0 on"},
        {"{\"timestamp\": 1, \"input_length\": 0, \"output_length\": 1}\n",
         ":1:1: member 'input_length': 0 tokens; a request has 1 to 2147483648"},
        {"{\"timestamp\": 1, \"input_length\": 1.5, \"output_length\": 1}\n",
         ":1:1: member 'input_length' is not a whole number from 0"},
        {"{\"timestamp\": 1, \"input_length\": 513, \"output_length\": 1, \"hash_ids\": [1]}\n",
         ":1:1: member 'hash_ids' is not a list of one number for each 512 tokens of the prompt"},
        {"{\"timestamp\": 1, \"input_length\": 2, \"output_length\": 1, \"hash_ids\": [\"a\"]}\n",
         ":1:1: member 'hash_ids': element 0 is not a whole number"},
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char path[64];
        struct error err = {0};
        struct workload_statistics unused;
        write_file(path, files[i].content);
        struct workload workload = trace_of(path, WORKLOAD_MOONCAKE);
        CHECK(!workload_statistics(&workload, 1, &unused, &err));
        if (!CHECK(err.n_faults == 1 && strncmp(err.fault[0], path, strlen(path)) == 0 &&
                   strstr(err.fault[0], files[i].words)))
            fprintf(stderr, "    got \"%s\"\n    want \"%s\"\n", err.fault[0], files[i].words);
        remove(path);
    }
}

/* Blocks are counted by their ids, 0 and thousands among them. */
static void test_distinct_blocks(void)
{
    enum { IDS = 5000 };
    char path[64];
    struct error err = {0};
    struct workload_statistics got;
    char *text = NULL;
    size_t n = 0;
    FILE *stream = open_memstream(&text, &n);
    for (int i = 0; i < IDS; i++)
        fprintf(stream,
                "{\"timestamp\": %d, \"input_length\": 1000, \"output_length\": 1, "
                "\"hash_ids\": [0, %d]}\n",
                i, i / 2 * 4096);
    fclose(stream);
    write_file(path, text);
    struct workload workload = trace_of(path, WORKLOAD_MOONCAKE);
    if (CHECK(workload_statistics(&workload, 1, &got, &err)))
        CHECK(got.blocks == 2 * IDS && got.distinct_blocks == IDS / 2);
    remove(path);
    free(text);
}

/* Mooncake's conversations: shared/TRACES.md, section 2.5. */
static void test_mooncake(void)
{
    char path[] = SOURCE_DIR "/../shared/traces/mooncake_conversation_trace.jsonl";
    struct error err = {0};
    struct workload_statistics got;
    if (access(path, R_OK) != 0) {
        puts("skipped: ../shared is not there");
        return;
    }
    struct workload workload = trace_of(path, WORKLOAD_MOONCAKE);
    if (!CHECK(workload_statistics(&workload, 1, &got, &err)))
        return;
    CHECK(got.requests == 12031 && got.prompt_max == 126195 && got.output_max == 2000);
    CHECK(got.peak_1s == 28 && got.peak_10s == 73 && got.peak_60s == 260);
    CHECK(got.blocks == 288500 && got.distinct_blocks == 182790);
    char text[128];
    snprintf(text, sizeof text, "%.3f s, %.3f /s, %.2f, %.3f, %.1f, %.1f", got.span_s,
             got.rate_per_s, got.cv, got.correlation, got.prompt_mean, got.output_mean);
    CHECK_TEXT(text, "3536.999 s, 3.401 /s, 3.03, 0.072, 12035.1, 342.6");
}

int main(void)
{
    test_samples();
    test_known_blocks();
    test_damaged_lines();
    test_distinct_blocks();
    test_mooncake();
    return check_result();
}
