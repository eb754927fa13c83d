/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A server's log of requests replayed: its own arrivals and lengths under a scenario, and what the
 * server measured held against what the replay gives. */
#ifndef SCENARIOS_LOG_H
#define SCENARIOS_LOG_H

#include "devices/measurements/request_log.h"
#include "scenarios/measured_power.h"
#include "scenarios/result.h"

struct scenario_log_ask {
    const char *path;       /* the log, as measured_log_read reads it */
    const char *scenario;   /* a file or a name of the catalogue; its workload is left aside */
    const char *const *set; /* (n_set) assignments; they win over what the log says */
    size_t n_set;
    const struct scenario_options *options;
    struct scenario_power_ask power;
};

/* One request on both sides; nan where one of them has none. */
struct scenario_log_row {
    int64_t id; /* position in the log, from 0 */
    int64_t line, prompt_tokens, output_tokens, preemptions;
    double arrival_s;
    double ttft_measured_s, ttft_s, tpot_measured_s, tpot_s, e2e_measured_s, e2e_s;
};
extern const struct column_spec scenario_log_columns[];

enum scenario_log_quantity { LOG_TTFT, LOG_TPOT, LOG_E2E, LOG_QUANTITIES };
enum scenario_log_figure { LOG_MEAN, LOG_P50, LOG_P90, LOG_P99, LOG_FIGURES };
extern const char *const scenario_log_quantities[LOG_QUANTITIES + 1];
extern const char *const scenario_log_figures[LOG_FIGURES + 1];

/* Seconds, over the requests that both sides finished; deviation is (ours - measured)/measured. */
struct scenario_log_value {
    double measured, ours, deviation;
};

struct scenario_log_case {
    uint64_t kv_blocks, preemptions, rejected;
    size_t compared; /* requests that both sides finished */
    struct scenario_log_value value[LOG_QUANTITIES][LOG_FIGURES];
};

/* Draw from the first arrival to the last token, where a log of power was given. */
struct scenario_log_draw {
    bool asked, no_zone;         /* no_zone: the log of power names no zone of time */
    struct scenario_log_value W; /* means */
    struct scenario_log_value J; /* for each output token */
    const char *missing;         /* why nothing was measured; NULL: it was */
    char detail[96];             /* of what is missing */
};

/* The number of blocks that is right, and how much it matters. */
enum scenario_log_blocks { LOG_BLOCKS, LOG_FEWER_BLOCKS, LOG_MORE_BLOCKS, LOG_CASES };
#define SCENARIO_LOG_STEP 0.05

struct scenario_log {
    struct scenario_result result; /* of LOG_BLOCKS; result.log holds the rows */
    struct scenario_log_case at[LOG_CASES];
    size_t requests, unmeasured;                /* unmeasured: without a time of their last token */
    size_t failed, cancelled, warm_up, unsized; /* of the log, and not among its requests */
    struct scenario_log_draw draw;
    const char *blocks_from; /* "--set", "the log", "the scenario" or "memory_fraction" */
    uint64_t block_tokens;
    double memory_fraction;
    char *settings; /* what was taken from the log's meta data, "max_num_seqs=128 ..."; "" */
    char *meta;     /* file of the meta data; NULL: none */
};

/* Replays three times: with the blocks that follow from --set, the log, the scenario or the memory,
 * in this order, and with 5 % fewer and more. The caller frees *out with scenario_log_free, also
 * after a failure. */
bool scenario_log_validate(const struct scenario_log_ask *ask, struct scenario_log *out,
                           struct error *err);
void scenario_log_free(struct scenario_log *log);
/* The keys of `validate --log --json`. Freed with free(). */
char *scenario_log_json(const struct scenario_log *log);

#endif
