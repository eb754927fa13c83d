/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "scenarios/calibrate_relative.h"

#include "base/file.h"
#include "base/memory.h"
#include "devices/measurements/measured.h"
#include "scenarios/calibrate_device.h"
#include "scenarios/scenario.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__) || defined(__i386__)
static const char usual_processor[] = "ryzen-9-9950x";
#else
static const char usual_processor[] = "raspberry-pi-5";
#endif

/* Devices of one kind in the catalogue. */
struct kin {
    struct tree **tree; /* (n) */
    size_t n;
};

static const char *const kinds[] = {"cpu", "gpu", "npu"};

static bool read_kin(int kind, struct kin *out, struct error *err)
{
    char **names = scenario_catalogue("device", err);
    *out = (struct kin){0};
    for (size_t i = 0; names && names[i]; i++) {
        struct tree *tree = scenario_find("device", names[i], NULL, NULL, err);
        const char *its = tree_get_text(tree, "kind");
        if (its && strcmp(its, kinds[kind]) == 0) {
            out->tree = mem_realloc(out->tree, out->n + 1, sizeof(struct tree *));
            out->tree[out->n++] = tree;
        } else {
            tree_free(tree);
        }
    }
    bool ok = names != NULL;
    file_names_free(names);
    return ok;
}

static void free_kin(struct kin *kin)
{
    for (size_t i = 0; i < kin->n; i++)
        tree_free(kin->tree[i]);
    free(kin->tree);
}

static const struct tree *named(const struct kin *kin, const char *name)
{
    for (size_t i = 0; name && i < kin->n; i++)
        if (strcmp(tree_get_text(kin->tree[i], "name"), name) == 0)
            return kin->tree[i];
    return NULL;
}

/* The one that is called so, by its name, its title or what drivers call it. */
static const struct tree *same(const struct kin *kin, int kind, const char *title)
{
    struct measured_names *names = measured_names_new(MEASURED_NAME_DEVICE);
    const char *found = NULL;
    char *candidates = NULL;
    for (size_t i = 0; i < kin->n; i++) {
        const char *its = tree_get_text(kin->tree[i], "title");
        const struct tree *more = tree_get(kin->tree[i], "aliases");
        size_t n = 1 + (more ? more->n_children : 0);
        char **alias = mem_calloc(n, sizeof *alias);
        alias[0] = mem_strndup(its ? its : "", its ? strcspn(its, ",") : 0);
        for (size_t a = 1; a < n; a++)
            alias[a] = more->child[a - 1]->text;
        measured_names_add(names, tree_get_text(kin->tree[i], "name"), kinds[kind], alias, n);
        free(alias[0]);
        free(alias);
    }
    if (title)
        measured_names_find(names, title, kinds[kind], &found, &candidates);
    const struct tree *tree = named(kin, found);
    free(candidates);
    measured_names_free(names);
    return tree;
}

static bool has_word(const char *text, const char *word)
{
    for (; text && *text; text++) {
        size_t n = 0;
        while (word[n] && tolower((unsigned char)text[n]) == word[n])
            n++;
        if (!word[n])
            return true;
    }
    return false;
}

