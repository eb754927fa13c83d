/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/fit_axis.h"
#include "analysis/fit_system.h"
#include "analysis/statistics.h"
#include "base/memory.h"

#include <float.h>
#include <gsl/gsl_blas.h>
#include <gsl/gsl_errno.h>
#include <gsl/gsl_linalg.h>
#include <math.h>
#include <stdlib.h>

#define UNDETERMINED 1e-10 /* of the greatest singular value, columns of unit length */
#define INVOLVED 1e-3      /* a parameter's share of a direction */
#define ROW_LEFT_OVER 1e-6 /* 1 - leverage below which a row only repeats a parameter */
#define MAD_TO_SD 1.4826   /* 1 / the upper quartile of the normal distribution */

/* Jacobian = U S V^T diag(length), over the n free parameters that are not stuck at a bound. */
struct decomposition {
    size_t n, n_free, n_rows;
    size_t *kept;   /* (n) number among the free parameters */
    double *length; /* (n) of the column */
    double *u;      /* (n_rows, n_free), of which n columns count */
    double *v;      /* (n, n) */
    double *s;      /* (n), falling */
};

static struct decomposition decomposition_open(const struct fit_system *system)
{
    size_t n = system->n_free;
    return (struct decomposition){.n_free = n,
                                  .n_rows = system->n_rows,
                                  .kept = mem_calloc(n, sizeof(size_t)),
                                  .length = mem_calloc(n, sizeof(double)),
                                  .u = mem_calloc(system->n_rows * n, sizeof(double)),
                                  .v = mem_calloc(n * n, sizeof(double)),
                                  .s = mem_calloc(n, sizeof(double))};
}

static void decomposition_close(struct decomposition *d)
{
    free(d->kept);
    free(d->length);
    free(d->u);
    free(d->v);
    free(d->s);
}

/* Of the first n rows. */
static double column_length(struct decomposition *d, size_t j, size_t n)
{
    gsl_vector_view column = gsl_vector_view_array_with_stride(d->u + j, d->n_free, n);
    return n > 0 ? gsl_blas_dnrm2(&column.vector) : 0;
}

/* Without prior and flat: the rows pushed it onto its bound. */
static bool stuck_at_bound(const struct fit_system *system, size_t j, double z, double length)
{
    const struct fit_parameter *parameter = &system->problem->parameter[system->free[j]];
    return system->tight[j] == 0 && length < 1 &&
           fit_axis_at_bound(parameter, fit_system_u(system, j, z));
}

/* Moves the columns that count to the left and scales them to unit length, so that the units of the
 * parameters do not decide what is determined. Only what is next to nothing beside the other
 * columns' measured rows stays so. */
static void keep_columns(const struct fit_system *system, const double *z, struct decomposition *d)
{
    double greatest = 0;
    for (size_t j = 0; j < d->n_free; j++)
        greatest = fmax(greatest, column_length(d, j, system->problem->n_residuals));
    for (size_t j = 0; j < d->n_free; j++) {
        double length = column_length(d, j, d->n_rows);
        if (stuck_at_bound(system, j, z[j], length))
            continue;
        if (system->tight[j] == 0 && length <= UNDETERMINED * greatest)
            length = greatest > 0 ? greatest : 1;
        for (size_t i = 0; i < d->n_rows; i++)
            d->u[i * d->n_free + d->n] = d->u[i * d->n_free + j] / length;
        d->length[d->n] = length;
        d->kept[d->n++] = j;
    }
}

static bool decompose(struct fit_system *system, const double *z, struct decomposition *d,
                      struct error *err)
{
    gsl_vector_const_view point = gsl_vector_const_view_array(z, d->n_free);
    gsl_matrix_view jacobian = gsl_matrix_view_array(d->u, d->n_rows, d->n_free);
    fit_system_jacobian(&point.vector, system, &jacobian.matrix);
    keep_columns(system, z, d);
    if (d->n == 0)
        return true;
    gsl_matrix_view u = gsl_matrix_view_array_with_tda(d->u, d->n_rows, d->n, d->n_free);
    gsl_matrix_view v = gsl_matrix_view_array(d->v, d->n, d->n);
    gsl_vector_view s = gsl_vector_view_array(d->s, d->n);
    double *space = mem_calloc(d->n, sizeof *space);
    gsl_vector_view work = gsl_vector_view_array(space, d->n);
    int status = gsl_linalg_SV_decomp(&u.matrix, &v.matrix, &s.vector, &work.vector);
    free(space);
    if (status != GSL_SUCCESS)
        return error_set(err, "the fit failed: %s", gsl_strerror(status));
    return true;
}

/* The parameter without prior that has most of direction k, if it has any to speak of. */
static const char *loose_parameter(const struct fit_system *system, const struct decomposition *d,
                                   size_t k)
{
    const char *name = NULL;
    double most = INVOLVED;
    for (size_t a = 0; a < d->n; a++) {
        double share = fabs(d->v[a * d->n + k]);
        if (system->tight[d->kept[a]] == 0 && share > most) {
            most = share;
            name = system->problem->parameter[system->free[d->kept[a]]].name;
        }
    }
    return name;
}

