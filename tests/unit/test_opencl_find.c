/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Devices whose drivers break in all ways: what is told of them, and that only the process which
 * asked them is lost. */
#include "devices/kernels/opencl_device.h"
#include "tests/check.h"

#include <sys/wait.h>

static const double plenty_s = 60;

/* What is found in a mode of the library that stands for libOpenCL. */
static struct opencl_devices found(const char *mode, double most_s)
{
    struct opencl_devices devices;
    setenv("FAKE_OPENCL", mode, 1);
    opencl_find_in(FAKE_OPENCL, most_s, &devices);
    return devices;
}

static void check_none(const char *mode, double most_s, const char *why)
{
    struct opencl_devices devices = found(mode, most_s);
    CHECK(devices.n == 0);
    CHECK(devices.why && strncmp(devices.why, FAKE_OPENCL, strlen(FAKE_OPENCL)) == 0);
    CHECK_TEXT(devices.why ? devices.why + strlen(FAKE_OPENCL) : NULL, why);
    opencl_devices_free(&devices);
}

/* Both are listed with what they tell, and each has its own reason. */
static void check_both(const char *mode, const char *why_a, const char *why_b)
{
    struct opencl_devices devices = found(mode, plenty_s);
    CHECK(devices.why == NULL);
    if (CHECK(devices.n == 2)) {
        CHECK_TEXT(devices.device[0].why, why_a);
        CHECK_TEXT(devices.device[1].why, why_b);
    }
    opencl_devices_free(&devices);
}

static void check_description(void)
{
    struct opencl_devices devices = found("old", plenty_s);
    if (!CHECK(devices.n == 2))
        return;
    const struct opencl_device *a = &devices.device[0], *b = &devices.device[1];
    CHECK_TEXT(a->id, "opencl:0");
    CHECK_TEXT(b->id, "opencl:1");
    CHECK_TEXT(a->title, "Fake A");
    CHECK_TEXT(b->title, "Fake B");
    CHECK_TEXT(a->platform, "Fakes");
    CHECK_TEXT(a->driver, "0.1");
    CHECK(a->gpu && !a->processor && !a->shares_memory && a->units == 20);
    CHECK_NEAR(a->memory_B, 8e9, 0);
    CHECK_NEAR(a->most_alloc_B, 8e9, 0);
    CHECK_NEAR(a->clock_Hz, 1.5e9, 0);
    CHECK_NEAR(a->cache_B, 8e9 / 128, 0);
    opencl_devices_free(&devices);
    CHECK(devices.n == 0 && devices.device == NULL);
}

/* In this process: what is opened, taken and kept is given back, as the sanitizers see. */
static void check_open(void)
{
    struct opencl_library library;
    struct error err = {0};
    uint64_t offset = 0;
    setenv("FAKE_OPENCL", "", 1);
    if (!CHECK(opencl_load(FAKE_OPENCL, &library) == NULL))
        return;
    CHECK(opencl_open(&library, 2, false, &err) == NULL);
    CHECK_TEXT(err.fault[0], "there is no such device");
    struct kernels *k = opencl_open(&library, 1, false, &err);
    if (!CHECK(k != NULL))
        return;
    char *a = k->does->alloc(k, 1000), *b = k->does->alloc(k, 10);
    CHECK_TEXT(k->title, "Fake B");
    CHECK(k->own_memory && opencl_find_buffer((struct opencl *)k, a + 1000, &offset));
    CHECK(offset == 1000 && !opencl_find_buffer((struct opencl *)k, &offset, &offset));
    CHECK(k->does->alloc(k, 9000000000) == NULL);
    k->does->release(k, a, 1000);
    CHECK(!opencl_find_buffer((struct opencl *)k, a, &offset));
    const struct kernels_weights table = {KERNELS_Q8_0, 1, 32, b};
    const struct kernels_attention what = {
        .q_heads = 2, .kv_heads = 1, .dim = 32, .keys = b, .values = b, .first = 9999, .rows = 7};
    const uint32_t token[3] = {0};
    k->does->gather(k, &table, token, 2, b);
    k->does->gather(k, &table, token, 3, b);
    k->does->rope(k, b, 1, 1, 32, 0);
    k->does->attend(k, &what, b, b);
    CHECK(k->does->pin(k, 100) != NULL);
    CHECK(k->does->fault(k) == NULL);
    k->does->close(k);
}

int main(void)
{
    struct opencl_devices devices;
    opencl_find_in("libNoSuch.so.7", plenty_s, &devices);
    CHECK(devices.n == 0);
    CHECK_TEXT(devices.why, "libNoSuch.so.7 is not installed");
    opencl_devices_free(&devices);
    opencl_find_in("libm.so.6", plenty_s, &devices);
    CHECK_TEXT(devices.why, "libm.so.6 is older than OpenCL 1.2: it has no clGetPlatformIDs");
    opencl_devices_free(&devices);

    check_none("none", plenty_s, " knows no device");
    check_none("abort", plenty_s, ", or a driver that it loads, ended with signal 6");
    check_none("hang", 0.3, ", or a driver that it loads, did not answer within 0.3 s");
    check_description();
    check_both("old", "it knows OpenCL C 1.0 only, not 1.2", "it knows OpenCL C 1.0 only, not 1.2");
    check_both("build",
               "its kernels do not build (CL_BUILD_PROGRAM_FAILURE): "
               "formats.cl:7: error: no such type",
               "its kernels do not build (CL_BUILD_PROGRAM_FAILURE): "
               "formats.cl:7: error: no such type");
    check_both("memory", "it gives no memory", "it gives no memory");
    check_both("run", "a kernel failed: CL_OUT_OF_RESOURCES",
               "a kernel failed: CL_OUT_OF_RESOURCES");
    check_both("crash", "it answers wrongly: a stream", "its driver ended with signal 11");
    check_open();
    CHECK(waitpid(-1, NULL, WNOHANG) < 0); /* no process is left over */
    return check_result();
}
