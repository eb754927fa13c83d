/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a device is predicted to show where something was measured, and the residuals of a fit:
 * ln(predicted time / measured time). */
#ifndef DEVICES_OBSERVE_H
#define DEVICES_OBSERVE_H

#include "devices/forward.h"
#include "devices/parameters.h"

enum device_observation_kind {
    DEVICE_SAW_PREFILL, /* a prompt */
    DEVICE_SAW_DECODE,  /* an answer */
    DEVICE_SAW_OPERATOR /* one operator of a pass */
};

/* One measured time. */
struct device_observation {
    enum device_observation_kind kind;
    const struct device_forward *forward; /* runs; borrowed */
    struct device_run run;
    int flash;                          /* 0, 1; -1: as the device says */
    const struct workload_operator *op; /* operators; borrowed */
    struct device_pass pass;
    double context; /* of the pass's decode rows together */
    double measured_s;
};

/* Seconds; at nominal clock. */
double device_observed_s(const struct device *device, const struct device_observation *what);

/* The parameters of a device as a fit: those that the evidence tells of are free, with the device's
 * own values as priors; a value of 0 says that the device has no such cost, and is held. */
struct device_fit {
    struct device *device;                        /* the priors; its values change while fitting */
    const struct device_observation *observation; /* (n) */
    size_t n;
    struct fit_parameter *parameter; /* (n_parameters) as device_parameter numbers them */
    size_t n_parameters;
    double *noise;              /* (n) standard deviation of the logarithm */
    struct fit_problem problem; /* what analysis/fit.h takes */
};

/* The standard deviation that is expected of ln(predicted/measured) beside the parameters': run to
 * run, and what the form leaves out. */
#define DEVICE_NOISE 0.03

/* `spread` (n_parameters, NULL: none) replaces a parameter's own sigma where it is not nan. The
 * caller frees *out with device_fit_free; device and observations are borrowed. */
void device_fit_init(struct device_fit *out, struct device *device, int evidence,
                     const struct device_observation *observation, size_t n);
void device_fit_free(struct device_fit *fit);
/* Puts values (n_parameters) into the device. */
void device_fit_apply(struct device_fit *fit, const double *x);
/* ln of the predicted time of one observation, for fit_spread: context is a device_fit_question. */
struct device_fit_question {
    struct device_fit *fit;
    const struct device_observation *what;
};
bool device_fit_log_s(void *context, const double *x, double *value);

#endif
