/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Predicted against measured: llama-bench rows of single devices, batch 1. Decode and
 * prefill within 30 % of the measured tokens per second. */
#include "tests/support/speed.h"

struct row {
    const char *device, *model, *quant;
    double decode, prefill; /* measured tokens per second: tg128 and pp512 */
};

/* Scoreboard: https://github.com/ggml-org/llama.cpp/discussions/15013 (CUDA, without flash
 * attention). Raspberry Pi rows: https://huggingface.co/spaces/nyunai/edge-llm-leaderboard. */
static const struct row rows[] = {
    {"rtx-4090", "llama-2-7b", "Q4_0", 186.21, 11992.70},
    {"a100-80gb", "llama-2-7b", "Q4_0", 190.88, 4849.53},
    {"raspberry-pi-5", "yi-coder-1.5b", "Q8_0", 6.596, 23.894},
    {"raspberry-pi-5", "mistral-7b", "Q8_0", 1.290, 4.104},
    {"raspberry-pi-5", "yi-1.5-6b", "Q4_K_M", 2.720, 5.580},
};

/* Models of the rows, by their published config.json. */
static const struct {
    const char *name, *text;
} models[] = {
    {"llama-2-7b", "num_hidden_layers: 32\nhidden_size: 4096\nintermediate_size: 11008\n"
                   "num_attention_heads: 32\nnum_key_value_heads: 32\nvocab_size: 32000\n"},
    {"yi-coder-1.5b", "num_hidden_layers: 24\nhidden_size: 2048\nintermediate_size: 5504\n"
                      "num_attention_heads: 16\nnum_key_value_heads: 16\nvocab_size: 64000\n"},
    {"mistral-7b", "num_hidden_layers: 32\nhidden_size: 4096\nintermediate_size: 14336\n"
                   "num_attention_heads: 32\nnum_key_value_heads: 8\nvocab_size: 32768\n"},
    {"yi-1.5-6b", "num_hidden_layers: 32\nhidden_size: 4096\nintermediate_size: 11008\n"
                  "num_attention_heads: 32\nnum_key_value_heads: 4\nvocab_size: 64000\n"},
};

static bool read_model(const char *name, const char *quant, struct workload_model *out)
{
    struct error err = {0};
    size_t m = 0;
    while (strcmp(models[m].name, name) != 0)
        m++;
    char text[1024];
    snprintf(text, sizeof text,
             "name: %s\n%shead_dim: 128\nmax_position_embeddings: 4096\n"
             "tie_word_embeddings: false\nffn: gated\nquant: %s\nkv_format: F16\n",
             name, models[m].text, quant);
    struct tree *tree = tree_parse(name, text, strlen(text), &err);
    bool ok = tree && workload_model_read(tree, out, &err);
    if (!CHECK(ok))
        fprintf(stderr, "    %s\n", err.fault[0]);
    tree_free(tree);
    return ok;
}

static void check_row(const struct row *row)
{
    struct device device;
    struct workload_model model;
    if (!read_device(row->device, &device))
        return;
    if (read_model(row->model, row->quant, &model)) {
        double answer_rate = decode_rate(&device, &model);
        double prompt_rate = prefill_rate(&device, &model);
        printf("%s %s %s: decode %.4g of %.4g, prefill %.5g of %.5g tokens/s\n", row->device,
               row->model, row->quant, answer_rate, row->decode, prompt_rate, row->prefill);
        CHECK(fabs(answer_rate / row->decode - 1) <= 0.30);
        CHECK(fabs(prompt_rate / row->prefill - 1) <= 0.30);
        workload_model_free(&model);
    }
    device_free(&device);
}

int main(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        check_row(&rows[i]);
    return check_result();
}
