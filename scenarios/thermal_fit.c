/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "scenarios/thermal_fit.h"

#include "analysis/fit.h"
#include "analysis/statistics.h"
#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Where the parameters of a chain of n nodes stand. */
enum { CAPACITY = 0, MOST_PARAMETERS = 3 * THERMAL_NODES + 4 };
struct places {
    size_t conductance, ambient, gain, offset, start, fan, n;
};

static struct places places_of(size_t nodes, bool fan)
{
    size_t at = 2 * nodes;
    return (struct places){.conductance = nodes,
                           .ambient = at,
                           .gain = at + 1,
                           .offset = at + 2,
                           .start = at + 3,
                           .fan = at + 3 + nodes,
                           .n = at + 3 + nodes + fan};
}

/* What may be fitted: chains, and those whose last node has a fan. */
static const struct candidate {
    size_t nodes;
    bool fan;
} candidates[] = {{1, false}, {2, false}, {3, false}, {2, true}, {3, true}};
enum { CANDIDATES = sizeof candidates / sizeof *candidates };

/* A fit of one chain. */
struct search {
    const struct thermal_series *series;
    size_t nodes;
    bool fan;
    double usual_K; /* mean of the fitted readings */
    struct places at;
    struct fit_parameter parameter[MOST_PARAMETERS];
    double *die_K; /* (n) work */
    size_t mode;   /* whose time constant is asked for */
};

/* The fan is told from where the last node is while the die is at its mean reading. */
static void set_fan(const struct search *search, const double *x, struct thermal_model *model)
{
    const struct thermal_chain *chain = &model->chain;
    double last_KpW = 1 / chain->conductance_WpK[chain->n - 1], all_KpW = 0;
    if (!search->fan)
        return;
    for (size_t i = 0; i < chain->n; i++)
        all_KpW += 1 / chain->conductance_WpK[i];
    model->chain.fan_pK = x[search->at.fan];
    model->chain.fan_from_K = (search->usual_K - model->ambient_K) * last_KpW / all_KpW;
}

static struct thermal_model model_of(const struct search *search, const double *x)
{
    const struct places *at = &search->at;
    struct thermal_model model = {.chain.n = search->nodes,
                                  .ambient_K = x[at->ambient],
                                  .gain = x[at->gain],
                                  .offset_W = x[at->offset],
                                  .start_K = {x[at->start]}};
    for (size_t i = 0; i < search->nodes; i++) {
        model.chain.capacity_JpK[i] = x[CAPACITY + i];
        model.chain.conductance_WpK[i] = x[at->conductance + i];
        if (i > 0) /* as a share of the rise of the node before */
            model.start_K[i] =
                model.ambient_K + x[at->start + i] * (model.start_K[i - 1] - model.ambient_K);
    }
    set_fan(search, x, &model);
    return model;
}

void thermal_predict(const struct thermal_model *model, const struct thermal_series *series,
                     double *die_K)
{
    struct thermal_modes modes;
    double rise_K[THERMAL_NODES];
    thermal_modes_init(&modes, &model->chain);
    for (size_t i = 0; i < model->chain.n; i++)
        rise_K[i] = model->start_K[i] - model->ambient_K;
    thermal_modes_set(&modes, rise_K);
    for (size_t i = 0; i < series->n; i++) {
        if (i > 0)
            thermal_modes_step(&modes, series->time_s[i] - series->time_s[i - 1],
                               model->gain * series->input[i] + model->offset_W);
        die_K[i] = model->ambient_K + thermal_modes_rise(&modes, 0);
    }
}

static bool residuals(void *context, const double *x, double *out)
{
    struct search *search = context;
    const struct thermal_series *series = search->series;
    struct thermal_model model = model_of(search, x);
    struct thermal_series fitted = *series;
    fitted.n = series->fitted;
    thermal_predict(&model, &fitted, search->die_K);
    size_t n = 0;
    for (size_t i = 0; i < series->fitted; i++)
        if (!isnan(series->measured_K[i]))
            out[n++] = search->die_K[i] - series->measured_K[i];
    return true;
}

static double first_K(const struct thermal_series *series)
{
    size_t i = 0;
    while (isnan(series->measured_K[i]))
        i++;
    return series->measured_K[i];
}

/* Rises at full power from each node to the next, and times of nodes, that chips with a cooler
 * have: 9 K from the die of a graphics card to its cooler, 7 K on a Raspberry Pi 5; a die settles
 * within a second, coolers in a minute or two, cases in ten. The priors are wide: a factor of e or
 * more. */
static const double usual_rise_K[THERMAL_NODES][THERMAL_NODES] = {
    {40, 0, 0}, {8, 35, 0}, {8, 15, 20}};
static const double usual_time_s[THERMAL_NODES][THERMAL_NODES] = {
    {60, 0, 0}, {1, 100, 0}, {1, 60, 600}};