static bool check_determined(const struct fit_system *system, struct decomposition *d,
                             struct error *err)
{
    for (size_t k = 0; k < d->n; k++) {
        const char *name = loose_parameter(system, d, k);
        if (name && d->s[k] <= UNDETERMINED * d->s[0])
            return error_set(err, "the measurements do not determine '%s', which has no prior",
                             name);
        d->s[k] = fmax(d->s[k], DBL_EPSILON * d->s[0]); /* priors: weak, never nothing */
    }
    return true;
}

/* Under the model each residual has variance noise^2 (1 - leverage), priors included (Hoaglin and
 * Welsch, The American Statistician 32, 1978), so that dividing by its root corrects exactly for
 * the rows that the parameters use up, however few there are. The median of the sizes resists up to
 * half of outliers; 1.4826 makes it the standard deviation of a normal sample (Rousseeuw and
 * Croux, JASA 88, 1993). Chi-square would be sharper but would undo what Huber's function does. */
static double scatter_of(struct fit_system *system, const double *z, const struct decomposition *d)
{
    size_t n = system->problem->n_residuals, n_left = 0;
    double *size = mem_calloc(n, sizeof *size);
    fit_system_residuals(system, z, size);
    for (size_t i = 0; i < n; i++) {
        double left = 1;
        for (size_t k = 0; k < d->n; k++)
            left -= d->u[i * d->n_free + k] * d->u[i * d->n_free + k];
        if (left > ROW_LEFT_OVER)
            size[n_left++] = fabs(size[i]) / sqrt(left);
    }
    double scatter = n_left > 0 ? MAD_TO_SD * analysis_median(size, n_left) : 1;
    free(size);
    return scatter;
}

/* (J^T J)^-1 of z, (n, n). */
static double *plain_covariance(const struct decomposition *d)
{
    double *plain = mem_calloc(d->n * d->n, sizeof *plain);
    for (size_t a = 0; a < d->n; a++)
        for (size_t b = 0; b < d->n; b++) {
            double sum = 0;
            for (size_t k = 0; k < d->n; k++)
                sum += d->v[a * d->n + k] / d->s[k] * (d->v[b * d->n + k] / d->s[k]);
            plain[a * d->n + b] = sum / d->length[a] / d->length[b];
        }
    return plain;
}

/* With C the plain covariance, P the priors' precision and rows that scatter s times their noise,
 * the estimate's covariance is C (s^2 (C^-1 - P) + P) C = s^2 C - (s^2 - 1) C P C. */
static void fill_covariance(const struct fit_system *system, const struct decomposition *d,
                            struct fit_result *result)
{
    double *plain = plain_covariance(d);
    double excess = fmax(result->scatter * result->scatter - 1, 0);
    for (size_t a = 0; a < d->n; a++)
        for (size_t b = 0; b < d->n; b++) {
            double priors = 0;
            for (size_t c = 0; c < d->n; c++) {
                double tight = system->tight[d->kept[c]];
                priors += (plain[a * d->n + c] * tight) * (plain[b * d->n + c] * tight);
            }
            double own = plain[a * d->n + b];
            double units = system->unit[d->kept[a]] * system->unit[d->kept[b]];
            size_t row = system->free[d->kept[a]], column = system->free[d->kept[b]];
            result->covariance[row * result->n + column] = (own + excess * (own - priors)) * units;
        }
    free(plain);
}

static double learned_of(const struct fit_system *system, size_t j, double variance)
{
    double unit = system->unit[j], tight = system->tight[j];
    if (tight == 0)
        return 1 / (1 + variance / (unit * unit));
    double share = tight / unit * sqrt(variance);
    return fmax(1 - share * share, 0);
}

static void fill_from_covariance(const struct fit_system *system, const double *z,
                                 const struct decomposition *d, struct fit_result *result)
{
    for (size_t a = 0; a < d->n; a++) {
        size_t j = d->kept[a], i = system->free[j];
        double variance = result->covariance[i * result->n + i];
        double slope =
            fit_axis_slope(&system->problem->parameter[i], fit_system_u(system, j, z[j]));
        result->standard_error[i] = slope * sqrt(variance);
        result->learned[i] = learned_of(system, j, variance);
    }
    for (size_t i = 0; i < result->n; i++)
        for (size_t j = 0; j < result->n; j++) {
            double sds = sqrt(result->covariance[i * result->n + i]) *
                         sqrt(result->covariance[j * result->n + j]);
            double share = sds > 0 ? result->covariance[i * result->n + j] / sds : 0;
            result->correlation[i * result->n + j] = i == j ? 1 : fmax(-1, fmin(share, 1));
        }
}

bool fit_system_certainty(struct fit_system *system, const double *z, struct fit_result *result,
                          struct error *err)
{
    struct decomposition d = decomposition_open(system);
    bool ok = system->n_free == 0 || decompose(system, z, &d, err);
    if (ok && check_determined(system, &d, err)) {
        result->scatter = scatter_of(system, z, &d);
        fill_covariance(system, &d, result);
        fill_from_covariance(system, z, &d, result);
    } else {
        ok = false;
    }
    decomposition_close(&d);
    return ok;
}
