/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What `validate` and `fit` found, as tables on standard output. */
#ifndef CLI_REPORT_ROWS_H
#define CLI_REPORT_ROWS_H

#include "scenarios/thermal.h"
#include "scenarios/validate.h"

/* Columns of which scenario_validation_groups makes groups, NULL-ended. */
extern const char *const report_columns[];

/* A class fitted to fewer devices tells little of its own spread. */
enum { REPORT_FEW_DEVICES = 5 };

/* Errors by phase, kind and class, by `by` (NULL: by device where these are few), the worst rows,
 * and what was skipped. Devices and classes with few members are marked with a star. */
void report_validation(const struct scenario_validation *validation, const char *by);

/* Parameters with what the rows tell of them, errors, and what was skipped. The errors of a class
 * are those of each of its devices by the others. */
void report_fit(const struct scenario_fit *fit, bool of_class);

/* Errors and parameters alone, of kernels that were measured here. */
void report_fit_of_kernels(const struct scenario_fit *fit);

/* Each log with its time constants and errors, the errors by device, and what was skipped. */
void report_thermal(const struct scenario_thermal *thermal);

#endif
