/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "scenarios/summary.h"

#include <stddef.h>

/* Counts are uint64_t in the summary and int64_t in tables: the same bytes below 2^63. */
#define AT(member) offsetof(struct scenario_summary_row, member)
#define NUMBER(name, member, unit, text)                                                           \
    {                                                                                              \
        name, COLUMN_NUMBER, AT(summary.member), unit, text, NULL                                  \
    }
#define COUNT(name, member, text)                                                                  \
    {                                                                                              \
        name, COLUMN_COUNT, AT(summary.member), "1", text, NULL                                    \
    }
#define TRUTH(name, text)                                                                          \
    {                                                                                              \
#name, COLUMN_CODE, AT(name), "1", text, truths                                            \
    }
#define DISTRIBUTION(member, text)                                                                 \
    NUMBER(#member ".mean", member.mean, "s", text ", mean"),                                      \
        NUMBER(#member ".p50", member.p50, "s", text ", median"),                                  \
        NUMBER(#member ".p90", member.p90, "s", text ", 90th percentile"),                         \
        NUMBER(#member ".p95", member.p95, "s", text ", 95th percentile"),                         \
        NUMBER(#member ".p99", member.p99, "s", text ", 99th percentile")

static const char *const truths[] = {"false", "true", NULL};

const struct column_spec scenario_summary_columns[] = {
    COUNT("requests.in", requests_in, "requests that came"),
    COUNT("requests.done", done, "requests that were answered"),
    COUNT("requests.rejected", rejected, "requests that could never fit"),
    COUNT("requests.failed", failed, "requests that failed"),
    COUNT("tokens.in", tokens_in, "prompt tokens of answered requests"),
    COUNT("tokens.out", tokens_out, "output tokens of answered requests"),
    DISTRIBUTION(ttft_s, "time to first token"),
    DISTRIBUTION(tpot_s, "time per output token after the first"),
    DISTRIBUTION(itl_s, "time between output tokens"),
    DISTRIBUTION(e2e_s, "time from arrival to the last token"),
    NUMBER("throughput.requests_per_s", requests_per_s, "1/s", "answered requests per second"),
    NUMBER("throughput.output_tokens_per_s", output_tokens_per_s, "1/s",
           "output tokens per second"),
    NUMBER("energy_J.total", energy.total, "J", "energy of the machine"),
    NUMBER("energy_J.net", energy.net, "J", "energy less idle power"),
    NUMBER("energy_J.base", energy.base, "J", "energy of being powered, without leakage"),
    {"energy_J.dynamic", COLUMN_NUMBER, AT(dynamic_J), "J", "energy of work", NULL},
    NUMBER("energy_J.active", energy.active, "J", "energy of being busy"),
    NUMBER("energy_J.compute", energy.compute, "J", "energy of arithmetic"),
    NUMBER("energy_J.memory", energy.memory, "J", "energy of bytes moved to and from memory"),
    NUMBER("energy_J.leakage", energy.leakage, "J", "energy leaked"),
    NUMBER("energy_J.link", energy.link, "J", "energy of transfers between devices"),
    NUMBER("energy_J.storage", energy.storage, "J", "energy of paging"),
    NUMBER("energy_J.integral", energy.integral, "J", "integral of power over time"),
    NUMBER("peak_temperature_C", peak_temperature_C, "degC", "hottest die"),
    NUMBER("throttled_s", throttled_s, "s", "time below the planned clock because of heat"),
    COUNT("recovery.faults", recovery.faults, "devices that failed"),
    COUNT("recovery.guard_calls", recovery.guard_calls, "plans that the thermal guard asked for"),
    COUNT("recovery.changes", recovery.changes, "changes of plan"),
    COUNT("recovery.evaluations", recovery.evaluations, "evaluations of the searches for them"),
    COUNT("recovery.affected", recovery.affected, "requests that a fault stopped"),
    COUNT("recovery.recovered", recovery.recovered, "of these, answered all the same"),
    NUMBER("recovery.outage_s", recovery.outage_s, "s",
           "time in which a device's failure stopped work"),
    NUMBER("recovery.added_latency_s.mean", recovery.added_mean_s, "s",
           "latency of stopped requests less that without faults, mean"),
    NUMBER("recovery.added_latency_s.max", recovery.added_most_s, "s",
           "latency of stopped requests less that without faults, most"),
    NUMBER("recovery.latency_ratio", recovery.latency_ratio, "1",
           "latency without waiting on what a fault left over that of the first plan, closed form; "
           "of the worst fault, 0 without any"),
    NUMBER("recovery.equal_limit", recovery.equal_limit, "1",
           "the papers' bound on it: devices over healthy devices"),
    NUMBER("recovery.rate_limit", recovery.rate_limit, "1",
           "the same with each device weighed by its rate"),
    {"recovery.equal_bound_held", COLUMN_CODE, AT(equal_held), "1", "the papers' bound holds",
     truths},
    {"recovery.rate_bound_held", COLUMN_CODE, AT(rate_held), "1",
     "the bound weighed by rates holds", truths},
    NUMBER("makespan_s", makespan_s, "s", "first arrival to last answer"),
    TRUTH(saturated, "requests came faster than they were served"),
    TRUTH(runaway, "leakage outran cooling"),
    TRUTH(cap_unreachable, "a power limit lies below what the lowest clock draws"),
    NUMBER("time_s.prefill", time.prefill_s, "s", "passes that only prefill, summed"),
    NUMBER("time_s.decode", time.decode_s, "s", "passes that decode, summed"),
    NUMBER("time_s.transfer", time.transfer_s, "s", "hand-overs between devices, summed"),
    NUMBER("time_s.paging", time.paging_s, "s", "waiting for the store, summed"),
    NUMBER("time_s.overhead", time.overhead_s, "s", "fixed times of operators and passes, summed"),
    NUMBER("time_s.queue", time.queue_s, "s", "waiting of requests, summed"),
    COUNT("engine.preemptions", preemptions, "requests set back to make room"),
    COUNT("engine.passes", passes, "passes through the model"),
    COUNT("engine.segments", segments, "stretches of equal conditions"),
    COUNT("engine.kv_blocks", kv_blocks, "blocks of the KV cache"),
    NUMBER("cpq.mean", cpq_mean, "1", "memory pressure of the fullest pool, mean over time"),
    NUMBER("cpq.peak", cpq_peak, "1", "highest memory pressure of a pool"),
    NUMBER("kv_fragmentation", kv_fragmentation, "1",
           "share of the occupied KV cache that holds no tokens, over time"),
    COUNT("prefix.cached_tokens", prefix_cached_tokens,
          "prompt tokens that their requests found in the prefix cache"),
    NUMBER("prefix.hit_rate", prefix_hit_rate, "1",
           "cached prompt tokens over all; missing without a prefix cache"),
    COUNT("prefix.evicted_blocks", prefix_evicted_blocks,
          "blocks of the prefix cache that had to make room"),
    {.name = NULL},
};

void scenario_summary_fill(struct scenario_summary_row *row, const struct sim_summary *summary)
{
    const struct sim_energy *energy = &summary->energy;
    *row = (struct scenario_summary_row){
        .summary = *summary,
        .dynamic_J = energy->active + energy->compute + energy->memory,
        .saturated = summary->saturated,
        .equal_held = sim_recovered_held(&summary->recovery, summary->recovery.equal_limit),
        .rate_held = sim_recovered_held(&summary->recovery, summary->recovery.rate_limit),
        .runaway = summary->runaway,
        .cap_unreachable = summary->cap_unreachable,
    };
}

void scenario_summary_take(const struct scenario_summary_row *row, struct sim_summary *summary)
{
    *summary = row->summary;
    summary->saturated = row->saturated != 0;
    summary->runaway = row->runaway != 0;
    summary->cap_unreachable = row->cap_unreachable != 0;
}
