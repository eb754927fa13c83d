/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Requests as a trace of each format. A stamp that a format cannot hold is cut to its unit, so that
 * the order stays. */
#include "workloads/workload.h"

#include <inttypes.h>
#include <stdlib.h>

static const int64_t ps_per_s = 1000000000000;

/* Day and month of the n-th day of 2026, from 0; arrivals end after 106 days. */
static void date_2026(int64_t n, int *month, int *day)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    *month = 0;
    while (n >= days[*month])
        n -= days[(*month)++];
    *day = (int)n + 1;
    ++*month;
}

/* Azure's stamps count ticks of 100 ns. */
static void write_clock(const struct workload_request *request, FILE *out)
{
    static const int64_t ticks_per_s = 10000000, s_per_day = 86400;
    int64_t ticks = request->arrival_ps / (ps_per_s / ticks_per_s);
    int64_t second = ticks / ticks_per_s % s_per_day;
    int month, day;
    date_2026(ticks / ticks_per_s / s_per_day, &month, &day);
    fprintf(out, "2026-%02d-%02d %02d:%02d:%02d.%07d", month, day, (int)(second / 3600),
            (int)(second / 60 % 60), (int)(second % 60), (int)(ticks % ticks_per_s));
}

/* Exact, without zeros at the end. */
static void write_seconds(const struct workload_request *request, FILE *out)
{
    int64_t rest = request->arrival_ps % ps_per_s;
    int places = 12;
    while (places > 1 && rest % 10 == 0) {
        rest /= 10;
        places--;
    }
    fprintf(out, "%" PRId64 ".%0*" PRId64, request->arrival_ps / ps_per_s, places, rest);
}

static void write_azure(const struct workload_request *request, FILE *out)
{
    write_clock(request, out);
    fprintf(out, ",%" PRIu64 ",%" PRIu64 "\n", request->prompt_tokens, request->output_tokens);
}

static void write_vidur(const struct workload_request *request, FILE *out)
{
    write_seconds(request, out);
    fprintf(out, ",%" PRIu64 ",%" PRIu64 "\n", request->prompt_tokens, request->output_tokens);
}

/* Which model answered is not known. */
static void write_burstgpt(const struct workload_request *request, FILE *out)
{
    write_seconds(request, out);
    fprintf(out, ",,%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",API log\n", request->prompt_tokens,
            request->output_tokens, request->prompt_tokens + request->output_tokens);
}

static void write_splitwise(const struct workload_request *request, FILE *out)
{
    fprintf(out, "%" PRIu64 ",2,0,", request->id);
    write_seconds(request, out);
    fprintf(out, ",1,%" PRIu64 ",%" PRIu64 "\n", request->prompt_tokens, request->output_tokens);
}

static void write_lengths(const struct workload_request *request, FILE *out)
{
    fprintf(out, ", \"input_length\": %" PRIu64 ", \"output_length\": %" PRIu64,
            request->prompt_tokens, request->output_tokens);
}

static void write_ids(const struct workload_request *request, FILE *out)
{
    fputs(", \"hash_ids\": [", out);
    for (size_t i = 0; i < request->known.n_ids; i++)
        fprintf(out, "%s%" PRId64, i ? ", " : "", (int64_t)request->known.id[i]);
    fputs("]", out);
}

static bool tells_blocks(const struct workload_request *request, int format)
{
    return request->known.n_ids > 0 &&
           request->known.block_tokens == workload_trace_block_tokens(format) &&
           request->known.tokens == request->prompt_tokens;
}

static void write_mooncake(const struct workload_request *request, FILE *out)
{
    fprintf(out, "{\"timestamp\": %" PRId64, request->arrival_ps / (ps_per_s / 1000));
    write_lengths(request, out);
    if (tells_blocks(request, WORKLOAD_MOONCAKE))
        write_ids(request, out);
    fputs("}\n", out);
}

static void write_qwen(const struct workload_request *request, FILE *out)
{
    fprintf(out, "{\"chat_id\": %" PRIu64 ", \"parent_chat_id\": -1, \"timestamp\": ", request->id);
    write_seconds(request, out);
    write_lengths(request, out);
    fputs(", \"type\": \"text\", \"turn\": 1", out);
    if (tells_blocks(request, WORKLOAD_QWEN_BAILIAN))
        write_ids(request, out);
    fputs("}\n", out);
}

static void write_ragpulse(const struct workload_request *request, FILE *out)
{
    fprintf(out, "{\"timestamp\": \"%" PRId64 "\"", request->arrival_ps / ps_per_s);
    write_lengths(request, out);
    fputs("}\n", out);
}

static void write_tokens(const struct workload_request *request, FILE *out)
{
    fprintf(out, "{\"input_toks\": %" PRIu64 ", \"output_toks\": %" PRIu64, request->prompt_tokens,
            request->output_tokens);
}

static void write_llmservingsim(const struct workload_request *request, FILE *out)
{
    write_tokens(request, out);
    fprintf(out, ", \"arrival_time_ns\": %" PRId64 "}\n", request->arrival_ps / 1000);
}

static void write_vllm_log(const struct workload_request *request, FILE *out)
{
    write_tokens(request, out);
    fputs(", \"arrival_time\": ", out);
    write_seconds(request, out);
    fputs("}\n", out);
}

static const struct {
    const char *header; /* of tables */
    void (*write)(const struct workload_request *request, FILE *out);
} writers[WORKLOAD_FORMATS] = {
    [WORKLOAD_AZURE] = {"TIMESTAMP,ContextTokens,GeneratedTokens\n", write_azure},
    [WORKLOAD_VIDUR] = {"arrived_at,num_prefill_tokens,num_decode_tokens\n", write_vidur},
    [WORKLOAD_BURSTGPT] = {"Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type\n",
                           write_burstgpt},
    [WORKLOAD_SPLITWISE_SIM] = {"request_id,request_type,application_id,arrival_timestamp,"
                                "batch_size,prompt_size,token_size\n",
                                write_splitwise},
    [WORKLOAD_MOONCAKE] = {"", write_mooncake},
    [WORKLOAD_QWEN_BAILIAN] = {"", write_qwen},
    [WORKLOAD_RAGPULSE] = {"", write_ragpulse},
    [WORKLOAD_LLMSERVINGSIM] = {"", write_llmservingsim},
    [WORKLOAD_VLLM_LOG] = {"", write_vllm_log},
};

bool workload_write(const struct workload *workload, uint64_t seed, int format, FILE *out,
                    struct workload_written *written, struct error *err)
{
    if (!writers[format].write)
        return error_set(err, "format %s is what a load generator records: it is only read",
                         workload_trace_formats[format]);
    struct workload_source *source = workload_source_open(workload, seed, err);
    if (!source)
        return false;
    struct workload_request request;
    bool end = false, ok;
    *written = (struct workload_written){.requests = 0};
    fputs(writers[format].header, out);
    while ((ok = workload_source_next(source, &request, &end, err)) && !end) {
        writers[format].write(&request, out);
        written->requests++;
        written->ids_left_out += request.known.n_ids > 0 && !tells_blocks(&request, format);
    }
    workload_source_close(source);
    return ok;
}
