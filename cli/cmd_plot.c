/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/file.h"
#include "base/memory.h"
#include "cli/catalogue.h"
#include "cli/commands.h"
#include "cli/complete.h"
#include "cli/machine.h"
#include "plots/plot.h"

#include <stdlib.h>
#include <string.h>

const struct option_usage cmd_plot_usage = {
    .command = "plot",
    .arguments = "RESULT KIND",
    .summary = "draw a result: front, timeline, roofline, validation, thermal, bandwidth, ...",
    .details =
        "RESULT is a file written by run, explore, validate or calibrate --store. KIND is\n"
        "  front      energy against latency of all schedulers' plans, coloured by "
        "underutilisation\n"
        "  timeline   power, temperature and requests over time\n"
        "  roofline   where a model's operators lie under the rooflines of the devices; for this\n"
        "             RESULT may also be a scenario, or a platform with --model; of a\n"
        "             calibration the kernels that were measured\n"
        "  validation predicted against measured speed, of a file written by validate\n"
        "  thermal    measured and predicted temperature of each log, by validate --thermal\n"
        "  bandwidth  of streams over their working set, by calibrate --store\n"
        "  compute    rate of products over their rows, measured and fitted, by the same\n"
        "  residuals  predicted against measured time of each kernel, by the same\n"
        "FILE's ending chooses the format: .png, .svg or .pdf (default RESULT-KIND.png). The "
        "gnuplot\nscript is kept beside the picture as .gp; data lie inside it.\n\nExample:\n"
        "  qeilsim plot qeil-box roofline --model llama-3.1-8b:Q4_K_M --batch 8",
    .min_arguments = 2,
    .max_arguments = 2,
    .operand_words = complete_pictures};

struct request {
    bool script, terminal;
    const char *result, *kind, *model;
    uint64_t rows, batch, context; /* of a roofline; UINT64_MAX: not given */
    char *output;                  /* picture; owned */
};

static bool is_roofline(const struct request *request)
{
    return strcmp(request->kind, "roofline") == 0;
}

static bool tells_model(const struct request *request)
{
    return request->model || request->rows != UINT64_MAX || request->batch != UINT64_MAX ||
           request->context != UINT64_MAX;
}

static bool is_kind(const char *word)
{
    for (size_t i = 0; plot_kinds()[i]; i++)
        if (strcmp(plot_kinds()[i], word) == 0)
            return true;
    return false;
}

static bool ends_with(const char *text, const char *ending)
{
    size_t n = strlen(text), m = strlen(ending);
    return n > m && strcmp(text + n - m, ending) == 0;
}

/* Where the picture goes; with --script, what the script will draw when it is run. */
static char *picture_path(const struct cli *cli, const struct request *request)
{
    if (cli->output && ends_with(cli->output, ".gp"))
        return plot_path_with(cli->output, ".png");
    if (cli->output)
        return mem_strdup(cli->output);
    char *ending = mem_printf("-%s.png", request->kind);
    char *path = plot_path_with(request->result, ending);
    free(ending);
    return path;
}

/* The script lies beside the picture and names it without a folder. */
static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static bool check_request(const struct cli *cli, struct request *request, enum plot_format *format,
                          struct error *err)
{
    *format = PLOT_DUMB;
    if (!is_kind(request->kind)) {
        struct text unused = {0};
        struct scenario_result nothing = {0};
        return plot_script(&nothing, request->kind, NULL, &unused, err);
    }
    if (tells_model(request) && !is_roofline(request))
        return error_set(err, "--model, --rows, --batch and --context go with roofline only");
    if (request->terminal && (request->script || cli->output))
        return error_set(err, "--terminal draws on the terminal: it goes with neither --script nor "
                              "--output");
    if (request->terminal)
        return true;
    if (cli->output && ends_with(cli->output, ".gp") && !request->script)
        return error_set(err,
                         "'%s' is a script's name: add --script, or name a picture that ends "
                         "in .png, .svg or .pdf",
                         text_clip(cli->output).bytes);
    request->output = picture_path(cli, request);
    return plot_format_of(request->output, format, err);
}

