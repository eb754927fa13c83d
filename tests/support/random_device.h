/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Devices with random speed, of one number format: a pure function of a stream. */
#ifndef TESTS_SUPPORT_RANDOM_DEVICE_H
#define TESTS_SUPPORT_RANDOM_DEVICE_H

#include "base/stream.h"
#include "devices/device.h"

#include <math.h>

/* What a device points to. */
struct random_parts {
    struct device_peak peak;
    struct device_cache cache[2];
    struct device_dequant dequant[2];
    char f16[4], names[2][8];
};

/* Log-uniform: for sizes that span decades. */
static inline double random_between(struct stream *stream, double low, double high)
{
    return low * pow(high / low, stream_uniform(stream));
}

static inline double random_or_none(struct stream *stream, double low, double high)
{
    return stream_below(stream, 3) ? random_between(stream, low, high) : 0;
}

static inline struct device_compute random_compute(struct stream *stream,
                                                   struct random_parts *parts)
{
    return (struct device_compute){
        .peak = &parts->peak,
        .n_peaks = 1,
        .float_weights = parts->f16,
        .quantised_weights = parts->f16,
        .efficiency = random_between(stream, 0.05, 1),
        .quantised_efficiency = random_or_none(stream, 0.05, 1),
        .cores = 1 + stream_below(stream, 200),
        .vector_rows = stream_below(stream, 12),
        .tile_rows = 1 + stream_below(stream, 64),
        .expert_rows = random_or_none(stream, 0.1, 64),
        .fixed_rows = stream_below(stream, 3) ? 0 : 128,
        .overlap_p = stream_below(stream, 3) ? random_between(stream, 1, 8) : 2,
        .dequant = parts->dequant,
        .n_dequant = 2 * stream_below(stream, 2),
    };
}

static inline struct device_attention random_attention(struct stream *stream)
{
    return (struct device_attention){
        .flash = stream_below(stream, 3) > 0,
        .decode_s = random_or_none(stream, 1e-7, 1e-4),
        .prefill_s = random_or_none(stream, 1e-7, 1e-4),
        .s_per_sequence = random_between(stream, 1e-8, 1e-5),
        .s_per_tile = random_or_none(stream, 1e-8, 1e-5),
        .s_per_empty_tile = random_or_none(stream, 1e-9, 1e-6),
        .efficiency = random_between(stream, 0.05, 1),
        .kv_efficiency = random_between(stream, 0.5, 1),
        .mixed_kv_efficiency = random_between(stream, 0.4, 1),
        .s_per_head_token = random_or_none(stream, 1e-12, 1e-8),
        .tile_rows = 1 + stream_below(stream, 128),
    };
}

static inline struct device_memory random_memory(struct stream *stream, struct random_parts *parts)
{
    double bandwidth_Bps = random_between(stream, 1e9, 1e12);
    parts->cache[0].capacity_B = random_between(stream, 1e4, 1e7);
    parts->cache[1].capacity_B = parts->cache[0].capacity_B * random_between(stream, 2, 20);
    for (size_t i = 0; i < 2; i++)
        parts->cache[i].bandwidth_Bps = bandwidth_Bps * random_between(stream, 0.5, 20);
    return (struct device_memory){.bandwidth_Bps = bandwidth_Bps,
                                  .efficiency = random_between(stream, 0.3, 1),
                                  .noc_Bps = random_or_none(stream, 1e9, 1e12),
                                  .cache = parts->cache,
                                  .n_caches = stream_below(stream, 3)};
}

/* Borrows *parts. */
static inline struct device random_speed(struct stream *stream, struct random_parts *parts)
{
    double peak_FLOPps = random_between(stream, 1e10, 1e13);
    *parts = (struct random_parts){.f16 = "f16", .names = {"F16", "Q4_0"}};
    parts->peak =
        (struct device_peak){parts->f16, peak_FLOPps, peak_FLOPps * random_between(stream, 1, 60)};
    for (size_t i = 0; i < 2; i++)
        parts->dequant[i] =
            (struct device_dequant){.name = parts->names[i],
                                    .ops_per_weight = random_or_none(stream, 0.1, 10),
                                    .matrix_ops_per_weight = random_or_none(stream, 0.1, 10)};
    struct device device = {.compute = random_compute(stream, parts),
                            .attention = random_attention(stream),
                            .memory = random_memory(stream, parts)};
    device.overheads.operator_s = random_between(stream, 1e-7, 1e-4);
    device.overheads.element_s = random_or_none(stream, 1e-7, 1e-4);
    device.overheads.pass_s = random_or_none(stream, 1e-6, 1e-3);
    device.software.factor = 1;
    return device;
}

#endif
