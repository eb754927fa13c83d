/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The kernels in OpenCL on each usable device, against the loops that the CPU's are held against.
 */
#include "devices/kernels/opencl_device.h"
#include "tests/support/kernel_checks.h"

/* Rows, outputs and inputs that fill no tile; formats without blocks also in odd widths, and
 * weights that begin at odd places. */
static void check_odd_products(const struct kernel_checks *c)
{
    for (enum kernels_format f = 0; f < KERNELS_FORMATS; f++) {
        bool quantised = f == KERNELS_Q8_0 || f == KERNELS_Q4_0;
        for (size_t rows = 1; rows <= 70; rows += 1 + rows / 6)
            check_product(c, (struct product_size){f, rows, 1 + rows * 3 % 67,
                                                   quantised ? 32 + rows % 3 * 32 : 20 + rows, 0});
        check_product(c, (struct product_size){f, 2, 19, 96, f == KERNELS_F32 ? 4 : 2});
        check_product(c, (struct product_size){f, 17, 19, 96, f == KERNELS_F32 ? 4 : 2});
        check_product(c, (struct product_size){f, 300, 333, 64, 0});
    }
}

/* Query heads that share keys in all ways, heads of all sizes. */
static void check_heads(const struct kernel_checks *c)
{
    static const size_t heads[][3] = {{1, 1, 20},  {4, 4, 64},  {3, 1, 64},  {8, 1, 128},
                                      {12, 1, 80}, {4, 2, 256}, {4, 2, 130}, {2, 1, 18}};
    static const size_t contexts[][3] = {{0, 1, 0},   {300, 1, 0},  {77, 5, 0}, {9, 12, 0},
                                         {70, 70, 0}, {90, 33, 40}, {200, 2, 7}};
    for (size_t h = 0; h < sizeof heads / sizeof *heads; h++)
        for (size_t i = 0; i < sizeof contexts / sizeof *contexts; i++)
            check_attention(c, (struct attention_size){heads[h][0], heads[h][1], heads[h][2],
                                                       contexts[i][0], contexts[i][1],
                                                       contexts[i][2]});
    check_attention(c, (struct attention_size){2, 1, 64, 5000, 1, 0});
}

static void check_device(struct kernels *k)
{
    static const size_t rows[] = {1, 2, 3, 4, 5, 8, 9, 33, 64, 70};
    struct kernel_checks checks = {
        .kernels = k, .rows = rows, .n_rows = sizeof rows / sizeof *rows};
    CHECK(k->threads == 1);
    CHECK(k->does->meter == NULL);
    check_kernels(&checks);
    check_odd_products(&checks);
    check_heads(&checks);
    check_norm(&checks, 3, 17);
    check_rope(&checks, (struct rope_size){20, 9, 2, 0});
    check_rope(&checks, (struct rope_size){3, 2, 64, 100000});
    check_element(&checks, 1);
    check_streams(&checks, 1);
    check_streams(&checks, 65);
    CHECK(k->does->fault(k) == NULL);
}

/* Memory that the host pins goes there and back. */
static void check_pinned(struct kernels *k)
{
    enum { N = 5000 };
    uint32_t *host = k->does->pin(k, N * sizeof *host);
    struct device_array array = array_of(k, NULL, N * sizeof *host);
    if (!CHECK(host != NULL))
        return;
    for (uint32_t i = 0; i < N; i++)
        host[i] = i * 2654435761u;
    k->does->write(k, array.data, 0, host, N * sizeof *host);
    memset(host, 0, N * sizeof *host);
    k->does->read(k, host, array.data, 0, N * sizeof *host);
    CHECK(host[N - 1] == (N - 1) * 2654435761u && host[1] == 2654435761u);
    k->does->unpin(k, host);
    array_free(&array);
}

/* Memory that is not the device's is a fault, told once; nothing runs after it. */
static void check_fault(struct kernels *k)
{
    float mine[4] = {0};
    k->does->add(k, mine, mine, 4);
    CHECK_TEXT(k->does->fault(k), "memory of a kernel failed: CL_INVALID_VALUE");
    k->does->nothing(k);
    k->does->finish(k);
    CHECK_TEXT(k->does->fault(k), "memory of a kernel failed: CL_INVALID_VALUE");
}

static void check_names(void)
{
    struct error err = {0};
    CHECK(kernels_open_opencl("cpu", &err) == NULL);
    CHECK_TEXT(err.fault[0], "'cpu' is no OpenCL device: they are named opencl:0, opencl:1 ...");
}

/* As it is laid out for its kind, and, a CPU, also as for a GPU. */
static bool check_layout(const struct opencl_library *library, size_t number, bool as_gpu)
{
    struct error err = {0};
    struct kernels *k = opencl_open(library, number, as_gpu, &err);
    if (!CHECK(k != NULL))
        return false;
    CHECK(opencl_try(k, &err));
    check_pinned(k);
    check_device(k);
    check_fault(k);
    k->does->close(k);
    return true;
}

static bool check_usable(const struct opencl_library *library, const struct opencl_device *device,
                         size_t number)
{
    struct error err = {0};
    struct kernels *k = kernels_open_opencl(device->id, &err);
    if (!CHECK(k != NULL))
        return false;
    CHECK_TEXT(k->title, device->title);
    CHECK(k->own_memory == !device->shares_memory);
    k->does->close(k);
    return check_layout(library, number, false) &&
           (!device->processor || check_layout(library, number, true));
}

int main(void)
{
    struct opencl_devices devices;
    struct opencl_library library = {0};
    size_t usable = 0;
    check_names();
    opencl_find(&devices);
    char *why = opencl_load(OPENCL_LIBRARY, &library);
    for (size_t i = 0; i < devices.n; i++) {
        const struct opencl_device *device = &devices.device[i];
        printf("%s, %s: %s\n", device->id, device->title, device->why ? device->why : "usable");
        usable += !device->why && check_usable(&library, device, i);
    }
    char line[200];
    snprintf(line, sizeof line, "no OpenCL device is usable: %s",
             devices.why     ? devices.why
             : devices.n > 0 ? devices.device[0].why
                             : "none");
    opencl_devices_free(&devices);
    free(why);
    return usable > 0 || check_failed > 0 ? check_result() : check_skip(line);
}
