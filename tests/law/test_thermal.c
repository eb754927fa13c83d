/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The thermal step against closed forms and against GSL's Runge-Kutta integrators over random
 * networks; steady states, runaway, conservation of heat. */
#include "devices/thermal.h"

#include "base/stream.h"
#include "tests/check.h"
#include "tests/support/machine.h"

#include <gsl/gsl_const_mksa.h>
#include <gsl/gsl_errno.h>
#include <gsl/gsl_odeiv2.h>

/* A network that the test knows by heart: D devices with die and cooler, and a case around them. */
enum { MOST_DEVICES = 2, MOST_NODES = 2 * MOST_DEVICES + 1 };

struct network {
    size_t n, n_devices;
    double ambient_K, capacity[MOST_NODES], ambient[MOST_NODES], between[MOST_NODES][MOST_NODES];
    double leak_W[MOST_DEVICES], threshold_V[MOST_DEVICES], power_W[MOST_DEVICES];
};

static void couple(struct network *network, size_t i, size_t j, double conductance)
{
    network->between[i][j] = network->between[j][i] = conductance;
}

static void add_device_text(const struct network *network, size_t d, struct text *out)
{
    text_add(out,
             "  - name: d%zu\n    kind: gpu\n    class: test\n    pool: p\n"
             "    compute: {peaks: [{name: f16, vector_TFLOPS: 1, matrix_TFLOPS: 1}], "
             "efficiency: 1}\n    memory: {bandwidth_GBps: 1, efficiency: 1}\n"
             "    overheads: {operator_us: 0, pass_us: 0}\n"
             "    clocks: {nominal_GHz: 1, nominal_V: 1}\n"
             "    power: {idle_W: 1000, active_W: 0, pJ_per_FLOP: 0, pJ_per_byte: 0, leakage: "
             "{reference_W: %.17g, threshold_V: %.17g}}\n"
             "    thermal: {throttle_C: 90, limit_C: 149, nodes: [{name: die, "
             "capacity_J_per_K: %.17g, ambient_W_per_K: %.17g}, {name: cooler, capacity_J_per_K: "
             "%.17g, ambient_W_per_K: %.17g}], couplings: [{from: die, to: cooler, W_per_K: "
             "%.17g}]}\n",
             d, network->leak_W[d], network->threshold_V[d], network->capacity[2 * d],
             network->ambient[2 * d], network->capacity[2 * d + 1], network->ambient[2 * d + 1],
             network->between[2 * d][2 * d + 1]);
}

static struct device_platform platform_of(const struct network *network)
{
    struct text out = {0};
    size_t last = network->n - 1;
    text_add(&out, "schema: qeilsim/platform/1\nname: test\nambient_C: %.17g\ndevices:\n",
             network->ambient_K - 273.15);
    for (size_t d = 0; d < network->n_devices; d++)
        add_device_text(network, d, &out);
    text_add(&out,
             "pools: [{name: p, capacity_GiB: 1, bandwidth_GBps: 1}]\nthermal:\n  nodes: [{name: "
             "case, capacity_J_per_K: %.17g, ambient_W_per_K: %.17g}]\n  couplings:\n",
             network->capacity[last], network->ambient[last]);
    for (size_t d = 0; d < network->n_devices; d++)
        text_add(&out, "    - {from: d%zu.cooler, to: case, W_per_K: %.17g}\n", d,
                 network->between[2 * d + 1][last]);
    struct device_platform platform = machine_platform(out.bytes);
    text_free(&out);
    return platform;
}

static double draw(struct stream *stream, double low, double high)
{
    return low * pow(high / low, stream_uniform(stream));
}

