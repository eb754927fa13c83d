/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What machine this is, from recorded /proc and /sys. */
#include "base/file.h"
#include "base/memory.h"
#include "devices/kernels/places.h"
#include "tests/check.h"

#include <sys/stat.h>
#include <unistd.h>

/* A folder of the test's own, filled and emptied. */
static char root[] = "/tmp/qeilsim-places-XXXXXX";
static char *written[32];
static size_t n_written;

static void make(const char *path, const char *text)
{
    struct error err = {0};
    char *full = mem_printf("%s%s", root, path);
    for (char *slash = full + strlen(root) + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
        *slash = '\0';
        mkdir(full, 0755);
        *slash = '/';
    }
    CHECK(file_write(full, text, strlen(text), &err));
    written[n_written++] = full;
}

static void clean(void)
{
    while (n_written > 0) {
        char *path = written[--n_written];
        unlink(path);
        for (char *slash; (slash = strrchr(path, '/')) != path + strlen(root) && slash;) {
            *slash = '\0';
            rmdir(path);
        }
        free(path);
    }
}

static const char processor[] =
    "processor\t: 0\nmodel name\t: A CPU @ 3.00GHz\ncpu MHz\t\t: 2500.5\n"
    "flags\t\t: fpu constant_tsc nonstop_tsc avx2\n";

static void test_workstation(void)
{
    make("/proc/cpuinfo", processor);
    make("/proc/meminfo",
         "MemTotal:       16000000 kB\nMemFree: 1 kB\nMemAvailable:   9000000 kB\n");
    make("/sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq", "4700000\n");
    make("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "powersave\n");
    make("/sys/firmware/acpi/platform_profile", "balanced\n");
    struct places *places = places_open(root);
    CHECK_TEXT(places->model, "A CPU @ 3.00GHz");
    CHECK_TEXT(places->governor, "powersave");
    CHECK_TEXT(places->mode, "balanced");
    CHECK(places->steady_clock && places->clock_Hz == 4.7e9 && places->quota_cpus == 0);
    CHECK(places->memory_B == 16e6 * 1024 && places->free_B == 9e6 * 1024);
    CHECK(places_threads(places) == places->cores && places->cores >= 1);
    CHECK(places->cpus >= places->cores);
    places_close(places);
    clean();
}

/* A group's limit, and a lower one of the group above it. */
static void test_limits(void)
{
    make("/proc/cpuinfo", "processor: 0\nflags: fpu constant_tsc_not nonstop_tsc\n");
    make("/proc/meminfo", "MemTotal: 16000000 kB\nMemAvailable: 9000000 kB\n");
    make("/proc/self/cgroup", "0::/box/inner\n");
    make("/sys/fs/cgroup/box/inner/cpu.max", "max 100000\n");
    make("/sys/fs/cgroup/box/cpu.max", "150000 100000\n");
    make("/sys/fs/cgroup/box/inner/memory.max", "1073741824\n");
    struct places *places = places_open(root);
    CHECK(places->model == NULL && places->governor == NULL && !places->steady_clock);
    CHECK(places->quota_cpus == 1.5 && places_threads(places) == 1);
    CHECK(places->memory_B == 1073741824 && places->free_B == 1073741824);
    places_close(places);
    clean();
}

static void test_first_version(void)
{
    make("/proc/self/cgroup", "5:cpu,cpuacct:/job\n3:memory:/job\n");
    make("/sys/fs/cgroup/cpu/job/cpu.cfs_quota_us", "50000\n");
    make("/sys/fs/cgroup/cpu/job/cpu.cfs_period_us", "100000\n");
    make("/sys/fs/cgroup/memory/job/memory.limit_in_bytes", "268435456\n");
    struct places *places = places_open(root);
    CHECK(places->quota_cpus == 0.5 && places_threads(places) == 1);
    CHECK(places->memory_B == 268435456);
    places_close(places);
    clean();
}

/* A container may hide everything. */
static void test_nothing(void)
{
    struct places *places = places_open("/nowhere");
    CHECK(places->model == NULL && places->memory_B == 0 && places->quota_cpus == 0);
    CHECK(places_threads(places) >= 1);
    places_stay(places, 100000);
    places_close(places);
}

int main(void)
{
    if (!mkdtemp(root))
        return check_skip("no folder can be made in /tmp");
    test_workstation();
    test_limits();
    test_first_version();
    test_nothing();
    rmdir(root);
    return check_result();
}
