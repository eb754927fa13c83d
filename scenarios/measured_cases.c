/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "scenarios/measured_cases.h"

#include "base/file.h"
#include "base/memory.h"
#include "scenarios/scenario.h"
#include "scenarios/validate.h"
#include "workloads/model.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Rows that do not tell their length are taken as the usual benchmark's. */
static const double usual_answer_tokens = 128;

/* The model's size as a row states it corrects ours when both mean the same weights. */
static const double same_parameters = 0.03, same_bytes = 0.25;

static bool catalogue_names(const char *kind, struct measured_names *names, struct error *err)
{
    char *folder = scenario_catalogue_folder(kind, err);
    char **entries = folder ? file_names(folder, ".yaml") : NULL;
    for (size_t i = 0; entries && entries[i]; i++) {
        char *path = mem_printf("%s/%s.yaml", folder, entries[i]);
        struct error unused = {0}; /* a faulty entry is told of when it is used */
        struct tree *tree = tree_read(path, &unused);
        const struct tree *aliases = tree_get(tree, "aliases");
        const char *group = tree_get_text(tree, "kind");
        size_t n = aliases && aliases->kind == TREE_LIST ? aliases->n_children : 0;
        char **alias = mem_calloc(n + 1, sizeof *alias);
        for (size_t j = 0; j < n; j++)
            alias[j] = aliases->child[j]->text ? aliases->child[j]->text : entries[i];
        measured_names_add(names, entries[i], group ? group : "", alias, n);
        free(alias);
        tree_free(tree);
        free(path);
    }
    bool ok = entries != NULL;
    file_names_free(entries);
    free(folder);
    return ok;
}

static const char *source_kind(const struct tree *device, const char *path)
{
    char *prefix = mem_strdup(path);
    const struct tree *source = NULL;
    for (char *end = prefix + strlen(prefix); end; end = strrchr(prefix, '.')) {
        *end = '\0';
        source = tree_get(tree_get(device, "sources"), prefix);
        if (source)
            break;
    }
    free(prefix);
    const char *kind = tree_get_text(source, "kind");
    return kind ? kind : "";
}

/* Takes from a device's map what its class tells too and no data sheet said. */
static void strip_map(struct tree *device, struct tree *map, const struct tree *class,
                      const char *path)
{
    for (size_t i = 0; i < class->n_children; i++) {
        const char *key = class->child[i]->key;
        struct tree *there = tree_get(map, key);
        char *below = mem_printf("%s.%s", path, key);
        if (there && there->kind == TREE_MAP && class->child[i]->kind == TREE_MAP) {
            strip_map(device, there, class->child[i], below);
        } else if (there && strcmp(source_kind(device, below), "datasheet") != 0) {
            tree_remove(map, key);
            tree_remove(tree_get(device, "sources"), below);
        }
        free(below);
    }
}

void scenario_strip(struct tree *device, const struct scenario_class *class)
{
    for (size_t i = 0; i < class->n; i++) {
        const struct device_class *one = &class->class[i];
        const struct tree *part[] = {one->compute, one->attention, one->memory, one->overheads};
        static const char *const name[] = {"compute", "attention", "memory", "overheads"};
        for (size_t j = 0; j < sizeof part / sizeof *part; j++)
            if (part[j] && tree_get(device, name[j]))
                strip_map(device, tree_get(device, name[j]), part[j], name[j]);
    }
}

bool scenario_subject_read(const char *name, bool data_sheet_only, struct scenario_subject *out,
                           struct error *err)
{
    *out = (struct scenario_subject){.tree = scenario_find("device", name, NULL, NULL, err)};
    const char *class = tree_get_text(out->tree, "class");
    bool ok = out->tree && (!class || scenario_class_read(class, &out->class, err));
    if (ok && data_sheet_only) {
        scenario_strip(out->tree, &out->class);
        for (size_t i = 0; i < out->class.n; i++)
            device_class_fill(&out->class.class[i], out -> tree);
    }
    ok = ok && device_read(out->tree, &out->device, err);
    if (ok) {
        out->name = mem_strdup(out->device.name);
        return true;
    }
    scenario_class_free(&out->class);
    tree_free(out->tree);
    *out = (struct scenario_subject){0};
    return false;
}

