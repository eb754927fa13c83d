/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Calibrations to HDF5 and back. */
#include "scenarios/calibrate_store.h"

#include "base/file.h"
#include "base/memory.h"
#include "scenarios/store.h"
#include "scenarios/thermal_logs.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TITLE "kernels measured on a machine"
#define TOP "calibration"

const char *const scenario_kernel_kinds[] = {"stream",  "peak",   "launch", "page",
                                             "product", "decode", "prompt", "element",
                                             "copy",    "pass",   NULL};
_Static_assert(sizeof scenario_kernel_kinds / sizeof *scenario_kernel_kinds == CALIBRATE_KINDS + 2,
               "a name for each kind");

#define AT(member) offsetof(struct scenario_kernel_row, member)
#define NUMBER(name, unit, text) COLUMN_OF(scenario_kernel_row, COLUMN_NUMBER, name, unit, text)
#define COUNT(name, text) COLUMN_OF(scenario_kernel_row, COLUMN_COUNT, name, "1", text)
#define TEXT(name, text) COLUMN_OF(scenario_kernel_row, COLUMN_TEXT, name, "1", text)

const struct column_spec scenario_kernel_columns[] = {
    {"kind", COLUMN_CODE, AT(kind), "1",
     "what it is: decode and prompt are attention, pass is a whole small model",
     scenario_kernel_kinds},
    TEXT(name, "which of its kind"),
    TEXT(format, "format of the weights of a product, or of the keys and values of attention"),
    TEXT(group, "group in which the device was fitted to it; empty: it was not"),
    COUNT(threads, "threads that worked"),
    COUNT(rows, "rows of a product or an element-wise operator, tokens of a prompt or a pass"),
    COUNT(outputs, "outputs of a product"),
    COUNT(inputs, "inputs of a product, or the width of a row"),
    COUNT(q_heads, "heads of queries"),
    COUNT(kv_heads, "heads of keys and values"),
    COUNT(head_dim, "width of a head"),
    COUNT(context, "tokens before the rows"),
    NUMBER(working_set_B, "byte", "arrays of a stream together"),
    NUMBER(bytes, "byte", "moved to and from memory by a call"),
    NUMBER(flops, "1", "floating point operations of a call"),
    NUMBER(time_s, "s", "median time of a call"),
    NUMBER(spread, "1", "robust standard deviation of a repetition over the median"),
    NUMBER(standard_error, "1", "standard error of the median over it"),
    COUNT(repetitions, "repetitions that count"),
    COUNT(metered, "1: by processor time, because other programs ran all the while"),
    NUMBER(predicted_s, "s", "time by the fitted device"),
    NUMBER(expected_error, "1", "expected error that the fit weighed it by"),
    {.name = NULL},
};

const struct column_spec scenario_level_columns[] = {
    {"level", COLUMN_COUNT, offsetof(struct scenario_level_row, level), "1", "level of the cache",
     NULL},
    {"capacity_B", COLUMN_NUMBER, offsetof(struct scenario_level_row, capacity_B), "byte",
     "of the caches of this level that the threads used, together", NULL},
    {.name = NULL},
};

static bool has_format(const struct calibrate_sample *one)
{
    return one->kind == CALIBRATE_PRODUCT || one->kind == CALIBRATE_DECODE ||
           one->kind == CALIBRATE_PROMPT;
}

static struct scenario_kernel_row timed(const struct calibrate_timing *timing)
{
    return (struct scenario_kernel_row){.name = "",
                                        .format = "",
                                        .group = "",
                                        .working_set_B = NAN,
                                        .bytes = NAN,
                                        .flops = NAN,
                                        .time_s = timing->median_s,
                                        .spread = timing->spread,
                                        .standard_error = timing->standard_error,
                                        .repetitions = (int64_t)timing->repetitions,
                                        .metered = timing->metered,
                                        .predicted_s = NAN,
                                        .expected_error = NAN};
}

