/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A machine with a model on it, from whatever holds them: a platform, a scenario or a result. */
#ifndef CLI_MACHINE_H
#define CLI_MACHINE_H

#include "scenarios/scenario.h"

struct machine {
    const struct device_platform *platform; /* of this struct's own members below */
    const struct workload_model *model;
    struct scenario scenario;
    struct tree *platform_tree, *model_tree;
    struct device_platform own_platform;
    struct workload_model own_model;
};

/* `name` is a file or a name of the catalogue; `model` replaces the model of a scenario or result
 * (NULL: it stays) and must be given with a platform. The caller frees *out with machine_free, also
 * after a fault. */
bool machine_load(const char *name, const char *model, struct machine *out, struct error *err);
void machine_free(struct machine *machine);

#endif
