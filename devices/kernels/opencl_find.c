/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One process lists the devices, and one for each device tries it: what a driver breaks is then the
 * process that asked it. */
#include "devices/kernels/opencl_library.h"

#include "base/memory.h"
#include "devices/kernels/apart.h"
#include "devices/kernels/opencl_device.h"

#include <stdlib.h>
#include <string.h>

struct asked {
    const char *library;
    size_t number;
};

/* One line a device, its parts behind tabs. */
enum { PARTS = 11 };

static void tell_device(const struct opencl_device *device, int out)
{
    struct text line = {0};
    text_add(&line, "%s\t%s\t%s\t%d\t%d\t%d\t%.17g\t%.17g\t%.17g\t%.17g\t%u\n", device->title,
             device->platform, device->driver, device->gpu, device->processor,
             device->shares_memory, device->memory_B, device->most_alloc_B, device->clock_Hz,
             device->cache_B, device->units);
    apart_tell(out, line.bytes, line.length);
    text_free(&line);
}

/* A line that begins with a blank is why there is none. */
static void list(void *context, int out)
{
    const struct asked *asked = context;
    struct opencl_library library;
    struct opencl_ids ids;
    char *why = opencl_load(asked->library, &library);
    if (why) {
        apart_tell(out, " ", 1);
        apart_tell(out, why, strlen(why));
        apart_tell(out, "\n", 1);
        return;
    }
    opencl_list(&library, &ids);
    for (size_t i = 0; i < ids.n; i++) {
        struct opencl_device device;
        opencl_describe(&library, &ids, i, &device);
        tell_device(&device, out);
    }
}

static void try_one(void *context, int out)
{
    const struct asked *asked = context;
    struct opencl_library library;
    struct error err = {0};
    char *why = opencl_load(asked->library, &library);
    if (why) {
        apart_tell(out, why, strlen(why));
        return;
    }
    struct kernels *kernels = opencl_open(&library, asked->number, false, &err);
    if (!kernels || !opencl_try(kernels, &err))
        apart_tell(out, err.fault[0], strlen(err.fault[0]));
    else
        kernels->does->close(kernels);
}

/* Cuts a line at its tabs; false when it has not all of its parts. */
static bool cut(char *line, char *part[PARTS])
{
    for (size_t n = 0; n < PARTS; n++) {
        part[n] = line;
        line += strcspn(line, "\t");
        if (n + 1 < PARTS && *line == '\0')
            return false;
        if (*line)
            *line++ = '\0';
    }
    return true;
}

static void add_device(struct opencl_devices *out, size_t *room, char *const part[PARTS])
{
    struct opencl_device device = {.id = mem_printf("opencl:%zu", out->n),
                                   .title = mem_strdup(part[0]),
                                   .platform = mem_strdup(part[1]),
                                   .driver = mem_strdup(part[2]),
                                   .gpu = part[3][0] == '1',
                                   .processor = part[4][0] == '1',
                                   .shares_memory = part[5][0] == '1',
                                   .memory_B = strtod(part[6], NULL),
                                   .most_alloc_B = strtod(part[7], NULL),
                                   .clock_Hz = strtod(part[8], NULL),
                                   .cache_B = strtod(part[9], NULL),
                                   .units = (unsigned)strtoul(part[10], NULL, 10)};
    out->device = mem_grow(out->device, room, out->n + 1, sizeof *out->device);
    out->device[out->n++] = device;
}

/* The whole lines of what was told. */
static void read_devices(struct text *told, struct opencl_devices *out)
{
    size_t room = 0;
    char *line = told->bytes, *end = NULL, *part[PARTS];
    for (; line && (end = strchr(line, '\n')) != NULL; line = end + 1) {
        *end = '\0';
        if (line[0] == ' ')
            out->why = mem_strdup(line + 1);
        else if (cut(line, part))
            add_device(out, &room, part);
    }
}

static void try_device(struct asked *asked, double most_s, struct opencl_device *device)
{
    struct text told = {0};
    char *how = apart_run(try_one, asked, most_s, &told);
    if (told.length > 0)
        device->why = mem_strdup(told.bytes);
    else if (how)
        device->why = mem_printf("its driver %s", how);
    free(how);
    text_free(&told);
}

void opencl_find_in(const char *library, double most_s, struct opencl_devices *out)
{
    struct asked asked = {.library = library};
    struct text told = {0};
    char *how = apart_run(list, &asked, most_s, &told);
    *out = (struct opencl_devices){0};
    read_devices(&told, out);
    if (!out->why && how)
        out->why = mem_printf("%s, or a driver that it loads, %s", library, how);
    else if (!out->why && out->n == 0)
        out->why = mem_printf("%s knows no device", library);
    free(how);
    text_free(&told);
    for (; asked.number < out->n; asked.number++)
        try_device(&asked, most_s, &out->device[asked.number]);
}

void opencl_find(struct opencl_devices *out)
{
    const double most_s = 120; /* compilers of CPUs take half a minute, on a busy one longer */
    opencl_find_in(OPENCL_LIBRARY, most_s, out);
}

void opencl_devices_free(struct opencl_devices *devices)
{
    for (size_t i = 0; i < devices->n; i++) {
        free(devices->device[i].id);
        free(devices->device[i].title);
        free(devices->device[i].platform);
        free(devices->device[i].driver);
        free(devices->device[i].why);
    }
    free(devices->device);
    free(devices->why);
    *devices = (struct opencl_devices){0};
}
