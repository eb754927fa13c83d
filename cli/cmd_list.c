/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/file.h"
#include "cli/catalogue.h"
#include "cli/commands.h"
#include "cli/complete.h"
#include "cli/facts.h"
#include "scenarios/scenario.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct option_usage cmd_list_usage = {
    .command = "list",
    .arguments = "[KIND [WORD...]]",
    .summary = "what the catalogue holds",
    .details =
        "KIND is devices, platforms, models, workloads, traces or scenarios; without it all are\n"
        "listed. Every WORD must be part of an entry's name, kind, class, title or aliases. "
        "TFLOP/s are\nthe dense peak for 16-bit weights; GiB of a model are its weights under its "
        "quantisation, GiB\nof a platform all its memory. Errors of a class are medians over "
        "members that "
        "were left out of\nits fit. Traces are sought in $QEILSIM_TRACES "
        "too.\n\nExamples:\n"
        "  qeilsim list devices gpu\n"
        "  qeilsim list models llama --names",
    .max_arguments = 16,
    .operand_words = complete_lists};

/* Plural on the command line, singular in the files. */
static const struct {
    const char *name, *kind; /* kind NULL: traces */
} lists[] = {{"devices", "device"},     {"platforms", "platform"}, {"models", "model"},
             {"workloads", "workload"}, {"traces", NULL},          {"scenarios", "scenario"},
             {"classes", "class"}};
enum { LISTS = sizeof lists / sizeof *lists };

struct wishes {
    bool names;   /* nothing but names, one a line */
    char **words; /* NULL-ended */
};

/* Prints those that match; an entry that is faulty is listed by its name. */
static size_t print_entries(const struct facts *facts, char *const *names, const char *folder,
                            const struct wishes *wishes)
{
    struct grid grid = {.align = wishes->names ? "l" : facts->align};
    size_t n = 0;
    if (!wishes->names)
        grid_add_row(&grid, facts->heads);
    for (size_t i = 0; names[i]; i++) {
        bool by_name_only = wishes->names && !*wishes->words;
        struct tree *entry = by_name_only ? NULL : facts_read(folder, names[i]);
        if (facts_match(names[i], entry, wishes->words)) {
            n++;
            grid_add(&grid, "%s", names[i]);
            if (!wishes->names)
                facts->add(entry, &grid);
        }
        tree_free(entry);
    }
    grid_print(&grid, 0, !wishes->names, n > 0 ? stdout : NULL);
    return n;
}

static size_t print_traces(char *const *names, const struct wishes *wishes)
{
    size_t n = 0;
    for (size_t i = 0; names[i]; i++)
        if (facts_match(names[i], NULL, wishes->words)) {
            n++;
            puts(names[i]);
        }
    return n;
}

/* How many entries of a list were printed. */
static bool print_list(size_t list, const struct wishes *wishes, size_t *n, struct error *err)
{
    const char *kind = lists[list].kind;
    char **names = kind ? scenario_catalogue(kind, err) : catalogue_traces(err);
    char *folder = kind ? scenario_catalogue_folder(kind, err) : NULL;
    bool ok = names && (folder || !kind);
    if (ok)
        *n = kind ? print_entries(facts_of(kind), names, folder, wishes)
                  : print_traces(names, wishes);
    free(folder);
    file_names_free(names);
    return ok;
}

static bool print_all(const struct wishes *wishes, struct error *err)
{
    struct cli_style style = cli_style(stdout);
    size_t n;
    for (size_t i = 0; i < LISTS; i++) {
        printf("%s%s%s%s\n", i ? "\n" : "", style.bold, lists[i].name, style.plain);
        if (!print_list(i, wishes, &n, err))
            return false;
    }
    return true;
}

static bool print_matching(size_t list, const struct wishes *wishes, struct error *err)
{
    size_t n;
    if (!print_list(list, wishes, &n, err))
        return false;
    return n > 0 || !*wishes->words ||
           error_set(err, "none of the %s has '%s' in its name, kind, class, title or aliases",
                     lists[list].name, text_clip(wishes->words[0]).bytes);
}

static bool print_kind(const char *kind, const struct wishes *wishes, struct error *err)
{
    const char *names[LISTS + 1] = {NULL};
    for (size_t i = 0; i < LISTS; i++) {
        names[i] = lists[i].name;
        if (strcmp(kind, names[i]) == 0 || (lists[i].kind && strcmp(kind, lists[i].kind) == 0))
            return print_matching(i, wishes, err);
    }
    struct text all = {0};
    for (size_t i = 0; i < LISTS; i++)
        text_add(&all, "%s%s", i ? ", " : "", lists[i].name);
    char *hint = text_hint(kind, names);
    error_set(err, "there is no list of '%s'%s; there are: %s", text_clip(kind).bytes, hint,
              all.bytes);
    free(hint);
    text_free(&all);
    return false;
}

int cmd_list(int argc, char **argv)
{
    struct cli cli = CLI_START;
    struct wishes wishes = {0};
    const struct option table[] = {
        {0, "names", OPTION_FLAG, .help = "names alone, one a line", .value = &wishes.names},
        CLI_HELP_OPTION(cli),
        {0}};
    int first, code;
    (void)argc;
    if (!cli_parse(&cli, table, &cmd_list_usage, argv, &first, &code))
        return code;
    wishes.words = argv + first + (argv[first] != NULL);
    bool ok =
        argv[first] ? print_kind(argv[first], &wishes, &cli.err) : print_all(&wishes, &cli.err);
    return ok ? CLI_DONE : cli_fail(&cli.err);
}
