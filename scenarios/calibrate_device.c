/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "scenarios/calibrate_device.h"

#include "base/file.h"
#include "base/memory.h"
#include "scenarios/class.h"
#include "scenarios/scenario.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const double GiB = 1073741824.0, MiB = 1048576.0;

#if defined(__x86_64__) || defined(__i386__)
static const char class_name[] = "x86-cpu", usual_relative[] = "ryzen-9-9950x";
#elif defined(__aarch64__) || defined(__arm__)
static const char class_name[] = "arm-cpu", usual_relative[] = "raspberry-pi-5";
#else
static const char class_name[] = "cpu", usual_relative[] = "raspberry-pi-5";
#endif

/* "AMD Ryzen 9 9950X, 16 cores" */
static double cores_of(const struct tree *device)
{
    const char *title = tree_get_text(device, "title");
    const char *word = title ? strstr(title, " cores") : NULL;
    while (word && word > title && isdigit((unsigned char)word[-1]))
        word--;
    return word ? strtod(word, NULL) : 0;
}

/* The CPU of the catalogue that is named so, or one of its kind. */
static struct tree *find_relative(const char *processor, const char **how, struct error *err)
{
    char **devices = scenario_catalogue("device", err);
    struct measured_names *names = measured_names_new(MEASURED_NAME_DEVICE);
    const char *found = NULL;
    char *candidates = NULL;
    for (size_t i = 0; devices && devices[i]; i++) {
        struct tree *tree = scenario_find("device", devices[i], NULL, NULL, err);
        const char *kind = tree_get_text(tree, "kind"), *title = tree_get_text(tree, "title");
        char *alias[] = {mem_strndup(title ? title : "", title ? strcspn(title, ",") : 0)};
        if (kind && strcmp(kind, "cpu") == 0)
            measured_names_add(names, devices[i], "cpu", alias, 1);
        free(alias[0]);
        tree_free(tree);
    }
    if (devices && processor)
        measured_names_find(names, processor, "cpu", &found, &candidates);
    *how = found ? "the same processor in the catalogue" : "a relative in the catalogue";
    struct tree *tree =
        devices ? scenario_find("device", found ? found : usual_relative, NULL, NULL, err) : NULL;
    free(candidates);
    measured_names_free(names);
    file_names_free(devices);
    return tree;
}

static void scale(struct tree *map, const char *key, double by)
{
    const char *text = tree_get_text(map, key);
    if (!text)
        return;
    char *value = mem_printf("%.4g", by * strtod(text, NULL));
    tree_put(map, key, tree_new_scalar(value, &map->mark));
    free(value);
}

/* Watts, heat capacities and conductances go with the number of cores. */
static void scale_power(struct tree *device, double by)
{
    static const char *const watts[] = {"idle_W", "active_W", "cap_W", "sleep_W"};
    struct tree *power = tree_get(device, "power"), *nodes = tree_find(device, "thermal.nodes");
    for (size_t i = 0; i < sizeof watts / sizeof *watts; i++)
        scale(power, watts[i], by);
    scale(tree_get(power, "leakage"), "reference_W", by);
    for (size_t i = 0; nodes && i < nodes->n_children; i++) {
        scale(nodes->child[i], "capacity_J_per_K", by);
        scale(nodes->child[i], "ambient_W_per_K", by);
    }
    struct tree *couplings = tree_find(device, "thermal.couplings");
    for (size_t i = 0; couplings && i < couplings->n_children; i++)
        scale(couplings->child[i], "W_per_K", by);
}

void scenario_calibrated_source(struct tree *device, const char *path, const char *kind,
                                const char *ref)
{
    struct tree *source = tree_new_map(&device->mark);
    tree_put(source, "kind", tree_new_scalar(kind, &device->mark));
    tree_put(source, "ref", tree_new_scalar(ref, &device->mark));
    tree_put(tree_get(device, "sources"), path, source);
}

