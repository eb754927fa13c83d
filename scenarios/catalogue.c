/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/file.h"
#include "base/memory.h"
#include "scenarios/reference.h"
#include "scenarios/scenario.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SUFFIX ".yaml"

/* Where the files of a kind lie in the data folder. */
static const struct {
    const char *kind, *folder;
} folders[] = {
    {"device", "devices/catalog/devices"},     {"class", "devices/catalog/classes"},
    {"platform", "devices/catalog/platforms"}, {"model", "workloads/catalog"},
    {"workload", "workloads/traces"},          {"scenario", "scenarios"},
};

char *scenario_catalogue_folder(const char *kind, struct error *err)
{
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        if (strcmp(folders[i].kind, kind) != 0)
            continue;
        char *data = file_data_folder(err);
        char *folder = data ? file_join(data, folders[i].folder) : NULL;
        free(data);
        return folder;
    }
    error_set(err, "the catalogue has no files of kind '%s'", text_clip(kind).bytes);
    return NULL;
}

char **scenario_catalogue(const char *kind, struct error *err)
{
    char *folder = scenario_catalogue_folder(kind, err);
    char **names = folder ? file_names(folder, SUFFIX) : NULL;
    free(folder);
    return names;
}

static bool ends_with_suffix(const char *name)
{
    size_t length = strlen(name), tail = strlen(SUFFIX);
    return length > tail && strcmp(name + length - tail, SUFFIX) == 0;
}

bool scenario_reference_is_path(const char *name)
{
    return strchr(name, '/') || ends_with_suffix(name);
}

bool scenario_reference_fault(const struct scenario_reference *reference, struct error *err,
                              const char *format, ...)
{
    char sentence[ERROR_SENTENCE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(sentence, sizeof sentence, format, arguments);
    va_end(arguments);
    if (reference->place)
        return tree_error(err, reference->place, "%s", sentence);
    return error_set(err, "%s", sentence);
}

static bool has_alias(const char *path, const char *name)
{
    struct error unused = {0}; /* a faulty entry is told of when it is used */
    struct tree *entry = tree_read(path, &unused);
    const struct tree *aliases = tree_get(entry, "aliases");
    bool found = false;
    for (size_t i = 0; aliases && aliases->kind == TREE_LIST && i < aliases->n_children; i++) {
        const struct tree *alias = aliases->child[i];
        found = found || (alias->kind == TREE_SCALAR && strcasecmp(alias->text, name) == 0);
    }
    tree_free(entry);
    return found;
}

static char *entry_path(const char *folder, const char *name)
{
    return mem_printf("%s/%s" SUFFIX, folder, name);
}

/* The entry of that name, else the first that has it among its aliases; NULL when none has. */
static char *find_entry(const char *folder, char *const *names, const char *name)
{
    for (size_t i = 0; names[i]; i++)
        if (strcmp(names[i], name) == 0)
            return entry_path(folder, name);
    for (size_t i = 0; names[i]; i++) {
        char *path = entry_path(folder, names[i]);
        if (has_alias(path, name))
            return path;
        free(path);
    }
    return NULL;
}

/* " (did you mean 'x'?)", else the names that there are. */
static char *what_is_there(const char *name, char **names)
{
    const char **words = mem_calloc(1, sizeof *words);
    size_t n = 0;
    for (; names[n]; n++) {
        words = mem_realloc(words, n + 2, sizeof *words);
        words[n] = names[n];
        words[n + 1] = NULL;
    }
    char *hint = text_hint(name, words);
    struct text list = {0};
    for (size_t i = 0; !*hint && i < n && list.length < ERROR_SENTENCE / 2; i++)
        text_add(&list, "%s%s", i ? ", " : "; there are ", names[i]);
    free(words);
    if (*hint || !list.bytes)
        return hint;
    free(hint);
    return list.bytes;
}

static char *find_in_catalogue(const struct scenario_reference *reference, struct error *err)
{
    char *folder = scenario_catalogue_folder(reference->kind, err);
    if (!folder)
        return NULL;
    char **names = file_names(folder, SUFFIX);
    char *path = find_entry(folder, names, reference->name);
    if (!path) {
        char *there = what_is_there(reference->name, names);
        scenario_reference_fault(reference, err, "no %s is called '%s'%s", reference->kind,
                                 text_clip(reference->name).bytes, there);
        free(there);
    }
    file_names_free(names);
    free(folder);
    return path;
}

char *scenario_reference_path(const struct scenario_reference *reference, struct error *err)
{
    if (!scenario_reference_is_path(reference->name))
        return find_in_catalogue(reference, err);
    char *path = reference->beside ? file_beside(reference->beside, reference->name)
                                   : mem_strdup(reference->name);
    if (file_exists(path))
        return path;
    if (!ends_with_suffix(reference->name)) { /* aliases may hold a '/' */
        struct error unused = {0};
        char *entry = find_in_catalogue(reference, &unused);
        if (entry) {
            free(path);
            return entry;
        }
    }
    scenario_reference_fault(reference, err, "%s file '%s' is not there or cannot be read",
                             reference->kind, path);
    free(path);
    return NULL;
}
