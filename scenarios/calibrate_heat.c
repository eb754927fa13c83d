/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "scenarios/calibrate_heat.h"

#include "base/memory.h"
#include "devices/power.h"
#include "scenarios/calibrate_device.h"
#include "scenarios/thermal_logs.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double kelvin_of_0_C = 273.15;
_Static_assert(SCENARIO_HEAT_NODES == (int)THERMAL_NODES, "a chain fits in");

/* A run as a log: what reads logs of other programs fits it too. */
static struct measured_thermal log_of(const struct calibrate_heat *run, const char *device,
                                      struct measured_thermal_log *log, struct measured_row *row)
{
    *log = (struct measured_thermal_log){.name = "heating and cooling",
                                         .device = device,
                                         .reading = mem_calloc(run->n, sizeof *log->reading),
                                         .n = run->n,
                                         .source = MEASURED_POWER_DEVICE,
                                         .runs = 1};
    for (size_t i = 0; i < run->n; i++) {
        const struct calibrate_heat_reading *one = &run->reading[i];
        log->reading[i] = (struct measured_reading){.time_s = one->time_s - run->reading[0].time_s,
                                                    .temperature_K = one->die_K,
                                                    .power_W = one->power_W,
                                                    .load = one->phase == CALIBRATE_HEAT_UP,
                                                    .clock_Hz = one->clock_Hz,
                                                    .voltage_V = NAN,
                                                    .given_W = {one->power_W, NAN, NAN}};
    }
    row->path = "calibration";
    return (struct measured_thermal){.table = {.row = row, .n_rows = 1}, .log = log, .n = 1};
}

static void take_fit(const struct thermal_fit *fit, struct scenario_heat *out)
{
    struct text text = {0};
    out->told = true;
    out->nodes = fit->model.chain.n;
    for (size_t m = 0; m < out->nodes && m < SCENARIO_HEAT_NODES; m++) {
        out->time_constant_s[m] = fit->time_constant_s[m];
        out->time_error[m] = fit->relative_error[m];
        out->identified[m] = fit->identified[m];
        /* A watt of the meter is a watt of the device. */
        out->capacity_JpK[m] = fit->model.chain.capacity_JpK[m] / fit->model.gain;
        out->conductance_WpK[m] = fit->model.chain.conductance_WpK[m] / fit->model.gain;
    }
    out->resistance_KpW = fit->resistance_KpW;
    out->resistance_error = fit->resistance_error;
    out->rmse_K = fit->rmse_fit_K;
    scenario_thermal_tell(fit, &text);
    out->text = text.bytes;
}

/* Leakage at rest is a part of the draw at rest. */
static void fit_leakage(const struct calibrate_heat *run, const struct device_leakage *form,
                        const struct calibrate_draw *draw, struct scenario_heat *out)
{
    const double most = 0.9;
    struct device_leakage leakage = *form;
    double error_W;
    if (!(form->reference_W > 0) ||
        !calibrate_heat_leakage(run, form, &leakage.reference_W, &error_W) ||
        !(device_leakage_W(&leakage, draw->idle_K, 1, 1) < most * draw->idle_W))
        return;
    out->leakage_W = leakage.reference_W;
    out->leakage_error_W = error_W;
}

void scenario_heat_fit(const struct calibrate_heat *run, const struct device_leakage *form,
                       const struct calibrate_draw *draw, const char *device,
                       struct scenario_heat *out)
{
    *out = (struct scenario_heat){.leakage_W = NAN, .leakage_error_W = NAN};
    out->throttle = (struct calibrate_throttle){.die_K = NAN};
    scenario_thermal_init(&out->log);
    if (run->n == 0) {
        out->why = run->why ? mem_strdup(run->why) : NULL;
        return;
    }
    struct measured_thermal_log log;
    struct measured_row row = {0};
    struct measured_thermal logs = log_of(run, device, &log, &row);
    struct thermal_fit fit;
    const char *reason = scenario_thermal_add(&logs, 0, 1, &out->log, &fit);
    if (reason)
        out->why = mem_strdup(reason);
    else
        take_fit(&fit, out);
    if (!reason && draw->sensors && !draw->why)
        fit_leakage(run, form, draw, out);
    out->throttle = calibrate_heat_throttle(run);
    free(log.reading);
}

void scenario_heat_free(struct scenario_heat *heat)
{
    scenario_thermal_free(&heat->log);
    free(heat->why);
    free(heat->text);
    *heat = (struct scenario_heat){.told = false};
}

/* "leakage, heat and voltage: as NAME" */
static void tell_rest(const struct scenario_heat *heat, char **prior)
{
    const char *as = *prior ? strstr(*prior, ": ") : NULL;
    bool power = *prior && strncmp(*prior, "power", strlen("power")) == 0;
    bool leakage = isfinite(heat->leakage_W);
    char *text = mem_printf("%s%s",
                            power     ? "power and voltage"
                            : leakage ? "voltage"
                                      : "leakage and voltage",
                            as ? as : "");
    free(*prior);
    *prior = text;
}

void scenario_heat_put(struct tree *device, const struct calibrate_heat *run,
                       const struct scenario_heat *heat, char **prior)
{
    struct thermal_chain chain = {.n = heat->nodes};
    if (!heat->told)
        return;
    for (size_t i = 0; i < heat->nodes; i++) {
        chain.capacity_JpK[i] = heat->capacity_JpK[i];
        chain.conductance_WpK[i] = heat->conductance_WpK[i];
    }
    char *ref = mem_printf("%.0f s of load and %.0f s of rest here, %s, %s", run->up_s, run->down_s,
                           run->sensors, heat->text);
    scenario_thermal_put(device, &chain, ref);
    free(ref);
    if (isfinite(heat->leakage_W)) {
        ref = mem_printf("the growth of the draw with temperature under load, %s; %.2g %%",
                         run->sensors, 100 * heat->leakage_error_W / heat->leakage_W);
        scenario_calibrated_source(device, "power.leakage.reference_W", "fitted", ref);
        free(ref);
    }
    tell_rest(heat, prior);
}

static json_t *number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *numbers(const double *value, size_t n)
{
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(list, number(value[i]));
    return list;
}

json_t *scenario_heat_json(const struct calibrate_heat *run, const struct scenario_heat *heat)
{
    double throttle_C = heat->throttle.die_K - kelvin_of_0_C;
    if (run->n == 0 && !run->why)
        return json_null();
    return json_pack("{s:s?, s:s?, s:f, s:f, s:b, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, "
                     "s:o}",
                     "sensors", run->sensors, "why_not", heat->why, "load_s", run->up_s, "rest_s",
                     run->down_s, "limited", (int)run->limited, "steady", (int)run->steady,
                     "time_constants_s", numbers(heat->time_constant_s, heat->nodes),
                     "relative_errors", numbers(heat->time_error, heat->nodes),
                     "resistance_K_per_W", heat->told ? number(heat->resistance_KpW) : json_null(),
                     "resistance_error", heat->told ? number(heat->resistance_error) : json_null(),
                     "rmse_K", heat->told ? number(heat->rmse_K) : json_null(), "leakage_W",
                     number(heat->leakage_W), "leakage_error_W", number(heat->leakage_error_W),
                     "throttled_from_C", number(throttle_C), "throttled_by",
                     number(isfinite(throttle_C) ? heat->throttle.fall : NAN));
}
