/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/statistics.h"
#include "base/memory.h"
#include "scenarios/fit_device.h"
#include "scenarios/validate.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const phases[] = {"prefill", "decode", "power", "energy"};

/* The columns that rows can be grouped by. */
static const struct {
    const char *name;
    size_t offset;
} columns[] = {
    {"device", offsetof(struct scenario_validated_row, device)},
    {"class", offsetof(struct scenario_validated_row, class)},
    {"kind", offsetof(struct scenario_validated_row, kind)},
    {"quant", offsetof(struct scenario_validated_row, quant)},
    {"model", offsetof(struct scenario_validated_row, model)},
    {"backend", offsetof(struct scenario_validated_row, backend)},
};
enum { COLUMNS = sizeof columns / sizeof *columns };

static const char *text_at(const struct scenario_validated_row *row, size_t offset)
{
    return *(const char *const *)((const char *)row + offset);
}

/* Rows that were fitted to say nothing of a prediction; when there are no others they stand for
 * how well the form fits. A borderline row has no prediction. */
static bool counts(const struct scenario_validation *validation,
                   const struct scenario_validated_row *row)
{
    return !row->borderline && (!row->fitted || validation->fitted_rows == validation->rows.n_rows);
}

/* The rows of one group. */
struct members {
    double *error;
    size_t n, inside;
};

static void add_member(struct members *members, const struct scenario_validated_row *row)
{
    members->error[members->n++] = row->error;
    members->inside += row->measured >= row->low && row->measured <= row->high;
}

struct scenario_group scenario_group_of(const char *name, const double *error, size_t n)
{
    double *size = mem_calloc(n + 1, sizeof *size);
    for (size_t i = 0; i < n; i++)
        size[i] = fabs(error[i]);
    struct scenario_group group = {.name = name,
                                   .n = n,
                                   .median_abs_error = analysis_median(size, n),
                                   .mean_abs_error = analysis_mean(size, n),
                                   .p90_abs_error = analysis_percentile(size, n, 90),
                                   .bias = analysis_median(error, n)};
    free(size);
    return group;
}

/* The rows of a phase in which the text at `offset` is `name`; NULL: all of them. */
static struct scenario_group group_of(const struct scenario_validation *validation, int phase,
                                      size_t offset, const char *name)
{
    struct members members = {mem_calloc(validation->rows.n_rows + 1, sizeof(double)), 0, 0};
    for (size_t i = 0; i < validation->rows.n_rows; i++) {
        struct scenario_validated_row row;
        table_get(&validation->rows, i, &row);
        if (row.phase == phase && counts(validation, &row) &&
            (!name || strcmp(text_at(&row, offset), name) == 0))
            add_member(&members, &row);
    }
    struct scenario_group group =
        scenario_group_of(name ? name : phases[phase], members.error, members.n);
    group.inside = members.inside;
    free(members.error);
    return group;
}

size_t scenario_validation_phases(const struct scenario_validation *validation,
                                  struct scenario_group out[SCENARIO_QUANTITIES])
{
    for (int phase = 0; phase < SCENARIO_QUANTITIES; phase++)
        out[phase] = group_of(validation, phase, 0, NULL);
    return SCENARIO_QUANTITIES;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct scenario_group *)a)->name,
                  ((const struct scenario_group *)b)->name);
}

static bool known(const struct scenario_group *group, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(group[i].name, name) == 0)
            return true;
    return false;
}

size_t scenario_validation_groups(const struct scenario_validation *validation, int phase,
                                  const char *column, struct scenario_group **out)
{
    size_t n = 0, c = 0;
    *out = NULL;
    while (c < COLUMNS && strcmp(columns[c].name, column) != 0)
        c++;
    for (size_t i = 0; c < COLUMNS && i < validation->rows.n_rows; i++) {
        struct scenario_validated_row row;
        table_get(&validation->rows, i, &row);
        const char *name = text_at(&row, columns[c].offset);
        if (row.phase != phase || !counts(validation, &row) || known(*out, n, name))
            continue;
        *out = mem_realloc(*out, n + 1, sizeof **out);
        (*out)[n++] = group_of(validation, phase, columns[c].offset, name);
    }
    if (n > 1)
        qsort(*out, n, sizeof **out, by_name);
    return n;
}

size_t scenario_validation_worst(const struct scenario_validation *validation, size_t most,
                                 size_t *row)
{
    size_t n = 0;
    double *worst = mem_calloc(most + 1, sizeof *worst);
    for (size_t i = 0; i < validation->rows.n_rows; i++) {
        struct scenario_validated_row one;
        table_get(&validation->rows, i, &one);
        if (!counts(validation, &one))
            continue;
        /* in the logarithm, so that half and double are as bad */
        double size = fabs(log1p(one.error));
        size_t at = n < most ? n++ : most;
        while (at > 0 && worst[at - 1] < size) {
            if (at < most) {
                worst[at] = worst[at - 1];
                row[at] = row[at - 1];
            }
            at--;
        }
        if (at < most) {
            worst[at] = size;
            row[at] = i;
        }
    }
    free(worst);
    return n;
}

