/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A fit as GSL solves it: the free parameters as z = (u - u(prior)) / unit, and rows that are the
 * weighted residuals followed by one prior row a free parameter. For fit*.c alone. */
#ifndef ANALYSIS_FIT_SYSTEM_H
#define ANALYSIS_FIT_SYSTEM_H

#include "analysis/fit.h"

#include <gsl/gsl_matrix.h>
#include <gsl/gsl_vector.h>

struct fit_system {
    const struct fit_problem *problem;
    size_t n_free, n_rows;      /* n_rows = n_residuals + n_free */
    size_t *free;               /* (n_free) index of the parameter */
    double *start;              /* (n_free) u of the prior */
    double *unit;               /* (n_free) */
    double *tight;              /* (n_free) unit / sigma of u; 0 without prior */
    double *weight;             /* (n_residuals) root of the row's weight */
    double *x;                  /* (n_parameters) work */
    double *residual;           /* (n_residuals) work */
    double *z, *ahead, *behind; /* work: (n_free), (n_rows), (n_rows) */
};

struct fit_system fit_system_open(const struct fit_problem *problem);
void fit_system_close(struct fit_system *system);

double fit_system_u(const struct fit_system *system, size_t j, double z); /* of free parameter j */
void fit_system_x(const struct fit_system *system, const double *z, double *x); /* (n_parameters) */

/* residual / noise at z into out (n_residuals); false where z is impossible. */
bool fit_system_residuals(struct fit_system *system, const double *z, double *out);

/* GSL's callbacks, whose last work space is the system. Impossible z gives rows so great that no
 * search steps there. Both always succeed. */
int fit_system_rows(const gsl_vector *z, void *system, gsl_vector *rows);
int fit_system_jacobian(const gsl_vector *z, void *system, gsl_matrix *jacobian);

/* From z (n_free), which becomes the solution. False only when GSL has no memory or fails. */
bool fit_system_solve(struct fit_system *system, double *z, struct fit_result *result,
                      struct error *err);
/* Fills what *result says of certainty: covariance, correlation, standard_error, learned, scatter.
 * False when a parameter without prior is not determined. */
bool fit_system_certainty(struct fit_system *system, const double *z, struct fit_result *result,
                          struct error *err);

#endif
