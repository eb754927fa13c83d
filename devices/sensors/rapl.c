/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Energy counters of processors (Linux: Documentation/power/powercap/powercap.rst): energy_uj
 * counts microjoules up to max_energy_range_uj and then from 0 again. */
#include "base/file.h"
#include "base/memory.h"
#include "devices/sensors/node.h"

#include <stdlib.h>
#include <string.h>

static enum sensor_place place_of(const char *zone)
{
    if (strncmp(zone, "package", 7) == 0)
        return SENSOR_PROCESSOR;
    if (strcmp(zone, "dram") == 0)
        return SENSOR_MEMORY;
    if (strcmp(zone, "psys") == 0)
        return SENSOR_MACHINE;
    return strcmp(zone, "core") == 0 ? SENSOR_CORES : SENSOR_ELSEWHERE;
}

/* "intel-rapl:1:0" lies in "intel-rapl:1", whose name tells the two DRAMs apart. */
static char *outer_zone(const char *top, const char *zone)
{
    const char *first = strchr(zone, ':'), *last = strrchr(zone, ':');
    if (!first || first == last)
        return NULL;
    char *folder = mem_printf("%s/%.*s", top, (int)(last - zone), zone);
    char *name = node_text_in(folder, "name");
    free(folder);
    return name;
}

static void add_zone(struct sensors *sensors, const char *top, const char *zone)
{
    char *folder = file_join(top, zone), *label = node_text_in(folder, "name");
    char *limit = file_join(folder, "max_energy_range_uj"), *outer = outer_zone(top, zone);
    char *name =
        mem_printf("RAPL %s%s%s", outer ? outer : "", outer ? " " : "", label ? label : zone);
    double range_uJ;
    if (node_number(limit, &range_uJ) != SENSOR_GOOD || range_uJ <= 0)
        range_uJ = 0;
    if (strstr(zone, "mmio"))
        sensors_skip(sensors, name, "counts the same energy as the zone of that name");
    else
        sensors_add(sensors, (struct sensor){.kind = SENSOR_RAPL,
                                             .quantity = SENSOR_ENERGY,
                                             .place = place_of(label ? label : ""),
                                             .name = mem_strdup(name),
                                             .file = file_join(folder, "energy_uj"),
                                             .unit = 1e-6,
                                             .range = 1e-6 * range_uJ});
    free(name);
    free(folder);
    free(label);
    free(limit);
    free(outer);
}

/* A zone shows in the class's folder, and again in the folder of the zone that it lies in: there
 * one more folder deep, which is not looked into. */
void sensors_find_rapl(struct sensors *sensors, const char *root)
{
    char *top = mem_printf("%s/sys/class/powercap", root);
    char **names = file_names(top, "_uj");
    for (size_t i = 0; names[i]; i++) {
        char *slash = strchr(names[i], '/');
        if (!slash || strcmp(slash, "/energy") != 0)
            continue;
        *slash = '\0';
        add_zone(sensors, top, names[i]);
    }
    file_names_free(names);
    free(top);
}
