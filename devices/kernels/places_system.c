/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "devices/kernels/places_system.h"

#include "base/memory.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
    places->clock =
        read_text(root, "/sys/devices/system/clocksource/clocksource0/current_clocksource");
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

/* The first of two files that tells a number above 0; else 0. */
static double either_number(const char *root, const char *folder, const char *now, const char *old)
{
    char *now_path = mem_printf("%s/%s", folder, now), *old_path = mem_printf("%s/%s", folder, old);
    double value = read_number(root, now_path), other = read_number(root, old_path);
    free(now_path);
    free(old_path);
    return value > 0 ? value : other > 0 ? other : 0;
}

/* What a folder's group holds and cannot give back at once, as caches of files. */
static double folder_held_B(const char *root, const char *folder)
{
    char *path = mem_printf("%s/memory.stat", folder), *text = read_text(root, path);
    double all_B = either_number(root, folder, "memory.current", "memory.usage_in_bytes");
    const char *caches = text ? strstr(text, "inactive_file ") : NULL;
    const char *below = text ? strstr(text, "total_inactive_file ") : NULL;
    caches = below ? strchr(below, ' ') : caches ? strchr(caches, ' ') : "0";
    double caches_B = strtod(caches, NULL);
    free(path);
    free(text);
    return fmax(0, all_B - caches_B);
}

static void read_folder_limits(struct places *places, const char *root, const char *group)
{
    static const char *const tops[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/cpu",
                                       "/sys/fs/cgroup/cpu,cpuacct", "/sys/fs/cgroup/memory"};
    for (size_t i = 0; i < sizeof tops / sizeof *tops; i++) {
        char *folder = mem_printf("%s%s", tops[i], group);
        double limit_B = either_number(root, folder, "memory.max", "memory.limit_in_bytes");
        places->quota_cpus = least_positive(places->quota_cpus, folder_quota(root, folder));
        places->memory_B = least_positive(places->memory_B, limit_B);
        if (limit_B > 0)
            places->free_B = fmin(places->free_B, fmax(0, limit_B - folder_held_B(root, folder)));
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
    places->memory_B = total ? 1024 * strtod(total, NULL) : 0;
    places->free_B = left ? 1024 * strtod(left, NULL) : INFINITY;
    free(total);
    free(left);
    free(text);
}

void places_read_system(struct places *places, const char *root)
{
    read_processor(places, root);
    read_memory(places, root);
    read_limits(places, root);
    if (places->free_B > places->memory_B)
        places->free_B = isinf(places->free_B) ? 0 : places->memory_B;
}
