/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "scenarios/fit_device.h"

#include "analysis/statistics.h"
#include "base/memory.h"
#include "base/stream.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* As enum scenario_quantity numbers them. */
static const char *const quantities[] = {"prefill", "decode", "power", "energy"};

/* Measurements with the group that each is judged in, fitted ones first. */
struct evidence {
    struct device_observation *what; /* (n) */
    const char **group;              /* (n) */
    size_t n, fitted;
    int from;                           /* enum device_evidence */
    const struct scenario_cases *cases; /* what they are of; NULL: operators */
    char *ref;                          /* what they are, for the source of a fitted value */
};

/* Puts a share of the measurements, drawn at random, before the others. */
static void divide(struct evidence *evidence, double split, uint64_t seed)
{
    struct stream stream = stream_open(seed, STREAM_SPLIT, 0, 0);
    evidence->fitted = (size_t)ceil(split * (double)evidence->n);
    for (size_t i = 0; i < evidence->fitted && evidence->fitted < evidence->n; i++) {
        size_t j = i + (size_t)stream_below(&stream, (uint32_t)(evidence->n - i));
        struct device_observation what = evidence->what[i];
        const char *group = evidence->group[i];
        evidence->what[i] = evidence->what[j];
        evidence->group[i] = evidence->group[j];
        evidence->what[j] = what;
        evidence->group[j] = group;
    }
}

void scenario_fit_judge(const struct device_fit *fit, const struct device_observation *what,
                        const char *const *group, size_t n, struct scenario_fit *out)
{
    double *error = mem_calloc(n + 1, sizeof *error);
    bool *done = mem_calloc(n + 1, sizeof *done);
    for (size_t i = 0; i < n; i++) {
        size_t judged = 0;
        for (size_t j = i; j < n && !done[i]; j++) {
            if (strcmp(group[j], group[i]) != 0)
                continue;
            double ours = device_observed(&fit->device[what[j].device], &what[j]);
            bool draw = what[j].kind == DEVICE_SAW_POWER || what[j].kind == DEVICE_SAW_ENERGY;
            error[judged++] = draw ? ours / what[j].measured - 1 : what[j].measured / ours - 1;
            done[j] = j > i;
        }
        if (done[i] || judged == 0)
            continue;
        out->group = mem_realloc(out->group, out->n_groups + 1, sizeof *out->group);
        out->group[out->n_groups++] = scenario_group_of(group[i], error, judged);
    }
    free(error);
    free(done);
}

/* Errors by group, of those held back, or of all when none is. */
static void judge(const struct device_fit *fit, const struct evidence *evidence,
                  struct scenario_fit *out)
{
    size_t first = evidence->fitted < evidence->n ? evidence->fitted : 0;
    scenario_fit_judge(fit, evidence->what + first, evidence->group + first, evidence->n - first,
                       out);
    out->held_back = evidence->n - evidence->fitted;
}

/* How many of its prior's standard deviations a value lies from the prior. */
static double pull_of(const struct fit_parameter *parameter, double x)
{
    double prior = parameter->prior;
    if (parameter->sigma <= 0)
        return 0;
    if (parameter->scale == FIT_LOG)
        return fabs(log(x / prior)) / parameter->sigma;
    double axis_sigma = parameter->sigma / (prior * (1 - prior));
    return fabs(log(x / (1 - x)) - log(prior / (1 - prior))) / axis_sigma;
}

void scenario_fit_report(const struct device_fit *fit, const struct fit_result *result,
                         struct scenario_fit *out)
{
    out->n = fit->n_parameters;
    out->rows = fit->n;
    out->scatter = result->scatter * DEVICE_NOISE;
    out->parameter = mem_calloc(out->n, sizeof *out->parameter);
    out->correlation = mem_calloc(out->n * out->n, sizeof *out->correlation);
    memcpy(out->correlation, result->correlation, out->n * out->n * sizeof *out->correlation);
    for (size_t i = 0; i < out->n; i++) {
        struct device_parameter parameter;
        device_parameter(fit->device, i, &parameter);
        out->parameter[i] =
            (struct scenario_fitted){.path = device_parameter_path(&parameter),
                                     .prior = fit->parameter[i].prior / parameter.scale,
                                     .value = result->x[i] / parameter.scale,
                                     .standard_error = result->standard_error[i] / parameter.scale,
                                     .learned = result->learned[i],
                                     .pull = pull_of(&fit->parameter[i], result->x[i]),
                                     .held = fit->parameter[i].sigma <= 0};
    }
}

