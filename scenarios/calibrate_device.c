/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "scenarios/calibrate_device.h"

#include "base/memory.h"
#include "scenarios/calibrate_relative.h"
#include "scenarios/class.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const double GiB = 1073741824.0, MiB = 1048576.0;

#if defined(__x86_64__) || defined(__i386__)
static const char processor_class[] = "x86-cpu";
#elif defined(__aarch64__) || defined(__arm__)
static const char processor_class[] = "arm-cpu";
#else
static const char processor_class[] = "cpu";
#endif

void scenario_calibrated_source(struct tree *device, const char *path, const char *kind,
                                const char *ref)
{
    struct tree *source = tree_new_map(&device->mark);
    tree_put(source, "kind", tree_new_scalar(kind, &device->mark));
    tree_put(source, "ref", tree_new_scalar(ref, &device->mark));
    tree_put(tree_get(device, "sources"), path, source);
}

/* Ran the processor's own kernels. */
static bool is_cpu(const struct scenario_calibration *calibration)
{
    return strcmp(calibration->found.id, "cpu") == 0;
}

static bool is_processor(const struct scenario_calibration *calibration)
{
    return calibration->found.kind == DEVICE_CPU;
}

/* The rate of a reading stream less the launch; nan: not one, or too short to tell. */
static double net_Bps(const struct calibrate_sample *one, double launch_s)
{
    double net_s = one->timing.median_s - launch_s;
    bool told = one->kind == CALIBRATE_STREAM && strcmp(one->name, "read") == 0 &&
                one->timing.repetitions > 0 && net_s > launch_s;
    return told ? one->bytes / net_s : NAN;
}

/* Drivers of GPUs do not tell how much the last cache holds: as much as reading is nearer to its
 * best rate than to that of memory. */
static void add_found_cache(struct text *text, const struct scenario_calibration *calibration)
{
    const struct calibrate_samples *samples = &calibration->samples;
    const double worth = 1.4;
    double best_Bps = 0, size_B = 0;
    for (size_t i = 0; i < samples->n; i++)
        best_Bps = fmax(best_Bps, net_Bps(&samples->sample[i], calibration->launch_s));
    for (size_t i = 0; i < samples->n; i++)
        if (net_Bps(&samples->sample[i], calibration->launch_s) >
            sqrt(best_Bps * calibration->stream_Bps))
            size_B = fmax(size_B, samples->sample[i].bytes);
    bool there = best_Bps > worth * calibration->stream_Bps;
    text_add(text, "  caches:%s\n", there ? "" : " []");
    if (there)
        text_add(text, "    - {name: L2, capacity_MiB: %.4g, bandwidth_GBps: %.4g}\n", size_B / MiB,
                 best_Bps / 1e9);
}

static void add_caches(struct text *text, const struct scenario_calibration *calibration)
{
    const struct places *places = calibration->places;
    double below_B = 0;
    text_add(text, "  caches:%s\n", places->n_caches ? "" : " []");
    for (size_t i = 0; i < places->n_caches; i++) {
        const struct places_cache *cache = &places->cache[i];
        double share = fmin((double)cache->caches, (double)calibration->threads);
        double size_B = cache->bytes * (i + 1 < places->n_caches ? share : (double)cache->caches);
        double rate =
            calibrate_stream_Bps(&calibration->samples, "read", below_B * 1.4, 0.75 * size_B);
        below_B = size_B;
        if (isfinite(rate))
            text_add(text, "    - {name: L%u, capacity_MiB: %.6g, bandwidth_GBps: %.4g}\n",
                     cache->level, size_B / MiB, rate / 1e9);
    }
}

/* A text in double quotes. */
static void add_quoted(struct text *text, const char *key, const char *value)
{
    if (!value)
        return;
    text_add(text, "  %s: \"", key);
    for (; *value; value++)
        text_add(text, "%s%c", *value == '"' || *value == '\\' ? "\\" : "", *value);
    text_add(text, "\"\n");
}

static void add_provenance(struct text *text, const struct scenario_calibrate_ask *ask,
                           const struct scenario_calibration *calibration)
{
    const struct places *places = calibration->places;
    time_t now = time(NULL);
    struct tm day;
    char date[16] = "";
    if (gmtime_r(&now, &day))
        strftime(date, sizeof date, "%Y-%m-%d", &day);
    text_add(text, "calibration:\n");
    add_quoted(text, "date", date);
    add_quoted(text, "id", calibration->found.id);
    add_quoted(text, "device", calibration->found.title);
    add_quoted(text, "driver", calibration->found.driver);
    add_quoted(text, "processor", places->model);
    add_quoted(text, "kernel", places->kernel);
    add_quoted(text, "compiler", __VERSION__);
    add_quoted(text, "libraries", calibration->gemm);
    add_quoted(text, "vectors", calibration->vectors);
    add_quoted(text, "governor", places->governor);
    add_quoted(text, "power_mode", places->mode);
    text_add(text, "  threads: %zu\n  noise: %.3g\n  drift: %.3g\n", calibration->threads,
             calibration->noise, calibration->pace.drift);
    if (ask->ambient_K > 0)
        text_add(text, "  ambient_C: %.4g\n", ask->ambient_K - 273.15);
}

