/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plots/samples.h"

#include "base/memory.h"
#include "sim/rows.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static size_t device_index(struct plot_samples *samples, const char *name, size_t *capacity)
{
    for (size_t d = 0; d < samples->n_devices; d++)
        if (strcmp(samples->device[d], name) == 0)
            return d;
    samples->device =
        mem_grow(samples->device, capacity, samples->n_devices + 1, sizeof *samples->device);
    samples->device[samples->n_devices] = name;
    return samples->n_devices++;
}

/* Counts devices and periods. */
static void survey(const struct table *series, struct plot_samples *samples)
{
    struct sim_sample_row row;
    double last = NAN;
    size_t capacity = 0;
    for (size_t r = 0; r < series->n_rows; r++) {
        table_get(series, r, &row);
        device_index(samples, row.device, &capacity);
        samples->n_times += !(row.time_s == last);
        last = row.time_s;
    }
}

/* Sums and counts of one mean. */
struct mean {
    double sum, n;
};

static void add(struct mean *mean, double value)
{
    if (!isfinite(value))
        return;
    mean->sum += value;
    mean->n++;
}

static double take(struct mean *mean)
{
    double value = mean->n > 0 ? mean->sum / mean->n : NAN;
    *mean = (struct mean){0, 0};
    return value;
}

static void close_period(struct plot_samples *samples, struct mean *mean, double time_s)
{
    size_t t = samples->n_times++, n = samples->n_devices;
    samples->time_s[t] = time_s;
    for (size_t d = 0; d < n; d++) {
        samples->power_W[t * n + d] = take(&mean[d]);
        samples->temperature_C[t * n + d] = take(&mean[n + d]);
    }
    samples->running[t] = take(&mean[2 * n]);
    samples->waiting[t] = take(&mean[2 * n + 1]);
}

static void fill(const struct table *series, struct plot_samples *samples)
{
    struct sim_sample_row row, last = {.time_s = NAN};
    size_t n = samples->n_devices, periods = 0, capacity = n;
    struct mean *mean = mem_calloc(2 * n + 2, sizeof *mean);
    samples->n_times = 0;
    for (size_t r = 0; r < series->n_rows; r++) {
        table_get(series, r, &row);
        if (!(row.time_s == last.time_s) && r > 0 && ++periods % samples->joined == 0)
            close_period(samples, mean, last.time_s);
        size_t d = device_index(samples, row.device, &capacity);
        add(&mean[d], row.power_W);
        add(&mean[n + d], row.temperature_C);
        add(&mean[2 * n], (double)row.running);
        add(&mean[2 * n + 1], (double)row.waiting);
        last = row;
    }
    if (series->n_rows > 0)
        close_period(samples, mean, last.time_s);
    free(mean);
}

void plot_samples_read(const struct table *series, size_t most, struct plot_samples *out)
{
    *out = (struct plot_samples){.joined = 1};
    survey(series, out);
    out->joined = out->n_times / most + (out->n_times % most != 0);
    if (out->joined == 0)
        out->joined = 1;
    size_t n = out->n_times / out->joined + 1;
    out->time_s = mem_calloc(n, sizeof(double));
    out->running = mem_calloc(n, sizeof(double));
    out->waiting = mem_calloc(n, sizeof(double));
    out->power_W = mem_calloc(n * (out->n_devices + 1), sizeof(double));
    out->temperature_C = mem_calloc(n * (out->n_devices + 1), sizeof(double));
    fill(series, out);
}

void plot_samples_free(struct plot_samples *samples)
{
    free(samples->device);
    free(samples->time_s);
    free(samples->power_W);
    free(samples->temperature_C);
    free(samples->running);
    free(samples->waiting);
    *samples = (struct plot_samples){0};
}
