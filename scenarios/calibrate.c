/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "scenarios/calibrate.h"

#include "base/memory.h"
#include "devices/kernels/opencl.h"
#include "scenarios/calibrate_fit.h"
#include "scenarios/calibrate_heat.h"
#include "scenarios/calibrate_link.h"
#include "scenarios/calibrate_notes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* The first share of the samples is what a device cannot do without: peaks and streams. */
struct run {
    const struct scenario_calibrate_ask *ask;
    struct scenario_calibration *out;
    struct kernels *kernels;
    struct sensors *sensors;
    struct calibrate_session session;
    struct calibrate_extent extent;
    double begin_s;
    double done;                 /* share of the work */
    double heat_begin_s, heat_s; /* of heating and cooling; heat_s 0: not now */
    bool stopped;
};

static const struct scenario_calibrate_talk *talk_of(const struct run *run)
{
    return &run->ask->talk;
}

/* What went wrong on the device; NULL: nothing. */
static const char *fault_of(const struct kernels *kernels)
{
    return kernels->does->fault ? kernels->does->fault(kernels) : NULL;
}

/* False: stopped from outside, out of time, or no use. */
static bool goes_on(struct run *run, const char *what)
{
    const struct scenario_calibrate_ask *ask = run->ask;
    bool late = ask->most_minutes > 0 && calibrate_now_s() - run->begin_s > 60 * ask->most_minutes;
    bool told = ask->talk.progress && !ask->talk.progress(ask->talk.context, what, run->done, 1);
    run->stopped = run->stopped || late || told || fault_of(run->kernels);
    return !run->stopped;
}

static bool go_on(void *context)
{
    struct run *run = context;
    if (run->heat_s <= 0)
        return goes_on(run, "measuring");
    run->done = (calibrate_now_s() - run->heat_begin_s) / run->heat_s;
    return goes_on(run, "heating and cooling");
}

/* Lets the machine cool where a sensor tells more than is wished; false: stopped meanwhile. */
static bool keep_cool(struct run *run)
{
    const struct timespec while_s = {0, 200000000};
    const double back_K = 3;
    if (run->ask->most_K <= 0 || !(sensors_hottest_K(run->sensors) > run->ask->most_K))
        return true;
    while (sensors_hottest_K(run->sensors) > run->ask->most_K - back_K) {
        if (!goes_on(run, "cooling"))
            return false;
        nanosleep(&while_s, NULL);
    }
    return true;
}

static void begin_session(struct run *run)
{
    const struct places *places = run->out->places;
    const struct scenario_found *found = &run->out->found;
    double cache_B = found->cache_B;
    for (size_t i = 0; found->cache_B <= 0 && i < places->n_caches; i++)
        cache_B = places->cache[i].bytes * (double)places->cache[i].caches;
    run->extent = (struct calibrate_extent){run->ask->quick, cache_B, found->memory_B,
                                            run->kernels->own_memory};
    run->session = (struct calibrate_session){.kernels = run->kernels,
                                              .cache_B = cache_B,
                                              .memory_B = found->memory_B,
                                              .effort = {.kernels = run->kernels,
                                                         .s = calibrate_point_s(&run->extent),
                                                         .least = run->ask->quick ? 3 : 5,
                                                         .most = 400,
                                                         .go_on = go_on,
                                                         .context = run}};
}

static double rate(struct run *run, struct calibrate_sample *sample, bool flops)
{
    if (!calibrate_measure(&run->session, sample))
        return NAN;
    return (flops ? sample->flops : sample->bytes) / sample->timing.median_s;
}

/* A step of an answer streams weights, a prompt multiplies matrices. */
static struct scenario_calibrate_threads try_threads(struct run *run, size_t threads)
{
    struct calibrate_sample stream = {.kind = CALIBRATE_PRODUCT,
                                      .name = "gemv",
                                      .format = KERNELS_F16,
                                      .rows = 1,
                                      .outputs = 8192,
                                      .inputs = 2048};
    struct calibrate_sample product = stream;
    product.rows = 64;
    run->kernels->does->use(run->kernels, threads);
    return (struct scenario_calibrate_threads){threads, rate(run, &stream, false),
                                               rate(run, &product, true)};
}

/* More threads have to be worth it: 2 % in the mean of both rates. */
static bool is_faster(const struct scenario_calibrate_threads *one,
                      const struct scenario_calibrate_threads *than)
{
    return one->stream_Bps * one->gemm_FLOPps > 1.04 * than->stream_Bps * than->gemm_FLOPps;
}