void scenario_subject_free(struct scenario_subject *subject)
{
    if (!subject->tree)
        return;
    device_free(&subject->device);
    scenario_class_free(&subject->class);
    tree_free(subject->tree);
    free(subject->name);
    *subject = (struct scenario_subject){0};
}

static bool find_subject(struct scenario_cases *cases, const char *name, bool data_sheet_only,
                         size_t *index, struct error *err)
{
    for (*index = 0; *index < cases->n_subjects; ++*index)
        if (strcmp(cases->subject[*index].name, name) == 0)
            return true;
    struct scenario_subject subject;
    if (!scenario_subject_read(name, data_sheet_only, &subject, err))
        return false;
    cases->subject = mem_realloc(cases->subject, cases->n_subjects + 1, sizeof *cases->subject);
    cases->subject[cases->n_subjects++] = subject;
    return true;
}

static struct scenario_measured_model *find_model(struct scenario_cases *cases, const char *name,
                                                  const char *quant, struct error *err)
{
    for (size_t i = 0; i < cases->n_models; i++)
        if (strcmp(cases->model[i]->name, name) == 0 && strcmp(cases->model[i]->quant, quant) == 0)
            return cases->model[i];
    char *full = mem_printf("%s:%s", name, quant);
    struct tree *tree = scenario_find("model", full, NULL, NULL, err);
    struct workload_model model;
    struct scenario_measured_model *out = NULL;
    if (tree && workload_model_read(tree, &model, err)) {
        out = mem_calloc(1, sizeof *out);
        *out = (struct scenario_measured_model){.name = mem_strdup(name),
                                                .quant = mem_strdup(quant),
                                                .parameters = workload_model_parameters(&model),
                                                .bytes = workload_model_file_bytes(&model)};
        device_forward_init(&out->forward, &model);
        cases->model = mem_realloc(cases->model, cases->n_models + 1, sizeof *cases->model);
        cases->model[cases->n_models++] = out;
        workload_model_free(&model);
    }
    tree_free(tree);
    free(full);
    return out;
}

static void skip(struct scenario_cases *cases, const struct measured_row *row, const char *reason,
                 const char *detail)
{
    size_t i = 0;
    while (i < cases->n_skips && strcmp(cases->skip[i].reason, reason) != 0)
        i++;
    if (i == cases->n_skips) {
        cases->skip = mem_realloc(cases->skip, i + 1, sizeof *cases->skip);
        cases->skip[cases->n_skips++] = (struct scenario_skipped){
            .reason = mem_strdup(reason),
            .example = mem_printf("%s:%zu: %s", row->path, row->line, detail)};
    }
    cases->skip[i].rows++;
    cases->skipped++;
}

/* No run is longer, wider or faster. */
static const double most_tokens = 1e7, most_batch = 1e6, least_rate = 1e-6, most_rate = 1e9;

static bool beyond_belief(const struct measured_row *row)
{
    return row->prompt_tokens > most_tokens || row->gen_tokens > most_tokens ||
           row->context_depth > most_tokens || row->batch > most_batch ||
           (row->tokens_per_s > 0 &&
            (row->tokens_per_s < least_rate || row->tokens_per_s > most_rate));
}

/* Why a row cannot be used whatever it names, or NULL. */
static const char *unusable(const struct measured_row *row)
{
    if (*row->unusable)
        return row->unusable;
    if (row->phase == MEASURED_E2E)
        return "neither prefill nor decode alone";
    if (!(row->tokens_per_s > 0 || row->power_W > 0 || row->energy_J_per_token > 0))
        return "no rate";
    if (beyond_belief(row))
        return "lengths or a rate beyond belief";
    if (row->n_devices > 1)
        return "several devices work together";
    if (row->phase == MEASURED_PREFILL && !(row->prompt_tokens > 0))
        return "a prompt of unknown length";
    return NULL;
}

