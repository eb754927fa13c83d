/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "scenarios/log.h"

#include "analysis/statistics.h"
#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A growing list of assignments; those of the log and of the user, then our own. */
struct settings {
    const char **text; /* (n) borrowed or among `own` */
    char **own;        /* (n_own) */
    size_t n, room, n_own, own_room;
};

static void add(struct settings *settings, const char *text)
{
    settings->text =
        mem_grow(settings->text, &settings->room, settings->n + 1, sizeof *settings->text);
    settings->text[settings->n++] = text;
}

static void add_own(struct settings *settings, char *text)
{
    settings->own =
        mem_grow(settings->own, &settings->own_room, settings->n_own + 1, sizeof *settings->own);
    settings->own[settings->n_own++] = text;
    add(settings, text);
}

static void free_settings(struct settings *settings)
{
    for (size_t i = 0; i < settings->n_own; i++)
        free(settings->own[i]);
    free(settings->own);
    free(settings->text);
}

static void add_count(struct settings *settings, const char *key, uint64_t count)
{
    if (count > 0)
        add_own(settings, mem_printf("serving.%s=%llu", key, (unsigned long long)count));
}

/* -1: nothing was said. */
static void add_switch(struct settings *settings, const char *key, int on)
{
    if (on >= 0)
        add_own(settings, mem_printf("serving.%s=%s", key, on ? "true" : "false"));
}

/* What the meta data say of the server. */
static void add_server(struct settings *settings, const struct measured_server *server)
{
    add_count(settings, "max_num_seqs", server->max_num_seqs);
    add_count(settings, "max_num_batched_tokens", server->max_num_batched_tokens);
    add_count(settings, "kv_block_tokens", server->kv_block_tokens);
    add_count(settings, "kv_blocks", server->kv_blocks);
    if (server->memory_fraction > 0)
        add_own(settings, mem_printf("serving.memory_fraction=%.17g", server->memory_fraction));
    add_switch(settings, "chunked_prefill", server->chunked_prefill);
    add_switch(settings, "prefix_cache", server->prefix_cache);
}

static char *join(const struct settings *settings)
{
    struct text text = {0};
    for (size_t i = 0; i < settings->n; i++)
        text_add(&text, "%s%s", i ? " " : "", settings->text[i] + strlen("serving."));
    return text.bytes ? text.bytes : mem_strdup("");
}

/* The log as the workload. A file's name may hold anything: quotes within quotes are doubled. */
static char *workload_of(const char *path, int format)
{
    struct text text = {0};
    text_add(&text, "workload={name: log, trace: {file: '");
    for (; *path; path++) {
        if (*path == '\'')
            text_add(&text, "'");
        text_add_bytes(&text, path, 1);
    }
    text_add(&text, "', format: %s, sort: true}}", workload_trace_formats[format]);
    return text.bytes;
}

static bool take_assignments(struct settings *settings, const struct scenario_log_ask *ask,
                             bool *blocks_set, struct error *err)
{
    static const char workload[] = "workload", blocks[] = "serving.kv_blocks=";
    *blocks_set = false;
    for (size_t i = 0; i < ask->n_set; i++) {
        const char *set = ask->set[i];
        size_t length = strcspn(set, ".=");
        if (length == strlen(workload) && strncmp(set, workload, length) == 0)
            return error_set(err, "--set %s: the log is the workload", text_clip(set).bytes);
        *blocks_set = *blocks_set || strncmp(set, blocks, strlen(blocks)) == 0;
        add(settings, set);
    }
    return true;
}

/* Where the number of blocks comes from. */
static void note_blocks(const struct scenario *scenario, const struct measured_server *server,
                        bool set, struct scenario_log *out)
{
    bool given = scenario->serving.kv_blocks > 0;
    out->blocks_from = !given                  ? "memory_fraction"
                       : set                   ? "--set"
                       : server->kv_blocks > 0 ? "the log"
                                               : "the scenario";
    out->block_tokens = scenario->serving.kv_block_tokens;
    out->memory_fraction = scenario->serving.memory_fraction;
}