static bool write_script(const struct cli *cli, const struct text *script, struct error *err)
{
    if (cli->output) {
        char *path = plot_path_with(cli->output, ".gp");
        bool ok = file_write(path, script->bytes, script->length, err);
        free(path);
        return ok;
    }
    fputs(script->bytes, stdout);
    return true;
}

static bool print_page(const struct text *script, struct error *err)
{
    struct text page = {0};
    bool ok = plot_print(script, &page, err);
    if (ok && page.bytes)
        fputs(page.bytes, stdout);
    text_free(&page);
    return ok;
}

static bool draw(struct cli *cli, const struct request *request, const struct text *script)
{
    if (request->terminal)
        return print_page(script, &cli->err);
    if (request->script)
        return write_script(cli, script, &cli->err);
    if (!plot_draw(script, request->output, &cli->err))
        return false;
    if (!cli->output)
        puts(request->output);
    return true;
}

static uint64_t given(uint64_t value, uint64_t preset)
{
    return value == UINT64_MAX ? preset : value;
}

static bool script_of_roofline(const struct request *request, const struct plot_options *options,
                               struct text *script, struct error *err)
{
    struct machine machine;
    bool ok = machine_load(request->result, request->model, &machine, err);
    if (ok) {
        struct plot_roofline what = {
            machine.platform, machine.model, given(request->rows, PLOT_ROWS),
            given(request->batch, PLOT_BATCH), given(request->context, PLOT_CONTEXT)};
        plot_roofline(&what, options, script);
    }
    machine_free(&machine);
    return ok;
}

static bool script_of_result(const struct request *request, const struct plot_options *options,
                             struct text *script, struct error *err)
{
    struct scenario_result result = {0};
    if (!scenario_result_read(request->result, &result, err))
        return false;
    bool ok = plot_script(&result, request->kind, options, script, err);
    scenario_result_free(&result);
    return ok;
}

static bool plot(struct cli *cli, struct request *request)
{
    struct text script = {0};
    struct plot_options options = {0};
    bool ok = check_request(cli, request, &options.format, &cli->err) &&
              (request->script || cli_can_write(request->output, &cli->err));
    if (ok) {
        options.output = request->output ? last_part(request->output) : NULL;
        bool machine =
            is_roofline(request) && (tells_model(request) || !catalogue_is_result(request->result));
        ok = (machine ? script_of_roofline : script_of_result)(request, &options, &script,
                                                               &cli->err) &&
             draw(cli, request, &script);
    }
    text_free(&script);
    free(request->output);
    return ok;
}

int cmd_plot(int argc, char **argv)
{
    struct cli cli = CLI_START;
    struct request request = {.rows = UINT64_MAX, .batch = UINT64_MAX, .context = UINT64_MAX};
    char **models = complete_models(argv);
    const struct option table[] = {
        CLI_OUTPUT_OPTION(cli, "the picture; with --script the script"),
        {0, "script", OPTION_FLAG, .help = "write the script only: to FILE or standard output",
         .value = &request.script},
        {0, "terminal", OPTION_FLAG, .help = "draw with letters on the terminal",
         .value = &request.terminal},
        {0, "model", OPTION_TEXT, "MODEL[:QUANT]",
         "roofline: this model (default: the one of the scenario or result)",
         .value = &request.model, .words = (const char *const *)models},
        {0, "rows", OPTION_COUNT, "N", "roofline: rows of the prompt (default 512)", &request.rows,
         1, 1e9, NULL},
        {0, "batch", OPTION_COUNT, "N", "roofline: sequences that decode together (default 1)",
         &request.batch, 1, 1e9, NULL},
        {0, "context", OPTION_COUNT, "N", "roofline: tokens before each of them (default 1024)",
         &request.context, 0, 1e9, NULL},
        CLI_HELP_OPTION(cli),
        {0}};
    int first, code;
    (void)argc;
    bool parsed = cli_parse(&cli, table, &cmd_plot_usage, argv, &first, &code);
    file_names_free(models);
    if (!parsed)
        return code;
    cli_catch_signals();
    request.result = argv[first];
    request.kind = argv[first + 1];
    return plot(&cli, &request) ? CLI_DONE : cli_fail(&cli.err);
}
