/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Energy and heat of a run: counts of work per device and gear, the thermal network driven by
 * the mean power between two readings, and the integral of power as a second, independent sum. */
#ifndef SIM_METER_H
#define SIM_METER_H

#include "devices/thermal.h"
#include "sim/engine.h"

/* Work done since the last reading. */
struct sim_work {
    double busy_s, flops, bytes;
    double peak_flops; /* what the units used could have done in busy_s */
};

struct sim_meter;

/* Starts at time 0, all nodes at the steady state of the idle machine. False on runaway at idle.
 * The caller owns *out and frees it with sim_meter_destroy. */
bool sim_meter_create(const struct sim_system *system, const struct sim_plan *plan,
                      struct sim_meter **out, struct error *err);
void sim_meter_destroy(struct sim_meter *meter);

/* Work of a device in a gear, to be charged at the next reading. */
void sim_meter_add(struct sim_meter *meter, size_t device, size_t gear,
                   const struct sim_work *work);
void sim_meter_add_link_J(struct sim_meter *meter, double link_J);
void sim_meter_add_storage_J(struct sim_meter *meter, double storage_J);

/* A reading: charges the work since the last one as a constant power up to `time_ps`. */
void sim_meter_read(struct sim_meter *meter, int64_t time_ps);
int64_t sim_meter_time_ps(const struct sim_meter *meter);

/* Another plan: what it uses is switched on, what it leaves may sleep. At a reading. */
void sim_meter_follow(struct sim_meter *meter, const struct sim_plan *plan);

/* The gear sets voltage and so leakage; also what `throttled` is counted against. */
void sim_meter_set_gear(struct sim_meter *meter, size_t device, size_t gear, bool throttled);
/* Joules of a device, leakage included, in the readings since the last call. */
double sim_meter_take_J(struct sim_meter *meter, size_t device);
/* Draw of the idle machine's device. */
double sim_meter_idle_W(const struct sim_meter *meter, size_t device);
double sim_meter_die_K(const struct sim_meter *meter, size_t device);
/* At the present temperature, in a gear that need not be the present one. */
double sim_meter_leakage_W(const struct sim_meter *meter, size_t device, size_t gear);

/* Emits one sample per device of what happened since the last sample; pool_cpq (n_pools): mean
 * memory pressure in that time. */
void sim_meter_sample(struct sim_meter *meter, const struct sim_sink *sink, uint64_t running,
                      uint64_t waiting, const double *pool_cpq);
/* Fills energy, peak temperature, throttled_s, runaway; emits the device rows. */
void sim_meter_finish(struct sim_meter *meter, const struct sim_sink *sink,
                      struct sim_summary *out);

#endif
