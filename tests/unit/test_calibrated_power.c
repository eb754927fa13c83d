/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a device file takes measured draws. */
#include "base/memory.h"
#include "base/tree.h"
#include "devices/power.h"
#include "scenarios/calibrate_power.h"
#include "scenarios/scenario.h"
#include "tests/check.h"

#include <gsl/gsl_errno.h>

static const double FLOP_per_s[] = {1e12, 0, 0, 4e10, 9e11}, B_per_s[] = {0, 0, 5e10, 4e10, 9e9};

/* 40 W of being busy, 30 pJ each operation, 200 pJ each byte, no word of temperatures. */
static void draw_of(struct calibrate_draw *draw, double idle_W)
{
    *draw = (struct calibrate_draw){.idle_W = idle_W, .idle_K = NAN, .n = CALIBRATE_LOADS};
    draw->sensors = mem_strdup("RAPL package-0");
    for (size_t i = 0; i < draw->n; i++)
        draw->load[i] = (struct calibrate_load){
            "load", idle_W + 40 + 30e-12 * FLOP_per_s[i] + 200e-12 * B_per_s[i], NAN, FLOP_per_s[i],
            B_per_s[i]};
}

static bool take(const struct calibrate_draw *draw, struct device *device, char **prior)
{
    struct error err = {0};
    struct sensor_split split;
    struct tree *tree = scenario_find("device", "ryzen-9-9950x", NULL, NULL, &err);
    *prior = mem_strdup("power, heat and voltage: no sensor tells: as a relative");
    *device = (struct device){0};
    bool ok = false;
    if (CHECK(tree != NULL)) {
        ok = scenario_calibrated_power(tree, draw, prior, &split);
        CHECK(ok == isfinite(split.error));
        CHECK(device_read(tree, device, &err));
        const struct tree *source = tree_get(tree_get(tree, "sources"), "power.idle_W");
        CHECK(!ok || strcmp(tree_get_text(source, "kind"), "measured") == 0);
    }
    /* The sources are the tree's. */
    device->sources = NULL;
    tree_free(tree);
    return ok;
}

static void test_taken(void)
{
    struct calibrate_draw draw;
    struct device before, after;
    char *prior;
    draw_of(&draw, 5);
    draw.why = mem_strdup("RAPL package-0 jumped");
    CHECK(!take(&draw, &before, &prior));
    CHECK_TEXT(prior, "power, heat and voltage: no sensor tells: as a relative");
    free(prior);
    free(draw.why);
    draw.why = NULL;
    CHECK(take(&draw, &after, &prior));
    CHECK_TEXT(prior, "leakage, heat and voltage: as a relative");
    CHECK_NEAR(after.power.idle_W, 5, 1e-9);
    CHECK_NEAR(after.power.active_W, 40, 1e-3);
    CHECK_NEAR(after.power.flop_J, 30e-12, 1e-3);
    CHECK_NEAR(after.power.byte_J, 200e-12, 1e-3);
    CHECK_NEAR(after.power.cap_W, before.power.cap_W, 1e-9);
    double share = device_base_W(&before) / before.power.idle_W;
    CHECK(before.power.idle_W > 6 && share < 1);
    CHECK_NEAR(device_base_W(&after) / after.power.idle_W, share, 1e-3);
    device_free(&before);
    device_free(&after);
    free(prior);
    calibrate_draw_free(&draw);
}

/* What a heating run tells of leakage goes before the relative's share. */
static void test_leakage(void)
{
    struct calibrate_draw draw;
    struct device device;
    char *prior;
    draw_of(&draw, 5);
    draw.leakage_W = 0.7;
    CHECK(take(&draw, &device, &prior));
    CHECK_NEAR(device.power.leakage.reference_W, 0.7, 1e-3);
    double leak_W = device_leakage_W(&device.power.leakage, device.power.idle_K, 1, 1);
    CHECK_NEAR(device_base_W(&device), 5 - leak_W, 1e-3);
    device_free(&device);
    free(prior);
    calibrate_draw_free(&draw);
}

/* A machine that is hotter at rest, and draws more than the relative's limit. */
static void test_hot(void)
{
    struct calibrate_draw draw;
    struct device device;
    char *prior;
    draw_of(&draw, 400);
    draw.idle_K = 273.15 + 60;
    CHECK(take(&draw, &device, &prior));
    CHECK_NEAR(device.power.idle_K, 273.15 + 60, 1e-6);
    CHECK_NEAR(device.power.cap_W, 470, 0.02);
    CHECK(device_base_W(&device) > 0);
    device_free(&device);
    free(prior);
    calibrate_draw_free(&draw);
}

static void test_none(void)
{
    struct calibrate_draw draw = {.idle_W = NAN, .idle_K = NAN};
    struct device device;
    char *prior;
    CHECK(!take(&draw, &device, &prior));
    CHECK(device.power.idle_W > 0);
    device_free(&device);
    free(prior);
}

int main(void)
{
    gsl_set_error_handler_off();
    test_taken();
    test_hot();
    test_leakage();
    test_none();
    return check_result();
}
