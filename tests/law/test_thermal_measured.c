/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Recorded temperatures: fitted on the first part of each log, what follows is predicted within
 * what the program claims, wherever the parts are divided. */
#include "base/memory.h"
#include "scenarios/thermal.h"
#include "tests/check.h"

#include <gsl/gsl_errno.h>
#include <unistd.h>

static const char shared[] = SOURCE_DIR "/../shared/measured/";

/* Median error of the parts that were held back, and how many logs have one. */
static double median_K(const char *name, double split, size_t *n)
{
    char *path = mem_printf("%s%s", shared, name);
    struct scenario_thermal_ask ask = {.path = path, .split = split};
    struct scenario_thermal thermal;
    struct error err = {0};
    CHECK(scenario_thermal_validate(&ask, &thermal, &err));
    struct scenario_thermal_group all = scenario_thermal_all(&thermal);
    for (size_t i = 0; i < thermal.logs.n_rows; i++) {
        struct scenario_thermal_log log;
        table_get(&thermal.logs, i, &log);
        CHECK(*log.skipped || (log.identified > 0 && log.rmse_fit_K < 7));
        CHECK(*log.skipped || strcmp(log.power, "proxy") != 0 || isnan(log.rmse_K));
    }
    scenario_thermal_free(&thermal);
    free(path);
    *n = all.held_back;
    return all.median_rmse_K;
}

int main(void)
{
    static const double splits[] = {0.5, 0.6};
    size_t n;
    if (access(shared, R_OK) != 0)
        return check_skip("shared/measured is not beside the sources");
    gsl_set_error_handler_off();
    for (size_t i = 0; i < sizeof splits / sizeof *splits; i++) {
        CHECK(median_K("telemetry_suite_power_temp_traces.csv", splits[i], &n) <= 2 && n == 1);
        CHECK(median_K("sbcbench_thermal_traces.csv", splits[i], &n) <= 4 && n >= 5);
    }
    return check_result();
}