static void choose_threads(struct run *run)
{
    struct scenario_calibration *out = run->out;
    size_t best = 0, most = run->kernels->threads;
    size_t fixed = run->ask->threads < most ? run->ask->threads : most;
    out->sweep = mem_calloc(64, sizeof *out->sweep);
    for (size_t t = fixed ? fixed : 1; t <= most && !run->stopped;
         t = fixed ? most + 1 : places_next_threads(out->places, t, most)) {
        out->sweep[out->n_sweep++] = try_threads(run, t);
        if (is_faster(&out->sweep[out->n_sweep - 1], &out->sweep[best]))
            best = out->n_sweep - 1;
    }
    out->threads = out->n_sweep > 0 ? out->sweep[best].threads : 1;
    run->kernels->does->use(run->kernels, out->threads);
    calibrate_session_end(&run->session);
}

/* The rate of the fastest product so far with weights in a format before `end`; nan: there was
 * none. */
static double best_product_FLOPps(const struct calibrate_samples *samples, enum kernels_format end)
{
    double best = NAN;
    for (size_t i = 0; i < samples->n; i++) {
        const struct calibrate_sample *one = &samples->sample[i];
        if (one->kind == CALIBRATE_PRODUCT && one->timing.repetitions > 0 && one->format < end)
            best = fmax(best, one->flops / one->timing.median_s);
    }
    return best;
}

/* A product whose single call would take ten times what all of its repetitions should. */
static bool is_too_long(const struct run *run, const struct calibrate_sample *one)
{
    const double most_times = 10;
    double flops = 2 * (double)one->rows * (double)one->outputs * (double)one->inputs;
    return one->kind == CALIBRATE_PRODUCT && !calibrate_is_reference(one) &&
           flops / best_product_FLOPps(&run->out->samples, KERNELS_FORMATS) >
               most_times * run->session.effort.s;
}

/* Returns how many were left out. */
static size_t measure_round(struct run *run, size_t round)
{
    struct scenario_calibration *out = run->out;
    size_t left_out = 0, n = out->samples.n;
    for (size_t i = 0; i < n && !run->stopped; i++) {
        struct calibrate_sample *one = &out->samples.sample[i];
        run->done = (double)(round * n + i) / (double)(CALIBRATE_ROUNDS * n + 8);
        one->threads = out->threads;
        if (!calibrate_in_round(&out->samples, i, round))
            continue;
        if (is_too_long(run, one)) {
            left_out++;
            continue;
        }
        if (!keep_cool(run))
            break;
        if (calibrate_measure(&run->session, one))
            out->measured += one->rounds == 1;
    }
    return left_out;
}

static void measure_samples(struct run *run)
{
    struct scenario_calibration *out = run->out;
    size_t left_out = 0;
    calibrate_plan(&run->extent, &out->samples);
    for (size_t round = 0; round < CALIBRATE_ROUNDS && !run->stopped; round++)
        left_out = measure_round(run, round);
    calibrate_session_end(&run->session);
    out->planned = out->samples.n - left_out;
    if (left_out > 0)
        scenario_calibrate_note(
            talk_of(run),
            "%.0f products with many rows would take too long on this device: left out",
            (double)left_out);
}

static void summarise(struct scenario_calibration *out, double far_B)
{
    const struct calibrate_samples *samples = &out->samples;
    const struct calibrate_sample *launch = calibrate_find(samples, CALIBRATE_LAUNCH);
    const struct calibrate_sample *page = calibrate_find(samples, CALIBRATE_PAGES);
    out->pace = calibrate_pace(samples);
    out->noise = calibrate_noise(samples);
    out->stream_Bps = calibrate_far_Bps(samples, far_B);
    out->peak_FLOPps = calibrate_peak_FLOPps(samples, "f32");
    out->gemm_FLOPps = best_product_FLOPps(samples, KERNELS_Q8_0);
    out->launch_s = launch ? launch->timing.median_s : NAN;
    out->page_s = page ? page->timing.median_s : NAN;
    scenario_way_of(samples, "upload", &out->upload);
    scenario_way_of(samples, "download", &out->download);
}

/* Where sensors tell: the rest of the measurements counts without. They tell of processors. */
static void measure_draw(struct run *run)
{
    struct scenario_calibration *out = run->out;
    if (out->found.kind != DEVICE_CPU)
        return;
    calibrate_draw(&run->session, run->sensors, run->ask->quick ? 1 : 3, &out->draw);
    calibrate_session_end(&run->session);
    if (out->draw.why)
        scenario_calibrate_say(talk_of(run), "power is not measured:", out->draw.why);
}

/* Seconds for heating within what is left, as much being kept for cooling; a minute tells little.
 */
static double heat_s(const struct run *run)
{
    const double least_s = 60, other_s = 15;
    double most_s = 60 * run->ask->heat_minutes;
    if (run->ask->most_minutes > 0) {
        double left_s = 60 * run->ask->most_minutes - (calibrate_now_s() - run->begin_s);
        most_s = fmin(most_s, (left_s - other_s) / 2);
    }
    return most_s < fmin(least_s, 60 * run->ask->heat_minutes) ? 0 : most_s;
}

