/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A real server's log, replayed by the scenario of that server, keeps the deviations it has
 * reached: operator times of the card and one host time per step, nothing fitted to the log. */
#include "base/file.h"
#include "base/memory.h"
#include "scenarios/log.h"
#include "tests/check.h"

#include <math.h>
#include <stdlib.h>

static const char shared[] =
    SOURCE_DIR "/../shared/measured/serving/rtx_pro_6000_llama31_8b/requests.jsonl";

/* In % of the measured value, mean, p50, p90 and p99. */
static const double limits[LOG_QUANTITIES][LOG_FIGURES] = {
    [LOG_TTFT] = {3, 5, 5, 5},
    [LOG_TPOT] = {3, 5, 5, 5},
    [LOG_E2E] = {3, 5, 5, 5},
};

static void check_deviations(const struct scenario_log *log)
{
    for (int q = 0; q < LOG_QUANTITIES; q++)
        for (int f = 0; f < LOG_FIGURES; f++) {
            const struct scenario_log_value *value = &log->at[LOG_BLOCKS].value[q][f];
            bool ok = fabs(value->deviation) <= limits[q][f] / 100;
            if (!CHECK(ok))
                fprintf(stderr, "    %s %s: measured %g s, ours %g s\n", scenario_log_quantities[q],
                        scenario_log_figures[f], value->measured, value->ours);
        }
}

/* What the host takes is a prior: without it every time is shorter. */
static void check_host(const struct scenario_log_ask *ask, const struct scenario_log *log)
{
    struct error err = {0};
    struct scenario_log without;
    struct scenario_log_ask other = *ask;
    const char *const set[] = {"platform.devices.gpu.overheads.pass_us=0"};
    other.set = set;
    other.n_set = 1;
    if (!CHECK(scenario_log_validate(&other, &without, &err)))
        fprintf(stderr, "    %s\n", err.fault[0]);
    else
        for (int q = 0; q < LOG_QUANTITIES; q++)
            CHECK(without.at[LOG_BLOCKS].value[q][LOG_MEAN].ours <
                  log->at[LOG_BLOCKS].value[q][LOG_MEAN].ours);
    scenario_log_free(&without);
}

int main(void)
{
    struct error err = {0};
    struct scenario_log log;
    struct scenario_options options = {.replay = false};
    struct scenario_log_ask ask = {.path = shared,
                                   .scenario =
                                       SOURCE_DIR "/scenarios/serving/rtx-pro-6000-llama31-8b.yaml",
                                   .options = &options};
    if (!file_exists(shared)) {
        puts("skipped: ../shared is not there");
        return check_result();
    }
    if (!CHECK(scenario_log_validate(&ask, &log, &err))) {
        fprintf(stderr, "    %s\n", err.fault[0]);
    } else {
        CHECK(log.requests == 300 && log.at[LOG_BLOCKS].compared == 300);
        CHECK(log.at[LOG_BLOCKS].rejected == 0);
        check_deviations(&log);
        check_host(&ask, &log);
    }
    scenario_log_free(&log);
    return check_result();
}