/* The map under a key, made when it is not there. */
static struct tree *map_at(struct tree *map, const char *key)
{
    if (!tree_get(map, key))
        tree_put(map, key, tree_new_map(&map->mark));
    return tree_get(map, key);
}

static void note_source(struct tree *map, const char *path, const char *ref)
{
    struct tree *sources = tree_get(map, "sources");
    if (!sources)
        return;
    struct tree *source = tree_new_map(&map->mark);
    tree_put(source, "kind", tree_new_scalar("fitted", &map->mark));
    tree_put(source, "ref", tree_new_scalar(ref, &map->mark));
    tree_put(sources, path, source);
}

/* A key may lead through a map: "leakage.reference_W". */
static void put_value(struct tree *map, const char *key, const char *value)
{
    const char *dot = strchr(key, '.');
    if (dot) {
        char *first = mem_strndup(key, (size_t)(dot - key));
        map = map_at(map, first);
        key = dot + 1;
        free(first);
    }
    tree_put(map, key, tree_new_scalar(value, &map->mark));
}

/* Formats are elements of a list. */
static void put_format(struct tree *map, const struct device_parameter *parameter,
                       const char *value)
{
    struct tree *compute = map_at(map, "compute");
    struct tree *list = tree_get(compute, "dequant");
    if (!list) {
        list = tree_new_map(&map->mark);
        list->kind = TREE_LIST;
        tree_put(compute, "dequant", list);
    }
    struct tree *element = NULL;
    for (size_t i = 0; i < list->n_children && !element; i++) {
        const char *name = tree_get_text(list->child[i], "name");
        if (name && strcmp(name, parameter->format) == 0)
            element = list->child[i];
    }
    if (!element) {
        element = tree_new_map(&map->mark);
        tree_put(element, "name", tree_new_scalar(parameter->format, &map->mark));
        tree_append(list, element);
    }
    tree_put(element, parameter->key, tree_new_scalar(value, &map->mark));
}

void scenario_fit_put(const struct device_fit *fit, const struct fit_result *result,
                      struct tree *map, const char *ref)
{
    for (size_t i = 0; i < fit->n_parameters; i++) {
        struct device_parameter parameter;
        device_parameter(fit->device, i, &parameter);
        if (fit->parameter[i].sigma <= 0 || result->learned[i] < FIT_LEARNED_LITTLE)
            continue;
        char *value = mem_printf("%.4g", result->x[i] / parameter.scale);
        char *why =
            mem_printf("%s; standard error %.2g", ref, result->standard_error[i] / parameter.scale);
        char *path = device_parameter_path(&parameter);
        if (parameter.format)
            put_format(map, &parameter, value);
        else
            put_value(map_at(map, parameter.path), parameter.key, value);
        note_source(map, path, why);
        free(path);
        free(why);
        free(value);
    }
}

char *scenario_fit_yaml(const struct tree *map, const char *kind)
{
    struct text text = {0};
    text_add(&text, "schema: qeilsim/%s/1\n", kind);
    tree_write(map, &text);
    return text.bytes;
}

/* The class that is to be fitted instead of a device, or NULL. */
static const char *class_of(const struct scenario_fit_ask *ask)
{
    static const char prefix[] = "class:";
    size_t n = strlen(prefix);
    return strncmp(ask->device, prefix, n) == 0 ? ask->device + n : NULL;
}

