/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "devices/observe.h"

#include "base/memory.h"

#include <math.h>
#include <stdint.h>
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
static struct device_seen run_under_limit(const struct device *device,
                                          const struct device_observation *what, bool prefill,
                                          const struct device_run *run)
{
    struct device_seen seen = {0};
    double die_K = what->die_K;
    if (die_K <= 0 && what->cap_W > 0)
        die_K = device_steady_K(device, what->cap_W, room_K);
    seen.spent =
        device_capped_run(device, what->forward, run, prefill, what->cap_W, die_K, &seen.clock);
    return seen;
}

static bool is_of_prompt(const struct device_observation *what)
{
    return what->kind == DEVICE_SAW_PREFILL || (what->kind != DEVICE_SAW_DECODE && what->prefill);
}

static struct device as_run(const struct device *device, const struct device_observation *what)
{
    struct device result = *device;
    if (what->flash >= 0)
        result.attention.flash = what->flash == 1;
    return result;
}

static struct device_seen see(const struct device *device, const struct device_observation *what)
{
    if (what->kind == DEVICE_SAW_OPERATOR)
        return (struct device_seen){{operator_s(device, what), 0, 0, 0}, 1};
    struct device run = as_run(device, what);
    return run_under_limit(&run, what, is_of_prompt(what), &what->run);
}

/* Mean over the run and the rest that the meter took in. The leakage is that of the temperature
 * which the draw ends at: two rounds come within a watt. */
static double draw_W(const struct device *device, const struct device_observation *what,
                     const struct device_seen *seen)
{
    double die_K = what->die_K > 0 ? what->die_K : room_K, power_W = 0;
    double own_W = device->power.cap_W;
    for (int round = 0; round < 3; round++) {
        power_W = device_draw_W(device, &seen->spent, seen->clock, die_K);
        if (what->cap_W <= 0 && own_W > 0)
            power_W = fmin(power_W, own_W);
        if (what->die_K > 0)
            break;
        die_K = fmin(device_steady_K(device, power_W, room_K), device->thermal.limit_K);
    }
    double idle_W = device->power.idle_W, time_s = seen->spent.time_s;
    if (what->rest_s > 0)
        power_W = (power_W * time_s + idle_W * what->rest_s) / (time_s + what->rest_s);
    return what->net ? power_W - idle_W : power_W;
}

static double energy_J(const struct device *device, const struct device_observation *what,
                       const struct device_seen *seen)
{
    double joules = draw_W(device, what, seen) * seen->spent.time_s;
    if (what->prompt > 0) {
        struct device_run prompt = what->run;
        prompt.tokens = what->prompt;
        struct device_seen before = run_under_limit(device, what, true, &prompt);
        joules += draw_W(device, what, &before) * before.spent.time_s;
    }
    return joules / (what->run.tokens * what->run.batch);
}

/* What an observation reads of a run. */
static double read_of(const struct device *device, const struct device_observation *what,
                      const struct device_seen *seen)
{
    struct device run = as_run(device, what);
    if (what->kind == DEVICE_SAW_POWER)
        return draw_W(&run, what, seen);
    return what->kind == DEVICE_SAW_ENERGY ? energy_J(&run, what, seen) : seen->spent.time_s;
}

double device_observed(const struct device *device, const struct device_observation *what)
{
    struct device_seen seen = see(device, what);
    return read_of(device, what, &seen);
}

bool device_is_borderline(const struct device *device, const struct device_observation *what)
{
    if (what->kind == DEVICE_SAW_OPERATOR || what->run.memory_B <= 0)
        return false;
    struct device_seen seen = run_under_limit(device, what, what->prefill, &what->run);
    return fabs(seen.spent.pressure - 1) <= DEVICE_BORDERLINE;
}

void device_fit_apply(struct device_fit *fit, const double *x)
{
    for (size_t d = 0; d < fit->n_devices; d++)
        for (size_t i = 0; i < fit->n_parameters; i++)
            *device_parameter_value(&fit->device[d], i) = x[i];
}

/* What makes the run of an observation: those that are equal in all of it saw the same run. */
struct run_key {
    const struct device_forward *forward;
    double number[14];
    size_t index;
};

static struct run_key key_of(const struct device_observation *what, size_t index)
{
    const struct device_run *run = &what->run;
    double alone = what->kind == DEVICE_SAW_OPERATOR ? (double)(index + 1) : 0;
    return (struct run_key){what->forward,
                            {alone, (double)what->device, what->flash, is_of_prompt(what),
                             what->cap_W, what->cap_W > 0 ? what->die_K : 0, run->batch, run->depth,
                             run->tokens, run->ubatch, run->weight_scale, run->clock, run->memory_B,
                             run->store_Bps},
                            index};
}

static int order_of_runs(const struct run_key *x, const struct run_key *y)
{
    if (x->forward != y->forward)
        return (uintptr_t)x->forward < (uintptr_t)y->forward ? -1 : 1;
    for (size_t i = 0; i < sizeof x->number / sizeof *x->number; i++)
        if (x->number[i] != y->number[i])
            return x->number[i] < y->number[i] ? -1 : 1;
    return 0;
}

static int by_run(const void *a, const void *b)
{
    const struct run_key *x = a, *y = b;
    int order = order_of_runs(x, y);
    return order ? order : (x->index > y->index) - (x->index < y->index);
}

/* For each observation the first one that saw the same run. The caller frees it. */
static size_t *first_of_runs(const struct device_observation *observation, size_t n)
{
    size_t *first = mem_calloc(n ? n : 1, sizeof *first);
    struct run_key *key = mem_calloc(n ? n : 1, sizeof *key);
    for (size_t i = 0; i < n; i++)
        key[i] = key_of(&observation[i], i);
    qsort(key, n, sizeof *key, by_run);
    for (size_t i = 0; i < n; i++) {
        bool same = i > 0 && order_of_runs(&key[i - 1], &key[i]) == 0;
        first[key[i].index] = same ? first[key[i - 1].index] : key[i].index;
    }
    free(key);
    return first;
}

static bool residuals(void *context, const double *x, double *residual)
{
    struct device_fit *fit = context;
    device_fit_apply(fit, x);
    for (size_t i = 0; i < fit->n; i++) {
        const struct device_observation *what = &fit->observation[i];
        const struct device *device = &fit->device[what->device];
        if (fit->first[i] == i)
            fit->seen[i] = see(device, what);
        residual[i] = log(read_of(device, what, &fit->seen[fit->first[i]]) / what->measured);
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
    out->first = first_of_runs(observation, n);
    out->seen = mem_calloc(n ? n : 1, sizeof *out->seen);
    for (size_t i = 0; i < n; i++)
        out->noise[i] = observation[i].noise > 0 ? observation[i].noise : DEVICE_NOISE;
    for (size_t i = 0; i < n_parameters; i++) {
        struct device_parameter parameter;
        device_parameter(device, i, &parameter);
        const double *at = device_parameter_value(device, i);
        double value = *at;
        /* A limit below the idle draw would make a device that cannot be. */
        double low = at == &device->power.cap_W ? device->power.idle_W : parameter.low;
        bool held = value <= 0 || !(parameter.evidence & of->evidence);
        struct fit_parameter *one = &out->parameter[i];
        *one = (struct fit_parameter){.name = device_parameter_path(&parameter),
                                      .scale = parameter.coordinate,
                                      .low = low,
                                      .high = parameter.high,
                                      .prior = inside(value, low, parameter.high),
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
    free(fit->first);
    free(fit->seen);
    *fit = (struct device_fit){0};
}
