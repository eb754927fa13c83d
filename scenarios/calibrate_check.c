/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A model that never ran here, with weights drawn by chance, against its prediction. */
#include "analysis/statistics.h"
#include "base/memory.h"
#include "devices/kernels/opencl.h"
#include "scenarios/calibrate.h"
#include "scenarios/calibrate_passes.h"
#include "scenarios/measured_cases.h"
#include "scenarios/scenario.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Most rows of a pass, as runtimes have it. */
enum { UBATCH = 512 };

struct check {
    const struct scenario_check_ask *ask;
    struct scenario_check *out;
    struct workload_model model;
    struct device_forward forward;
    struct scenario_subject subject;
    struct kernels *kernels;
    struct calibrate_transformer *transformer;
    struct calibrate_sample memory; /* read between the passes */
    double done;
};

static const char *fault_of(const struct kernels *kernels)
{
    return kernels->does->fault ? kernels->does->fault(kernels) : NULL;
}

static bool go_on(void *context)
{
    struct check *check = context;
    const struct scenario_calibrate_talk *talk = &check->ask->talk;
    return !fault_of(check->kernels) &&
           (!talk->progress || talk->progress(talk->context, "running the model", check->done, 1));
}

static double predicted_s(const struct check *check, const struct calibrate_pass *pass)
{
    struct device_observation what = {
        .kind = pass->prefill ? DEVICE_SAW_PREFILL : DEVICE_SAW_DECODE,
        .forward = &check->forward,
        .run = {.batch = 1, .depth = pass->depth, .tokens = pass->tokens, .ubatch = UBATCH},
        .flash = -1};
    return device_observed(&check->subject.device, &what);
}

/* Passes are run in rounds, so that each tells of the whole stretch of time. Prompts and answers go
 * apart: memory may give more for a second or two behind work that needs little of it than it does
 * for the length of an answer. */
static const struct calibrate_pass runs[] = {
    {.prefill = true, .tokens = 32},  {.prefill = true, .tokens = 128},
    {.prefill = true, .tokens = 512}, {.depth = 32, .tokens = 1},
    {.depth = 256, .tokens = 1},      {.depth = 1000, .tokens = 1}};
enum { RUNS = sizeof runs / sizeof *runs };

static bool is_run(const struct check *check, const struct calibrate_pass *pass)
{
    bool long_one = check->ask->quick && pass->tokens > 128;
    return !long_one && pass->depth + pass->tokens <= (double)check->model.max_context;
}

static double cache_B(const struct check *check)
{
    const struct device_memory *memory = &check->subject.device.memory;
    return memory->n_caches ? memory->cache[memory->n_caches - 1].capacity_B : 0;
}

/* Between the answers, which hang on it. */
static void read_memory(struct check *check, const struct calibrate_effort *effort)
{
    struct calibrate_session session = {
        .kernels = check->kernels, .cache_B = cache_B(check), .effort = *effort};
    check->memory.working_set_B = calibrate_far_B(&session);
    calibrate_measure(&session, &check->memory);
}

static bool run_round(struct check *check, bool prefill, struct calibrate_timing *timing)
{
    const struct calibrate_effort effort = {.kernels = check->kernels,
                                            .s = check->ask->quick ? 0.5 : 1.3,
                                            .least = 3,
                                            .most = 1000,
                                            .go_on = go_on,
                                            .context = check};
    for (size_t i = 0; i < RUNS; i++) {
        struct calibrate_pass pass = runs[i];
        pass.forward = &check->forward;
        if (pass.prefill != prefill || !is_run(check, &pass))
            continue;
        if (!scenario_pass_time(check->transformer, &pass, &effort))
            return false;
        timing[i] = pass.timing;
        check->done += 1.0 / (CALIBRATE_ROUNDS * RUNS);
    }
    if (!prefill)
        read_memory(check, &effort);
    return true;
}

