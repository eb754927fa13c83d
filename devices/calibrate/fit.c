/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "devices/calibrate/evidence.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Kernels of ours on a machine of a class: shares within a few times odds of the class's, times
 * within a factor of some e. */
#define SHARE_LOGIT_SIGMA 2.5
#define TIME_LOG_SIGMA 2

static bool is_seen(const struct calibrate_evidence *evidence, const char *format)
{
    for (size_t i = 0; i < evidence->n; i++) {
        const struct workload_format *own =
            evidence->what[i].op ? evidence->what[i].op->format : NULL;
        if (own && strcmp(own->name, format) == 0)
            return true;
    }
    return false;
}

static bool has_passes(const struct calibrate_evidence *evidence)
{
    for (size_t i = 0; i < evidence->n; i++)
        if (evidence->what[i].kind != DEVICE_SAW_OPERATOR)
            return true;
    return false;
}

/* Wide priors; what no kernel here tells of is held. */
static void loosen(struct device_fit *fit, const struct calibrate_evidence *evidence)
{
    for (size_t i = 0; i < fit->n_parameters; i++) {
        struct fit_parameter *one = &fit->parameter[i];
        struct device_parameter parameter;
        device_parameter(fit->device, i, &parameter);
        if (one->sigma <= 0)
            continue;
        bool held = (parameter.format && !is_seen(evidence, parameter.format)) ||
                    (strcmp(parameter.key, "pass_us") == 0 && !has_passes(evidence)) ||
                    strcmp(parameter.key, "expert_rows") == 0;
        if (held)
            device_fit_hold(fit, i);
        else if (one->scale == FIT_LOGIT)
            one->sigma = SHARE_LOGIT_SIGMA * one->prior * (1 - one->prior);
        else
            one->sigma = TIME_LOG_SIGMA;
    }
}

/* What the fit made least: residuals beyond two deviations count by their size. */
static double misfit(const struct device_fit *fit, const double *x)
{
    double *residual = mem_calloc(fit->n + 1, sizeof *residual), sum = 0;
    fit->problem.residuals(fit->problem.context, x, residual);
    for (size_t i = 0; i < fit->n; i++) {
        double size = fabs(residual[i] / fit->noise[i]), knee = fit->problem.huber;
        sum += size <= knee ? size * size : knee * (2 * size - knee);
    }
    free(residual);
    return sum;
}

bool calibrate_fit_alone(struct device *device, const struct calibrate_evidence *evidence,
                         struct device_fit *fit, struct fit_result *result, struct error *err)
{
    struct device_fit_of of = {device, 1, DEVICE_FROM_OPERATORS | DEVICE_FROM_RUNS};
    device_fit_init(fit, &of, evidence->what, evidence->n);
    loosen(fit, evidence);
    if (fit_map(&fit->problem, result, err)) {
        device_fit_apply(fit, result->x);
        return true;
    }
    device_fit_free(fit);
    return false;
}

bool calibrate_fit(struct device *device, const struct calibrate_evidence *evidence,
                   struct device_fit *fit, struct fit_result *result, struct error *err)
{
    static const double exponents[] = {1, 1.5, 2, 3, 6};
    const struct device start = *device;
    struct device_dequant *dequant = mem_calloc(device->compute.n_dequant + 1, sizeof *dequant);
    size_t bytes = device->compute.n_dequant * sizeof *dequant;
    memcpy(dequant, device->compute.dequant, bytes);
    double least = INFINITY, best = device->compute.overlap_p;
    for (size_t i = 0; i < sizeof exponents / sizeof *exponents; i++) {
        struct error none = {0};
        device->compute.overlap_p = exponents[i];
        if (calibrate_fit_alone(device, evidence, fit, result, &none)) {
            double value = misfit(fit, result->x);
            best = value < least ? exponents[i] : best;
            least = fmin(least, value);
            fit_free(result);
            device_fit_free(fit);
        }
        *device = start;
        memcpy(device->compute.dequant, dequant, bytes);
    }
    free(dequant);
    device->compute.overlap_p = best;
    return calibrate_fit_alone(device, evidence, fit, result, err);
}
