/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the catalogue's class defaults are worth: llama-bench rows of one model on all devices that
 * have a row. No number is set for one device (but for two of test_rows.c), so single cards may be
 * far off; the median is held. */
#include "tests/support/speed.h"

/* Llama 2 7B Q4_0, batch 1, without flash attention, the best backend: tg128 and pp512 in tokens
 * per second (0: not told). https://github.com/ggml-org/llama.cpp/discussions/ 4167 (Metal), 10879
 * (Vulkan), 15013 (CUDA), 15021 (ROCm). */
static const struct row {
    const char *device;
    double decode, prefill;
} rows[] = {
    {"a100-80gb", 190.88, 4849.53},
    {"a40", 124.11, 4609.01},
    {"apple-m1", 14.15, 117.96},
    {"apple-m1-max", 61.19, 530.06},
    {"apple-m1-pro", 36.41, 266.25},
    {"apple-m1-ultra", 83.73, 1030.04},
    {"apple-m2", 21.91, 179.57},
    {"apple-m2-max", 65.95, 671.31},
    {"apple-m2-pro", 38.86, 341.19},
    {"apple-m2-ultra", 94.27, 1238.48},
    {"apple-m3", 21.34, 186.75},
    {"apple-m3-max", 66.31, 759.7},
    {"apple-m3-max-30", 56.58, 567.59},
    {"apple-m3-pro", 30.74, 341.67},
    {"apple-m3-ultra", 92.14, 1471.24},
    {"apple-m4", 24.11, 221.29},
    {"apple-m4-max", 83.06, 885.68},
    {"apple-m4-max-32", 69.95, 713.93},
    {"apple-m4-pro", 50.74, 439.78},
    {"apple-m4-pro-16", 49.64, 364.06},
    {"dgx-spark-gb10", 57.21, 3062.31},
    {"h100-80gb", 267.81, 9918.34},
    {"jetson-agx-orin", 33.6, 991},
    {"l40", 152.01, 8870.49},
    {"quadro-rtx-6000", 102.77, 2751.18},
    {"quadro-rtx-8000", 102.68, 2709.95},
    {"radeon-pro-w7900", 121.18, 3213.17},
    {"rtx-2080-ti", 107.5, 0},
    {"rtx-3060", 75.57, 2137.5},
    {"rtx-3080", 139.7, 0},
    {"rtx-3090", 164.05, 5174.69},
    {"rtx-3090-ti", 171.19, 6567.49},
    {"rtx-4070", 92.29, 3179.37},
    {"rtx-4070-super", 108.74, 4608.2},
    {"rtx-4070-ti", 110.53, 4981.44},
    {"rtx-4070-ti-super", 132.26, 6924.53},
    {"rtx-4080", 142.49, 8031.64},
    {"rtx-4080-super", 148.33, 8125.15},
    {"rtx-4090", 187.97, 11992.7},
    {"rtx-5060-ti", 90.94, 3737.25},
    {"rtx-5070", 127.54, 5184.75},
    {"rtx-5070-ti", 176.85, 6952.38},
    {"rtx-5080", 181.99, 8297.36},
    {"rtx-5090", 290.02, 14073.4},
    {"rtx-6000-ada", 176.07, 9229.23},
    {"rtx-a5000", 130.07, 4028.16},
    {"rtx-a6000", 138.73, 4913.93},
    {"rtx-pro-4000-blackwell", 131.66, 4992.83},
    {"rtx-pro-6000-blackwell", 274.2, 14854.6},
    {"rtx-pro-6000-blackwell-max-q", 260.42, 12742.5},
    {"rx-6700-xt", 83.88, 0},
    {"rx-6800-xt", 100.32, 0},
    {"rx-6900-xt", 108, 0},
    {"rx-7600", 58.03, 0},
    {"rx-7800-xt", 118.27, 0},
    {"rx-7900-xt", 123.18, 0},
    {"rx-7900-xtx", 182.63, 3726.99},
    {"rx-9070-xt", 137.11, 5055.19},
    {"ryzen-ai-max-395-gpu", 53.59, 0},
    {"v100-32gb", 129.08, 3042.64},
};
enum { ROWS = sizeof rows / sizeof *rows };

static const char model_text[] =
    "name: llama-2-7b\nnum_hidden_layers: 32\nhidden_size: 4096\nintermediate_size: 11008\n"
    "num_attention_heads: 32\nnum_key_value_heads: 32\nvocab_size: 32000\nhead_dim: 128\n"
    "max_position_embeddings: 4096\ntie_word_embeddings: false\nffn: gated\nquant: Q4_0\n"
    "kv_format: F16\n";

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void check_median(const char *phase, double *error, size_t n, double most)
{
    qsort(error, n, sizeof *error, ascending);
    printf("%s: median error %.1f %% of %zu devices, nine of ten within %.1f %%\n", phase,
           100 * error[n / 2], n, 100 * error[n * 9 / 10]);
    CHECK(n > 40);
    CHECK(error[n / 2] <= most);
}

int main(void)
{
    struct error err = {0};
    struct workload_model model;
    double decode_error[ROWS], prefill_error[ROWS];
    size_t n_decode = 0, n_prefill = 0;
    struct tree *tree = tree_parse("llama-2-7b", model_text, strlen(model_text), &err);
    if (!CHECK(tree && workload_model_read(tree, &model, &err)))
        return check_result();
    for (size_t i = 0; i < ROWS; i++) {
        struct device device;
        if (!read_device(rows[i].device, &device))
            continue;
        double rate = decode_rate(&device, &model);
        double prompt_rate = prefill_rate(&device, &model);
        printf("%-28s decode %6.1f of %6.1f %+4.0f %%", rows[i].device, rate, rows[i].decode,
               100 * (rate / rows[i].decode - 1));
        decode_error[n_decode++] = fabs(rate / rows[i].decode - 1);
        if (rows[i].prefill > 0) {
            printf("   prefill %7.0f of %7.0f %+4.0f %%", prompt_rate, rows[i].prefill,
                   100 * (prompt_rate / rows[i].prefill - 1));
            prefill_error[n_prefill++] = fabs(prompt_rate / rows[i].prefill - 1);
        }
        putchar('\n');
        device_free(&device);
    }
    check_median("decode", decode_error, n_decode, 0.08);
    check_median("prefill", prefill_error, n_prefill, 0.10);
    workload_model_free(&model);
    tree_free(tree);
    return check_result();
}
