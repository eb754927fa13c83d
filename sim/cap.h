/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Power limits: of a device, and of a package whose members share it. Without a window the fastest
 * P-state whose draw in the pass keeps to the limit is taken. With one the limit binds the average
 *     A' = (P - A) / window
 * as firmware forms it: a burst may draw above the limit until A reaches it, after
 *     window ln((P - A) / (P - limit)),
 * and from then on the gear is taken whose mean power over the pass keeps to the limit. */
#ifndef SIM_CAP_H
#define SIM_CAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sim_engine;
struct sim_worker;

/* A member of a package. */
struct sim_cap_member {
    double rest_W;   /* drawn whatever happens */
    double demand_W; /* what it would draw unhindered */
    size_t rank;     /* 0 is served first; equals share max-min */
    double share_W;  /* what it gets: rest_W to demand_W */
};
/* Shares out a limit: rest_W to all, then what is left by rank. */
void sim_cap_share(struct sim_cap_member *member, size_t n, double limit_W);

struct sim_cap {
    bool windowed;                 /* any limit is averaged; else no averages are kept */
    double *average_W;             /* (n_devices) A */
    double *mean_W;                /* (n_devices) work space */
    bool *held;                    /* (2, n_devices) own limit, package: average at its limit */
    double package_W;              /* A of the package */
    int64_t looked_ps;             /* when they were brought up to date */
    struct sim_cap_member *member; /* (devices of the package) work space */
};

/* All at idle. The caller frees with sim_cap_free. */
void sim_cap_init(struct sim_engine *engine);
void sim_cap_free(struct sim_cap *cap);
/* Brings the averages up to the time of the meter's last reading. */
void sim_cap_look(struct sim_engine *engine);
/* The gears that the limits allow the worker's pass, and until when they allow more than they could
 * in the long run (burst_ps, INT64_MAX: for good). */
void sim_cap_choose(struct sim_engine *engine, struct sim_worker *worker);

#endif
