/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Batteries (Linux: Documentation/ABI/testing/sysfs-class-power): microwatts, or microvolts times
 * microamperes. They tell what the machine draws only while they are discharged. */
#include "base/file.h"
#include "base/memory.h"
#include "devices/sensors/node.h"

#include <stdlib.h>
#include <string.h>

static void add(struct sensors *sensors, const char *folder, const char *item)
{
    bool watts = strcmp(item, "power") == 0;
    char *type = node_text_in(folder, "type"), *scope = node_text_in(folder, "scope");
    const char *name = strrchr(folder, '/') + 1;
    /* A mouse's or a telephone's. */
    bool foreign = scope && strcmp(scope, "Device") == 0;
    if (type && strcmp(type, "Battery") == 0 && !foreign)
        sensors_add(sensors,
                    (struct sensor){.kind = SENSOR_BATTERY,
                                    .quantity = SENSOR_POWER,
                                    .place = SENSOR_MACHINE,
                                    .name = mem_printf("battery %s", name),
                                    .file = mem_printf("%s/%s_now", folder, item),
                                    .times = watts ? NULL : file_join(folder, "voltage_now"),
                                    .status = file_join(folder, "status"),
                                    .unit = watts ? 1e-6 : 1e-12});
    free(type);
    free(scope);
}

void sensors_find_batteries(struct sensors *sensors, const char *root)
{
    char *top = mem_printf("%s/sys/class/power_supply", root);
    char **names = file_names(top, "_now");
    for (size_t i = 0; names[i]; i++) {
        char *folder, *item = node_split(top, names[i], &folder);
        char *power = file_join(folder, "power_now");
        if (strcmp(item, "power") == 0 || (strcmp(item, "current") == 0 && !file_exists(power)))
            add(sensors, folder, item);
        free(power);
        free(folder);
        free(item);
    }
    file_names_free(names);
    free(top);
}