static struct network random_network(uint64_t seed)
{
    struct stream stream = stream_open(seed, STREAM_TEST, 0, 1);
    struct network network = {.n_devices = 1 + stream_below(&stream, 2)};
    network.n = 2 * network.n_devices + 1;
    network.ambient_K = 273.15 + 10 + 25 * stream_uniform(&stream);
    size_t last = network.n - 1;
    network.capacity[last] = draw(&stream, 20, 500);
    network.ambient[last] = draw(&stream, 0.5, 5);
    for (size_t d = 0; d < network.n_devices; d++) {
        network.capacity[2 * d] = draw(&stream, 0.5, 20);
        network.capacity[2 * d + 1] = draw(&stream, 5, 200);
        network.ambient[2 * d] = stream_below(&stream, 2) ? 0 : draw(&stream, 0.01, 0.2);
        network.ambient[2 * d + 1] = draw(&stream, 0.1, 2);
        couple(&network, 2 * d, 2 * d + 1, draw(&stream, 0.5, 10));
        couple(&network, 2 * d + 1, last, draw(&stream, 0.05, 2));
        network.leak_W[d] = draw(&stream, 0.1, 8);
        network.threshold_V[d] = draw(&stream, 0.1, 0.5);
    }
    return network;
}

static void draw_powers(struct stream *stream, struct network *network)
{
    for (size_t d = 0; d < network->n_devices; d++)
        network->power_W[d] = stream_below(stream, 4) ? draw(stream, 1, 60) : 0;
}

/* The BSIM3 formula at nominal voltage, T_0 = 350 K, n = 1.3, straight between knots every quarter
 * of a kelvin from 173.15 K. */
static double knot_W(const struct network *network, size_t d, double kelvin)
{
    double q_over_kB = GSL_CONST_MKSA_ELECTRON_CHARGE / GSL_CONST_MKSA_BOLTZMANN;
    double barrier_K = q_over_kB * network->threshold_V[d] / 1.3;
    return network->leak_W[d] * (kelvin / 350) * (kelvin / 350) *
           exp(-barrier_K * (1 / kelvin - 1 / 350.0));
}

static double leakage_W(const struct network *network, size_t d, double kelvin)
{
    double cell = floor((kelvin - 173.15) * 4), low_K = 173.15 + cell / 4;
    double low_W = knot_W(network, d, low_K), high_W = knot_W(network, d, low_K + 0.25);
    return low_W + (kelvin - low_K) * 4 * (high_W - low_W);
}

/* State: the temperatures, then the leaked joules. */
static int slope(double t, const double *state, double *out, void *context)
{
    const struct network *network = context;
    (void)t;
    for (size_t i = 0; i < network->n; i++) {
        double watts = network->ambient[i] * (network->ambient_K - state[i]);
        for (size_t j = 0; j < network->n; j++)
            watts += network->between[i][j] * (state[j] - state[i]);
        if (i % 2 == 0 && i / 2 < network->n_devices) {
            double leaked_W = leakage_W(network, i / 2, state[i]);
            watts += network->power_W[i / 2] + leaked_W;
            out[network->n + i / 2] = leaked_W;
        }
        out[i] = watts / network->capacity[i];
    }
    return GSL_SUCCESS;
}

static void integrate(struct network *network, double dt_s, double *state)
{
    gsl_odeiv2_system system = {slope, NULL, network->n + network->n_devices, network};
    gsl_odeiv2_driver *driver =
        gsl_odeiv2_driver_alloc_y_new(&system, gsl_odeiv2_step_rk8pd, 1e-3, 1e-11, 1e-13);
    double t = 0;
    CHECK(gsl_odeiv2_driver_apply(driver, &t, dt_s, state) == GSL_SUCCESS);
    gsl_odeiv2_driver_free(driver);
}

static double worst_K, worst_J;

/* One random history of powers: the step and the integrator side by side. */
static void follow(uint64_t seed)
{
    struct network network = random_network(seed);
    struct stream stream = stream_open(seed, STREAM_TEST, 0, 2);
    struct device_platform platform = platform_of(&network);
    struct device_thermal *thermal = device_thermal_create(&platform);
    double state[MOST_NODES + MOST_DEVICES] = {0}, leaked_J[MOST_DEVICES] = {0};
    double peak_K[MOST_DEVICES] = {0};
    for (size_t i = 0; i < network.n; i++)
        state[i] = network.ambient_K + 40 * stream_uniform(&stream);
    device_thermal_set_temperatures(thermal, state);
    for (int step = 0; step < 6; step++) {
        double dt_s = draw(&stream, 0.01, 60);
        draw_powers(&stream, &network);
        device_thermal_step(thermal, dt_s, network.power_W, leaked_J, peak_K);
        if (device_thermal_runaway(thermal))
            break; /* the integrator knows no end of the grid */
        integrate(&network, dt_s, state);
        for (size_t i = 0; i < network.n; i++)
            worst_K = fmax(worst_K, fabs(device_thermal_node_K(thermal, i) - state[i]));
    }
    for (size_t d = 0; d < network.n_devices && !device_thermal_runaway(thermal); d++)
        worst_J = fmax(worst_J, fabs(leaked_J[d] / state[network.n + d] - 1));
    device_thermal_destroy(thermal);
    device_platform_free(&platform);
}

