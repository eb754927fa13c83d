/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which device or model a measured name means: on short lists of known names, and on the
 * catalogue. */
#include "base/file.h"
#include "base/memory.h"
#include "base/tree.h"
#include "devices/measurements/measured.h"
#include "tests/check.h"

static void check_found(const struct measured_names *names, const char *name, const char *group,
                        const char *want)
{
    const char *found;
    char *candidates;
    measured_names_find(names, name, group, &found, &candidates);
    if (!CHECK_TEXT(found ? found : "none", want ? want : "none"))
        fprintf(stderr, "    for \"%s\" [%s], candidates \"%s\"\n", name, group, candidates);
    CHECK(!found || !*candidates);
    free(candidates);
}

static void check_candidates(const struct measured_names *names, const char *name,
                             const char *group, const char *want)
{
    const char *found;
    char *candidates;
    measured_names_find(names, name, group, &found, &candidates);
    CHECK(!found);
    CHECK_TEXT(candidates, want);
    free(candidates);
}

struct entry {
    const char *name, *group, *aliases; /* between '|' */
};

static struct measured_names *list_of(enum measured_name_kind kind, const struct entry *entry,
                                      size_t n)
{
    struct measured_names *names = measured_names_new(kind);
    for (size_t i = 0; i < n; i++) {
        char *text = mem_strdup(entry[i].aliases), *alias[8], *rest = text;
        size_t n_aliases = 0;
        for (char *one = strtok_r(text, "|", &rest); one; one = strtok_r(NULL, "|", &rest))
            alias[n_aliases++] = one;
        measured_names_add(names, entry[i].name, entry[i].group, alias, n_aliases);
        free(text);
    }
    return names;
}

static void test_devices(void)
{
    static const struct entry known[] = {
        {"rtx-4090", "gpu", "NVIDIA GeForce RTX 4090"},
        {"rtx-4070", "gpu", ""},
        {"rtx-4070-ti", "gpu", ""},
        {"rtx-4070-ti-super", "gpu", ""},
        {"rtx-4050", "gpu", ""},
        {"a100-40gb", "gpu", ""},
        {"a100-80gb", "gpu", "NVIDIA A100 80GB SXM"},
        {"apple-m1-max", "gpu", "Apple M1 Max (32-core GPU)"},
        {"apple-m1-pro", "gpu", "Apple M1 Pro (16-core GPU)|m1-pro"},
        {"apple-m1-pro-cpu", "cpu", "Apple M1 Pro (CPU)"},
        {"jetson-nano", "gpu", ""},
        {"jetson-nano-cpu", "cpu", ""},
        {"raspberry-pi-5", "cpu", "pi-5"},
        {"spark", "gpu", "DGX Spark (size not stated)"},
    };
    struct measured_names *names =
        list_of(MEASURED_NAME_DEVICE, known, sizeof known / sizeof *known);
    check_found(names, "NVIDIA GeForce RTX 4090", "gpu", "rtx-4090");
    check_found(names, "RTX 4090 24 GB", "GPU", "rtx-4090");
    check_found(names, "rtx_4090 (Founders Edition)", "", "rtx-4090");
    check_found(names, "NVIDIA GeForce RTX 4070 Ti SUPER", "gpu", "rtx-4070-ti-super");
    check_candidates(names, "NVIDIA GeForce RTX 4090 D", "gpu", "rtx-4090");
    check_candidates(names, "RTX 4050 Laptop", "gpu", "rtx-4050");
    check_candidates(names, "RTX 4070 SUPER", "gpu", "rtx-4070-ti-super, rtx-4070, rtx-4070-ti");
    check_candidates(names, "Pi CM5 - 16GB (Nvidia RTX 4090)", "gpu", "rtx-4090");
    check_candidates(names, "2x RTX 4090", "gpu", "rtx-4090");
    check_candidates(names, "Radeon VII", "gpu", "");
    check_candidates(names, "NVIDIA GPU", "gpu", "");
    check_candidates(names, "", "", "");
    /* memory breaks ties only */
    check_found(names, "NVIDIA A100 80GB", "gpu", "a100-80gb");
    check_found(names, "NVIDIA A100 40 GB", "gpu", "a100-40gb");
    check_candidates(names, "NVIDIA A100", "gpu", "a100-40gb, a100-80gb");
    check_found(names, "RTX 4090 48GB", "gpu", "rtx-4090");
    /* groups */
    check_found(names, "Apple M1 Pro (GPU cores not stated)", "gpu", "apple-m1-pro");
    check_found(names, "Apple M1 Pro", "cpu", "apple-m1-pro-cpu");
    check_found(names, "Apple M1 Pro (CPU)", "", "apple-m1-pro-cpu");
    check_found(names, "Apple M1 Pro", "", "apple-m1-pro");
    check_candidates(names, "Apple M1 Max (24-core GPU)", "gpu", "apple-m1-max, apple-m1-pro");
    check_found(names, "NVIDIA Jetson Nano 4GB (CPU only)", "cpu", "jetson-nano-cpu");
    check_found(names, "NVIDIA Jetson Nano 4GB", "gpu", "jetson-nano");
    check_found(names, "Raspberry Pi 5 8GB", "cpu", "raspberry-pi-5");
    check_found(names, "Pi 5 - 16GB", "cpu", "raspberry-pi-5");
    check_candidates(names, "Raspberry Pi 5 8GB", "npu", "");
    check_candidates(names, "Raspberry Pi 500+ 16GB", "cpu", "");
    measured_names_free(names);
}

