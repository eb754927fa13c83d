/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The reference transformer on an OpenCL device: it says what it says on the CPU. */
#include "devices/kernels/opencl_device.h"
#include "tests/support/transformer_checks.h"

/* How far the CPU's logits may be off, whose inputs of quantised products are rounded. */
static const struct {
    const char *more;
    double most, from_cpu;
} models[] = {
    {"ffn: gated\nquant: F32\n", 1e-4, 1e-4},
    {"ffn: plain\nquant: BF16\nlearned_positions: 64\nnorm_bias: true\n", 1e-4, 1e-3},
    {"ffn: gated\nquant: F16\nsliding_window: 4\ntie_word_embeddings: true\n", 1e-4, 1e-3},
    {"ffn: gated\nquant: Q8_0\n", 1e-4, 0.05},
    {"ffn: gated\nquant: Q4_0\n", 1e-4, 0.08},
};

static void check_device(struct kernels *kernels, struct kernels *cpu)
{
    for (size_t i = 0; i < sizeof models / sizeof *models; i++) {
        float here[VOCABULARY] = {0}, there[VOCABULARY] = {0};
        check_model(kernels, models[i].more, models[i].most, here);
        check_model(cpu, models[i].more, models[i].from_cpu, there);
        double apart = farthest(here, there);
        if (!CHECK(apart <= models[i].from_cpu))
            fprintf(stderr, "    %s: %g from the CPU's\n", models[i].more, apart);
    }
    CHECK(kernels->does->fault(kernels) == NULL);
}

int main(void)
{
    struct opencl_devices devices;
    struct error err = {0};
    size_t first = 0;
    opencl_find(&devices);
    while (first < devices.n && devices.device[first].why)
        first++;
    struct kernels *kernels =
        first < devices.n ? kernels_open_opencl(devices.device[first].id, &err) : NULL;
    bool none = first == devices.n;
    opencl_devices_free(&devices);
    if (none)
        return check_skip("no OpenCL device is usable");
    struct kernels *cpu = kernels_open_cpu(2, &err);
    if (CHECK(kernels && cpu)) {
        check_device(kernels, cpu);
        cpu->does->close(cpu);
        kernels->does->close(kernels);
    }
    return check_result();
}
