/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Words of a scenario that its field table cannot judge: serving, schedulers, objectives and plans.
 * Internal to this folder. */
#ifndef SCENARIOS_CHECK_H
#define SCENARIOS_CHECK_H

#include "scenarios/scenario.h"

/* Serving rules that exclude each other. */
bool scenario_check_serving(const struct scenario *scenario, struct error *err);
bool scenario_check_schedulers(const struct scenario *scenario, struct error *err);
/* Devices that fail exist, and their replacement can be searched. */
bool scenario_check_faults(const struct scenario *scenario, struct error *err);
/* Also notes in scenario->search which objectives count. */
bool scenario_take_objectives(struct scenario *scenario, struct error *err);
/* Whether `plan` is a word that `run` knows, or RESULT.h5:ID; `place` is NULL on the command line.
 */
bool scenario_check_plan(const struct scenario *scenario, const char *plan,
                         const struct tree *place, struct error *err);

#endif
