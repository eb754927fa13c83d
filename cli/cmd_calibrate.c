/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/file.h"
#include "cli/commands.h"
#include "cli/complete.h"
#include "cli/progress.h"
#include "cli/report_calibrate.h"
#include "cli/report_sensors.h"
#include "cli/rows.h"
#include "scenarios/calibrate_store.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const struct option_usage cmd_calibrate_usage = {
    .command = "calibrate",
    .arguments = "",
    .summary = "measure this machine and fit a device to it",
    .details =
        "Runs the kernels that inference runs, on the processor of this machine or on the device "
        "that --on names,\nand fits a device file to their times, for 'device:' of a platform or "
        "as a platform of its own: explore\nquickstart --set platform=host.yaml. With --platform "
        "all devices are measured, one after the other, and\nthe links between them. Nothing else "
        "should run meanwhile. With --check a model with random weights runs\nhere, prompts and "
        "answers, and is held against what the device file predicts.\n\nExample:\n"
        "  qeilsim calibrate --list"};

/* Of heating, and as long of cooling: coolers settle within it. */
static const double heat_minutes = 3;

struct wishes {
    struct scenario_calibrate_ask ask;
    const char *check, *device, *store;
    bool list;
    uint64_t threads;
    double most_C, ambient_C, heat_minutes; /* nan: not given */
};

static bool check_wishes(const struct cli *cli, const struct wishes *wishes, struct error *err)
{
    if (wishes->check && !wishes->device)
        error_set(err, "--check needs --device FILE; see 'qeilsim calibrate --help'");
    if (wishes->device && !wishes->check)
        error_set(err, "--device goes with --check MODEL only");
    if (wishes->check && (cli->output || wishes->store || wishes->ask.platform || wishes->list ||
                          isfinite(wishes->heat_minutes)))
        error_set(err, "--check goes with --device, --on, --quick, --threads and --json only");
    if (wishes->ask.platform && !cli->output)
        error_set(err, "--platform needs --output FILE");
    for (const char *c = wishes->ask.name; c && *c; c++)
        if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789.-", *c))
            return error_set(err, "--name '%s' is no name: lower-case words joined by - are wanted",
                             wishes->ask.name);
    return err->n_faults == 0 && cli_can_write(cli->output, err) &&
           cli_can_write(wishes->store, err);
}

/* What was measured is kept, also after a signal. */
static bool store(struct cli *cli, const struct scenario_machine *machine)
{
    return !cli->output || file_write(cli->output, machine->yaml, strlen(machine->yaml), &cli->err);
}

/* What pictures are drawn from. */
static bool keep(struct cli *cli, const struct wishes *wishes,
                 const struct scenario_machine *machine)
{
    struct scenario_calibrations all = {0};
    if (!wishes->store)
        return true;
    for (size_t i = 0; i < machine->n; i++)
        scenario_calibrations_add(&all, &machine->device[i]);
    bool ok = scenario_calibrations_write(&all, wishes->store, &cli->err);
    scenario_calibrations_free(&all);
    return ok;
}

static void tell(const struct cli *cli, const struct wishes *wishes,
                 const struct scenario_machine *machine)
{
    if (cli->json) {
        char *json = wishes->ask.platform ? scenario_machine_json(machine)
                                          : scenario_calibration_json(&machine->device[0]);
        puts(json);
        free(json);
        return;
    }
    for (size_t i = 0; i < machine->n; i++) {
        printf("%s", i ? "\n\n" : "");
        report_calibration(&machine->device[i]);
    }
    report_links(machine);
}

static void note_stops(const struct cli *cli, const struct scenario_machine *machine)
{
    for (size_t i = 0; i < machine->n; i++) {
        const struct scenario_calibration *one = &machine->device[i];
        if (one->measured < one->planned)
            rows_note(cli,
                      "%s: stopped after %zu of %zu measurements; the device is fitted to these",
                      one->found.id, one->measured, one->planned);
    }
}

/* A file that cannot be written is told of at the end. */
static void keep_so_far(void *context, const char *yaml)
{
    const struct cli *cli = context;
    struct error unused = {0};
    if (cli->output)
        file_write(cli->output, yaml, strlen(yaml), &unused);
}

static int calibrate(struct cli *cli, struct wishes *wishes, struct cli_progress *progress)
{
    struct scenario_machine machine;
    wishes->ask.keep = keep_so_far;
    wishes->ask.keep_context = cli;
    bool ok = scenario_calibrate_machine(&wishes->ask, &machine, &cli->err);
    cli_progress_end(progress);
    if (ok)
        tell(cli, wishes, &machine);
    ok = ok && store(cli, &machine) && keep(cli, wishes, &machine);
    if (ok)
        note_stops(cli, &machine);
    scenario_machine_free(&machine);
    if (!ok)
        return cli_fail(&cli->err);
    return cli_interrupted() ? CLI_INTERRUPTED : CLI_DONE;
}

