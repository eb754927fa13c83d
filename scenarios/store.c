/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Results to HDF5 and back. */
#include "scenarios/store.h"

#include "base/file.h"
#include "base/memory.h"
#include "scenarios/hdf5.h"
#include "scenarios/result.h"
#include "scenarios/summary.h"
#include "version.h"

#include <stdlib.h>
#include <string.h>

#define SCHEMA "qeilsim/result/1"

/* The tables of a replayed plan, by the name of their group. */
static const struct run_table {
    const char *name;
    const struct column_spec *spec;
    size_t offset;
} run_tables[] = {
    {"requests", sim_request_columns, offsetof(struct scenario_result, requests)},
    {"devices", sim_device_columns, offsetof(struct scenario_result, devices)},
    {"series", sim_sample_columns, offsetof(struct scenario_result, series)},
    {"changes", sim_change_columns, offsetof(struct scenario_result, changes)},
};
enum { RUN_TABLES = sizeof run_tables / sizeof run_tables[0] };

void scenario_store_head(struct scenario_h5 *file, const char *title)
{
    scenario_h5_put_word(file, "/", "Conventions", "CF-1.10");
    scenario_h5_put_word(file, "/", "title", title);
    scenario_h5_put_word(file, "/", "source", "qeilsim " QEILSIM_VERSION);
    scenario_h5_put_word(file, "/", "schema", SCHEMA);
}

static void put_header(struct scenario_h5 *file, const struct scenario_result *result)
{
    scenario_store_head(file, result->name);
    scenario_h5_put_count(file, "/", "seed", (int64_t)result->seed);
    scenario_h5_put_group(file, "scenario");
    scenario_h5_put_word(file, "scenario", "name", result->name);
    scenario_h5_put_text(file, "scenario/yaml", "the scenario with all references expanded",
                         result->yaml);
}

static void put_front(struct scenario_h5 *file, const struct scenario_front *front)
{
    char *group = mem_printf("front/%s", front->scheduler);
    scenario_h5_put_table(file, group, &front->rows);
    scenario_h5_put_count(file, group, "evaluations", (int64_t)front->evaluations);
    if (front->rows.n_rows > 0) {
        scenario_h5_put_count(file, group, "knee", (int64_t)front->knee);
        scenario_h5_put_count(file, group, "least_energy", (int64_t)front->least_energy);
        scenario_h5_put_count(file, group, "least_latency", (int64_t)front->least_latency);
    }
    free(group);
}

static void put_run(struct scenario_h5 *file, const struct scenario_result *result)
{
    struct scenario_summary_row row;
    scenario_summary_fill(&row, &result->summary);
    scenario_h5_put_row(file, "summary", scenario_summary_columns, &row);
    scenario_h5_put_word(file, "summary", "plan", result->plan);
    scenario_h5_put_word(file, "summary", "plan_summary", result->plan_summary);
    scenario_h5_put_word(file, "summary", "kv_summary", result->kv_summary);
    for (size_t i = 0; i < RUN_TABLES; i++) {
        const char *member = (const char *)result + run_tables[i].offset;
        const struct table *table = (const struct table *)(const void *)member;
        scenario_h5_put_table(file, run_tables[i].name, table);
    }
}

bool scenario_result_write(const struct scenario_result *result, const char *path,
                           struct error *err)
{
    struct scenario_h5 *file = scenario_h5_create();
    put_header(file, result);
    if (result->n_fronts > 0)
        scenario_h5_put_group(file, "front");
    for (size_t i = 0; i < result->n_fronts; i++)
        put_front(file, &result->front[i]);
    if (result->has_run)
        put_run(file, result);
    if (result->slo.n_columns > 0)
        scenario_h5_put_table(file, "slo", &result->slo);
    if (result->truth.n_columns > 0)
        scenario_h5_put_table(file, "truth", &result->truth);
    if (result->log.n_columns > 0)
        scenario_h5_put_table(file, "log", &result->log);
    bool ok = scenario_h5_save(file, path, err);
    scenario_h5_close(file);
    return ok;
}

static bool get_header(struct scenario_h5 *file, struct scenario_result *out)
{
    int64_t seed = 0;
    bool ok = scenario_h5_get_word(file, "scenario", "name", &out->name) &&
              scenario_h5_get_text(file, "scenario/yaml", &out->yaml) &&
              scenario_h5_get_count(file, "/", "seed", &seed);
    out->seed = (uint64_t)seed;
    return ok;
}

/* A row number that an attribute tells. */
static bool get_row(struct scenario_h5 *file, const char *group, const char *name, size_t *row,
                    size_t n_rows)
{
    int64_t value = 0;
    if (n_rows == 0)
        return true;
    if (!scenario_h5_get_count(file, group, name, &value) || value < 0 || (size_t)value >= n_rows)
        return false;
    *row = (size_t)value;
    return true;
}