static void add_row(struct check *check, const struct calibrate_pass *pass)
{
    struct scenario_check *out = check->out;
    double ours_s = predicted_s(check, pass);
    out->row = mem_realloc(out->row, out->n + 1, sizeof *out->row);
    out->row[out->n++] = (struct scenario_checked){.prefill = pass->prefill,
                                                   .tokens = pass->tokens,
                                                   .depth = pass->depth,
                                                   .measured_s = pass->timing.median_s,
                                                   .predicted_s = ours_s,
                                                   .spread = pass->timing.spread,
                                                   .metered = pass->timing.metered,
                                                   .error = ours_s / pass->timing.median_s - 1};
}

static bool run_all(struct check *check)
{
    struct calibrate_timing timing[CALIBRATE_ROUNDS][RUNS], of_run[CALIBRATE_ROUNDS];
    for (int prefill = 1; prefill >= 0; prefill--)
        for (size_t round = 0; round < CALIBRATE_ROUNDS; round++)
            if (!run_round(check, prefill, timing[round]))
                return false;
    for (size_t i = 0; i < RUNS; i++) {
        struct calibrate_pass pass = runs[i];
        pass.forward = &check->forward;
        if (!is_run(check, &pass))
            continue;
        for (size_t round = 0; round < CALIBRATE_ROUNDS; round++)
            of_run[round] = timing[round][i];
        pass.timing = calibrate_timing_of(of_run, CALIBRATE_ROUNDS);
        add_row(check, &pass);
    }
    check->out->memory_Bps =
        check->memory.rounds > 0 ? check->memory.bytes / check->memory.timing.median_s : NAN;
    check->out->told_Bps = device_stream_Bps(&check->subject.device, 1);
    return true;
}

static double median_error(const struct scenario_check *out, bool prefill)
{
    double *error = mem_calloc(out->n + 1, sizeof *error);
    size_t n = 0;
    for (size_t i = 0; i < out->n; i++)
        if (out->row[i].prefill == prefill)
            error[n++] = fabs(out->row[i].error);
    double median = analysis_median(error, n);
    free(error);
    return median;
}

static bool open_model(struct check *check, struct tree *tree, struct error *err)
{
    if (!tree || !workload_model_read(tree, &check->model, err))
        return false;
    device_forward_init(&check->forward, &check->model);
    check->out->other_B = calibrate_run_as(&check->forward);
    check->out->model = mem_strdup(check->model.name);
    check->out->quant = mem_strdup(check->model.quant);
    return true;
}

/* What this machine has, against what the device file was calibrated on. */
static bool is_told(const struct device_calibration *told, const struct scenario_found *found)
{
    return !told->device || !found->title || strcmp(told->device, found->title) == 0;
}

/* The device that the file was calibrated on: by its number where that is still the same one, else
 * by its name. */
static const struct scenario_found *told_device(const struct device_calibration *told,
                                                const struct scenario_founds *founds)
{
    const struct scenario_found *named = NULL;
    for (size_t i = 0; i < founds->n; i++) {
        const struct scenario_found *one = &founds->device[i];
        if (strcmp(one->id, "cpu") == 0 || !is_told(told, one))
            continue;
        if (strcmp(one->id, told->id) == 0)
            return one;
        named = named ? named : one;
    }
    return named;
}

static bool is_usable(const struct scenario_found *found, struct error *err)
{
    return !found->why || found->again ||
           error_machine(err, "%s cannot run it: %s", found->id, found->why);
}

/* Where to run. */
static bool choose(struct check *check, const struct scenario_founds *founds, struct error *err)
{
    const struct device_calibration *told = &check->subject.device.calibration;
    const char *on = check->ask->on;
    bool elsewhere = told->id && strcmp(told->id, "cpu") != 0;
    const struct scenario_found *found = NULL;
    if (on || !elsewhere)
        found = scenario_founds_get(founds, on ? on : "cpu", err);
    else if (!(found = told_device(told, founds)))
        error_machine(err,
                      "%s was calibrated on %s (%s), which was not found here; --on DEVICE runs "
                      "the model on another one; see 'qeilsim calibrate --list'",
                      check->ask->device, told->id, told->device ? told->device : "no name told");
    if (!found || !is_usable(found, err))
        return false;
    check->out->on = mem_strdup(found->id);
    if (!on && !elsewhere && !is_told(told, found) && check->ask->talk.note) {
        char *sentence = mem_printf("%s was calibrated on another processor, %s",
                                    check->ask->device, told->device);
        check->ask->talk.note(check->ask->talk.context, sentence);
        free(sentence);
    }
    return true;
}

