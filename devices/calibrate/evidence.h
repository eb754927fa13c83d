/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What was measured, as a fit of a device takes it, and the fit. */
#ifndef DEVICES_CALIBRATE_EVIDENCE_H
#define DEVICES_CALIBRATE_EVIDENCE_H

#include "devices/calibrate/plan.h"
#include "devices/observe.h"

/* A whole pass that was run: a prompt, or one step of an answer. */
struct calibrate_pass {
    const struct device_forward *forward; /* borrowed */
    bool prefill;
    double depth, tokens; /* in the cache before it; of the prompt, or 1 */
    struct calibrate_timing timing;
};

struct calibrate_evidence {
    struct device_observation *what; /* (n) */
    const char **group;              /* (n) "GEMV", "GEMM", "attention, decode" ...: constant */
    const struct calibrate_sample **sample; /* (n) NULL: a pass; borrowed */
    size_t n;
    struct workload_operator *op; /* (n) what the observations borrow */
};

/* Takes the products, attentions and element-wise operators that were measured, and passes. The
 * expected error of each is what the form leaves out, the scatter of the measurement, and half the
 * drift of the machine together. The caller frees *out with calibrate_evidence_free. */
void calibrate_evidence(const struct calibrate_samples *samples, const struct calibrate_pass *pass,
                        size_t n_passes, struct calibrate_evidence *out);
void calibrate_evidence_free(struct calibrate_evidence *evidence);
/* What a device says of the time of a product, an attention or an element-wise operator. */
double calibrate_predicted_s(const struct device *device, const struct calibrate_sample *sample);

/* Fits what kernels of one machine tell of: the class is where it starts, and counts for little,
 * because its devices ran other software. `device` takes the values. Also chooses the exponent
 * that joins compute and memory (device->compute.overlap_p). The caller frees *fit and *result,
 * with device_fit_free and fit_free, after true. */
bool calibrate_fit(struct device *device, const struct calibrate_evidence *evidence,
                   struct device_fit *fit, struct fit_result *result, struct error *err);
/* The same with the exponent that the device has. */
bool calibrate_fit_alone(struct device *device, const struct calibrate_evidence *evidence,
                         struct device_fit *fit, struct fit_result *result, struct error *err);

#endif
