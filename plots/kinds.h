/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One function for each kind of picture, behind plot_script. Internal to this folder. */
#ifndef PLOTS_KINDS_H
#define PLOTS_KINDS_H

#include "plots/plot.h"

/* Energy against latency of every front, the searched one coloured by underutilisation. */
bool plot_front(const struct scenario_result *result, const struct plot_options *options,
                struct text *out, struct error *err);

/* Power, temperature and requests over time. */
bool plot_timeline(const struct scenario_result *result, const struct plot_options *options,
                   struct text *out, struct error *err);

/* Rooflines of the result's machine with the operators of its model. */
bool plot_rooflines(const struct scenario_result *result, const struct plot_options *options,
                    struct text *out, struct error *err);

/* Predicted against measured token rates of a validation. */
bool plot_validation(const struct scenario_result *result, const struct plot_options *options,
                     struct text *out, struct error *err);

/* Measured and predicted temperatures of a thermal validation. */
bool plot_thermal(const struct scenario_result *result, const struct plot_options *options,
                  struct text *out, struct error *err);

/* Bandwidth of streams over their working set, of each device of a calibration. */
bool plot_bandwidth(const struct scenario_result *result, const struct plot_options *options,
                    struct text *out, struct error *err);

/* Rate of products over their rows, by weight format, measured and fitted. */
bool plot_compute(const struct scenario_result *result, const struct plot_options *options,
                  struct text *out, struct error *err);

/* Predicted over measured time of what a device was fitted to, by group. */
bool plot_residuals(const struct scenario_result *result, const struct plot_options *options,
                    struct text *out, struct error *err);

/* The measured roofline of a calibration with its kernels under it. */
bool plot_kernels(const struct scenario_result *result, const struct plot_options *options,
                  struct text *out, struct error *err);

#endif
