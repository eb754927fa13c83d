/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "scenarios/calibrate_link.h"

#include "analysis/fit.h"
#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LATENCY, BANDWIDTH, UNKNOWNS, FEWEST = 3 };

/* Drivers change their way of copying with the size, which no line knows. */
static const double form_error = 0.1;
/* Of the logarithms of what the smallest and the largest copy tell alone. */
static const double start_sigma = 3;

struct copies {
    const double *bytes, *time_s;
    size_t n;
};

static bool residuals(void *context, const double *x, double *residual)
{
    const struct copies *copies = context;
    for (size_t i = 0; i < copies->n; i++)
        residual[i] = log((x[LATENCY] + copies->bytes[i] / x[BANDWIDTH]) / copies->time_s[i]);
    return true;
}

/* Where the search starts: the shortest time, and the highest rate. False: no two sizes. */
static bool start(const struct copies *copies, double *latency_s, double *bandwidth_Bps)
{
    double least_B = INFINITY, most_B = 0;
    *latency_s = INFINITY;
    *bandwidth_Bps = 0;
    for (size_t i = 0; i < copies->n; i++) {
        *latency_s = fmin(*latency_s, copies->time_s[i]);
        *bandwidth_Bps = fmax(*bandwidth_Bps, copies->bytes[i] / copies->time_s[i]);
        least_B = fmin(least_B, copies->bytes[i]);
        most_B = fmax(most_B, copies->bytes[i]);
    }
    return copies->n >= FEWEST && least_B<most_B && * latency_s> 0;
}

bool scenario_way_fit(const double *bytes, const double *time_s, const double *error, size_t n,
                      struct scenario_way *out)
{
    struct copies copies = {bytes, time_s, n};
    struct error err = {0};
    struct fit_result result;
    double latency_s, bandwidth_Bps;
    *out = (struct scenario_way){NAN, NAN, NAN, NAN, n};
    if (!start(&copies, &latency_s, &bandwidth_Bps))
        return false;
    const struct fit_parameter parameters[UNKNOWNS] = {
        {"latency", FIT_LOG, 0, INFINITY, latency_s, start_sigma},
        {"bandwidth", FIT_LOG, 0, INFINITY, bandwidth_Bps, start_sigma}};
    double *noise = mem_calloc(n, sizeof *noise);
    for (size_t i = 0; i < n; i++)
        noise[i] = hypot(form_error, error[i]);
    const struct fit_problem problem = {parameters, UNKNOWNS, n, residuals, &copies, noise, 2};
    bool ok = fit_map(&problem, &result, &err);
    if (ok) {
        *out = (struct scenario_way){result.x[LATENCY], result.x[BANDWIDTH],
                                     result.standard_error[LATENCY] / result.x[LATENCY],
                                     result.standard_error[BANDWIDTH] / result.x[BANDWIDTH], n};
        fit_free(&result);
    }
    free(noise);
    return ok;
}

bool scenario_way_of(const struct calibrate_samples *samples, const char *name,
                     struct scenario_way *out)
{
    double *number = mem_calloc(3 * samples->n + 1, sizeof *number);
    double *bytes = number, *time_s = number + samples->n, *error = number + 2 * samples->n;
    size_t n = 0;
    for (size_t i = 0; i < samples->n; i++) {
        const struct calibrate_sample *one = &samples->sample[i];
        if (one->timing.repetitions == 0 || strcmp(one->name, name) != 0)
            continue;
        bytes[n] = one->bytes;
        time_s[n] = one->timing.median_s;
        error[n++] = one->timing.standard_error;
    }
    bool ok = scenario_way_fit(bytes, time_s, error, n, out);
    free(number);
    return ok;
}

static bool is_own(const struct scenario_calibration *calibration)
{
    return !calibration->found.shares_memory;
}

/* What a calibration's copies tell: the format has one figure for both ways, so the slower one. */
static struct scenario_machine_link host_link(const struct scenario_calibration *calibration)
{
    const struct scenario_way *up = &calibration->upload, *down = &calibration->download;
    return (struct scenario_machine_link){.latency_s = fmax(up->latency_s, down->latency_s),
                                          .bandwidth_Bps =
                                              fmin(up->bandwidth_Bps, down->bandwidth_Bps)};
}

/* Two copies, one behind the other, where both devices have memory of their own. */
static struct scenario_machine_link link_of(const struct scenario_calibration *a,
                                            const struct scenario_calibration *b)
{
    if (!is_own(a))
        return host_link(b);
    if (!is_own(b))
        return host_link(a);
    struct scenario_machine_link one = host_link(a), other = host_link(b);
    return (struct scenario_machine_link){
        .through_host = true,
        .latency_s = one.latency_s + other.latency_s,
        .bandwidth_Bps = 1 / (1 / one.bandwidth_Bps + 1 / other.bandwidth_Bps)};
}

size_t scenario_machine_links(const struct scenario_machine *machine,
                              struct scenario_machine_link **out)
{
    size_t n = 0;
    *out = mem_calloc(machine->n * machine->n + 1, sizeof **out);
    for (size_t i = 0; i < machine->n; i++)
        for (size_t j = i + 1; j < machine->n; j++) {
            const struct scenario_calibration *a = &machine->device[i], *b = &machine->device[j];
            if (!is_own(a) && !is_own(b))
                continue;
            struct scenario_machine_link link = link_of(a, b);
            link.from = i;
            link.to = j;
            if (isfinite(link.bandwidth_Bps) && isfinite(link.latency_s))
                (*out)[n++] = link;
        }
    return n;
}
