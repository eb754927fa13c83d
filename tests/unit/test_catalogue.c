/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The catalogue of devices and platforms: every file reads without faults, and every number of it
 * says where it comes from. */
#include "base/file.h"
#include "devices/platform.h"
#include "scenarios/class.h"
#include "scenarios/scenario.h"
#include "tests/check.h"

#include <ctype.h>

#define CATALOGUE SOURCE_DIR "/devices/catalog"

static const char *const kinds[] = {"datasheet", "measured", "fitted", "class", "estimated"};

static bool is_number(const struct tree *node)
{
    char *end;
    if (node->kind != TREE_SCALAR || node->quoted || node->text[0] == '\0')
        return false;
    strtod(node->text, &end);
    return *end == '\0';
}

/* Whether `key` is `path` or a prefix of it that ends at a dot. */
static bool covers(const char *key, const char *path)
{
    size_t n = strlen(key);
    return strncmp(key, path, n) == 0 && (path[n] == '\0' || path[n] == '.');
}

static void check_covered(const char *path, const struct tree *sources, bool *used)
{
    bool covered = false;
    for (size_t i = 0; i < sources->n_children; i++) {
        if (covers(sources->child[i]->key, path))
            used[i] = covered = true;
    }
    if (!CHECK(covered))
        fprintf(stderr, "    %s: %s has no source\n", sources->mark.path, path);
}

/* Walks to every number; `path` grows by ".member", or by ".NAME" for elements of a list. */
static void check_numbers(const struct tree *node, const char *path, const struct tree *sources,
                          bool *used)
{
    if (is_number(node))
        check_covered(path, sources, used);
    for (size_t i = 0; i < node->n_children; i++) {
        const struct tree *child = node->child[i];
        const char *name = child->key ? child->key : tree_get_text(child, "name");
        char inner[256];
        if (child == sources)
            continue;
        snprintf(inner, sizeof inner, "%s%s%s", path, *path ? "." : "", name ? name : "-");
        check_numbers(child, inner, sources, used);
    }
}

static bool known_kind(const char *kind)
{
    for (size_t i = 0; kind && i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kind, kinds[i]) == 0)
            return true;
    return false;
}

static void check_sources(const struct tree *root)
{
    const struct tree *sources = tree_get(root, "sources");
    if (!CHECK(sources && sources->kind == TREE_MAP))
        return;
    bool *used = calloc(sources->n_children + 1, sizeof *used);
    check_numbers(root, "", sources, used);
    for (size_t i = 0; i < sources->n_children; i++) {
        const struct tree *source = sources->child[i];
        const char *ref = tree_get_text(source, "ref");
        if (!CHECK(used[i] && known_kind(tree_get_text(source, "kind")) && ref && *ref))
            fprintf(stderr, "    %s:%zu: source '%s' stands for no number, or is not whole\n",
                    source->key_mark.path, source->key_mark.line, source->key);
    }
    free(used);
}

static struct tree *read_entry(const char *folder, const char *name, const char *kind)
{
    struct error err = {0};
    char path[512];
    snprintf(path, sizeof path, CATALOGUE "/%s/%s.yaml", folder, name);
    struct tree *tree = tree_read(path, &err);
    bool ok = tree && fields_check_schema(tree, kind, &err);
    if (!CHECK(ok))
        fprintf(stderr, "    %s\n", err.fault[0]);
    else
        CHECK_TEXT(tree_get_text(tree, "name"), name);
    return tree;
}

/* A device names a class that is there, with all its parents. */
static void check_class(const struct tree *device)
{
    struct error err = {0};
    struct scenario_class class;
    const char *name = tree_get_text(device, "class");
    bool ok = name && scenario_class_read(name, &class, &err);
    if (!CHECK(ok && class.n > 0))
        fprintf(stderr, "    %s: class '%s': %s\n", tree_get_text(device, "name"), name,
                ok ? "is not there" : err.fault[0]);
    if (name)
        scenario_class_free(&class);
}

/* A class file is a part of a device file and goes by its own name. */
static void test_classes(void)
{
    char **names = file_names(CATALOGUE "/classes", ".yaml");
    CHECK(names[0] != NULL);
    for (size_t i = 0; names[i]; i++) {
        struct error err = {0};
        struct scenario_class class;
        tree_free(read_entry("classes", names[i], "class"));
        if (!CHECK(scenario_class_read(names[i], &class, &err)))
            fprintf(stderr, "    %s\n", err.fault[0]);
        scenario_class_free(&class);
    }
    file_names_free(names);
}

