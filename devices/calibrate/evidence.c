/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "devices/calibrate/evidence.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What the form leaves out, as a share of a time: a matrix product of few rows is a ramp between
 * two regimes; element-wise operators differ from each other in more than what they move. */
static const double gemv_noise = 0.03, gemm_noise = 0.05, short_gemm_noise = 0.15,
                    attention_noise = 0.08, element_noise = 0.3, pass_noise = 0.03;
enum { SHORT_ROWS = 32 };

/* Models count activations as 16-bit numbers. */
static const double value_B = 2;

static struct device_observation product(const struct calibrate_sample *one,
                                         struct workload_operator *op, const char **group)
{
    double weights = (double)one->outputs * (double)one->inputs, rows = (double)one->rows;
    *op = (struct workload_operator){
        .name = one->name,
        .kind = WORKLOAD_MATMUL,
        .format = workload_format_find(kernels_format_name(one->format)),
        .weights = weights,
        .flops_per_row = 2 * weights,
        .activation_bytes_per_row = value_B * (double)(one->outputs + one->inputs)};
    op->weight_bytes = workload_format_bytes(op->format, weights);
    *group = one->rows <= KERNELS_VECTOR_ROWS ? "GEMV" : "GEMM";
    return (struct device_observation){.pass = {.rows = rows, .sampled = rows},
                                       .noise = one->rows <= KERNELS_VECTOR_ROWS ? gemv_noise
                                                : one->rows < SHORT_ROWS         ? short_gemm_noise
                                                                                 : gemm_noise};
}

static struct device_observation attention(const struct calibrate_sample *one,
                                           struct workload_operator *op, const char **group)
{
    double rows = (double)one->rows, context = (double)one->context;
    double width = (double)(one->q_heads * one->head_dim);
    bool prompt = one->kind == CALIBRATE_PROMPT;
    *op = (struct workload_operator){.name = "attention",
                                     .kind = WORKLOAD_ATTENTION,
                                     .flops_per_pair = 4 * width,
                                     .kv_bytes_per_token =
                                         4 * (double)(one->kv_heads * one->head_dim),
                                     .q_heads = (double)one->q_heads,
                                     .kv_heads = (double)one->kv_heads};
    op->activation_bytes_per_row = value_B * 2 * width + op->kv_bytes_per_token;
    *group = prompt ? "attention, prefill" : "attention, decode";
    struct device_observation what = {.noise = attention_noise};
    what.pass.rows = rows;
    if (prompt) {
        what.pass.prefill_sequences = 1;
        what.pass.prefill_rows = rows;
        what.pass.prefill_pairs = rows * context + rows * (rows + 1) / 2;
        what.pass.prefill_window_pairs = what.pass.prefill_pairs;
    } else {
        what.pass.decode_sequences = rows;
        what.context = context + 1;
    }
    return what;
}

static struct device_observation element(const struct calibrate_sample *one,
                                         struct workload_operator *op, const char **group)
{
    double rows = (double)one->rows;
    *op = (struct workload_operator){.name = one->name,
                                     .kind = WORKLOAD_ELEMENT,
                                     .activation_bytes_per_row = value_B / 4 * one->bytes / rows};
    *group = "element-wise";
    return (struct device_observation){.pass = {.rows = rows, .sampled = rows},
                                       .noise = element_noise};
}

/* Work that differs from one time to another does so for many kernels alike: more than this of it
 * would only make all of them equally vague. */
static const double most_drift = 0.2;

static double expected_error(double form, const struct calibrate_timing *timing, double drift)
{
    double half = fmin(drift, most_drift) / 2;
    return sqrt(form * form + timing->standard_error * timing->standard_error + half * half);
}

static struct device_observation observation(const struct calibrate_sample *one,
                                             struct workload_operator *op, const char **group)
{
    struct device_observation what;
    if (one->kind == CALIBRATE_PRODUCT)
        what = product(one, op, group);
    else if (one->kind == CALIBRATE_ELEMENT)
        what = element(one, op, group);
    else
        what = attention(one, op, group);
    what.kind = DEVICE_SAW_OPERATOR;
    what.flash = -1;
    what.op = op;
    return what;
}

double calibrate_predicted_s(const struct device *device, const struct calibrate_sample *sample)
{
    struct workload_operator op;
    const char *group;
    struct device_observation what = observation(sample, &op, &group);
    return device_observed(device, &what);
}

static void add(struct calibrate_evidence *out, const struct calibrate_sample *one, double drift)
{
    struct device_observation what = observation(one, &out->op[out->n], &out->group[out->n]);
    what.measured = one->timing.median_s;
    what.noise = expected_error(what.noise, &one->timing, drift);
    out->sample[out->n] = one;
    out->what[out->n++] = what;
}

static void add_pass(struct calibrate_evidence *out, const struct calibrate_pass *pass,
                     double drift)
{
    out->group[out->n] = pass->prefill ? "pass, prefill" : "pass, decode";
    out->what[out->n++] = (struct device_observation){
        .kind = pass->prefill ? DEVICE_SAW_PREFILL : DEVICE_SAW_DECODE,
        .forward = pass->forward,
        .run = {.batch = 1, .depth = pass->depth, .tokens = pass->tokens, .ubatch = pass->tokens},
        .flash = -1,
        .measured = pass->timing.median_s,
        .noise = expected_error(pass_noise, &pass->timing, drift)};
}

/* Softmax is a part of attention in a pass, and products of two to four rows unpack the weights for
 * each row, which the form does not know. */
static bool is_told_of(const struct calibrate_sample *one)
{
    if (one->timing.repetitions == 0 || calibrate_is_reference(one))
        return false;
    if (one->kind == CALIBRATE_PRODUCT)
        return one->rows == 1 || one->rows > KERNELS_VECTOR_ROWS;
    if (one->kind == CALIBRATE_ELEMENT)
        return strcmp(one->name, "softmax") != 0;
    return one->kind == CALIBRATE_DECODE || one->kind == CALIBRATE_PROMPT;
}

void calibrate_evidence(const struct calibrate_samples *samples, const struct calibrate_pass *pass,
                        size_t n_passes, struct calibrate_evidence *out)
{
    size_t most = samples->n + n_passes + 1;
    double drift = calibrate_pace(samples).drift;
    *out =
        (struct calibrate_evidence){.what = mem_calloc(most, sizeof *out->what),
                                    .group = mem_calloc(most, sizeof *out->group),
                                    .sample = mem_calloc(most, sizeof(struct calibrate_sample *)),
                                    .op = mem_calloc(most, sizeof *out->op)};
    for (size_t i = 0; i < samples->n; i++)
        if (is_told_of(&samples->sample[i]))
            add(out, &samples->sample[i], drift);
    for (size_t i = 0; i < n_passes; i++)
        if (pass[i].timing.repetitions > 0)
            add_pass(out, &pass[i], drift);
}

void calibrate_evidence_free(struct calibrate_evidence *evidence)
{
    free(evidence->what);
    free(evidence->group);
    free(evidence->sample);
    free(evidence->op);
    *evidence = (struct calibrate_evidence){0};
}
