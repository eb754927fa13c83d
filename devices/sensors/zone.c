/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Thermal zones (Linux: Documentation/driver-api/thermal/sysfs-api.rst): thousandths of a degree
 * Celsius, and a word for what they are about. */
#include "base/file.h"
#include "base/memory.h"
#include "devices/sensors/node.h"

#include <stdlib.h>

/* Numbers of zones have gaps, and no machine has so many. */
enum { MOST_ZONES = 128 };

static enum sensor_place place_of(const char *type)
{
    if (node_has(type, "cpu") || node_has(type, "x86_pkg"))
        return SENSOR_PROCESSOR;
    return node_has(type, "gpu") ? SENSOR_GPU : SENSOR_ELSEWHERE;
}

void sensors_find_zones(struct sensors *sensors, const char *root)
{
    for (int i = 0; i < MOST_ZONES; i++) {
        char *folder = mem_printf("%s/sys/class/thermal/thermal_zone%d", root, i);
        char *type = node_text_in(folder, "type");
        if (type)
            sensors_add(sensors, (struct sensor){.kind = SENSOR_ZONE,
                                                 .quantity = SENSOR_TEMPERATURE,
                                                 .place = place_of(type),
                                                 .name = mem_printf("thermal zone %s", type),
                                                 .file = file_join(folder, "temp"),
                                                 .unit = 1e-3});
        free(type);
        free(folder);
    }
}