static int check(struct cli *cli, const struct wishes *wishes, struct cli_progress *progress)
{
    struct scenario_check result;
    struct scenario_check_ask ask = {.model = wishes->check,
                                     .device = wishes->device,
                                     .on = wishes->ask.on,
                                     .quick = wishes->ask.quick,
                                     .threads = wishes->ask.threads,
                                     .talk = wishes->ask.talk};
    bool ok = scenario_check(&ask, &result, &cli->err);
    cli_progress_end(progress);
    if (ok && cli->json) {
        char *json = scenario_check_json(&result);
        puts(json);
        free(json);
    } else if (ok) {
        report_check(&result);
    }
    scenario_check_free(&result);
    return ok ? CLI_DONE : cli_fail(&cli->err);
}

static int list(const struct cli *cli)
{
    struct places *places = places_open("");
    struct scenario_founds founds;
    scenario_founds_find(places, true, &founds);
    if (cli->json) {
        char *json = scenario_founds_json(&founds);
        puts(json);
        free(json);
    } else {
        struct sensors *sensors = sensors_open("", SENSORS_NVML);
        report_machine(places);
        report_devices(&founds);
        report_sensors(sensors);
        sensors_close(sensors);
    }
    scenario_founds_free(&founds);
    places_close(places);
    return CLI_DONE;
}

static int work(struct cli *cli, struct wishes *wishes)
{
    struct cli_progress progress;
    if (!check_wishes(cli, wishes, &cli->err))
        return cli_fail(&cli->err);
    if (wishes->list)
        return list(cli);
    cli_catch_signals();
    cli_progress_begin(&progress, cli);
    wishes->ask.threads = (size_t)wishes->threads;
    wishes->ask.most_K = isfinite(wishes->most_C) ? wishes->most_C + 273.15 : 0;
    wishes->ask.heat_minutes = isfinite(wishes->heat_minutes) ? wishes->heat_minutes
                               : wishes->ask.quick            ? 0
                                                              : heat_minutes;
    wishes->ask.ambient_K = isfinite(wishes->ambient_C) ? wishes->ambient_C + 273.15 : 0;
    wishes->ask.talk =
        (struct scenario_calibrate_talk){cli_progress_step, cli_progress_note, &progress};
    return wishes->check ? check(cli, wishes, &progress) : calibrate(cli, wishes, &progress);
}

int cmd_calibrate(int argc, char **argv)
{
    struct cli cli = CLI_START;
    struct wishes wishes = {.most_C = NAN, .ambient_C = NAN, .heat_minutes = NAN};
    char **models = complete_models(argv), **devices = complete_devices(argv);
    const struct option table[] = {
        {0, "quick", OPTION_FLAG, .help = "fewer sizes, under a minute",
         .value = &wishes.ask.quick},
        CLI_OUTPUT_OPTION(cli, "write the device there"),
        {0, "store", OPTION_TEXT, "FILE", "write all that was measured there, as HDF5 for 'plot'",
         .value = &wishes.store},
        {0, "on", OPTION_TEXT, "DEVICE[,DEVICE]", "measure these: cpu, opencl:0 ... (default cpu)",
         .value = &wishes.ask.on},
        {0, "platform", OPTION_FLAG,
         .help = "measure all devices, and write a platform of them and their links",
         .value = &wishes.ask.platform},
        {0, "name", OPTION_TEXT, "NAME",
         "of the device or platform (default host; of a GPU alone gpu)", .value = &wishes.ask.name},
        {0, "threads", OPTION_COUNT, "N", "that work (default: as many as are fastest)",
         &wishes.threads, 1, 4096, NULL},
        {0, "max-minutes", OPTION_NUMBER, "N", "stop after so long, and fit what was measured",
         &wishes.ask.most_minutes, 0.05, 1440, NULL},
        {0, "max-temp", OPTION_NUMBER, "C",
         "wait where a sensor tells more degrees Celsius; end heating", &wishes.most_C, 20, 120,
         NULL},
        {0, "heat-minutes", OPTION_NUMBER, "N",
         "heat so long at most, and cool as long (default 3; 0 with --quick); 0: do not",
         &wishes.heat_minutes, 0, 60, NULL},
        {0, "ambient", OPTION_NUMBER, "C", "temperature of the air, to be noted in the file",
         &wishes.ambient_C, -40, 60, NULL},
        {0, "list", OPTION_FLAG, .help = "tell what there is to measure, and measure nothing",
         .value = &wishes.list},
        {0, "check", OPTION_TEXT, "MODEL[:QUANT]",
         "run this model with random weights and hold it against --device", .value = &wishes.check,
         .words = (const char *const *)models},
        {0, "device", OPTION_TEXT, "FILE", "the device that predicts", .value = &wishes.device,
         .words = (const char *const *)devices},
        CLI_JSON_OPTION(cli),
        CLI_QUIET_OPTION(cli),
        CLI_PROGRESS_OPTION(cli),
        CLI_HELP_OPTION(cli),
        {0}};
    int first, code;
    (void)argc;
    if (cli_parse(&cli, table, &cmd_calibrate_usage, argv, &first, &code))
        code = work(&cli, &wishes);
    file_names_free(models);
    file_names_free(devices);
    return code;
}
