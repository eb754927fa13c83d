/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/fit_system.h"

#include <gsl/gsl_blas.h>
#include <gsl/gsl_errno.h>
#include <gsl/gsl_multifit_nlinear.h>
#include <math.h>

enum { STEPS_CAP = 200, ROUNDS_CAP = 50 };
#define STEP_TOLERANCE 1e-8    /* of 1 + |z|: one unit is a change that matters */
#define COSINE_TOLERANCE 1e-10 /* between the rows and any column of the Jacobian */
#define WEIGHT_TOLERANCE 1e-6

/* Roots of Huber's weights, min(1, k/|t|), at z; returns the greatest change. */
static double reweight(struct fit_system *system, const double *z)
{
    double *standardised = system->behind, change = 0;
    if (!fit_system_residuals(system, z, standardised))
        return INFINITY;
    for (size_t i = 0; i < system->problem->n_residuals; i++) {
        double size = fabs(standardised[i]), k = system->problem->huber;
        double weight = size > k ? sqrt(k / size) : 1;
        change = fmax(change, fabs(weight - system->weight[i]));
        system->weight[i] = weight;
    }
    return change;
}

/* Whether the rows stand at right angles to all columns, or are nothing: a stationary point. Free
 * of scale, unlike GSL's own test, which calls any small rows converged. */
static bool stationary(const gsl_multifit_nlinear_workspace *work)
{
    const gsl_vector *rows = gsl_multifit_nlinear_residual(work);
    const gsl_matrix *jacobian = gsl_multifit_nlinear_jac(work);
    double length = gsl_blas_dnrm2(rows);
    for (size_t j = 0; j < jacobian->size2; j++) {
        gsl_vector_const_view column = gsl_matrix_const_column(jacobian, j);
        double along = 0;
        gsl_blas_ddot(&column.vector, rows, &along);
        if (fabs(along) > COSINE_TOLERANCE * length * gsl_blas_dnrm2(&column.vector))
            return false;
    }
    return true;
}

static bool small_step(const gsl_multifit_nlinear_workspace *work)
{
    const gsl_vector *z = gsl_multifit_nlinear_position(work);
    for (size_t j = 0; j < z->size; j++) {
        double step = gsl_vector_get(work->dx, j);
        if (fabs(step) > STEP_TOLERANCE * (1 + fabs(gsl_vector_get(z, j))))
            return false;
    }
    return true;
}

/* Steps until the point is stationary or the steps are too small to matter. GSL_ENOPROG: 15 steps,
 * each damped at least twice as hard as the one before, were all uphill, so that the point is a
 * minimum as far as differences can tell, perhaps in a kink. Any other fault of a step ends the
 * search where it is. */
static void descend(gsl_multifit_nlinear_workspace *work, struct fit_result *result)
{
    int status = GSL_SUCCESS;
    result->converged = stationary(work);
    for (size_t i = 0; i < STEPS_CAP && !result->converged && status == GSL_SUCCESS; i++) {
        status = gsl_multifit_nlinear_iterate(work);
        result->iterations++;
        result->converged = status == GSL_ENOPROG ||
                            (status == GSL_SUCCESS && (small_step(work) || stationary(work)));
    }
}

static bool solve_round(struct fit_system *system, const gsl_multifit_nlinear_scale *scale,
                        double *z, struct fit_result *result, struct error *err)
{
    gsl_multifit_nlinear_parameters parameters = gsl_multifit_nlinear_default_parameters();
    parameters.scale = scale;
    gsl_multifit_nlinear_workspace *work = gsl_multifit_nlinear_alloc(
        gsl_multifit_nlinear_trust, &parameters, system->n_rows, system->n_free);
    if (!work)
        return error_machine(err, "no memory for a fit of %zu rows", system->n_rows);
    gsl_multifit_nlinear_fdf rows = {.f = fit_system_rows,
                                     .df = fit_system_jacobian,
                                     .n = system->n_rows,
                                     .p = system->n_free,
                                     .params = system};
    gsl_vector_view point = gsl_vector_view_array(z, system->n_free);
    int status = gsl_multifit_nlinear_init(&point.vector, &rows, work);
    if (status == GSL_SUCCESS) {
        descend(work, result);
        gsl_vector_memcpy(&point.vector, gsl_multifit_nlinear_position(work));
    }
    gsl_multifit_nlinear_free(work);
    return status == GSL_SUCCESS || error_set(err, "the fit failed: %s", gsl_strerror(status));
}

/* Each round solves with fixed weights that touch Huber's function from above at the point where
 * they were taken, so that no round goes uphill. In the first round damping counts in units of z
 * (Levenberg), so that a parameter of which the rows know little does not leap to where they know
 * nothing while others are still far off. From then on it counts in what the rows make of a
 * parameter (More), so that such a one arrives too. */
bool fit_system_solve(struct fit_system *system, double *z, struct fit_result *result,
                      struct error *err)
{
    result->converged = true;
    if (system->n_free == 0)
        return true;
    reweight(system, z);
    for (size_t round = 0; round < ROUNDS_CAP; round++) {
        const gsl_multifit_nlinear_scale *scale =
            round == 0 ? gsl_multifit_nlinear_scale_levenberg : gsl_multifit_nlinear_scale_more;
        if (!solve_round(system, scale, z, result, err))
            return false;
        if (reweight(system, z) <= WEIGHT_TOLERANCE && round > 0)
            return true;
    }
    result->converged = false;
    return true;
}
