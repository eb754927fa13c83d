/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "workloads/model.h"

#include <string.h>

/* Weights and bytes of one block, from ggml-common.h of llama.cpp. Q4_0: an F16 scale and 32 half
 * bytes; the K and IQ formats: a super-block of 256 weights with its scales of scales; TQ: ternary;
 * MXFP4: one exponent byte to 32 four-bit floats (OCP Microscaling Formats 1.0). */
static const struct workload_format formats[] = {
    {"F32", 1, 4},        {"F16", 1, 2},      {"BF16", 1, 2},       {"Q8_0", 32, 34},
    {"Q4_0", 32, 18},     {"Q4_1", 32, 20},   {"Q5_0", 32, 22},     {"Q5_1", 32, 24},
    {"Q2_K", 256, 84},    {"Q3_K", 256, 110}, {"Q4_K", 256, 144},   {"Q5_K", 256, 176},
    {"Q6_K", 256, 210},   {"IQ4_NL", 32, 18}, {"IQ4_XS", 256, 136}, {"IQ3_S", 256, 110},
    {"IQ3_XXS", 256, 98}, {"IQ2_S", 256, 82}, {"IQ2_XS", 256, 74},  {"IQ2_XXS", 256, 66},
    {"IQ1_M", 256, 56},   {"IQ1_S", 256, 50}, {"TQ1_0", 256, 54},   {"TQ2_0", 256, 66},
    {"MXFP4", 32, 17},
};

const struct workload_format *workload_format_find(const char *name)
{
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (strcmp(formats[i].name, name) == 0)
            return &formats[i];
    return NULL;
}

double workload_format_bytes(const struct workload_format *format, double weights)
{
    return weights / format->block_weights * format->block_bytes;
}
