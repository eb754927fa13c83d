/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "scenarios/thermal.h"

#include "analysis/statistics.h"
#include "base/memory.h"
#include "scenarios/thermal_logs.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double kelvin_of_0_C = 273.15;

void scenario_thermal_init(struct scenario_thermal *out)
{
    *out = (struct scenario_thermal){.yaml = NULL};
    table_init(&out->logs, "thermal_logs", scenario_thermal_log_columns);
    table_init(&out->readings, "thermal_readings", scenario_thermal_reading_columns);
}

void scenario_thermal_free(struct scenario_thermal *thermal)
{
    table_free(&thermal->logs);
    table_free(&thermal->readings);
    free(thermal->yaml);
    *thermal = (struct scenario_thermal){.yaml = NULL};
}

char *scenario_thermal_place(const struct measured_thermal *logs, size_t line)
{
    const char *path = logs->table.row[0].path, *slash = strrchr(path, '/');
    return mem_printf("%s:%zu", slash ? slash + 1 : path, line);
}

static void add_readings(const struct thermal_series *series, const struct thermal_fit *fit,
                         const struct scenario_thermal_log *log, struct scenario_thermal *out)
{
    double *die_K = mem_calloc(series->n, sizeof *die_K);
    thermal_predict(&fit->model, series, die_K);
    for (size_t i = 0; i < series->n; i++) {
        struct scenario_thermal_reading reading = {.log = log->log,
                                                   .device = log->device,
                                                   .time_s = series->time_s[i],
                                                   .input = series->input[i],
                                                   .measured_C =
                                                       series->measured_K[i] - kelvin_of_0_C,
                                                   .predicted_C = die_K[i] - kelvin_of_0_C,
                                                   .fitted = i < series->fitted};
        table_add(&out->readings, &reading);
    }
    free(die_K);
}

static void take_fit(const struct thermal_fit *fit, struct scenario_thermal_log *log)
{
    double *const time_s[] = {&log->time_constant_1_s, &log->time_constant_2_s,
                              &log->time_constant_3_s};
    double *const error[] = {&log->error_1, &log->error_2, &log->error_3};
    int64_t *const identified[] = {&log->identified_1, &log->identified_2, &log->identified_3};
    log->order = (int64_t)fit->model.chain.n;
    log->identified = (int64_t)fit->n_identified;
    for (size_t m = 0; m < fit->model.chain.n && m < THERMAL_NODES; m++) {
        *time_s[m] = fit->time_constant_s[m];
        *error[m] = fit->relative_error[m];
        *identified[m] = fit->identified[m];
    }
    log->rmse_fit_K = fit->rmse_fit_K;
    log->rmse_K = fit->rmse_K;
    log->ambient_C = fit->model.ambient_K - kelvin_of_0_C;
    log->fan_pK = fit->model.chain.fan_pK;
    log->gain = fit->model.gain;
    log->offset_W = fit->model.offset_W;
}

/* Why a log is not used, or NULL and its series and fit. */
static const char *try_log(const struct measured_thermal_log *log, double split,
                           struct thermal_series *series, struct thermal_fit *fit)
{
    struct error err = {0};
    const char *reason =
        thermal_series_make(log, log->source == MEASURED_POWER_NONE ? 1 : split, series);
    if (!reason && !thermal_fit_best(series, fit, &err))
        reason = "no network can be fitted to it";
    return reason || fit->n_identified > 0 ? reason : "it identifies no time constant";
}

const char *scenario_thermal_add(const struct measured_thermal *logs, size_t log, double split,
                                 struct scenario_thermal *out, struct thermal_fit *fit)
{
    const struct measured_thermal_log *from = &logs->log[log];
    struct thermal_series series;
    *fit = (struct thermal_fit){.rmse_K = NAN};
    const char *reason = try_log(from, split, &series, fit);
    bool backward = from->backward_line > 0;
    char *name = from->runs > 1 ? mem_printf("%s and %zu more", from->name, from->runs - 1)
                                : mem_strdup(from->name);
    char *place = scenario_thermal_place(logs, backward ? from->backward_line : from->first_line);
    struct scenario_thermal_log row = {.log = name,
                                       .device = from->device,
                                       .place = place,
                                       .power = series.proxy ? "proxy" : "measured",
                                       .skipped = reason ? reason : "",
                                       .time_constant_1_s = NAN,
                                       .time_constant_2_s = NAN,
                                       .time_constant_3_s = NAN,
                                       .error_1 = NAN,
                                       .error_2 = NAN,
                                       .error_3 = NAN,
                                       .rmse_fit_K = NAN,
                                       .rmse_K = NAN,
                                       .ambient_C = NAN,
                                       .gain = NAN,
                                       .offset_W = NAN,
                                       .readings = (int64_t)from->n,
                                       .fitted = (int64_t)series.fitted,
                                       .gaps = (int64_t)series.gaps,
                                       .repeated = (int64_t)from->repeated};
    if (fit->model.chain.n > 0)
        take_fit(fit, &row);
    table_add(&out->logs, &row);
    if (!reason)
        add_readings(&series, fit, &row, out);
    thermal_series_free(&series);
    free(name);
    free(place);
    return reason;
}

bool scenario_thermal_validate(const struct scenario_thermal_ask *ask, struct scenario_thermal *out,
                               struct error *err)
{
    struct measured_thermal logs;
    struct thermal_fit fit = {.rmse_K = NAN};
    scenario_thermal_init(out);
    bool ok = measured_thermal_read(ask->path, ask->where, &logs, err);
    if (ok && logs.n == 0)
        ok = error_set(err, "no row of '%s' is meant", text_clip(ask->path).bytes);
    for (size_t i = 0; ok && i < logs.n; i++)
        scenario_thermal_add(&logs, i, ask->split, out, &fit);
    measured_thermal_free(&logs);
    return ok;
}

