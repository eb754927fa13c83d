/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/machine.h"

#include "base/file.h"
#include "cli/catalogue.h"
#include "scenarios/result.h"

#include <string.h>

static bool load_scenario(const char *name, struct machine *out, struct error *err)
{
    if (!scenario_load(name, NULL, 0, &out->scenario, err))
        return false;
    out->platform = &out->scenario.platform;
    out->model = &out->scenario.model;
    return true;
}

static bool load_result(const char *path, struct machine *out, struct error *err)
{
    struct scenario_result result;
    if (!scenario_result_read(path, &result, err))
        return false;
    bool ok = result.yaml;
    if (result.calibrations)
        error_set(err, "%s: holds a calibration: a model's roofline is drawn of its device file",
                  path);
    else if (!ok)
        error_set(err, "%s: holds a validation, so no machine to draw", path);
    ok = ok && scenario_parse(result.name, result.yaml, &out->scenario, err);
    if (ok) {
        out->platform = &out->scenario.platform;
        out->model = &out->scenario.model;
    }
    scenario_result_free(&result);
    return ok;
}

static bool load_platform(const char *name, const char *model, struct machine *out,
                          struct error *err)
{
    out->platform_tree = scenario_find("platform", name, NULL, NULL, err);
    if (!out->platform_tree || !device_platform_read(out->platform_tree, &out->own_platform, err))
        return false;
    out->platform = &out->own_platform;
    return model || error_set(err,
                              "'%s' is a machine without a model: say which with --model (see "
                              "'qeilsim list models')",
                              text_clip(name).bytes);
}

static bool load_model(const char *name, struct machine *out, struct error *err)
{
    out->model_tree = scenario_find("model", name, NULL, NULL, err);
    if (!out->model_tree || !workload_model_read(out->model_tree, &out->own_model, err))
        return false;
    out->model = &out->own_model;
    return true;
}

static bool is_scenario(const char *name, bool file, bool *scenario, struct error *err)
{
    if (file) {
        size_t kind;
        if (!catalogue_kind_of_file(name, &kind, err))
            return false;
        *scenario = strcmp(catalogue_kinds[kind], "scenario") == 0;
        return true;
    }
    char **names = scenario_catalogue("scenario", err);
    *scenario = catalogue_has(names, name);
    file_names_free(names);
    return names != NULL;
}

static bool load(const char *name, const char *model, struct machine *out, struct error *err)
{
    bool file = file_exists(name), scenario;
    if (file && catalogue_is_result(name))
        return load_result(name, out, err);
    if (!is_scenario(name, file, &scenario, err))
        return false;
    return scenario ? load_scenario(name, out, err) : load_platform(name, model, out, err);
}

bool machine_load(const char *name, const char *model, struct machine *out, struct error *err)
{
    *out = (struct machine){0};
    return load(name, model, out, err) && (!model || load_model(model, out, err));
}

void machine_free(struct machine *machine)
{
    if (machine->platform == &machine->own_platform)
        device_platform_free(&machine->own_platform);
    else if (machine->platform)
        scenario_free(&machine->scenario);
    if (machine->model == &machine->own_model)
        workload_model_free(&machine->own_model);
    tree_free(machine->platform_tree);
    tree_free(machine->model_tree);
    *machine = (struct machine){0};
}
