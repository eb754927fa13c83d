/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/file.h"
#include "cli/commands.h"
#include "cli/complete.h"
#include "cli/report_rows.h"
#include "cli/rows.h"

#include <stdlib.h>
#include <string.h>

const struct option_usage cmd_fit_usage = {
    .command = "fit",
    .arguments = "--measured FILE|--operators DIR|--thermal FILE --device NAME -o FILE",
    .summary = "fit a device to measurements",
    .details =
        "Rows of any file that 'qeilsim validate' reads, or a folder with the times of "
        "operators\n(dense.csv, attention.csv, per_sequence.csv), set the parameters of one "
        "device. Its class gives what\nis known before; a parameter that the rows tell nothing of "
        "stays as it was. What is written is a\ndevice file for `device:` of a platform, or for "
        "--device of 'qeilsim validate'.\n\nWith --thermal FILE one log of power and "
        "temperature gives the thermal part of the device, or without\n--device that part alone; "
        "--where chooses the log.\n\n" ROWS_HELP_OF_W};

#define NEEDS_OUTPUT "fit needs --output FILE, or --json; see 'qeilsim fit --help'"

struct wishes {
    struct rows_options options;
    const char *operators, *thermal;
    double split;
    uint64_t seed;
};

static bool of_class(const struct wishes *wishes)
{
    const char *device = wishes->options.device;
    return device && strncmp(device, "class:", strlen("class:")) == 0;
}

static bool check_wishes(const struct cli *cli, const struct wishes *wishes, struct error *err)
{
    const struct rows_options *options = &wishes->options;
    bool measured = options->paths.n > 0;
    if (measured == (wishes->operators != NULL))
        error_set(err, "fit needs %s; see 'qeilsim fit --help'",
                  measured ? "only one of --measured FILE and --operators DIR"
                           : "--measured FILE, --operators DIR or --thermal FILE");
    if (!options->device)
        error_set(err, "fit needs --device NAME|FILE; see 'qeilsim fit --help'");
    if (!cli->output && !cli->json)
        error_set(err, NEEDS_OUTPUT);
    if (wishes->operators && !measured &&
        (options->best_of || options->power.path || options->ubatch != ROWS_NO_UBATCH))
        error_set(err, "--best-of, --power-log and --ubatch go with --measured only");
    rows_check_power(options, err);
    if (of_class(wishes) && wishes->operators)
        error_set(err, "--operators goes with a device, not with a class");
    if (of_class(wishes) && wishes->split < 1)
        error_set(err, "--split does not go with a class: its devices are held back in turn");
    return err->n_faults == 0;
}

static void note_undetermined(const struct cli *cli, const struct scenario_fit *fit)
{
    size_t little = 0, fitted = 0;
    for (size_t i = 0; i < fit->n; i++) {
        fitted += !fit->parameter[i].held;
        little += !fit->parameter[i].held && fit->parameter[i].learned < FIT_LEARNED_LITTLE;
    }
    if (little > 0)
        rows_note(cli,
                  "the rows tell little of %zu of the %zu parameters: these stay near the prior",
                  little, fitted);
}

/* A value so far from its class speaks of rows that are about something else. */
static void note_pulled(const struct cli *cli, const struct scenario_fit *fit)
{
    const double far = 3;
    for (size_t i = 0; i < fit->n; i++)
        if (fit->parameter[i].pull > far)
            rows_note(cli,
                      "%s lies %.1f standard deviations from its class: are device, backend and "
                      "units of the rows what they seem?",
                      fit->parameter[i].path, fit->parameter[i].pull);
}

static void print(const struct cli *cli, const struct scenario_fit *fit, bool class)
{
    if (cli->json) {
        char *json = scenario_fit_json(fit);
        puts(json);
        free(json);
    } else {
        report_fit(fit, class);
    }
    rows_note_power(cli, &fit->power);
    note_undetermined(cli, fit);
    if (!class)
        note_pulled(cli, fit);
}

static bool check_thermal(const struct cli *cli, const struct wishes *wishes, struct error *err)
{
    const struct rows_options *options = &wishes->options;
    if (options->paths.n > 0 || wishes->operators || options->model || options->best_of ||
        options->power.path || options->ubatch != ROWS_NO_UBATCH)
        error_set(err, "--thermal goes with --device, --where and --split only");
    if (of_class(wishes))
        error_set(err, "--thermal goes with a device, not with a class");
    if (!cli->output && !cli->json)
        error_set(err, NEEDS_OUTPUT);
    return err->n_faults == 0;
}