static void fill_rows(const struct measured_log *log, struct scenario_result *result)
{
    struct scenario_log_row *row = mem_calloc(log->n, sizeof *row);
    for (size_t i = 0; i < log->n; i++) {
        const struct measured_request *request = &log->request[i];
        row[i] = (struct scenario_log_row){.id = (int64_t)i,
                                           .line = (int64_t)request->line,
                                           .prompt_tokens = (int64_t)request->prompt_tokens,
                                           .output_tokens = (int64_t)request->output_tokens,
                                           .arrival_s = request->arrival_s,
                                           .ttft_measured_s = request->ttft_s,
                                           .tpot_measured_s = request->tpot_s,
                                           .e2e_measured_s = request->e2e_s,
                                           .ttft_s = NAN,
                                           .tpot_s = NAN,
                                           .e2e_s = NAN};
    }
    for (size_t i = 0; i < result->requests.n_rows; i++) {
        struct sim_request_row ours;
        table_get(&result->requests, i, &ours);
        if (ours.status != SIM_DONE || ours.id < 0 || (size_t)ours.id >= log->n)
            continue;
        row[ours.id].ttft_s = ours.ttft_s;
        row[ours.id].tpot_s = ours.tpot_s;
        row[ours.id].e2e_s = ours.e2e_s;
        row[ours.id].preemptions = ours.preemptions;
    }
    table_init(&result->log, "log", scenario_log_columns);
    for (size_t i = 0; i < log->n; i++)
        table_add(&result->log, &row[i]);
    free(row);
}

/* Mean and percentiles of n values. */
static void figures(const double *value, size_t n, double out[LOG_FIGURES])
{
    static const double percents[] = {50, 90, 99};
    out[LOG_MEAN] = analysis_mean(value, n);
    analysis_percentiles(value, n, percents, LOG_FIGURES - 1, &out[LOG_P50]);
}

static void compare(const struct table *rows, enum scenario_log_quantity quantity,
                    struct scenario_log_case *out)
{
    double *measured = mem_calloc(rows->n_rows, sizeof *measured);
    double *ours = mem_calloc(rows->n_rows, sizeof *ours);
    size_t n = 0;
    for (size_t i = 0; i < rows->n_rows; i++) {
        struct scenario_log_row row;
        table_get(rows, i, &row);
        const double pair[LOG_QUANTITIES][2] = {
            [LOG_TTFT] = {row.ttft_measured_s, row.ttft_s},
            [LOG_TPOT] = {row.tpot_measured_s, row.tpot_s},
            [LOG_E2E] = {row.e2e_measured_s, row.e2e_s},
        };
        if (isnan(pair[quantity][0]) || isnan(pair[quantity][1]))
            continue;
        measured[n] = pair[quantity][0];
        ours[n++] = pair[quantity][1];
    }
    double theirs[LOG_FIGURES], own[LOG_FIGURES];
    figures(measured, n, theirs);
    figures(ours, n, own);
    for (size_t i = 0; i < LOG_FIGURES; i++)
        out->value[quantity][i] = (struct scenario_log_value){
            theirs[i], own[i], theirs[i] > 0 ? own[i] / theirs[i] - 1 : NAN};
    if (quantity == LOG_E2E)
        out->compared = n;
    free(measured);
    free(ours);
}

/* One replay. On success *result holds it with its rows. */
static bool replay(const struct scenario_log_ask *ask, const struct settings *settings,
                   const struct measured_log *log, struct scenario_log_case *out,
                   struct scenario_result *result, struct error *err)
{
    struct scenario scenario;
    if (!scenario_load(ask->scenario, settings->text, settings->n, &scenario, err))
        return false;
    struct scenario_options options = *ask->options;
    options.as_server = true;
    bool ok = scenario_run(&scenario, NULL, &options, result, err);
    scenario_free(&scenario);
    if (!ok)
        return false;
    fill_rows(log, result);
    *out = (struct scenario_log_case){.kv_blocks = result->summary.kv_blocks,
                                      .preemptions = result->summary.preemptions,
                                      .rejected = result->summary.rejected};
    for (int i = 0; i < LOG_QUANTITIES; i++)
        compare(&result->log, (enum scenario_log_quantity)i, out);
    return true;
}

