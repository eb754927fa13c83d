/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "devices/calibrate/plan.h"

#include "analysis/statistics.h"
#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char reference_name[] = "reference";

/* Outputs and inputs of real layers: hidden sizes of 576, 1024 and 2048, their feed-forward sizes,
 * and a head. */
static const struct {
    size_t outputs, inputs;
    bool quick;
} shapes[] = {{2048, 2048, true},  {8192, 2048, true}, {2048, 8192, true},  {1536, 576, true},
              {1024, 1024, false}, {3072, 768, false}, {32000, 1024, false}};

static const struct {
    size_t rows;
    bool quick;
} rows_of_products[] = {{2, false},   {4, false},    {8, false},   {16, true},
                        {32, false},  {64, true},    {128, true},  {256, false},
                        {512, false}, {1024, false}, {2048, false}};

static const struct {
    size_t q_heads, kv_heads, dim;
} heads[] = {{32, 8, 64}, {12, 12, 64}, {24, 8, 128}};

/* Weights of a product that are worth being called a stream. */
static const double least_far_B = 4e6;

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void add(struct calibrate_samples *out, struct calibrate_sample sample)
{
    out->sample = mem_grow(out->sample, &out->room, out->n + 1, sizeof *out->sample);
    out->sample[out->n++] = sample;
}

static void add_streams(const struct calibrate_extent *extent, struct calibrate_samples *out)
{
    static const char *const names[] = {"read", "copy", "triad"};
    double most_B = 4 * fmax(extent->cache_B, 16e6), least_B = 16384;
    double steps = extent->quick ? 1 : 2; /* for each doubling */
    int n_sizes = (int)(steps * log2(most_B / least_B)) + 1;
    for (size_t n = 0; n < COUNT(names); n++)
        for (int i = 0; i <= n_sizes; i++)
            add(out, (struct calibrate_sample){.kind = CALIBRATE_STREAM,
                                               .name = names[n],
                                               .working_set_B =
                                                   fmin(most_B, least_B * exp2(i / steps))});
}

static void add_product(struct calibrate_samples *out, enum kernels_format format, size_t shape,
                        size_t rows)
{
    add(out, (struct calibrate_sample){.kind = CALIBRATE_PRODUCT,
                                       .name = rows == 1 ? "gemv" : "gemm",
                                       .format = format,
                                       .rows = rows,
                                       .outputs = shapes[shape].outputs,
                                       .inputs = shapes[shape].inputs});
}

/* Format by format, so that the weights are made once. */
static void add_products(const struct calibrate_extent *extent, struct calibrate_samples *out)
{
    for (enum kernels_format f = 0; f < KERNELS_FORMATS; f++)
        for (size_t s = 0; s < COUNT(shapes); s++) {
            if (extent->quick && !shapes[s].quick)
                continue;
            add_product(out, f, s, 1);
            for (size_t r = 0; r < COUNT(rows_of_products); r++) {
                bool long_one = rows_of_products[r].rows > 512 && shapes[s].outputs > 2048;
                if (long_one || (extent->quick && !rows_of_products[r].quick))
                    continue;
                add_product(out, f, s, rows_of_products[r].rows);
            }
        }
}

static void add_attention(const struct calibrate_extent *extent, struct calibrate_samples *out)
{
    static const size_t contexts[] = {63, 255, 1023, 4095}, prompts[] = {32, 128, 512};
    for (size_t h = 0; h < COUNT(heads); h++) {
        struct calibrate_sample one = {.name = "attention",
                                       .format = KERNELS_F16,
                                       .rows = 1,
                                       .q_heads = heads[h].q_heads,
                                       .kv_heads = heads[h].kv_heads,
                                       .head_dim = heads[h].dim};
        for (size_t c = 0; c < COUNT(contexts); c++) {
            one.kind = CALIBRATE_DECODE;
            one.context = contexts[c];
            add(out, one);
        }
        one.kind = CALIBRATE_PROMPT;
        one.context = 0;
        for (size_t p = 0; p < COUNT(prompts); p++) {
            one.rows = prompts[p];
            add(out, one);
        }
        one.context = 512;
        if (!extent->quick)
            add(out, one);
    }
}

static void add_elements(const struct calibrate_extent *extent, struct calibrate_samples *out)
{
    static const char *const names[] = {"norm", "rope", "gate", "add", "gather", "softmax"};
    static const size_t widths[] = {576, 2048, 8192}, rows[] = {1, 16, 128, 512};
    for (size_t n = 0; n < COUNT(names); n++)
        for (size_t w = 0; w < COUNT(widths); w++)
            for (size_t r = 0; r < COUNT(rows); r++) {
                bool long_one = widths[w] > 2048 && strcmp(names[n], "gate") != 0;
                if (long_one || (extent->quick && rows[r] == 16))
                    continue;
                add(out, (struct calibrate_sample){.kind = CALIBRATE_ELEMENT,
                                                   .name = names[n],
                                                   .rows = rows[r],
                                                   .inputs = widths[w]});
            }
}

/* 4 KiB, where a copy takes as long as its call, up to 64 MiB. */
static void add_copies(struct calibrate_samples *out)
{
    static const char *const names[] = {"upload", "download"};
    const size_t least_B = 4096, most_B = 67108864;
    for (size_t n = 0; n < COUNT(names); n++)
        for (size_t size_B = least_B; size_B <= most_B; size_B *= 4)
            add(out, (struct calibrate_sample){.kind = CALIBRATE_COPY,
                                               .name = names[n],
                                               .working_set_B = (double)size_B});
}