/* The rows that one device, or a class, is fitted to. */
static bool read_rows(const struct scenario_fit_ask *ask, struct measured_table *table,
                      struct measured_power_report *power, struct scenario_cases *cases,
                      struct error *err)
{
    struct measured_where *where = NULL;
    bool *keep = NULL, *best = NULL;
    bool ok = measured_read(ask->paths, ask->n_paths, table, err) &&
              scenario_power_join(&ask->power, table, power, err) &&
              (where = measured_where_parse(ask->where, err)) != NULL &&
              measured_where_check(where, table, err);
    keep = mem_calloc(table->n_rows + 1, sizeof *keep);
    best = mem_calloc(table->n_rows + 1, sizeof *best);
    memset(best, 1, table->n_rows + 1);
    ok = ok && (!ask->best_of || measured_best_of(table, ask->best_of, best, err));
    for (size_t i = 0; ok && i < table->n_rows; i++)
        keep[i] = best[i] && measured_where_matches(where, table, &table->row[i]);
    const char *class = class_of(ask);
    struct scenario_cases_ask of = {class ? NULL : ask->device, ask->ubatch, class != NULL, true,
                                    ask->model};
    ok = ok && scenario_cases_read(table, keep, &of, cases, err);
    if (ok && cases->n == 0)
        ok = cases->n_skips
                 ? error_set(err, "no row of %zu can be fitted to: %s, %s", table->n_rows,
                             cases->skip[0].reason, cases->skip[0].example)
                 : error_set(err, "no row of %zu is meant by --where '%s'", table->n_rows,
                             ask->where ? ask->where : "");
    measured_where_free(where);
    free(keep);
    free(best);
    return ok;
}

static bool fit_and_report(struct scenario_subject *subject, const struct evidence *evidence,
                           struct scenario_fit *out, struct error *err)
{
    struct device_fit fit;
    struct fit_result result = {0};
    struct device_fit_of of = {&subject->device, 1, evidence->from};
    bool operators = evidence->from == DEVICE_FROM_OPERATORS;
    if (operators) /* the file's own are about other parameters */
        subject->device.compute.n_row_factors = 0;
    device_fit_init(&fit, &of, evidence->what, evidence->fitted);
    scenario_spread_of_class(&subject->class, &fit);
    if (evidence->cases)
        scenario_hold_unused_formats(evidence->cases, 0, &fit);
    bool ok = fit_map(&fit.problem, &result, err);
    if (ok) {
        device_fit_apply(&fit, result.x);
        if (operators)
            scenario_fit_row_factors(&subject->device, evidence->what, evidence->fitted,
                                     subject->tree);
        scenario_fit_report(&fit, &result, out);
        judge(&fit, evidence, out);
        scenario_fit_put(&fit, &result, subject->tree, evidence->ref);
        out->name = mem_strdup(subject->name);
        out->yaml = scenario_fit_yaml(subject->tree, "device");
    }
    fit_free(&result);
    device_fit_free(&fit);
    return ok;
}

static const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash && slash[1] ? slash + 1 : path;
}

static void take_skips(struct scenario_cases *cases, struct scenario_fit *out)
{
    out->skipped = cases->skip;
    out->n_skipped = cases->n_skips;
    out->skipped_rows = cases->skipped;
    cases->skip = NULL;
    cases->n_skips = 0;
}

static bool fit_cases(const struct scenario_fit_ask *ask, struct scenario_cases *cases,
                      struct scenario_fit *out, struct error *err)
{
    struct evidence evidence = {.what = mem_calloc(cases->n + 1, sizeof *evidence.what),
                                .group = mem_calloc(cases->n + 1, sizeof *evidence.group),
                                .n = cases->n,
                                .cases = cases};
    for (size_t i = 0; i < cases->n; i++) {
        evidence.what[i] = cases->item[i].what;
        evidence.group[i] = quantities[cases->item[i].quantity];
    }
    divide(&evidence, ask->split, ask->seed);
    evidence.from = DEVICE_FROM_RUNS;
    for (size_t i = 0; i < evidence.fitted; i++)
        if (evidence.what[i].kind > DEVICE_SAW_OPERATOR || evidence.what[i].cap_W > 0)
            evidence.from |= DEVICE_FROM_POWER;
    evidence.ref = mem_printf("%zu rows of %s", evidence.fitted, file_name(ask->paths[0]));
    bool ok = fit_and_report(&cases->subject[0], &evidence, out, err);
    free(evidence.ref);
    free(evidence.what);
    free(evidence.group);
    return ok;
}

static bool fit_rows(const struct scenario_fit_ask *ask, struct scenario_fit *out,
                     struct error *err)
{
    struct measured_table table = {0};
    struct scenario_cases cases = {0};
    const char *class = class_of(ask);
    bool ok =
        read_rows(ask, &table, &out->power, &cases, err) &&
        (class ? scenario_fit_class(&cases, class, out, err) : fit_cases(ask, &cases, out, err));
    if (ok)
        take_skips(&cases, out);
    scenario_cases_free(&cases);
    measured_free(&table);
    return ok;
}

