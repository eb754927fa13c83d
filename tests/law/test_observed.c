/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a meter shows of a run: the draw while it works, with the rest that its mean takes in, and
 * never more than the device's own limit. */
#include "devices/observe.h"
#include "tests/check.h"
#include "tests/support/served.h"

#include <math.h>

static const char box[] = "name: box\ndevices:\n" SERVED_DEVICE(
    "gpu", "ram", "") "pools: [{name: ram, capacity_GiB: 8, bandwidth_GBps: 100}]\n";

static double shown(const struct device *device, const struct device_observation *like,
                    enum device_observation_kind kind)
{
    struct device_observation what = *like;
    what.kind = kind;
    return device_observed(device, &what);
}

static void check_rest(const struct device *device, const struct device_observation *run)
{
    double time_s = shown(device, run, DEVICE_SAW_DECODE);
    double draw_W = shown(device, run, DEVICE_SAW_POWER);
    double token_J = shown(device, run, DEVICE_SAW_ENERGY);
    CHECK(draw_W > device->power.idle_W);
    CHECK_NEAR(token_J * run->run.tokens, draw_W * time_s, 1e-9 * draw_W * time_s);
    struct device_observation rested = *run;
    rested.rest_s = time_s;
    CHECK_NEAR(shown(device, &rested, DEVICE_SAW_POWER), (draw_W + device->power.idle_W) / 2, 1e-9);
    rested.rest_s = 1e9 * time_s;
    CHECK_NEAR(shown(device, &rested, DEVICE_SAW_POWER), device->power.idle_W, 1e-6);
    CHECK_NEAR(shown(device, &rested, DEVICE_SAW_DECODE), time_s, 0);
    rested.net = true;
    CHECK(fabs(shown(device, &rested, DEVICE_SAW_POWER)) < 1e-6);
}

/* The limit of the device bounds what it shows; one that a row tells lowers its clock instead. */
static void check_limit(struct device *device, const struct device_observation *run)
{
    double time_s = shown(device, run, DEVICE_SAW_DECODE);
    double draw_W = shown(device, run, DEVICE_SAW_POWER);
    device->power.cap_W = draw_W + 1;
    CHECK_NEAR(shown(device, run, DEVICE_SAW_POWER), draw_W, 0);
    device->power.cap_W = draw_W - 1;
    CHECK_NEAR(shown(device, run, DEVICE_SAW_POWER), draw_W - 1, 0);
    CHECK_NEAR(shown(device, run, DEVICE_SAW_DECODE), time_s, 0);
    device->power.cap_W = 0;
}

int main(void)
{
    struct served s;
    struct device_forward forward;
    served_open(&s, box, SERVED_MODEL(4), served_default);
    device_forward_init(&forward, &s.model);
    struct device_observation run = {.forward = &forward,
                                     .run = {.batch = 1, .tokens = 64, .weight_scale = 1},
                                     .flash = -1,
                                     .die_K = 330};
    check_rest(&s.platform.device[0], &run);
    check_limit(&s.platform.device[0], &run);
    device_forward_free(&forward);
    served_close(&s);
    return check_result();
}