/* Power, heat and voltage are a relative's: nothing here measures them. */
static bool take_relative(struct tree *device, const struct places *places, char **prior,
                          struct error *err)
{
    static const char *const parts[] = {"power", "thermal"};
    const char *how;
    struct tree *relative = find_relative(places->model, &how, err);
    if (!relative)
        return false;
    const char *name = tree_get_text(relative, "name");
    double theirs = cores_of(relative), by = theirs > 0 ? (double)places->cores / theirs : 1;
    char *ref = mem_printf("no sensor tells: as %s, %s%s", name, how,
                           by == 1 ? "" : ", by the number of cores");
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        tree_put(device, parts[i], tree_copy(tree_get(relative, parts[i])));
        scenario_calibrated_source(device, parts[i], "class", ref);
    }
    scale_power(device, by);
    const struct tree *clocks = tree_get(relative, "clocks");
    struct tree *own = tree_new_map(&device->mark);
    double clock_Hz = places->clock_Hz > 0
                          ? places->clock_Hz
                          : 1e9 * strtod(tree_get_text(clocks, "nominal_GHz"), NULL);
    char *clock = mem_printf("%.4g", clock_Hz / 1e9);
    tree_put(own, "nominal_GHz", tree_new_scalar(clock, &device->mark));
    tree_put(own, "nominal_V", tree_new_scalar(tree_get_text(clocks, "nominal_V"), &device->mark));
    tree_put(device, "clocks", own);
    scenario_calibrated_source(device, "clocks.nominal_V", "class", ref);
    scenario_calibrated_source(device, "clocks.nominal_GHz",
                               places->clock_Hz > 0 ? "measured" : "class",
                               places->clock_Hz > 0 ? "as the system tells" : ref);
    *prior = mem_printf("power, heat and voltage: %s", ref);
    free(clock);
    free(ref);
    tree_free(relative);
    return true;
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

static void add_compute(struct text *text, const struct scenario_calibration *calibration)
{
    double floats = calibrate_peak_FLOPps(&calibration->samples, "f32");
    double whole = calibrate_peak_FLOPps(&calibration->samples, "int8");
    text_add(text,
             "compute:\n  peaks:\n"
             "    - {name: f32, vector_TFLOPS: %.4g, matrix_TFLOPS: %.4g}\n"
             "    - {name: int8, vector_TFLOPS: %.4g, matrix_TFLOPS: %.4g}\n"
             "  float_weights: f32\n  quantised_weights: int8\n"
             "  cores: %zu\n  vector_rows: %d\n  tile_rows: 4\n  dequant:\n",
             floats / 1e12, floats / 1e12, whole / 1e12, floats / 1e12, calibration->threads,
             KERNELS_VECTOR_ROWS);
    for (enum kernels_format f = 0; f < KERNELS_FORMATS; f++)
        text_add(text, "    - {name: %s, ops_per_weight: %s, matrix_ops_per_weight: 10}\n",
                 kernels_format_name(f), f == KERNELS_F32 ? "0.2" : "1");
}

static void add_sources(struct text *text, const struct scenario_calibration *calibration)
{
    text_add(
        text,
        "sources:\n"
        "  compute.peaks: {kind: measured, ref: \"multiply-adds in registers on %zu threads; "
        "products with quantised weights unpack them to F32\"}\n"
        "  memory.bandwidth_GBps: {kind: measured, ref: \"the fastest of the streams and "
        "products that read more than the last cache holds\"}\n"
        "  memory.caches: {kind: measured, ref: \"capacities as the system tells, reading what "
        "fits\"}\n"
        "  memory.capacity_GiB: {kind: measured, ref: \"free for programs when this was "
        "measured\"}\n",
        calibration->threads);
}

static char *device_text(const struct scenario_calibrate_ask *ask,
                         const struct scenario_calibration *calibration)
{
    const struct places *places = calibration->places;
    struct text text = {0};
    text_add(&text, "name: %s\n", ask->name);
    text_add(&text, "title: \"%s, %zu %s\"\n", calibration->title, places->cores,
             places->cores == 1 ? "core" : "cores");
    text_add(&text, "kind: cpu\nclass: %s\n", class_name);
    add_compute(&text, calibration);
    text_add(&text, "memory:\n  bandwidth_GBps: %.4g\n", calibration->stream_Bps / 1e9);
    if (places->free_B > 0)
        text_add(&text, "  capacity_GiB: %.4g\n", places->free_B / GiB);
    add_caches(&text, calibration);
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
    if (tree && take_relative(tree, calibration->places, prior, err) &&
        scenario_class_fill(tree, err))
        return tree;
    tree_free(tree);
    return NULL;
}
