/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/rows.h"

static const char *const status_names[] = {"done", "rejected", "failed", NULL};

#define AT(type, member) offsetof(struct type, member)

const struct column_spec sim_request_columns[] = {
    {"id", COLUMN_COUNT, AT(sim_request_row, id), "1", "place in the workload", NULL},
    {"status", COLUMN_CODE, AT(sim_request_row, status), "1", "what became of it", status_names},
    {"prompt_tokens", COLUMN_COUNT, AT(sim_request_row, prompt_tokens), "1", "prompt length", NULL},
    {"output_tokens", COLUMN_COUNT, AT(sim_request_row, output_tokens), "1", "answer length", NULL},
    {"preemptions", COLUMN_COUNT, AT(sim_request_row, preemptions), "1", "times preempted", NULL},
    {"cached_tokens", COLUMN_COUNT, AT(sim_request_row, cached_tokens), "1",
     "prompt tokens found in the prefix cache", NULL},
    {"arrival_s", COLUMN_NUMBER, AT(sim_request_row, arrival_s), "s", "arrival time", NULL},
    {"scheduled_s", COLUMN_NUMBER, AT(sim_request_row, scheduled_s), "s", "first pass begins",
     NULL},
    {"first_token_s", COLUMN_NUMBER, AT(sim_request_row, first_token_s), "s", "first token", NULL},
    {"finish_s", COLUMN_NUMBER, AT(sim_request_row, finish_s), "s", "last token", NULL},
    {"ttft_s", COLUMN_NUMBER, AT(sim_request_row, ttft_s), "s", "time to first token", NULL},
    {"tpot_s", COLUMN_NUMBER, AT(sim_request_row, tpot_s), "s", "time per output token", NULL},
    {"e2e_s", COLUMN_NUMBER, AT(sim_request_row, e2e_s), "s", "arrival to last token", NULL},
    {"faulted", COLUMN_COUNT, AT(sim_request_row, faulted), "1", "1: a fault stopped it", NULL},
    {0}};

const struct column_spec sim_sample_columns[] = {
    {"time_s", COLUMN_NUMBER, AT(sim_sample_row, time_s), "s", "end of the period", NULL},
    {"device", COLUMN_TEXT, AT(sim_sample_row, device), "1", "device", NULL},
    {"power_W", COLUMN_NUMBER, AT(sim_sample_row, power_W), "W", "mean power", NULL},
    {"temperature_C", COLUMN_NUMBER, AT(sim_sample_row, temperature_C), "degC",
     "mean die temperature", NULL},
    {"clock", COLUMN_NUMBER, AT(sim_sample_row, clock), "1", "clock over nominal", NULL},
    {"busy", COLUMN_NUMBER, AT(sim_sample_row, busy), "1", "share of the period at work", NULL},
    {"running", COLUMN_COUNT, AT(sim_sample_row, running), "1", "requests running", NULL},
    {"waiting", COLUMN_COUNT, AT(sim_sample_row, waiting), "1", "requests waiting", NULL},
    {"cpq", COLUMN_NUMBER, AT(sim_sample_row, cpq), "1", "mean memory pressure of its pool", NULL},
    {0}};

const struct column_spec sim_device_columns[] = {
    {"device", COLUMN_TEXT, AT(sim_device_row, device), "1", "device", NULL},
    {"busy_s", COLUMN_NUMBER, AT(sim_device_row, busy_s), "s", "time at work", NULL},
    {"utilisation", COLUMN_NUMBER, AT(sim_device_row, utilisation), "1", "busy share", NULL},
    {"base_J", COLUMN_NUMBER, AT(sim_device_row, base_J), "J", "base power over time", NULL},
    {"active_J", COLUMN_NUMBER, AT(sim_device_row, active_J), "J", "being busy", NULL},
    {"compute_J", COLUMN_NUMBER, AT(sim_device_row, compute_J), "J", "operations", NULL},
    {"memory_J", COLUMN_NUMBER, AT(sim_device_row, memory_J), "J", "bytes moved", NULL},
    {"leakage_J", COLUMN_NUMBER, AT(sim_device_row, leakage_J), "J", "leakage", NULL},
    {"energy_J", COLUMN_NUMBER, AT(sim_device_row, energy_J), "J", "all of it", NULL},
    {"thermal_yield", COLUMN_NUMBER, AT(sim_device_row, thermal_yield), "1",
     "Phi: 1 - leakage/energy", NULL},
    {"dasi", COLUMN_NUMBER, AT(sim_device_row, dasi), "1", "compute utilisation while busy", NULL},
    {"peak_temperature_C", COLUMN_NUMBER, AT(sim_device_row, peak_temperature_C), "degC",
     "hottest die temperature", NULL},
    {"mean_temperature_C", COLUMN_NUMBER, AT(sim_device_row, mean_temperature_C), "degC",
     "mean die temperature", NULL},
    {"throttled_s", COLUMN_NUMBER, AT(sim_device_row, throttled_s), "s", "time throttled", NULL},
    {0}};

static const char *const cause_names[] = {"fault", "return", "guard", NULL};

const struct column_spec sim_change_columns[] = {
    {"cause", COLUMN_CODE, AT(sim_change_row, cause), "1", "why another plan was asked for",
     cause_names},
    {"device", COLUMN_TEXT, AT(sim_change_row, device), "1",
     "device that failed, returned or got too hot", NULL},
    {"at_s", COLUMN_NUMBER, AT(sim_change_row, at_s), "s", "when it did", NULL},
    {"asked_s", COLUMN_NUMBER, AT(sim_change_row, asked_s), "s", "another plan is asked for", NULL},
    {"in_force_s", COLUMN_NUMBER, AT(sim_change_row, in_force_s), "s",
     "the plan comes into force; missing: it never did", NULL},
    {"healthy", COLUMN_COUNT, AT(sim_change_row, healthy), "1", "devices that are counted on",
     NULL},
    {"evaluations", COLUMN_COUNT, AT(sim_change_row, evaluations), "1",
     "evaluations of the search; 0: the plan stays, or is the first one", NULL},
    {"recomputed", COLUMN_COUNT, AT(sim_change_row, recomputed), "1",
     "running requests whose cache was lost", NULL},
    {"moved", COLUMN_COUNT, AT(sim_change_row, moved), "1",
     "running requests whose cache was moved", NULL},
    {"latency_s", COLUMN_NUMBER, AT(sim_change_row, latency_s), "s",
     "latency of a request under the plan without waiting, closed form", NULL},
    {"equal_limit_s", COLUMN_NUMBER, AT(sim_change_row, equal_limit_s), "s",
     "the papers' bound on it: the first plan's latency times devices over healthy devices", NULL},
    {"rate_limit_s", COLUMN_NUMBER, AT(sim_change_row, rate_limit_s), "s",
     "the same with each device weighed by its rate", NULL},
    {"plan", COLUMN_TEXT, AT(sim_change_row, plan), "1", "the plan; none: nothing can run", NULL},
    {0}};
