/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plots/validation_panels.h"

#include <math.h>
#include <string.h>

/* Shares of the page: between two panels stand the second one's numbers, and a single panel is in
 * the middle. */
#define GAP 0.095
#define PAGE_RIGHT 0.98
#define ALONE_LEFT 0.22
#define ALONE_RIGHT 0.78

#define LEAST_FACTOR 10.0 /* an axis shows a decade at least */
#define MOST_BEYOND 10.0  /* how far intervals may lead it beyond the rates */
enum { MOST_BARS = 150 };

const char *const validation_kinds[VALIDATION_KINDS] = {"cpu", "gpu", "npu"};

size_t validation_group(const struct scenario_validated_row *row)
{
    size_t k = 0;
    while (k < VALIDATION_KINDS && strcmp(validation_kinds[k], row->kind) != 0)
        k++;
    if (k == VALIDATION_KINDS || !plot_is_positive(row->measured) ||
        !plot_is_positive(row->predicted))
        return VALIDATION_GROUPS;
    return 2 * k + (row->fitted != 0);
}

bool validation_next(const struct validation_panels *panels, size_t phase, size_t *at,
                     struct scenario_validated_row *row)
{
    const struct table *rows = panels->rows;
    while (*at < rows->n_rows) {
        table_get(rows, (*at)++, row);
        if ((size_t)row->phase == phase && validation_group(row) < VALIDATION_GROUPS)
            return true;
    }
    return false;
}

static void widen(struct plot_axis *axis, double value)
{
    if (!plot_is_positive(value))
        return;
    axis->low = fmin(axis->low, value);
    axis->high = fmax(axis->high, value);
}

static void widen_for_bars(const struct validation_panels *panels, size_t phase,
                           struct plot_axis *axis)
{
    struct scenario_validated_row row;
    double least = axis->low / MOST_BEYOND, most = axis->high * MOST_BEYOND;
    for (size_t at = 0; validation_next(panels, phase, &at, &row);) {
        widen(axis, fmax(row.low, least));
        widen(axis, fmin(row.high, most));
    }
}

static void fit_axis(const struct validation_panels *panels, size_t phase,
                     struct validation_panel *panel)
{
    struct scenario_validated_row row;
    panel->axis = (struct plot_axis){INFINITY, 0, true};
    for (size_t at = 0; validation_next(panels, phase, &at, &row);) {
        widen(&panel->axis, row.measured);
        widen(&panel->axis, row.predicted);
    }
    if (panel->bars)
        widen_for_bars(panels, phase, &panel->axis);
    double factor = panel->axis.high / panel->axis.low;
    double air = fmax(pow(factor, 0.05), sqrt(LEAST_FACTOR / factor));
    panel->axis.low /= air;
    panel->axis.high *= air;
}

static void place_panels(struct validation_panels *panels)
{
    struct validation_panel *first = &panels->panel[panels->shown[0]];
    first->left = panels->n_shown == 1 ? ALONE_LEFT : PLOT_LEFT;
    first->right = panels->n_shown == 1 ? ALONE_RIGHT : (PLOT_LEFT + PAGE_RIGHT - GAP) / 2;
    if (panels->n_shown == 1)
        return;
    struct validation_panel *second = &panels->panel[panels->shown[1]];
    second->left = first->right + GAP;
    second->right = PAGE_RIGHT;
}

void validation_panels_find(const struct scenario_validation *validation,
                            struct validation_panels *out)
{
    static const size_t order[VALIDATION_PHASES] = {MEASURED_DECODE, MEASURED_PREFILL};
    struct scenario_group group[SCENARIO_QUANTITIES];
    struct scenario_validated_row row;
    *out = (struct validation_panels){.rows = &validation->rows};
    scenario_validation_phases(validation, group);
    for (size_t i = 0; i < VALIDATION_PHASES; i++) {
        struct validation_panel *panel = &out->panel[order[i]];
        panel->group = group[order[i]];
        for (size_t at = 0; validation_next(out, order[i], &at, &row); panel->points++)
            panel->has[validation_group(&row)] = true;
        if (panel->points == 0)
            continue;
        panel->bars = panel->points <= MOST_BARS;
        fit_axis(out, order[i], panel);
        out->shown[out->n_shown++] = order[i];
    }
    if (out->n_shown > 0)
        place_panels(out);
}
