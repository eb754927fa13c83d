/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/schedulers/sched.h"

#include "base/memory.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

enum { N_KNOWN = 14 };
static const struct sched *const known[N_KNOWN] = {
    &sched_single,     &sched_greedy_energy,   &sched_greedy_latency,
    &sched_greedy_edp, &sched_greedy_weighted, &sched_qeil_v1,
    &sched_exact,      &sched_pgsam,           &sched_nsga2,
    &sched_amosa,      &sched_amosa_quotient,  &sched_pls,
    &sched_beam,       &sched_random};

static const char *const names[N_KNOWN + 1] = {
    "single-DEVICE",  "greedy-energy", "greedy-latency", "greedy-edp", "greedy-weighted",
    "qeil-v1",        "exact",         "pgsam",          "nsga2",      "amosa",
    "amosa-quotient", "pls",           "beam",           "random"};

static const char prefix[] = "single-";

const char *const *sched_names(void)
{
    return names;
}

/* The device part of a single-DEVICE name, or NULL. */
static const char *device_of(const char *name)
{
    size_t length = sizeof prefix - 1;
    return strncmp(name, prefix, length) == 0 && name[length] != '\0' ? name + length : NULL;
}

const struct sched *sched_find(const char *name)
{
    if (device_of(name))
        return &sched_single;
    for (size_t i = 0; i < N_KNOWN; i++)
        if (strcmp(known[i]->name, name) == 0)
            return known[i];
    return NULL;
}

static bool find_device(const struct problem *problem, const char *name, size_t *device)
{
    for (*device = 0; *device < problem->n_devices; (*device)++)
        if (strcmp(problem->device[*device], name) == 0)
            return true;
    return false;
}

/* All names that would do, NULL-ended, single-DEVICE spelt out for each device; freed by
 * free_names. Without a problem it stays as it is. */
static char **spelt_out(const struct problem *problem)
{
    size_t n = 0, n_devices = problem ? problem->n_devices : 0;
    char **list = mem_calloc(N_KNOWN + n_devices + 1, sizeof *list);
    for (size_t d = 0; d < n_devices; d++)
        list[n++] = mem_printf("%s%s", prefix, problem->device[d]);
    for (size_t i = problem ? 1 : 0; names[i]; i++)
        list[n++] = mem_strdup(names[i]);
    return list;
}

static void free_names(char **list)
{
    for (size_t i = 0; list[i]; i++)
        free(list[i]);
    free(list);
}

static bool unknown(const struct problem *problem, const char *name, struct error *err)
{
    char **list = spelt_out(problem);
    char *hint = text_hint(name, (const char *const *)list);
    struct text all = {0};
    for (size_t i = 0; list[i]; i++)
        text_add(&all, "%s%s", i > 0 ? ", " : "", list[i]);
    error_set(err, "there is no scheduler '%s'%s; there are %s", name, hint, all.bytes);
    text_free(&all);
    free(hint);
    free_names(list);
    return false;
}

static bool resolve(const struct problem *problem, const char *name, size_t *device,
                    struct error *err)
{
    const char *wanted = device_of(name);
    if (!sched_find(name) || (problem && wanted && !find_device(problem, wanted, device)))
        return unknown(problem, name, err);
    return true;
}

bool sched_check(const struct problem *problem, const char *name, struct error *err)
{
    size_t device;
    return resolve(problem, name, &device, err);
}

bool sched_run(struct problem *problem, const char *name, const struct sched_options *options,
               struct sched_front *front, struct error *err)
{
    struct sched_options resolved = *options;
    sched_front_init(front, problem);
    if (!resolve(problem, name, &resolved.device, err))
        return false;
    if (sched_find(name)->run(problem, &resolved, front, err))
        return true;
    sched_front_free(front);
    return false;
}
