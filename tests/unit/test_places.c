/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What machine this is, from recorded /proc and /sys, and from made-up topologies. */
#include "base/file.h"
#include "base/memory.h"
#include "devices/kernels/kernels.h"
#include "devices/kernels/places.h"
#include "tests/check.h"

#include <hwloc.h>
#include <hwloc/cpukinds.h>
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
        for (char *slash; (slash = strrchr(path, '/')) && slash > path + strlen(root);) {
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
    make("/sys/devices/system/clocksource/clocksource0/current_clocksource", "hpet\n");
    struct places *places = places_open(root);
    CHECK_TEXT(places->model, "A CPU @ 3.00GHz");
    CHECK_TEXT(places->governor, "powersave");
    CHECK_TEXT(places->mode, "balanced");
    CHECK_TEXT(places->clock, "hpet");
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

/* What programs of the group hold cannot be had, but for files that are kept for nothing better. */
static void test_full_groups(void)
{
    make("/proc/meminfo", "MemTotal: 16000000 kB\nMemAvailable: 9000000 kB\n");
    make("/proc/self/cgroup", "0::/box\n");
    make("/sys/fs/cgroup/box/memory.max", "1000000000\n");
    make("/sys/fs/cgroup/box/memory.current", "700000000\n");
    make("/sys/fs/cgroup/box/memory.stat", "anon 500000000\ninactive_file 200000000\n");
    struct places *places = places_open(root);
    CHECK(places->memory_B == 1e9 && places->free_B == 5e8);
    places_close(places);
    clean();
    make("/proc/self/cgroup", "3:memory:/job\n");
    make("/sys/fs/cgroup/memory/job/memory.limit_in_bytes", "1000000000\n");
    make("/sys/fs/cgroup/memory/job/memory.usage_in_bytes", "900000000\n");
    make("/sys/fs/cgroup/memory/job/memory.stat",
         "inactive_file 1\ntotal_inactive_file 300000000\n");
    places = places_open(root);
    CHECK(places->memory_B == 1e9 && places->free_B == 4e8);
    places_close(places);
    clean();
}

/* A machine that hwloc makes up, without the CPUs of `without`, with those of `fast` faster than
 * those of `slow`; NULL: nothing is known of that. hwloc takes it for the real one. */
static char *made_up(const char *cores, const char *without, const char *fast, const char *slow)
{
    hwloc_topology_t topology;
    hwloc_bitmap_t set = hwloc_bitmap_alloc(), all = hwloc_bitmap_alloc();
    char *path = mem_printf("%s/machine.xml", root);
    hwloc_topology_init(&topology);
    CHECK(hwloc_topology_set_synthetic(topology, cores) == 0);
    CHECK(hwloc_topology_load(topology) == 0);
    hwloc_bitmap_copy(all, hwloc_topology_get_topology_cpuset(topology));
    hwloc_bitmap_list_sscanf(set, without);
    hwloc_bitmap_andnot(set, all, set);
    CHECK(hwloc_topology_restrict(topology, set, 0) == 0);
    for (int fastness = 2; fastness > 0 && fast; fastness--) {
        hwloc_bitmap_list_sscanf(set, fastness == 2 ? fast : slow);
        CHECK(hwloc_cpukinds_register(topology, set, fastness, 0, NULL, 0) == 0);
    }
    CHECK(hwloc_topology_export_xml(topology, path, 0) == 0);
    hwloc_topology_destroy(topology);
    hwloc_bitmap_free(set);
    hwloc_bitmap_free(all);
    setenv("HWLOC_XMLFILE", path, 1);
    return path;
}

/* The order in which CPUs are taken, "0,2,1,3". */
static char *order(const struct places *places)
{
    char *text = mem_strdup("");
    for (size_t i = 0; i < places->cpus; i++) {
        char *more = mem_printf("%s%s%d", text, i ? "," : "", hwloc_bitmap_first(places->cpu[i]));
        free(text);
        text = more;
    }
    return text;
}

/* Numbers of threads that are tried. */
static void check_tries(const struct places *places, const char *want)
{
    char *text = mem_strdup("1");
    for (size_t t = 1; (t = places_next_threads(places, t, places->cpus)) <= places->cpus;) {
        char *more = mem_printf("%s,%zu", text, t);
        free(text);
        text = more;
    }
    CHECK_TEXT(text, want);
    free(text);
}

/* Cores, kinds of them and fast ones. */
#define COUNTS(cores, kinds, fast) ((const size_t[3]){cores, kinds, fast})

static void check_machine(char *path, const size_t counts[3], const char *want, const char *tries)
{
    struct places *places = places_open("/nowhere");
    char *got = order(places);
    CHECK(places->cores == counts[0] && places_threads(places) == counts[0]);
    CHECK(places->kinds == counts[1] && places->fast_cores == counts[2]);
    CHECK_TEXT(got, want);
    check_tries(places, tries);
    for (size_t i = 0; i < places->n_caches; i++) /* as only one of the machines has */
        CHECK(places->cache[i].caches == (places->cache[i].level == 3 ? 2 : 4));
    places_close(places);
    free(got);
    unsetenv("HWLOC_XMLFILE");
    unlink(path);
    free(path);
}

static void test_machines(void)
{
    check_machine(made_up("core:1 pu:1", "", NULL, NULL), COUNTS(1, 1, 1), "0", "1");
    check_machine(made_up("core:4 pu:1", "1,2", NULL, NULL), COUNTS(2, 1, 2), "0,3", "1,2");
    check_machine(made_up("core:3 pu:2", "", NULL, NULL), COUNTS(3, 1, 3), "0,2,4,1,3,5",
                  "1,2,3,6");
    check_machine(made_up("core:2 pu:4", "1", NULL, NULL), COUNTS(2, 1, 2), "0,4,2,5,3,6,7",
                  "1,2,4,7");
    /* Three big cores of two threads behind four small ones of one. */
    check_machine(made_up("core:7 pu:2", "1,3,5,7", "8-13", "0,2,4,6"), COUNTS(7, 2, 3),
                  "8,10,12,0,2,4,6,9,11,13", "1,2,3,6,7,10");
    check_machine(made_up("l3:2 l2:2 core:2 pu:1", "", NULL, NULL), COUNTS(8, 1, 8),
                  "0,1,2,3,4,5,6,7", "1,2,4,8");
    /* Of the first core nothing is known. */
    check_machine(made_up("core:4 pu:1", "", "2,3", "1"), COUNTS(4, 2, 2), "2,3,0,1", "1,2,4");
}

/* Who opened the kernels stays on one CPU and is let go in the end. */
static void check_binding(hwloc_topology_t topology, hwloc_const_bitmap_t before, size_t threads)
{
    struct error err = {0};
    struct kernels *kernels = kernels_open_cpu(threads, &err);
    if (!CHECK(kernels != NULL))
        return;
    hwloc_bitmap_t now = hwloc_bitmap_alloc();
    hwloc_get_cpubind(topology, now, HWLOC_CPUBIND_THREAD);
    CHECK(hwloc_bitmap_weight(now) == 1 && hwloc_bitmap_isincluded(now, before));
    kernels->does->close(kernels);
    hwloc_get_cpubind(topology, now, HWLOC_CPUBIND_THREAD);
    CHECK(hwloc_bitmap_isequal(now, before));
    hwloc_bitmap_free(now);
}

/* CPUs that this process was not given are left alone. */
static void test_binding(void)
{
    hwloc_topology_t topology;
    hwloc_topology_init(&topology);
    CHECK(hwloc_topology_load(topology) == 0);
    hwloc_bitmap_t before = hwloc_bitmap_alloc(), last = hwloc_bitmap_alloc();
    CHECK(hwloc_get_cpubind(topology, before, HWLOC_CPUBIND_THREAD) == 0);
    check_binding(topology, before, 1);
    check_binding(topology, before, 2);
    hwloc_bitmap_only(last, (unsigned)hwloc_bitmap_last(before));
    CHECK(hwloc_set_cpubind(topology, last, HWLOC_CPUBIND_THREAD) == 0);
    struct places *places = places_open("");
    CHECK(places->cpus == 1 && places->cores == 1);
    CHECK(hwloc_bitmap_isequal(places->cpu[0], last));
    for (size_t i = 0; i < places->n_caches; i++)
        CHECK(places->cache[i].caches == 1);
    places_close(places);
    check_binding(topology, last, 1);
    hwloc_set_cpubind(topology, before, HWLOC_CPUBIND_THREAD);
    hwloc_bitmap_free(before);
    hwloc_bitmap_free(last);
    hwloc_topology_destroy(topology);
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
    test_full_groups();
    test_machines();
    test_binding();
    test_nothing();
    rmdir(root);
    return check_result();
}