static void test_ambiguous(void)
{
    static const struct entry known[] = {
        {"orin-a", "gpu", "Orin"}, {"orin-b", "gpu", "NVIDIA Orin"}, {"orin-nano", "gpu", ""}};
    struct measured_names *names = list_of(MEASURED_NAME_DEVICE, known, 3);
    check_candidates(names, "Jetson Orin", "gpu", "orin-a, orin-b, orin-nano");
    check_found(names, "Orin Nano", "gpu", "orin-nano");
    measured_names_free(names);
}

/* A further word counts where another name with the same numbers has it. */
static void test_noise(void)
{
    static const struct entry known[] = {
        {"rtx-6000", "gpu", ""},
        {"rtx-6000-blackwell-server", "gpu", ""},
        {"strix", "gpu", "Framework Desktop (8060S)"},
        {"x-elite", "gpu", "Snapdragon X Elite|Snapdragon X Elite (Adreno X1-85)"},
        {"adreno-750", "gpu", ""},
        {"h100-80gb", "gpu", "h100"},
    };
    struct measured_names *names =
        list_of(MEASURED_NAME_DEVICE, known, sizeof known / sizeof *known);
    check_found(names, "NVIDIA RTX 6000 (Framework Desktop)", "gpu", "rtx-6000");
    check_candidates(names, "NVIDIA RTX 6000 Blackwell", "gpu",
                     "rtx-6000-blackwell-server, rtx-6000");
    check_found(names, "Snapdragon X Elite (Adreno)", "gpu", "x-elite");
    check_found(names, "NVIDIA H100 80GB HBM3", "gpu", "h100-80gb");
    measured_names_free(names);
}

/* What operating systems call processors. Cores tell apart only where the catalogue says so. */
static void test_processors(void)
{
    static const struct entry known[] = {
        {"ryzen-9-7950x", "cpu", "AMD Ryzen 9 7950X"},
        {"core-i9-13900k", "cpu", ""},
        {"snapdragon-x-plus", "cpu", ""},
        {"snapdragon-x-plus-8-core", "cpu", ""},
        {"ryzen-9-gpu", "gpu", "AMD Ryzen 9"},
    };
    struct measured_names *names =
        list_of(MEASURED_NAME_DEVICE, known, sizeof known / sizeof *known);
    check_found(names, "AMD Ryzen 9 7950X 16-Core Processor", "cpu", "ryzen-9-7950x");
    check_found(names, "Ryzen 9 7950X (16 cores, 32 threads)", "cpu", "ryzen-9-7950x");
    check_found(names, "13th Gen Intel(R) Core(TM) i9-13900K CPU @ 3.00GHz", "cpu",
                "core-i9-13900k");
    check_found(names, "Snapdragon X Plus 8-core", "cpu", "snapdragon-x-plus-8-core");
    check_found(names, "Snapdragon X Plus (10-core)", "cpu", NULL);
    check_found(names, "AMD Ryzen 9 (16-core)", "gpu", NULL);
    check_found(names, "Ryzen 9 7950X 3 sockets", "cpu", NULL);
    measured_names_free(names);
}

