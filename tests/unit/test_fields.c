/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/fields.h"
#include "tests/check.h"

#include <stddef.h>

struct pool {
    char *name;
    double bandwidth_Bps;
};

struct power {
    double idle_W, peak_W;
};

struct device {
    int kind;
    uint64_t cores;
    bool shared, shared_given;
    char *note;
    struct power power;
    struct pool *pool;
    size_t n_pools;
    double *clock_Hz;
    size_t n_clocks;
    char **alias;
    size_t n_aliases;
    const struct tree *sources;
    double voltage_V;
};

static const char *const kinds[] = {"cpu", "gpu", "npu", NULL};

#define AT(member) .offset = offsetof(struct device, member)

static const struct field pool_fields[] = {
    {.key = "name", .type = FIELD_TEXT, .required = true, .offset = offsetof(struct pool, name)},
    {.key = "bandwidth_GBps",
     .type = FIELD_NUMBER,
     .required = true,
     .offset = offsetof(struct pool, bandwidth_Bps),
     .scale = 1e9,
     .min = 0.1,
     .max = 1e5,
     .unit = "GB/s",
     .help = "Sustained bandwidth."},
    {.key = NULL}};

static const struct field power_fields[] = {{.key = "idle_W",
                                             .type = FIELD_NUMBER,
                                             .offset = offsetof(struct power, idle_W),
                                             .max = 1000,
                                             .unit = "W",
                                             .preset = "5"},
                                            {.key = "peak_W",
                                             .type = FIELD_NUMBER,
                                             .required = true,
                                             .offset = offsetof(struct power, peak_W),
                                             .max = INFINITY,
                                             .unit = "W"},
                                            {.key = NULL}};

static const struct field device_fields[] = {
    {.key = "schema", .type = FIELD_TREE, AT(sources)},
    {.key = "sources", .type = FIELD_TREE, AT(sources)},
    {.key = "kind",
     .type = FIELD_ENUM,
     .required = true,
     AT(kind),
     .names = kinds,
     .help = "What it is."},
    {.key = "cores", .type = FIELD_COUNT, AT(cores), .min = 1, .max = 4096, .preset = "4"},
    {.key = "shared",
     .type = FIELD_BOOL,
     AT(shared),
     .preset = "true",
     .present_offset = offsetof(struct device, shared_given)},
    {.key = "note", .type = FIELD_TEXT, AT(note), .preset = "a: b"},
    {.key = "power", .type = FIELD_MAP, AT(power), .fields = power_fields},
    {.key = "pools",
     .type = FIELD_LIST,
     AT(pool),
     .fields = pool_fields,
     .count_offset = offsetof(struct device, n_pools),
     .size = sizeof(struct pool)},
    {.key = "clocks_MHz",
     .type = FIELD_NUMBERS,
     AT(clock_Hz),
     .scale = 1e6,
     .min = 1,
     .max = 1e5,
     .count_offset = offsetof(struct device, n_clocks),
     .preset = "[100, 200]",
     .unit = "MHz"},
    {.key = "aliases",
     .type = FIELD_TEXTS,
     AT(alias),
     .count_offset = offsetof(struct device, n_aliases)},
    {.key = "voltage_V", .type = FIELD_NUMBER, AT(voltage_V), .unit = "1"},
    {.key = NULL}};

static struct error err;

static bool read(const char *text, struct device *device, struct tree **tree)
{
    error_clear(&err);
    *tree = tree_parse("f", text, strlen(text), &err);
    return *tree && fields_read(*tree, device_fields, device, &err);
}

static void test_good(void)
{
    struct device device = {0};
    struct tree *tree;
    bool ok = read("schema: s\nkind: gpu\nshared: false\npower: {peak_W: 300}\n"
                   "pools: [{name: vram, bandwidth_GBps: 204.8}]\naliases: [a, 7, '']\n"
                   "sources: {x: {y: z}}\n",
                   &device, &tree);
    if (!CHECK(ok))
        return;
    CHECK(device.kind == 1 && device.cores == 4 && !device.shared && device.shared_given);
    CHECK_TEXT(device.note, "a: b");
    CHECK(device.power.idle_W == 5 && device.power.peak_W == 300);
    CHECK(device.n_pools == 1 && device.pool[0].bandwidth_Bps == 204.8 * 1e9);
    CHECK(device.n_clocks == 2 && device.clock_Hz[1] == 200e6);
    CHECK(device.n_aliases == 3);
    CHECK_TEXT(device.alias[1], "7");
    CHECK(device.sources == tree_get(tree, "sources"));
    fields_free(device_fields, &device);
    CHECK(!device.pool && !device.note && !device.n_pools);
    fields_free(device_fields, &device);
    tree_free(tree);
    CHECK(read("kind: cpu", &device, &tree) && device.power.idle_W == 5 && device.shared);
    CHECK(!device.shared_given);
    fields_free(device_fields, &device);
    tree_free(tree);
}

