/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Repetitions of work on a device that tells no processor time. */
#include "devices/calibrate/timing.h"
#include "tests/check.h"

#include <time.h>

static void rest(void *context, size_t call)
{
    const struct timespec *pause = context;
    (void)call;
    nanosleep(pause, NULL);
}

static bool stop(void *context)
{
    int *left = context;
    return (*left)-- > 0;
}

int main(void)
{
    static const struct kernels_backend wall = {.name = "wall"};
    struct kernels kernels = {.does = &wall};
    struct calibrate_effort effort = {.kernels = &kernels, .s = 0.02, .least = 5, .most = 7};
    struct calibrate_timing timing;
    struct timespec quick = {0, 2000000}, slow = {0, 80000000};
    int left = 1;
    CHECK(calibrate_time(rest, &quick, &effort, &timing));
    CHECK(timing.repetitions >= 5 && timing.repetitions <= 7 && !timing.metered);
    CHECK(timing.median_s >= 2e-3 && timing.standard_error < timing.spread);
    /* Five would take twenty times as long as they should. */
    CHECK(calibrate_time(rest, &slow, &effort, &timing));
    CHECK(timing.repetitions == 3 && timing.median_s >= 80e-3);
    effort.go_on = stop;
    effort.context = &left;
    CHECK(!calibrate_time(rest, &quick, &effort, &timing));
    CHECK(timing.repetitions == 0);
    return check_result();
}
