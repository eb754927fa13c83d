/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "scenarios/class.h"

#include "base/file.h"
#include "base/memory.h"
#include "scenarios/scenario.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_CLASSES = 8 }; /* a class with more parents is its own */

static char *class_path(const char *name, struct error *err)
{
    char *folder = scenario_catalogue_folder("class", err);
    char *path = folder ? mem_printf("%s/%s.yaml", folder, name) : NULL;
    free(folder);
    return path;
}

static bool add_class(struct scenario_class *out, const char *path, struct error *err)
{
    struct tree *tree = tree_read(path, err);
    struct device_class class;
    if (!tree || !fields_check_schema(tree, "class", err) ||
        !device_class_read(tree, &class, err)) {
        tree_free(tree);
        return false;
    }
    out->class = mem_realloc(out->class, out->n + 1, sizeof *out->class);
    out->tree = mem_realloc(out->tree, out->n + 1, sizeof *out->tree);
    out->class[out->n] = class;
    out->tree[out->n++] = tree;
    return true;
}

bool scenario_class_read(const char *name, struct scenario_class *out, struct error *err)
{
    *out = (struct scenario_class){0};
    if (strchr(name, '/'))
        return error_set(err, "'%s' is no name of a class", text_clip(name).bytes);
    while (name) {
        char *path = class_path(name, err);
        bool there = path && file_exists(path);
        bool ok = path && (there || out->n == 0);
        if (path && !ok)
            error_set(err, "class '%s' has the parent '%s', which is not there",
                      out->class[out->n - 1].name, name);
        if (ok && there && out->n == MOST_CLASSES)
            ok = error_set(err, "class '%s' is among its own parents", name);
        ok = ok && (!there || add_class(out, path, err));
        free(path);
        if (!ok)
            return false;
        name = there ? out->class[out->n - 1].parent : NULL;
    }
    return true;
}

void scenario_class_free(struct scenario_class *class)
{
    for (size_t i = 0; i < class->n; i++) {
        device_class_free(&class->class[i]);
        tree_free(class->tree[i]);
    }
    free(class->class);
    free(class->tree);
    *class = (struct scenario_class){0};
}

double scenario_class_sigma(const struct scenario_class *class, const char *path)
{
    for (size_t i = 0; i < class->n; i++) {
        double sigma = device_class_sigma(&class->class[i], path);
        if (!isnan(sigma))
            return sigma;
    }
    return NAN;
}

/* Only a device file that leaves nothing to its class may name one that is not there. */
static bool unknown_class(const struct tree *name, struct error *err)
{
    char **names = scenario_catalogue("class", err);
    char *hint = names ? text_hint(name->text, (const char *const *)names) : NULL;
    if (hint)
        tree_error(err, name,
                   "no class is called '%s'%s; 'qeilsim list classes' lists those that give what a "
                   "device file leaves out",
                   text_clip(name->text).bytes, hint);
    free(hint);
    file_names_free(names);
    return false;
}

bool scenario_class_fill(struct tree *device, struct error *err)
{
    struct scenario_class class;
    const char *name = tree_get_text(device, "class");
    if (!name)
        return true; /* for the field table to judge */
    bool ok = scenario_class_read(name, &class, err);
    for (size_t i = 0; ok && i < class.n; i++)
        device_class_fill(&class.class[i], device);
    if (ok && class.n == 0 && !tree_find(device, "compute.efficiency"))
        ok = unknown_class(tree_get(device, "class"), err);
    scenario_class_free(&class);
    return ok;
}