static bool fit_thermal(struct cli *cli, const struct wishes *wishes)
{
    struct scenario_thermal thermal = {.yaml = NULL};
    struct scenario_thermal_ask ask = {.path = wishes->thermal,
                                       .where = wishes->options.where,
                                       .split = wishes->split,
                                       .device = wishes->options.device};
    bool ok =
        check_thermal(cli, wishes, &cli->err) && cli_can_write(cli->output, &cli->err) &&
        scenario_thermal_fit(&ask, &thermal, &cli->err) &&
        (!cli->output || file_write(cli->output, thermal.yaml, strlen(thermal.yaml), &cli->err));
    if (ok && cli->json) {
        char *json = scenario_thermal_json(&thermal);
        puts(json);
        free(json);
    } else if (ok) {
        report_thermal(&thermal);
    }
    scenario_thermal_free(&thermal);
    return ok;
}

static bool fit_device(struct cli *cli, const struct wishes *wishes)
{
    const struct rows_options *options = &wishes->options;
    struct scenario_fit fit = {0};
    struct scenario_fit_ask ask = {.paths = options->paths.text,
                                   .n_paths = options->paths.n,
                                   .operators = wishes->operators,
                                   .model = options->model,
                                   .device = options->device,
                                   .where = options->where,
                                   .best_of = options->best_of,
                                   .ubatch = rows_ubatch(options),
                                   .split = wishes->split,
                                   .seed = wishes->seed,
                                   .power = options->power};
    bool ok = check_wishes(cli, wishes, &cli->err) && cli_can_write(cli->output, &cli->err) &&
              scenario_fit_device(&ask, &fit, &cli->err) &&
              (!cli->output || file_write(cli->output, fit.yaml, strlen(fit.yaml), &cli->err));
    if (ok)
        print(cli, &fit, of_class(wishes));
    scenario_fit_free(&fit);
    return ok;
}

int cmd_fit(int argc, char **argv)
{
    static const char *const folders[] = {OPTION_FILE_WORD, NULL};
    struct cli cli = CLI_START;
    struct wishes wishes = {.options = {.ubatch = ROWS_NO_UBATCH,
                                        .device_words = complete_devices(argv),
                                        .model_words = complete_models(argv)},
                            .split = 1,
                            .seed = 1};
    const struct option table[] = {
        ROWS_FILES_OPTION(wishes.options),
        {0, "operators", OPTION_TEXT, "DIR", "times of operators, a folder of CSV",
         .value = &wishes.operators, .words = folders},
        {0, "thermal", OPTION_TEXT, "FILE", "a log of power and temperature as CSV",
         .value = &wishes.thermal},
        ROWS_DEVICE_OPTION(wishes.options,
                           "what to fit; class:NAME: what the devices of a class share"),
        ROWS_MODEL_OPTION(wishes.options,
                          "of the operators (default: as the folder's name tells), or of rows that "
                          "name none that is known"),
        ROWS_WHERE_OPTION(wishes.options, "fit to these rows (default: all of the device)"),
        ROWS_BEST_OPTION(wishes.options),
        ROWS_UBATCH_OPTION(wishes.options),
        ROWS_POWER_OPTIONS(wishes.options),
        {0, "split", OPTION_NUMBER, "SHARE",
         "fit to this share, drawn by chance (of a thermal log the first one), and tell the errors "
         "of the others (default 1: all)",
         &wishes.split, 0.01, 1, NULL},
        {0, "seed", OPTION_COUNT, "N", "of the draw of --split (default 1)", .value = &wishes.seed},
        CLI_OUTPUT_OPTION(cli, "write the device there"),
        CLI_JSON_OPTION(cli),
        CLI_QUIET_OPTION(cli),
        CLI_HELP_OPTION(cli),
        {0}};
    int first, code;
    (void)argc;
    if (cli_parse(&cli, table, &cmd_fit_usage, argv, &first, &code))
        code = (wishes.thermal ? fit_thermal : fit_device)(&cli, &wishes) ? CLI_DONE
                                                                          : cli_fail(&cli.err);
    rows_options_free(&wishes.options);
    return code;
}
