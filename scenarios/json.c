/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/memory.h"
#include "scenarios/result.h"
#include "scenarios/summary.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* JSON has no nan: what is missing is null. */
static json_t *number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

/* Codes of "false" and "true" are truth values, other codes their names. */
static json_t *code(const struct column_spec *spec, int32_t value)
{
    int32_t n = 0;
    while (spec->names[n])
        n++;
    if (value < 0 || value >= n)
        return json_null();
    if (strcmp(spec->names[0], "false") == 0)
        return json_boolean(value);
    return json_string(spec->names[value]);
}

/* A value of the column's type that lies at `place`. */
static json_t *cell(const struct column_spec *spec, const void *place)
{
    switch (spec->type) {
    case COLUMN_NUMBER:
        return number(*(const double *)place);
    case COLUMN_COUNT:
        return json_integer(*(const int64_t *)place);
    case COLUMN_CODE:
        return code(spec, *(const int32_t *)place);
    case COLUMN_TEXT:
        break;
    }
    return json_string(*(const char *const *)place);
}

/* Puts a value under a name whose dots are levels. */
static void put(json_t *object, const char *name, json_t *value)
{
    const char *dot = strchr(name, '.');
    if (!dot) {
        json_object_set_new(object, name, value);
        return;
    }
    char *key = mem_strndup(name, (size_t)(dot - name));
    json_t *inner = json_object_get(object, key);
    if (!inner) {
        inner = json_object();
        json_object_set_new(object, key, inner);
    }
    put(inner, dot + 1, value);
    free(key);
}

static size_t cell_size(enum column_type type)
{
    return type == COLUMN_CODE ? sizeof(int32_t)
                               : (type == COLUMN_TEXT ? sizeof(char *) : sizeof(double));
}

/* Each row an object with the columns' names. */
static json_t *rows_of(const struct table *table)
{
    json_t *rows = json_array();
    for (size_t r = 0; r < table->n_rows; r++) {
        json_t *row = json_object();
        for (size_t c = 0; c < table->n_columns; c++) {
            const struct column_spec *spec = &table->spec[c];
            const char *place = (const char *)table->column[c] + r * cell_size(spec->type);
            json_object_set_new(row, spec->name, cell(spec, place));
        }
        json_array_append_new(rows, row);
    }
    return rows;
}

static void put_summary(json_t *object, const struct scenario_result *result)
{
    struct scenario_summary_row row;
    scenario_summary_fill(&row, &result->summary);
    json_object_set_new(object, "plan", json_string(result->plan));
    json_object_set_new(object, "plan_summary", json_string(result->plan_summary));
    json_object_set_new(object, "kv_summary", json_string(result->kv_summary));
    for (const struct column_spec *spec = scenario_summary_columns; spec->name; spec++)
        put(object, spec->name, cell(spec, (const char *)&row + spec->offset));
    if (result->slo.n_columns > 0)
        json_object_set_new(object, "slo", rows_of(&result->slo));
}

static json_t *front_of(const struct scenario_front *front)
{
    bool any = front->rows.n_rows > 0;
    json_t *object = json_object();
    json_object_set_new(object, "scheduler", json_string(front->scheduler));
    json_object_set_new(object, "evaluations", json_integer((json_int_t)front->evaluations));
    json_object_set_new(object, "knee", any ? json_integer((json_int_t)front->knee) : json_null());
    json_object_set_new(object, "least_energy",
                        any ? json_integer((json_int_t)front->least_energy) : json_null());
    json_object_set_new(object, "least_latency",
                        any ? json_integer((json_int_t)front->least_latency) : json_null());
    json_object_set_new(object, "points", rows_of(&front->rows));
    return object;
}

static json_t *header(const struct scenario_result *result)
{
    json_t *object = json_object();
    json_object_set_new(object, "scenario", json_string(result->name));
    json_object_set_new(object, "seed", json_integer((json_int_t)result->seed));
    return object;
}

/* The text of a value, which is given up. */
static char *dump(json_t *value)
{
    enum { INDENT = 2, DIGITS = 17 };
    char *text =
        json_dumps(value, JSON_INDENT(INDENT) | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(DIGITS));
    json_decref(value);
    char *own = mem_strdup(text ? text : "null");
    free(text);
    return own;
}

char *scenario_run_json(const struct scenario_result *result)
{
    json_t *object = header(result);
    if (result->has_run)
        put_summary(object, result);
    return dump(object);
}

char *scenario_explore_json(const struct scenario_result *result)
{
    json_t *object = header(result), *fronts = json_array();
    for (size_t i = 0; i < result->n_fronts; i++)
        json_array_append_new(fronts, front_of(&result->front[i]));
    json_object_set_new(object, "fronts", fronts);
    if (result->truth.n_columns > 0)
        json_object_set_new(object, "truth", rows_of(&result->truth));
    if (result->has_run) {
        json_t *run = json_object();
        put_summary(run, result);
        json_object_set_new(object, "run", run);
    }
    return dump(object);
}
