/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "devices/observe.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>

/* Profilers run whole passes, or clear the caches between: weights and cache come from memory. */
static double operator_s(const struct device *device, const struct device_observation *what)
{
    const struct workload_operator *op = what->op;
    struct device_condition at = {1, INFINITY, INFINITY};
    struct device_cost cost = {0};
    device_operator_cost(device, op, &what->pass, &at, 1, &cost);
    return cost.time_s + cost.time_per_context_s * what->context;
}

/* Benchmarks last for minutes in a room. */
static const double room_K = 298.15;

/* The run under the limit that holds. */
static struct device_spent spent_on(const struct device *device,
                                    const struct device_observation *what, bool prefill,
                                    const struct device_run *run, double *clock)
{
    double die_K = what->die_K;
    if (die_K <= 0 && what->cap_W > 0)
        die_K = device_steady_K(device, what->cap_W, room_K);
    return device_capped_run(device, what->forward, run, prefill, what->cap_W, die_K, clock);
}

/* The leakage is that of the temperature which the draw ends at: two rounds come within a watt. */
static double draw_W(const struct device *device, const struct device_observation *what,
                     const struct device_spent *spent, double clock)
{
    double die_K = what->die_K > 0 ? what->die_K : room_K, power_W = 0;
    for (int round = 0; round < 3; round++) {
        power_W = device_draw_W(device, spent, clock, die_K);
        if (what->die_K > 0)
            break;
        die_K = fmin(device_steady_K(device, power_W, room_K), device->thermal.limit_K);
    }
    return what->net ? power_W - device->power.idle_W : power_W;
}

static double energy_J(const struct device *device, const struct device_observation *what)
{
    double clock;
    struct device_spent spent = spent_on(device, what, what->prefill, &what->run, &clock);
    double joules = draw_W(device, what, &spent, clock) * spent.time_s;
    if (what->prompt > 0) {
        struct device_run prompt = what->run;
        prompt.tokens = what->prompt;
        spent = spent_on(device, what, true, &prompt, &clock);
        joules += draw_W(device, what, &spent, clock) * spent.time_s;
    }
    return joules / (what->run.tokens * what->run.batch);
}

double device_observed(const struct device *device, const struct device_observation *what)
{
    struct device as_run = *device;
    struct device_spent spent;
    double clock;
    if (what->flash >= 0)
        as_run.attention.flash = what->flash == 1;
    switch (what->kind) {
    case DEVICE_SAW_PREFILL:
    case DEVICE_SAW_DECODE:
        return spent_on(&as_run, what, what->kind == DEVICE_SAW_PREFILL, &what->run, &clock).time_s;
    case DEVICE_SAW_POWER:
        spent = spent_on(&as_run, what, what->prefill, &what->run, &clock);
        return draw_W(&as_run, what, &spent, clock);
    case DEVICE_SAW_ENERGY:
        return energy_J(&as_run, what);
    case DEVICE_SAW_OPERATOR:
        break;
    }
    return operator_s(&as_run, what);
}

bool device_is_borderline(const struct device *device, const struct device_observation *what)
{
    if (what->kind == DEVICE_SAW_OPERATOR || what->run.memory_B <= 0)
        return false;
    double clock;
    struct device_spent spent = spent_on(device, what, what->prefill, &what->run, &clock);
    return fabs(spent.pressure - 1) <= DEVICE_BORDERLINE;
}

void device_fit_apply(struct device_fit *fit, const double *x)
{
    for (size_t d = 0; d < fit->n_devices; d++)
        for (size_t i = 0; i < fit->n_parameters; i++)
            *device_parameter_value(&fit->device[d], i) = x[i];
}

static bool residuals(void *context, const double *x, double *residual)
{
    struct device_fit *fit = context;
    device_fit_apply(fit, x);
    for (size_t i = 0; i < fit->n; i++) {
        const struct device_observation *what = &fit->observation[i];
        residual[i] = log(device_observed(&fit->device[what->device], what) / what->measured);
    }
    return true;
}

bool device_fit_log(void *context, const double *x, double *value)
{
    struct device_fit_question *question = context;
    device_fit_apply(question->fit, x);
    *value = log(device_observed(&question->fit->device[question->what->device], question->what));
    return isfinite(*value);
}

/* Strictly inside the bounds, where a prior must be. */
static double inside(double x, double low, double high)
{
    double margin = 1e-3 * fmin(high - low, low > 0 ? low : high - low);
    return fmin(fmax(x, low + margin), high - 1e-3 * (high - low));
}

double device_share_sigma(double share, double sigma, double most)
{
    return fmin(sigma, most * share * (1 - share));
}

void device_fit_init(struct device_fit *out, const struct device_fit_of *of,
                     const struct device_observation *observation, size_t n)
{
    struct device *device = of->device;
    size_t n_parameters = device_parameters(device);
    *out = (struct device_fit){.device = device,
                               .n_devices = of->n_devices,
                               .observation = observation,
                               .n = n,
                               .n_parameters = n_parameters};
    out->parameter = mem_calloc(n_parameters, sizeof *out->parameter);
    out->noise = mem_calloc(n ? n : 1, sizeof *out->noise);
    for (size_t i = 0; i < n; i++)
        out->noise[i] = observation[i].noise > 0 ? observation[i].noise : DEVICE_NOISE;
    for (size_t i = 0; i < n_parameters; i++) {
        struct device_parameter parameter;
        device_parameter(device, i, &parameter);
        double value = *device_parameter_value(device, i);
        bool held = value <= 0 || !(parameter.evidence & of->evidence);
        struct fit_parameter *one = &out->parameter[i];
        *one = (struct fit_parameter){.name = device_parameter_path(&parameter),
                                      .scale = parameter.coordinate,
                                      .low = parameter.low,
                                      .high = parameter.high,
                                      .prior = inside(value, parameter.low, parameter.high),
                                      .sigma = parameter.sigma};
        if (one->scale == FIT_LOGIT)
            one->sigma = device_share_sigma(one->prior, one->sigma, DEVICE_SHARE_SCATTER);
        if (held) {
            one->prior = value;
            device_fit_hold(out, i);
        }
    }
    out->problem = (struct fit_problem){.parameter = out->parameter,
                                        .n_parameters = n_parameters,
                                        .n_residuals = n,
                                        .residuals = residuals,
                                        .context = out,
                                        .noise = out->noise,
                                        .huber = 2};
}

void device_fit_hold(struct device_fit *fit, size_t parameter)
{
    struct fit_parameter *one = &fit->parameter[parameter];
    *one = (struct fit_parameter){
        .name = one->name, .low = -INFINITY, .high = INFINITY, .prior = one->prior};
}

void device_fit_free(struct device_fit *fit)
{
    for (size_t i = 0; fit->parameter && i < fit->n_parameters; i++)
        free((char *)fit->parameter[i].name);
    free(fit->parameter);
    free(fit->noise);
    *fit = (struct device_fit){0};
}
