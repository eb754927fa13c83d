/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Replies of a server predicted as rows: n tokens of an answer are n - 1 steps, though the rate
 * counts n; and a model that the user tells stands in for one that a row does not. */
#include "base/file.h"
#include "scenarios/validate.h"
#include "tests/check.h"

#include <unistd.h>

static char path[] = "/tmp/qeilsim-reply-XXXXXX";

static bool predict(const char *text, const char *model, struct scenario_validation *out)
{
    struct error err = {0};
    const char *const paths[] = {path};
    const struct scenario_validate_ask ask = {
        .paths = paths, .n_paths = 1, .device = "rtx-4090", .ubatch = 512, .model = model};
    bool ok = file_write(path, text, strlen(text), &err) && scenario_validate(&ask, out, &err);
    if (!CHECK(ok))
        fprintf(stderr, "    %s\n", err.fault[0]);
    return ok;
}

/* The same 128 steps behind 2560 tokens, told as a reply and as a row. */
static void test_steps(void)
{
    struct scenario_validation reply, row;
    struct scenario_validated_row by_reply, by_row;
    bool ok = predict("{\"model\": \"Llama-3.2-1B-Q4_K_M.gguf\", \"timings\": {\"cache_n\": 2048, "
                      "\"prompt_n\": 512, \"prompt_ms\": 10, \"predicted_n\": 129, "
                      "\"predicted_ms\": 200}}",
                      NULL, &reply);
    ok = predict("device,device_kind,model,quant,phase,gen_tokens,context_depth,tokens_per_s\n"
                 "RTX 4090,gpu,Llama 3.2 1B,Q4_K_M,decode,128,2560,640\n",
                 NULL, &row) &&
         ok;
    if (ok && CHECK(reply.rows.n_rows == 2 && row.rows.n_rows == 1)) {
        table_get(&reply.rows, 1, &by_reply);
        table_get(&row.rows, 0, &by_row);
        CHECK_NEAR(by_reply.measured, 129 / 0.2, 1e-12);
        CHECK_NEAR(by_row.measured, 128 / 0.2, 1e-12);
        CHECK_NEAR(by_reply.predicted / 129, by_row.predicted / 128, 1e-9);
        CHECK_NEAR(by_reply.error, by_row.error, 1e-9);
        CHECK(by_reply.gen_tokens == 129 && by_reply.context_depth == 2560);
    }
    scenario_validation_free(&reply);
    scenario_validation_free(&row);
}

static void check_told(const char *model, size_t predicted, const char *reason)
{
    static const char replies[] =
        "{\"model\": \"llama3.2:1b\", \"eval_count\": 9, \"eval_duration\": 16000000}\n"
        "{\"eval_count\": 9, \"eval_duration\": 16000000}\n"
        "{\"model\": \"Llama-3.2-1B-Q8_0.gguf\", \"timings\": {\"predicted_n\": 9, "
        "\"predicted_ms\": 16}}\n";
    struct scenario_validation validation;
    if (predict(replies, model, &validation)) {
        bool told = false;
        for (size_t i = 0; i < validation.n_skipped; i++)
            told = told || strcmp(validation.skipped[i].reason, reason) == 0;
        CHECK(told && validation.rows.n_rows == predicted);
    }
    scenario_validation_free(&validation);
}

static void test_told(void)
{
    check_told(NULL, 1, "the model is not told");
    check_told(NULL, 1, "the quantisation is not known");
    check_told("llama-3.2-1b", 1, "the quantisation is not known");
    check_told("llama-3.2-1b:Q4_0", 2, "about another quantisation");
    check_told("llama-3.2-1b:Q8_0", 3, "the reply tells no tokens of this phase");
    check_told("gpt2-125m:Q8_0", 1, "about another model");
}

int main(void)
{
    int file = mkstemp(path);
    if (file < 0)
        return check_skip("no file can be made in /tmp");
    close(file);
    test_steps();
    test_told();
    unlink(path);
    return check_result();
}
