/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Thermal chains against GSL's Runge-Kutta integrator, and networks found again in logs that were
 * made from known ones. */
#include "scenarios/thermal_fit.h"

#include "base/memory.h"
#include "base/stream.h"
#include "tests/check.h"

#include <gsl/gsl_errno.h>
#include <gsl/gsl_odeiv2.h>

enum { STEPS = 20 };

struct driven {
    const struct thermal_chain *chain;
    double power_W;
};

/* Rises above ambient, straight from the equations. */
static int derivative(double t, const double *rise_K, double *rate, void *context)
{
    const struct driven *driven = context;
    const struct thermal_chain *chain = driven->chain;
    (void)t;
    for (size_t i = 0; i < chain->n; i++) {
        bool last = i + 1 == chain->n;
        double g = chain->conductance_WpK[i];
        if (last)
            g *= 1 + chain->fan_pK * (rise_K[i] - chain->fan_from_K);
        double out = g * (rise_K[i] - (last ? 0 : rise_K[i + 1]));
        double in =
            i == 0 ? driven->power_W : chain->conductance_WpK[i - 1] * (rise_K[i - 1] - rise_K[i]);
        rate[i] = (in - out) / chain->capacity_JpK[i];
    }
    return GSL_SUCCESS;
}

static struct thermal_chain random_chain(struct stream *stream, size_t n, double fan_pK)
{
    struct thermal_chain chain = {.n = n, .fan_pK = fan_pK, .fan_from_K = 30};
    for (size_t i = 0; i < n; i++) {
        chain.capacity_JpK[i] = exp(2 * stream_uniform(stream) + 2 * (double)i);
        chain.conductance_WpK[i] = exp(2 * stream_uniform(stream) - 1);
    }
    return chain;
}

static void check_chain(struct stream *stream, size_t n, double fan_pK, double limit_K)
{
    struct thermal_chain chain = random_chain(stream, n, fan_pK);
    struct driven driven = {.chain = &chain};
    struct thermal_modes modes;
    double rise_K[THERMAL_NODES] = {10, 8, 5}, t = 0, worst_K = 0;
    gsl_odeiv2_system system = {derivative, NULL, n, &driven};
    gsl_odeiv2_driver *driver =
        gsl_odeiv2_driver_alloc_y_new(&system, gsl_odeiv2_step_rk8pd, 1e-3, 1e-10, 1e-10);
    thermal_modes_init(&modes, &chain);
    thermal_modes_set(&modes, rise_K);
    for (int step = 0; step < STEPS; step++) {
        double dt_s = exp(4 * stream_uniform(stream) - 1);
        driven.power_W = 30 * stream_uniform(stream);
        thermal_modes_step(&modes, dt_s, driven.power_W);
        CHECK(gsl_odeiv2_driver_apply(driver, &t, t + dt_s, rise_K) == GSL_SUCCESS);
        for (size_t i = 0; i < n; i++)
            worst_K = fmax(worst_K, fabs(thermal_modes_rise(&modes, i) - rise_K[i]));
    }
    if (!CHECK(worst_K < limit_K))
        fprintf(stderr, "    %zu nodes, fan %g: %g K away\n", n, fan_pK, worst_K);
    gsl_odeiv2_driver_free(driver);
}

static void test_chains(void)
{
    struct stream stream = stream_open(3, STREAM_TEST, 0, 0);
    for (int i = 0; i < 8; i++)
        for (size_t n = 1; n <= THERMAL_NODES; n++)
            check_chain(&stream, n, 0, 1e-6);
    for (int i = 0; i < 8; i++)
        for (size_t n = 1; n <= THERMAL_NODES; n++)
            check_chain(&stream, n, 0.005, 0.5);
}

/* A slow step up and down answers with the modes of the linear chain: a small push on a chain with
 * a fan at its steady point decays at the rate that thermal_chain_linear tells. */
static void test_linear(void)
{
    struct thermal_chain chain = {1, {100}, {2}, 0.03, 30};
    struct thermal_chain linear = thermal_chain_linear(&chain);
    struct thermal_modes modes, still;
    double rise_K[THERMAL_NODES] = {30.01};
    thermal_modes_init(&modes, &chain);
    thermal_modes_init(&still, &linear);
    thermal_modes_set(&modes, rise_K);
    thermal_modes_step(&modes, 1 / still.rate_ps[0], 2 * 30);
    CHECK_NEAR((thermal_modes_rise(&modes, 0) - 30) / 0.01, exp(-1), 0.05);
}

