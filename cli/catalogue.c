/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/catalogue.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/tree.h"
#include "scenarios/scenario.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const catalogue_kinds[] = {"device", "platform", "model", "workload", "scenario", NULL};

struct names {
    char **name; /* NULL-ended */
    size_t n, capacity;
};

static void append(struct names *names, const char *name, const char *suffix)
{
    names->name = mem_grow(names->name, &names->capacity, names->n + 2, sizeof *names->name);
    names->name[names->n++] = mem_printf("%s%s", name, suffix);
    names->name[names->n] = NULL;
}

static void append_folder(struct names *names, const char *folder)
{
    static const char *const suffixes[] = {".csv", ".jsonl"};
    for (size_t s = 0; s < 2; s++) {
        char **found = file_names(folder, suffixes[s]);
        for (size_t i = 0; found[i]; i++)
            append(names, found[i], suffixes[s]);
        file_names_free(found);
    }
}

static struct names no_names(void)
{
    struct names names = {0};
    names.name = mem_grow(NULL, &names.capacity, 1, sizeof *names.name);
    names.name[0] = NULL;
    return names;
}

char **catalogue_all_names(struct error *err)
{
    struct names names = no_names();
    for (size_t k = 0; catalogue_kinds[k]; k++) {
        char **found = scenario_catalogue(catalogue_kinds[k], err);
        for (size_t i = 0; found && found[i]; i++)
            append(&names, found[i], "");
        file_names_free(found);
    }
    return names.name;
}

char **catalogue_traces(struct error *err)
{
    const char *own = getenv("QEILSIM_TRACES");
    char *data = file_data_folder(err);
    if (!data)
        return NULL;
    char *folder = file_join(data, "workloads/traces");
    struct names names = no_names();
    if (own && *own)
        append_folder(&names, own);
    append_folder(&names, folder);
    free(folder);
    free(data);
    return names.name;
}

bool catalogue_has(char *const *names, const char *name)
{
    for (size_t i = 0; names && names[i]; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

bool catalogue_kind_of_file(const char *path, size_t *kind, struct error *err)
{
    struct tree *tree = tree_read(path, err);
    if (!tree)
        return false;
    const char *schema = tree_get_text(tree, "schema");
    bool found = false;
    for (*kind = 0; schema && catalogue_kinds[*kind]; ++*kind) {
        char *name = mem_printf("qeilsim/%s/1", catalogue_kinds[*kind]);
        found = strcmp(schema, name) == 0;
        free(name);
        if (found)
            break;
    }
    if (!found)
        tree_error(err, tree_get(tree, "schema") ? tree_get(tree, "schema") : tree,
                   "the first line should be 'schema: qeilsim/KIND/1', where KIND is device, "
                   "platform, model, workload or scenario");
    tree_free(tree);
    return found;
}

bool catalogue_is_result(const char *path)
{
    static const unsigned char mark[] = {0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n'};
    unsigned char head[sizeof mark] = {0};
    FILE *stream = fopen(path, "rb");
    if (!stream)
        return false;
    bool same =
        fread(head, 1, sizeof head, stream) == sizeof head && memcmp(head, mark, sizeof head) == 0;
    fclose(stream);
    return same;
}
