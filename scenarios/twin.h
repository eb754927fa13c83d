/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What faults cost, request by request: the latencies of a run held against those of its twin, the
 * same run without faults. Internal to this folder. */
#ifndef SCENARIOS_TWIN_H
#define SCENARIOS_TWIN_H

#include "sim/engine.h"

struct scenario_twin {
    double *e2e_s; /* (capacity) of the twin, by request; nan: no answer */
    size_t n, capacity;
    double sum_s, most_s; /* added to affected requests that both answered */
    size_t affected;
};
void scenario_twin_free(struct scenario_twin *twin);
/* Rows of the twin, then of the run itself. */
void scenario_twin_note(struct scenario_twin *twin, const struct sim_request_row *row);
void scenario_twin_compare(struct scenario_twin *twin, const struct sim_request_row *row);
void scenario_twin_tell(const struct scenario_twin *twin, struct sim_recovered *out);

#endif