/* One that memory limits and one that arithmetic does. */
static void add_references(struct calibrate_samples *out)
{
    add_product(out, KERNELS_F32, 0, 1);
    out->sample[out->n - 1].name = reference_name;
    add_product(out, KERNELS_F32, 0, 64);
    out->sample[out->n - 1].name = reference_name;
}

static void add_alone(struct calibrate_samples *out, enum calibrate_kind kind, const char *name)
{
    add(out, (struct calibrate_sample){.kind = kind, .name = name});
}

void calibrate_plan(const struct calibrate_extent *extent, struct calibrate_samples *out)
{
    *out = (struct calibrate_samples){0};
    add_references(out);
    add_alone(out, CALIBRATE_PEAK, "f32");
    add_alone(out, CALIBRATE_PEAK, "int8");
    add_alone(out, CALIBRATE_LAUNCH, "launch");
    if (extent->own_memory)
        add_copies(out);
    add_streams(extent, out);
    add_products(extent, out);
    add_references(out);
    add_attention(extent, out);
    add_elements(extent, out);
    if (!extent->own_memory)
        add_alone(out, CALIBRATE_PAGES, "page");
    add_references(out);
}

void calibrate_samples_free(struct calibrate_samples *samples)
{
    free(samples->sample);
    *samples = (struct calibrate_samples){0};
}

double calibrate_point_s(const struct calibrate_extent *extent)
{
    return extent->quick ? 0.02 : 0.1;
}

bool calibrate_in_round(const struct calibrate_samples *samples, size_t i, size_t round)
{
    enum { KINDS = 2 }; /* of references, once in each round */
    size_t before = 0;
    if (!calibrate_is_reference(&samples->sample[i]))
        return true;
    for (size_t j = 0; j < i; j++)
        before += calibrate_is_reference(&samples->sample[j]);
    return round == before / KINDS;
}

bool calibrate_is_reference(const struct calibrate_sample *sample)
{
    return sample->name == reference_name;
}

struct calibrate_pace calibrate_pace(const struct calibrate_samples *samples)
{
    struct calibrate_pace pace = {0, 0};
    for (size_t kind = 0; kind < 2; kind++) {
        double least = INFINITY, most = 0, first = 0, last = 0;
        for (size_t i = 0; i < samples->n; i++) {
            const struct calibrate_sample *one = &samples->sample[i];
            if (!calibrate_is_reference(one) || (one->rows == 1) != (kind == 0) ||
                one->timing.repetitions == 0)
                continue;
            last = one->timing.median_s;
            first = first > 0 ? first : last;
            least = fmin(least, last);
            most = fmax(most, last);
        }
        if (first > 0) {
            pace.drift = fmax(pace.drift, most / least - 1);
            pace.slowdown = fmax(pace.slowdown, last / first - 1);
        }
    }
    return pace;
}

double calibrate_noise(const struct calibrate_samples *samples)
{
    double *spread = mem_calloc(samples->n + 1, sizeof *spread);
    size_t n = 0;
    for (size_t i = 0; i < samples->n; i++)
        if (samples->sample[i].timing.repetitions > 0)
            spread[n++] = samples->sample[i].timing.spread;
    double noise = n > 0 ? analysis_median(spread, n) : NAN;
    free(spread);
    return noise;
}

double calibrate_metered(const struct calibrate_samples *samples)
{
    size_t n = 0, metered = 0;
    for (size_t i = 0; i < samples->n; i++) {
        n += samples->sample[i].timing.repetitions > 0;
        metered += samples->sample[i].timing.metered;
    }
    return n > 0 ? (double)metered / (double)n : 0;
}

double calibrate_stream_Bps(const struct calibrate_samples *samples, const char *name,
                            double least_B, double most_B)
{
    double best = NAN;
    for (size_t i = 0; i < samples->n; i++) {
        const struct calibrate_sample *one = &samples->sample[i];
        if (one->kind == CALIBRATE_STREAM && one->timing.repetitions > 0 &&
            strcmp(one->name, name) == 0 && one->working_set_B >= least_B &&
            one->working_set_B <= most_B)
            best = fmax(best, one->bytes / one->timing.median_s);
    }
    return best;
}

double calibrate_far_Bps(const struct calibrate_samples *samples, double far_B)
{
    double best = calibrate_stream_Bps(samples, "read", 0.99 * far_B, INFINITY);
    for (size_t i = 0; i < samples->n; i++) {
        const struct calibrate_sample *one = &samples->sample[i];
        if (one->kind == CALIBRATE_PRODUCT && one->rows == 1 && one->timing.repetitions > 0 &&
            one->bytes > least_far_B)
            best = fmax(best, one->bytes / one->timing.median_s);
    }
    return best;
}

double calibrate_peak_FLOPps(const struct calibrate_samples *samples, const char *name)
{
    for (size_t i = 0; i < samples->n; i++) {
        const struct calibrate_sample *one = &samples->sample[i];
        if (one->kind == CALIBRATE_PEAK && one->timing.repetitions > 0 &&
            strcmp(one->name, name) == 0)
            return one->flops / one->timing.median_s;
    }
    return NAN;
}

const struct calibrate_sample *calibrate_find(const struct calibrate_samples *samples,
                                              enum calibrate_kind kind)
{
    for (size_t i = 0; i < samples->n; i++)
        if (samples->sample[i].kind == kind && samples->sample[i].timing.repetitions > 0)
            return &samples->sample[i];
    return NULL;
}
