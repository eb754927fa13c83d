/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "scenarios/measured_power.h"

#include <jansson.h>

bool scenario_power_join(const struct scenario_power_ask *ask, struct measured_table *table,
                         struct measured_power_report *out, struct error *err)
{
    struct measured_power_log log;
    *out = (struct measured_power_report){.rows = 0};
    if (!ask->path)
        return true;
    bool ok = measured_power_read(ask->path, ask->offset_s, &log, err);
    if (ok)
        measured_power_join(&log, table, out);
    measured_power_free(&log);
    return ok;
}

json_t *scenario_power_report_json(const struct measured_power_report *report)
{
    json_t *left = json_array();
    for (size_t i = 0; i < report->n_left; i++)
        json_array_append_new(left, json_pack("{s:s, s:I, s:s}", "reason", report->left[i].reason,
                                              "rows", (json_int_t)report->left[i].rows, "example",
                                              report->left[i].example));
    return json_pack("{s:I, s:I, s:o}", "rows", (json_int_t)report->rows, "joined",
                     (json_int_t)report->joined, "left_out", left);
}
