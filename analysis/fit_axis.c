/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/fit_axis.h"

#include <float.h>
#include <math.h>

#define SOFT_SHARE 0.1      /* of the way from a bound to the prior: where u and v part */
#define RELATIVE_STEP 1e-4  /* wide, since residuals may have kinks and rounding of their own */
#define AT_BOUND_SLOPE 1e-6 /* of the slope at the prior */

static double coordinate(const struct fit_parameter *parameter, double x)
{
    return parameter->scale == FIT_LOG ? log(x) : x;
}

/* Where softness begins above `bound` (width > 0) or below it (width < 0). */
struct edge {
    double bound, width;
};

static struct edge edge_at(const struct fit_parameter *parameter, double bound)
{
    double v = coordinate(parameter, bound);
    return (struct edge){v, SOFT_SHARE * (coordinate(parameter, parameter->prior) - v)};
}

/* How far v or u lies beyond the edge's start, in widths; <= 0 where u = v. */
static double beyond(const struct edge *edge, double v)
{
    return isfinite(edge->width) ? 1 - (v - edge->bound) / edge->width : -1;
}

static struct edge nearer_edge(const struct fit_parameter *parameter, double v)
{
    struct edge low = edge_at(parameter, parameter->low);
    return beyond(&low, v) > 0 ? low : edge_at(parameter, parameter->high);
}

static double bend(const struct fit_parameter *parameter, double u)
{
    struct edge edge = nearer_edge(parameter, u);
    double depth = beyond(&edge, u);
    return depth > 0 ? edge.bound + edge.width * exp(-depth) : u;
}

static double bend_slope(const struct fit_parameter *parameter, double u)
{
    struct edge edge = nearer_edge(parameter, u);
    double depth = beyond(&edge, u);
    return depth > 0 ? exp(-depth) : 1;
}

static double unbend(const struct fit_parameter *parameter, double v)
{
    struct edge edge = nearer_edge(parameter, v);
    if (!(beyond(&edge, v) > 0))
        return v;
    double share = fmax((v - edge.bound) / edge.width, DBL_MIN);
    return edge.bound + edge.width * (1 + log(share));
}

static double strictly_inside(const struct fit_parameter *parameter, double x)
{
    double least = nextafter(parameter->low, parameter->high);
    double greatest = nextafter(parameter->high, parameter->low);
    return fmin(fmax(x, least), greatest);
}

double fit_axis_u(const struct fit_parameter *parameter, double x)
{
    double inside = strictly_inside(parameter, x);
    if (parameter->scale == FIT_LOGIT)
        return log((inside - parameter->low) / (parameter->high - inside));
    return unbend(parameter, coordinate(parameter, inside));
}

/* Measured from the nearer bound, so that a place near it keeps its digits. */
static double logit_place(const struct fit_parameter *parameter, double u)
{
    double odds = exp(-fabs(u));
    double from_bound = (parameter->high - parameter->low) * odds / (1 + odds);
    return u < 0 ? parameter->low + from_bound : parameter->high - from_bound;
}

double fit_axis_x(const struct fit_parameter *parameter, double u)
{
    double x;
    if (parameter->scale == FIT_LOGIT)
        x = logit_place(parameter, u);
    else
        x = bend(parameter, u);
    return strictly_inside(parameter, parameter->scale == FIT_LOG ? exp(x) : x);
}

double fit_axis_slope(const struct fit_parameter *parameter, double u)
{
    if (parameter->scale == FIT_LOGIT) {
        double odds = exp(-fabs(u));
        return (parameter->high - parameter->low) * odds / ((1 + odds) * (1 + odds));
    }
    double slope = bend_slope(parameter, u);
    return parameter->scale == FIT_LOG ? slope * fit_axis_x(parameter, u) : slope;
}

double fit_axis_sigma(const struct fit_parameter *parameter)
{
    if (parameter->scale != FIT_LOGIT)
        return parameter->sigma; /* the prior lies where u = v */
    return parameter->sigma / fit_axis_slope(parameter, fit_axis_u(parameter, parameter->prior));
}

double fit_axis_unit(const struct fit_parameter *parameter)
{
    if (parameter->scale != FIT_LINEAR)
        return 1;
    double prior = parameter->prior;
    double width = parameter->sigma > 0 && isfinite(parameter->sigma) ? parameter->sigma : 1;
    double size = fabs(prior) > 0 ? fabs(prior) : width;
    return fmin(size, fmin(prior - parameter->low, parameter->high - prior));
}

double fit_axis_step(const struct fit_parameter *parameter, double u)
{
    double unit = fit_axis_unit(parameter);
    if (parameter->scale == FIT_LINEAR)
        unit = fmax(unit, fabs(u - parameter->prior));
    return RELATIVE_STEP * unit;
}

bool fit_axis_at_bound(const struct fit_parameter *parameter, double u)
{
    if (parameter->scale != FIT_LOGIT)
        return bend_slope(parameter, u) < AT_BOUND_SLOPE;
    double at_prior = fit_axis_slope(parameter, fit_axis_u(parameter, parameter->prior));
    return fit_axis_slope(parameter, u) < AT_BOUND_SLOPE * at_prior;
}
