/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/catalogue.h"

#include "base/file.h"
#include "base/memory.h"
#include "scenarios/scenario.h"

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
