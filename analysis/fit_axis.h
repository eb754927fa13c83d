/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Between a parameter's value x and the coordinate u in which it is fitted. For fit*.c alone. */
#ifndef ANALYSIS_FIT_AXIS_H
#define ANALYSIS_FIT_AXIS_H

#include "analysis/fit.h"

double fit_axis_u(const struct fit_parameter *parameter, double x); /* finite, also at a bound */
double fit_axis_x(const struct fit_parameter *parameter, double u); /* strictly inside */
double fit_axis_slope(const struct fit_parameter *parameter, double u); /* dx/du */
double fit_axis_sigma(const struct fit_parameter *parameter);           /* the prior's, of u */

/* A change of u that matters: 1 for FIT_LOG and FIT_LOGIT; for FIT_LINEAR the size of x, at most
 * the way from the prior to a bound. */
double fit_axis_unit(const struct fit_parameter *parameter);
double fit_axis_step(const struct fit_parameter *parameter, double u); /* for differences */

/* Whether u lies so near a bound that it hardly moves x any more. */
bool fit_axis_at_bound(const struct fit_parameter *parameter, double u);

#endif
