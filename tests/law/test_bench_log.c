/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A scenario's own requests, written as load generators record them, validate with deviation 0:
 * clocks, units, order and numbering of the two layouts are those of the replay. */
#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "scenarios/log.h"
#include "tests/check.h"

#include <math.h>
#include <stdlib.h>
#include <unistd.h>

static const char scenario_path[] = SOURCE_DIR "/tests/support/tiny.yaml";
static const char *const settings[] = {"plan=single-gpu", "search.keep_up=false"};
enum { N_SETTINGS = sizeof settings / sizeof *settings };

static char path[] = "/tmp/qeilsim-round-XXXXXX", power_path[] = "/tmp/qeilsim-power-XXXXXX";

static bool run(struct scenario_result *result, struct error *err)
{
    struct scenario scenario;
    struct scenario_options options = {.replay = false};
    options.as_server = true;
    if (!scenario_load(scenario_path, settings, N_SETTINGS, &scenario, err))
        return false;
    bool ok = scenario_run(&scenario, NULL, &options, result, err);
    scenario_free(&scenario);
    return ok;
}

static void add_list(struct text *out, const char *name, const struct table *rows,
                     double (*value)(const struct sim_request_row *))
{
    text_add(out, "\"%s\": [", name);
    for (size_t i = rows->n_rows; i > 0; i--) {
        struct sim_request_row row;
        table_get(rows, i - 1, &row);
        text_add(out, "%s%.17g", i < rows->n_rows ? ", " : "", value(&row));
    }
    text_add(out, "], ");
}

static const double clock_zero_s = 98765.4321;

static double start_of(const struct sim_request_row *row)
{
    return clock_zero_s + row->arrival_s;
}

static double prompt_of(const struct sim_request_row *row)
{
    return (double)row->prompt_tokens;
}

static double answer_of(const struct sim_request_row *row)
{
    return (double)row->output_tokens;
}

static double first_of(const struct sim_request_row *row)
{
    return row->ttft_s;
}

/* The last request first, as no benchmark would have it. */
static char *as_vllm(const struct table *rows)
{
    struct text out = {0};
    text_add(&out, "{");
    add_list(&out, "input_lens", rows, prompt_of);
    add_list(&out, "output_lens", rows, answer_of);
    add_list(&out, "ttfts", rows, first_of);
    add_list(&out, "start_times", rows, start_of);
    text_add(&out, "\"itls\": [");
    for (size_t i = rows->n_rows; i > 0; i--) {
        struct sim_request_row row;
        table_get(rows, i - 1, &row);
        text_add(&out, "%s[%.17g]", i < rows->n_rows ? ", " : "", row.e2e_s - row.ttft_s);
    }
    text_add(&out, "]}\n");
    return out.bytes;
}

static char *as_aiperf(const struct table *rows)
{
    struct text out = {0};
    for (size_t i = 0; i < rows->n_rows; i++) {
        struct sim_request_row row;
        table_get(rows, i, &row);
        text_add(&out,
                 "{\"metadata\": {\"request_start_ns\": %lld, \"benchmark_phase\": \"profiling\", "
                 "\"was_cancelled\": false}, \"metrics\": {\"input_sequence_length\": {\"value\": "
                 "%lld, \"unit\": \"tokens\"}, \"output_sequence_length\": {\"value\": %lld, "
                 "\"unit\": \"tokens\"}, \"time_to_first_token\": {\"value\": %.17g, \"unit\": "
                 "\"ms\"}, \"request_latency\": {\"value\": %.17g, \"unit\": \"us\"}}, \"error\": "
                 "null}\n",
                 1759813207000000000 + llround(row.arrival_s * 1e9), (long long)row.prompt_tokens,
                 (long long)row.output_tokens, row.ttft_s * 1e3, row.e2e_s * 1e6);
    }
    return out.bytes;
}

/* A log of the mean draw, which the replay has too. */
static bool write_power(const struct scenario_result *result, double zero_s, struct error *err)
{
    struct text out = {0};
    const struct sim_summary *summary = &result->summary;
    text_add(&out, "time_s,power_W\n");
    for (int i = -1; i <= 40; i++)
        text_add(&out, "%.9f,%.17g\n", zero_s + summary->makespan_s * i / 32,
                 summary->energy.total / summary->makespan_s);
    bool ok = file_write(power_path, out.bytes, out.length, err);
    text_free(&out);
    return ok;
}

/* AIPerf's stamps are whole nanoseconds, beside steps of milliseconds. */
static void check_round(char *text, const struct scenario_result *result, double zero_s)
{
    size_t requests = result->requests.n_rows;
    struct error err = {0};
    struct scenario_log log = {.requests = 0};
    struct scenario_options options = {.replay = false};
    struct scenario_log_ask ask = {.path = path,
                                   .scenario = scenario_path,
                                   .set = settings,
                                   .n_set = N_SETTINGS,
                                   .options = &options,
                                   .power = {power_path, 0}};
    bool ok = file_write(path, text, strlen(text), &err) && write_power(result, zero_s, &err) &&
              scenario_log_validate(&ask, &log, &err);
    if (!CHECK(ok))
        fprintf(stderr, "    %s\n", err.fault[0]);
    else
        CHECK(log.requests == requests && log.at[LOG_BLOCKS].compared == requests);
    CHECK(!ok || (log.draw.asked && !log.draw.missing));
    CHECK(!ok || fabs(log.draw.W.deviation) < 1e-6);
    CHECK(!ok || fabs(log.draw.J.deviation) < 1e-5);
    for (int q = 0; ok && q < LOG_QUANTITIES; q++)
        for (int f = 0; f < LOG_FIGURES; f++)
            if (!CHECK(fabs(log.at[LOG_BLOCKS].value[q][f].deviation) < 1e-5))
                fprintf(stderr, "    %s %s: %g\n", scenario_log_quantities[q],
                        scenario_log_figures[f], log.at[LOG_BLOCKS].value[q][f].deviation);
    scenario_log_free(&log);
    free(text);
}

int main(void)
{
    struct error err = {0};
    struct scenario_result result = {.yaml = NULL};
    int file = mkstemp(path), power = mkstemp(power_path);
    if (file < 0 || power < 0)
        return check_skip("no file can be made in /tmp");
    close(file);
    close(power);
    if (CHECK(run(&result, &err)) && CHECK(result.requests.n_rows > 10)) {
        check_round(as_vllm(&result.requests), &result, clock_zero_s);
        check_round(as_aiperf(&result.requests), &result, 1759813207);
    } else {
        fprintf(stderr, "    %s\n", err.fault[0]);
    }
    scenario_result_free(&result);
    unlink(path);
    unlink(power_path);
    return check_result();
}
