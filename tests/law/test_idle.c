/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A catalogue machine at rest draws what its files say that its devices draw at rest: the
 * temperature at which idle power was taken must be near the one that the model gives. */
#include "base/file.h"
#include "devices/thermal.h"
#include "scenarios/scenario.h"
#include "tests/check.h"

static double idle_ratio(const struct device_platform *platform)
{
    double said_W = 0, drawn_W = 0;
    double *base_W = calloc(platform->n_devices, sizeof *base_W);
    struct device_thermal *thermal = device_thermal_create(platform);
    for (size_t d = 0; d < platform->n_devices; d++) {
        said_W += platform->device[d].power.idle_W;
        base_W[d] = device_base_W(&platform->device[d]);
    }
    CHECK(device_thermal_steady(thermal, base_W));
    for (size_t d = 0; d < platform->n_devices; d++)
        drawn_W += base_W[d] + device_thermal_leakage_W(thermal, d);
    device_thermal_destroy(thermal);
    free(base_W);
    return drawn_W / said_W;
}

int main(void)
{
    struct error err = {0};
    char **names = scenario_catalogue("platform", &err);
    size_t n = 0;
    for (; names && names[n]; n++) {
        struct device_platform platform;
        struct tree *tree = scenario_find("platform", names[n], NULL, NULL, &err);
        if (!CHECK(tree != NULL) || !CHECK(device_platform_read(tree, &platform, &err)))
            continue;
        double ratio = idle_ratio(&platform);
        if (!CHECK(fabs(ratio - 1) < 0.15))
            fprintf(stderr, "    %s idles at %.3f of what its devices say\n", names[n], ratio);
        device_platform_free(&platform);
        tree_free(tree);
    }
    CHECK(n > 0);
    file_names_free(names);
    return check_result();
}