static json_t *number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

json_t *scenario_group_json(const struct scenario_group *group)
{
    return json_pack("{s:I, s:o, s:o, s:o, s:o}", "n", (json_int_t)group->n, "median_abs_error",
                     number(group->median_abs_error), "mean_abs_error",
                     number(group->mean_abs_error), "p90_abs_error", number(group->p90_abs_error),
                     "bias", number(group->bias));
}

/* With the share of measured values that lie in the predictions' intervals. */
static json_t *covered_json(const struct scenario_group *group)
{
    json_t *out = scenario_group_json(group);
    json_object_set_new(out, "inside_90",
                        number(group->n ? (double)group->inside / (double)group->n : NAN));
    return out;
}

static json_t *by_json(const struct scenario_validation *validation)
{
    json_t *by = json_object();
    for (size_t c = 0; c < COLUMNS; c++) {
        json_t *column = json_object();
        for (int phase = 0; phase < SCENARIO_QUANTITIES; phase++) {
            struct scenario_group *group;
            size_t n = scenario_validation_groups(validation, phase, columns[c].name, &group);
            json_t *of = json_object();
            for (size_t i = 0; i < n; i++)
                json_object_set_new(of, group[i].name, covered_json(&group[i]));
            json_object_set_new(column, phases[phase], of);
            free(group);
        }
        json_object_set_new(by, columns[c].name, column);
    }
    return by;
}

static json_t *skipped_json(const struct scenario_skipped *skipped, size_t n)
{
    json_t *out = json_object();
    for (size_t i = 0; i < n; i++)
        json_object_set_new(out, skipped[i].reason, json_integer((json_int_t)skipped[i].rows));
    return out;
}

static json_t *worst_json(const struct scenario_validation *validation)
{
    enum { WORST = 10 };
    size_t row[WORST], n = scenario_validation_worst(validation, WORST, row);
    json_t *out = json_array();
    for (size_t i = 0; i < n; i++) {
        struct scenario_validated_row one;
        table_get(&validation->rows, row[i], &one);
        json_array_append_new(out, json_pack("{s:s, s:s, s:s, s:s, s:s, s:f, s:f, s:f}", "place",
                                             one.place, "device", one.device, "model", one.model,
                                             "quant", one.quant, "phase", phases[one.phase],
                                             "measured", one.measured, "predicted", one.predicted,
                                             "error", one.error));
    }
    return out;
}

static json_t *devices_json(const struct scenario_validation *validation)
{
    json_t *out = json_object();
    for (size_t i = 0; i < validation->n_devices; i++) {
        const struct scenario_validated_device *device = &validation->device[i];
        json_object_set_new(out, device->name,
                            json_pack("{s:s, s:I, s:I, s:I, s:s}", "class", device->class,
                                      "class_devices", (json_int_t)device->class_devices, "rows",
                                      (json_int_t)device->rows, "fitted_rows",
                                      (json_int_t)device->fitted_rows, "undetermined",
                                      device->undetermined));
    }
    return out;
}

size_t scenario_validation_borderline(const struct scenario_validation *validation)
{
    size_t n = 0;
    for (size_t i = 0; i < validation->rows.n_rows; i++) {
        struct scenario_validated_row row;
        table_get(&validation->rows, i, &row);
        n += row.borderline != 0;
    }
    return n;
}

char *scenario_validation_json(const struct scenario_validation *validation)
{
    struct scenario_group group[SCENARIO_QUANTITIES];
    scenario_validation_phases(validation, group);
    json_t *groups = json_object();
    size_t rows = group[SCENARIO_PREFILL].n + group[SCENARIO_DECODE].n;
    for (size_t i = 0; i < SCENARIO_QUANTITIES; i++)
        json_object_set_new(groups, phases[i], covered_json(&group[i]));
    json_t *root = json_pack("{s:I, s:I, s:I, s:o, s:o, s:o, s:o, s:o}", "rows", (json_int_t)rows,
                             "fitted_rows", (json_int_t)validation->fitted_rows, "skipped",
                             (json_int_t)validation->skipped_rows, "skipped_by_reason",
                             skipped_json(validation->skipped, validation->n_skipped), "groups",
                             groups, "by", by_json(validation), "devices", devices_json(validation),
                             "worst", worst_json(validation));
    json_object_set_new(root, "borderline",
                        json_integer((json_int_t)scenario_validation_borderline(validation)));
    if (validation->power.rows > 0)
        json_object_set_new(root, "power_log", scenario_power_report_json(&validation->power));
    char *text = json_dumps(root, JSON_INDENT(2));
    json_decref(root);
    return text;
}
