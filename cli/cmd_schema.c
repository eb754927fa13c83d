/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/commands.h"
#include "cli/complete.h"
#include "devices/class.h"
#include "scenarios/scenario.h"
#include "sim/assignment.h"

#include <stdlib.h>
#include <string.h>

const struct option_usage cmd_schema_usage = {
    .command = "schema",
    .arguments = "[KIND]",
    .summary = "what a file of a kind may contain",
    .details =
        "KIND is device, class, platform, model, workload, scenario or assignment; without it "
        "the kinds are listed.",
    .max_arguments = 1,
    .operand_words = complete_schemas};

static const struct {
    const char *kind;
    const struct field *fields;
} schemas[] = {{"device", device_fields},
               {"class", device_class_fields},
               {"platform", device_platform_fields},
               {"model", workload_model_fields},
               {"workload", workload_fields},
               {"scenario", scenario_fields},
               {"assignment", sim_assignment_fields}};
enum { SCHEMAS = sizeof schemas / sizeof *schemas };

static bool print_schema(const char *kind, struct error *err)
{
    const char *names[SCHEMAS + 1] = {NULL};
    struct text page = {0};
    for (size_t i = 0; i < SCHEMAS; i++) {
        names[i] = schemas[i].kind;
        if (strcmp(kind, names[i]) != 0)
            continue;
        fields_describe(schemas[i].fields, kind, &page);
        fputs(page.bytes, stdout);
        text_free(&page);
        return true;
    }
    char *hint = text_hint(kind, names);
    error_set(err,
              "no file is of kind '%s'%s; the kinds are: device, class, platform, model, "
              "workload, scenario, assignment",
              text_clip(kind).bytes, hint);
    free(hint);
    return false;
}

int cmd_schema(int argc, char **argv)
{
    struct cli cli = CLI_START;
    const struct option table[] = {CLI_HELP_OPTION(cli), {0}};
    int first, code;
    (void)argc;
    if (!cli_parse(&cli, table, &cmd_schema_usage, argv, &first, &code))
        return code;
    if (argv[first])
        return print_schema(argv[first], &cli.err) ? CLI_DONE : cli_fail(&cli.err);
    for (size_t i = 0; i < SCHEMAS; i++)
        puts(schemas[i].kind);
    return CLI_DONE;
}