/* A text of very many words takes no long time, and is no name. */
static void test_long_text(void)
{
    static const struct entry known[] = {{"rtx-4090", "gpu", ""}};
    struct measured_names *names = list_of(MEASURED_NAME_DEVICE, known, 1);
    struct text text = {0};
    for (size_t i = 0; i < 200000; i++)
        text_add(&text, "%zu ", i);
    check_found(names, text.bytes, "gpu", NULL);
    text_free(&text);
    measured_names_free(names);
}

static void test_models(void)
{
    static const struct entry known[] = {
        {"llama-2-7b", "", "meta-llama/Llama-2-7b-hf|LLaMA 7B v2"},
        {"llama-3-8b", "", ""},
        {"llama-3.1-8b", "", ""},
        {"llama-3.1-405b", "", ""},
        {"llama-3.2-3b", "", ""},
        {"mistral-7b", "", ""},
        {"mistral-7b-v0.3", "", ""},
        {"qwen2-0.5b", "", ""},
        {"qwen2.5-7b", "", ""},
        {"qwen3-30b-a3b", "", ""},
        {"gemma-2-9b", "", ""},
        {"gpt2-125m", "", "gpt2"},
        {"phi-3-mini", "", "Phi3 3.8B"},
        {"rolm-125m", "", "RoLM nano-125m"},
        {"tinyllama-1.1b", "", ""},
        {"gpt-oss-20b", "", ""},
    };
    struct measured_names *names =
        list_of(MEASURED_NAME_MODEL, known, sizeof known / sizeof *known);
    check_found(names, "Llama 2 7B", "", "llama-2-7b");
    check_found(names, "llama-2-7b.Q4_K_M", "", "llama-2-7b");
    check_found(names, "llama_2_7b_q4_k_m.gguf", "", "llama-2-7b");
    check_found(names, "LLaMA 7B v2", "", "llama-2-7b");
    check_found(names, "TheBloke/Llama-2-7B-Chat-GPTQ", "", "llama-2-7b");
    check_found(names, "Meta-Llama-3.1-8B-Instruct-Q4_K_M", "", "llama-3.1-8b");
    check_found(names, "Llama 3.1:405b", "", "llama-3.1-405b");
    check_found(names, "llama3.2:3b", "", "llama-3.2-3b");
    check_found(names, "Mistral-7B-Instruct-v0.3.Q5_K_M", "", "mistral-7b-v0.3");
    check_found(names, "Mistral 7B Instruct", "", "mistral-7b");
    check_candidates(names, "Mistral-7B-Instruct-v0.2", "",
                     "mistral-7b, mistral-7b-v0.3, "
                     "llama-2-7b, qwen2.5-7b");
    check_found(names, "Qwen2 0.5B", "", "qwen2-0.5b");
    check_found(names, "Qwen 2.5 7B Instruct (MoE)", "", "qwen2.5-7b");
    check_found(names, "qwen2.5-7b-instruct-q5_k_m", "", "qwen2.5-7b");
    check_candidates(names, "Qwen2.5-VL-7B", "",
                     "qwen2.5-7b, mistral-7b, mistral-7b-v0.3, llama-2-7b");
    check_found(names, "Qwen3-30B-A3B-Thinking-2507-UD-Q4_K_XL", "", "qwen3-30b-a3b");
    check_found(names, "gemma-2-9b-it-Q4_K_M", "", "gemma-2-9b");
    check_found(names, "GPT-2", "", "gpt2-125m");
    check_found(names, "gpt2-xl", "", NULL);
    check_found(names, "Phi3 3.8B", "", "phi-3-mini");
    check_found(names, "RoLM nano-125m-q5", "", "rolm-125m");
    check_found(names, "TinyLLAMA 1.1B", "", "tinyllama-1.1b");
    check_found(names, "gpt-oss:20b MXFP4", "", "gpt-oss-20b");
    check_candidates(names, "w8a8 instruct", "", "");
    measured_names_free(names);
}

