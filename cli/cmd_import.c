/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/file.h"
#include "cli/commands.h"
#include "workloads/import.h"

/* Any file. */
static void operand_words(size_t operand, struct text *out)
{
    (void)operand;
    text_add(out, OPTION_FILE_WORD "\n");
}

const struct option_usage cmd_import_usage = {
    .command = "import",
    .arguments = "FILE",
    .summary = "a model file from a config.json or a .gguf",
    .details =
        "FILE is a config.json of Hugging Face, or a GGUF file, of which only the header is read "
        "(it may\nbe all that is there). What is printed is a model file for `model:` of a "
        "scenario; its sources\nname the field of FILE that each value was taken from.",
    .min_arguments = 1,
    .max_arguments = 1,
    .operand_words = operand_words};

static bool write_model(const struct tree *tree, const char *path, struct error *err)
{
    struct text text = {0};
    bool ok = true;
    tree_write(tree, &text);
    if (path)
        ok = file_write(path, text.bytes, text.length, err);
    else
        fputs(text.bytes, stdout);
    text_free(&text);
    return ok;
}

int cmd_import(int argc, char **argv)
{
    struct cli cli = CLI_START;
    const char *name = NULL;
    const struct option table[] = {
        CLI_OUTPUT_OPTION(cli, "write the model there instead of to the standard output"),
        {0, "name", OPTION_TEXT, "NAME", "its name (default: as FILE tells)", .value = &name},
        CLI_HELP_OPTION(cli),
        {0}};
    int first, code;
    (void)argc;
    if (!cli_parse(&cli, table, &cmd_import_usage, argv, &first, &code))
        return code;
    if (name && !*name) {
        error_set(&cli.err, "--name: an empty name names no model");
        return cli_fail(&cli.err);
    }
    struct tree *tree = workload_import(argv[first], &cli.err);
    if (tree && name)
        tree_put(tree, "name", tree_new_scalar(name, &tree->mark));
    bool ok = tree && write_model(tree, cli.output, &cli.err);
    tree_free(tree);
    return ok ? CLI_DONE : cli_fail(&cli.err);
}
