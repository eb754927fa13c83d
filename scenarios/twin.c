/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "scenarios/twin.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>

void scenario_twin_free(struct scenario_twin *twin)
{
    free(twin->e2e_s);
    *twin = (struct scenario_twin){0};
}

void scenario_twin_note(struct scenario_twin *twin, const struct sim_request_row *row)
{
    size_t id = (size_t)row->id;
    twin->e2e_s = mem_grow(twin->e2e_s, &twin->capacity, id + 1, sizeof *twin->e2e_s);
    while (twin->n <= id)
        twin->e2e_s[twin->n++] = NAN;
    twin->e2e_s[id] = row->e2e_s;
}

void scenario_twin_compare(struct scenario_twin *twin, const struct sim_request_row *row)
{
    size_t id = (size_t)row->id;
    double added_s = id < twin->n ? row->e2e_s - twin->e2e_s[id] : NAN;
    if (!row->faulted || !isfinite(added_s))
        return;
    twin->most_s = twin->affected > 0 ? fmax(twin->most_s, added_s) : added_s;
    twin->sum_s += added_s;
    twin->affected++;
}

void scenario_twin_tell(const struct scenario_twin *twin, struct sim_recovered *out)
{
    if (twin->affected == 0)
        return;
    out->added_mean_s = twin->sum_s / (double)twin->affected;
    out->added_most_s = twin->most_s;
}
