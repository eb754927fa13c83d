/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Power rails of Jetson boards, three to a chip: a voltage in millivolts times a current in
 * milliamperes. Newer systems tell them under hwmon, older ones under iio. */
#include "base/file.h"
#include "base/memory.h"
#include "devices/sensors/node.h"

#include <stdlib.h>
#include <string.h>

enum { RAILS = 3 };

/* The rail into the board is named VDD_IN or POM_5V_IN; one that feeds processor and GPU together
 * tells of neither. */
static enum sensor_place place_of(const char *rail)
{
    size_t n = strlen(rail);
    bool processor = node_has(rail, "cpu"), gpu = node_has(rail, "gpu");
    if (n > 3 && strcmp(rail + n - 3, "_IN") == 0)
        return SENSOR_MACHINE;
    if (processor && gpu)
        return SENSOR_ELSEWHERE;
    if (processor)
        return SENSOR_PROCESSOR;
    if (gpu)
        return SENSOR_GPU;
    return node_has(rail, "ddr") || node_has(rail, "vddq") ? SENSOR_MEMORY : SENSOR_ELSEWHERE;
}

/* Takes the paths. */
static void add_rail(struct sensors *sensors, const char *rail, char *volts, char *amperes)
{
    sensors_add(sensors, (struct sensor){.kind = SENSOR_INA3221,
                                         .quantity = SENSOR_POWER,
                                         .place = place_of(rail),
                                         .name = mem_printf("INA3221 %s", rail),
                                         .file = volts,
                                         .times = amperes,
                                         .unit = 1e-6});
}

void sensors_add_rails(struct sensors *sensors, const char *chip)
{
    for (int i = 1; i <= RAILS; i++) {
        char *label = mem_printf("in%d_label", i), *rail = node_text_in(chip, label);
        if (rail && strcmp(rail, "NC") != 0)
            add_rail(sensors, rail, mem_printf("%s/in%d_input", chip, i),
                     mem_printf("%s/curr%d_input", chip, i));
        free(label);
        free(rail);
    }
}

void sensors_find_iio(struct sensors *sensors, const char *root)
{
    char *top = mem_printf("%s/sys/bus/iio/devices", root);
    for (int suffix = 0; suffix < RAILS; suffix++) {
        char *ending = mem_printf("_name_%d", suffix), **names = file_names(top, ending);
        for (size_t i = 0; names[i]; i++) {
            char *folder, *item = node_split(top, names[i], &folder);
            char *label = mem_printf("%s%s", item, ending), *rail = node_text_in(folder, label);
            if (rail && strcmp(item, "rail") == 0 && strcmp(rail, "NC") != 0)
                add_rail(sensors, rail, mem_printf("%s/in_voltage%d_input", folder, suffix),
                         mem_printf("%s/in_current%d_input", folder, suffix));
            free(label);
            free(rail);
            free(folder);
            free(item);
        }
        file_names_free(names);
        free(ending);
    }
    free(top);
}
