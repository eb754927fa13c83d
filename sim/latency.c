/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/latency.h"

#include "base/memory.h"

#include <gsl/gsl_sort_double.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdlib.h>

void sim_values_add(struct sim_values *values, double value)
{
    values->value = mem_grow(values->value, &values->capacity, values->n + 1, sizeof(double));
    values->value[values->n++] = value;
}

struct sim_distribution sim_values_distribution(struct sim_values *values)
{
    if (values->n == 0)
        return (struct sim_distribution){NAN, NAN, NAN, NAN, NAN};
    double mean = gsl_stats_mean(values->value, 1, values->n);
    gsl_sort(values->value, 1, values->n);
    double at[4];
    const double share[4] = {0.50, 0.90, 0.95, 0.99};
    for (size_t i = 0; i < 4; i++)
        at[i] = gsl_stats_quantile_from_sorted_data(values->value, 1, values->n, share[i]);
    return (struct sim_distribution){mean, at[0], at[1], at[2], at[3]};
}

void sim_values_free(struct sim_values *values)
{
    free(values->value);
    *values = (struct sim_values){0};
}

static const double FIRST_BIN_S = 1e-9;

void sim_gaps_add(struct sim_gaps *gaps, double gap_s, uint64_t times)
{
    double place = gap_s > FIRST_BIN_S ? round(log(gap_s / FIRST_BIN_S) / log(1.01)) : 0;
    size_t bin = place < SIM_GAP_BINS - 1 ? (size_t)place : SIM_GAP_BINS - 1;
    gaps->bin[bin] += times;
    gaps->count += times;
    gaps->sum_s += gap_s * (double)times;
}

static double gap_at(const struct sim_gaps *gaps, double share)
{
    double wanted = share * (double)gaps->count, seen = 0;
    size_t bin = 0;
    while (bin < SIM_GAP_BINS - 1 && seen + (double)gaps->bin[bin] < wanted)
        seen += (double)gaps->bin[bin++];
    return FIRST_BIN_S * pow(1.01, (double)bin);
}

struct sim_distribution sim_gaps_distribution(const struct sim_gaps *gaps)
{
    if (gaps->count == 0)
        return (struct sim_distribution){NAN, NAN, NAN, NAN, NAN};
    return (struct sim_distribution){gaps->sum_s / (double)gaps->count, gap_at(gaps, 0.50),
                                     gap_at(gaps, 0.90), gap_at(gaps, 0.95), gap_at(gaps, 0.99)};
}
