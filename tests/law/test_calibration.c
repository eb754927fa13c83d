/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a calibration measures tells the parameters of the device it is measured on: from synthetic
 * times with known parameters and 3 % of noise, over 200 runs, the 95 % interval of each parameter
 * that the kernels identify covers the truth in 91 to 99 % of runs, and its mean error is below 0.3
 * standard errors. The error is measured in the coordinate in which the fit is normal. */
#include "base/stream.h"
#include "devices/calibrate/evidence.h"
#include "tests/check.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_errno.h>

static const char device_text[] =
    "name: bench\nkind: cpu\nclass: none\n"
    "compute:\n"
    "  peaks:\n"
    "    - {name: f32, vector_TFLOPS: 0.4, matrix_TFLOPS: 0.4}\n"
    "    - {name: int8, vector_TFLOPS: 1.6, matrix_TFLOPS: 0.4}\n"
    "  float_weights: f32\n  quantised_weights: int8\n"
    "  efficiency: 0.5\n  quantised_efficiency: 0.5\n  cores: 4\n  vector_rows: 4\n"
    "  tile_rows: 4\n  overlap_p: 2\n"
    "  dequant:\n"
    "    - {name: F32, ops_per_weight: 0.2, matrix_ops_per_weight: 10}\n"
    "    - {name: F16, ops_per_weight: 1, matrix_ops_per_weight: 10}\n"
    "    - {name: BF16, ops_per_weight: 1, matrix_ops_per_weight: 10}\n"
    "    - {name: Q8_0, ops_per_weight: 1, matrix_ops_per_weight: 10}\n"
    "    - {name: Q4_0, ops_per_weight: 1, matrix_ops_per_weight: 10}\n"
    "attention: {efficiency: 0.3, decode_us: 2, prefill_us: 10, us_per_tile: 10, tile_rows: 64}\n"
    "memory:\n"
    "  bandwidth_GBps: 50\n  efficiency: 0.6\n  element_efficiency: 0.3\n"
    "  caches:\n    - {name: L2, capacity_MiB: 4, bandwidth_GBps: 300}\n"
    "overheads: {operator_us: 5, element_us: 1, pass_us: 100}\n"
    "clocks: {nominal_GHz: 3, nominal_V: 1}\n"
    "power: {idle_W: 10, active_W: 20, pJ_per_FLOP: 10, pJ_per_byte: 100,"
    " leakage: {reference_W: 1}}\n"
    "thermal:\n"
    "  nodes:\n    - {name: die, capacity_J_per_K: 10, ambient_W_per_K: 1}\n"
    "  throttle_C: 90\n  limit_C: 100\n";

/* The truth, away from where the fit starts. */
static void make_truth(struct device *device)
{
    device->memory.efficiency = 0.85;
    device->memory.element_efficiency = 0.2;
    device->compute.efficiency = 0.75;
    device->compute.quantised_efficiency = 0.7;
    device->overheads.operator_s = 8e-6;
    device->overheads.element_s = 0.5e-6;
    device->attention.efficiency = 0.2;
    device->attention.kv_efficiency = 0.6;
    device->attention.decode_s = 6e-6;
    device->attention.s_per_tile = 20e-6;
    for (size_t i = 0; i < device->compute.n_dequant; i++) {
        device->compute.dequant[i].ops_per_weight *= 2;
        device->compute.dequant[i].matrix_ops_per_weight *= 3;
    }
}

/* Every sample of the plan, as if it had been measured. */
static void pretend(struct calibrate_samples *samples)
{
    struct calibrate_extent extent = {.quick = true, .cache_B = 16e6};
    calibrate_plan(&extent, samples);
    for (size_t i = 0; i < samples->n; i++)
        samples->sample[i].timing = (struct calibrate_timing){.median_s = 1, .repetitions = 9};
    for (size_t i = 0; i < samples->n; i++) /* bytes of an element-wise operator, as measured */
        if (samples->sample[i].kind == CALIBRATE_ELEMENT)
            samples->sample[i].bytes =
                8.0 * (double)samples->sample[i].rows * (double)samples->sample[i].inputs;
}

/* Two storage formats tell the same as five do, in less time. */
static void thin(struct calibrate_evidence *evidence)
{
    size_t kept = 0;
    for (size_t i = 0; i < evidence->n; i++) {
        const struct calibrate_sample *one = evidence->sample[i];
        if (one->kind == CALIBRATE_PRODUCT && one->format != KERNELS_F16 &&
            one->format != KERNELS_Q4_0)
            continue;
        evidence->what[kept] = evidence->what[i];
        evidence->sample[kept++] = one;
    }
    evidence->n = kept;
}

