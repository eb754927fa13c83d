/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "scenarios/calibrate_power.h"

#include "base/memory.h"
#include "devices/power.h"
#include "scenarios/calibrate_device.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void put(struct tree *map, const char *key, double value)
{
    char *text = mem_printf("%.4g", value);
    tree_put(map, key, tree_new_scalar(text, &map->mark));
    free(text);
}

bool scenario_power_read(const struct tree *tree, struct device_power *out)
{
    struct error err = {0};
    struct device device;
    bool ok = device_read(tree, &device, &err);
    if (ok) {
        *out = device.power;
        device_free(&device);
    }
    return ok;
}

/* Without a heating run leakage at rest has the same share of the idle draw as the relative's. */
static struct device_leakage put_rest(struct tree *device, const struct device_power *old,
                                      const struct calibrate_draw *draw)
{
    struct tree *power = tree_get(device, "power");
    struct device_leakage leakage = old->leakage;
    double idle_K = isfinite(draw->idle_K) ? draw->idle_K : old->idle_K;
    double old_W = device_leakage_W(&leakage, old->idle_K, 1, 1);
    double leak_W = device_leakage_W(&leakage, idle_K, 1, 1);
    if (leak_W > 0) {
        leakage.reference_W =
            draw->leakage_W > 0 ? draw->leakage_W
                                : leakage.reference_W * old_W / old->idle_W * draw->idle_W / leak_W;
        put(tree_get(power, "leakage"), "reference_W", leakage.reference_W);
    }
    put(power, "idle_W", draw->idle_W);
    put(power, "idle_C", idle_K - 273.15);
    if (old->can_sleep && old->sleep_W > draw->idle_W)
        put(power, "sleep_W", draw->idle_W);
    return leakage;
}

/* A limit that the loads went beyond is none. */
static void raise_cap(struct tree *device, double cap_W, const struct calibrate_draw *draw)
{
    double most_W = draw->idle_W;
    for (size_t i = 0; i < draw->n; i++)
        most_W = fmax(most_W, draw->load[i].power_W);
    if (cap_W <= 0 || cap_W >= most_W)
        return;
    put(tree_get(device, "power"), "cap_W", most_W);
    scenario_calibrated_source(device, "power.cap_W", "measured",
                               "the highest draw under load here, above the relative's limit");
}

static void put_split(struct tree *device, const struct sensor_split *split, const char *sensors)
{
    static const char *const paths[] = {"power.active_W", "power.pJ_per_FLOP", "power.pJ_per_byte"};
    struct tree *power = tree_get(device, "power");
    char *ref = mem_printf("%d loads, %s; they scatter by %.2g %%", CALIBRATE_LOADS, sensors,
                           100 * split->error);
    put(power, "active_W", split->active_W);
    put(power, "pJ_per_FLOP", 1e12 * split->FLOP_J);
    put(power, "pJ_per_byte", 1e12 * split->B_J);
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        scenario_calibrated_source(device, paths[i], "fitted", ref);
    free(ref);
}

/* "power, heat and voltage: no sensor tells: as NAME" */
static void tell_rest(char **prior)
{
    const char *as = *prior ? strstr(*prior, ": as ") : NULL;
    char *text = mem_printf("leakage, heat and voltage%s", as ? as : "");
    free(*prior);
    *prior = text;
}

bool scenario_calibrated_power(struct tree *device, const struct calibrate_draw *draw, char **prior,
                               struct sensor_split *split)
{
    struct device_power old;
    *split = (struct sensor_split){.error = NAN};
    if (!draw->sensors || draw->why || !(draw->idle_W > 0) || !scenario_power_read(device, &old) ||
        !calibrate_draw_split(draw, &old.leakage, split))
        return false;
    struct device_leakage leakage = put_rest(device, &old, draw);
    calibrate_draw_split(draw, &leakage, split);
    put_split(device, split, draw->sensors);
    raise_cap(device, old.cap_W, draw);
    char *ref =
        mem_printf("at rest, %s%s", draw->sensors, draw->whole ? ", the whole machine" : "");
    scenario_calibrated_source(device, "power.idle_W", "measured", ref);
    if (isfinite(draw->idle_K))
        scenario_calibrated_source(device, "power.idle_C", "measured",
                                   "at rest, the hottest sensor of the processor");
    free(ref);
    tell_rest(prior);
    return true;
}

static json_t *number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

json_t *scenario_power_json(const struct calibrate_draw *draw, const struct sensor_split *split)
{
    json_t *loads = json_array();
    if (!draw->sensors) {
        json_decref(loads);
        return json_null();
    }
    for (size_t i = 0; i < draw->n; i++) {
        const struct calibrate_load *one = &draw->load[i];
        json_array_append_new(loads, json_pack("{s:s, s:o, s:o, s:f, s:f}", "load", one->name,
                                               "power_W", number(one->power_W), "die_K",
                                               number(one->die_K), "flops_per_s", one->FLOP_per_s,
                                               "bytes_per_s", one->B_per_s));
    }
    bool told = isfinite(split->error);
    return json_pack("{s:s, s:s?, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "sensors", draw->sensors,
                     "why_not", draw->why, "idle_W", number(draw->idle_W), "idle_K",
                     number(draw->idle_K), "active_W", told ? number(split->active_W) : json_null(),
                     "J_per_flop", told ? number(split->FLOP_J) : json_null(), "J_per_byte",
                     told ? number(split->B_J) : json_null(), "error", number(split->error),
                     "loads", loads);
}