static void check_against_integrator(void)
{
    for (uint64_t seed = 1; seed <= 60; seed++)
        follow(seed);
    printf("against rk8pd: %.2g K, %.2g of the leaked joules\n", worst_K, worst_J);
    CHECK(worst_K < 1e-6);
    CHECK(worst_J < 1e-8);
}

/* One node without leakage: T_inf + (T_0 - T_inf) exp(-t/tau). */
static void check_single_node(void)
{
    struct network network = {.n = 3,
                              .n_devices = 1,
                              .ambient_K = 298.15,
                              .capacity = {5, 1e6, 1e6},
                              .ambient = {2, 1e4, 1e4}};
    couple(&network, 0, 1, 1e-6);
    couple(&network, 1, 2, 1e-6);
    struct device_platform platform = platform_of(&network);
    struct device_thermal *thermal = device_thermal_create(&platform);
    double power_W = 30, leaked_J = 0, peak_K = 0, node_K[] = {350, 298.15, 298.15};
    double final_K = 298.15 + 30 / 2.0, tau_s = 5 / 2.0;
    device_thermal_set_temperatures(thermal, node_K);
    for (double t = 0.5; t < 12; t += 0.5) {
        device_thermal_step(thermal, 0.5, &power_W, &leaked_J, &peak_K);
        double want_K = final_K + (350 - final_K) * exp(-t / tau_s);
        /* the cooler takes a millionth of a watt per kelvin */
        CHECK(fabs(device_thermal_die_K(thermal, 0) - want_K) < 1e-4);
    }
    CHECK(leaked_J == 0);
    CHECK(peak_K < 350);
    device_thermal_destroy(thermal);
    device_platform_free(&platform);
}

/* A step that is cut into pieces gives the same state and joules. */
static void check_pieces(void)
{
    double worst = 0, worst_leaked = 0;
    for (uint64_t seed = 151; seed <= 250; seed++) {
        struct network network = random_network(seed);
        struct stream stream = stream_open(seed, STREAM_TEST, 0, 3);
        struct device_platform platform = platform_of(&network);
        struct device_thermal *whole = device_thermal_create(&platform);
        struct device_thermal *cut = device_thermal_create(&platform);
        double node_K[MOST_NODES], leaked_J[2][MOST_DEVICES] = {0}, peak_K[2][MOST_DEVICES] = {0};
        for (size_t i = 0; i < network.n; i++)
            node_K[i] = network.ambient_K + 60 * stream_uniform(&stream);
        draw_powers(&stream, &network);
        device_thermal_set_temperatures(whole, node_K);
        device_thermal_set_temperatures(cut, node_K);
        double dt_s = draw(&stream, 0.1, 100), left_s = dt_s;
        device_thermal_step(whole, dt_s, network.power_W, leaked_J[0], peak_K[0]);
        for (int piece = 0; piece < 20; piece++) {
            double part_s = piece == 19 ? left_s : left_s * 0.3 * stream_uniform(&stream);
            device_thermal_step(cut, part_s, network.power_W, leaked_J[1], peak_K[1]);
            left_s -= part_s;
        }
        if (!device_thermal_runaway(whole)) {
            for (size_t i = 0; i < network.n; i++)
                worst = fmax(worst,
                             fabs(device_thermal_node_K(whole, i) - device_thermal_node_K(cut, i)));
            for (size_t d = 0; d < network.n_devices; d++)
                worst_leaked = fmax(worst_leaked, fabs(leaked_J[1][d] / leaked_J[0][d] - 1));
        }
        device_thermal_destroy(whole);
        device_thermal_destroy(cut);
        device_platform_free(&platform);
    }
    printf("cut into 20 pieces: %.2g K, %.2g of the leaked joules\n", worst, worst_leaked);
    CHECK(worst < 1e-9);
    CHECK(worst_leaked < 1e-9);
}

