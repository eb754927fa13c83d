/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two devices as NVML tells them: the first counts 10 J whenever it is asked and is lost after its
 * power was told three times, the second does not count energy. */
#include <stdio.h>

int nvmlInit_v2(void);
int nvmlShutdown(void);
int nvmlDeviceGetCount_v2(unsigned *count);
int nvmlDeviceGetHandleByIndex_v2(unsigned number, void **device);
int nvmlDeviceGetName(void *device, char *name, unsigned length);
int nvmlDeviceGetPowerUsage(void *device, unsigned *mW);
int nvmlDeviceGetTotalEnergyConsumption(void *device, unsigned long long *mJ);
int nvmlDeviceGetTemperature(void *device, int which, unsigned *celsius);

enum { NOT_SUPPORTED = 3, GPU_IS_LOST = 15 };

static struct device {
    const char *name;
    unsigned asked;
    unsigned long long counted_mJ;
} devices[2] = {{"Fake A", 0, 1000000}, {"Fake B", 0, 0}};

int nvmlInit_v2(void)
{
    return 0;
}

int nvmlShutdown(void)
{
    devices[0].asked = 0;
    return 0;
}

int nvmlDeviceGetCount_v2(unsigned *count)
{
    *count = 2;
    return 0;
}

int nvmlDeviceGetHandleByIndex_v2(unsigned number, void **device)
{
    *device = &devices[number];
    return 0;
}

int nvmlDeviceGetName(void *device, char *name, unsigned length)
{
    snprintf(name, length, "%s", ((struct device *)device)->name);
    return 0;
}

int nvmlDeviceGetPowerUsage(void *device, unsigned *mW)
{
    struct device *one = device;
    *mW = 100000 + 50000 * one->asked;
    return one == &devices[0] && one->asked++ >= 3 ? GPU_IS_LOST : 0;
}

int nvmlDeviceGetTotalEnergyConsumption(void *device, unsigned long long *mJ)
{
    struct device *one = device;
    one->counted_mJ += 10000;
    *mJ = one->counted_mJ;
    return one == &devices[1] ? NOT_SUPPORTED : 0;
}

int nvmlDeviceGetTemperature(void *device, int which, unsigned *celsius)
{
    (void)device;
    *celsius = which == 0 ? 45 : 0;
    return 0;
}
