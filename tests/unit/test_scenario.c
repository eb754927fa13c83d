/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Scenario files: references, overrides, --set, the expanded text, faults with their places. */
#include "base/file.h"
#include "base/memory.h"
#include "scenarios/scenario.h"
#include "tests/check.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SUPPORT SOURCE_DIR "/tests/support/"

static char folder[] = "/tmp/qeilsim-scenario-XXXXXX";

static char *write_file(const char *name, const char *content)
{
    char *path = file_join(folder, name);
    struct error err = {0};
    CHECK(file_write(path, content, strlen(content), &err));
    return path;
}

static bool has_fault(const struct error *err, const char *wanted)
{
    for (size_t i = 0; i < err->n_faults; i++)
        if (strstr(err->fault[i], wanted))
            return true;
    for (size_t i = 0; i < err->n_faults; i++)
        fprintf(stderr, "    fault: %s\n", err->fault[i]);
    fprintf(stderr, "    wanted: %s\n", wanted);
    return false;
}

static bool load(const char *path, const char *const *set, size_t n, struct scenario *out)
{
    struct error err = {0};
    bool ok = scenario_load(path, set, n, out, &err);
    for (size_t i = 0; i < err.n_faults; i++)
        fprintf(stderr, "    fault: %s\n", err.fault[i]);
    return ok;
}

static void test_files(void)
{
    struct scenario s;
    if (!CHECK(load(SUPPORT "tiny.yaml", NULL, 0, &s)))
        return;
    CHECK_TEXT(s.name, "tiny");
    CHECK(s.platform.n_devices == 2);
    CHECK_TEXT(s.platform.device[1].name, "gpu");
    CHECK_TEXT(s.platform.device[1].catalogue, "tiny-gpu.yaml");
    CHECK_NEAR(s.platform.device[1].power.cap_W, 60, 0);
    CHECK_NEAR(s.platform.device[1].power.idle_W, 10, 0);
    CHECK(s.model.n_layers == 4);
    CHECK_TEXT(s.model.quant, "F16");
    CHECK(s.workload.has_generator && s.workload.generator.requests == 60);
    CHECK(s.serving.max_num_seqs == 4);
    CHECK(s.seed == 3 && s.n_schedulers == 2 && s.n_objectives == 3);
    CHECK(s.search.objective[0] && s.search.objective[1] && s.search.objective[2]);
    CHECK(!s.search.split_phases && s.search.clocks);
    CHECK(!tree_find(s.tree, "platform.schema") &&
          !tree_find(s.tree, "platform.devices.gpu.schema"));
    scenario_free(&s);
}

static void test_catalogue(void)
{
    struct scenario s;
    struct error err = {0};
    if (CHECK(load("quickstart", NULL, 0, &s))) {
        CHECK_TEXT(s.platform.name, "qeil-box");
        CHECK(s.platform.n_devices == 3);
        CHECK_TEXT(s.model.quant, "Q8_0");
        scenario_free(&s);
    }
    char **names = scenario_catalogue("model", &err);
    bool found = false;
    for (size_t i = 0; names && names[i]; i++)
        found = found || strcmp(names[i], "llama-3.2-1b") == 0;
    CHECK(found);
    file_names_free(names);
    CHECK(!scenario_catalogue("planet", &err));
}