/* By what its titles and drivers say; 0: not told. */
static size_t maker_of(const char *title, const char *driver)
{
    static const struct {
        size_t maker;
        const char *word;
    } words[] = {{1, "nvidia"},     {1, "geforce"}, {2, "amd"},     {2, "radeon"},
                 {2, "gfx"},        {3, "intel"},   {4, "apple"},   {5, "mali"},
                 {5, "immortalis"}, {6, "adreno"},  {6, "qualcomm"}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (has_word(title, words[i].word) || has_word(driver, words[i].word))
            return words[i].maker;
    return 0;
}

static double number_of(const struct tree *device, const char *path)
{
    const struct tree *value = tree_find((struct tree *)device, path);
    return value && value->text ? strtod(value->text, NULL) : NAN;
}

/* How unlike: another maker, then another kind of memory, then by how much rates differ. */
static double distance(const struct tree *one, const struct scenario_calibration *calibration)
{
    const struct scenario_found *found = &calibration->found;
    const char *class = tree_get_text(one, "class"), *title = tree_get_text(one, "title");
    bool shares = class && strncmp(class, "soc-", 4) == 0;
    double bandwidth = 1e9 * number_of(one, "memory.bandwidth_GBps");
    double arithmetic = 1e12 * number_of(one, "compute.peaks.f32.vector_TFLOPS");
    double apart = maker_of(title, class) == maker_of(found->title, found->driver) ? 0 : 200;
    apart += shares == found->shares_memory ? 0 : 100;
    apart += fabs(log(bandwidth / calibration->stream_Bps));
    if (isfinite(arithmetic))
        apart += fabs(log(arithmetic / calibration->peak_FLOPps));
    return isfinite(apart) ? apart : INFINITY;
}

static const struct tree *nearest(const struct kin *kin,
                                  const struct scenario_calibration *calibration)
{
    const struct tree *best = NULL;
    double least = INFINITY;
    for (size_t i = 0; i < kin->n; i++) {
        double apart = distance(kin->tree[i], calibration);
        if (apart < least) {
            least = apart;
            best = kin->tree[i];
        }
    }
    return best;
}

/* "AMD Ryzen 9 9950X, 16 cores" */
static double cores_of(const struct tree *device)
{
    const char *title = tree_get_text(device, "title");
    const char *word = title ? strstr(title, " cores") : NULL;
    while (word && word > title && isdigit((unsigned char)word[-1]))
        word--;
    return word ? strtod(word, NULL) : 0;
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

static void take_clock(struct tree *device, const struct tree *relative, double told_Hz,
                       const char *ref)
{
    const struct tree *clocks = tree_get(relative, "clocks");
    struct tree *own = tree_new_map(&device->mark);
    double clock_Hz =
        told_Hz > 0 ? told_Hz : 1e9 * strtod(tree_get_text(clocks, "nominal_GHz"), NULL);
    char *clock = mem_printf("%.4g", clock_Hz / 1e9);
    tree_put(own, "nominal_GHz", tree_new_scalar(clock, &device->mark));
    tree_put(own, "nominal_V", tree_new_scalar(tree_get_text(clocks, "nominal_V"), &device->mark));
    tree_put(device, "clocks", own);
    scenario_calibrated_source(device, "clocks.nominal_V", "class", ref);
    scenario_calibrated_source(device, "clocks.nominal_GHz", told_Hz > 0 ? "measured" : "class",
                               told_Hz > 0 ? "as the system tells" : ref);
    free(clock);
}

static void take(struct tree *device, const struct tree *relative, double by, const char *ref)
{
    static const char *const parts[] = {"power", "thermal"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        tree_put(device, parts[i], tree_copy(tree_get(relative, parts[i])));
        scenario_calibrated_source(device, parts[i], "class", ref);
    }
    if (by != 1)
        scale_power(device, by);
}

bool scenario_take_relative(struct tree *device, const struct scenario_calibration *calibration,
                            char **prior, struct error *err)
{
    const struct scenario_found *found = &calibration->found;
    const struct places *places = calibration->places;
    bool processor = found->kind == DEVICE_CPU;
    struct kin kin;
    if (!read_kin(found->kind, &kin, err))
        return false;
    const struct tree *one = same(&kin, found->kind, processor ? places->model : found->title);
    const char *how = one ? "the same device in the catalogue" : "a relative in the catalogue";
    if (!one)
        one = processor ? named(&kin, usual_processor) : nearest(&kin, calibration);
    bool ok = one || error_set(err, "the catalogue has no device of kind %s", kinds[found->kind]);
    if (ok) {
        double theirs = cores_of(one);
        double by = processor && theirs > 0 ? (double)places->cores / theirs : 1;
        char *ref = mem_printf("no sensor tells: as %s, %s%s", tree_get_text(one, "name"), how,
                               by == 1 ? "" : ", by the number of cores");
        take(device, one, by, ref);
        take_clock(device, one, found->clock_Hz, ref);
        if (!processor)
            tree_put(device, "class", tree_copy(tree_get(one, "class")));
        *prior = mem_printf("power, heat and voltage: %s", ref);
        free(ref);
    }
    free_kin(&kin);
    return ok;
}