static void test_devices(void)
{
    char **names = file_names(CATALOGUE "/devices", ".yaml");
    size_t n = 0;
    for (size_t i = 0; names[i]; i++, n++) {
        struct error err = {0};
        struct device device;
        struct tree *tree = read_entry("devices", names[i], "device");
        if (!tree)
            continue;
        struct tree *whole = scenario_find("device", names[i], NULL, NULL, &err);
        bool ok = whole && device_read(whole, &device, &err);
        if (!CHECK(ok))
            fprintf(stderr, "    %s\n", err.fault[0]);
        if (ok) {
            CHECK(device.thermal.throttle_K > 300 && device.thermal.throttle_K < 400);
            device_free(&device);
        }
        check_class(tree);
        check_sources(tree);
        tree_free(whole);
        tree_free(tree);
    }
    CHECK(n >= 40);
    file_names_free(names);
}

/* Whoever types the name that a driver or a scoreboard shows finds one device. */
static void test_aliases(void)
{
    static const char *const known[][2] = {
        {"NVIDIA GeForce RTX 4090", "rtx-4090"},
        {"nvidia geforce rtx 3080", "rtx-3080"},
        {"NVIDIA RTX PRO 6000 Blackwell Workstation Edition", "rtx-pro-6000-blackwell"},
        {"NVIDIA H100 80GB", "h100-80gb"},
        {"Apple M2 Max", "apple-m2-max"},
        {"Apple M4 Max (40-core GPU)", "apple-m4-max"},
        {"AMD Radeon RX 7900 XTX", "rx-7900-xtx"},
        {"Rockchip RK3588", "rk3588-npu"},
        {"Intel Arc 140V", "core-ultra-7-258v-gpu"},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        struct error err = {0};
        struct tree *tree = scenario_find("device", known[i][0], NULL, NULL, &err);
        if (CHECK(tree))
            CHECK_TEXT(tree_get_text(tree, "name"), known[i][1]);
        tree_free(tree);
    }
}

/* No two devices answer to one name: neither names nor aliases come twice. */
static void test_names_once(void)
{
    char **names = file_names(CATALOGUE "/devices", ".yaml");
    char here[] = CATALOGUE;
    struct tree *all = tree_new_map(&(struct tree_mark){.path = here});
    for (size_t i = 0; names[i]; i++) {
        struct tree *tree = read_entry("devices", names[i], "device");
        const struct tree *aliases = tree_get(tree, "aliases");
        for (size_t a = 0; a <= (aliases ? aliases->n_children : 0); a++) {
            char key[128];
            snprintf(key, sizeof key, "%s", a == 0 ? names[i] : aliases->child[a - 1]->text);
            for (char *c = key; *c; c++)
                *c = (char)tolower((unsigned char)*c);
            if (!CHECK(!tree_get(all, key)))
                fprintf(stderr, "    '%s' is %s and %s\n", key, tree_get_text(all, key), names[i]);
            else
                tree_put(all, key, tree_new_scalar(names[i], &all->mark));
        }
        tree_free(tree);
    }
    tree_free(all);
    file_names_free(names);
}

/* References stand for whole devices here; what they expand to is tested with the scenarios. */
static void check_references(const struct tree *platform)
{
    const struct tree *devices = tree_get(platform, "devices");
    if (!CHECK(devices && devices->n_children > 0))
        return;
    for (size_t i = 0; i < devices->n_children; i++) {
        const char *name = tree_get_text(devices->child[i], "device");
        const char *pool = tree_get_text(devices->child[i], "pool");
        char path[512];
        snprintf(path, sizeof path, CATALOGUE "/devices/%s.yaml", name ? name : "");
        CHECK(name && file_exists(path));
        snprintf(path, sizeof path, "pools.%s", pool ? pool : "");
        CHECK(pool && tree_find(platform, path));
    }
}

/* With its devices in place: it reads, and its pools are as fast as their devices say. */
static void check_expanded(const char *name)
{
    struct error err = {0};
    struct device_platform platform;
    struct tree *tree = scenario_find("platform", name, NULL, NULL, &err);
    bool ok = tree && device_platform_read(tree, &platform, &err);
    if (!CHECK(ok)) {
        fprintf(stderr, "    %s\n", err.fault[0]);
        tree_free(tree);
        return;
    }
    for (size_t i = 0; i < platform.n_devices; i++) {
        const struct device *device = &platform.device[i];
        size_t pool = device_platform_pool_of(&platform, i);
        CHECK_NEAR(device->memory.bandwidth_Bps, platform.pool[pool].bandwidth_Bps, 1e-9);
        CHECK(platform.pool[pool].capacity_B > platform.pool[pool].reserve_B);
    }
    device_platform_free(&platform);
    tree_free(tree);
}

static void test_platforms(void)
{
    char **names = file_names(CATALOGUE "/platforms", ".yaml");
    CHECK(names[0] != NULL);
    for (size_t i = 0; names[i]; i++) {
        struct tree *tree = read_entry("platforms", names[i], "platform");
        if (!tree)
            continue;
        check_references(tree);
        check_sources(tree);
        check_expanded(names[i]);
        tree_free(tree);
    }
    file_names_free(names);
}

int main(void)
{
    test_classes();
    test_devices();
    test_aliases();
    test_names_once();
    test_platforms();
    return check_result();
}
