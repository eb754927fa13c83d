/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which devices are measured, links from the times of copies, and the platform that several
 * calibrated devices make. */
#include "base/file.h"
#include "base/memory.h"
#include "base/stream.h"
#include "scenarios/calibrate_found.h"
#include "scenarios/calibrate_link.h"
#include "scenarios/calibrate_machine.h"
#include "scenarios/fit_device.h"
#include "scenarios/result.h"
#include "scenarios/scenario.h"
#include "tests/check.h"

#include <gsl/gsl_errno.h>
#include <gsl/gsl_randist.h>
#include <unistd.h>

enum { COPIES = 8, RUNS = 100 };

static const double latency_s = 12e-6, bandwidth_Bps = 11e9;

/* 4 KiB to 64 MiB, times with noise; the second longest took three times as long. */
static void copy(gsl_rng *random, double noise, double *bytes, double *time_s, double *error)
{
    for (size_t i = 0; i < COPIES; i++) {
        bytes[i] = 4096 * pow(4, (double)i);
        time_s[i] = (latency_s + bytes[i] / bandwidth_Bps) *
                    exp(noise * gsl_ran_gaussian(random, 1)) *
                    (i == COPIES - 2 && noise > 0 ? 3 : 1);
        error[i] = noise;
    }
}

static void test_line(void)
{
    double bytes[COPIES], time_s[COPIES], error[COPIES], latency_off = 0, bandwidth_off = 0;
    struct stream stream = stream_open(7, STREAM_TEST, 0, 0);
    gsl_rng *random = stream_gsl(&stream);
    struct scenario_way way;
    copy(random, 0, bytes, time_s, error);
    CHECK(scenario_way_fit(bytes, time_s, error, COPIES, &way));
    CHECK_NEAR(way.latency_s, latency_s, 1e-3);
    CHECK_NEAR(way.bandwidth_Bps, bandwidth_Bps, 1e-3);
    for (int run = 0; run < RUNS; run++) {
        copy(random, 0.03, bytes, time_s, error);
        CHECK(scenario_way_fit(bytes, time_s, error, COPIES, &way));
        CHECK_NEAR(way.latency_s, latency_s, 0.12);
        CHECK_NEAR(way.bandwidth_Bps, bandwidth_Bps, 0.25);
        CHECK(way.latency_error > 0.01 && way.latency_error < 0.3);
        latency_off += log(way.latency_s / latency_s) / RUNS;
        bandwidth_off += log(way.bandwidth_Bps / bandwidth_Bps) / RUNS;
    }
    CHECK(fabs(latency_off) < 0.02);
    CHECK(fabs(bandwidth_off) < 0.15);
    gsl_rng_free(random);
}

/* One size does not tell latency from bandwidth, and two copies are no evidence. */
static void test_too_few(void)
{
    double same_B[] = {1e6, 1e6, 1e6}, bytes[] = {1e3, 1e6}, time_s[] = {1e-4, 2e-4, 3e-4};
    double error[] = {0, 0, 0};
    struct scenario_way way;
    CHECK(!scenario_way_fit(same_B, time_s, error, 3, &way));
    CHECK(isnan(way.bandwidth_Bps) && isnan(way.latency_s));
    CHECK(!scenario_way_fit(bytes, time_s, error, 2, &way));
    struct calibrate_samples none = {0};
    CHECK(!scenario_way_of(&none, "upload", &way));
    CHECK(isnan(way.bandwidth_Bps));
}

/* A catalogue device as if it had been calibrated. */
static void pretend(struct scenario_calibration *out, const char *id, const char *device,
                    double memory_GiB)
{
    struct error err = {0};
    struct tree *tree = scenario_find("device", device, NULL, NULL, &err);
    char *capacity = mem_printf("%g", memory_GiB);
    *out = (struct scenario_calibration){.title = mem_strdup(device), .upload.latency_s = NAN};
    out->upload = out->download = (struct scenario_way){NAN, NAN, NAN, NAN, 0};
    out->found.id = mem_strdup(id);
    if (CHECK(tree != NULL)) {
        tree_put(tree_get(tree, "memory"), "capacity_GiB", tree_new_scalar(capacity, &tree->mark));
        out->found.kind = strcmp(tree_get_text(tree, "kind"), "gpu") == 0 ? DEVICE_GPU : DEVICE_CPU;
        out->found.shares_memory = out->found.kind == DEVICE_CPU;
        out->fit.yaml = scenario_fit_yaml(tree, "device");
    }
    free(capacity);
    tree_free(tree);
}