static void skip_name(struct scenario_cases *cases, const struct measured_row *row,
                      const char *kind, const char *name, const char *candidates)
{
    char *reason = mem_printf("the %s is %s", kind,
                              !*name        ? "not told"
                              : *candidates ? "not clear"
                                            : "not known");
    char *detail = !*name        ? mem_printf("--%s tells it", kind)
                   : *candidates ? mem_printf("'%s', candidates: %s", name, candidates)
                                 : mem_printf("'%s'", name);
    skip(cases, row, reason, detail);
    free(reason);
    free(detail);
}

/* The device that a row means; false: the row was skipped, or err was filled. */
static bool row_device(struct scenario_cases *cases, const struct measured_row *row,
                       const struct scenario_cases_ask *ask, size_t *index, struct error *err)
{
    const char *found;
    char *candidates;
    measured_names_find(cases->devices, row->device, row->device_kind, &found, &candidates);
    bool ok = true;
    if (ask->device) { /* read before the rows */
        *index = 0;
        const char *own = cases->subject[0].name;
        if (found && strcmp(found, own) != 0 && cases->known_device) {
            ok = false;
            skip(cases, row, "about another device", row->device);
        }
    } else if (!found) {
        ok = false;
        skip_name(cases, row, "device", row->device, candidates);
    } else {
        ok = find_subject(cases, found, ask->data_sheet_only, index, err);
    }
    free(candidates);
    return ok;
}

/* Lays what was asked for under what a row says; false: the row says something else. */
static bool lay_own(struct scenario_cases *cases, const struct measured_row *row, const char **name,
                    const char **quant)
{
    const char *own_name = cases->own_model, *own_quant = cases->own_quant;
    if (own_name && *name && strcmp(*name, own_name) != 0)
        skip(cases, row, "about another model", row->model);
    else if (own_quant && *quant && strcmp(*quant, own_quant) != 0)
        skip(cases, row, "about another quantisation", *quant);
    else {
        *name = own_name ? own_name : *name;
        *quant = own_quant ? own_quant : *quant;
        return true;
    }
    return false;
}

static struct scenario_measured_model *row_model(struct scenario_cases *cases,
                                                 const struct measured_row *row, struct error *err)
{
    const char *found, *quant = measured_quant(row->quant, row->model);
    char *candidates;
    struct scenario_measured_model *model = NULL;
    measured_names_find(cases->models, row->model, "", &found, &candidates);
    if (!lay_own(cases, row, &found, &quant))
        ;
    else if (!found)
        skip_name(cases, row, "model", row->model, candidates);
    else if (!quant)
        skip(cases, row, "the quantisation is not known",
             *row->quant ? row->quant : "--model MODEL:QUANT tells it");
    else
        model = find_model(cases, found, quant, err);
    free(candidates);
    return model;
}

/* What the stated size of the file tells of ours: makers of files mix formats in their own ways. */
static double weight_scale(const struct measured_row *row,
                           const struct scenario_measured_model *model)
{
    if (!(row->parameters > 0) || !(row->model_bytes > 0))
        return 1;
    double ratio = row->model_bytes / model->bytes;
    bool same = fabs(row->parameters / model->parameters - 1) <= same_parameters;
    return same && fabs(ratio - 1) <= same_bytes ? ratio : 1;
}

/* Flash attention has to be asked for in llama.cpp. */
static int flash_of(const struct measured_row *row)
{
    if (row->flash_attention >= 0)
        return row->flash_attention;
    return strncmp(row->backend, "llama.cpp", strlen("llama.cpp")) == 0 ? 0 : -1;
}

static double or_else(double value, double otherwise)
{
    return isnan(value) ? otherwise : value;
}