static struct measured_names *catalogue_of(enum measured_name_kind kind, const char *folder)
{
    struct measured_names *names = measured_names_new(kind);
    char **file = file_names(folder, ".yaml");
    for (size_t i = 0; file[i]; i++) {
        struct error err = {0};
        char *path = mem_printf("%s/%s.yaml", folder, file[i]);
        struct tree *root = tree_read(path, &err);
        const struct tree *aliases = tree_get(root, "aliases");
        const char *group = tree_get_text(root, "kind");
        size_t n = aliases ? aliases->n_children : 0;
        char **alias = mem_calloc(n, sizeof *alias);
        for (size_t j = 0; j < n; j++)
            alias[j] = aliases->child[j]->text;
        CHECK(root != NULL);
        measured_names_add(names, file[i], group ? group : "", alias, n);
        free(alias);
        tree_free(root);
        free(path);
    }
    file_names_free(file);
    return names;
}

static void test_catalogue_devices(void)
{
    struct measured_names *names =
        catalogue_of(MEASURED_NAME_DEVICE, SOURCE_DIR "/devices/catalog/devices");
    check_found(names, "NVIDIA GeForce RTX 4090", "gpu", "rtx-4090");
    check_found(names, "NVIDIA GeForce RTX 4070 Ti SUPER", "gpu", "rtx-4070-ti-super");
    check_found(names, "NVIDIA GeForce RTX 3060 12GB", "gpu", "rtx-3060");
    check_found(names, "NVIDIA A100 80GB", "gpu", "a100-80gb");
    check_found(names, "AMD Ryzen AI Max+ 395 (Radeon 8060S, Framework Desktop pre-production)",
                "gpu", "ryzen-ai-max-395-gpu");
    check_found(names, "Apple M1 Pro (GPU cores not stated)", "gpu", "apple-m1-pro");
    check_found(names, "Rockchip RK3588", "npu", "rk3588-npu");
    check_found(names, "Raspberry Pi 5 8GB", "cpu", "raspberry-pi-5");
    check_found(names, "NVIDIA Jetson Nano 4GB (CPU only)", "cpu", "jetson-nano-cpu");
    check_found(names, "NVIDIA RTX PRO 6000 Blackwell Max-Q Workstation Edition", "gpu",
                "rtx-pro-6000-blackwell-max-q");
    measured_names_free(names);
}

static void test_catalogue_models(void)
{
    struct measured_names *names =
        catalogue_of(MEASURED_NAME_MODEL, SOURCE_DIR "/workloads/catalog");
    check_found(names, "Llama 2 7B", "", "llama-2-7b");
    check_found(names, "llama-2-7b.Q4_K_M", "", "llama-2-7b");
    check_found(names, "LLaMA 7B v2", "", "llama-2-7b");
    check_found(names, "Meta-Llama-3.1-8B-Instruct-Q4_K_M", "", "llama-3.1-8b");
    check_found(names, "Qwen2.5-7B-Instruct-Q4_K_M", "", "qwen2.5-7b");
    check_found(names, "Mistral-7B-Instruct-v0.3.Q5_K_M", "", "mistral-7b-v0.3");
    check_found(names, "mistral-7b-instruct-v0.2.Q4_K_M", "", "mistral-7b-v0.2");
    check_found(names, "Qwen2 0.5B", "", "qwen2-0.5b");
    check_found(names, "TinyLLAMA 1.1B", "", "tinyllama-1.1b");
    check_found(names, "Llama 3.2:3b", "", "llama-3.2-3b");
    check_found(names, "gemma-2-9b-it-Q4_K_M", "", "gemma-2-9b");
    check_found(names, "Qwen3-30B-A3B-UD-Q4_K_XL", "", "qwen3-30b-a3b");
    check_found(names, "Phi3 3.8B", "", "phi-3-mini");
    check_found(names, "RoLM nano-125m-q5", "", "rolm-125m");
    measured_names_free(names);
}

int main(void)
{
    test_devices();
    test_ambiguous();
    test_noise();
    test_processors();
    test_long_text();
    test_models();
    test_catalogue_devices();
    test_catalogue_models();
    return check_result();
}
