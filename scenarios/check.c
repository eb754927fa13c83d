/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "scenarios/check.h"

#include "base/memory.h"
#include "sim/kv.h"
#include "sim/schedulers/sched.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const objective_names[PROBLEM_OBJECTIVES + 1] = {"energy", "latency",
                                                                    "underutilisation", NULL};
/* Plans that a front names. */
static const char *const choice_names[] = {"knee", "least-energy", "least-latency", NULL};

static bool fault(const struct tree *place, struct error *err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static bool fault(const struct tree *place, struct error *err, const char *format, ...)
{
    char sentence[ERROR_SENTENCE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(sentence, sizeof sentence, format, arguments);
    va_end(arguments);
    return place ? tree_error(err, place, "%s", sentence) : error_set(err, "%s", sentence);
}

/* The element of a list, or the scenario where the list is left to its preset. */
static const struct tree *element(const struct tree *root, const char *list, size_t i)
{
    const struct tree *node = tree_get(root, list);
    return node && i < node->n_children ? node->child[i] : root;
}

/* Tells which devices there are. */
static bool no_device(const struct device_platform *platform, const char *name, const char *device,
                      const struct tree *place, struct error *err)
{
    const char **devices = mem_calloc(platform->n_devices + 1, sizeof *devices);
    struct text list = {0};
    for (size_t d = 0; d < platform->n_devices; d++) {
        devices[d] = platform->device[d].name;
        text_add(&list, "%s%s", d ? ", " : "", devices[d]);
    }
    char *hint = text_hint(device, devices);
    fault(place, err, "scheduler '%s': the platform has no device '%s'%s; it has %s",
          text_clip(name).bytes, text_clip(device).bytes, hint, list.bytes);
    free(hint);
    free(devices);
    text_free(&list);
    return false;
}

static bool check_scheduler(const struct scenario *scenario, const char *name,
                            const struct tree *place, struct error *err)
{
    static const char single[] = "single-";
    struct error why = {0};
    if (!sched_check(NULL, name, &why))
        return fault(place, err, "%s", why.fault[0]);
    const struct device_platform *platform = &scenario->platform;
    if (strncmp(name, single, strlen(single)) != 0 || platform->n_devices == 0)
        return true;
    const char *device = name + strlen(single);
    return device_platform_find(platform, device) < platform->n_devices ||
           no_device(platform, name, device, place, err);
}

static bool check_unique(char *const *words, size_t i, const struct tree *place, struct error *err)
{
    for (size_t j = 0; j < i; j++)
        if (strcmp(words[j], words[i]) == 0)
            return tree_error(err, place, "'%s' is listed twice", text_clip(words[i]).bytes);
    return true;
}

bool scenario_check_serving(const struct scenario *scenario, struct error *err)
{
    if (!scenario->serving.prefix_cache || scenario->serving.kv_allocator == SIM_KV_PAGED)
        return true;
    return tree_error(err, tree_find(scenario->tree, "serving.prefix_cache"),
                      "a prefix cache shares blocks, which only kv_allocator paged gives out");
}

bool scenario_check_schedulers(const struct scenario *scenario, struct error *err)
{
    bool ok = scenario->n_schedulers > 0 ||
              tree_error(err, tree_get(scenario->tree, "schedulers"), "no scheduler is listed");
    for (size_t i = 0; i < scenario->n_schedulers; i++) {
        const struct tree *place = element(scenario->tree, "schedulers", i);
        ok = check_unique(scenario->schedulers, i, place, err) && ok;
        ok = check_scheduler(scenario, scenario->schedulers[i], place, err) && ok;
    }
    return ok;
}

bool scenario_check_faults(const struct scenario *scenario, struct error *err)
{
    static const char single[] = "single-";
    const struct tree *faults = tree_get(scenario->tree, "faults");
    const struct tree *place = tree_find(scenario->tree, "replan.scheduler");
    const char *name = scenario->replan.scheduler;
    struct error why = {0};
    bool ok = scenario->platform.n_devices == 0 ||
              sim_faults_check(&scenario->faults, &scenario->platform,
                               faults ? faults : scenario->tree, err);
    if (!sched_check(NULL, name, &why))
        return fault(place, err, "%s", why.fault[0]);
    if (strncmp(name, single, strlen(single)) == 0)
        return fault(place, err, "'%s' knows one plan only; name a scheduler that searches",
                     text_clip(name).bytes);
    return ok;
}

static bool take_objective(struct scenario *scenario, size_t i, struct error *err)
{
    const struct tree *place = element(scenario->tree, "objectives", i);
    for (size_t o = 0; objective_names[o]; o++) {
        if (strcmp(objective_names[o], scenario->objectives[i]) != 0)
            continue;
        scenario->search.objective[o] = true;
        return check_unique(scenario->objectives, i, place, err);
    }
    char *hint = text_hint(scenario->objectives[i], objective_names);
    tree_error(err, place, "'%s' is no objective%s; there are energy, latency, underutilisation",
               text_clip(scenario->objectives[i]).bytes, hint);
    free(hint);
    return false;
}

bool scenario_take_objectives(struct scenario *scenario, struct error *err)
{
    bool ok = scenario->n_objectives > 0 ||
              tree_error(err, tree_get(scenario->tree, "objectives"), "no objective is listed");
    for (size_t i = 0; i < scenario->n_objectives; i++)
        ok = take_objective(scenario, i, err) && ok;
    return ok;
}

/* "did you mean" among the marks of a front and the schedulers. */
static char *plan_hint(const char *plan)
{
    char *hint = text_hint(plan, choice_names);
    if (*hint)
        return hint;
    free(hint);
    return text_hint(plan, sched_names());
}

bool scenario_check_plan(const struct scenario *scenario, const char *plan,
                         const struct tree *place, struct error *err)
{
    if (strchr(plan, ':'))
        return true;
    for (size_t i = 0; choice_names[i]; i++)
        if (strcmp(choice_names[i], plan) == 0)
            return true;
    struct error unused = {0};
    if (sched_check(NULL, plan, &unused))
        return check_scheduler(scenario, plan, place, err);
    char *hint = plan_hint(plan);
    fault(place, err,
          "'%s' is no plan%s; there are knee, least-energy, least-latency, each scheduler's name "
          "and RESULT.h5:ID",
          text_clip(plan).bytes, hint);
    free(hint);
    return false;
}
