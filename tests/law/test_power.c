/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The terms of P = P_base + busy P_act v^2 f + e_F (F/t) v^2 + e_B (B/t) + P_leak. */
#include "devices/power.h"

#include "tests/check.h"
#include "tests/support/machine.h"

static const char text[] =
    "name: d\nkind: gpu\nclass: test\n"
    "compute: {peaks: [{name: f16, vector_TFLOPS: 1, matrix_TFLOPS: 4}], efficiency: 0.5}\n"
    "memory: {bandwidth_GBps: 100, efficiency: 0.8}\noverheads: {operator_us: 1, pass_us: 5}\n"
    "clocks: {nominal_GHz: 2, nominal_V: 1.25, pstates: [{clock_GHz: 2.4, voltage_V: 1.5}, "
    "{clock_GHz: 2, voltage_V: 1.25}, {clock_GHz: 1, voltage_V: 0.75}]}\n"
    "power: {idle_W: 12, idle_C: 45, active_W: 30, pJ_per_FLOP: 3, pJ_per_byte: 40, leakage: "
    "{reference_W: 6, voltage_per_V: 1.7}}\n"
    "thermal: {nodes: [{name: die, capacity_J_per_K: 5, ambient_W_per_K: 1}], throttle_C: 90, "
    "limit_C: 100}\n";

/* What was measured idle comes back at the temperature at which it was measured. */
static void check_idle(const struct device *device)
{
    double leak_W = device_leakage_W(&device->power.leakage, 273.15 + 45, 1.25, 1.25);
    CHECK(leak_W > 1 && leak_W < 6);
    CHECK_NEAR(device_base_W(device) + leak_W, 12, 1e-14);
}

static void check_scaling(const struct device *device)
{
    CHECK(device_pstates(device) == 3);
    CHECK_NEAR(device_busy_W(device, 1), 30, 1e-15);
    CHECK_NEAR(device_busy_W(device, 0), 30 * 1.2 * 1.2 * 1.2, 1e-12); /* v = f = 1.2 */
    CHECK_NEAR(device_busy_W(device, 2), 30 * 0.6 * 0.6 * 0.5, 1e-12); /* v^2 f */
    CHECK_NEAR(device_work_J(device, 1, 1e9, 0), 3e-3, 1e-12);
    CHECK_NEAR(device_work_J(device, 2, 1e9, 0), 3e-3 * 0.36, 1e-12); /* v^2, not f */
    CHECK_NEAR(device_work_J(device, 2, 0, 1e9), 40e-3, 1e-12);       /* memory's own clock */
    CHECK_NEAR(device_leakage_factor(device, 2), 0.6 * exp(1.7 * -0.5), 1e-12);
    CHECK(device_leakage_factor(device, 1) == 1);
}

/* More arithmetic in the same time is more power; a slower state never draws more for the same
 * rate of work. */
static void check_load(const struct device *device)
{
    double before_W = 0;
    for (double load = 0; load <= 1; load += 0.1) {
        double power_W = device_base_W(device) + load * device_busy_W(device, 1) +
                         device_work_J(device, 1, load * 4e12, load * 100e9);
        CHECK(power_W > before_W);
        before_W = power_W;
    }
    for (size_t s = 1; s < device_pstates(device); s++) {
        CHECK(device_busy_W(device, s) < device_busy_W(device, s - 1));
        CHECK(device_work_J(device, s, 1, 1) < device_work_J(device, s - 1, 1, 1));
        CHECK(device_leakage_factor(device, s) < device_leakage_factor(device, s - 1));
    }
}

/* Where no states are listed there is one, the nominal. */
static void check_single_state(void)
{
    struct device device = machine_device(text);
    device.clocks.n_pstates = 0;
    CHECK(device_pstates(&device) == 1);
    CHECK(device_relative_clock(&device, 0) == 1 && device_relative_voltage(&device, 0) == 1);
    device.clocks.n_pstates = 3;
    device_free(&device);
}

int main(void)
{
    struct device device = machine_device(text);
    check_idle(&device);
    check_scaling(&device);
    check_load(&device);
    check_single_state();
    device_free(&device);
    return check_result();
}
