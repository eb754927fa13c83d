/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/fit_system.h"

#include "analysis/fit_axis.h"
#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Squares of these and their sums stay finite. */
#define INFINITE_RESIDUAL 1e100
#define IMPOSSIBLE_ROW 1e120

struct fit_system fit_system_open(const struct fit_problem *problem)
{
    size_t n = problem->n_parameters;
    struct fit_system system = {.problem = problem};
    system.free = mem_calloc(n, sizeof *system.free);
    system.start = mem_calloc(n, sizeof *system.start);
    system.unit = mem_calloc(n, sizeof *system.unit);
    system.tight = mem_calloc(n, sizeof *system.tight);
    for (size_t i = 0; i < n; i++) {
        const struct fit_parameter *parameter = &problem->parameter[i];
        if (parameter->sigma == 0)
            continue;
        size_t j = system.n_free++;
        system.free[j] = i;
        system.start[j] = fit_axis_u(parameter, parameter->prior);
        system.unit[j] = fit_axis_unit(parameter);
        system.tight[j] = system.unit[j] / fit_axis_sigma(parameter);
    }
    system.n_rows = problem->n_residuals + system.n_free;
    system.weight = mem_calloc(problem->n_residuals, sizeof *system.weight);
    for (size_t i = 0; i < problem->n_residuals; i++)
        system.weight[i] = 1;
    system.x = mem_calloc(n, sizeof *system.x);
    system.residual = mem_calloc(problem->n_residuals, sizeof *system.residual);
    system.z = mem_calloc(system.n_free, sizeof *system.z);
    system.ahead = mem_calloc(system.n_rows, sizeof *system.ahead);
    system.behind = mem_calloc(system.n_rows, sizeof *system.behind);
    return system;
}

void fit_system_close(struct fit_system *system)
{
    free(system->free);
    free(system->start);
    free(system->unit);
    free(system->tight);
    free(system->weight);
    free(system->x);
    free(system->residual);
    free(system->z);
    free(system->ahead);
    free(system->behind);
}

double fit_system_u(const struct fit_system *system, size_t j, double z)
{
    return system->start[j] + system->unit[j] * z;
}

void fit_system_x(const struct fit_system *system, const double *z, double *x)
{
    const struct fit_parameter *parameter = system->problem->parameter;
    for (size_t i = 0; i < system->problem->n_parameters; i++)
        x[i] = parameter[i].prior;
    for (size_t j = 0; j < system->n_free; j++) {
        size_t i = system->free[j];
        if (z[j] != 0) /* the prior itself, without a detour through u */
            x[i] = fit_axis_x(&parameter[i], fit_system_u(system, j, z[j]));
    }
}

bool fit_system_residuals(struct fit_system *system, const double *z, double *out)
{
    const struct fit_problem *problem = system->problem;
    fit_system_x(system, z, system->x);
    if (!problem->residuals(problem->context, system->x, system->residual))
        return false;
    for (size_t i = 0; i < problem->n_residuals; i++) {
        out[i] = system->residual[i] / (problem->noise ? problem->noise[i] : 1);
        if (!(fabs(out[i]) < INFINITE_RESIDUAL))
            return false;
    }
    return true;
}

static bool rows_at(struct fit_system *system, const double *z, double *rows)
{
    size_t n = system->problem->n_residuals;
    if (!fit_system_residuals(system, z, rows))
        return false;
    for (size_t i = 0; i < n; i++)
        rows[i] *= system->weight[i];
    for (size_t j = 0; j < system->n_free; j++)
        rows[n + j] = system->tight[j] * z[j];
    return true;
}

static void keep_z(struct fit_system *system, const gsl_vector *z)
{
    for (size_t j = 0; j < system->n_free; j++)
        system->z[j] = gsl_vector_get(z, j);
}

int fit_system_rows(const gsl_vector *z, void *context, gsl_vector *rows)
{
    struct fit_system *system = context;
    keep_z(system, z);
    bool possible = rows_at(system, system->z, system->ahead);
    for (size_t i = 0; i < system->n_rows; i++)
        gsl_vector_set(rows, i, possible ? system->ahead[i] : IMPOSSIBLE_ROW);
    return GSL_SUCCESS;
}

/* Rows at z with `step` added to element j, or, where that is impossible, at z itself; returns the
 * element's value there. */
static double rows_beside(struct fit_system *system, size_t j, double step, double *rows)
{
    double at = system->z[j];
    system->z[j] = at + step;
    double there = system->z[j];
    bool possible = rows_at(system, system->z, rows);
    system->z[j] = at;
    if (possible)
        return there;
    rows_at(system, system->z, rows);
    return at;
}

/* Central differences at system->z; one-sided or 0 where one side or both are impossible. */
static void fill_column(struct fit_system *system, size_t j, gsl_matrix *jacobian)
{
    const struct fit_parameter *parameter = &system->problem->parameter[system->free[j]];
    double u = fit_system_u(system, j, system->z[j]);
    double step = fit_axis_step(parameter, u) / system->unit[j];
    double above = rows_beside(system, j, step, system->ahead);
    double below = rows_beside(system, j, -step, system->behind);
    for (size_t i = 0; i < system->n_rows; i++) {
        double rise = system->ahead[i] - system->behind[i];
        gsl_matrix_set(jacobian, i, j, above > below ? rise / (above - below) : 0);
    }
}

/* A prior row's slope is known exactly, also where both sides of z are impossible. */
int fit_system_jacobian(const gsl_vector *z, void *context, gsl_matrix *jacobian)
{
    struct fit_system *system = context;
    keep_z(system, z);
    for (size_t j = 0; j < system->n_free; j++) {
        fill_column(system, j, jacobian);
        gsl_matrix_set(jacobian, system->problem->n_residuals + j, j, system->tight[j]);
    }
    return GSL_SUCCESS;
}