/* Two equal devices whose dies are less than a picokelvin apart reach each knot almost together. */
static void check_near_ties(void)
{
    struct network network = {.n = 5,
                              .n_devices = 2,
                              .ambient_K = 298.15,
                              .capacity = {2, 20, 2, 20, 100},
                              .ambient = {0, 1, 0, 1, 1},
                              .leak_W = {2, 2},
                              .threshold_V = {0.3, 0.3},
                              .power_W = {20, 20}};
    couple(&network, 0, 1, 2);
    couple(&network, 2, 3, 2);
    couple(&network, 1, 4, 0.5);
    couple(&network, 3, 4, 0.5);
    struct device_platform platform = platform_of(&network);
    for (double apart_K = 1e-13; apart_K < 1e-8; apart_K *= 3) {
        struct device_thermal *thermal = device_thermal_create(&platform);
        double state[MOST_NODES + MOST_DEVICES] = {300, 300, 300 + apart_K, 300, 300};
        double leaked_J[2] = {0}, peak_K[2] = {0};
        device_thermal_set_temperatures(thermal, state);
        device_thermal_step(thermal, 30, network.power_W, leaked_J, peak_K);
        integrate(&network, 30, state);
        for (size_t i = 0; i < network.n; i++)
            CHECK(fabs(device_thermal_node_K(thermal, i) - state[i]) < 1e-6);
        device_thermal_destroy(thermal);
    }
    device_platform_free(&platform);
}

static void check_ambient_and_steady(void)
{
    unsigned settled = 0;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        struct network network = random_network(seed);
        struct stream stream = stream_open(seed, STREAM_TEST, 0, 4);
        struct device_platform platform = platform_of(&network);
        struct device_thermal *thermal = device_thermal_create(&platform);
        struct device_thermal *still = device_thermal_create(&platform);
        double leaked_J[MOST_DEVICES] = {0}, peak_K[MOST_DEVICES] = {0};
        draw_powers(&stream, &network);
        bool steady = device_thermal_steady(still, network.power_W);
        for (int i = 0; i < 200 && steady; i++)
            device_thermal_step(thermal, 1000, network.power_W, leaked_J, peak_K);
        for (size_t i = 0; i < network.n && steady; i++)
            CHECK(fabs(device_thermal_node_K(thermal, i) - device_thermal_node_K(still, i)) < 1e-6);
        settled += steady;
        double zero_W[MOST_DEVICES] = {0};
        device_thermal_set(thermal, 0, false, 1);
        device_thermal_set(thermal, network.n_devices - 1, false, 1);
        for (int i = 0; i < 200; i++)
            device_thermal_step(thermal, 1000, zero_W, leaked_J, peak_K);
        for (size_t i = 0; i < network.n; i++)
            CHECK(fabs(device_thermal_node_K(thermal, i) - network.ambient_K) < 1e-9);
        device_thermal_destroy(thermal);
        device_thermal_destroy(still);
        device_platform_free(&platform);
    }
    CHECK(settled > 20);
}