static double median_of(const struct scenario_thermal *thermal, const char *device, bool held_back,
                        size_t *n)
{
    double *value = mem_calloc(thermal->logs.n_rows, sizeof *value);
    *n = 0;
    for (size_t i = 0; i < thermal->logs.n_rows; i++) {
        struct scenario_thermal_log log;
        table_get(&thermal->logs, i, &log);
        double rmse_K = held_back ? log.rmse_K : log.rmse_fit_K;
        if (!*log.skipped && (!device || strcmp(log.device, device) == 0) && isfinite(rmse_K))
            value[(*n)++] = rmse_K;
    }
    double median = analysis_median(value, *n);
    free(value);
    return median;
}

static bool has_group(const struct scenario_thermal_group *group, size_t n, const char *device)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(group[i].device, device) == 0)
            return true;
    return false;
}

static struct scenario_thermal_group group_of(const struct scenario_thermal *thermal,
                                              const char *device)
{
    struct scenario_thermal_group group = {.device = device};
    group.median_rmse_fit_K = median_of(thermal, device, false, &group.n);
    group.median_rmse_K = median_of(thermal, device, true, &group.held_back);
    return group;
}

struct scenario_thermal_group scenario_thermal_all(const struct scenario_thermal *thermal)
{
    return group_of(thermal, NULL);
}

size_t scenario_thermal_groups(const struct scenario_thermal *thermal,
                               struct scenario_thermal_group **out)
{
    size_t n = 0;
    *out = mem_calloc(thermal->logs.n_rows, sizeof **out);
    for (size_t i = 0; i < thermal->logs.n_rows; i++) {
        struct scenario_thermal_log log;
        table_get(&thermal->logs, i, &log);
        if (!*log.skipped && !has_group(*out, n, log.device))
            (*out)[n++] = group_of(thermal, log.device);
    }
    return n;
}

static json_t *number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *log_json(const struct scenario_thermal_log *log)
{
    const double time_s[] = {log->time_constant_1_s, log->time_constant_2_s,
                             log->time_constant_3_s};
    const double error[] = {log->error_1, log->error_2, log->error_3};
    const int64_t identified[] = {log->identified_1, log->identified_2, log->identified_3};
    json_t *times = json_array(), *errors = json_array(), *told = json_array();
    for (int64_t m = 0; m < log->order && m < 3; m++) {
        json_array_append_new(times, number(time_s[m]));
        json_array_append_new(errors, number(error[m]));
        json_array_append_new(told, json_boolean(identified[m]));
    }
    json_t *skipped = *log->skipped ? json_string(log->skipped) : json_null();
    json_t *out = json_pack(
        "{s:s, s:s, s:s, s:s, s:I, s:o, s:o, s:o, s:b, s:o, s:o, s:o}", "log", log->log, "device",
        log->device, "place", log->place, "power_source", log->power, "order",
        (json_int_t)log->order, "time_constants_s", times, "relative_errors", errors,
        "time_constants_identified", told, "identified", log->identified > 0, "rmse_fit_K",
        number(log->rmse_fit_K), "rmse_K", number(log->rmse_K), "skipped", skipped);
    json_object_set_new(out, "ambient_C", number(log->ambient_C));
    json_object_set_new(out, "fan_per_K", number(log->fan_pK));
    json_object_set_new(out, "gain", number(log->gain));
    json_object_set_new(out, "offset_W", number(log->offset_W));
    json_object_set_new(out, "readings", json_integer((json_int_t)log->readings));
    json_object_set_new(out, "fitted", json_integer((json_int_t)log->fitted));
    json_object_set_new(out, "gaps", json_integer((json_int_t)log->gaps));
    json_object_set_new(out, "repeated", json_integer((json_int_t)log->repeated));
    return out;
}

static json_t *group_json(const struct scenario_thermal_group *group)
{
    return json_pack("{s:I, s:I, s:o, s:o}", "logs", (json_int_t)group->n, "n",
                     (json_int_t)group->held_back, "median_rmse_K", number(group->median_rmse_K),
                     "median_rmse_fit_K", number(group->median_rmse_fit_K));
}

static json_t *groups_json(const struct scenario_thermal *thermal)
{
    struct scenario_thermal_group *group;
    size_t n = scenario_thermal_groups(thermal, &group);
    json_t *out = json_object();
    for (size_t i = 0; i < n; i++)
        json_object_set_new(out, group[i].device, group_json(&group[i]));
    free(group);
    return out;
}

char *scenario_thermal_json(const struct scenario_thermal *thermal)
{
    json_t *logs = json_array(), *reasons = json_object();
    json_int_t skipped = 0;
    for (size_t i = 0; i < thermal->logs.n_rows; i++) {
        struct scenario_thermal_log log;
        table_get(&thermal->logs, i, &log);
        json_array_append_new(logs, log_json(&log));
        if (!*log.skipped)
            continue;
        json_int_t before = json_integer_value(json_object_get(reasons, log.skipped));
        json_object_set_new(reasons, log.skipped, json_integer(before + 1));
        skipped++;
    }
    struct scenario_thermal_group all = scenario_thermal_all(thermal);
    json_t *root =
        json_pack("{s:o, s:o, s:o, s:I, s:o}", "logs", logs, "all", group_json(&all), "groups",
                  groups_json(thermal), "skipped", skipped, "skipped_by_reason", reasons);
    char *text = json_dumps(root, JSON_INDENT(2));
    json_decref(root);
    return text;
}