/* A log of a known chain under loads that come and go, read by a sensor with noise. */
struct known {
    struct thermal_chain chain;
    double period_s, power_W, noise_K;
    size_t n;
};

static double load_of(size_t i)
{
    return i < 20 ? 0.1 : i / 40 % 3 == 0 ? 1 : i / 10 % 2 ? 0.6 : 0.2;
}

static struct measured_thermal_log make_log(const struct known *known, uint64_t seed)
{
    const double ambient_K = 273.15 + 24;
    struct stream stream = stream_open(seed, STREAM_TEST, 0, 0);
    struct measured_thermal_log log = {.name = "made",
                                       .device = "box",
                                       .reading = mem_calloc(known->n, sizeof *log.reading),
                                       .n = known->n,
                                       .source = MEASURED_POWER_DEVICE};
    struct thermal_modes modes;
    double rise_K[THERMAL_NODES] = {6, 5, 4};
    thermal_modes_init(&modes, &known->chain);
    thermal_modes_set(&modes, rise_K);
    for (size_t i = 0; i < known->n; i++) {
        double power_W = known->power_W * load_of(i), noise = 0;
        if (i > 0)
            thermal_modes_step(&modes, known->period_s, power_W);
        for (int k = 0; k < 12; k++)
            noise += stream_uniform(&stream) - 0.5;
        log.reading[i] = (struct measured_reading){
            .time_s = known->period_s * (double)i,
            .temperature_K = ambient_K + thermal_modes_rise(&modes, 0) + known->noise_K * noise,
            .power_W = power_W,
            .load = NAN};
    }
    return log;
}

/* Fits many logs of one chain: how many find its nodes, and how often the true time constants lie
 * within two standard errors of those that are identified. */
static void check_found(const struct known *known, size_t times)
{
    enum { LOGS = 12 };
    struct thermal_chain linear = thermal_chain_linear(&known->chain);
    struct thermal_modes modes;
    size_t right_order = 0, told = 0, inside = 0;
    thermal_modes_init(&modes, &linear);
    for (uint64_t seed = 1; seed <= LOGS; seed++) {
        struct measured_thermal_log made = make_log(known, seed);
        struct thermal_series series;
        struct thermal_fit fit;
        struct error err = {0};
        CHECK(thermal_series_make(&made, 0.5, &series) == NULL);
        if (CHECK(thermal_fit_best(&series, &fit, &err))) {
            right_order += fit.model.chain.n == known->chain.n;
            CHECK(fit.rmse_K < 3 * known->noise_K + 0.5);
            for (size_t m = 0; m < fit.model.chain.n && m < known->chain.n; m++) {
                double off = log(fit.time_constant_s[m] * modes.rate_ps[m]);
                told += fit.identified[m];
                inside += fit.identified[m] && fabs(off) < 2 * fit.relative_error[m];
            }
        }
        thermal_series_free(&series);
        free(made.reading);
    }
    if (!CHECK(right_order >= LOGS - 2 && told >= times * (LOGS - 2) && 10 * inside >= 8 * told))
        fprintf(stderr, "    %zu nodes: order found %zu times, %zu identified, %zu inside\n",
                known->chain.n, right_order, told, inside);
}

static void test_found(void)
{
    struct known one = {{1, {400}, {6}, 0, 0}, 2, 300, 0.3, 600};
    struct known two = {{2, {40, 900}, {8, 6}, 0, 0}, 1, 250, 0.3, 1200};
    check_found(&one, 1);
    check_found(&two, 2);
}

/* A fan that is not fitted would leave errors of many kelvin where the load changes. */
static void test_fan(void)
{
    struct known known = {{2, {40, 900}, {8, 3}, 0.08, 30}, 1, 250, 0.3, 1200};
    size_t fans = 0;
    for (uint64_t seed = 1; seed <= 4; seed++) {
        struct measured_thermal_log made = make_log(&known, seed);
        struct thermal_series series;
        struct thermal_fit fit = {.rmse_K = NAN};
        struct error err = {0};
        CHECK(thermal_series_make(&made, 0.5, &series) == NULL);
        CHECK(thermal_fit_best(&series, &fit, &err));
        CHECK(fit.rmse_K < 1);
        fans += fit.model.chain.fan_pK > 0.02;
        thermal_series_free(&series);
        free(made.reading);
    }
    CHECK(fans == 4);
}

int main(void)
{
    gsl_set_error_handler_off();
    test_chains();
    test_linear();
    test_found();
    test_fan();
    return check_result();
}