static bool fit_operators(const struct scenario_fit_ask *ask, struct scenario_fit *out,
                          struct error *err)
{
    struct scenario_subject subject = {0};
    struct scenario_operator_cases cases = {0};
    bool ok = scenario_operator_cases_read(ask, &cases, err) &&
              scenario_subject_read(ask->device, false, &subject, err);
    if (ok) {
        struct evidence evidence = {
            .what = cases.what, .group = cases.group, .n = cases.n, .from = DEVICE_FROM_OPERATORS};
        divide(&evidence, ask->split, ask->seed);
        evidence.ref =
            mem_printf("%zu operator times of %s", evidence.fitted, file_name(ask->operators));
        if (cases.fused) {
            put_value(map_at(subject.tree, "software"), "fused", "true");
            note_source(subject.tree, "software.fused",
                        "the times are of whole projections: qkv_proj, gate_up_proj");
        }
        ok = fit_and_report(&subject, &evidence, out, err);
        free(evidence.ref);
        out->skipped = cases.skip;
        out->n_skipped = cases.n_skips;
        out->skipped_rows = cases.skipped;
        cases.skip = NULL;
        cases.n_skips = 0;
    }
    scenario_subject_free(&subject);
    scenario_operator_cases_free(&cases);
    return ok;
}

bool scenario_fit_device(const struct scenario_fit_ask *ask, struct scenario_fit *out,
                         struct error *err)
{
    *out = (struct scenario_fit){0};
    return ask->operators ? fit_operators(ask, out, err) : fit_rows(ask, out, err);
}

void scenario_fit_free(struct scenario_fit *fit)
{
    for (size_t i = 0; fit->parameter && i < fit->n; i++)
        free(fit->parameter[i].path);
    for (int kind = 0; kind < 2; kind++) {
        for (size_t i = 0; i < fit->n_left_out[kind]; i++)
            free(fit->left_out[kind][i].device);
        free(fit->left_out[kind]);
    }
    scenario_skipped_free(fit->skipped, fit->n_skipped);
    free(fit->name);
    free(fit->parameter);
    free(fit->group);
    free(fit->correlation);
    free(fit->yaml);
    measured_power_report_free(&fit->power);
    *fit = (struct scenario_fit){0};
}

static json_t *number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *left_out_json(const struct scenario_fit *fit)
{
    static const char *const names[] = {"prefill", "decode"};
    json_t *out = json_object();
    for (int kind = 0; kind < 2; kind++) {
        json_t *errors = json_array();
        for (size_t i = 0; i < fit->n_left_out[kind]; i++)
            json_array_append_new(errors,
                                  json_pack("{s:s, s:o}", "device", fit->left_out[kind][i].device,
                                            "error", number(fit->left_out[kind][i].error)));
        json_object_set_new(out, names[kind], errors);
    }
    return out;
}

char *scenario_fit_json(const struct scenario_fit *fit)
{
    json_t *parameters = json_object();
    for (size_t i = 0; i < fit->n; i++) {
        const struct scenario_fitted *one = &fit->parameter[i];
        if (one->held)
            continue;
        json_object_set_new(parameters, one->path,
                            json_pack("{s:o, s:o, s:o, s:o}", "prior", number(one->prior), "value",
                                      number(one->value), "standard_error",
                                      number(one->standard_error), "learned",
                                      number(one->learned)));
    }
    json_t *groups = json_object();
    for (size_t i = 0; i < fit->n_groups; i++)
        json_object_set_new(groups, fit->group[i].name, scenario_group_json(&fit->group[i]));
    json_t *root = json_pack("{s:s, s:I, s:I, s:I, s:o, s:o, s:o}", "name", fit->name, "rows",
                             (json_int_t)fit->rows, "held_back", (json_int_t)fit->held_back,
                             "skipped", (json_int_t)fit->skipped_rows, "scatter",
                             number(fit->scatter), "groups", groups, "parameters", parameters);
    if (fit->n_left_out[0] + fit->n_left_out[1] > 0)
        json_object_set_new(root, "left_out", left_out_json(fit));
    if (fit->power.rows > 0)
        json_object_set_new(root, "power_log", scenario_power_report_json(&fit->power));
    char *text = json_dumps(root, JSON_INDENT(2));
    json_decref(root);
    return text;
}