static bool get_front(struct scenario_h5 *file, const char *scheduler, struct scenario_front *out)
{
    char *group = mem_printf("front/%s", scheduler);
    int64_t evaluations = 0;
    bool ok = scenario_h5_get_table(file, group, "front", scenario_front_columns, &out->rows) &&
              scenario_h5_get_count(file, group, "evaluations", &evaluations) &&
              get_row(file, group, "knee", &out->knee, out->rows.n_rows) &&
              get_row(file, group, "least_energy", &out->least_energy, out->rows.n_rows) &&
              get_row(file, group, "least_latency", &out->least_latency, out->rows.n_rows);
    out->scheduler = mem_strdup(scheduler);
    out->evaluations = (uint64_t)evaluations;
    free(group);
    return ok;
}

static bool get_fronts(struct scenario_h5 *file, struct scenario_result *out)
{
    if (!scenario_h5_has(file, "front"))
        return true;
    char **schedulers = scenario_h5_members(file, "front");
    size_t n = 0;
    while (schedulers[n])
        n++;
    out->front = mem_calloc(n, sizeof *out->front);
    bool ok = true;
    for (size_t i = 0; i < n && ok; i++) {
        out->n_fronts = i + 1;
        ok = get_front(file, schedulers[i], &out->front[i]);
    }
    file_names_free(schedulers);
    return ok;
}

static bool get_truth(struct scenario_h5 *file, struct scenario_result *out)
{
    return !scenario_h5_has(file, "truth") ||
           scenario_h5_get_table(file, "truth", "truth", scenario_truth_columns, &out->truth);
}

static bool get_run(struct scenario_h5 *file, struct scenario_result *out)
{
    if (!scenario_h5_has(file, "summary"))
        return true;
    struct scenario_summary_row row = {.dynamic_J = 0};
    bool ok = scenario_h5_get_row(file, "summary", scenario_summary_columns, &row) &&
              scenario_h5_get_word(file, "summary", "plan", &out->plan) &&
              scenario_h5_get_word(file, "summary", "plan_summary", &out->plan_summary) &&
              scenario_h5_get_word(file, "summary", "kv_summary", &out->kv_summary);
    scenario_summary_take(&row, &out->summary);
    for (size_t i = 0; i < RUN_TABLES && ok; i++) {
        char *member = (char *)out + run_tables[i].offset;
        ok = scenario_h5_get_table(file, run_tables[i].name, run_tables[i].name, run_tables[i].spec,
                                   (struct table *)(void *)member);
    }
    if (ok && scenario_h5_has(file, "slo"))
        ok = scenario_h5_get_table(file, "slo", "slo", scenario_slo_columns, &out->slo);
    out->has_run = ok;
    return ok;
}

static bool get_validation(struct scenario_h5 *file, struct scenario_result *out)
{
    out->validation = mem_calloc(1, sizeof *out->validation);
    return scenario_validation_get(file, out->validation);
}

static bool get_thermal(struct scenario_h5 *file, struct scenario_result *out)
{
    out->thermal = mem_calloc(1, sizeof *out->thermal);
    return scenario_thermal_get(file, out->thermal);
}

static bool get_calibrations(struct scenario_h5 *file, struct scenario_result *out)
{
    out->calibrations = mem_calloc(1, sizeof *out->calibrations);
    return scenario_calibrations_get(file, out->calibrations) &&
           (!scenario_thermal_stored(file) || get_thermal(file, out));
}

static bool get_content(struct scenario_h5 *file, struct scenario_result *out)
{
    if (scenario_calibrations_stored(file))
        return get_calibrations(file, out);
    if (scenario_validation_stored(file))
        return get_validation(file, out);
    if (scenario_thermal_stored(file))
        return get_thermal(file, out);
    return get_header(file, out) && get_fronts(file, out) && get_truth(file, out) &&
           get_run(file, out);
}

/* Whether the file says that it is ours, and of this version. */
static bool is_ours(struct scenario_h5 *file, struct error *err)
{
    char *schema = NULL;
    bool ours = scenario_h5_get_word(file, "/", "schema", &schema);
    bool ok = ours && strcmp(schema, SCHEMA) == 0;
    if (ours && !ok)
        error_set(err, "%s: not a qeilsim result of this version (it says '%s', not '" SCHEMA "')",
                  scenario_h5_path(file), text_clip(schema).bytes);
    else if (!ours)
        scenario_h5_fault(file, err);
    free(schema);
    return ok;
}

bool scenario_result_read(const char *path, struct scenario_result *out, struct error *err)
{
    *out = (struct scenario_result){0};
    struct scenario_h5 *file = scenario_h5_open(path, err);
    if (!file)
        return false;
    bool ok = is_ours(file, err);
    if (ok && !get_content(file, out)) {
        ok = scenario_h5_fault(file, err);
        scenario_result_free(out);
    }
    scenario_h5_close(file);
    return ok;
}
