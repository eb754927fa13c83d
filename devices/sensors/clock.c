/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "devices/sensors/clock.h"

#include "base/memory.h"
#include "devices/sensors/node.h"

#include <math.h>
#include <stdlib.h>

enum { MOST_CPUS = 1024 };

double sensors_clock_Hz(const char *root)
{
    double sum_kHz = 0, n = 0, kHz;
    for (int cpu = 0; cpu < MOST_CPUS; cpu++) {
        char *path =
            mem_printf("%s/sys/devices/system/cpu/cpu%d/cpufreq/scaling_cur_freq", root, cpu);
        enum sensor_state state = node_number(path, &kHz);
        free(path);
        if (state != SENSOR_GOOD || !(kHz > 0))
            break;
        sum_kHz += kHz;
        n++;
    }
    return n > 0 ? 1e3 * sum_kHz / n : NAN;
}
