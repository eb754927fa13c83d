/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/commands.h"
#include "cli/complete.h"
#include "cli/report_log.h"
#include "cli/report_rows.h"
#include "cli/rows.h"

#include <stdlib.h>
#include <string.h>

const struct option_usage cmd_validate_usage = {
    .command = "validate",
    .arguments = "--measured FILE|--thermal FILE|--log FILE --scenario FILE",
    .summary = "hold measured rates against predictions",
    .details =
        "FILE is a CSV table with the columns device, model, phase and tokens_per_s, and others "
        "that say how a\nrow was measured; what llama-bench prints; or saved replies of "
        "llama.cpp's server or Ollama with\ntheir times (JSON, one or many). Each row is predicted "
        "and the errors are told by "
        "phase, kind and class of the\ndevice. Without --fit-on a device of the catalogue is "
        "known by its data sheet and its class alone.\n\n" ROWS_HELP_OF_W
        "\n\nRows that cannot be used are counted with the reason.\n\nWith --thermal FILE holds "
        "temperatures over time: a chain of one to three thermal nodes is fitted to the\nfirst "
        "part of each log and predicts the rest from its power alone. Columns: device, "
        "elapsed_s,\ntemperature_C, log_id; power_W, pmic_W or dc_mW; or cpu_pct, freq_MHz_max "
        "and vcore_V.\n\nWith --log FILE is a server's log of requests: JSON lines as from vLLM, "
        "or a "
        "table of arrived_at,\nnum_prefill_tokens, num_decode_tokens, ttft_s, tpot_s and e2e_s. "
        "Or what "
        "'vllm bench serve --save-result --save-detailed' or AIPerf (profile_export.jsonl) "
        "recorded. Its\narrivals and lengths are replayed\nunder the scenario, with the settings "
        "that meta.json "
        "beside it tells, and the times are held against\nthe measured ones. --set wins over "
        "both."};

struct wishes {
    struct rows_options options;
    const char *fit_on, *by, *thermal, *log, *scenario;
    struct option_texts set;
    double split;
};
/* Half of each log is fitted to. */
#define PRESET_SPLIT 0.5

static void note_undetermined(const struct cli *cli, const struct scenario_validation *validation)
{
    enum { MOST = 3 };
    size_t n = 0;
    for (size_t i = 0; i < validation->n_devices; i++) {
        const struct scenario_validated_device *device = &validation->device[i];
        if (device->fitted_rows > 0 && *device->undetermined && n++ < MOST)
            rows_note(cli, "%s: the %zu rows that it was fitted to tell little of %s", device->name,
                      device->fitted_rows, device->undetermined);
    }
    if (n > MOST)
        rows_note(cli, "%zu more devices have such parameters; --json names them", n - MOST);
}

static void note_few(const struct cli *cli, const struct scenario_validation *validation)
{
    size_t few = 0;
    for (size_t i = 0; i < validation->n_devices; i++)
        few += validation->device[i].class_devices < REPORT_FEW_DEVICES;
    if (few > 0)
        rows_note(cli,
                  "* marks classes that were fitted to fewer than %d devices, and their devices: "
                  "the intervals there are guesses",
                  REPORT_FEW_DEVICES);
}

static void print(const struct cli *cli, const struct scenario_validation *validation,
                  const char *by)
{
    if (cli->json) {
        char *json = scenario_validation_json(validation);
        puts(json);
        free(json);
    } else {
        report_validation(validation, by);
        note_few(cli, validation);
    }
    rows_note_power(cli, &validation->power);
    size_t fitted = validation->fitted_rows;
    if (fitted > 0 && fitted == validation->rows.n_rows)
        rows_note(cli, "devices were fitted to every row: the errors tell how well the model "
                       "can follow them, not how well it predicts");
    note_undetermined(cli, validation);
}

static void print_thermal(const struct cli *cli, const struct scenario_thermal *thermal)
{
    if (!cli->json) {
        report_thermal(thermal);
        return;
    }
    char *json = scenario_thermal_json(thermal);
    puts(json);
    free(json);
}

