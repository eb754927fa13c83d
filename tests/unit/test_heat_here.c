/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A heating run by sensors of made-up files: a counter that counts 20 W, and 30 W for each
 * processor that works, and begins anew meanwhile; a zone that gets hotter while it works. */
#include "devices/calibrate/heat.h"
#include "devices/kernels/kernels.h"
#include "devices/sensors/clock.h"
#include "tests/support/made_tree.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#define COUNTER "/sys/class/powercap/intel-rapl:0/energy_uj"
#define ZONE "/sys/class/thermal/thermal_zone0/temp"

/* The counter begins anew after the first fifty joules. */
static const double range_J = 20000, first_J = 19950;

static struct made_tree tree;
static atomic_bool over, gone;

static double clock_s(clockid_t which)
{
    struct timespec now;
    clock_gettime(which, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* A file appears under its name with its whole text, as those of the kernel do. */
static void put_number(const char *name, double value)
{
    char *path = mem_printf("%s%s", tree.root, name), *other = mem_printf("%s.new", path);
    FILE *file = fopen(other, "w");
    if (file) {
        fprintf(file, "%.0f\n", value);
        fclose(file);
        rename(other, path);
    }
    free(other);
    free(path);
}

static void *count(void *context)
{
    const struct timespec pause = {0, 5000000};
    double begin_s = clock_s(CLOCK_MONOTONIC);
    (void)context;
    while (!over) {
        double wall_s = clock_s(CLOCK_MONOTONIC) - begin_s;
        double joules = 20 * wall_s + 30 * clock_s(CLOCK_PROCESS_CPUTIME_ID);
        put_number(COUNTER, 1e6 * fmod(first_J + joules, range_J));
        if (!gone)
            put_number(ZONE, 1e3 * (40 + clock_s(CLOCK_PROCESS_CPUTIME_ID)));
        nanosleep(&pause, NULL);
    }
    return NULL;
}

static double mean_W(const struct calibrate_heat *run, enum calibrate_heat_phase phase)
{
    double sum = 0, n = 0;
    for (size_t i = 0; i < run->n; i++)
        if (run->reading[i].phase == phase) {
            sum += run->reading[i].power_W;
            n++;
        }
    return sum / n;
}

static void test_told(struct calibrate_session *session, const struct sensors *sensors)
{
    const struct calibrate_heat_ask ask = {.rest_s = 1, .most_s = 3, .most_K = INFINITY};
    struct calibrate_heat run;
    CHECK(calibrate_heat_here(session, sensors, &ask, &run));
    CHECK(!run.why && run.n > 8 && run.up_s >= 3 && run.down_s >= 2);
    CHECK_TEXT(run.sensors, "RAPL package-0");
    if (run.n > 0) {
        /* The thread that counts works a little too. */
        double rest_W = mean_W(&run, CALIBRATE_HEAT_REST),
               down_W = mean_W(&run, CALIBRATE_HEAT_DOWN);
        CHECK(rest_W > 17 && rest_W < 30 && down_W > 17 && down_W < 30);
        double up_W = mean_W(&run, CALIBRATE_HEAT_UP);
        CHECK(up_W > 22 && up_W < 90);
        CHECK(run.reading[run.n - 1].die_K > run.reading[0].die_K);
    }
    calibrate_heat_free(&run);
}

static bool stop(void *context)
{
    const double *until_s = context;
    if (clock_s(CLOCK_MONOTONIC) > *until_s && !gone) {
        char *path = mem_printf("%s" ZONE, tree.root);
        gone = true;
        unlink(path);
        free(path);
    }
    return true;
}

static void test_lost(struct calibrate_session *session, const struct sensors *sensors)
{
    const struct calibrate_heat_ask ask = {.rest_s = 1, .most_s = 60, .most_K = INFINITY};
    struct calibrate_heat run;
    double until_s = clock_s(CLOCK_MONOTONIC) + 1;
    session->effort.go_on = stop;
    session->effort.context = &until_s;
    CHECK(calibrate_heat_here(session, sensors, &ask, &run));
    CHECK_TEXT(run.why, "the temperature is told no more");
    CHECK(run.n == 0 && session->effort.go_on == stop);
    session->effort.go_on = NULL;
    calibrate_heat_free(&run);
}

static void test_none(struct calibrate_session *session)
{
    const struct calibrate_heat_ask ask = {.rest_s = 1, .most_s = 60, .most_K = INFINITY};
    struct calibrate_heat run;
    struct sensors *sensors = sensors_open("/nowhere", NULL);
    CHECK(calibrate_heat_here(session, sensors, &ask, &run));
    CHECK_TEXT(run.why, "no sensor tells the power and temperature of the processor");
    CHECK(run.n == 0 && !run.sensors);
    calibrate_heat_free(&run);
    sensors_close(sensors);
}

static void test_clock(void)
{
    CHECK(isnan(sensors_clock_Hz(tree.root)));
    made_tree_put(&tree, "/sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq", "3000000\n");
    made_tree_put(&tree, "/sys/devices/system/cpu/cpu1/cpufreq/scaling_cur_freq", "2000000\n");
    CHECK_NEAR(sensors_clock_Hz(tree.root), 2.5e9, 1e-9);
}

int main(void)
{
    struct error err = {0};
    pthread_t thread;
    if (!made_tree_open(&tree))
        return check_skip("no folder can be made in /tmp");
    made_tree_put(&tree, "/sys/class/powercap/intel-rapl:0/name", "package-0\n");
    made_tree_put(&tree, "/sys/class/powercap/intel-rapl:0/max_energy_range_uj", "20000000000\n");
    made_tree_put(&tree, COUNTER, "19950000000\n");
    made_tree_put(&tree, "/sys/class/thermal/thermal_zone0/type", "x86_pkg_temp\n");
    made_tree_put(&tree, ZONE, "40000\n");
    /* Before this thread is made to stay on one CPU, which the other would inherit. */
    CHECK(pthread_create(&thread, NULL, count, NULL) == 0);
    struct sensors *sensors = sensors_open(tree.root, NULL);
    struct kernels *kernels = kernels_open_cpu(1, &err);
    if (!CHECK(kernels != NULL))
        return check_result();
    struct calibrate_session session = {
        .kernels = kernels, .cache_B = 1e6, .effort = {.kernels = kernels, .least = 3, .most = 10}};
    test_none(&session);
    test_clock();
    test_told(&session, sensors);
    test_lost(&session, sensors);
    over = true;
    pthread_join(thread, NULL);
    calibrate_session_end(&session);
    kernels->does->close(kernels);
    sensors_close(sensors);
    made_tree_close(&tree);
    return check_result();
}
