/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "scenarios/calibrate.h"
#include "scenarios/calibrate_heat.h"
#include "scenarios/calibrate_power.h"
#include "scenarios/calibrate_store.h"
#include "scenarios/fit_device.h"

#include "base/memory.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>

static json_t *number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *sample_json(const struct calibrate_sample *one)
{
    bool product = one->kind == CALIBRATE_PRODUCT;
    return json_pack("{s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:f, s:f, s:f, s:f, s:f, s:f}", "kind",
                     scenario_kernel_kinds[one->kind], "name", one->name, "format",
                     product ? kernels_format_name(one->format) : "", "rows", (json_int_t)one->rows,
                     "outputs", (json_int_t)one->outputs, "inputs", (json_int_t)one->inputs,
                     "context", (json_int_t)one->context, "working_set_bytes", one->working_set_B,
                     "bytes", one->bytes, "flops", one->flops, "time_s", one->timing.median_s,
                     "scatter", one->timing.spread, "standard_error", one->timing.standard_error);
}

static json_t *sweep_json(const struct scenario_calibration *calibration)
{
    json_t *sweep = json_array();
    for (size_t i = 0; i < calibration->n_sweep; i++) {
        const struct scenario_calibrate_threads *one = &calibration->sweep[i];
        json_array_append_new(sweep,
                              json_pack("{s:I, s:o, s:o}", "threads", (json_int_t)one->threads,
                                        "gemv_bytes_per_s", number(one->stream_Bps),
                                        "gemm_flops_per_s", number(one->gemm_FLOPps)));
    }
    return sweep;
}

/* What was fitted to, with what the fitted device says. */
static json_t *fitted_json(const struct scenario_calibration *calibration)
{
    const struct calibrate_evidence *evidence = &calibration->evidence;
    json_t *rows = json_array();
    for (size_t i = 0; i < evidence->n; i++) {
        const struct calibrate_sample *one = evidence->sample[i];
        const struct device_run *run = &evidence->what[i].run;
        double measured_s = evidence->what[i].measured;
        json_t *row = json_pack("{s:s, s:f, s:f, s:f, s:f}", "group", evidence->group[i], "time_s",
                                measured_s, "predicted_s", calibration->predicted_s[i], "error",
                                calibration->predicted_s[i] / measured_s - 1, "expected_error",
                                evidence->what[i].noise);
        if (one)
            json_object_update_new(row, sample_json(one));
        else
            json_object_update_new(
                row, json_pack("{s:f, s:f}", "tokens", run->tokens, "depth", run->depth));
        json_array_append_new(rows, row);
    }
    return rows;
}

static json_t *way_json(const struct scenario_way *way)
{
    if (!isfinite(way->bandwidth_Bps))
        return json_null();
    return json_pack("{s:f, s:f, s:f, s:f, s:I}", "bytes_per_s", way->bandwidth_Bps, "latency_s",
                     way->latency_s, "bandwidth_error", way->bandwidth_error, "latency_error",
                     way->latency_error, "copies", (json_int_t)way->n);
}

static json_t *calibration_json(const struct scenario_calibration *calibration)
{
    json_t *samples = json_array(), *groups = json_object();
    for (size_t i = 0; i < calibration->samples.n; i++)
        if (calibration->samples.sample[i].timing.repetitions > 0)
            json_array_append_new(samples, sample_json(&calibration->samples.sample[i]));
    for (size_t i = 0; i < calibration->fit.n_groups; i++)
        json_object_set_new(groups, calibration->fit.group[i].name,
                            scenario_group_json(&calibration->fit.group[i]));
    return json_pack(
        "{s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:f, s:f, s:f, s:o, s:o, s:o, s:o, s:o, s:o, "
        "s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
        "on", calibration->found.id, "processor", calibration->title, "vectors",
        calibration->vectors, "gemm", calibration->gemm, "threads",
        (json_int_t)calibration->threads, "planned", (json_int_t)calibration->planned, "measured",
        (json_int_t)calibration->measured, "noise", calibration->noise, "drift",
        calibration->pace.drift, "slowdown", calibration->pace.slowdown, "stream_bytes_per_s",
        number(calibration->stream_Bps), "peak_flops_per_s", number(calibration->peak_FLOPps),
        "gemm_flops_per_s", number(calibration->gemm_FLOPps), "launch_s",
        number(calibration->launch_s), "page_s", number(calibration->page_s), "threads_tried",
        sweep_json(calibration), "power",
        scenario_power_json(&calibration->draw, &calibration->split), "heat",
        scenario_heat_json(&calibration->heat_run, &calibration->heat), "groups", groups, "fitted",
        fitted_json(calibration), "samples", samples, "upload", way_json(&calibration->upload),
        "download", way_json(&calibration->download));
}

static char *take_text(json_t *root)
{
    char *text = json_dumps(root, JSON_INDENT(2));
    json_decref(root);
    return text;
}

char *scenario_calibration_json(const struct scenario_calibration *calibration)
{
    return take_text(calibration_json(calibration));
}

char *scenario_machine_json(const struct scenario_machine *machine)
{
    json_t *devices = json_array(), *links = json_array(), *left_out = json_array();
    for (size_t i = 0; i < machine->n; i++)
        json_array_append_new(devices, calibration_json(&machine->device[i]));
    for (size_t i = 0; i < machine->n_links; i++) {
        const struct scenario_machine_link *link = &machine->link[i];
        json_array_append_new(links, json_pack("{s:s, s:s, s:f, s:f, s:b}", "from",
                                               machine->device[link->from].found.id, "to",
                                               machine->device[link->to].found.id, "bytes_per_s",
                                               link->bandwidth_Bps, "latency_s", link->latency_s,
                                               "through_host", link->through_host));
    }
    for (size_t i = 0; i < machine->n_left_out; i++)
        json_array_append_new(left_out, json_pack("{s:s, s:s}", "id", machine->left_out[i].id,
                                                  "why", machine->left_out[i].why));
    return take_text(json_pack("{s:s, s:o, s:o, s:o}", "name", machine->name, "devices", devices,
                               "links", links, "left_out", left_out));
}
