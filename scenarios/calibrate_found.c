/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "scenarios/calibrate_found.h"

#include "base/memory.h"
#include "base/text.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static struct scenario_found *append(struct scenario_founds *out)
{
    out->device = mem_realloc(out->device, out->n + 1, sizeof *out->device);
    struct scenario_found *last = &out->device[out->n++];
    *last = (struct scenario_found){0};
    return last;
}

static char *copy(const char *text)
{
    return text ? mem_strdup(text) : NULL;
}

static void add_processor(const struct places *places, struct scenario_founds *out)
{
    *append(out) = (struct scenario_found){.id = mem_strdup("cpu"),
                                           .title = copy(places->model),
                                           .kind = DEVICE_CPU,
                                           .shares_memory = true,
                                           .memory_B = places->free_B,
                                           .clock_Hz = places->clock_Hz,
                                           .units = (unsigned)places->cores};
}

/* Two drivers tell of one device by the same title; one driver with equal titles tells of two. */
static const char *first_of(const struct opencl_devices *all, size_t which)
{
    const struct opencl_device *one = &all->device[which];
    for (size_t i = 0; i < which; i++) {
        const struct opencl_device *other = &all->device[i];
        if (!other->why && one->title && other->title && one->platform && other->platform &&
            strcmp(one->title, other->title) == 0 && strcmp(one->platform, other->platform) != 0)
            return other->id;
    }
    return NULL;
}

static char *why_skipped(const struct opencl_devices *all, size_t which, bool *again)
{
    const struct opencl_device *one = &all->device[which];
    const char *first = first_of(all, which), *as = one->processor ? "cpu" : first;
    *again = !one->why && as;
    if (one->why || !as)
        return copy(one->why);
    return mem_printf("%s again: measured as %s; --on %s measures it all the same",
                      one->processor ? "the processor" : first, as, one->id);
}

static void add_opencl(const struct opencl_devices *all, size_t which, double free_B,
                       struct scenario_founds *out)
{
    const struct opencl_device *one = &all->device[which];
    bool shares = one->shares_memory || one->processor;
    struct scenario_found *found = append(out);
    *found = (struct scenario_found){
        .id = mem_strdup(one->id),
        .title = copy(one->title),
        .driver = mem_printf("%s, %s", one->platform ? one->platform : "OpenCL",
                             one->driver ? one->driver : "version not told"),
        .kind = one->gpu         ? DEVICE_GPU
                : one->processor ? DEVICE_CPU
                                 : DEVICE_NPU,
        .shares_memory = shares,
        .memory_B = shares && free_B > 0 ? fmin(free_B, one->memory_B) : one->memory_B,
        .cache_B = one->cache_B,
        .clock_Hz = one->clock_Hz,
        .units = one->units};
    found->why = why_skipped(all, which, &found->again);
}

void scenario_founds_add(const struct opencl_devices *opencl, double free_B,
                         struct scenario_founds *out)
{
    for (size_t i = 0; i < opencl->n; i++)
        add_opencl(opencl, i, free_B, out);
    out->why = copy(opencl->why);
}

void scenario_founds_find(const struct places *places, bool all, struct scenario_founds *out)
{
    struct opencl_devices opencl = {0};
    *out = (struct scenario_founds){0};
    add_processor(places, out);
    if (!all)
        return;
    opencl_find(&opencl);
    scenario_founds_add(&opencl, places->free_B, out);
    opencl_devices_free(&opencl);
}

void scenario_found_copy(const struct scenario_found *found, struct scenario_found *out)
{
    *out = *found;
    out->id = copy(found->id);
    out->title = copy(found->title);
    out->driver = copy(found->driver);
    out->why = copy(found->why);
}

void scenario_found_free(struct scenario_found *found)
{
    free(found->id);
    free(found->title);
    free(found->driver);
    free(found->why);
    *found = (struct scenario_found){0};
}

void scenario_founds_free(struct scenario_founds *founds)
{
    for (size_t i = 0; i < founds->n; i++)
        scenario_found_free(&founds->device[i]);
    free(founds->device);
    free(founds->why);
    *founds = (struct scenario_founds){0};
}

const struct scenario_found *scenario_founds_get(const struct scenario_founds *founds,
                                                 const char *id, struct error *err)
{
    struct text names = {0};
    for (size_t i = 0; i < founds->n; i++)
        if (strcmp(founds->device[i].id, id) == 0)
            return &founds->device[i];
    for (size_t i = 0; i < founds->n; i++)
        text_add(&names, "%s%s", i ? ", " : "", founds->device[i].id);
    error_set(err, "no device '%s' was found here, only %s%s%s; see 'qeilsim calibrate --list'",
              text_clip(id).bytes, names.bytes, founds->why ? "; OpenCL: " : "",
              founds->why ? founds->why : "");
    text_free(&names);
    return NULL;
}

char *scenario_founds_json(const struct scenario_founds *founds)
{
    static const char *const kinds[] = {"cpu", "gpu", "npu"};
    json_t *devices = json_array();
    for (size_t i = 0; i < founds->n; i++) {
        const struct scenario_found *one = &founds->device[i];
        json_array_append_new(
            devices,
            json_pack("{s:s, s:s?, s:s, s:s?, s:f, s:b, s:I, s:b, s:s?}", "id", one->id, "title",
                      one->title, "kind", kinds[one->kind], "driver", one->driver, "memory_bytes",
                      one->memory_B, "shares_memory", one->shares_memory, "units",
                      (json_int_t)one->units, "measured", one->why == NULL, "why_not", one->why));
    }
    json_t *root = json_pack("{s:o, s:s?}", "devices", devices, "why_not_all", founds->why);
    char *text = json_dumps(root, JSON_INDENT(2));
    json_decref(root);
    return text;
}