/* A processor, two cards, and a GPU in the processor's memory. */
static void make_machine(struct scenario_machine *machine)
{
    struct scenario_calibration *device = mem_calloc(4, sizeof *device);
    pretend(&device[0], "cpu", "ryzen-9-9950x", 60);
    pretend(&device[1], "opencl:0", "rtx-4090", 23);
    pretend(&device[2], "opencl:1", "rtx-3060", 11);
    pretend(&device[3], "opencl:2", "radeon-780m", 61);
    device[3].found.shares_memory = true;
    device[1].upload = (struct scenario_way){10e-6, 24e9, 0.1, 0.1, 8};
    device[1].download = (struct scenario_way){14e-6, 20e9, 0.1, 0.1, 8};
    device[2].upload = (struct scenario_way){10e-6, 5e9, 0.1, 0.1, 8};
    *machine = (struct scenario_machine){.name = mem_strdup("box"), .device = device, .n = 4};
}

static const struct scenario_machine_link *link_of(const struct scenario_machine *machine,
                                                   size_t from, size_t to)
{
    for (size_t i = 0; machine->link && i < machine->n_links; i++)
        if (machine->link[i].from == from && machine->link[i].to == to)
            return &machine->link[i];
    return NULL;
}

static void check_link(const struct scenario_machine *machine, size_t from, size_t to,
                       double its_latency_s, double its_Bps)
{
    const struct scenario_machine_link *link = link_of(machine, from, to);
    if (!CHECK(link != NULL))
        return;
    CHECK_NEAR(link->latency_s, its_latency_s, 1e-12);
    CHECK_NEAR(link->bandwidth_Bps, its_Bps, 1e-12);
    CHECK(link->through_host == (from == 1 && to == 2));
}

static void test_links(void)
{
    struct scenario_machine machine;
    make_machine(&machine);
    machine.n_links = scenario_machine_links(&machine, &machine.link);
    CHECK(machine.n_links == 5);
    check_link(&machine, 0, 1, 14e-6, 20e9);
    check_link(&machine, 0, 2, 10e-6, 5e9); /* one way of copying was measured */
    check_link(&machine, 1, 2, 24e-6, 4e9);
    check_link(&machine, 1, 3, 14e-6, 20e9);
    CHECK(!link_of(&machine, 0, 3));
    free(machine.link);
    machine.device[1].upload.bandwidth_Bps = machine.device[1].download.bandwidth_Bps = NAN;
    machine.n_links = scenario_machine_links(&machine, &machine.link);
    CHECK(machine.n_links == 2);
    scenario_machine_free(&machine);
}

static void check_platform(const struct device_platform *platform)
{
    struct device_route route;
    size_t cpu = device_platform_find(platform, "cpu"),
           big = device_platform_find(platform, "gpu-0");
    size_t small = device_platform_find(platform, "gpu-1"),
           own = device_platform_find(platform, "gpu-2");
    CHECK(platform->n_devices == 4 && platform->n_pools == 3 && platform->n_links == 5);
    if (!CHECK(cpu < 4 && big < 4 && small < 4 && own < 4))
        return;
    CHECK_TEXT(platform->device[own].pool, "dram");
    CHECK_TEXT(platform->device[big].pool, "vram-0");
    CHECK_NEAR(platform->pool[0].capacity_B, 61 * 1073741824.0, 1e-9);
    CHECK_NEAR(platform->ambient_K, 294.15, 1e-9);
    CHECK(device_platform_route(platform, small, cpu, &route));
    CHECK_NEAR(route.bandwidth_Bps, 5e9, 1e-3);
    CHECK(device_platform_route(platform, cpu, own, &route) && isinf(route.bandwidth_Bps));
    CHECK(device_platform_route(platform, big, small, &route));
    CHECK_NEAR(route.latency_s, 24e-6, 1e-3);
}

