/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Chips that the kernel tells of in one way (Linux: Documentation/hwmon/sysfs-interface.rst): power
 * in microwatts, energy in microjoules, temperature in thousandths of a degree Celsius. */
#include "base/file.h"
#include "base/memory.h"
#include "devices/sensors/node.h"

#include <stdlib.h>
#include <string.h>

static bool is_one_of(const char *name, const char *const *list)
{
    for (; *list; list++)
        if (strcmp(name, *list) == 0)
            return true;
    return false;
}

static enum sensor_place place_of(const char *chip, const char *label)
{
    static const char *const processors[] = {"coretemp",    "k10temp",     "k8temp",
                                             "zenpower",    "amd_energy",  "fam15h_power",
                                             "cpu_thermal", "soc_thermal", NULL};
    static const char *const gpus[] = {"amdgpu", "radeon", "nouveau", "i915", "xe", NULL};
    static const char *const machines[] = {"power_meter", "acpi_power_meter", NULL};
    if (is_one_of(chip, gpus))
        return SENSOR_GPU;
    if (is_one_of(chip, machines))
        return SENSOR_MACHINE;
    if (!is_one_of(chip, processors))
        return SENSOR_ELSEWHERE;
    if (node_has(label, "core") || strncmp(label, "Tccd", 4) == 0)
        return SENSOR_CORES;
    return strncmp(label, "SVI2", 4) == 0 ? SENSOR_ELSEWHERE : SENSOR_PROCESSOR;
}

struct chip {
    const char *folder, *name;
};

static void add(struct sensors *sensors, const struct chip *chip, const char *item,
                const char *suffix)
{
    static const struct {
        const char *prefix;
        enum sensor_quantity quantity;
        double unit;
    } quantities[] = {{"power", SENSOR_POWER, 1e-6},
                      {"energy", SENSOR_ENERGY, 1e-6},
                      {"temp", SENSOR_TEMPERATURE, 1e-3}};
    for (size_t i = 0; i < sizeof quantities / sizeof *quantities; i++) {
        if (strncmp(item, quantities[i].prefix, strlen(quantities[i].prefix)) != 0)
            continue;
        char *label_file = mem_printf("%s_label", item);
        char *label = node_text_in(chip->folder, label_file);
        sensors_add(
            sensors,
            (struct sensor){.kind = SENSOR_HWMON,
                            .quantity = quantities[i].quantity,
                            .place = place_of(chip->name, label ? label : ""),
                            .name = mem_printf("hwmon %s %s", chip->name, label ? label : item),
                            .file = mem_printf("%s/%s%s", chip->folder, item, suffix),
                            .unit = quantities[i].unit});
        free(label_file);
        free(label);
    }
}

/* A mean over a second or so goes before what is drawn at this moment. */
static bool has_mean(const char *folder, const char *item)
{
    char *path = mem_printf("%s/%s_average", folder, item);
    bool there = file_exists(path);
    free(path);
    return there;
}

static void find(struct sensors *sensors, const char *top, const char *suffix)
{
    char **names = file_names(top, suffix);
    for (size_t i = 0; names[i]; i++) {
        char *folder, *item = node_split(top, names[i], &folder);
        char *chip_name = node_text_in(folder, "name");
        const struct chip chip = {folder, chip_name ? chip_name : "chip"};
        bool rails = strcmp(chip.name, "ina3221") == 0;
        bool doubled = strcmp(suffix, "_input") == 0 && has_mean(folder, item);
        if (rails && strcmp(item, "in1") == 0)
            sensors_add_rails(sensors, folder);
        else if (!rails && !doubled)
            add(sensors, &chip, item, suffix);
        free(chip_name);
        free(folder);
        free(item);
    }
    file_names_free(names);
}

void sensors_find_hwmon(struct sensors *sensors, const char *root)
{
    char *top = mem_printf("%s/sys/class/hwmon", root);
    find(sensors, top, "_average");
    find(sensors, top, "_input");
    free(top);
}