static struct scenario_kernel_row kernel_row(const struct calibrate_sample *one)
{
    struct scenario_kernel_row row = timed(&one->timing);
    row.kind = (int32_t)one->kind;
    row.name = one->name;
    row.format = has_format(one) ? kernels_format_name(one->format) : "";
    row.threads = (int64_t)one->threads;
    row.rows = (int64_t)one->rows;
    row.outputs = (int64_t)one->outputs;
    row.inputs = (int64_t)one->inputs;
    row.q_heads = (int64_t)one->q_heads;
    row.kv_heads = (int64_t)one->kv_heads;
    row.head_dim = (int64_t)one->head_dim;
    row.context = (int64_t)one->context;
    row.working_set_B = one->working_set_B;
    row.bytes = one->bytes;
    row.flops = one->flops;
    return row;
}

/* What the fitted device says of the i-th thing that it was fitted to. */
static void add_prediction(const struct scenario_calibration *one, size_t i,
                           struct scenario_kernel_row *row)
{
    row->group = one->evidence.group[i];
    row->predicted_s = one->predicted_s ? one->predicted_s[i] : NAN;
    row->expected_error = one->evidence.what[i].noise;
}

static struct scenario_kernel_row pass_row(const struct scenario_calibration *one, size_t i)
{
    const struct device_observation *what = &one->evidence.what[i];
    const struct calibrate_timing timing = {
        .median_s = what->measured, .spread = NAN, .standard_error = NAN};
    struct scenario_kernel_row row = timed(&timing);
    row.kind = CALIBRATE_KINDS;
    row.name = what->kind == DEVICE_SAW_PREFILL ? "prefill" : "decode";
    row.threads = (int64_t)one->threads;
    row.rows = (int64_t)what->run.tokens;
    row.context = (int64_t)what->run.depth;
    add_prediction(one, i, &row);
    return row;
}

static size_t evidence_of(const struct scenario_calibration *one,
                          const struct calibrate_sample *sample)
{
    size_t i = 0;
    while (i < one->evidence.n && one->evidence.sample[i] != sample)
        i++;
    return i;
}

static void add_kernels(const struct scenario_calibration *one, struct table *out)
{
    table_init(out, "kernels", scenario_kernel_columns);
    for (size_t s = 0; s < one->samples.n; s++) {
        const struct calibrate_sample *sample = &one->samples.sample[s];
        struct scenario_kernel_row row = kernel_row(sample);
        size_t i = evidence_of(one, sample);
        if (i < one->evidence.n)
            add_prediction(one, i, &row);
        if (sample->timing.repetitions > 0)
            table_add(out, &row);
    }
    for (size_t i = 0; i < one->evidence.n; i++) {
        struct scenario_kernel_row row = pass_row(one, i);
        if (!one->evidence.sample[i])
            table_add(out, &row);
    }
}

static void add_levels(const struct scenario_calibration *one, struct table *out)
{
    const struct places *places = one->places;
    table_init(out, "levels", scenario_level_columns);
    if (one->found.id && strcmp(one->found.id, "cpu") != 0)
        return; /* a driver's work lies in caches as the driver likes */
    for (size_t i = 0; places && i < places->n_caches; i++) {
        const struct places_cache *cache = &places->cache[i];
        struct scenario_level_row row = {
            cache->level, cache->bytes * fmin((double)cache->caches, (double)one->threads)};
        table_add(out, &row);
    }
}

static void add_heat(struct scenario_calibrations *all, const struct scenario_thermal *heat)
{
    struct scenario_thermal_log log;
    struct scenario_thermal_reading reading;
    if (heat->readings.n_rows == 0)
        return;
    if (all->heat.logs.n_columns == 0)
        scenario_thermal_init(&all->heat);
    for (size_t r = 0; r < heat->logs.n_rows; r++) {
        table_get(&heat->logs, r, &log);
        table_add(&all->heat.logs, &log);
    }
    for (size_t r = 0; r < heat->readings.n_rows; r++) {
        table_get(&heat->readings, r, &reading);
        table_add(&all->heat.readings, &reading);
    }
}