static void measure_heat(struct run *run)
{
    struct scenario_calibration *out = run->out;
    const struct calibrate_heat_ask ask = {.rest_s = 10,
                                           .most_s = heat_s(run),
                                           .most_K =
                                               run->ask->most_K > 0 ? run->ask->most_K : INFINITY};
    if (out->found.kind != DEVICE_CPU || run->ask->heat_minutes <= 0)
        return;
    run->heat_begin_s = calibrate_now_s();
    run->heat_s = ask.rest_s + 2 * ask.most_s;
    if (ask.most_s > 0)
        calibrate_heat_here(&run->session, run->sensors, &ask, &out->heat_run);
    else
        out->heat_run.why = mem_strdup("no time is left for it");
    run->heat_s = 0;
    calibrate_session_end(&run->session);
    if (out->heat_run.limited)
        scenario_calibrate_note(talk_of(run), "heating ended at the limit of %.0f C",
                                run->ask->most_K - 273.15);
}

/* Once, for as long as all rounds of a sample. */
static void run_passes(struct run *run, struct scenario_passes *passes)
{
    struct calibrate_effort effort = run->session.effort;
    effort.s *= CALIBRATE_ROUNDS;
    effort.least *= 2;
    scenario_passes_run(run->kernels, &effort, passes);
}

static bool measure_and_fit(struct run *run, struct error *err)
{
    struct scenario_passes passes = {0};
    begin_session(run);
    choose_threads(run);
    measure_samples(run);
    if (!run->stopped)
        run_passes(run, &passes);
    if (!run->stopped)
        measure_draw(run);
    if (!run->stopped)
        measure_heat(run);
    run->done = 1;
    summarise(run->out, calibrate_far_B(&run->session));
    scenario_calibrate_troubles(run->ask, run->out, sensors_hottest_K(run->sensors));
    const char *fault = fault_of(run->kernels);
    bool ok = !fault || error_machine(err, "%s: %s", run->out->found.id, fault);
    ok = ok && (scenario_calibrated_enough(run->out) ||
                error_machine(err, "stopped after %zu of %zu measurements: too few for a device",
                              run->out->measured, run->out->planned));
    ok = ok && scenario_calibrated_fit(run->ask, &passes, run->out, err);
    if (ok)
        scenario_calibrate_heated(run->ask, &run->out->heat);
    scenario_passes_free(&passes);
    return ok;
}

static size_t most_threads(const struct places *places, size_t wanted)
{
    double most = (double)places->cpus;
    if (places->quota_cpus > 0)
        most = fmin(most, fmax(1, floor(places->quota_cpus)));
    return wanted > 0 ? wanted : (size_t)most;
}

static struct kernels *open_kernels(const struct run *run, struct error *err)
{
    const char *id = run->out->found.id;
    if (strcmp(id, "cpu") != 0)
        return kernels_open_opencl(id, err);
    return kernels_open_cpu(most_threads(run->out->places, run->ask->threads), err);
}

bool scenario_calibrate(const struct scenario_calibrate_ask *ask,
                        const struct scenario_found *found, struct scenario_calibration *out,
                        struct error *err)
{
    *out = (struct scenario_calibration){.places = places_open("")};
    scenario_found_copy(found, &out->found);
    struct run run = {.ask = ask, .out = out, .begin_s = calibrate_now_s()};
    run.kernels = open_kernels(&run, err);
    if (!run.kernels)
        return false;
    out->title = mem_strdup(run.kernels->title);
    out->vectors = mem_strdup(run.kernels->vectors);
    out->gemm = mem_strdup(run.kernels->gemm);
    out->integers = run.kernels->integers;
    run.sensors = sensors_open("", NULL);
    bool ok = measure_and_fit(&run, err);
    sensors_close(run.sensors);
    run.kernels->does->close(run.kernels);
    return ok;
}

void scenario_calibration_free(struct scenario_calibration *calibration)
{
    places_close(calibration->places);
    scenario_found_free(&calibration->found);
    calibrate_evidence_free(&calibration->evidence);
    calibrate_draw_free(&calibration->draw);
    calibrate_heat_free(&calibration->heat_run);
    scenario_heat_free(&calibration->heat);
    calibrate_samples_free(&calibration->samples);
    scenario_fit_free(&calibration->fit);
    free(calibration->title);
    free(calibration->vectors);
    free(calibration->gemm);
    free(calibration->sweep);
    free(calibration->predicted_s);
    free(calibration->prior);
    *calibration = (struct scenario_calibration){0};
}