/* The same with other numbers of blocks. */
static bool vary_blocks(const struct scenario_log_ask *ask, struct settings *settings,
                        const struct measured_log *log, struct scenario_log *out, struct error *err)
{
    static const double factors[LOG_CASES] = {1, 1 - SCENARIO_LOG_STEP, 1 + SCENARIO_LOG_STEP};
    bool ok = true;
    for (int i = LOG_FEWER_BLOCKS; i < LOG_CASES && ok; i++) {
        struct scenario_result result = {.yaml = NULL};
        double blocks = round(factors[i] * (double)out->at[LOG_BLOCKS].kv_blocks);
        add_count(settings, "kv_blocks", (uint64_t)fmax(1, blocks));
        ok = replay(ask, settings, log, &out->at[i], &result, err);
        scenario_result_free(&result);
    }
    return ok;
}

static struct scenario_log_value value_of(double measured, double ours)
{
    return (struct scenario_log_value){measured, ours, measured > 0 ? ours / measured - 1 : NAN};
}

/* First arrival to last token, and the tokens in between. */
static void span(const struct measured_log *log, double *seconds, double *tokens)
{
    *seconds = *tokens = 0;
    for (size_t i = 0; i < log->n; i++) {
        *seconds = fmax(*seconds, log->request[i].arrival_s + log->request[i].e2e_s);
        *tokens += (double)log->request[i].output_tokens;
    }
}

/* Of all that is metered against all that is simulated. */
static bool compare_draw(const struct scenario_log_ask *ask, const struct measured_log *log,
                         struct scenario_log *out, struct error *err)
{
    struct measured_power_log power;
    double span_s, tokens;
    const struct sim_summary *ours = &out->result.summary;
    if (!ask->power.path)
        return true;
    bool ok = measured_power_read(ask->power.path, ask->power.offset_s, &power, err);
    if (ok) {
        span(log, &span_s, &tokens);
        struct measured_power_mean mean =
            measured_power_over(&power, log->start_s, log->start_s + span_s);
        double ours_J = ours->energy.total;
        out->draw = (struct scenario_log_draw){
            .asked = true,
            .no_zone = power.no_zone,
            .W = value_of(mean.power_W, ours_J / ours->makespan_s),
            .J = value_of(mean.power_W * span_s / tokens, ours_J / (double)ours->tokens_out),
            .missing = mean.missing};
        memcpy(out->draw.detail, mean.detail, sizeof out->draw.detail);
    }
    measured_power_free(&power);
    return ok;
}

static size_t count_unmeasured(const struct measured_log *log)
{
    size_t n = 0;
    for (size_t i = 0; i < log->n; i++)
        n += isnan(log->request[i].e2e_s) ? 1 : 0;
    return n;
}

static bool prepare(const struct scenario_log_ask *ask, const struct settings *settings,
                    const struct measured_log *log, bool set, struct scenario_log *out,
                    struct error *err)
{
    struct scenario scenario;
    if (!scenario_load(ask->scenario, settings->text, settings->n, &scenario, err))
        return false;
    note_blocks(&scenario, &log->server, set, out);
    scenario_free(&scenario);
    out->requests = log->n;
    out->unmeasured = count_unmeasured(log);
    out->failed = log->failed;
    out->cancelled = log->cancelled;
    out->warm_up = log->warm_up;
    out->unsized = log->unsized;
    out->meta = log->meta ? mem_strdup(log->meta) : NULL;
    return out->unmeasured < log->n ||
           error_at(err, ask->path, 1, 1, "no request of the log has a time of its last token");
}

bool scenario_log_validate(const struct scenario_log_ask *ask, struct scenario_log *out,
                           struct error *err)
{
    struct settings settings = {.text = NULL};
    struct measured_log log;
    bool set;
    *out = (struct scenario_log){.requests = 0};
    bool ok = measured_log_read(ask->path, &log, err);
    if (ok) {
        add_server(&settings, &log.server);
        out->settings = join(&settings);
        add(&settings, "search.keep_up=false"); /* the server may well have been overrun */
        add_own(&settings, workload_of(ask->path, log.format));
        ok = take_assignments(&settings, ask, &set, err) &&
             prepare(ask, &settings, &log, set, out, err) &&
             replay(ask, &settings, &log, &out->at[LOG_BLOCKS], &out->result, err) &&
             compare_draw(ask, &log, out, err) && vary_blocks(ask, &settings, &log, out, err);
    }
    free_settings(&settings);
    measured_log_free(&log);
    return ok;
}

void scenario_log_free(struct scenario_log *log)
{
    scenario_result_free(&log->result);
    free(log->settings);
    free(log->meta);
    *log = (struct scenario_log){.requests = 0};
}
