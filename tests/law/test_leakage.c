/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sub-threshold leakage against the four nodes of HotLeakage (Zhang et al., UVA TR CS-2003-05),
 * whose threshold falls with temperature: V_th = V_th0 + kappa_T (T - 300 K). */
#include "base/stream.h"
#include "devices/power.h"
#include "tests/check.h"

static const double Q_OVER_KB = 11604.518; /* K/V, CODATA 2018 */

static const struct node {
    const char *name;
    double threshold_V, kappa_VpK, offset_V, swing, ratio; /* ratio: I(350 K)/I(300 K) */
} nodes[] = {
    {"180 nm", 0.3979, -1.00e-3, 0.075, 1.5, 23.5},
    {"130 nm", 0.3353, -0.85e-3, -0.062, 1.6, 8.4},
    {"100 nm", 0.2607, -0.77e-3, -0.027, 1.7, 6.2},
    {"70 nm", 0.1902, -0.49e-3, -0.039, 1.3, 4.8},
};

/* kappa_T (T - 300 K)/T is a constant less 300 kappa_T/T: a threshold extrapolated to 0 K. */
static struct device_leakage leakage_of(const struct node *node, double voltage_per_V)
{
    double threshold_V = node->threshold_V + node->offset_V + fabs(node->kappa_VpK) * 300;
    return (struct device_leakage){1, 350, voltage_per_V, threshold_V, node->swing};
}

/* v_t^2 exp((-|V_th| - V_off)/(n v_t)) with V_th at the temperature. */
static double hot_leakage(const struct node *node, double kelvin)
{
    double thermal_V = kelvin / Q_OVER_KB;
    double threshold_V = node->threshold_V + node->kappa_VpK * (kelvin - 300);
    return thermal_V * thermal_V *
           exp((-fabs(threshold_V) - node->offset_V) / (node->swing * thermal_V));
}

static void check_node(const struct node *node)
{
    struct device_leakage leakage = leakage_of(node, 2);
    double ratio = device_leakage_W(&leakage, 350, 1, 1) / device_leakage_W(&leakage, 300, 1, 1);
    if (!CHECK_NEAR(ratio, node->ratio, 0.01))
        fprintf(stderr, "    %s\n", node->name);
    for (double kelvin = 280; kelvin <= 390; kelvin += 5) {
        double want = hot_leakage(node, kelvin) / hot_leakage(node, 350);
        CHECK_NEAR(device_leakage_W(&leakage, kelvin, 1, 1), want, 1e-4);
        double step_K = 0.01; /* central difference */
        double slope = (device_leakage_W(&leakage, kelvin + step_K, 1, 1) -
                        device_leakage_W(&leakage, kelvin - step_K, 1, 1)) /
                       (2 * step_K * device_leakage_W(&leakage, kelvin, 1, 1));
        CHECK_NEAR(device_leakage_log_slope(&leakage, kelvin), slope, 1e-6);
    }
}

/* 0.0057 + 0.0092 + 0.0125 = 0.027 1/K: T^2, threshold and its fall at 350 K. */
static void check_slope(void)
{
    struct device_leakage leakage = leakage_of(&nodes[3], 2);
    double thermal_V = 350 / Q_OVER_KB;
    double fallen_V = 0.1902 - 0.49e-3 * 50;
    double want =
        2 / 350.0 + (fallen_V - 0.039) / (1.3 * thermal_V * 350) + 0.49e-3 / (1.3 * thermal_V);
    CHECK_NEAR(device_leakage_log_slope(&leakage, 350), want, 1e-5);
    CHECK(fabs(device_leakage_log_slope(&leakage, 350) - 0.027) < 0.0005);
}

static void check_voltage(void)
{
    struct device_leakage leakage = leakage_of(&nodes[3], 2);
    CHECK_NEAR(device_leakage_W(&leakage, 350, 1, 1), 1, 1e-15);
    CHECK_NEAR(device_leakage_W(&leakage, 350, 0.8, 1), 0.8 * exp(-0.4), 1e-15);
    leakage.reference_W = 0;
    CHECK(device_leakage_W(&leakage, 350, 1, 1) == 0);
}

/* A chord of length h departs from a curve by at most h^2/8 of its second derivative:
 * (lambda^2 + lambda') P. */
static void check_grid(void)
{
    struct stream stream = stream_open(7, STREAM_TEST, 0, 0);
    double worst = 0;
    for (size_t i = 0; i < sizeof nodes / sizeof *nodes; i++) {
        struct device_leakage leakage = leakage_of(&nodes[i], 2);
        struct device_leakage_grid grid;
        device_leakage_grid_init(&grid, &leakage);
        for (int draw = 0; draw < 2000; draw++) {
            double kelvin = 270 + 150 * stream_uniform(&stream);
            double exact_W = device_leakage_W(&leakage, kelvin, 1, 1);
            double slope = device_leakage_log_slope(&leakage, kelvin - 0.25);
            double bound = 0.25 * 0.25 / 8 * slope * slope * exp(0.25 * slope);
            double error = device_leakage_on_grid(&grid, kelvin) / exact_W - 1;
            CHECK(error > -1e-14 && error <= bound);
            worst = fmax(worst, error);
        }
        for (int knot = 0; knot < DEVICE_GRID_KNOTS - 1; knot += 100) {
            double kelvin = 173.15 + 0.25 * knot;
            CHECK(device_leakage_cell(kelvin + 0.1) == knot);
            CHECK_NEAR(device_leakage_on_grid(&grid, kelvin),
                       device_leakage_W(&leakage, kelvin, 1, 1), 1e-9);
        }
        /* beyond its end the grid is flat */
        CHECK_NEAR(device_leakage_on_grid(&grid, 5000), device_leakage_W(&leakage, 673.15, 1, 1),
                   1e-12);
        device_leakage_grid_free(&grid);
    }
    printf("grid: at most %.2g above the formula\n", worst);
}

int main(void)
{
    for (size_t i = 0; i < sizeof nodes / sizeof *nodes; i++)
        check_node(&nodes[i]);
    check_slope();
    check_voltage();
    check_grid();
    return check_result();
}