static void set_network(struct search *search)
{
    double power_W = search->series->reference_W;
    for (size_t i = 0; i < search->nodes; i++) {
        double g = power_W / usual_rise_K[search->nodes - 1][i];
        double time_s = fmax(usual_time_s[search->nodes - 1][i], search->series->period_s / 2);
        search->parameter[CAPACITY + i] =
            (struct fit_parameter){"capacity", FIT_LOG, 0, INFINITY, g * time_s, i == 0 ? 1.5 : 1};
        search->parameter[search->at.conductance + i] =
            (struct fit_parameter){"conductance", FIT_LOG, 0, INFINITY, g, 1};
    }
}

/* What a meter shows of the die's watts: a chip's own meter most, a board's supply feeds other
 * parts too. Prior and spread of the logarithm, by enum measured_power. */
static const double usual_gain[][2] = {{1, 0.1}, {0.9, 0.15}, {0.8, 0.2}, {1, 0.5}};

static void set_surroundings(struct search *search)
{
    const double kelvin_of_0_C = 273.15, room_K = kelvin_of_0_C + 25, spread_K = 5, margin_K = 3,
                 most_below_K = 100;
    const struct thermal_series *series = search->series;
    const struct places *at = &search->at;
    double unit = series->proxy ? series->reference_W : 1;
    double gain = usual_gain[series->source][0] * unit;
    double rest_W = series->proxy ? 0.2 * series->reference_W : 0;
    search->parameter[at->ambient] =
        (struct fit_parameter){"ambient",
                               FIT_LINEAR,
                               series->coldest_K - most_below_K,
                               series->coldest_K,
                               fmin(room_K, series->coldest_K - margin_K),
                               spread_K};
    search->parameter[at->gain] =
        (struct fit_parameter){"gain", FIT_LOG, 0, INFINITY, gain, usual_gain[series->source][1]};
    search->parameter[at->offset] = (struct fit_parameter){
        "offset", FIT_LINEAR, -INFINITY,
        INFINITY, rest_W,     (series->proxy ? 0.2 : 0.05) * series->reference_W};
    search->parameter[at->start] =
        (struct fit_parameter){"start", FIT_LINEAR, -INFINITY, INFINITY, first_K(series), 1};
    for (size_t i = 1; i < search->nodes; i++)
        search->parameter[at->start + i] =
            (struct fit_parameter){"start share", FIT_LOGIT, 0, 1.2, 0.8, 0.2};
    /* From a third of its speed at 50 C to all of it at 80 C: 2 to 3 % of the middle a kelvin. */
    if (search->fan)
        search->parameter[at->fan] = (struct fit_parameter){"fan", FIT_LOG, 0, INFINITY, 0.025, 1};
}

/* Lag-1 correlation of the residuals. */
static double correlation_of(const double *residual, size_t n)
{
    double products = 0, squares = 0;
    for (size_t i = 0; i < n; i++) {
        squares += residual[i] * residual[i];
        products += i > 0 ? residual[i] * residual[i - 1] : 0;
    }
    return squares > 0 ? fmin(fmax(products / squares, 0), 0.98) : 0;
}

static bool log_time_constant(void *context, const double *x, double *value)
{
    struct search *search = context;
    struct thermal_model model = model_of(search, x);
    struct thermal_modes modes;
    struct thermal_chain linear = thermal_chain_linear(&model.chain);
    thermal_modes_init(&modes, &linear);
    *value = -log(modes.rate_ps[search->mode]);
    return true;
}

/* A meter's watt is `gain` watts at the die. */
static bool log_resistance(void *context, const double *x, double *value)
{
    struct search *search = context;
    struct thermal_model model = model_of(search, x);
    struct thermal_chain linear = thermal_chain_linear(&model.chain);
    double sum_KpW = 0;
    for (size_t i = 0; i < linear.n; i++)
        sum_KpW += 1 / linear.conductance_WpK[i];
    *value = log(model.gain * sum_KpW);
    return true;
}

static bool take_resistance(struct search *search, const struct fit_problem *problem,
                            const struct fit_result *result, struct thermal_fit *out,
                            struct error *err)
{
    double value;
    log_resistance(search, result->x, &value);
    out->resistance_KpW = exp(value);
    return fit_spread(problem, result, log_resistance, search, &out->resistance_error, err);
}

/* A time constant is identified when its error is below half of it and the log can show it. */
static bool take_time_constants(struct search *search, const struct fit_problem *problem,
                                const struct fit_result *result, struct thermal_fit *out,
                                struct error *err)
{
    const double most_error = 0.5;
    const struct thermal_series *series = search->series;
    double span_s = series->time_s[series->fitted - 1];
    for (size_t m = 0; m < search->nodes; m++) {
        double value;
        search->mode = m;
        log_time_constant(search, result->x, &value);
        out->time_constant_s[m] = exp(value);
        if (!fit_spread(problem, result, log_time_constant, search, &out->relative_error[m], err))
            return false;
        out->identified[m] = out->relative_error[m] < most_error &&
                             out->time_constant_s[m] >= 2 * series->period_s &&
                             out->time_constant_s[m] <= span_s;
        out->n_identified += out->identified[m];
    }
    return true;
}