static bool find_machine(struct check *check, struct error *err)
{
    const char *on = check->ask->on ? check->ask->on : check->subject.device.calibration.id;
    struct places *places = places_open("");
    struct scenario_founds founds;
    scenario_founds_find(places, on && strcmp(on, "cpu") != 0, &founds);
    bool ok = choose(check, &founds, err);
    scenario_founds_free(&founds);
    places_close(places);
    return ok;
}

static bool open_machine(struct check *check, struct error *err)
{
    const struct device_calibration *told = &check->subject.device.calibration;
    size_t threads = check->ask->threads;
    if (threads == 0 && (!told->id || strcmp(told->id, "cpu") == 0))
        threads = (size_t)told->threads;
    check->out->device = mem_strdup(check->subject.name);
    if (!find_machine(check, err))
        return false;
    check->kernels = strcmp(check->out->on, "cpu") == 0 ? kernels_open_cpu(threads, err)
                                                        : kernels_open_opencl(check->out->on, err);
    if (!check->kernels)
        return false;
    check->out->threads = check->kernels->threads;
    check->transformer =
        calibrate_transformer_open(check->kernels, &check->model, UBATCH, 1024, err);
    return check->transformer != NULL;
}

static void end(struct check *check)
{
    calibrate_transformer_close(check->transformer);
    if (check->kernels)
        check->kernels->does->close(check->kernels);
    scenario_subject_free(&check->subject);
    device_forward_free(&check->forward);
    if (check->out->model)
        workload_model_free(&check->model);
}

bool scenario_check(const struct scenario_check_ask *ask, struct scenario_check *out,
                    struct error *err)
{
    *out = (struct scenario_check){0};
    struct check check = {
        .ask = ask, .out = out, .memory = {.kind = CALIBRATE_STREAM, .name = "read"}};
    struct tree *tree = scenario_find("model", ask->model, NULL, NULL, err);
    bool ok = scenario_subject_read(ask->device, false, &check.subject, err);
    ok = open_model(&check, tree, err) && ok;
    ok = ok && open_machine(&check, err);
    bool done = ok && run_all(&check);
    if (ok && fault_of(check.kernels))
        done = error_machine(err, "%s: %s", out->on, fault_of(check.kernels));
    else if (ok && !done)
        error_machine(err, "stopped");
    out->prefill_error = median_error(out, true);
    out->decode_error = median_error(out, false);
    end(&check);
    tree_free(tree);
    return done;
}

void scenario_check_free(struct scenario_check *check)
{
    free(check->model);
    free(check->quant);
    free(check->device);
    free(check->on);
    free(check->row);
    *check = (struct scenario_check){0};
}

static json_t *number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

char *scenario_check_json(const struct scenario_check *check)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < check->n; i++) {
        const struct scenario_checked *row = &check->row[i];
        json_array_append_new(rows, json_pack("{s:s, s:f, s:f, s:f, s:f, s:f, s:f}", "phase",
                                              row->prefill ? "prefill" : "decode", "tokens",
                                              row->tokens, "depth", row->depth, "measured_s",
                                              row->measured_s, "predicted_s", row->predicted_s,
                                              "scatter", row->spread, "error", row->error));
    }
    json_t *root = json_pack(
        "{s:s, s:s, s:s, s:s, s:I, s:{s:o}, s:{s:o}, s:{s:o, s:f}, s:f, s:o}", "model",
        check->model, "quant", check->quant, "device", check->device, "on", check->on, "threads",
        (json_int_t)check->threads, "prefill", "error", number(check->prefill_error), "decode",
        "error", number(check->decode_error), "memory", "bytes_per_s", number(check->memory_Bps),
        "told_bytes_per_s", check->told_Bps, "other_format_bytes", check->other_B, "rows", rows);
    char *text = json_dumps(root, JSON_INDENT(2));
    json_decref(root);
    return text;
}
