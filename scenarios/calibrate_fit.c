/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "scenarios/calibrate_fit.h"

#include "base/memory.h"
#include "scenarios/calibrate_device.h"
#include "scenarios/calibrate_heat.h"
#include "scenarios/calibrate_power.h"
#include "scenarios/fit_device.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bool scenario_calibrated_enough(const struct scenario_calibration *out)
{
    bool product = false;
    for (size_t i = 0; i < out->samples.n; i++)
        product = product || (out->samples.sample[i].kind == CALIBRATE_PRODUCT &&
                              out->samples.sample[i].timing.repetitions > 0 &&
                              !calibrate_is_reference(&out->samples.sample[i]));
    return product && isfinite(out->stream_Bps) && isfinite(out->peak_FLOPps) &&
           (strcmp(out->found.id, "cpu") != 0 ||
            isfinite(calibrate_peak_FLOPps(&out->samples, "int8")));
}

/* Leakage first: what a hotter die leaks more is no load's. */
static void take_sensors(struct tree *tree, const char *name, struct scenario_calibration *out)
{
    struct device_power power;
    if (!scenario_power_read(tree, &power))
        return;
    scenario_heat_fit(&out->heat_run, &power.leakage, &out->draw, name, &out->heat);
    out->draw.leakage_W = out->heat.leakage_W;
    if (!scenario_calibrated_power(tree, &out->draw, &out->prior, &out->split))
        out->heat.leakage_W = NAN;
    scenario_heat_put(tree, &out->heat_run, &out->heat, &out->prior);
}

bool scenario_calibrated_fit(const struct scenario_calibrate_ask *ask,
                             const struct scenario_passes *passes, struct scenario_calibration *out,
                             struct error *err)
{
    struct device device;
    struct device_fit fit;
    struct fit_result result = {0};
    struct tree *tree = scenario_calibrated_device(ask, out, &out->prior, err);
    if (tree)
        take_sensors(tree, scenario_calibrated_name(ask, &out->found), out);
    if (!tree || !device_read(tree, &device, err)) {
        tree_free(tree);
        return false;
    }
    calibrate_evidence(&out->samples, passes->pass, passes->n, &out->evidence);
    bool ok = calibrate_fit(&device, &out->evidence, &fit, &result, err);
    if (ok) {
        char *ref = mem_printf("%zu kernels measured here", out->evidence.n);
        char *exponent = mem_printf("%.4g", device.compute.overlap_p);
        tree_put(tree_get(tree, "compute"), "overlap_p", tree_new_scalar(exponent, &tree->mark));
        scenario_calibrated_source(tree, "compute.overlap_p", "fitted", ref);
        scenario_fit_report(&fit, &result, &out->fit);
        scenario_fit_judge(&fit, out->evidence.what, out->evidence.group, out->evidence.n,
                           &out->fit);
        scenario_fit_put(&fit, &result, tree, ref);
        out->predicted_s = mem_calloc(out->evidence.n + 1, sizeof *out->predicted_s);
        for (size_t i = 0; i < out->evidence.n; i++)
            out->predicted_s[i] = device_observed(&device, &out->evidence.what[i]);
        out->fit.name = mem_strdup(scenario_calibrated_name(ask, &out->found));
        out->fit.yaml = scenario_fit_yaml(tree, "device");
        free(exponent);
        free(ref);
        fit_free(&result);
        device_fit_free(&fit);
    }
    device_free(&device);
    tree_free(tree);
    return ok;
}
