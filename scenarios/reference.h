/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names that stand for files: catalogue entries (`platform: qeil-box`) and paths
 * (`platform: ../my-box.yaml`). Internal to this folder. */
#ifndef SCENARIOS_REFERENCE_H
#define SCENARIOS_REFERENCE_H

#include "base/tree.h"

struct scenario_reference {
    const char *kind;         /* "device", "platform", "model", "workload", "scenario" */
    const char *name;         /* as written; a model's without its quantisation */
    const char *beside;       /* the file that names it; NULL: paths start in the current folder */
    const struct tree *place; /* where it stands, for faults; NULL: on the command line */
};

/* The file it means: a path when it holds a '/' or ends in .yaml, else a catalogue entry by name or
 * alias. NULL with a fault. Freed with free(). */
char *scenario_reference_path(const struct scenario_reference *reference, struct error *err);
/* Whether a name is a path. */
bool scenario_reference_is_path(const char *name);
/* One fault at the reference's place. */
bool scenario_reference_fault(const struct scenario_reference *reference, struct error *err,
                              const char *format, ...) __attribute__((format(printf, 3, 4)));

/* What `node` (a name or a map, standing under the key `kind`) means, with all that it refers to
 * laid out. The caller owns the result and frees it with tree_free. NULL: err has the faults.
 * A platform's device entries are left for scenario_expand_devices. */
struct tree *scenario_expand(const char *kind, const struct tree *node, struct error *err);
/* Lays each device entry of an expanded platform over the device that it names. */
bool scenario_expand_devices(struct tree *platform, struct error *err);

#endif
