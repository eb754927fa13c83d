/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "scenarios/scenario.h"

#include "base/file.h"
#include "base/memory.h"
#include "scenarios/check.h"
#include "scenarios/given.h"
#include "scenarios/reference.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* The maps that a scenario is made of; each may be a reference. */
enum part { PLATFORM, MODEL, WORKLOAD, PARTS };
static const char *const part_names[PARTS] = {"platform", "model", "workload"};

/* What the field table fills: the parts are only looked up there, their own tables read them. */
struct file {
    struct scenario scenario;
    const struct tree *part[PARTS];
};

#define SCENARIO(member) offsetof(struct file, scenario.member)
#define OUTPUTS(member) offsetof(struct scenario_outputs, member)

static const struct field output_fields[] = {
    {"series_period_s", FIELD_NUMBER, false, OUTPUTS(series_period_s), .min = 0, .max = 1e6,
     .preset = "1", .unit = "s", .help = "Period of the series of power and temperature; 0: none."},
    {"replay", FIELD_COUNT, false, OUTPUTS(replay), .min = 0, .max = 1e6, .preset = "0",
     .unit = "1", .help = "Members of each front that `explore` replays; 0: all."},
    {.key = NULL},
};

const struct field scenario_fields[] = {
    {"schema", FIELD_TEXT, true, SCENARIO(schema), .help = "qeilsim/scenario/1"},
    {"name", FIELD_TEXT, false, SCENARIO(name), .help = "Name in results; absent: the file's."},
    {"title", FIELD_TEXT, false, SCENARIO(title), .help = "One line about it."},
    {"platform", FIELD_TREE, true, offsetof(struct file, part[PLATFORM]),
     .help = "The machine: a name in the catalogue, a file, or a map of kind platform."},
    {"model", FIELD_TREE, true, offsetof(struct file, part[MODEL]),
     .help = "The model: NAME or NAME:QUANT of the catalogue, a file, or a map of kind model."},
    {"workload", FIELD_TREE, true, offsetof(struct file, part[WORKLOAD]),
     .help = "The requests: a name in the catalogue, a file, or a map of kind workload."},
    {"serving", FIELD_MAP, false, SCENARIO(serving), .fields = sim_serving_fields,
     .help = "How requests are batched and where their keys and values lie."},
    {"slo", FIELD_LIST, false, SCENARIO(slo.class), .count_offset = SCENARIO(slo.n),
     .fields = scenario_slo_fields, .size = sizeof(struct scenario_slo_class),
     .help = "Classes of requests with limits on their latencies, to tell goodput."},
    {"search", FIELD_MAP, false, SCENARIO(search), .fields = sim_search_fields,
     .help = "What the schedulers may decide, and how long they may look."},
    {"faults", FIELD_MAP, false, SCENARIO(faults), .fields = sim_faults_fields,
     .help = "Devices that fail in a run, and return."},
    {"replan", FIELD_MAP, false, SCENARIO(replan), .fields = sim_replan_fields,
     .help = "How another plan is found when a device fails, returns or gets too hot."},
    {"schedulers", FIELD_TEXTS, false, SCENARIO(schedulers), .count_offset = SCENARIO(n_schedulers),
     .preset = "[pgsam]",
     .help = "Schedulers to compare; `run` takes the first one's knee unless told otherwise."},
    {"objectives", FIELD_TEXTS, false, SCENARIO(objectives), .count_offset = SCENARIO(n_objectives),
     .preset = "[energy, latency, underutilisation]",
     .help = "What is minimised: energy, latency, underutilisation."},
    {"plan", FIELD_TEXT, false, SCENARIO(plan),
     .help = "Plan that `run` replays: knee, least-energy, least-latency, a scheduler's name, or "
             "RESULT.h5:ID; absent: knee."},
    {"seed", FIELD_COUNT, false, SCENARIO(seed), .preset = "1", .unit = "1",
     .help = "Seed of thinning, of failures and of the schedulers."},
    {"outputs", FIELD_MAP, false, SCENARIO(outputs), .fields = output_fields,
     .help = "What is written."},
    {.key = NULL},
};

/* What --set says is relative to the current folder. */
static void place_trace(struct workload *workload)
{
    struct workload_trace_spec *trace = &workload->trace;
    if (!trace->folder_of || strncmp(trace->folder_of, "--set ", strlen("--set ")) != 0)
        return;
    free(trace->folder_of);
    trace->folder_of = NULL;
    trace->line = trace->column = 0;
}

