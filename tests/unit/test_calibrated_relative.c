/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From which device of the catalogue a calibrated one takes what nothing measures. */
#include "base/memory.h"
#include "scenarios/calibrate_relative.h"
#include "tests/check.h"

static char driver[] = "An OpenCL, 1.0";

/* The class that a GPU takes, freed with free(). *prior as scenario_take_relative tells it. */
static char *class_of(const char *title, bool shares, double stream_Bps, double peak_FLOPps,
                      char **prior)
{
    static const char text[] = "name: x\nclass: gpu\nsources: {}\n";
    struct error err = {0};
    char *own_title = mem_strdup(title), *class = NULL;
    struct tree *device = tree_parse("test", text, strlen(text), &err);
    const struct scenario_calibration calibration = {.places = places_open(""),
                                                     .found = {.title = own_title,
                                                               .driver = driver,
                                                               .kind = DEVICE_GPU,
                                                               .shares_memory = shares},
                                                     .stream_Bps = stream_Bps,
                                                     .peak_FLOPps = peak_FLOPps};
    *prior = NULL;
    if (CHECK(device && scenario_take_relative(device, &calibration, prior, &err))) {
        class = mem_strdup(tree_get_text(device, "class"));
        CHECK(tree_find(device, "power.idle_W") && tree_find(device, "thermal.nodes"));
        CHECK_TEXT(tree_get_text(tree_get(tree_get(device, "sources"), "thermal"), "kind"),
                   "class");
    }
    places_close(calibration.places);
    tree_free(device);
    free(own_title);
    return class;
}

static void check_class(const char *title, bool shares, double stream_Bps, double peak_FLOPps,
                        const char *class)
{
    char *prior, *own = class_of(title, shares, stream_Bps, peak_FLOPps, &prior);
    if (!CHECK(own && strncmp(own, class, strlen(class)) == 0))
        fprintf(stderr, "    %s: %s, %s\n", title, own ? own : "", prior ? prior : "");
    free(prior);
    free(own);
}

int main(void)
{
    char *prior, *class = class_of("NVIDIA GeForce RTX 4090", false, 9e11, 7e13, &prior);
    CHECK_TEXT(class, "gddr-gpu-ada-geforce");
    CHECK_TEXT(prior, "power, heat and voltage: no sensor tells: as rtx-4090, the same device in "
                      "the catalogue");
    free(prior);
    free(class);
    check_class("NVIDIA Tomorrow 9000", false, 3e12, 6e13, "hbm-gpu-nvidia");
    check_class("NVIDIA Tomorrow 900", false, 4e11, 2e13, "gddr-gpu");
    check_class("NVIDIA Tomorrow Nano", true, 6e10, 1e12, "soc-gpu-nvidia");
    check_class("gfx9999", false, 3e12, 8e13, "hbm-gpu-amd");
    check_class("gfx9998", true, 8e10, 5e12, "soc-gpu-rdna");
    check_class("Intel(R) Tomorrow Graphics", true, 8e10, 3e12, "soc-gpu-xe");
    check_class("Mali-G9999", true, 2e10, 5e11, "soc-gpu-mobile");
    return check_result();
}
