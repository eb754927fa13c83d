/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/file.h"
#include "cli/catalogue.h"
#include "cli/commands.h"
#include "cli/complete.h"
#include "scenarios/scenario.h"

#include <stdlib.h>
#include <string.h>

const struct option_usage cmd_list_usage = {
    .command = "list",
    .arguments = "[KIND]",
    .summary = "names in the catalogue",
    .details = "KIND is devices, platforms, models, workloads, traces or scenarios; without it all "
               "are\nlisted. Traces are sought in $QEILSIM_TRACES too.",
    .max_arguments = 1,
    .operand_words = complete_lists};

/* Plural on the command line, singular in the files. */
static const struct {
    const char *name, *kind; /* kind NULL: traces */
} lists[] = {{"devices", "device"},     {"platforms", "platform"}, {"models", "model"},
             {"workloads", "workload"}, {"traces", NULL},          {"scenarios", "scenario"}};
enum { LISTS = sizeof lists / sizeof *lists };

static bool print_names(size_t list, const char *indent, struct error *err)
{
    char **names =
        lists[list].kind ? scenario_catalogue(lists[list].kind, err) : catalogue_traces(err);
    for (size_t i = 0; names && names[i]; i++)
        printf("%s%s\n", indent, names[i]);
    file_names_free(names);
    return names != NULL;
}

static bool print_all(struct error *err)
{
    struct cli_style style = cli_style(stdout);
    for (size_t i = 0; i < LISTS; i++) {
        printf("%s%s%s\n", style.bold, lists[i].name, style.plain);
        if (!print_names(i, "  ", err))
            return false;
    }
    return true;
}

static bool print_kind(const char *kind, struct error *err)
{
    const char *names[LISTS + 1] = {NULL};
    for (size_t i = 0; i < LISTS; i++) {
        names[i] = lists[i].name;
        if (strcmp(kind, names[i]) == 0 || (lists[i].kind && strcmp(kind, lists[i].kind) == 0))
            return print_names(i, "", err);
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
    const struct option table[] = {CLI_HELP_OPTION(cli), {0}};
    int first, code;
    (void)argc;
    if (!cli_parse(&cli, table, &cmd_list_usage, argv, &first, &code))
        return code;
    bool ok = argv[first] ? print_kind(argv[first], &cli.err) : print_all(&cli.err);
    return ok ? CLI_DONE : cli_fail(&cli.err);
}