/* The coordinate in which a parameter is normal. */
static double coordinate(const struct fit_parameter *parameter, double x)
{
    return parameter->scale == FIT_LOGIT ? log(x / (1 - x)) : log(x);
}

enum { RUNS = 200, MOST_PARAMETERS = 64 };

struct tally {
    size_t runs, covered;
    double sum, squares; /* of errors over their standard errors */
    char name[64];
};

static void count(struct tally *tally, const struct device_fit *fit,
                  const struct fit_result *result, const double *truth)
{
    double t = gsl_cdf_ugaussian_Pinv(0.975);
    for (size_t p = 0; p < fit->n_parameters && p < MOST_PARAMETERS; p++) {
        const struct fit_parameter *one = &fit->parameter[p];
        if (one->sigma <= 0 || result->learned[p] < 0.9)
            continue;
        double se = sqrt(result->covariance[p * result->n + p]);
        double z = (coordinate(one, result->x[p]) - coordinate(one, truth[p])) / se;
        tally[p].runs++;
        tally[p].covered += fabs(z) < t;
        tally[p].sum += z;
        snprintf(tally[p].name, sizeof tally[p].name, "%s", one->name);
    }
}

static void check_tally(const struct tally *tally)
{
    size_t identified = 0;
    for (size_t p = 0; p < MOST_PARAMETERS; p++) {
        if (tally[p].runs < RUNS / 2)
            continue;
        double covered = (double)tally[p].covered / (double)tally[p].runs;
        double bias = tally[p].sum / (double)tally[p].runs;
        identified++;
        printf("%-42s covered %.1f %% of %zu, bias %+.2f standard errors\n", tally[p].name,
               100 * covered, tally[p].runs, bias);
        CHECK(covered >= 0.91 && covered <= 0.99);
        CHECK(fabs(bias) < 0.3);
    }
    CHECK(identified >= 12);
}

static double gauss(struct stream *stream)
{
    return gsl_cdf_ugaussian_Pinv(1e-12 + (1 - 2e-12) * stream_uniform(stream));
}

int main(void)
{
    gsl_set_error_handler_off();
    struct error err = {0};
    struct calibrate_samples samples;
    struct calibrate_evidence evidence;
    struct device start, device;
    static struct tally tally[MOST_PARAMETERS];
    double truth[MOST_PARAMETERS] = {0}, *true_s;
    struct tree *tree = tree_parse("device", device_text, strlen(device_text), &err);
    if (!CHECK(tree && device_read(tree, &start, &err) && device_read(tree, &device, &err))) {
        fprintf(stderr, "%s\n", err.fault[0]);
        return check_result();
    }
    pretend(&samples);
    calibrate_evidence(&samples, NULL, 0, &evidence);
    thin(&evidence);
    make_truth(&device);
    for (size_t p = 0; p < device_parameters(&device) && p < MOST_PARAMETERS; p++)
        truth[p] = *device_parameter_value(&device, p);
    true_s = calloc(evidence.n, sizeof *true_s);
    for (size_t i = 0; i < evidence.n; i++)
        true_s[i] = device_observed(&device, &evidence.what[i]);
    for (uint32_t run = 0; run < RUNS; run++) {
        struct stream stream = stream_open(2026, STREAM_TEST, run, 0);
        struct device_fit fit;
        struct fit_result result;
        for (size_t i = 0; i < evidence.n; i++) {
            evidence.what[i].measured = true_s[i] * exp(0.03 * gauss(&stream));
            evidence.what[i].noise = 0.03;
        }
        for (size_t p = 0; p < device_parameters(&device); p++)
            *device_parameter_value(&device, p) = *device_parameter_value(&start, p);
        if (!CHECK(calibrate_fit_alone(&device, &evidence, &fit, &result, &err)))
            break;
        count(tally, &fit, &result, truth);
        fit_free(&result);
        device_fit_free(&fit);
    }
    check_tally(tally);
    free(true_s);
    calibrate_evidence_free(&evidence);
    calibrate_samples_free(&samples);
    device_free(&device);
    device_free(&start);
    tree_free(tree);
    return check_result();
}
