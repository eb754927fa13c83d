/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/memory.h"
#include "devices/device.h"
#include "devices/network.h"
#include "devices/power.h"

#include <stdlib.h>
#include <string.h>

/* The node at `path` below `node`, or `node` itself, so that a fault always has a place. */
static const struct tree *place(const struct tree *node, const char *path)
{
    const struct tree *found = tree_find(node, path);
    return found ? found : node;
}

static const char *const formats[] = {"f32",  "f16",  "bf16", "tf32", "fp8",
                                      "int8", "int4", "fp4",  NULL};

static bool known_format(const char *name)
{
    for (size_t i = 0; formats[i]; i++)
        if (strcmp(formats[i], name) == 0)
            return true;
    return false;
}

static bool check_peaks(const struct device *device, const struct tree *node, struct error *err)
{
    bool ok = true;
    for (size_t i = 0; i < device->compute.n_peaks; i++) {
        const char *name = device->compute.peak[i].name;
        if (!known_format(name)) {
            char *hint = text_hint(name, formats);
            ok = tree_error(err, place(node, "compute.peaks"), "'%s' is no number format%s", name,
                            hint);
            free(hint);
        }
    }
    const char *wanted[] = {device->compute.float_weights, device->compute.quantised_weights};
    const char *keys[] = {"compute.float_weights", "compute.quantised_weights"};
    for (size_t i = 0; i < 2; i++)
        if (!device_find_peak(device, wanted[i]))
            ok = tree_error(err, place(node, keys[i]), "no peak is named '%s' in compute.peaks",
                            wanted[i]);
    return ok;
}

static bool check_row_factors(const struct device *device, const struct tree *node,
                              struct error *err)
{
    const struct device_row_factor *point = device->compute.row_factor;
    for (size_t i = 1; i < device->compute.n_row_factors; i++)
        if (point[i].rows <= point[i - 1].rows)
            return tree_error(err, place(node, "compute.row_factors"),
                              "point %zu has no more rows than the one before it", i);
    return true;
}

static bool check_clocks(const struct device *device, const struct tree *node, struct error *err)
{
    const struct device_pstate *state = device->clocks.pstate;
    bool ok = true;
    for (size_t i = 1; i < device->clocks.n_pstates; i++) {
        if (state[i].clock_Hz >= state[i - 1].clock_Hz)
            ok = tree_error(err, place(node, "clocks.pstates"),
                            "P-state %zu is not slower than the one before it: list the fastest "
                            "first",
                            i);
        else if (state[i].voltage_V > state[i - 1].voltage_V)
            ok = tree_error(err, place(node, "clocks.pstates"),
                            "P-state %zu has a higher voltage than the faster one before it", i);
    }
    return ok;
}

static bool check_caches(const struct device *device, const struct tree *node, struct error *err)
{
    const struct device_cache *cache = device->memory.cache;
    for (size_t i = 1; i < device->memory.n_caches; i++)
        if (cache[i].capacity_B <= cache[i - 1].capacity_B)
            return tree_error(err, place(node, "memory.caches"),
                              "cache '%s' is not larger than '%s': list the smallest first",
                              cache[i].name, cache[i - 1].name);
    return true;
}

static bool check_power(const struct device *device, const struct tree *node, struct error *err)
{
    const struct device_power *power = &device->power;
    double leak = device_leakage_W(&power->leakage, power->idle_K, device->clocks.nominal_V,
                                   device->clocks.nominal_V);
    if (leak > power->idle_W)
        return tree_error(err, place(node, "power.idle_W"),
                          "leakage alone is %.3g W at the idle temperature, more than idle_W %.3g",
                          leak, power->idle_W);
    if (power->can_sleep && power->sleep_W > power->idle_W)
        return tree_error(err, place(node, "power.sleep_W"), "sleep_W is above idle_W");
    if (power->cap_W > 0 && power->cap_W < power->idle_W)
        return tree_error(err, place(node, "power.cap_W"),
                          "the cap of %.6g W is below base plus leakage, %.6g W", power->cap_W,
                          power->idle_W);
    return true;
}

static bool check_thermal(const struct device *device, const struct tree *node, bool shared,
                          struct error *err)
{
    const struct device_thermal_spec *thermal = &device->thermal;
    const struct tree *at = place(node, "thermal");
    if (thermal->n_nodes == 0)
        return tree_error(err, at, "a device needs at least one thermal node, its die");
    bool ok = true;
    if (thermal->throttle_K > thermal->limit_K)
        ok = tree_error(err, place(node, "thermal.throttle_C"), "throttle_C is above limit_C");
    struct device_network network = {0};
    for (size_t i = 0; i < thermal->n_nodes; i++)
        device_network_add(&network, thermal->node[i].name, &thermal->node[i]);
    for (size_t i = 0; i < thermal->n_couplings; i++)
        if (!device_network_couple(&network, &thermal->coupling[i],
                                   place(node, "thermal.couplings"), err))
            ok = false;
    const char *lonely = shared || !ok ? NULL : device_network_unconnected(&network);
    if (lonely)
        ok = tree_error(err, at, "no path leads from node '%s' to ambient: give ambient_W_per_K",
                        lonely);
    device_network_free(&network);
    return ok;
}

bool device_check(const struct device *device, const struct tree *node, bool shared,
                  struct error *err)
{
    bool ok = check_peaks(device, node, err);
    ok = check_row_factors(device, node, err) && ok;
    ok = check_clocks(device, node, err) && ok;
    ok = check_caches(device, node, err) && ok;
    ok = check_power(device, node, err) && ok;
    return check_thermal(device, node, shared, err) && ok;
}
