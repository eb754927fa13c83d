/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "scenarios/result.h"

#include "scenarios/calibrate_store.h"
#include "scenarios/thermal.h"
#include "scenarios/validate.h"

#include <stddef.h>
#include <stdlib.h>

#define NUMBER(name, unit, text) COLUMN_OF(scenario_front_row, COLUMN_NUMBER, name, unit, text)
#define COUNT(name, text) COLUMN_OF(scenario_front_row, COLUMN_COUNT, name, "1", text)
#define TEXT(name, text) COLUMN_OF(scenario_front_row, COLUMN_TEXT, name, "1", text)

const struct column_spec scenario_front_columns[] = {
    COUNT(id, "number of the plan, in order of energy"),
    TEXT(scheduler, "scheduler that found the plan"),
    NUMBER(energy_J, "J", "energy per request, closed form"),
    NUMBER(latency_s, "s", "latency of a request with waiting, closed form"),
    NUMBER(underutilisation, "1", "share of the powered devices' time not used, closed form"),
    NUMBER(net_energy_J, "J", "energy per request less idle power, closed form"),
    NUMBER(throughput_per_s, "1/s", "requests per second, closed form"),
    NUMBER(batch, "1", "mean decode batch, closed form"),
    NUMBER(cpq, "1", "memory pressure of the fullest pool, closed form"),
    NUMBER(peak_temperature_C, "degC", "hottest die, closed form"),
    NUMBER(power_W, "W", "mean power of the machine, closed form"),
    NUMBER(replay_energy_J, "J", "energy per answered request, replayed"),
    NUMBER(replay_net_energy_J, "J", "energy per answered request less idle power, replayed"),
    NUMBER(replay_e2e_mean_s, "s", "time from arrival to the last token, mean, replayed"),
    NUMBER(replay_e2e_p50_s, "s", "time from arrival to the last token, median, replayed"),
    NUMBER(replay_e2e_p99_s, "s", "time from arrival to the last token, 99th percentile, replayed"),
    NUMBER(replay_ttft_mean_s, "s", "time to first token, mean, replayed"),
    NUMBER(replay_ttft_p50_s, "s", "time to first token, median, replayed"),
    NUMBER(replay_ttft_p99_s, "s", "time to first token, 99th percentile, replayed"),
    NUMBER(replay_tpot_mean_s, "s", "time per output token, mean, replayed"),
    NUMBER(replay_tpot_p50_s, "s", "time per output token, median, replayed"),
    NUMBER(replay_tpot_p99_s, "s", "time per output token, 99th percentile, replayed"),
    NUMBER(replay_output_tokens_per_s, "1/s", "output tokens per second, replayed"),
    NUMBER(replay_peak_temperature_C, "degC", "hottest die, replayed"),
    NUMBER(replay_throttled_s, "s", "time below the planned clock because of heat, replayed"),
    COUNT(replay_done, "requests answered in the replay; -1: not replayed"),
    COUNT(replay_rejected, "requests that could never fit; -1: not replayed"),
    COUNT(saturated, "1: requests came faster than they were served; -1: not replayed"),
    TEXT(mark, "what the plan is on its front: knee, least-energy, least-latency"),
    TEXT(summary, "where which operators run, at which clocks"),
    TEXT(plan, "the plan in compact form"),
    {.name = NULL},
};

void scenario_result_free(struct scenario_result *result)
{
    for (size_t i = 0; i < result->n_fronts; i++) {
        free(result->front[i].scheduler);
        table_free(&result->front[i].rows);
    }
    free(result->front);
    free(result->yaml);
    free(result->name);
    free(result->plan_summary);
    free(result->plan);
    free(result->kv_summary);
    table_free(&result->requests);
    table_free(&result->devices);
    table_free(&result->series);
    table_free(&result->slo);
    table_free(&result->changes);
    table_free(&result->log);
    table_free(&result->truth);
    if (result->validation)
        scenario_validation_free(result->validation);
    free(result->validation);
    if (result->thermal)
        scenario_thermal_free(result->thermal);
    free(result->thermal);
    if (result->calibrations)
        scenario_calibrations_free(result->calibrations);
    free(result->calibrations);
    *result = (struct scenario_result){0};
}