/* The processor's products of one row with quantised weights multiply 8-bit integers, and those of
 * many rows where it has instructions for it; all others unpack to floats. */
static void add_compute(struct text *text, const struct scenario_calibration *calibration)
{
    bool whole = is_cpu(calibration);
    double floats = calibrate_peak_FLOPps(&calibration->samples, "f32");
    double integers = calibrate_peak_FLOPps(&calibration->samples, "int8");
    size_t units = calibration->found.units;
    text_add(text,
             "compute:\n  peaks:\n    - {name: f32, vector_TFLOPS: %.4g, matrix_TFLOPS: %.4g}\n",
             floats / 1e12, floats / 1e12);
    if (whole)
        text_add(text, "    - {name: int8, vector_TFLOPS: %.4g, matrix_TFLOPS: %.4g}\n",
                 integers / 1e12, (calibration->integers ? integers : floats) / 1e12);
    text_add(text,
             "  float_weights: f32\n  quantised_weights: %s\n"
             "  cores: %zu\n  vector_rows: %d\n  tile_rows: %d\n  dequant:\n",
             whole ? "int8" : "f32",
             whole       ? calibration->threads
             : units > 0 ? units
                         : 1,
             KERNELS_VECTOR_ROWS, whole ? 1 : 4);
    for (enum kernels_format f = 0; f < KERNELS_FORMATS; f++)
        text_add(text, "    - {name: %s, ops_per_weight: %s, matrix_ops_per_weight: 10}\n",
                 kernels_format_name(f), f == KERNELS_F32 ? "0.2" : "1");
}

static void add_sources(struct text *text, const struct scenario_calibration *calibration)
{
    bool cpu = is_cpu(calibration), host = is_processor(calibration);
    char *where =
        cpu ? mem_printf("on %zu threads", calibration->threads) : mem_strdup("by OpenCL");
    text_add(text,
             "sources:\n"
             "  compute.peaks: {kind: measured, ref: \"multiply-adds in registers %s; %s\"}\n"
             "  memory.bandwidth_GBps: {kind: measured, ref: \"the fastest of the streams and "
             "products that read more than the last cache holds\"}\n"
             "  memory.caches: {kind: measured, ref: \"%s\"}\n"
             "  memory.capacity_GiB: {kind: measured, ref: \"%s\"}\n",
             where,
             calibration->integers ? "products with quantised weights multiply 8-bit integers"
                                   : "products of many rows unpack quantised weights to F32",
             host ? "capacities as the system tells, reading what fits"
                  : "reading of more and more, and where its rate falls to that of memory",
             host ? "free for programs when this was measured" : "as the driver tells");
    free(where);
}

static void add_identity(struct text *text, const struct scenario_calibrate_ask *ask,
                         const struct scenario_calibration *calibration)
{
    static const char *const kinds[] = {"cpu", "gpu", "npu"};
    const struct places *places = calibration->places;
    int kind = calibration->found.kind;
    text_add(text, "name: %s\n", scenario_calibrated_name(ask, &calibration->found));
    if (is_cpu(calibration))
        text_add(text, "title: \"%s, %zu %s\"\n", calibration->title, places->cores,
                 places->cores == 1 ? "core" : "cores");
    else
        text_add(text, "title: \"%s, by OpenCL\"\n", calibration->title);
    text_add(text, "kind: %s\nclass: %s\n", kinds[kind],
             kind == DEVICE_CPU ? processor_class : kinds[kind]);
}

const char *scenario_calibrated_name(const struct scenario_calibrate_ask *ask,
                                     const struct scenario_found *found)
{
    static const char *const names[] = {"host", "gpu", "npu"};
    return ask->name ? ask->name : names[ask->platform ? DEVICE_CPU : found->kind];
}

static char *device_text(const struct scenario_calibrate_ask *ask,
                         const struct scenario_calibration *calibration)
{
    struct text text = {0};
    add_identity(&text, ask, calibration);
    add_compute(&text, calibration);
    text_add(&text, "memory:\n  bandwidth_GBps: %.4g\n", calibration->stream_Bps / 1e9);
    if (calibration->found.memory_B > 0)
        text_add(&text, "  capacity_GiB: %.4g\n", calibration->found.memory_B / GiB);
    if (is_processor(calibration))
        add_caches(&text, calibration);
    else
        add_found_cache(&text, calibration);
    text_add(&text, "  element_efficiency: 0.3\n");
    text_add(&text,
             "attention: {prefill_us: 10, us_per_tile: 10, us_per_sequence: 0, tile_rows: 64}\n"
             "overheads: {element_us: 1}\n");
    add_provenance(&text, ask, calibration);
    add_sources(&text, calibration);
    return text.bytes;
}

struct tree *scenario_calibrated_device(const struct scenario_calibrate_ask *ask,
                                        const struct scenario_calibration *calibration,
                                        char **prior, struct error *err)
{
    char *text = device_text(ask, calibration);
    struct tree *tree = tree_parse("calibration", text, strlen(text), err);
    free(text);
    if (tree && scenario_take_relative(tree, calibration, prior, err) &&
        scenario_class_fill(tree, err))
        return tree;
    tree_free(tree);
    return NULL;
}
