/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a picture of a validation shows: which rows, in which panel, on which axes. Internal to this
 * folder. */
#ifndef PLOTS_VALIDATION_PANELS_H
#define PLOTS_VALIDATION_PANELS_H

#include "plots/script.h"
#include "scenarios/validate.h"

enum {
    VALIDATION_PHASES = 2, /* prefill, decode */
    VALIDATION_KINDS = 3,
    /* Of each kind the rows that were predicted, then those that were fitted to. */
    VALIDATION_GROUPS = 2 * VALIDATION_KINDS
};

/* "cpu", "gpu", "npu" */
extern const char *const validation_kinds[VALIDATION_KINDS];

struct validation_panel {
    struct scenario_group group;
    struct plot_axis axis; /* of both rates, 1/s */
    size_t points;
    bool has[VALIDATION_GROUPS];
    bool bars;          /* few enough points for their intervals to be seen */
    double left, right; /* on the page */
};

struct validation_panels {
    const struct table *rows;
    struct validation_panel panel[VALIDATION_PHASES]; /* by phase */
    size_t shown[VALIDATION_PHASES], n_shown;         /* phases with points */
};

void validation_panels_find(const struct scenario_validation *validation,
                            struct validation_panels *out);
/* Which group a row is of; VALIDATION_GROUPS: it cannot be drawn. */
size_t validation_group(const struct scenario_validated_row *row);
/* Fills *row with the next one from `*at` on that is drawn in a phase's panel; false: no more. */
bool validation_next(const struct validation_panels *panels, size_t phase, size_t *at,
                     struct scenario_validated_row *row);

#endif