/* The file is a scenario's platform as it stands. */
static void explore(const char *path)
{
    struct error err = {0};
    struct scenario scenario;
    struct scenario_result result;
    struct scenario_options options = {0};
    char *platform = mem_printf("platform=%s", path);
    const char *const set[] = {platform, "schedulers=[greedy-latency]", "outputs.replay=1"};
    if (CHECK(scenario_load("quickstart", set, 3, &scenario, &err))) {
        check_platform(&scenario.platform);
        CHECK(scenario_explore(&scenario, &options, &result, &err));
        CHECK(result.n_fronts == 1 && result.front[0].evaluations > 0);
        scenario_result_free(&result);
        scenario_free(&scenario);
    } else {
        fprintf(stderr, "%s\n", err.fault[0]);
    }
    free(platform);
}

static void test_platform(void)
{
    struct scenario_machine machine;
    struct error err = {0};
    char folder[] = "/tmp/qeilsim-machine-XXXXXX";
    make_machine(&machine);
    machine.n_links = scenario_machine_links(&machine, &machine.link);
    machine.yaml = scenario_machine_yaml(&machine, 294.15, &err);
    char *path = mem_printf("%s/machine.yaml", mkdtemp(folder));
    if (CHECK(machine.yaml != NULL) &&
        CHECK(file_write(path, machine.yaml, strlen(machine.yaml), &err)))
        explore(path);
    unlink(path);
    rmdir(folder);
    free(path);
    scenario_machine_free(&machine);
}

/* A card that two drivers tell of, its twin, the processor, an accelerator, and one that crashed.
 */
static void test_found(void)
{
    static char card[] = "Card 9000", one[] = "One's OpenCL", other[] = "Other's OpenCL";
    static char ids[][12] = {"opencl:0", "opencl:1", "opencl:2",
                             "opencl:3", "opencl:4", "opencl:5"};
    static char processor[] = "A processor", crashed[] = "its driver ended with signal 11";
    struct opencl_device device[] = {
        {.id = ids[0], .title = card, .platform = one, .gpu = true, .memory_B = 8e9},
        {.id = ids[1], .title = card, .platform = one, .gpu = true, .memory_B = 8e9},
        {.id = ids[2], .title = card, .platform = other, .gpu = true, .memory_B = 8e9},
        {.id = ids[3], .title = processor, .platform = other, .processor = true, .memory_B = 64e9},
        {.id = ids[4], .platform = other, .shares_memory = true, .memory_B = 3e9},
        {.id = ids[5], .title = card, .platform = other, .gpu = true, .why = crashed}};
    const struct opencl_devices all = {.device = device, .n = 6};
    struct scenario_founds founds = {0};
    struct error err = {0};
    scenario_founds_add(&all, 16e9, &founds);
    if (!CHECK(founds.n == 6))
        return;
    CHECK(!founds.device[0].why && !founds.device[1].why && !founds.device[4].why);
    CHECK_TEXT(founds.device[2].why,
               "opencl:0 again: measured as opencl:0; --on opencl:2 measures it all the same");
    CHECK_TEXT(founds.device[3].why,
               "the processor again: measured as cpu; --on opencl:3 measures it all the same");
    CHECK_TEXT(founds.device[5].why, crashed);
    CHECK(founds.device[2].again && founds.device[3].again && !founds.device[5].again);
    CHECK(founds.device[3].kind == DEVICE_CPU && founds.device[3].shares_memory);
    CHECK(founds.device[4].kind == DEVICE_NPU && founds.device[0].kind == DEVICE_GPU);
    CHECK_NEAR(founds.device[3].memory_B, 16e9, 1e-12);
    CHECK_NEAR(founds.device[4].memory_B, 3e9, 1e-12);
    CHECK_NEAR(founds.device[0].memory_B, 8e9, 1e-12);
    CHECK(scenario_founds_get(&founds, "opencl:1", &err) == &founds.device[1]);
    CHECK(!scenario_founds_get(&founds, "opencl:6", &err) && err.n_faults == 1);
    scenario_founds_free(&founds);
}

int main(void)
{
    gsl_set_error_handler_off();
    test_found();
    test_line();
    test_too_few();
    test_links();
    test_platform();
    return check_result();
}