/* Of one sequence, that the row's rate counts. */
static double counted_tokens(const struct measured_row *row)
{
    return fmax(1, row->phase == MEASURED_PREFILL ? row->prompt_tokens
                                                  : or_else(row->gen_tokens, usual_answer_tokens));
}

static struct device_observation observe(const struct measured_row *row,
                                         const struct scenario_measured_model *model, double cap_W,
                                         double ubatch)
{
    bool prefill = row->phase == MEASURED_PREFILL;
    double tokens = counted_tokens(row) - (prefill ? 0 : or_else(row->untimed_tokens, 0));
    double batch = fmax(1, or_else(row->batch, 1));
    return (struct device_observation){.kind = prefill ? DEVICE_SAW_PREFILL : DEVICE_SAW_DECODE,
                                       .forward = &model->forward,
                                       .run = {.batch = batch,
                                               .depth = or_else(row->context_depth, 0),
                                               .tokens = fmax(1, tokens),
                                               .ubatch = ubatch,
                                               .weight_scale = weight_scale(row, model)},
                                       .flash = flash_of(row),
                                       .cap_W = cap_W,
                                       .prefill = prefill};
}

static void set_memory(const struct scenario_cases *cases, const struct measured_row *row,
                       const char *device, struct device_run *run)
{
    const struct device_pool *pool = scenario_memory_find(&cases->memories, device, row->device);
    if (pool) {
        run->memory_B = pool->capacity_B - pool->reserve_B;
        run->store_Bps = pool->store_Bps;
    }
}

static void add_item(struct scenario_cases *cases, const struct scenario_case *item)
{
    cases->item = mem_realloc(cases->item, cases->n + 1, sizeof *cases->item);
    cases->item[cases->n++] = *item;
}

/* Meters err by several per cent, and a mean over a run holds its start. */
static const double watts_noise = 0.1;

/* The draw and the energy that a row tells, where its meter takes in the device alone or a fit can
 * tell the rest. */
static void add_draw(struct scenario_cases *cases, const struct scenario_case *speed,
                     const struct measured_remarks *remarks, const struct scenario_cases_ask *ask)
{
    const struct measured_row *row = speed->row;
    struct scenario_case item = *speed;
    if (!ask->wall && remarks->wall)
        return;
    item.what.noise = watts_noise;
    item.what.rest_s = remarks->rest_s;
    item.what.die_K = row->temperature_K > 0 ? row->temperature_K : 0;
    if (row->power_W > 0) {
        item.quantity = SCENARIO_POWER;
        item.what.kind = DEVICE_SAW_POWER;
        item.what.measured = row->power_W;
        add_item(cases, &item);
    }
    if (row->energy_J_per_token > 0) {
        item.quantity = SCENARIO_ENERGY;
        item.what.kind = DEVICE_SAW_ENERGY;
        item.what.measured = row->energy_J_per_token;
        item.what.net = remarks->net;
        if (!item.what.prefill && remarks->whole_request)
            item.what.prompt = or_else(row->prompt_tokens, 0);
        add_item(cases, &item);
    }
}

static bool add_case(struct scenario_cases *cases, const struct measured_table *table,
                     const struct measured_row *row, const struct scenario_cases_ask *ask,
                     struct error *err)
{
    const char *reason = unusable(row);
    if (reason) {
        skip(cases, row, reason, *row->device ? row->device : row->backend);
        return true;
    }
    struct scenario_case item = {.row = row};
    size_t faults = err->n_faults;
    if (!row_device(cases, row, ask, &item.device, err))
        return err->n_faults == faults;
    struct scenario_measured_model *model = row_model(cases, row, err);
    if (!model)
        return err->n_faults == faults;
    item.model = model->name;
    item.quant = model->quant;
    struct measured_remarks remarks = measured_remarks(table, row);
    item.tokens = counted_tokens(row);
    item.what = observe(row, model, remarks.cap_W, ask->ubatch);
    set_memory(cases, row, cases->subject[item.device].name, &item.what.run);
    if (row->tokens_per_s > 0) {
        item.quantity = row->phase == MEASURED_PREFILL ? SCENARIO_PREFILL : SCENARIO_DECODE;
        item.what.measured = item.tokens * item.what.run.batch / row->tokens_per_s;
        add_item(cases, &item);
    }
    add_draw(cases, &item, &remarks, ask);
    return true;
}

