/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Replies that tell their times as measured rows: llama.cpp's server and Ollama, alone, in lists
 * and one behind the other; and what of them gives no rate. */
#include "devices/measurements/open.h"
#include "devices/measurements/read.h"
#include "tests/check.h"

#include <stdlib.h>

static bool read_text(const char *text, struct measured_table *out, struct error *err)
{
    char *turned = NULL;
    *err = (struct error){0};
    *out = (struct measured_table){.n_rows = 0};
    struct csv *csv = measured_open_json("replies", text, strlen(text), &turned, err);
    bool ok = csv && measured_read_csv(&csv, 1, out, err);
    csv_close(csv);
    free(turned);
    return ok;
}

/* Of an exchange with a cache of 2048 tokens: 129 tokens of answer took 128 steps. */
#define TIMINGS                                                                                    \
    "{\"cache_n\": 2048, \"prompt_n\": 512, \"prompt_ms\": 41.5, \"prompt_per_token_ms\": 0.081, " \
    "\"prompt_per_second\": 12337.349397590362, \"predicted_n\": 129, \"predicted_ms\": 320.0, "   \
    "\"predicted_per_token_ms\": 2.4806, \"predicted_per_second\": 403.125}"
#define REPLY                                                                                      \
    "{\"content\": \"\", \"model\": \"/models/Llama-3.2-1B-Q4_K_M.gguf\", \"timings\": " TIMINGS "}"

static void check_timings(const struct measured_table *table, size_t at, size_t line)
{
    if (!CHECK(table->n_rows >= at + 2))
        return;
    const struct measured_row *prompt = &table->row[at], *answer = &table->row[at + 1];
    CHECK(prompt->phase == MEASURED_PREFILL && answer->phase == MEASURED_DECODE);
    CHECK_NEAR(prompt->tokens_per_s, 12337.349397590362, 1e-12);
    CHECK_NEAR(answer->tokens_per_s, 403.125, 1e-12);
    CHECK(prompt->prompt_tokens == 512 && prompt->context_depth == 2048);
    CHECK(answer->gen_tokens == 129 && answer->context_depth == 2560);
    CHECK(answer->untimed_tokens == 1 && isnan(prompt->untimed_tokens));
    CHECK(prompt->batch == 1 && answer->n_devices == 1);
    CHECK(prompt->line == line && answer->line == line);
    CHECK_TEXT(prompt->backend, "llama-server");
    CHECK_TEXT(prompt->unusable, "");
    CHECK_TEXT(prompt->device, "");
    CHECK(isnan(answer->started_s) && isnan(answer->ended_s));
}

static void test_timings(void)
{
    static const struct {
        const char *text;
        size_t replies, line;
        const char *model;
    } forms[] = {{TIMINGS, 1, 1, ""},
                 {"\xEF\xBB\xBF\r\n" REPLY "\r\n", 1, 2, "Llama-3.2-1B-Q4_K_M"},
                 {"[" REPLY ",\n\n" REPLY "]", 2, 2, "Llama-3.2-1B-Q4_K_M"},
                 {REPLY "\n" REPLY "\n\n" TIMINGS, 3, 1, "Llama-3.2-1B-Q4_K_M"}};
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        struct measured_table table;
        struct error err;
        CHECK(read_text(forms[i].text, &table, &err));
        if (CHECK(table.n_rows == 2 * forms[i].replies))
            CHECK_TEXT(table.row[0].model, forms[i].model);
        check_timings(&table, 0, forms[i].line);
        if (forms[i].replies == 3)
            check_timings(&table, 4, 4);
        measured_free(&table);
    }
}

/* Nanoseconds; cached tokens count among those of the prompt; the last piece tells all. */
static void test_ollama(void)
{
    struct measured_table table;
    struct error err;
    CHECK(read_text("{\"model\": \"llama3.2:1b\", \"response\": \"a\", \"done\": false}\n"
                    "{\"model\": \"llama3.2:1b\", \"created_at\": \"2026-04-24T11:57:10.5Z\", "
                    "\"done\": true, \"total_duration\": 420000000, \"load_duration\": 20000000, "
                    "\"prompt_eval_count\": 256, \"prompt_eval_cached_count\": 56, "
                    "\"prompt_eval_duration\": 250000000, \"eval_count\": 101, \"eval_duration\": "
                    "500000000}\n",
                    &table, &err));
    if (CHECK(table.n_rows == 2)) {
        const struct measured_row *prompt = &table.row[0], *answer = &table.row[1];
        CHECK_TEXT(prompt->model, "llama3.2:1b");
        CHECK_TEXT(prompt->backend, "Ollama");
        CHECK(prompt->line == 2);
        CHECK_NEAR(prompt->tokens_per_s, 800, 1e-12);
        CHECK_NEAR(answer->tokens_per_s, 202, 1e-12);
        CHECK(prompt->prompt_tokens == 200 && prompt->context_depth == 56);
        CHECK(answer->context_depth == 256 && answer->gen_tokens == 101);
        CHECK(answer->ended_s == 1777031830.5 && answer->started_s == 1777031830);
        CHECK(prompt->ended_s == 1777031830 && prompt->started_s == 1777031829.75);
    }
    measured_free(&table);
}

