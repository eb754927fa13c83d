/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/fit.h"

#include "analysis/fit_axis.h"
#include "analysis/fit_system.h"
#include "base/memory.h"

#include <math.h>
#include <stdlib.h>

static bool check_parameter(const struct fit_parameter *parameter, struct error *err)
{
    const char *name = parameter->name;
    double low = parameter->low, high = parameter->high, prior = parameter->prior;
    if (!isfinite(prior) || !(prior > low && prior < high))
        return error_set(err, "'%s': its prior %g is not between its bounds %g and %g", name, prior,
                         low, high);
    if (!(parameter->sigma >= 0))
        return error_set(err, "'%s': the prior's standard deviation %g is not >= 0", name,
                         parameter->sigma);
    if (parameter->scale == FIT_LOG && !(low >= 0))
        return error_set(err, "'%s': a logarithm needs a lower bound >= 0, not %g", name, low);
    if (parameter->scale == FIT_LOGIT && !(isfinite(low) && isfinite(high)))
        return error_set(err, "'%s': a logit needs two finite bounds", name);
    return true;
}

static bool check_problem(const struct fit_problem *problem, struct error *err)
{
    for (size_t i = 0; i < problem->n_parameters; i++)
        if (!check_parameter(&problem->parameter[i], err))
            return false;
    for (size_t i = 0; problem->noise && i < problem->n_residuals; i++)
        if (!(problem->noise[i] > 0 && isfinite(problem->noise[i])))
            return error_set(err, "row %zu: its noise %g is not a standard deviation > 0", i + 1,
                             problem->noise[i]);
    if (!(problem->huber > 0))
        return error_set(err, "Huber's limit %g is not > 0", problem->huber);
    return true;
}

static struct fit_result result_open(const struct fit_problem *problem)
{
    size_t n = problem->n_parameters;
    return (struct fit_result){.n = n,
                               .x = mem_calloc(n, sizeof(double)),
                               .covariance = mem_calloc(n * n, sizeof(double)),
                               .standard_error = mem_calloc(n, sizeof(double)),
                               .correlation = mem_calloc(n * n, sizeof(double)),
                               .learned = mem_calloc(n, sizeof(double)),
                               .scatter = 1};
}

void fit_free(struct fit_result *result)
{
    free(result->x);
    free(result->covariance);
    free(result->standard_error);
    free(result->correlation);
    free(result->learned);
    *result = (struct fit_result){0};
}

static bool solve(struct fit_system *system, double *z, struct fit_result *out, struct error *err)
{
    if (!fit_system_residuals(system, z, system->behind))
        return error_set(err, "the residuals at the priors cannot be computed or are not finite");
    if (!fit_system_solve(system, z, out, err) || !fit_system_certainty(system, z, out, err))
        return false;
    fit_system_x(system, z, out->x);
    return true;
}

bool fit_map(const struct fit_problem *problem, struct fit_result *out, struct error *err)
{
    *out = (struct fit_result){0};
    if (!check_problem(problem, err))
        return false;
    *out = result_open(problem);
    struct fit_system system = fit_system_open(problem);
    double *z = mem_calloc(system.n_free, sizeof *z);
    bool ok = solve(&system, z, out, err);
    free(z);
    fit_system_close(&system);
    if (!ok)
        fit_free(out);
    return ok;
}

bool fit_prior(const struct fit_problem *problem, struct fit_result *out, struct error *err)
{
    *out = (struct fit_result){0};
    if (!check_problem(problem, err))
        return false;
    *out = result_open(problem);
    out->converged = true;
    for (size_t i = 0; i < out->n; i++) {
        const struct fit_parameter *parameter = &problem->parameter[i];
        double sigma = fit_axis_sigma(parameter);
        double slope = fit_axis_slope(parameter, fit_axis_u(parameter, parameter->prior));
        out->x[i] = parameter->prior;
        out->covariance[i * out->n + i] = sigma * sigma;
        out->standard_error[i] = sigma * slope;
        out->correlation[i * out->n + i] = 1;
    }
    return true;
}

/* A function to differentiate, at a point that may be moved and is put back. */
struct probe {
    fit_function *g;
    void *context;
    double *x;
};

static bool slope_along(const struct probe *probe, const struct fit_parameter *parameter, size_t i,
                        double *slope)
{
    double at = probe->x[i], u = fit_axis_u(parameter, at), above = 0, below = 0;
    double step = fit_axis_step(parameter, u);
    probe->x[i] = fit_axis_x(parameter, u + step);
    bool ok = probe->g(probe->context, probe->x, &above);
    probe->x[i] = fit_axis_x(parameter, u - step);
    ok = ok && probe->g(probe->context, probe->x, &below);
    probe->x[i] = at;
    *slope = (above - below) / (2 * step);
    return ok && isfinite(above) && isfinite(below);
}

/* Pairs of which either has no slope are passed over: its variance may be infinite. */
static double spread_along(const struct fit_result *result, const double *slope)
{
    double variance = 0;
    for (size_t i = 0; i < result->n; i++)
        for (size_t j = 0; j < result->n; j++)
            if (slope[i] != 0 && slope[j] != 0)
                variance += slope[i] * slope[j] * result->covariance[i * result->n + j];
    return sqrt(fmax(variance, 0));
}

bool fit_spread(const struct fit_problem *problem, const struct fit_result *result, fit_function *g,
                void *context, double *sd, struct error *err)
{
    struct probe probe = {g, context, mem_calloc(result->n, sizeof(double))};
    double *slope = mem_calloc(result->n, sizeof *slope);
    bool ok = true;
    for (size_t i = 0; i < result->n; i++)
        probe.x[i] = result->x[i];
    for (size_t i = 0; ok && i < result->n; i++) {
        if (result->covariance[i * result->n + i] > 0)
            ok = slope_along(&probe, &problem->parameter[i], i, &slope[i]);
        if (!ok)
            error_set(err, "the spread along '%s' cannot be computed", problem->parameter[i].name);
    }
    *sd = ok ? spread_along(result, slope) : 0;
    free(probe.x);
    free(slope);
    return ok;
}