void scenario_calibrations_add(struct scenario_calibrations *all,
                               const struct scenario_calibration *one)
{
    all->device = mem_grow(all->device, &all->room, all->n + 1, sizeof *all->device);
    struct scenario_kept_device *kept = &all->device[all->n++];
    *kept = (struct scenario_kept_device){.name = mem_strdup(one->fit.name),
                                          .title = mem_strdup(one->title),
                                          .vectors = mem_strdup(one->vectors),
                                          .gemm = mem_strdup(one->gemm),
                                          .yaml = mem_strdup(one->fit.yaml)};
    add_kernels(one, &kept->kernels);
    add_levels(one, &kept->levels);
    add_heat(all, &one->heat.log);
}

void scenario_calibrations_free(struct scenario_calibrations *all)
{
    for (size_t i = 0; i < all->n; i++) {
        struct scenario_kept_device *kept = &all->device[i];
        free(kept->name);
        free(kept->title);
        free(kept->vectors);
        free(kept->gemm);
        free(kept->yaml);
        table_free(&kept->kernels);
        table_free(&kept->levels);
    }
    free(all->device);
    scenario_thermal_free(&all->heat);
    *all = (struct scenario_calibrations){0};
}

static void put_device(struct scenario_h5 *file, const struct scenario_kept_device *kept)
{
    char *group = mem_printf(TOP "/%s", kept->name);
    char *kernels = mem_printf("%s/kernels", group), *levels = mem_printf("%s/levels", group);
    char *yaml = mem_printf("%s/yaml", group);
    scenario_h5_put_group(file, group);
    scenario_h5_put_word(file, group, "title", kept->title);
    scenario_h5_put_word(file, group, "vectors", kept->vectors);
    scenario_h5_put_word(file, group, "gemm", kept->gemm);
    scenario_h5_put_text(file, yaml, "the fitted device file", kept->yaml);
    scenario_h5_put_table(file, kernels, &kept->kernels);
    scenario_h5_put_table(file, levels, &kept->levels);
    free(yaml);
    free(levels);
    free(kernels);
    free(group);
}

bool scenario_calibrations_write(const struct scenario_calibrations *all, const char *path,
                                 struct error *err)
{
    struct scenario_h5 *file = scenario_h5_create();
    scenario_store_head(file, TITLE);
    scenario_h5_put_group(file, TOP);
    for (size_t i = 0; i < all->n; i++)
        put_device(file, &all->device[i]);
    if (all->heat.readings.n_rows > 0)
        scenario_thermal_put_tables(file, &all->heat);
    bool ok = scenario_h5_save(file, path, err);
    scenario_h5_close(file);
    return ok;
}

bool scenario_calibrations_stored(const struct scenario_h5 *file)
{
    return scenario_h5_has(file, TOP);
}

static bool get_device(struct scenario_h5 *file, const char *name, struct scenario_kept_device *out)
{
    char *group = mem_printf(TOP "/%s", name);
    char *kernels = mem_printf("%s/kernels", group), *levels = mem_printf("%s/levels", group);
    char *yaml = mem_printf("%s/yaml", group);
    *out = (struct scenario_kept_device){.name = mem_strdup(name)};
    bool ok =
        scenario_h5_get_word(file, group, "title", &out->title) &&
        scenario_h5_get_word(file, group, "vectors", &out->vectors) &&
        scenario_h5_get_word(file, group, "gemm", &out->gemm) &&
        scenario_h5_get_text(file, yaml, &out->yaml) &&
        scenario_h5_get_table(file, kernels, "kernels", scenario_kernel_columns, &out->kernels) &&
        scenario_h5_get_table(file, levels, "levels", scenario_level_columns, &out->levels);
    free(yaml);
    free(levels);
    free(kernels);
    free(group);
    return ok;
}

bool scenario_calibrations_get(struct scenario_h5 *file, struct scenario_calibrations *out)
{
    *out = (struct scenario_calibrations){0};
    char **names = scenario_h5_members(file, TOP);
    bool ok = true;
    for (size_t i = 0; ok && names && names[i]; i++) {
        out->device = mem_grow(out->device, &out->room, out->n + 1, sizeof *out->device);
        ok = get_device(file, names[i], &out->device[out->n++]);
    }
    file_names_free(names);
    return ok;
}
