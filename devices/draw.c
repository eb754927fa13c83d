/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "devices/draw.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

double device_voltage_at(const struct device *device, double clock)
{
    size_t n = device_pstates(device);
    if (n < 2 || clock >= device_relative_clock(device, 0))
        return device_relative_voltage(device, 0);
    for (size_t i = 1; i < n; i++) {
        double fast = device_relative_clock(device, i - 1), slow = device_relative_clock(device, i);
        if (clock < slow)
            continue;
        double high = device_relative_voltage(device, i - 1);
        double low = device_relative_voltage(device, i);
        return low + (high - low) * (clock - slow) / (fast - slow);
    }
    return device_relative_voltage(device, n - 1);
}

double device_draw_W(const struct device *device, const struct device_spent *spent, double clock,
                     double die_K)
{
    const struct device_power *power = &device->power;
    double v = device_voltage_at(device, clock), nominal_V = device->clocks.nominal_V;
    double leak_W = device_leakage_W(&power->leakage, die_K, v * nominal_V, nominal_V);
    double rate = spent->time_s > 0 ? 1 / spent->time_s : 0;
    return device_base_W(device) + leak_W + power->active_W * v * v * clock +
           power->flop_J * v * v * spent->flops * rate + power->byte_J * spent->bytes * rate;
}

/* Conductances of the network, the die first: row i of the matrix G with G T = P + G_a T_a. */
static double *conductances(const struct device_thermal_spec *thermal)
{
    size_t n = thermal->n_nodes;
    double *g = mem_calloc(n * n, sizeof *g);
    for (size_t i = 0; i < n; i++)
        g[i * n + i] += thermal->node[i].ambient_WpK;
    for (size_t c = 0; c < thermal->n_couplings; c++) {
        const struct device_coupling *coupling = &thermal->coupling[c];
        size_t i = 0, j = 0;
        while (i < n && strcmp(thermal->node[i].name, coupling->from) != 0)
            i++;
        while (j < n && strcmp(thermal->node[j].name, coupling->to) != 0)
            j++;
        if (i == n || j == n || i == j)
            continue;
        g[i * n + i] += coupling->conductance_WpK;
        g[j * n + j] += coupling->conductance_WpK;
        g[i * n + j] -= coupling->conductance_WpK;
        g[j * n + i] -= coupling->conductance_WpK;
    }
    return g;
}

/* Eliminates all nodes but the die: what is left is the conductance from die to ambient. */
static double die_conductance_WpK(const struct device_thermal_spec *thermal)
{
    size_t n = thermal->n_nodes;
    double *g = conductances(thermal);
    for (size_t k = n - 1; k > 0; k--)
        for (size_t i = 0; i < k && g[k * n + k] > 0; i++)
            for (size_t j = 0; j < k; j++)
                g[i * n + j] -= g[i * n + k] * g[k * n + j] / g[k * n + k];
    double result = n ? g[0] : 0;
    free(g);
    return result;
}

double device_steady_K(const struct device *device, double power_W, double ambient_K)
{
    double conductance = die_conductance_WpK(&device->thermal);
    return conductance > 1e-9 ? ambient_K + power_W / conductance : ambient_K;
}

static struct device_spent run_at(const struct device *device, const struct device_forward *forward,
                                  const struct device_run *run, bool prefill, double clock)
{
    struct device_run slower = *run;
    slower.clock = clock;
    return prefill ? device_prefill(device, forward, &slower)
                   : device_decode(device, forward, &slower);
}

/* A run whose clock is sought, and by how much its draw is over the limit. */
struct trial {
    const struct device *device;
    const struct device_forward *forward;
    const struct device_run *run;
    bool prefill;
    double cap_W, die_K;
};

static double excess_W(const struct trial *trial, double clock, struct device_spent *spent)
{
    *spent = run_at(trial->device, trial->forward, trial->run, trial->prefill, clock);
    return device_draw_W(trial->device, spent, clock, trial->die_K) - trial->cap_W;
}

/* The clock between `low`, whose draw keeps to the limit by -below, and `high`, which is over it by
 * above: regula falsi with the Illinois rule (Dowell and Jarratt 1971). */
static struct device_spent meet(const struct trial *trial, double low, double high, double below,
                                double above, double *clock)
{
    struct device_spent spent = {0};
    int side = 0;
    double middle = low;
    for (int i = 0; i < 60; i++) {
        double next = (low * above - high * below) / (above - below);
        double moved = fabs(next - middle);
        middle = next;
        double excess = excess_W(trial, middle, &spent);
        if (fabs(excess) <= 1e-10 * trial->cap_W || (i > 0 && moved <= 1e-11))
            break;
        if (excess > 0) {
            high = middle;
            above = excess;
            below *= side > 0 ? 0.5 : 1;
            side = 1;
        } else {
            low = middle;
            below = excess;
            above *= side < 0 ? 0.5 : 1;
            side = -1;
        }
    }
    *clock = middle;
    return spent;
}

struct device_spent device_capped_run(const struct device *device,
                                      const struct device_forward *forward,
                                      const struct device_run *run, bool prefill, double cap_W,
                                      double die_K, double *clock)
{
    struct trial trial = {device, forward, run, prefill, cap_W, die_K};
    double high = run->clock > 0 ? run->clock : 1;
    double low = fmin(high, device_relative_clock(device, device_pstates(device) - 1));
    struct device_spent spent;
    double above = excess_W(&trial, high, &spent);
    *clock = high;
    if (cap_W <= 0 || above <= 0)
        return spent;
    double below = excess_W(&trial, low, &spent);
    *clock = low;
    return below >= 0 || low >= high ? spent : meet(&trial, low, high, below, above, clock);
}