/* Those parts that could be expanded. */
static bool read_parts(struct scenario *out, const bool *expanded, struct error *err)
{
    const struct tree *part[PARTS];
    bool ok = true;
    for (size_t i = 0; i < PARTS; i++)
        part[i] = expanded[i] ? tree_get(out->tree, part_names[i]) : NULL;
    if (part[PLATFORM])
        ok = device_platform_read(part[PLATFORM], &out->platform, err) && ok;
    if (part[MODEL])
        ok = workload_model_read(part[MODEL], &out->model, err) && ok;
    if (part[WORKLOAD])
        ok = workload_read(part[WORKLOAD], &out->workload, err) && ok;
    place_trace(&out->workload);
    return ok;
}

/* Reads an expanded tree, which moves in. */
static bool read_tree(struct tree *tree, const bool *expanded, struct scenario *out,
                      struct error *err)
{
    struct file file = {0};
    bool ok = fields_read(tree, scenario_fields, &file, err), fields_ok = ok;
    *out = file.scenario;
    out->tree = tree;
    ok = read_parts(out, expanded, err) && ok;
    if (fields_ok) {
        ok = scenario_check_serving(out, err) && ok;
        ok = scenario_slo_check(&out->slo, tree_get(tree, "slo"), err) && ok;
        ok = scenario_check_schedulers(out, err) && ok;
        ok = scenario_check_faults(out, err) && ok;
        ok = scenario_take_objectives(out, err) && ok;
        ok = (!out->plan || scenario_check_plan(out, out->plan, tree_get(tree, "plan"), err)) && ok;
    }
    for (size_t i = 0; i < PARTS; i++)
        ok = ok && expanded[i];
    if (!ok)
        scenario_free(out);
    return ok;
}

void scenario_free(struct scenario *scenario)
{
    struct file file = {.scenario = *scenario}; /* the table reaches as far as that */
    fields_free(scenario_fields, &file);
    device_platform_free(&scenario->platform);
    workload_model_free(&scenario->model);
    workload_free(&scenario->workload);
    tree_free(scenario->tree);
    *scenario = (struct scenario){0};
}

bool scenario_read(struct tree *tree, struct scenario *out, struct error *err)
{
    const bool all[PARTS] = {true, true, true};
    return read_tree(tree, all, out, err);
}

bool scenario_parse(const char *name, const char *yaml, struct scenario *out, struct error *err)
{
    *out = (struct scenario){0};
    struct tree *tree = tree_parse(name, yaml, strlen(yaml), err);
    if (!tree)
        return false;
    if (fields_check_schema(tree, "scenario", err))
        return scenario_read(tree, out, err);
    tree_free(tree);
    return false;
}

/* When an assignment applies: what a reference leads to must be there before it can be changed. */
enum stage { REFERENCES, DEVICES, VALUES };

static enum stage stage_of(const char *assignment)
{
    static const char devices[] = "platform.devices.", device[] = ".device";
    size_t length = strcspn(assignment, "=");
    for (size_t i = 0; i < PARTS; i++)
        if (strlen(part_names[i]) == length && strncmp(assignment, part_names[i], length) == 0)
            return REFERENCES;
    if (length > strlen(devices) + strlen(device) &&
        strncmp(assignment, devices, strlen(devices)) == 0 &&
        strncmp(assignment + length - strlen(device), device, strlen(device)) == 0)
        return DEVICES;
    return VALUES;
}

struct assignments {
    const char *const *set; /* (n) */
    size_t n;
};

static bool assign(struct tree *root, const struct assignments *set, enum stage stage,
                   struct error *err)
{
    bool ok = true;
    for (size_t i = 0; i < set->n; i++)
        if (stage_of(set->set[i]) == stage) {
            ok = tree_set(root, set->set[i], err) && ok;
            scenario_note_set(root, set->set[i]);
        }
    return ok;
}

/* Puts `value` in the place of a member, whose key stays where it was. */
static void replace(struct tree *root, const struct tree *old, struct tree *value)
{
    free(value->key_mark.path);
    value->key_mark = (struct tree_mark){mem_strdup(old->key_mark.path), old->key_mark.line,
                                         old->key_mark.column};
    tree_put(root, old->key, value);
}

static bool expand_parts(struct tree *root, bool *expanded, struct error *err)
{
    bool ok = true;
    for (size_t i = 0; i < PARTS; i++) {
        const struct tree *node = tree_get(root, part_names[i]);
        struct tree *whole = node ? scenario_expand(part_names[i], node, err) : NULL;
        expanded[i] = !node || whole; /* an absent one is the field table's to tell */
        ok = ok && expanded[i];
        if (whole)
            replace(root, node, whole);
    }
    return ok;
}