/* Names and aliases, with a quantisation or without, and what they lead to. */
static void test_find(void)
{
    static const struct {
        const char *kind, *name, *path, *text;
    } cases[] = {
        {"model", "llama-3.2-1b", "name", "llama-3.2-1b"},
        {"model", "llama-3.2-1b:Q8_0", "quant", "Q8_0"},
        {"model", "meta-llama/Llama-3.2-1B", "name", "llama-3.2-1b"},
        {"model", "META-LLAMA/llama-3.2-1b:Q4_0", "quant", "Q4_0"},
        {"device", "rtx-4090", "kind", "gpu"},
        {"device", SUPPORT "tiny-cpu.yaml", "name", "tiny-cpu"},
        {"platform", "qeil-box", "devices.gpu.kind", "gpu"},
        {"workload", SUPPORT "tiny-chat.yaml", "generator.requests", "60"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct error err = {0};
        struct tree *tree = scenario_find(cases[i].kind, cases[i].name, NULL, NULL, &err);
        if (!CHECK(tree))
            fprintf(stderr, "    %s: %s\n", cases[i].name, err.fault[0]);
        const struct tree *node = tree ? tree_find(tree, cases[i].path) : NULL;
        CHECK_TEXT(node ? node->text : NULL, cases[i].text);
        tree_free(tree);
    }
}

static void test_find_faults(void)
{
    static const struct {
        const char *kind, *name, *fault;
    } cases[] = {
        {"platform", "qeil-bx", "no platform is called 'qeil-bx' (did you mean 'qeil-box'?)"},
        {"model", "llama-3.2-1c:Q8_0", "no model is called 'llama-3.2-1c' (did you mean"},
        {"device", "quantum", "no device is called 'quantum'; there are "},
        {"device", "./nowhere.yaml", "device file './nowhere.yaml' is not there"},
        {"model", SUPPORT "tiny-cpu.yaml",
         "this file is 'qeilsim/device/1', not 'qeilsim/model/1'"},
        {"moon", "x", "no files of kind 'moon'"},
        {"model", "", "no model is called ''"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct error err = {0};
        CHECK(!scenario_find(cases[i].kind, cases[i].name, NULL, NULL, &err));
        CHECK(has_fault(&err, cases[i].fault));
    }
}

/* A map that names what it builds on. */
static void test_overrides(void)
{
    char *path = write_file("over.yaml", "schema: qeilsim/scenario/1\n"
                                         "platform:\n"
                                         "  platform: " SUPPORT "tiny-box.yaml\n"
                                         "  ambient_C: 30\n"
                                         "  devices:\n"
                                         "    - {name: gpu, memory: {bandwidth_GBps: 400}}\n"
                                         "model: {model: \"llama-3.2-1b:Q8_0\", kv_format: Q8_0}\n"
                                         "workload:\n"
                                         "  workload: " SUPPORT "tiny-chat.yaml\n"
                                         "  generator: {rate_per_s: 2}\n");
    struct scenario s;
    if (CHECK(load(path, NULL, 0, &s))) {
        CHECK_NEAR(s.platform.ambient_K, 303.15, 1e-12);
        CHECK(s.platform.n_devices == 2);
        CHECK_NEAR(s.platform.device[1].memory.bandwidth_Bps, 400e9, 0);
        CHECK_NEAR(s.platform.device[1].memory.efficiency, 0.85, 0);
        CHECK_TEXT(s.model.quant, "Q8_0");
        CHECK_TEXT(s.model.kv_format, "Q8_0");
        CHECK_NEAR(s.workload.generator.rate_per_s, 2, 0);
        CHECK(s.workload.generator.requests == 60);
        scenario_free(&s);
    }
    free(path);
}

static void test_set(void)
{
    static const struct {
        const char *set, *path, *text;
    } cases[] = {
        {"seed=77", "seed", "77"},
        {"model=llama-3.2-1b:Q8_0", "model.quant", "Q8_0"},
        {"model.quant=Q4_0", "model.quant", "Q4_0"},
        {"platform=qeil-box", "platform.name", "qeil-box"},
        {"platform.devices.gpu.memory.bandwidth_GBps=999",
         "platform.devices.gpu.memory.bandwidth_GBps", "999"},
        {"platform.devices.gpu.device=rtx-4090", "platform.devices.gpu.class",
         "gddr-gpu-ada-geforce"},
        {"platform.devices.gpu.device=rtx-4090", "platform.devices.gpu.power.cap_W", "60"},
        {"workload.generator.requests=5", "workload.generator.requests", "5"},
        {"serving.kv_blocks=100", "serving.kv_blocks", "100"},
        {"outputs.replay=2", "outputs.replay", "2"},
        {"schedulers=[random]", "schedulers.0", "random"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct scenario s;
        if (!CHECK(load(SUPPORT "tiny.yaml", &cases[i].set, 1, &s)))
            continue;
        const struct tree *node = tree_find(s.tree, cases[i].path);
        CHECK_TEXT(node ? node->text : NULL, cases[i].text);
        scenario_free(&s);
    }
}

static void test_set_faults(void)
{
    static const struct {
        const char *set, *fault;
    } cases[] = {
        {"sed=7", "unknown key 'sed'"},
        {"platform=qeil-bx", "no platform is called 'qeil-bx' (did you mean 'qeil-box'?)"},
        {"platform.devices.gpu.device=rtx-409", "(did you mean 'rtx-4090'?)"},
        {"platform.devices.tpu.price_usd=1", "'tpu' is not there"},
        {"model.quant=Q99", "unknown quant 'Q99'"},
        {"serving.max_num_seqs=0", "0 is outside"},
        {"seed", "no path=value"},
        {"schedulers=[single-tpu]", "the platform has no device 'tpu'"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct scenario s;
        struct error err = {0};
        CHECK(!scenario_load(SUPPORT "tiny.yaml", &cases[i].set, 1, &s, &err));
        CHECK(has_fault(&err, cases[i].fault));
    }
}

/* On another machine a scenario does without the schedulers that are named after devices of its
 * own, but not without those that were asked for. */
static void test_other_platform(void)
{
    const char *const set[] = {"platform=desktop-rtx-4090", "schedulers=[pgsam, single-npu]"};
    struct scenario s;
    struct error err = {0};
    if (CHECK(scenario_load("quickstart", set, 1, &s, &err)) && CHECK(s.n_schedulers == 3)) {
        CHECK_TEXT(s.schedulers[0], "pgsam");
        CHECK_TEXT(s.schedulers[1], "qeil-v1");
        CHECK_TEXT(s.schedulers[2], "single-gpu");
        scenario_free(&s);
    }
    CHECK(!scenario_load("quickstart", set, 2, &s, &err));
    CHECK(has_fault(&err, "the platform has no device 'npu'"));
}

/* The stored text alone gives the same scenario. */
static void check_round_trip(const char *path)
{
    struct scenario first, second;
    struct error err = {0};
    if (!CHECK(load(path, NULL, 0, &first)))
        return;
    struct text a = {0}, b = {0};
    tree_write(first.tree, &a);
    if (CHECK(scenario_parse(path, a.bytes, &second, &err))) {
        tree_write(second.tree, &b);
        CHECK_TEXT(b.bytes, a.bytes);
        CHECK(first.platform.n_devices == second.platform.n_devices);
        for (size_t d = 0; d < first.platform.n_devices; d++)
            CHECK(first.platform.device[d].memory.bandwidth_Bps ==
                  second.platform.device[d].memory.bandwidth_Bps);
        CHECK_TEXT(second.model.quant, first.model.quant);
        CHECK(first.workload.has_trace == second.workload.has_trace);
        CHECK(first.serving.max_num_seqs == second.serving.max_num_seqs);
        CHECK(first.seed == second.seed && first.n_schedulers == second.n_schedulers);
        scenario_free(&second);
    }
    text_free(&a);
    text_free(&b);
    scenario_free(&first);
}

/* A workload in another folder with its trace beside it. */
static void test_trace_of_other_folder(void)
{
    char *inner = file_join(folder, "loads");
    mkdir(inner, 0777);
    char *trace = write_file("loads/t.csv", "TIMESTAMP,ContextTokens,GeneratedTokens\n"
                                            "2026-01-01 00:00:00.0000000,10,5\n");
    char *load_path = write_file("loads/w.yaml", "schema: qeilsim/workload/1\n"
                                                 "trace: {file: t.csv, format: azure}\n");
    char *path = write_file("far.yaml", "schema: qeilsim/scenario/1\n"
                                        "platform: " SUPPORT "tiny-box.yaml\n"
                                        "model: " SUPPORT "tiny-model.yaml\n"
                                        "workload: ./loads/w.yaml\n");
    struct scenario s;
    if (CHECK(load(path, NULL, 0, &s))) {
        struct error err = {0};
        CHECK_TEXT(s.workload.trace.file, "./loads/t.csv");
        char *found = workload_trace_path(&s.workload.trace, &err);
        CHECK(found && file_exists(found));
        free(found);
        scenario_free(&s);
    }
    check_round_trip(path);
    char *set = mem_printf("workload.trace.file=%s", trace);
    const char *const sets[] = {set};
    if (CHECK(load(path, sets, 1, &s))) {
        CHECK(!s.workload.trace.folder_of);
        scenario_free(&s);
    }
    free(set);
    free(inner);
    free(trace);
    free(load_path);
    free(path);
}

#define TINY_PARTS                                                                                 \
    "platform: " SUPPORT "tiny-box.yaml\nmodel: " SUPPORT "tiny-model.yaml\n"                      \
    "workload: " SUPPORT "tiny-chat.yaml\n"

/* Texts with one fault or more, and the sentences that must be among those told. */
static void test_faults(void)
{
    static const struct {
        const char *text, *fault[4];
    } cases[] = {
        {"schema: qeilsim/scenario/1\nplatfrom: x\nsede: 1\n",
         {"s.yaml:2:1: unknown key 'platfrom' (did you mean 'platform'?)",
          "s.yaml:3:1: unknown key 'sede' (did you mean 'seed'?)", "missing key 'model'",
          "missing key 'workload'"}},
        {"schema: qeilsim/scenario/1\nmodel: llama-3.2-1b\nplatform: qeil-bx\nworkload: [1]\n"
         "seed: x\n",
         {"s.yaml:3:11: no platform is called 'qeil-bx' (did you mean 'qeil-box'?)",
          "s.yaml:4:11: 'workload' wants a name, a file or a map", "s.yaml:5:7: 'x' is not a"}},
        {"schema: qeilsim/platform/1\n", {"s.yaml:1:9: this file is 'qeilsim/platform/1'"}},
        {"schema: qeilsim/scenario/1\n" TINY_PARTS "schedulers: [pgsam, pgsan, pgsam]\n"
         "objectives: [energy, speed]\nplan: kneee\n",
         {"s.yaml:5:21: ", "s.yaml:5:28: 'pgsam' is listed twice",
          "s.yaml:6:22: 'speed' is no objective", "s.yaml:7:7: 'kneee' is no plan (did you mean"}},
        {"schema: qeilsim/scenario/1\n" TINY_PARTS "schedulers: [single-gpus]\n",
         {"s.yaml:5:14: scheduler 'single-gpus': the platform has no device 'gpus' (did you mean"}},
        {"schema: qeilsim/scenario/1\n" TINY_PARTS "schedulers: []\nobjectives: []\n",
         {"s.yaml:5:13: no scheduler is listed", "s.yaml:6:13: no objective is listed"}},
        {"schema: qeilsim/scenario/1\nplatform: " SUPPORT "tiny-box.yaml\nworkload: " SUPPORT
         "tiny-chat.yaml\nmodel: llama-3.2-1b:Q9_9\n",
         {"s.yaml:4:21: unknown quant 'Q9_9'"}},
        {"schema: qeilsim/scenario/1\nmodel: round-a.yaml\nplatform: " SUPPORT
         "tiny-box.yaml\nworkload: " SUPPORT "tiny-chat.yaml\n",
         {"does one of them lead back to itself?"}},
        {"schema: qeilsim/scenario/1\nmodel: faulty.yaml\nplatform: " SUPPORT
         "tiny-box.yaml\nworkload: " SUPPORT "tiny-chat.yaml\n",
         {"faulty.yaml:3:14: "}},
        {"schema: qeilsim/scenario/1\nmodel: \nplatform: {platform: }\nworkload: {workload: [a]}\n",
         {"s.yaml:2:7: 'model' wants a name", "'platform' has no value",
          "'workload' wants a name or a file here"}},
    };
    free(write_file("round-a.yaml", "schema: qeilsim/model/1\nmodel: round-b.yaml\n"));
    free(write_file("round-b.yaml", "schema: qeilsim/model/1\nmodel: round-a.yaml\n"));
    free(write_file("faulty.yaml",
                    "schema: qeilsim/model/1\nmodel: llama-3.2-1b\nhidden_size: x\n"));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *path = write_file("s.yaml", cases[i].text);
        struct scenario s;
        struct error err = {0};
        CHECK(!scenario_load(path, NULL, 0, &s, &err));
        for (size_t f = 0; f < 4 && cases[i].fault[f]; f++)
            CHECK(has_fault(&err, cases[i].fault[f]));
        CHECK(err.kind == ERROR_INPUT && !s.tree);
        free(path);
    }
}

static void remove_files(void)
{
    static const char *const names[] = {"s.yaml",      "round-a.yaml", "round-b.yaml",
                                        "faulty.yaml", "over.yaml",    "far.yaml",
                                        "loads/t.csv", "loads/w.yaml", "loads"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char *path = file_join(folder, names[i]);
        remove(path);
        free(path);
    }
    rmdir(folder);
}

int main(void)
{
    if (!mkdtemp(folder))
        return 1;
    test_files();
    test_catalogue();
    test_find();
    test_find_faults();
    test_overrides();
    test_set();
    test_set_faults();
    test_other_platform();
    check_round_trip(SUPPORT "tiny.yaml");
    check_round_trip("quickstart");
    check_round_trip("azure-edge");
    check_round_trip("bench/azure-conv-full");
    test_trace_of_other_folder();
    test_faults();
    remove_files();
    return check_result();
}
