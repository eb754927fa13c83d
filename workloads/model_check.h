/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What must hold between the members of a model. Internal to this folder. */
#ifndef WORKLOADS_MODEL_CHECK_H
#define WORKLOADS_MODEL_CHECK_H

#include "workloads/model.h"

/* In the order of enum workload_layer, NULL-ended. */
extern const char *const workload_layer_names[];

/* Fills what is implied (heads of keys, width of a head) and adds a fault for each combination that
 * makes no sense. */
bool workload_model_check(const struct tree *node, struct workload_model *model, struct error *err);

#endif
