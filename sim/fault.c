/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/fault.h"

#include "base/stream.h"

#include <gsl/gsl_sf_gamma.h>
#include <math.h>

#define AT(type, member) .offset = offsetof(struct type, member)
#define MOST_S 4e6 /* the end of time is at 53 days */

static const struct field fault_fields[] = {
    {"device", FIELD_TEXT, true, AT(sim_fault, device), .help = "which device of the platform"},
    {"at_s", FIELD_NUMBER, true, AT(sim_fault, at_s), .min = 0, .max = MOST_S, .unit = "s",
     .help = "when it fails"},
    {"for_s", FIELD_NUMBER, false, AT(sim_fault, for_s), .min = 0, .max = MOST_S, .preset = "0",
     .unit = "s", .help = "how long it is away (0: for good)"},
    {0}};

const struct field sim_faults_fields[] = {
    {"scheduled", FIELD_LIST, false, AT(sim_faults, scheduled),
     .count_offset = offsetof(struct sim_faults, n_scheduled), .fields = fault_fields,
     .size = sizeof(struct sim_fault), .help = "faults at given times"},
    {"drawn", FIELD_BOOL, false, AT(sim_faults, drawn), .preset = "false",
     .help = "also draw faults, by reliability.mtbf_h of each device"},
    {"repair_s", FIELD_NUMBER, false, AT(sim_faults, repair_s), .min = 0, .max = MOST_S,
     .preset = "60", .unit = "s", .help = "how long a drawn fault lasts (0: for good)"},
    {"detection_ms", FIELD_NUMBER, false, AT(sim_faults, detection_s), .scale = 1e-3, .min = 0,
     .max = 1e6, .preset = "100", .unit = "ms",
     .help = "from a fault until the server knows of it"},
    {"return_share", FIELD_NUMBER, false, AT(sim_faults, return_share), .min = 0.01, .max = 1,
     .preset = "0.5", .unit = "1", .help = "share of its speed that a device comes back with"},
    {"ramp_s", FIELD_NUMBER, false, AT(sim_faults, ramp_s), .min = 0, .max = MOST_S, .preset = "10",
     .unit = "s", .help = "from its return until it has all its speed"},
    {0}};

bool sim_faults_any(const struct sim_faults *faults)
{
    return faults->n_scheduled > 0 || faults->drawn;
}

bool sim_faults_check(const struct sim_faults *faults, const struct device_platform *platform,
                      const struct tree *node, struct error *err)
{
    const struct tree *list = tree_get(node, "scheduled");
    bool ok = true;
    for (size_t i = 0; i < faults->n_scheduled; i++) {
        const char *name = faults->scheduled[i].device;
        if (device_platform_find(platform, name) == platform->n_devices)
            ok = tree_error(err, list && i < list->n_children ? list->child[i] : node,
                            "'%s' is no device of this platform", text_clip(name).bytes);
    }
    return ok;
}

double sim_fault_gap_s(const struct device_reliability *reliability,
                       const struct sim_fault_draw *draw)
{
    if (reliability->mtbf_s <= 0)
        return INFINITY;
    struct stream stream = stream_open(draw->seed, STREAM_FAILURE, draw->failure, draw->device);
    double shape = reliability->weibull_shape;
    double scale_s = reliability->mtbf_s / gsl_sf_gamma(1 + 1 / shape);
    return scale_s * pow(-log1p(-stream_uniform(&stream)), 1 / shape);
}
