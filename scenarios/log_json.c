/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A replayed log as columns and as JSON. */
#include "scenarios/log.h"

#include <jansson.h>
#include <math.h>
#include <stddef.h>

const char *const scenario_log_quantities[LOG_QUANTITIES + 1] = {"ttft", "tpot", "e2e", NULL};
const char *const scenario_log_figures[LOG_FIGURES + 1] = {"mean", "p50", "p90", "p99", NULL};

#define AT(member) offsetof(struct scenario_log_row, member)
#define COUNT(name, text)                                                                          \
    {                                                                                              \
#name, COLUMN_COUNT, AT(name), "1", text, NULL                                             \
    }
#define SECONDS(name, text)                                                                        \
    {                                                                                              \
#name, COLUMN_NUMBER, AT(name), "s", text, NULL                                            \
    }

const struct column_spec scenario_log_columns[] = {
    COUNT(id, "position in the log, from 0"),
    COUNT(line, "line of the log"),
    COUNT(prompt_tokens, "tokens of the prompt"),
    COUNT(output_tokens, "tokens of the answer"),
    COUNT(preemptions, "times that the replay recomputed it"),
    SECONDS(arrival_s, "arrival since the first one"),
    SECONDS(ttft_measured_s, "time to first token, measured"),
    SECONDS(ttft_s, "time to first token, replayed"),
    SECONDS(tpot_measured_s, "time per output token after the first, measured"),
    SECONDS(tpot_s, "time per output token after the first, replayed"),
    SECONDS(e2e_measured_s, "time from arrival to the last token, measured"),
    SECONDS(e2e_s, "time from arrival to the last token, replayed"),
    {.name = NULL},
};

/* JSON has no nan: what is missing is null. */
static json_t *number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *value_json(const struct scenario_log_value *value)
{
    return json_pack("{s:o, s:o, s:o}", "measured", number(value->measured), "ours",
                     number(value->ours), "deviation", number(value->deviation));
}

static json_t *draw_json(const struct scenario_log_draw *draw)
{
    json_t *object = json_pack("{s:o, s:o}", "W", value_json(&draw->W), "J_per_output_token",
                               value_json(&draw->J));
    if (draw->missing)
        json_object_set_new(object, "missing",
                            json_sprintf("%s (%s)", draw->missing, draw->detail));
    return object;
}

static void put_values(json_t *object, const struct scenario_log_case *at)
{
    for (int q = 0; q < LOG_QUANTITIES; q++) {
        json_t *quantity = json_object();
        for (int f = 0; f < LOG_FIGURES; f++) {
            json_object_set_new(quantity, scenario_log_figures[f], value_json(&at->value[q][f]));
        }
        json_object_set_new(object, scenario_log_quantities[q], quantity);
    }
}

static json_t *case_json(const struct scenario_log_case *at)
{
    json_t *object =
        json_pack("{s:I, s:I, s:I, s:I}", "kv_blocks", (json_int_t)at->kv_blocks, "compared",
                  (json_int_t)at->compared, "rejected", (json_int_t)at->rejected, "preemptions",
                  (json_int_t)at->preemptions);
    put_values(object, at);
    return object;
}

char *scenario_log_json(const struct scenario_log *log)
{
    const struct scenario_log_case *at = &log->at[LOG_BLOCKS];
    json_t *root =
        json_pack("{s:s, s:s, s:{s:I, s:I, s:I, s:I, s:I}, s:{s:I, s:s, s:I, s:f}, s:s}",
                  "scenario", log->result.name, "plan", log->result.plan_summary, "requests", "in",
                  (json_int_t)log->requests, "unmeasured", (json_int_t)log->unmeasured, "compared",
                  (json_int_t)at->compared, "rejected", (json_int_t)at->rejected, "preemptions",
                  (json_int_t)at->preemptions, "kv_blocks", "count", (json_int_t)at->kv_blocks,
                  "from", log->blocks_from, "block_tokens", (json_int_t)log->block_tokens,
                  "memory_fraction", log->memory_fraction, "settings", log->settings);
    json_object_set_new(root, "left_out",
                        json_pack("{s:I, s:I, s:I, s:I}", "failed", (json_int_t)log->failed,
                                  "cancelled", (json_int_t)log->cancelled, "warm_up",
                                  (json_int_t)log->warm_up, "unsized", (json_int_t)log->unsized));
    if (log->draw.asked)
        json_object_set_new(root, "power", draw_json(&log->draw));
    put_values(root, at);
    json_object_set_new(root, "fewer_blocks", case_json(&log->at[LOG_FEWER_BLOCKS]));
    json_object_set_new(root, "more_blocks", case_json(&log->at[LOG_MORE_BLOCKS]));
    char *text = json_dumps(root, JSON_INDENT(2));
    json_decref(root);
    return text;
}