static int more_rows(const void *a, const void *b)
{
    const struct scenario_skipped *x = a, *y = b;
    if (x->rows != y->rows)
        return x->rows < y->rows ? 1 : -1;
    return strcmp(x->reason, y->reason);
}

/* The device that was asked for, and whether the catalogue knows its name, so that rows of another
 * one can be told. */
static bool read_own(struct scenario_cases *cases, const struct scenario_cases_ask *ask,
                     struct error *err)
{
    size_t index;
    if (!find_subject(cases, ask->device, ask->data_sheet_only, &index, err))
        return false;
    char **names = scenario_catalogue("device", err);
    for (size_t i = 0; names && names[i]; i++)
        cases->known_device = cases->known_device || strcmp(names[i], cases->subject[0].name) == 0;
    bool ok = names != NULL;
    file_names_free(names);
    return ok;
}

/* The model that was asked for, by its name in the catalogue where it has one. */
static bool read_own_model(struct scenario_cases *cases, const char *asked, struct error *err)
{
    const char *colon = strrchr(asked, ':'), *found;
    char *candidates,
        *name = colon ? mem_strndup(asked, (size_t)(colon - asked)) : mem_strdup(asked);
    struct tree *tree = scenario_find("model", asked, NULL, NULL, err);
    bool ok = tree != NULL;
    tree_free(tree);
    measured_names_find(cases->models, name, "", &found, &candidates);
    cases->own_model = mem_strdup(found ? found : name);
    if (colon && ok) {
        const char *quant = measured_quant(colon + 1, "");
        cases->own_quant = mem_strdup(quant ? quant : colon + 1);
    }
    free(candidates);
    free(name);
    return ok;
}

bool scenario_cases_read(const struct measured_table *table, const bool *keep,
                         const struct scenario_cases_ask *ask, struct scenario_cases *out,
                         struct error *err)
{
    *out = (struct scenario_cases){.devices = measured_names_new(MEASURED_NAME_DEVICE),
                                   .models = measured_names_new(MEASURED_NAME_MODEL)};
    bool ok = scenario_memories_read(&out->memories, err) &&
              catalogue_names("device", out->devices, err) &&
              catalogue_names("model", out->models, err) &&
              (!ask->model || read_own_model(out, ask->model, err)) &&
              (!ask->device || read_own(out, ask, err));
    for (size_t i = 0; ok && i < table->n_rows; i++)
        if (keep[i])
            ok = add_case(out, table, &table->row[i], ask, err);
    if (out->n_skips > 1)
        qsort(out->skip, out->n_skips, sizeof *out->skip, more_rows);
    return ok;
}

void scenario_cases_free(struct scenario_cases *cases)
{
    for (size_t i = 0; i < cases->n_subjects; i++)
        scenario_subject_free(&cases->subject[i]);
    for (size_t i = 0; i < cases->n_models; i++) {
        device_forward_free(&cases->model[i]->forward);
        free(cases->model[i]->name);
        free(cases->model[i]->quant);
        free(cases->model[i]);
    }
    for (size_t i = 0; i < cases->n_skips; i++) {
        free(cases->skip[i].reason);
        free(cases->skip[i].example);
    }
    free(cases->subject);
    free(cases->model);
    free(cases->item);
    free(cases->skip);
    scenario_memories_free(&cases->memories);
    measured_names_free(cases->devices);
    measured_names_free(cases->models);
    free(cases->own_model);
    free(cases->own_quant);
    *cases = (struct scenario_cases){0};
}