static void note_fitted_only(const struct cli *cli, const struct scenario_thermal *thermal)
{
    size_t fitted_only = 0;
    for (size_t i = 0; i < thermal->logs.n_rows; i++) {
        struct scenario_thermal_log log;
        table_get(&thermal->logs, i, &log);
        fitted_only += !*log.skipped && log.fitted == log.readings;
    }
    if (fitted_only > 0)
        rows_note(cli,
                  "%zu logs were fitted whole: their errors tell how well a network can follow "
                  "them, not how well it predicts",
                  fitted_only);
}

/* Options that only measured rows know. */
static bool asks_for_rows(const struct wishes *wishes)
{
    const struct rows_options *options = &wishes->options;
    return options->paths.n > 0 || wishes->fit_on || options->best_of || wishes->by ||
           options->model || options->ubatch != ROWS_NO_UBATCH ||
           strcmp(options->device, "auto") != 0;
}

static void print_log(const struct cli *cli, const struct scenario_log *log, const char *path)
{
    if (cli->json) {
        char *json = scenario_log_json(log);
        puts(json);
        free(json);
    } else {
        report_log(log, path);
    }
    if (log->draw.no_zone)
        rows_note(cli, ROWS_NO_ZONE);
    if (log->result.summary.rejected > 0)
        rows_note(cli,
                  "%llu requests can never fit: the table is of the others, which had an "
                  "emptier server than the measured one",
                  (unsigned long long)log->result.summary.rejected);
}

static bool validate_log(struct cli *cli, const struct wishes *wishes)
{
    if (asks_for_rows(wishes) || wishes->options.where || wishes->thermal ||
        wishes->split != PRESET_SPLIT)
        return error_set(&cli->err, "--log goes with --scenario, --set and --power-log only");
    if (!rows_check_power(&wishes->options, &cli->err))
        return false;
    if (!wishes->scenario)
        return error_set(&cli->err, "--log needs --scenario FILE: the server that is to be "
                                    "predicted");
    struct scenario_log log = {.requests = 0};
    struct scenario_options options = {.replay = false};
    struct scenario_log_ask ask = {.path = wishes->log,
                                   .scenario = wishes->scenario,
                                   .set = (const char *const *)wishes->set.text,
                                   .n_set = wishes->set.n,
                                   .options = &options,
                                   .power = wishes->options.power};
    bool ok = cli_can_write(cli->output, &cli->err) &&
              scenario_log_validate(&ask, &log, &cli->err) &&
              (!cli->output || scenario_result_write(&log.result, cli->output, &cli->err));
    if (ok)
        print_log(cli, &log, wishes->log);
    scenario_log_free(&log);
    return ok;
}

static bool validate_thermal(struct cli *cli, const struct wishes *wishes)
{
    const struct rows_options *options = &wishes->options;
    if (asks_for_rows(wishes) || options->power.path)
        return error_set(&cli->err, "--thermal goes with --where and --split only");
    struct scenario_thermal thermal = {.yaml = NULL};
    struct scenario_thermal_ask ask = {
        .path = wishes->thermal, .where = options->where, .split = wishes->split};
    bool ok = cli_can_write(cli->output, &cli->err) &&
              scenario_thermal_validate(&ask, &thermal, &cli->err) &&
              (!cli->output || scenario_thermal_write(&thermal, cli->output, &cli->err));
    if (ok) {
        print_thermal(cli, &thermal);
        note_fitted_only(cli, &thermal);
    }
    scenario_thermal_free(&thermal);
    return ok;
}

/* The report tells all reasons; this one stands for them. */
static bool none_predicted(struct cli *cli, const struct scenario_validation *validation)
{
    const struct scenario_skipped *most = validation->skipped;
    return validation->n_skipped ? error_set(&cli->err, "no row of %zu can be predicted: %s, %s",
                                             validation->skipped_rows, most->reason, most->example)
                                 : error_set(&cli->err, "no row can be predicted");
}