static void test_bad(void)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"kind: gpx", "f:1:7: 'gpx' is none of cpu, gpu, npu (did you mean 'gpu'?)"},
        {"cores: 2", "f:1:1: missing key 'kind' (What it is)"},
        {"kind: cpu\ncore: 2", "f:2:1: unknown key 'core' (did you mean 'cores'?)"},
        {"kind: cpu\nxyzzy: 2",
         "f:2:1: unknown key 'xyzzy'; known here: schema, sources, kind, cores, shared, note, "
         "power, pools, clocks_MHz, aliases, voltage_V"},
        {"kind: cpu\nvoltage_V: 204.8 MB",
         "f:2:12: '204.8 MB' is not a number: give only the number"},
        {"kind: cpu\nvoltage_V: low", "f:2:12: 'low' is not a number: 'voltage_V' wants one"},
        {"kind: cpu\nvoltage_V: .nan", "f:2:12: '.nan' is not a finite number"},
        {"kind: cpu\nvoltage_V: -Inf", "f:2:12: '-Inf' is not a finite number"},
        {"kind: cpu\nvoltage_V: '3'", "f:2:12: '3' is in quotes: write the number without them"},
        {"kind: cpu\nvoltage_V:", "f:2:11: 'voltage_V' has no value: a number is wanted"},
        {"kind: cpu\nvoltage_V: [1]", "f:2:12: 'voltage_V' wants a number, not a list"},
        {"kind: cpu\npools: [{name: a, bandwidth_GBps: 204.8 MB}]",
         "f:2:35: '204.8 MB' is not a number: give only the number, in GB/s"},
        {"kind: cpu\npools: [{name: a, bandwidth_GBps: 0}]",
         "f:2:35: 0 is outside 0.1 ... 100000 GB/s"},
        {"kind: cpu\npools: [3]",
         "f:2:9: each element of 'pools' must be a map, not a single value"},
        {"kind: cpu\npools: 3", "f:2:8: 'pools' wants a list, not a single value"},
        {"kind: cpu\npools: [{name: a}]",
         "f:2:9: missing key 'bandwidth_GBps' (Sustained bandwidth)"},
        {"kind: cpu\npower: {idle_W: -3, peak_W: 1}", "f:2:17: -3 is outside 0 ... 1000 W"},
        {"kind: cpu\npower: {peak_W: -1}",
         "f:2:17: -1 is out of range: 'peak_W' must be at least 0 W"},
        {"kind: cpu\npower:", "f:2:7: 'power' wants a map of keys, not nothing"},
        {"kind: cpu\nshared: yes", "f:2:9: 'yes' is not true or false"},
        {"kind: cpu\nshared: 'true'",
         "f:2:9: 'true' is not true or false: write it without quotes"},
        {"kind: cpu\ncores: 1.5", "f:2:8: '1.5' is not a whole number written in digits"},
        {"kind: cpu\ncores: -2", "f:2:8: -2 is outside 1 ... 4096"},
        {"kind: cpu\nclocks_MHz: [5, x]",
         "f:2:17: 'x' is not a number: 'clocks_MHz' wants one in MHz"},
        {"[1, 2]", "f:1:1: a map of keys is wanted here, not a list"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct device device = {0};
        struct tree *tree;
        CHECK(!read(cases[i].text, &device, &tree));
        CHECK(err.n_faults == 1);
        CHECK_TEXT(err.n_faults ? err.fault[0] : "no fault", cases[i].want);
        tree_free(tree);
    }
}

static void test_all_faults(void)
{
    struct device device = {0};
    struct tree *tree;
    CHECK(!read("kynd: cpu\ncores: many\npools: [{name: x, bandwidth_GBps: 1}]\n", &device, &tree));
    CHECK(err.n_faults == 3 && device.pool == NULL);
    CHECK_TEXT(err.fault[0], "f:1:1: unknown key 'kynd' (did you mean 'kind'?)");
    CHECK_TEXT(err.fault[1], "f:2:8: 'many' is not a number: 'cores' wants one");
    CHECK_TEXT(err.fault[2], "f:1:1: missing key 'kind' (What it is)");
    tree_free(tree);
    struct text many = {0};
    for (int i = 0; i < 50; i++)
        text_add(&many, "unknown%d: 1\n", i);
    CHECK(!read(many.bytes, &device, &tree) && err.n_faults == 20 && err.n_suppressed == 31);
    tree_free(tree);
    text_free(&many);
}

static void test_schema(void)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"schema: qeilsim/device/1\na: 1", NULL},
        {"a: 1", "f:1:1: the first key must be 'schema: qeilsim/device/1'"},
        {"a: 1\nschema: qeilsim/device/1",
         "f:2:9: 'schema: qeilsim/device/1' must be the first key"},
        {"schema: qeilsim/model/1",
         "f:1:9: this file is 'qeilsim/model/1', not 'qeilsim/device/1'"},
        {"schema: [a]", "f:1:9: 'schema' wants qeilsim/device/1, not a list"},
        {"- a", "f:1:1: the first key must be 'schema: qeilsim/device/1'"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        error_clear(&err);
        struct tree *tree = tree_parse("f", cases[i].text, strlen(cases[i].text), &err);
        CHECK(fields_check_schema(tree, "device", &err) == !cases[i].want);
        if (cases[i].want)
            CHECK_TEXT(err.fault[0], cases[i].want);
        tree_free(tree);
    }
}

static void test_describe(void)
{
    struct text out = {0};
    fields_describe(device_fields, "device", &out);
    static const char *const lines[] = {
        "# device\n\nThe first line is `schema: qeilsim/device/1`.\n\n",
        "- `kind`: one of cpu, gpu, npu, required. What it is.\n",
        "- `cores`: whole number, 1 ... 4096, preset 4.\n",
        "- `power`: map, optional.\n  - `idle_W`: number, 0 ... 1000 W, preset 5 W.\n",
        "  - `peak_W`: number, at least 0 W, required.\n",
        "  - `bandwidth_GBps`: number, 0.1 ... 100000 GB/s, required. Sustained bandwidth.\n",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        if (!CHECK(strstr(out.bytes, lines[i]) != NULL))
            fprintf(stderr, "    not there: %s", lines[i]);
    text_free(&out);
}

int main(void)
{
    test_good();
    test_bad();
    test_all_faults();
    test_schema();
    test_describe();
    return check_result();
}
