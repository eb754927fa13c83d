/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "devices/sensors/split.h"

#include <gsl/gsl_multifit.h>
#include <math.h>

enum { UNKNOWNS = 3, SUBSETS = 1 << UNKNOWNS };

/* A solution with some of the three held at 0. */
struct solution {
    double x[UNKNOWNS], error[UNKNOWNS], squares;
};

/* Columns of the three, scaled so that they are of like size. */
struct system {
    const struct sensor_load *load; /* (n) */
    size_t n;
    double scale[UNKNOWNS];
};

static double column(const struct sensor_load *load, size_t which)
{
    return which == 0 ? 1 : which == 1 ? load->FLOP_per_s : load->B_per_s;
}

static size_t chosen(unsigned subset, size_t which[UNKNOWNS])
{
    size_t n = 0;
    for (size_t i = 0; i < UNKNOWNS; i++)
        if (subset & 1u << i)
            which[n++] = i;
    return n;
}

/* Columns that lie in one plane to about this tell nothing apart. */
static const double least_rank = 1e-3;

static bool solve(const struct system *system, unsigned subset, struct solution *out)
{
    size_t which[UNKNOWNS], p = chosen(subset, which), rank = 0, n = system->n;
    gsl_matrix *rows = gsl_matrix_alloc(n, p), *covariance = gsl_matrix_alloc(p, p);
    gsl_vector *ones = gsl_vector_alloc(n), *x = gsl_vector_alloc(p);
    gsl_multifit_linear_workspace *work = gsl_multifit_linear_alloc(n, p);
    *out = (struct solution){.error = {NAN, NAN, NAN}};
    for (size_t i = 0; i < n; i++) {
        gsl_vector_set(ones, i, 1);
        for (size_t j = 0; j < p; j++)
            gsl_matrix_set(rows, i, j,
                           column(&system->load[i], which[j]) / system->scale[which[j]] /
                               system->load[i].power_W);
    }
    bool ok = gsl_multifit_linear_tsvd(rows, ones, least_rank, x, covariance, &out->squares, &rank,
                                       work) == 0 &&
              rank == p;
    for (size_t j = 0; ok && j < p; j++) {
        out->x[which[j]] = gsl_vector_get(x, j) / system->scale[which[j]];
        out->error[which[j]] =
            n > p ? sqrt(gsl_matrix_get(covariance, j, j)) / system->scale[which[j]] : NAN;
        ok = out->x[which[j]] >= 0;
    }
    gsl_multifit_linear_free(work);
    gsl_vector_free(ones);
    gsl_vector_free(x);
    gsl_matrix_free(rows);
    gsl_matrix_free(covariance);
    return ok;
}

static bool scale(struct system *system)
{
    for (size_t j = 0; j < UNKNOWNS; j++)
        for (size_t i = 0; i < system->n; i++)
            system->scale[j] = fmax(system->scale[j], column(&system->load[i], j));
    for (size_t i = 0; i < system->n; i++)
        if (!(system->load[i].power_W > 0))
            return false;
    return system->n >= UNKNOWNS && system->scale[1] > 0 && system->scale[2] > 0;
}

/* Whether the three are told apart, before one of them is held. */
static bool is_told(const struct system *system)
{
    size_t rank = 0;
    gsl_matrix *rows = gsl_matrix_alloc(system->n, UNKNOWNS);
    gsl_multifit_linear_workspace *work = gsl_multifit_linear_alloc(system->n, UNKNOWNS);
    for (size_t i = 0; i < system->n; i++)
        for (size_t j = 0; j < UNKNOWNS; j++)
            gsl_matrix_set(rows, i, j, column(&system->load[i], j) / system->scale[j]);
    gsl_multifit_linear_svd(rows, work);
    rank = gsl_multifit_linear_rank(least_rank, work);
    gsl_multifit_linear_free(work);
    gsl_matrix_free(rows);
    return rank == UNKNOWNS;
}

bool sensor_split(const struct sensor_load *load, size_t n, struct sensor_split *out)
{
    struct system system = {.load = load, .n = n};
    struct solution best = {.squares = INFINITY}, one;
    if (!scale(&system) || !is_told(&system))
        return false;
    for (unsigned subset = 1; subset < SUBSETS; subset++)
        if (solve(&system, subset, &one) && one.squares < best.squares)
            best = one;
    if (!isfinite(best.squares))
        return false;
    *out = (struct sensor_split){.active_W = best.x[0],
                                 .FLOP_J = best.x[1],
                                 .B_J = best.x[2],
                                 .active_error_W = best.error[0],
                                 .FLOP_error_J = best.error[1],
                                 .B_error_J = best.error[2],
                                 .error = sqrt(best.squares / (double)n)};
    return true;
}
