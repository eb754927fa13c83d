/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Robust nonlinear least squares with priors (maximum a posteriori), on GSL's trust-region solver.
 *
 * It minimises
 *     sum_i rho(r_i(x) / noise_i) + sum_j ((u_j(x_j) - u_j(prior_j)) / sigma_j)^2
 * with rho(t) = t^2 up to `huber` standard deviations and linear beyond (Huber, Ann. Math. Stat.
 * 35, 1964; by iteratively reweighted least squares), and u the coordinate in which a parameter is
 * normal: itself, its logarithm, or the logit of its place between its bounds. Every parameter
 * stays strictly inside its bounds. Derivatives are central differences in u.
 *
 * The covariance is that of u, from the Jacobian at the solution with the priors in it. Where the
 * rows scatter more than their noise says, the rows' part of it grows by scatter^2 (it never
 * shrinks); the priors' part stays, so that a parameter of which the rows know nothing keeps the
 * spread of its prior.
 *
 * GSL's error handler must be off (gsl_set_error_handler_off); it would abort where these functions
 * want to go on. */
#ifndef ANALYSIS_FIT_H
#define ANALYSIS_FIT_H

#include "base/error.h"

/* Bounds of FIT_LINEAR and FIT_LOG, where finite, are soft: with v = x or ln x and w a tenth of the
 * way from the bound to the prior (in v), u = v except within w of the bound, where
 * v = low + w exp((u - low - w) / w), and likewise at high: value and slope have no jump. */
enum fit_scale {
    FIT_LINEAR, /* u = x */
    FIT_LOG,    /* u = ln x */
    FIT_LOGIT   /* u = ln((x - low) / (high - x)) */
};

struct fit_parameter {
    const char *name;
    enum fit_scale scale;
    double low, high; /* bounds; low >= 0 with FIT_LOG; both finite with FIT_LOGIT */
    double prior;     /* the class's value, also where the search starts; strictly inside */
    double sigma;     /* of x for FIT_LINEAR and FIT_LOGIT (near the prior), of ln x for FIT_LOG;
                         INFINITY: no prior; 0: held at the prior */
};

/* Fills residual[n_residuals] for parameter values x[n_parameters]; false: x is impossible, which
 * the search takes as a step too far, like a residual that is not finite. */
typedef bool fit_residuals(void *context, const double *x, double *residual);

struct fit_problem {
    const struct fit_parameter *parameter; /* (n_parameters) */
    size_t n_parameters;
    size_t n_residuals; /* may be fewer than parameters: priors decide then */
    fit_residuals *residuals;
    void *context;
    const double *noise; /* (n_residuals) standard deviations; NULL: 1 each */
    double huber;        /* in standard deviations; INFINITY: plain least squares */
};

struct fit_result {
    size_t n;               /* parameters */
    double *x;              /* (n) the estimate */
    double *covariance;     /* (n, n) of u, row by row; 0 for held parameters */
    double *standard_error; /* (n) of x, to first order */
    double *correlation;    /* (n, n) of u */
    double *learned; /* (n) 1 - posterior variance / prior variance of u, in [0, 1]; without a
                        prior as if it had one with a standard deviation of 1 (FIT_LOG, FIT_LOGIT)
                        or of its size (FIT_LINEAR); 0 for held parameters */
    double scatter; /* robust standard deviation of residual / noise; 1 where no row is left over */
    size_t iterations;
    bool converged; /* false: a cap on iterations ended the search; x is the best found */
};

/* False only when the problem itself is wrong (bounds, noise), when the residuals cannot be
 * computed at the start or are not finite (1e100 noises count as infinite), or when a parameter
 * without prior is not determined (a singular value below 1e-10 of the greatest; the fault names
 * it). One without prior that the rows push onto a bound counts as held there: covariance 0. The
 * caller frees *out with fit_free; after false it is empty. */
bool fit_map(const struct fit_problem *problem, struct fit_result *out, struct error *err);
void fit_free(struct fit_result *result);

/* The prior as if it were a result: estimate and covariance before any row was seen; variances are
 * INFINITY where there is no prior. False only when the problem is wrong. */
bool fit_prior(const struct fit_problem *problem, struct fit_result *out, struct error *err);

/* Standard deviation of g(x) that follows from the result's covariance, to first order, by central
 * differences in u; false from g, or a value that is not finite, is a fault. INFINITY where g
 * depends on a parameter of infinite variance. */
typedef bool fit_function(void *context, const double *x, double *value);
bool fit_spread(const struct fit_problem *problem, const struct fit_result *result, fit_function *g,
                void *context, double *sd, struct error *err);

/* A parameter that the rows tell little about: it stays near its prior. */
#define FIT_LEARNED_LITTLE 0.1

#endif
