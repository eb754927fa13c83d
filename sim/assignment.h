/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A bare assignment instance: layers are placed on devices, each at a given latency and energy.
 * It is the schedulers' problem without a machine around it, small enough for its true front to be
 * known.
 *
 * Objectives of an assignment, all minimised:
 *   energy   sum of the layers' energies + changes * transition.energy
 *   latency  sum of the layers' latencies + changes * transition.latency
 *   underutilisation, of the devices' loads (sums of latencies, without transitions):
 *     idle   n_devices * largest load - sum of loads
 *     share  1 - mean load / largest load; 0 where all loads are 0
 * changes: neighbouring layers on different devices. */
#ifndef SIM_ASSIGNMENT_H
#define SIM_ASSIGNMENT_H

#include "base/fields.h"
#include "sim/problem.h"

enum { SIM_ASSIGNMENT_DEVICES = 64, SIM_ASSIGNMENT_LAYERS = 10000 };

enum sim_assignment_underutilisation { SIM_ASSIGNMENT_IDLE, SIM_ASSIGNMENT_SHARE };

struct sim_assignment_layer {
    double *latency, *energy; /* (n_devices) */
    size_t n_latency, n_energy;
};

struct sim_assignment {
    char *schema;
    char **device; /* (n_devices) names */
    size_t n_devices;
    struct sim_assignment_layer *layer; /* (n_layers) in the order in which they follow */
    size_t n_layers;
    double transition_latency, transition_energy;
    int underutilisation; /* enum sim_assignment_underutilisation */
};
extern const struct field sim_assignment_fields[];

/* Reads a file; the caller frees *out with sim_assignment_free. False: all faults are told. */
bool sim_assignment_read(const char *path, struct sim_assignment *out, struct error *err);
/* As sim_assignment_read, for bytes in memory; `name` stands in messages. */
bool sim_assignment_parse(const char *name, const char *bytes, size_t n, struct sim_assignment *out,
                          struct error *err);
void sim_assignment_free(struct sim_assignment *assignment);

/* The instance as a scheduler's problem, a gene a layer. Costs are held as whole multiples of a
 * common unit, so that sums are exact and an assignment has one score however it was reached: of
 * 10^-k (k <= 12) where all costs are such, else of a power of two, which moves a cost by at most
 * 2^-52 of the greatest sum. `assignment` must outlive it. The caller frees it with
 * sim_assignment_problem_destroy. */
struct sim_assignment_problem;
struct sim_assignment_problem *
sim_assignment_problem_create(const struct sim_assignment *assignment);
void sim_assignment_problem_destroy(struct sim_assignment_problem *space);
struct problem *sim_assignment_problem_of(struct sim_assignment_problem *space);

#endif
