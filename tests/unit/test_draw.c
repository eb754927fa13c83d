/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Draws at rest and under load, from a counter that a thread of the test counts up: 20 W, and 30 W
 * for each processor that works for this program. */
#include "devices/calibrate/draw.h"
#include "devices/kernels/kernels.h"
#include "tests/support/made_tree.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

static struct made_tree tree;
static atomic_bool over, gone, standing;
static char *counter;

static double clock_s(clockid_t which)
{
    struct timespec now;
    clock_gettime(which, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* A file appears under its name with its whole text, as those of the kernel do. */
static void *count(void *context)
{
    const struct timespec pause = {0, 5000000};
    char *other = mem_printf("%s.new", counter);
    double begin_s = clock_s(CLOCK_MONOTONIC);
    (void)context;
    while (!over) {
        double wall_s = clock_s(CLOCK_MONOTONIC) - begin_s;
        double joules = 20 * wall_s + 30 * clock_s(CLOCK_PROCESS_CPUTIME_ID);
        FILE *file = fopen(other, "w");
        if (file) {
            fprintf(file, "%.0f\n", 1e6 * (1000 + joules));
            fclose(file);
            if (!gone && !standing)
                rename(other, counter);
        }
        nanosleep(&pause, NULL);
    }
    unlink(other);
    free(other);
    return NULL;
}

struct stop {
    double begin_s, after_s;
};

/* Takes the counter away after a while. */
static bool lose_it(void *context)
{
    struct stop *stop = context;
    if (clock_s(CLOCK_MONOTONIC) - stop->begin_s > stop->after_s && !gone) {
        gone = true;
        unlink(counter);
    }
    return true;
}

static bool stop_it(void *context)
{
    const struct stop *stop = context;
    return clock_s(CLOCK_MONOTONIC) - stop->begin_s < stop->after_s;
}

static void test_told(struct calibrate_session *session)
{
    struct calibrate_draw draw;
    const struct device_leakage none = {0};
    struct sensor_split split;
    struct sensors *sensors = sensors_open(tree.root, NULL);
    CHECK(sensors->n == 1);
    CHECK(calibrate_draw(session, sensors, 0.5, &draw));
    CHECK_TEXT(draw.sensors, "RAPL package-0");
    CHECK(!draw.whole && isnan(draw.idle_K));
    CHECK(draw.idle_W > 19 && draw.idle_W < 30);
    /* On a machine that others use the loads get less than one processor, or are not judged. */
    if (!draw.why) {
        CHECK(draw.n == CALIBRATE_LOADS);
        for (size_t i = 0; i < draw.n; i++)
            CHECK(draw.load[i].power_W > 25 && draw.load[i].power_W < 60);
        CHECK(calibrate_draw_split(&draw, &none, &split));
        CHECK(split.active_W > 0 && split.active_W < 40 && split.error < 0.5);
    } else {
        CHECK_TEXT(draw.why, "another program ran beside the loads");
        CHECK(!calibrate_draw_split(&draw, &none, &split));
    }
    CHECK(draw.n > 0 && draw.load[0].FLOP_per_s > 1e8 && draw.load[0].B_per_s == 0);
    calibrate_draw_free(&draw);
    sensors_close(sensors);
}

static void test_stopped(struct calibrate_session *session)
{
    struct calibrate_draw draw;
    struct stop stop = {clock_s(CLOCK_MONOTONIC), 0.1};
    struct sensors *sensors = sensors_open(tree.root, NULL);
    session->effort.go_on = stop_it;
    session->effort.context = &stop;
    CHECK(!calibrate_draw(session, sensors, 0.5, &draw));
    CHECK(draw.why != NULL && isnan(draw.idle_W) && draw.n == 0);
    CHECK(session->effort.go_on == stop_it);
    calibrate_draw_free(&draw);
    sensors_close(sensors);
}

static void test_lost(struct calibrate_session *session)
{
    struct calibrate_draw draw;
    struct sensor_split split;
    const struct device_leakage none = {0};
    struct stop stop = {clock_s(CLOCK_MONOTONIC), 0.4};
    struct sensors *sensors = sensors_open(tree.root, NULL);
    session->effort.go_on = lose_it;
    session->effort.context = &stop;
    CHECK(calibrate_draw(session, sensors, 0.5, &draw));
    CHECK_TEXT(draw.why, "RAPL package-0 cannot be read any more");
    CHECK(isnan(draw.idle_W) && draw.n == 0);
    CHECK(!calibrate_draw_split(&draw, &none, &split));
    calibrate_draw_free(&draw);
    sensors_close(sensors);
}

/* A counter that stands is no draw of 0 W. */
static void test_standing(struct calibrate_session *session)
{
    struct calibrate_draw draw;
    const struct timespec pause = {0, 50000000};
    standing = true;
    nanosleep(&pause, NULL);
    struct sensors *sensors = sensors_open(tree.root, NULL);
    CHECK(calibrate_draw(session, sensors, 0.3, &draw));
    CHECK_TEXT(draw.why, "RAPL package-0 does not count");
    CHECK(isnan(draw.idle_W) && draw.n == 0);
    standing = false;
    calibrate_draw_free(&draw);
    sensors_close(sensors);
}

static void test_none(struct calibrate_session *session)
{
    struct calibrate_draw draw;
    struct sensors *sensors = sensors_open("/nowhere", NULL);
    CHECK(calibrate_draw(session, sensors, 0.5, &draw));
    CHECK(draw.sensors == NULL && draw.why == NULL && draw.n == 0 && isnan(draw.idle_W));
    calibrate_draw_free(&draw);
    sensors_close(sensors);
}

/* What a hotter die leaks more is not the loads'. */
static void test_leakage(void)
{
    const struct device_leakage leakage = {
        .reference_W = 10, .reference_K = 350, .threshold_V = 0, .swing = 1.4};
    struct calibrate_draw draw = {.idle_W = 10, .idle_K = 350, .n = 4};
    static const double FLOP[] = {0, 1e12, 0, 5e11}, B[] = {0, 0, 1e10, 5e9};
    struct sensor_split split;
    for (size_t i = 0; i < draw.n; i++)
        draw.load[i] = (struct calibrate_load){
            "", 10 + 20 + 1e-11 * FLOP[i] + 2e-10 * B[i] + 10 * (1.21 - 1), 385, FLOP[i], B[i]};
    CHECK(calibrate_draw_split(&draw, &leakage, &split));
    CHECK_NEAR(split.active_W, 20, 1e-9);
    CHECK_NEAR(split.FLOP_J, 1e-11, 1e-9);
    CHECK_NEAR(split.B_J, 2e-10, 1e-9);
}

int main(void)
{
    struct error err = {0};
    pthread_t thread;
    if (!made_tree_open(&tree))
        return check_skip("no folder can be made in /tmp");
    made_tree_put(&tree, "/sys/class/powercap/intel-rapl:0/name", "package-0\n");
    made_tree_put(&tree, "/sys/class/powercap/intel-rapl:0/energy_uj", "1000000000\n");
    counter = mem_printf("%s/sys/class/powercap/intel-rapl:0/energy_uj", tree.root);
    /* Before this thread is made to stay on one CPU, which the other would inherit. */
    CHECK(pthread_create(&thread, NULL, count, NULL) == 0);
    struct kernels *kernels = kernels_open_cpu(1, &err);
    if (!CHECK(kernels != NULL))
        return check_result();
    struct calibrate_session session = {
        .kernels = kernels, .cache_B = 1e6, .effort = {.kernels = kernels, .least = 3, .most = 10}};
    test_told(&session);
    test_stopped(&session);
    session.effort.go_on = NULL;
    test_standing(&session);
    test_lost(&session);
    test_none(&session);
    test_leakage();
    over = true;
    pthread_join(thread, NULL);
    calibrate_session_end(&session);
    kernels->does->close(kernels);
    free(counter);
    made_tree_close(&tree);
    return check_result();
}
