/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "devices/kernels/places.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"

#include <ctype.h>
#include <hwloc.h>
#include <hwloc/cpukinds.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

/* Files of /proc and /sys tell no size; what is read of them is short. */
enum { MOST_BYTES = 1 << 20 };

static char *read_text(const char *root, const char *path)
{
    char *full = mem_printf("%s%s", root, path), *text = mem_calloc(MOST_BYTES, 1);
    FILE *file = fopen(full, "r");
    size_t n = file ? fread(text, 1, MOST_BYTES - 1, file) : 0;
    if (file)
        fclose(file);
    free(full);
    while (n > 0 && isspace((unsigned char)text[n - 1]))
        text[--n] = '\0';
    if (n > 0)
        return mem_realloc(text, n + 1, 1);
    free(text);
    return NULL;
}

/* The number that a file begins with; nan when there is none. */
static double read_number(const char *root, const char *path)
{
    char *text = read_text(root, path), *end = NULL;
    double value = text ? strtod(text, &end) : NAN;
    if (end == text)
        value = NAN;
    free(text);
    return value;
}

static const char *next_line(const char *line)
{
    const char *end = strchr(line, '\n');
    return end ? end + 1 : NULL;
}

/* What follows "key ... :" in a text of such lines; NULL when it is not there. */
static char *value_of(const char *text, const char *key)
{
    const char *at = text;
    while (at && strncmp(at, key, strlen(key)) != 0)
        at = next_line(at);
    const char *colon = at ? strchr(at, ':') : NULL;
    if (!colon)
        return NULL;
    colon += 1 + strspn(colon + 1, " \t");
    return mem_strndup(colon, strcspn(colon, "\n"));
}

static bool has_word(const char *text, const char *word)
{
    size_t n = strlen(word);
    for (const char *at = text; at && (at = strstr(at, word)) != NULL; at += n)
        if ((at == text || at[-1] == ' ') && (at[n] == ' ' || at[n] == '\0'))
            return true;
    return false;
}

static void read_processor(struct places *places, const char *root)
{
    char *text = read_text(root, "/proc/cpuinfo");
    char *flags = value_of(text, "flags");
    places->model = value_of(text, "model name");
    if (!places->model)
        places->model = value_of(text, "Model");
    places->steady_clock =
        flags && has_word(flags, "constant_tsc") && has_word(flags, "nonstop_tsc");
    char *clock = value_of(text, "cpu MHz");
    double kHz = read_number(root, "/sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq");
    places->clock_Hz = kHz > 0 ? 1e3 * kHz : clock ? 1e6 * strtod(clock, NULL) : 0;
    places->governor = read_text(root, "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor");
    places->mode = read_text(root, "/sys/firmware/acpi/platform_profile");
    free(clock);
    free(flags);
    free(text);
}

static double least_positive(double a, double b)
{
    if (!(b > 0))
        return a;
    return a > 0 && a < b ? a : b;
}

/* The limit in CPUs that one folder of control groups sets, in either version's files. */
static double folder_quota(const char *root, const char *folder)
{
    char *both = mem_printf("%s/cpu.max", folder), *text = read_text(root, both);
    char *quota_path = mem_printf("%s/cpu.cfs_quota_us", folder);
    char *period_path = mem_printf("%s/cpu.cfs_period_us", folder);
    double quota = read_number(root, quota_path), period = read_number(root, period_path);
    char *end = text;
    if (text && isdigit((unsigned char)*text)) {
        quota = strtod(text, &end);
        period = strtod(end, NULL);
    }
    free(both);
    free(text);
    free(quota_path);
    free(period_path);
    return quota > 0 && period > 0 ? quota / period : 0;
}

static double folder_memory(const char *root, const char *folder)
{
    char *new_path = mem_printf("%s/memory.max", folder);
    char *old_path = mem_printf("%s/memory.limit_in_bytes", folder);
    double now = read_number(root, new_path), old = read_number(root, old_path);
    free(new_path);
    free(old_path);
    return now > 0 ? now : old > 0 ? old : 0;
}

static void read_folder_limits(struct places *places, const char *root, const char *group)
{
    static const char *const tops[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/cpu",
                                       "/sys/fs/cgroup/cpu,cpuacct", "/sys/fs/cgroup/memory"};
    for (size_t i = 0; i < sizeof tops / sizeof *tops; i++) {
        char *folder = mem_printf("%s%s", tops[i], group);
        places->quota_cpus = least_positive(places->quota_cpus, folder_quota(root, folder));
        places->memory_B = least_positive(places->memory_B, folder_memory(root, folder));
        free(folder);
    }
}

/* The limits of a group, and of those above it: "/a/b", "/a", "". Writes into `group`. */
static void read_group_limits(struct places *places, const char *root, char *group)
{
    for (size_t n = strlen(group) + 1; n-- > 0;)
        if (n == 0 || group[n] == '/' || group[n] == '\0') {
            group[n] = '\0';
            read_folder_limits(places, root, group);
        }
}

static void read_limits(struct places *places, const char *root)
{
    char *groups = read_text(root, "/proc/self/cgroup");
    for (const char *line = groups; line; line = next_line(line)) {
        size_t before = strcspn(line, "/\n");
        char *group = mem_strndup(line + before, strcspn(line + before, "\n"));
        read_group_limits(places, root, group);
        free(group);
    }
    if (!groups)
        read_folder_limits(places, root, "");
    free(groups);
}