/* Whether the platform is another one than the scenario file says. */
static bool is_platform_given(const struct assignments *set)
{
    static const char start[] = "platform=";
    bool given = false;
    for (size_t i = 0; i < set->n; i++)
        given = given || strncmp(set->set[i], start, strlen(start)) == 0;
    return given;
}

/* "single-gpu" where the platform has no device of that name. */
static bool is_absent(const struct tree *platform, const struct tree *scheduler)
{
    static const char single[] = "single-", path[] = "devices.";
    const char *text = scheduler->text;
    if (!text || strncmp(text, single, strlen(single)) != 0)
        return false;
    char *place = mem_printf("%s%s", path, text + strlen(single));
    bool absent = !tree_find(platform, place);
    free(place);
    return absent;
}

/* Another machine may lack devices that schedulers of the file are named after: the others search,
 * unless there are none. */
static void drop_absent(struct tree *root, const struct assignments *set)
{
    const struct tree *old = tree_get(root, "schedulers"), *platform = tree_get(root, "platform");
    if (!old || old->kind != TREE_LIST || !platform || !is_platform_given(set))
        return;
    struct tree *list = tree_new_map(&old->mark);
    list->kind = TREE_LIST;
    for (size_t i = 0; i < old->n_children; i++)
        if (!is_absent(platform, old->child[i]))
            tree_append(list, tree_copy(old->child[i]));
    if (list->n_children > 0 && list->n_children < old->n_children)
        replace(root, old, list);
    else
        tree_free(list);
}

/* Maps that may be left out, so that --set can reach into them. */
static void add_maps(struct tree *root)
{
    static const char *const maps[] = {"serving", "search", "faults", "replan", "outputs"};
    for (size_t i = 0; i < sizeof maps / sizeof maps[0]; i++)
        if (!tree_get(root, maps[i]))
            tree_put(root, maps[i], tree_new_map(&root->mark));
}

/* The file's name without folder and suffix. */
static void add_name(struct tree *root, const char *path)
{
    if (tree_get(root, "name"))
        return;
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    const char *dot = strrchr(name, '.');
    char *stem = mem_strndup(name, dot && dot > name ? (size_t)(dot - name) : strlen(name));
    tree_put(root, "name", tree_new_scalar(stem, &root->mark));
    free(stem);
}

/* The tree moves in. */
static bool build(struct tree *root, const struct assignments *set, struct scenario *out,
                  struct error *err)
{
    bool expanded[PARTS];
    add_maps(root);
    bool ok = assign(root, set, REFERENCES, err);
    ok = expand_parts(root, expanded, err) && ok;
    if (expanded[PLATFORM] && tree_get(root, "platform")) {
        ok = assign(root, set, DEVICES, err) && ok;
        expanded[PLATFORM] = scenario_expand_devices(tree_get(root, "platform"), err);
    }
    drop_absent(root, set);
    /* A path into what could not be expanded would be told as not there. */
    if (ok)
        ok = assign(root, set, VALUES, err);
    if (read_tree(root, expanded, out, err) && ok)
        return true;
    scenario_free(out);
    return false;
}

/* A file, else an entry of the data folder's scenarios. NULL with a fault. */
static char *locate(const char *path, struct error *err)
{
    if (file_exists(path))
        return mem_strdup(path);
    struct error unused = {0};
    char *data = *path == '/' ? NULL : file_data_folder(&unused);
    char *names[2] = {NULL, NULL}, *found = NULL;
    if (data) {
        names[0] = mem_printf("%s/scenarios/%s", data, path);
        names[1] = mem_printf("%s/scenarios/%s.yaml", data, path);
    }
    for (size_t i = 0; i < 2; i++) {
        if (names[i] && !found && file_exists(names[i]))
            found = mem_strdup(names[i]);
        free(names[i]);
    }
    free(data);
    if (found)
        return found;
    struct scenario_reference reference = {.kind = "scenario", .name = path};
    return scenario_reference_path(&reference, err);
}

bool scenario_load(const char *path, const char *const *set, size_t n_set, struct scenario *out,
                   struct error *err)
{
    *out = (struct scenario){0};
    char *file = locate(path, err);
    bool sound;
    struct tree *tree = file ? tree_read_anyway(file, &sound, err) : NULL;
    bool ok = tree && fields_check_schema(tree, "scenario", err);
    if (ok) {
        add_name(tree, file);
        ok = build(tree, &(struct assignments){set, n_set}, out, err);
        if (ok && !sound)
            scenario_free(out);
        ok = ok && sound;
    } else {
        tree_free(tree);
    }
    free(file);
    return ok;
}
