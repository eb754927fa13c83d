/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whole passes of a small model that stands in no catalogue: what a pass costs beside its
 * operators. Internal to this folder. */
#ifndef SCENARIOS_CALIBRATE_PASSES_H
#define SCENARIOS_CALIBRATE_PASSES_H

#include "devices/calibrate/evidence.h"
#include "devices/calibrate/transformer.h"

enum { SCENARIO_PASS_MODELS = 2 };

struct scenario_passes {
    struct device_forward forward[SCENARIO_PASS_MODELS]; /* (n_models) what the passes borrow */
    size_t n_models;
    struct calibrate_pass *pass; /* (n) */
    size_t n;
};

/* Times a prompt, or one step of an answer, on a model that is open. False: stopped. */
bool scenario_pass_time(struct calibrate_transformer *transformer, struct calibrate_pass *pass,
                        const struct calibrate_effort *effort);

/* Runs them; without memory, or when it is stopped, there are fewer of them. The caller frees *out
 * with scenario_passes_free. */
void scenario_passes_run(struct kernels *kernels, const struct calibrate_effort *effort,
                         struct scenario_passes *out);
void scenario_passes_free(struct scenario_passes *passes);

#endif