static void read_memory(struct places *places, const char *root)
{
    char *text = read_text(root, "/proc/meminfo");
    char *total = value_of(text, "MemTotal"), *left = value_of(text, "MemAvailable");
    double all_B = total ? 1024 * strtod(total, NULL) : 0;
    places->memory_B = least_positive(places->memory_B, all_B);
    places->free_B = left ? fmin(1024 * strtod(left, NULL), places->memory_B) : 0;
    free(total);
    free(left);
    free(text);
}

static void add_cpu(struct places *places, hwloc_const_cpuset_t core, unsigned which)
{
    hwloc_bitmap_t set = hwloc_bitmap_alloc();
    int cpu = -1;
    for (unsigned i = 0; i <= which; i++)
        cpu = hwloc_bitmap_next(core, cpu);
    if (cpu < 0) {
        hwloc_bitmap_free(set);
        return;
    }
    hwloc_bitmap_set(set, (unsigned)cpu);
    places->cpu = mem_realloc(places->cpu, places->cpus + 1, sizeof *places->cpu);
    places->cpu[places->cpus++] = set;
    places->cores += which == 0;
}

/* CPUs that this process may run on: a cpuset of its group, or an affinity that it was given. */
static hwloc_bitmap_t allowed(hwloc_topology_t topology)
{
    hwloc_bitmap_t bound = hwloc_bitmap_alloc();
    if (hwloc_get_cpubind(topology, bound, HWLOC_CPUBIND_PROCESS) != 0 ||
        hwloc_bitmap_iszero(bound))
        hwloc_bitmap_fill(bound);
    hwloc_bitmap_and(bound, bound, hwloc_topology_get_allowed_cpuset(topology));
    return bound;
}

/* First threads of cores before second ones; the kinds of cores from fast to slow. hwloc orders
 * kinds by efficiency, the slowest first. */
static void list_cpus(struct places *places, hwloc_topology_t topology)
{
    enum { MOST_THREADS = 8 };
    hwloc_bitmap_t may = allowed(topology), set = hwloc_bitmap_alloc();
    int kinds = hwloc_cpukinds_get_nr(topology, 0);
    int cores = hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_CORE);
    hwloc_obj_type_t type = cores > 0 ? HWLOC_OBJ_CORE : HWLOC_OBJ_PU;
    places->kinds = kinds > 1 ? (size_t)kinds : 1;
    for (unsigned which = 0; which < MOST_THREADS; which++)
        for (int kind = (int)places->kinds - 1; kind >= 0; kind--)
            for (int i = 0; i < hwloc_get_nbobjs_by_type(topology, type); i++) {
                hwloc_obj_t core = hwloc_get_obj_by_type(topology, type, (unsigned)i);
                if (kinds > 1 && hwloc_cpukinds_get_by_cpuset(topology, core->cpuset, 0) != kind)
                    continue;
                hwloc_bitmap_and(set, core->cpuset, may);
                if (hwloc_bitmap_weight(set) > (int)which)
                    add_cpu(places, set, which);
            }
    hwloc_bitmap_free(may);
    hwloc_bitmap_free(set);
}

static void list_caches(struct places *places, hwloc_topology_t topology)
{
    static const hwloc_obj_type_t types[] = {HWLOC_OBJ_L1CACHE, HWLOC_OBJ_L2CACHE,
                                             HWLOC_OBJ_L3CACHE, HWLOC_OBJ_L4CACHE};
    for (unsigned level = 0; level < PLACES_CACHES; level++) {
        int n = hwloc_get_nbobjs_by_type(topology, types[level]);
        hwloc_obj_t first = n > 0 ? hwloc_get_obj_by_type(topology, types[level], 0) : NULL;
        if (first && first->attr->cache.size > 0)
            places->cache[places->n_caches++] =
                (struct places_cache){level + 1, (double)first->attr->cache.size, (size_t)n};
    }
}

static void read_topology(struct places *places)
{
    hwloc_topology_t topology;
    if (hwloc_topology_init(&topology) != 0)
        return;
    if (hwloc_topology_load(topology) != 0) {
        hwloc_topology_destroy(topology);
        return;
    }
    places->topology = topology;
    list_cpus(places, topology);
    list_caches(places, topology);
}

struct places *places_open(const char *root)
{
    struct places *places = mem_calloc(1, sizeof *places);
    struct utsname name;
    read_topology(places);
    read_processor(places, root);
    read_limits(places, root);
    read_memory(places, root);
    if (uname(&name) == 0)
        places->kernel = mem_printf("%s %s", name.sysname, name.release);
    if (places->cpus == 0) {
        long online = sysconf(_SC_NPROCESSORS_ONLN);
        places->cores = places->cpus = online > 0 ? (size_t)online : 1;
    }
    return places;
}

void places_close(struct places *places)
{
    if (!places)
        return;
    for (size_t i = 0; places->cpu && i < places->cpus; i++)
        hwloc_bitmap_free(places->cpu[i]);
    if (places->topology)
        hwloc_topology_destroy(places->topology);
    free(places->cpu);
    free(places->model);
    free(places->kernel);
    free(places->governor);
    free(places->mode);
    free(places);
}

size_t places_threads(const struct places *places)
{
    double threads = (double)places->cores;
    if (places->quota_cpus > 0)
        threads = fmin(threads, floor(places->quota_cpus));
    return threads < 1 ? 1 : (size_t)threads;
}

/* A CPU that may not be had is no fault: the thread then runs anywhere. */
void places_stay(const struct places *places, size_t number)
{
    if (places->topology && places->cpu && number < places->cpus)
        hwloc_set_cpubind(places->topology, places->cpu[number], HWLOC_CPUBIND_THREAD);
}
