/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The series of a run as arrays over (time, device), thinned to what a picture can show. Internal
 * to this folder. */
#ifndef PLOTS_SAMPLES_H
#define PLOTS_SAMPLES_H

#include "base/table.h"

struct plot_samples {
    size_t n_times, n_devices;
    const char **device;             /* (n_devices) borrowed from the table */
    double *time_s;                  /* (n_times) end of each period */
    double *power_W, *temperature_C; /* (n_times, n_devices) means; nan where there is none */
    double *running, *waiting;       /* (n_times) */
    size_t joined;                   /* samples in one mean */
};

/* Reads a table of struct sim_sample_row, ordered by time; periods are joined to means so that at
 * most `most` remain. The table must outlive the samples. Freed with plot_samples_free. */
void plot_samples_read(const struct table *series, size_t most, struct plot_samples *out);
void plot_samples_free(struct plot_samples *samples);

#endif
