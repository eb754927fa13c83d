/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A validation of made-up rows: kinds of devices take turns, phases change after each three, and
 * of seven rows in a row one was fitted to. */
#ifndef TESTS_SUPPORT_SMALL_VALIDATION_H
#define TESTS_SUPPORT_SMALL_VALIDATION_H

#include "base/memory.h"
#include "scenarios/validate.h"

#include <math.h>

/* Predictions of 90, 100, 110, 120 ... 150 % of what was measured. */
static inline struct scenario_validated_row small_validation_row(size_t i)
{
    static const char *const kinds[] = {"cpu", "gpu", "npu"};
    double measured = 10 * pow(1.5, (double)(i % 12)), ratio = 0.9 + 0.1 * (double)(i % 7);
    return (struct scenario_validated_row){.device = "box",
                                           .class = "boxes",
                                           .kind = kinds[i % 3],
                                           .model = "tiny",
                                           .quant = "Q4_0",
                                           .backend = i % 2 ? "it's \xC3\xA9" : "",
                                           .phase = i / 3 % 2 ? MEASURED_PREFILL : MEASURED_DECODE,
                                           .prompt_tokens = 512,
                                           .gen_tokens = NAN,
                                           .batch = 1,
                                           .measured = measured,
                                           .predicted = ratio * measured,
                                           .low = 0.8 * ratio * measured,
                                           .high = 1.2 * ratio * measured,
                                           .error = ratio - 1,
                                           .fitted = i % 7 == 1,
                                           .place = "rows.csv:2"};
}

/* The caller frees it with scenario_validation_free. */
static inline struct scenario_validation small_validation(size_t rows)
{
    struct scenario_validation validation = {
        .skipped = mem_calloc(1, sizeof *validation.skipped),
        .n_skipped = 1,
        .skipped_rows = 5,
        .device = mem_calloc(1, sizeof *validation.device),
        .n_devices = 1,
    };
    validation.skipped[0] =
        (struct scenario_skipped){mem_strdup("no rate"), 5, mem_strdup("rows.csv:9")};
    validation.device[0] = (struct scenario_validated_device){.name = mem_strdup("box"),
                                                              .class = mem_strdup("boxes"),
                                                              .class_devices = 4,
                                                              .rows = rows,
                                                              .undetermined = mem_strdup("tile")};
    table_init(&validation.rows, "validation", scenario_validated_columns);
    for (size_t i = 0; i < rows; i++) {
        struct scenario_validated_row row = small_validation_row(i);
        table_add(&validation.rows, &row);
        validation.fitted_rows += row.fitted != 0;
        validation.device[0].fitted_rows += row.fitted != 0;
    }
    return validation;
}

#endif