static bool validate(struct cli *cli, const struct wishes *wishes)
{
    const struct rows_options *options = &wishes->options;
    if (wishes->log)
        return validate_log(cli, wishes);
    if (wishes->scenario || wishes->set.n > 0)
        return error_set(&cli->err, "--scenario and --set go with --log");
    if (wishes->thermal)
        return validate_thermal(cli, wishes);
    if (wishes->split != PRESET_SPLIT)
        error_set(&cli->err, "--split goes with --thermal");
    struct scenario_validation validation = {0};
    struct scenario_validate_ask ask = {.paths = options->paths.text,
                                        .n_paths = options->paths.n,
                                        .device = options->device,
                                        .where = options->where,
                                        .fit_on = wishes->fit_on,
                                        .best_of = options->best_of,
                                        .ubatch = rows_ubatch(options),
                                        .model = options->model,
                                        .power = options->power};
    rows_check_power(options, &cli->err);
    if (ask.n_paths == 0)
        error_set(&cli->err, "validate needs --measured FILE, --thermal FILE or --log FILE; see "
                             "'qeilsim validate --help'");
    bool ok = cli->err.n_faults == 0 && cli_can_write(cli->output, &cli->err) &&
              scenario_validate(&ask, &validation, &cli->err);
    bool some = validation.rows.n_rows > 0;
    ok = ok &&
         (!some || !cli->output || scenario_validation_write(&validation, cli->output, &cli->err));
    if (ok)
        print(cli, &validation, wishes->by);
    if (ok && !some)
        ok = none_predicted(cli, &validation);
    scenario_validation_free(&validation);
    return ok;
}

int cmd_validate(int argc, char **argv)
{
    struct cli cli = CLI_START;
    struct wishes wishes = {.split = PRESET_SPLIT,
                            .options = {.device = "auto",
                                        .ubatch = ROWS_NO_UBATCH,
                                        .device_words = complete_devices(argv),
                                        .model_words = complete_models(argv)}};
    const struct option table[] = {
        ROWS_FILES_OPTION(wishes.options),
        {0, "thermal", OPTION_TEXT, "FILE",
         "a log of power and temperature as CSV, instead of rows", .value = &wishes.thermal},
        {0, "split", OPTION_NUMBER, "SHARE",
         "with --thermal: fit to this first share of each log (default 0.5), predict the rest",
         &wishes.split, 0.05, 1, NULL},
        {0, "log", OPTION_TEXT, "FILE", "a server's log of requests, instead of rows",
         .value = &wishes.log},
        {0, "scenario", OPTION_TEXT, "FILE", "with --log: the server that is predicted",
         .value = &wishes.scenario},
        {'s', "set", OPTION_TEXTS, "PATH=VALUE",
         "with --log: change the expanded scenario (repeatable)", .value = &wishes.set},
        ROWS_DEVICE_OPTION(wishes.options, "predict this one (default auto: each row's own)"),
        ROWS_MODEL_OPTION(wishes.options, "of rows that name none that is known"),
        {0, "fit-on", OPTION_TEXT, "W", "first fit each device to these rows",
         .value = &wishes.fit_on},
        ROWS_WHERE_OPTION(wishes.options, "predict these rows (default: all)"),
        ROWS_BEST_OPTION(wishes.options),
        {0, "by", OPTION_WORD, "COLUMN",
         "also tell the errors by device, class, kind, quant, model or backend",
         .value = &wishes.by, .words = report_columns},
        ROWS_UBATCH_OPTION(wishes.options),
        ROWS_POWER_OPTIONS(wishes.options),
        CLI_OUTPUT_OPTION(cli, "store all rows, or the replay of a log, as HDF5"),
        CLI_JSON_OPTION(cli),
        CLI_QUIET_OPTION(cli),
        CLI_HELP_OPTION(cli),
        {0}};
    int first, code;
    (void)argc;
    if (cli_parse(&cli, table, &cmd_validate_usage, argv, &first, &code))
        code = validate(&cli, &wishes) ? CLI_DONE : cli_fail(&cli.err);
    rows_options_free(&wishes.options);
    option_texts_free(&wishes.set);
    return code;
}
