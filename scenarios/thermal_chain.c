/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "scenarios/thermal_chain.h"

#include <gsl/gsl_eigen.h>
#include <math.h>

/* With x = sqrt(C) T the network is dx/dt = -S x + P / sqrt(C), S symmetric. */
static void symmetric(const struct thermal_chain *chain, const double *root, gsl_matrix *out)
{
    for (size_t i = 0; i < chain->n; i++) {
        double g = chain->conductance_WpK[i], before = i > 0 ? chain->conductance_WpK[i - 1] : 0;
        gsl_matrix_set(out, i, i, (g + before) / (root[i] * root[i]));
        if (i + 1 < chain->n) {
            gsl_matrix_set(out, i, i + 1, -g / (root[i] * root[i + 1]));
            gsl_matrix_set(out, i + 1, i, -g / (root[i] * root[i + 1]));
        }
    }
}

void thermal_modes_init(struct thermal_modes *modes, const struct thermal_chain *chain)
{
    size_t n = chain->n;
    double matrix[THERMAL_NODES * THERMAL_NODES] = {0}, vectors[THERMAL_NODES * THERMAL_NODES],
                                  values[THERMAL_NODES];
    gsl_matrix_view s = gsl_matrix_view_array(matrix, n, n);
    gsl_matrix_view q = gsl_matrix_view_array(vectors, n, n);
    gsl_vector_view rate = gsl_vector_view_array(values, n);
    *modes = (struct thermal_modes){.n = n,
                                    .ambient_WpK = chain->conductance_WpK[n - 1],
                                    .fan_pK = chain->fan_pK,
                                    .fan_from_K = chain->fan_from_K};
    for (size_t i = 0; i < n; i++)
        modes->root_JpK[i] = sqrt(chain->capacity_JpK[i]);
    symmetric(chain, modes->root_JpK, &s.matrix);
    gsl_eigen_symmv_workspace *workspace = gsl_eigen_symmv_alloc(n);
    gsl_eigen_symmv(&s.matrix, &rate.vector, &q.matrix, workspace);
    gsl_eigen_symmv_free(workspace);
    gsl_eigen_symmv_sort(&rate.vector, &q.matrix, GSL_EIGEN_SORT_VAL_ASC);
    for (size_t m = 0; m < n; m++) {
        modes->rate_ps[m] = values[m];
        for (size_t i = 0; i < n; i++)
            modes->part[i][m] = vectors[i * n + m];
    }
}

void thermal_modes_set(struct thermal_modes *modes, const double *rise_K)
{
    for (size_t m = 0; m < modes->n; m++) {
        modes->amplitude[m] = 0;
        for (size_t i = 0; i < modes->n; i++)
            modes->amplitude[m] += modes->part[i][m] * modes->root_JpK[i] * rise_K[i];
    }
}

double thermal_modes_rise(const struct thermal_modes *modes, size_t node)
{
    double sum = 0;
    for (size_t m = 0; m < modes->n; m++)
        sum += modes->part[node][m] * modes->amplitude[m];
    return sum / modes->root_JpK[node];
}

/* Heat that the last node keeps because the fan is slower than at fan_from_K. A fan does not stop
 * cooling by standing still, nor does it turn faster than its motor lets it. */
static double kept_W(const struct thermal_modes *modes)
{
    const double least = 0.2, most = 5;
    double rise_K = thermal_modes_rise(modes, modes->n - 1);
    double factor = 1 + modes->fan_pK * (rise_K - modes->fan_from_K);
    return (1 - fmin(fmax(factor, least), most)) * modes->ambient_WpK * rise_K;
}

static void step(struct thermal_modes *modes, double dt_s, double power_W, double last_W)
{
    size_t last = modes->n - 1;
    for (size_t m = 0; m < modes->n; m++) {
        double push = modes->part[0][m] * power_W / modes->root_JpK[0] +
                      modes->part[last][m] * last_W / modes->root_JpK[last];
        double steady = push / modes->rate_ps[m];
        modes->amplitude[m] -= (modes->amplitude[m] - steady) * -expm1(-modes->rate_ps[m] * dt_s);
    }
}

void thermal_modes_step(struct thermal_modes *modes, double dt_s, double power_W)
{
    const double most_steps = 200, share = 0.05;
    if (!(modes->fan_pK > 0)) {
        step(modes, dt_s, power_W, 0);
        return;
    }
    size_t steps = (size_t)fmin(ceil(dt_s * modes->rate_ps[0] / share), most_steps);
    for (size_t i = 0; i < steps; i++)
        step(modes, dt_s / (double)steps, power_W, kept_W(modes));
}

struct thermal_chain thermal_chain_linear(const struct thermal_chain *chain)
{
    struct thermal_chain linear = *chain;
    linear.conductance_WpK[chain->n - 1] *= 1 + chain->fan_pK * chain->fan_from_K;
    linear.fan_pK = 0;
    return linear;
}
