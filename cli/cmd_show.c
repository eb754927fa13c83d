/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/file.h"
#include "base/memory.h"
#include "cli/catalogue.h"
#include "cli/commands.h"
#include "cli/complete.h"
#include "cli/report.h"
#include "cli/report_kernels.h"
#include "cli/report_rows.h"
#include "cli/report_tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct option_usage cmd_show_usage = {
    .command = "show",
    .arguments = "NAME|FILE",
    .summary = "a catalogue entry, a scenario or a result",
    .details =
        "NAME is one from 'qeilsim list', a model's also with its quantisation: "
        "llama-3.2-1b:Q4_K_M.\nEntries are told with all that they refer to laid out, and each "
        "value with its source:\ndatasheet, measured, fitted, class or estimated. A file is "
        "checked as `run` would check it.",
    .min_arguments = 1,
    .max_arguments = 1,
    .operand_words = complete_entries};

static bool read_device(const struct tree *tree, struct error *err)
{
    struct device device;
    bool ok = device_read(tree, &device, err);
    if (ok)
        device_free(&device);
    return ok;
}

static bool read_platform(const struct tree *tree, struct error *err)
{
    struct device_platform platform;
    bool ok = device_platform_read(tree, &platform, err);
    if (ok)
        device_platform_free(&platform);
    return ok;
}

static bool read_model(const struct tree *tree, struct error *err)
{
    struct workload_model model;
    bool ok = workload_model_read(tree, &model, err);
    if (ok)
        workload_model_free(&model);
    return ok;
}

static bool read_workload(const struct tree *tree, struct error *err)
{
    struct workload workload;
    bool ok = workload_read(tree, &workload, err);
    if (ok)
        workload_free(&workload);
    return ok;
}

/* By the order of catalogue_kinds; a scenario checks itself while it is loaded. */
static bool (*const readers[])(const struct tree *tree, struct error *err) = {
    read_device, read_platform, read_model, read_workload};

static void print_tree(const struct tree *tree, bool yaml)
{
    struct text text = {0};
    if (!yaml) {
        report_tree(tree);
        return;
    }
    tree_write(tree, &text);
    fputs(text.bytes, stdout);
    text_free(&text);
}

static bool show_scenario(const char *name, bool yaml, struct error *err)
{
    struct scenario scenario;
    if (!scenario_load(name, NULL, 0, &scenario, err))
        return false;
    print_tree(scenario.tree, yaml);
    scenario_free(&scenario);
    return true;
}

static bool show_entry(size_t kind, const char *name, bool yaml, struct error *err)
{
    if (kind == sizeof readers / sizeof *readers)
        return show_scenario(name, yaml, err);
    struct tree *tree = scenario_find(catalogue_kinds[kind], name, NULL, NULL, err);
    bool ok = tree && readers[kind](tree, err);
    if (ok)
        print_tree(tree, yaml);
    tree_free(tree);
    return ok;
}

static bool ends_with(const char *text, const char *ending)
{
    size_t n = strlen(text), m = strlen(ending);
    return n > m && strcmp(text + n - m, ending) == 0;
}

static bool show_file(const char *path, bool yaml, struct error *err)
{
    size_t kind;
    if (!catalogue_kind_of_file(path, &kind, err))
        return false;
    /* Any other name would be sought in the catalogue. */
    bool is_path = strchr(path, '/') || ends_with(path, ".yaml");
    char *name = is_path ? mem_strdup(path) : mem_printf("./%s", path);
    bool ok = show_entry(kind, name, yaml, err);
    free(name);
    return ok;
}

static void print_scenario_result(const char *path, const struct scenario_result *result)
{
    printf("result     %s: rows of %zu requests, %zu devices, %zu samples over time\n", path,
           result->requests.n_rows, result->devices.n_rows, result->series.n_rows);
    if (result->has_run)
        report_run(result);
    if (result->n_fronts > 0) {
        printf("\n");
        report_front_lines(result);
        report_truth(result);
    }
}

static bool show_calibrations(const char *path, const struct scenario_result *result, bool yaml,
                              struct error *err)
{
    const struct scenario_calibrations *all = result->calibrations;
    if (yaml && all->n != 1)
        return error_set(err, "%s: holds %zu devices; --yaml tells a single one", path, all->n);
    if (yaml)
        fputs(all->device[0].yaml, stdout);
    else
        report_kernels(all);
    if (!yaml && result->thermal) {
        printf("\n");
        report_thermal(result->thermal);
    }
    return true;
}

static bool show_result(const char *path, bool yaml, struct error *err)
{
    struct scenario_result result;
    if (!scenario_result_read(path, &result, err))
        return false;
    bool ok = true;
    if (result.calibrations)
        ok = show_calibrations(path, &result, yaml, err);
    else if (yaml && (result.validation || result.thermal))
        ok = error_set(err, "%s: holds a validation, so no scenario for --yaml", path);
    else if (yaml)
        fputs(result.yaml, stdout);
    else if (result.validation)
        report_validation(result.validation, NULL);
    else if (result.thermal)
        report_thermal(result.thermal);
    else
        print_scenario_result(path, &result);
    scenario_result_free(&result);
    return ok;
}

static bool unknown_name(const char *name, struct error *err)
{
    char **names = catalogue_all_names(err);
    const char *near = text_nearest(name, (const char *const *)names);
    error_set(err, "nothing in the catalogue is called '%s'%s%s%s, and no such file is there",
              text_clip(name).bytes, near ? " (did you mean '" : "", near ? near : "",
              near ? "'?)" : "");
    file_names_free(names);
    return false;
}

/* A name may be an alias, or have a quantisation behind it: then no list holds it. */
static bool show_name(const char *name, bool yaml, struct error *err)
{
    for (size_t k = 0; catalogue_kinds[k]; k++) {
        char **names = scenario_catalogue(catalogue_kinds[k], err);
        bool listed = catalogue_has(names, name);
        file_names_free(names);
        if (listed)
            return show_entry(k, name, yaml, err);
    }
    for (size_t k = 0; k < sizeof readers / sizeof *readers; k++) {
        struct error unused = {0};
        struct tree *tree = scenario_find(catalogue_kinds[k], name, NULL, NULL, &unused);
        tree_free(tree);
        if (tree)
            return show_entry(k, name, yaml, err);
    }
    return unknown_name(name, err);
}

int cmd_show(int argc, char **argv)
{
    struct cli cli = CLI_START;
    bool yaml = false, ok;
    const struct option table[] = {
        {0, "yaml", OPTION_FLAG, .help = "print the expanded file", .value = &yaml},
        CLI_HELP_OPTION(cli),
        {0}};
    int first, code;
    (void)argc;
    if (!cli_parse(&cli, table, &cmd_show_usage, argv, &first, &code))
        return code;
    const char *name = argv[first];
    if (!file_exists(name))
        ok = show_name(name, yaml, &cli.err);
    else if (catalogue_is_result(name))
        ok = show_result(name, yaml, &cli.err);
    else
        ok = show_file(name, yaml, &cli.err);
    return ok ? CLI_DONE : cli_fail(&cli.err);
}
