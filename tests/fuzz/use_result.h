/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads a file as a result; what is accepted is told and drawn as any other. */
#ifndef TESTS_FUZZ_USE_RESULT_H
#define TESTS_FUZZ_USE_RESULT_H

#include "plots/plot.h"
#include "scenarios/thermal.h"
#include "scenarios/validate.h"

#include <stdlib.h>

static inline void use_read_result(const struct scenario_result *result)
{
    static const char *const kinds[] = {"front",     "timeline", "validation", "thermal",
                                        "bandwidth", "compute",  "residuals"};
    struct plot_options options = {PLOT_SVG, NULL};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct text script = {0};
        struct error err = {0};
        plot_script(result, kinds[i], &options, &script, &err);
        text_free(&script);
    }
    struct text csv = {0};
    if (result->has_run) {
        table_csv(&result->requests, &csv);
        free(scenario_run_json(result));
    }
    text_free(&csv);
    if (result->calibrations)
        return;
    if (result->validation)
        free(scenario_validation_json(result->validation));
    else if (result->thermal)
        free(scenario_thermal_json(result->thermal));
    else
        free(scenario_explore_json(result));
}

static inline void use_result(const char *path)
{
    struct scenario_result result;
    struct error err = {0};
    if (scenario_result_read(path, &result, &err)) {
        use_read_result(&result);
        scenario_result_free(&result);
    } else if (err.n_faults == 0) {
        abort();
    }
}

#endif
