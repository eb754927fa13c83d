/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/complete.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/option.h"
#include "cli/catalogue.h"
#include "plots/plot.h"
#include "sim/schedulers/sched.h"

#include <string.h>

/* A list of names that is freed. */
static void take_names(char **names, struct text *out)
{
    for (size_t i = 0; names && names[i]; i++)
        text_add(out, "%s\n", names[i]);
    file_names_free(names);
}

static void add_words(const char *const *words, struct text *out)
{
    for (size_t i = 0; words[i]; i++)
        text_add(out, "%s\n", words[i]);
}

static void add_catalogue(const char *kind, struct text *out)
{
    struct error unused = {0}; /* where there is no catalogue there is nothing to complete */
    take_names(scenario_catalogue(kind, &unused), out);
}

void complete_scenarios(size_t operand, struct text *out)
{
    (void)operand;
    add_catalogue("scenario", out);
    text_add(out, OPTION_FILE_WORD "\n");
}

void complete_entries(size_t operand, struct text *out)
{
    struct error unused = {0};
    (void)operand;
    take_names(catalogue_all_names(&unused), out);
    text_add(out, OPTION_FILE_WORD "\n");
}

void complete_traces(size_t operand, struct text *out)
{
    struct error unused = {0};
    (void)operand;
    take_names(catalogue_traces(&unused), out);
    text_add(out, OPTION_FILE_WORD "\n");
}

void complete_pictures(size_t operand, struct text *out)
{
    if (operand > 0) {
        add_words(plot_kinds(), out);
        return;
    }
    add_catalogue("platform", out);
    complete_scenarios(operand, out);
}

const char *const *complete_schedulers(void)
{
    return sched_names() + 1;
}

void complete_plans(const char *words[COMPLETE_PLANS])
{
    const char *const *schedulers = complete_schedulers();
    size_t n = 0;
    words[n++] = "knee";
    words[n++] = "least-energy";
    words[n++] = "least-latency";
    for (size_t i = 0; schedulers[i] && n < COMPLETE_PLANS - 1; i++)
        words[n++] = schedulers[i];
    words[n] = NULL;
}

static char **names_if_asked(const char *kind, char *const *argv)
{
    struct error unused = {0};
    bool asked = argv[1] && strcmp(argv[1], "--complete-words") == 0;
    return asked ? scenario_catalogue(kind, &unused) : NULL;
}

char **complete_models(char *const *argv)
{
    return names_if_asked("model", argv);
}

char **complete_devices(char *const *argv)
{
    char **names = names_if_asked("device", argv);
    size_t n = 0;
    while (names && names[n])
        n++;
    if (!names)
        return NULL;
    names = mem_realloc(names, n + 2, sizeof *names);
    names[n] = mem_strdup(OPTION_FILE_WORD);
    names[n + 1] = NULL;
    return names;
}

void complete_lists(size_t operand, struct text *out)
{
    static const char *const kinds[] = {"devices",   "platforms", "models",  "workloads",
                                        "scenarios", "traces",    "classes", NULL};
    static const char *const narrower[] = {"cpu", "gpu", "npu", NULL};
    if (operand < 2)
        add_words(operand == 0 ? kinds : narrower, out);
}

void complete_schemas(size_t operand, struct text *out)
{
    if (operand > 0)
        return;
    text_add(out, "class\nassignment\n"); /* have a schema, but stand in no scenario */
    add_words(catalogue_kinds, out);
}
