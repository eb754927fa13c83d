/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "analysis/quality.h"

#include "analysis/hypervolume.h"
#include "analysis/indicators.h"
#include "base/memory.h"

#include <assert.h>
#include <stdlib.h>

/* The caller frees the result. */
static double *map(const struct analysis_truth *truth, const double *f, size_t n)
{
    size_t m = truth->m;
    double *mapped = mem_calloc(n, m * sizeof *mapped);
    for (size_t i = 0; i < n * m; i++) {
        double range = truth->greatest[i % m] - truth->least[i % m];
        double above = f[i] - truth->least[i % m];
        mapped[i] = range > 0 ? above / range : above;
    }
    return mapped;
}

static double volume_of(const double *mapped, size_t n, size_t m)
{
    double reference[PARETO_OBJECTIVES];
    for (size_t o = 0; o < m; o++)
        reference[o] = 1.1;
    return analysis_hypervolume(mapped, n, m, reference, NULL);
}

void analysis_truth_init(struct analysis_truth *truth, const double *f, size_t n, size_t m)
{
    assert(n >= 1 && m >= 1 && m <= PARETO_OBJECTIVES);
    *truth = (struct analysis_truth){.n = n, .m = m, .f = f};
    analysis_bounds(f, n, m, truth->least, truth->greatest);
    truth->mapped = map(truth, f, n);
    truth->volume = volume_of(truth->mapped, n, m);
}

void analysis_truth_free(struct analysis_truth *truth)
{
    free(truth->mapped);
    *truth = (struct analysis_truth){0};
}

double analysis_hv_ratio(const struct analysis_truth *truth, const double *f, size_t n)
{
    double *mapped = map(truth, f, n);
    double volume = volume_of(mapped, n, truth->m);
    free(mapped);
    return volume / truth->volume;
}

struct analysis_quality analysis_quality_of(const struct analysis_truth *truth, const double *f,
                                            size_t n)
{
    size_t m = truth->m;
    double *mapped = map(truth, f, n);
    struct analysis_quality quality = {
        .hv_ratio = volume_of(mapped, n, m) / truth->volume,
        .igd_plus = analysis_igd_plus(mapped, n, truth->mapped, truth->n, m),
        .epsilon = analysis_epsilon_additive(mapped, n, truth->mapped, truth->n, m),
        .share_found = analysis_share_found(f, n, truth->f, truth->n, m),
    };
    free(mapped);
    return quality;
}
