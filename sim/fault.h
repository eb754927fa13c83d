/* SPDX-License-Identifier: GPL-3.0-or-later */
/* When devices fail and when they are back: told by the scenario, or drawn from each device's mean
 * time between failures. */
#ifndef SIM_FAULT_H
#define SIM_FAULT_H

#include "devices/platform.h"

struct sim_fault {
    char *device;
    double at_s, for_s; /* for_s 0: for good */
};

struct sim_faults {
    struct sim_fault *scheduled;
    size_t n_scheduled;
    bool drawn;          /* also by reliability.mtbf_h of the devices */
    double repair_s;     /* of a drawn fault; 0: for good */
    double detection_s;  /* from a fault until the server knows */
    double return_share; /* of its speed, that a device comes back with ... */
    double ramp_s;       /* ... and how long it takes to all of it */
};
extern const struct field sim_faults_fields[];

/* Whether there may be any. */
bool sim_faults_any(const struct sim_faults *faults);
/* Devices exist. Faults of the file stand at `node`. */
bool sim_faults_check(const struct sim_faults *faults, const struct device_platform *platform,
                      const struct tree *node, struct error *err);

/* Which of a device's failures is asked for, in which run. */
struct sim_fault_draw {
    uint64_t seed;
    uint32_t device, failure;
};
/* Seconds that the device works before it fails: Weibull with the mean that its file tells;
 * infinite for one that never does. A pure function of the draw. */
double sim_fault_gap_s(const struct device_reliability *reliability,
                       const struct sim_fault_draw *draw);

#endif