/* An older server does not tell what its cache held, but the length of the whole prompt. */
static void test_whole_prompt(void)
{
    struct measured_table table;
    struct error err;
    CHECK(
        read_text("{\"tokens_evaluated\": 600, \"timings\": {\"prompt_n\": 100, \"prompt_ms\": 9, "
                  "\"predicted_n\": 9, \"predicted_ms\": 8}}",
                  &table, &err));
    CHECK(table.n_rows == 2 && table.row[0].context_depth == 500);
    CHECK(table.n_rows == 2 && table.row[1].context_depth == 600);
    measured_free(&table);
}

/* A phase without a rate is told of, and the other one is kept. */
static void test_unusable(void)
{
    static const struct {
        const char *text, *prompt, *answer;
    } replies[] = {
        {"{\"prompt_n\": 5, \"prompt_ms\": 2, \"predicted_n\": 9, \"predicted_ms\": 3, "
         "\"draft_n\": "
         "12, \"draft_n_accepted\": 5}",
         "", "speculative decoding: a pass gives more than one token"},
        {"{\"prompt_n\": 5, \"prompt_ms\": 2, \"predicted_n\": 9, \"predicted_ms\": 3, "
         "\"draft_n\": "
         "0}",
         "", ""},
        {"{\"prompt_n\": 0, \"prompt_ms\": 2, \"predicted_n\": 1, \"predicted_ms\": 0.001}",
         "the reply tells no tokens of this phase",
         "an answer of one token has no step of its own"},
        {"{\"prompt_n\": 5, \"prompt_ms\": 0, \"predicted_n\": 4, \"predicted_ms\": -1}",
         "the reply tells no time of this phase", "the reply tells no time of this phase"},
        {"{\"prompt_n\": -5, \"prompt_ms\": 1, \"predicted_n\": \"many\", \"predicted_ms\": 1}",
         "the reply tells no tokens of this phase", "the reply tells no tokens of this phase"},
        {"{\"prompt_ms\": null}", "the reply tells no tokens of this phase",
         "the reply tells no tokens of this phase"},
        {"{\"eval_count\": 7, \"eval_duration\": 1000}", "the reply tells no tokens of this phase",
         ""},
    };
    for (size_t i = 0; i < sizeof replies / sizeof *replies; i++) {
        struct measured_table table;
        struct error err;
        CHECK(read_text(replies[i].text, &table, &err));
        if (CHECK(table.n_rows == 2)) {
            CHECK_TEXT(table.row[0].unusable, replies[i].prompt);
            CHECK_TEXT(table.row[1].unusable, replies[i].answer);
            for (size_t j = 0; j < 2; j++)
                CHECK(isnan(table.row[j].tokens_per_s) == (*table.row[j].unusable != '\0'));
        }
        measured_free(&table);
    }
}

static void check_refused(const char *text, const char *sentence)
{
    struct measured_table table;
    struct error err;
    CHECK(!read_text(text, &table, &err));
    const char *said = err.n_faults ? err.fault[0] : "no fault";
    CHECK_TEXT(said, sentence);
    measured_free(&table);
}

static void test_refused(void)
{
    check_refused(
        TIMINGS "\n{\"choices\": []}\n",
        "replies:2:1: record 2 is neither of llama-bench, which has 'model_filename', nor "
        "a reply with 'timings' or 'eval_count'");
    check_refused(
        "[" TIMINGS ", 7]",
        "replies:3:1: record 2 is neither of llama-bench, which has 'model_filename', nor "
        "a reply with 'timings' or 'eval_count'");
    check_refused("{\"timings\": {\"prompt_n\": NaN}}",
                  "replies:1:1: no JSON behind byte 0: invalid token near 'NaN'");
    check_refused("{\"prompt_ms\": 1e999}",
                  "replies:1:1: no JSON behind byte 0: real number overflow near '1e999'");
    check_refused("{\"prompt_ms\": 1, \"prompt_ms\": 2}",
                  "replies:1:1: no JSON behind byte 0: duplicate object key near '\"prompt_ms\"'");
    check_refused("{\"eval_count\": 1}\n{\"timings\": ",
                  "replies:2:1: no JSON behind byte 18: unexpected token near end of file");
}

/* Depths beyond jansson's limit are refused, not followed. */
static void test_nested(void)
{
    enum { DEPTH = 100000 };
    char *text = calloc(DEPTH + 1, 1);
    struct measured_table table;
    struct error err;
    if (!CHECK(text))
        return;
    memset(text, '[', DEPTH);
    CHECK(!read_text(text, &table, &err) && err.n_faults == 1);
    CHECK(strstr(err.fault[0], "maximum parsing depth reached"));
    measured_free(&table);
    free(text);
}

int main(void)
{
    test_timings();
    test_ollama();
    test_whole_prompt();
    test_unusable();
    test_refused();
    test_nested();
    return check_result();
}
