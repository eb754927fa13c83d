/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "devices/parameters.h"

#include <stddef.h>

enum { RUNS = DEVICE_FROM_RUNS, OPERATORS = DEVICE_FROM_OPERATORS, BOTH = RUNS | OPERATORS };

/* Within a class shares scatter by some points, times by a factor of e; what it takes to unpack a
 * weight is the kernel's, which devices of a class have in common. */
#define SHARE_SIGMA 0.05
#define TIME_SIGMA 1
#define UNPACK_SIGMA 0.3

#define SHARE(path, key, member, from)                                                             \
    {                                                                                              \
        {path, key, 1, FIT_LOGIT, 0.001, 1, SHARE_SIGMA, from}, offsetof(struct device, member)    \
    }
#define TIME(path, key, unit, member, from)                                                        \
    {                                                                                              \
        {path, key, unit, FIT_LOG, 1e-12, 1, TIME_SIGMA, from}, offsetof(struct device, member)    \
    }

static const struct scalar {
    struct device_parameter parameter;
    size_t offset;
} scalars[] = {
    SHARE("memory", "efficiency", memory.efficiency, BOTH),
    SHARE("compute", "efficiency", compute.efficiency, BOTH),
    SHARE("compute", "quantised_efficiency", compute.quantised_efficiency, RUNS),
    TIME("overheads", "operator_us", 1e-6, overheads.operator_s, BOTH),
    TIME("overheads", "element_us", 1e-6, overheads.element_s, BOTH),
    TIME("overheads", "pass_us", 1e-6, overheads.pass_s, RUNS),
    SHARE("attention", "efficiency", attention.efficiency, BOTH),
    SHARE("attention", "kv_efficiency", attention.kv_efficiency, BOTH),
    SHARE("attention", "mixed_kv_efficiency", attention.mixed_kv_efficiency, OPERATORS),
    TIME("attention", "decode_us", 1e-6, attention.decode_s, OPERATORS),
    TIME("attention", "prefill_us", 1e-6, attention.prefill_s, OPERATORS),
    TIME("attention", "us_per_sequence", 1e-6, attention.s_per_sequence, OPERATORS),
    TIME("attention", "us_per_tile", 1e-6, attention.s_per_tile, OPERATORS),
    TIME("attention", "us_per_empty_tile", 1e-6, attention.s_per_empty_tile, OPERATORS),
    TIME("attention", "ns_per_head_token", 1e-9, attention.s_per_head_token, RUNS),
};
enum { SCALARS = sizeof scalars / sizeof *scalars };

size_t device_parameters(const struct device *device)
{
    return SCALARS + device->compute.n_dequant;
}

void device_parameter(const struct device *device, size_t i, struct device_parameter *out)
{
    if (i < SCALARS)
        *out = scalars[i].parameter;
    else
        *out = (struct device_parameter){.path = "compute.dequant",
                                         .key = device->compute.dequant[i - SCALARS].name,
                                         .scale = 1,
                                         .coordinate = FIT_LOG,
                                         .low = 0.01,
                                         .high = 1e4,
                                         .sigma = UNPACK_SIGMA,
                                         .evidence = RUNS};
}

double *device_parameter_value(struct device *device, size_t i)
{
    if (i >= SCALARS)
        return &device->compute.dequant[i - SCALARS].ops_per_weight;
    return (double *)((char *)device + scalars[i].offset);
}