static double rmse_of(const struct thermal_series *series, const double *die_K, size_t first,
                      size_t end)
{
    double squares = 0;
    size_t n = 0;
    for (size_t i = first; i < end; i++) {
        if (isnan(series->measured_K[i]))
            continue;
        squares += pow(die_K[i] - series->measured_K[i], 2);
        n++;
    }
    return n > 0 ? sqrt(squares / (double)n) : NAN;
}

static bool take_result(struct search *search, const struct fit_problem *problem,
                        const struct fit_result *result, struct thermal_fit *out, struct error *err)
{
    const struct thermal_series *series = search->series;
    out->model = model_of(search, result->x);
    thermal_predict(&out->model, series, search->die_K);
    out->rmse_fit_K = rmse_of(series, search->die_K, 0, series->fitted);
    out->rmse_K = rmse_of(series, search->die_K, series->fitted, series->n);
    return take_resistance(search, problem, result, out, err) &&
           take_time_constants(search, problem, result, out, err);
}

/* Twice: residuals that follow each other say less than their number, so the second fit takes the
 * scatter and the correlation of the first one's as the readings' noise against the priors. */
static bool search_twice(struct search *search, struct thermal_fit *out, struct error *err)
{
    const double least_K = 0.3; /* what sensors that tell whole or half degrees round off */
    size_t n = search->series->read;
    double *noise_K = mem_calloc(n, sizeof *noise_K), *residual = mem_calloc(n, sizeof *residual);
    struct fit_problem problem = {.parameter = search->parameter,
                                  .n_parameters = search->at.n,
                                  .n_residuals = n,
                                  .residuals = residuals,
                                  .context = search,
                                  .noise = noise_K,
                                  .huber = INFINITY};
    struct fit_result result = {0};
    double sd_K = 1;
    bool ok = true;
    for (int pass = 0; ok && pass < 2; pass++) {
        for (size_t i = 0; i < n; i++)
            noise_K[i] = sd_K;
        fit_free(&result);
        ok = fit_map(&problem, &result, err);
        if (!ok)
            break;
        residuals(search, result.x, residual);
        double squares = 0;
        for (size_t i = 0; i < n; i++)
            squares += residual[i] * residual[i];
        out->correlation = correlation_of(residual, n);
        out->effective = (double)n * (1 - out->correlation) / (1 + out->correlation);
        sd_K = fmax(sqrt(squares / (double)n), least_K) * sqrt((double)n / out->effective);
    }
    ok = ok && take_result(search, &problem, &result, out, err);
    fit_free(&result);
    free(noise_K);
    free(residual);
    return ok;
}

static double mean_K(const struct thermal_series *series)
{
    struct analysis_moments moments = {0};
    for (size_t i = 0; i < series->fitted; i++)
        if (!isnan(series->measured_K[i]))
            analysis_moments_add(&moments, series->measured_K[i]);
    return moments.mean;
}

static bool fit_candidate(const struct thermal_series *series, const struct candidate *candidate,
                          struct thermal_fit *out, struct error *err)
{
    struct search search = {.series = series,
                            .nodes = candidate->nodes,
                            .fan = candidate->fan,
                            .usual_K = mean_K(series),
                            .at = places_of(candidate->nodes, candidate->fan),
                            .die_K = mem_calloc(series->n, sizeof(double))};
    *out = (struct thermal_fit){.parameters = search.at.n};
    set_network(&search);
    set_surroundings(&search);
    bool ok = search_twice(&search, out, err);
    free(search.die_K);
    return ok;
}

/* BIC = n_eff ln(mean square) + k ln n_eff, all with the n_eff of the chain that leaves the least
 * correlated residuals: a chain that is too short leaves residuals of its own. */
static void judge(struct thermal_fit *fit, size_t n)
{
    double effective = 2;
    for (size_t i = 0; i < n; i++)
        effective = fmax(effective, fit[i].effective);
    for (size_t i = 0; i < n; i++)
        fit[i].criterion =
            2 * effective * log(fit[i].rmse_fit_K) + (double)fit[i].parameters * log(effective);
}

/* What follows a log hangs on the slowest time constant: a network whose slowest one the log does
 * not tell stands behind those where it does. */
static bool is_better(const struct thermal_fit *a, const struct thermal_fit *b)
{
    if (a->identified[0] != b->identified[0])
        return a->identified[0];
    return a->criterion < b->criterion;
}

bool thermal_fit_best(const struct thermal_series *series, struct thermal_fit *out,
                      struct error *err)
{
    struct thermal_fit fit[CANDIDATES];
    size_t best = 0;
    for (size_t i = 0; i < CANDIDATES; i++)
        if (!fit_candidate(series, &candidates[i], &fit[i], err))
            return false;
    judge(fit, CANDIDATES);
    for (size_t i = 1; i < CANDIDATES; i++)
        if (is_better(&fit[i], &fit[best]))
            best = i;
    *out = fit[best];
    out->least_K = INFINITY;
    out->greatest_K = -INFINITY;
    for (size_t i = 0; i < series->fitted; i++) {
        out->least_K = fmin(out->least_K, series->measured_K[i]);
        out->greatest_K = fmax(out->greatest_K, series->measured_K[i]);
    }
    return true;
}
