/* SPDX-License-Identifier: GPL-3.0-or-later */
/* NVIDIA's management library, loaded on use: power in milliwatts, energy since the driver was
 * loaded in millijoules, temperature in degrees Celsius (NVML API Reference Guide, "Device
 * Queries"). Its types are integers and opaque pointers, so that its header is not needed. */
#include "base/memory.h"
#include "devices/sensors/node.h"

#include <dlfcn.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef int nvml_count(unsigned *count);
typedef int nvml_handle(unsigned number, void **device);
typedef int nvml_name(void *device, char *name, unsigned length);
typedef int nvml_power(void *device, unsigned *mW);
typedef int nvml_energy(void *device, unsigned long long *mJ);
typedef int nvml_temperature(void *device, int which, unsigned *celsius);

enum { NVML_DIE = 0, NVML_NAME_BYTES = 96, MOST_GPUS = 64 };

struct nvml {
    void *library;
    int (*shutdown)(void);
    nvml_power *power;
    nvml_energy *energy;
    nvml_temperature *temperature;
    void *device[MOST_GPUS]; /* (n) */
    size_t n;
};

/* ISO C has no cast from a data to a function pointer; POSIX says that the bits are the same. */
static void find(void *library, const char *name, void *function)
{
    void *symbol = dlsym(library, name);
    memcpy(function, &symbol, sizeof symbol);
}

void nvml_close(struct nvml *nvml)
{
    if (!nvml)
        return;
    if (nvml->shutdown)
        nvml->shutdown();
    dlclose(nvml->library);
    free(nvml);
}

/* Functions that are missing stay NULL: what they tell is then not told. NULL: no driver. */
static struct nvml *start(const char *library)
{
    int (*init)(void) = NULL;
    void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
    if (!handle)
        return NULL;
    find(handle, "nvmlInit_v2", &init);
    if (!init || init() != 0) {
        dlclose(handle);
        return NULL;
    }
    struct nvml *nvml = mem_calloc(1, sizeof *nvml);
    nvml->library = handle;
    find(handle, "nvmlShutdown", &nvml->shutdown);
    find(handle, "nvmlDeviceGetPowerUsage", &nvml->power);
    find(handle, "nvmlDeviceGetTotalEnergyConsumption", &nvml->energy);
    find(handle, "nvmlDeviceGetTemperature", &nvml->temperature);
    return nvml;
}

static void add_gpu(struct sensors *sensors, size_t number, const char *title)
{
    static const double units[SENSOR_QUANTITIES] = {1e-3, 1e-3, 1};
    for (enum sensor_quantity q = 0; q < SENSOR_QUANTITIES; q++)
        sensors_add(sensors, (struct sensor){.kind = SENSOR_NVML,
                                             .quantity = q,
                                             .place = SENSOR_GPU,
                                             .name = mem_printf("NVML %s, GPU %zu", title, number),
                                             .unit = units[q],
                                             .number = number});
}

void sensors_find_nvml(struct sensors *sensors, const char *library)
{
    struct nvml *nvml = library ? start(library) : NULL;
    nvml_count *count = NULL;
    nvml_handle *handle = NULL;
    nvml_name *name = NULL;
    unsigned n = 0;
    sensors->nvml = nvml;
    if (!nvml)
        return;
    find(nvml->library, "nvmlDeviceGetCount_v2", &count);
    find(nvml->library, "nvmlDeviceGetHandleByIndex_v2", &handle);
    find(nvml->library, "nvmlDeviceGetName", &name);
    if (!count || !handle || count(&n) != 0)
        return;
    for (unsigned i = 0; i < n && i < MOST_GPUS; i++) {
        char title[NVML_NAME_BYTES] = "device";
        if (name && handle(i, &nvml->device[i]) == 0)
            name(nvml->device[i], title, sizeof title);
        nvml->n = i + 1;
        add_gpu(sensors, i, title);
    }
}

enum sensor_state nvml_read(const struct nvml *nvml, const struct sensor *sensor, double *out)
{
    void *device = nvml && sensor->number < nvml->n ? nvml->device[sensor->number] : NULL;
    unsigned value = 0;
    unsigned long long mJ = 0;
    bool ok = false;
    if (device && sensor->quantity == SENSOR_ENERGY)
        ok = nvml->energy && nvml->energy(device, &mJ) == 0;
    else if (device && sensor->quantity == SENSOR_POWER)
        ok = nvml->power && nvml->power(device, &value) == 0;
    else if (device)
        ok = nvml->temperature && nvml->temperature(device, NVML_DIE, &value) == 0;
    *out = !ok ? NAN : sensor->quantity == SENSOR_ENERGY ? (double)mJ : (double)value;
    return ok ? SENSOR_GOOD : SENSOR_VANISHED;
}