/* A die that cannot carry off what it leaks: R dP_leak/dT >= 1 long before the grid ends. */
static void check_runaway(void)
{
    struct network network = {.n = 3,
                              .n_devices = 1,
                              .ambient_K = 308.15,
                              .capacity = {1, 10, 100},
                              .ambient = {0, 0.2, 1},
                              .leak_W = {8},
                              .threshold_V = {0.4}};
    couple(&network, 0, 1, 1);
    couple(&network, 1, 2, 0.05);
    struct device_platform platform = platform_of(&network);
    struct device_thermal *thermal = device_thermal_create(&platform);
    double power_W = 20, leaked_J = 0, peak_K = 0;
    CHECK(!device_thermal_steady(thermal, &power_W));
    double nodes_K[] = {308.15, 308.15, 308.15};
    struct device_thermal *fresh = device_thermal_create(&platform);
    device_thermal_set_temperatures(fresh, nodes_K);
    CHECK(!device_thermal_runaway(fresh));
    for (double dt_s = 1; dt_s < 1e7; dt_s *= 10)
        device_thermal_step(fresh, dt_s, &power_W, &leaked_J, &peak_K);
    CHECK(device_thermal_runaway(fresh));
    CHECK(isfinite(device_thermal_die_K(fresh, 0)) && isfinite(leaked_J) && isfinite(peak_K));
    CHECK(device_thermal_die_K(fresh, 0) > 600);
    /* switched off it cools down again */
    device_thermal_set(fresh, 0, false, 1);
    power_W = 0;
    device_thermal_step(fresh, 1e5, &power_W, &leaked_J, &peak_K);
    CHECK(fabs(device_thermal_die_K(fresh, 0) - 308.15) < 1e-6);
    device_thermal_destroy(fresh);
    device_thermal_destroy(thermal);
    device_platform_free(&platform);
}

/* What comes in as power and leakage heats the nodes or goes to ambient. The heat to ambient is
 * Simpson's sum over small steps. */
static void check_heat_balance(void)
{
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct network network = random_network(seed);
        struct stream stream = stream_open(seed, STREAM_TEST, 0, 5);
        struct device_platform platform = platform_of(&network);
        struct device_thermal *thermal = device_thermal_create(&platform);
        double leaked_J[MOST_DEVICES] = {0}, peak_K[MOST_DEVICES] = {0}, in_J = 0, out_J = 0;
        draw_powers(&stream, &network);
        const int steps = 2000;
        const double dt_s = 0.005;
        for (int step = 0; step <= steps; step++) {
            double weight = step == 0 || step == steps ? 1 : step % 2 ? 4 : 2;
            for (size_t i = 0; i < network.n; i++)
                out_J += weight * dt_s / 3 * network.ambient[i] *
                         (device_thermal_node_K(thermal, i) - network.ambient_K);
            if (step < steps)
                device_thermal_step(thermal, dt_s, network.power_W, leaked_J, peak_K);
        }
        for (size_t i = 0; i < network.n; i++)
            out_J += network.capacity[i] * (device_thermal_node_K(thermal, i) - network.ambient_K);
        for (size_t d = 0; d < network.n_devices; d++)
            in_J += network.power_W[d] * dt_s * steps + leaked_J[d];
        CHECK_NEAR(out_J, in_J, 1e-8);
        device_thermal_destroy(thermal);
        device_platform_free(&platform);
    }
}

/* R_dj by hand: star of two devices, die - cooler - ambient and cooler - case - ambient. */
static void check_resistances(void)
{
    struct network network = {
        .n = 3, .n_devices = 1, .ambient_K = 298.15, .capacity = {1, 1, 1}, .ambient = {0, 0.5, 2}};
    couple(&network, 0, 1, 4);
    couple(&network, 1, 2, 1);
    struct device_platform platform = platform_of(&network);
    struct device_thermal *thermal = device_thermal_create(&platform);
    double resistance, die;
    device_thermal_resistances(thermal, &resistance, &die);
    /* 1/4 to the cooler, then 0.5 beside 1 and 2 in series */
    CHECK_NEAR(resistance, 0.25 + 1 / (0.5 + 1 / (1 + 0.5)), 1e-12);
    CHECK_NEAR(die, 0.25, 1e-12);
    double power_W = 10;
    CHECK(device_thermal_steady(thermal, &power_W));
    CHECK_NEAR(device_thermal_die_K(thermal, 0) - 298.15, 10 * resistance, 1e-10);
    device_thermal_destroy(thermal);
    device_platform_free(&platform);
}

int main(void)
{
    gsl_set_error_handler_off();
    check_single_node();
    check_against_integrator();
    check_pieces();
    check_near_ties();
    check_ambient_and_steady();
    check_runaway();
    check_heat_balance();
    check_resistances();
    return check_result();
}
