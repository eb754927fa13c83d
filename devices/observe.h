/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a device is predicted to show where something was measured, and the residuals of a fit:
 * ln(predicted / measured). */
#ifndef DEVICES_OBSERVE_H
#define DEVICES_OBSERVE_H

#include "devices/draw.h"
#include "devices/parameters.h"

enum device_observation_kind {
    DEVICE_SAW_PREFILL,  /* a prompt */
    DEVICE_SAW_DECODE,   /* an answer */
    DEVICE_SAW_OPERATOR, /* one operator of a pass */
    DEVICE_SAW_POWER,    /* mean draw over a run */
    DEVICE_SAW_ENERGY    /* joules for each token of a run */
};

/* One measured time in seconds, power in watts, or energy in joules for each token. */
struct device_observation {
    enum device_observation_kind kind;
    size_t device;                        /* which of the devices of a fit */
    const struct device_forward *forward; /* runs; borrowed */
    struct device_run run;
    int flash;                          /* 0, 1; -1: as the device says */
    const struct workload_operator *op; /* operators; borrowed */
    struct device_pass pass;
    double context; /* of the pass's decode rows together */
    double cap_W;   /* power limit of the run; 0: none */
    double die_K;   /* temperature that was told; 0: what the draw ends at */
    bool prefill;   /* power and energy: of the prompt, else of the answer */
    bool net;       /* less the idle draw */
    double rest_s;  /* after each run, at the idle draw, that the mean draw takes in */
    double prompt;  /* energy of a whole request: tokens of the prompt before the answer */
    double measured;
    double noise; /* expected standard deviation of its logarithm; 0: DEVICE_NOISE */
};

/* Within this share of its capacity nobody knows whether a memory is full: the Raspberry Pi 5's is
 * known to about as much by its own benchmarks. */
#define DEVICE_BORDERLINE 0.04

/* Whether a run comes that near to the end of its memory. */
bool device_is_borderline(const struct device *device, const struct device_observation *what);

/* A run as it went: under a limit at a lower clock. */
struct device_seen {
    struct device_spent spent;
    double clock; /* relative */
};

/* In the unit of what was measured. */
double device_observed(const struct device *device, const struct device_observation *what);

/* The parameters that one device or several of a class have in common, as a fit: those that the
 * evidence tells of are free, with the first device's values as priors; a value of 0 says that
 * there is no such cost, and is held. */
struct device_fit {
    struct device *device; /* (n_devices) all take the same values while fitting */
    size_t n_devices;
    const struct device_observation *observation; /* (n) */
    size_t n;
    struct fit_parameter *parameter; /* (n_parameters) as device_parameter numbers them */
    size_t n_parameters;
    double *noise;              /* (n) standard deviation of the logarithm */
    size_t *first;              /* (n) the first observation of the same run */
    struct device_seen *seen;   /* (n) of those, with the values that were tried last */
    struct fit_problem problem; /* what analysis/fit.h takes */
};

/* The standard deviation that is expected of ln(predicted/measured) beside the parameters': run to
 * run, and what the form leaves out. */
#define DEVICE_NOISE 0.03

/* Whose fit: devices with the same parameters, so that one class has all of them. */
struct device_fit_of {
    struct device *device; /* (n_devices) */
    size_t n_devices;
    int evidence; /* enum device_evidence, of the observations */
};

/* The caller frees *out with device_fit_free; devices and observations are borrowed. */
void device_fit_init(struct device_fit *out, const struct device_fit_of *of,
                     const struct device_observation *observation, size_t n);
void device_fit_free(struct device_fit *fit);
/* A share's spread, at most `most` standard deviations of its logit: what is small cannot scatter
 * by more than itself. DEVICE_SHARE_SCATTER is that of devices in a class. */
#define DEVICE_SHARE_SCATTER 0.5
double device_share_sigma(double share, double sigma, double most);
/* Takes a parameter out of the fit: it stays as it is. */
void device_fit_hold(struct device_fit *fit, size_t parameter);
/* Puts values (n_parameters) into the device. */
void device_fit_apply(struct device_fit *fit, const double *x);
/* ln of the prediction of one observation, for fit_spread: context is a device_fit_question. */
struct device_fit_question {
    struct device_fit *fit;
    const struct device_observation *what;
};
bool device_fit_log(void *context, const double *x, double *value);

#endif
