/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/latency.h"

#include "base/memory.h"

#include <gsl/gsl_sort_double.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdlib.h>

static const double FIRST_BIN_S = 1e-9, VALUE_STEP = 1.001;

static void add_binned(struct sim_values *values, double value)
{
    double place = value > FIRST_BIN_S ? round(log(value / FIRST_BIN_S) / log(VALUE_STEP)) : 0;
    values->bin[place < SIM_VALUE_BINS - 1 ? (size_t)place : SIM_VALUE_BINS - 1]++;
    values->sum += value;
}

static void start_bins(struct sim_values *values)
{
    values->bin = mem_calloc(SIM_VALUE_BINS, sizeof *values->bin);
    for (size_t i = 0; i < values->n; i++)
        add_binned(values, values->value[i]);
    free(values->value);
    values->value = NULL;
    values->capacity = 0;
}

void sim_values_add(struct sim_values *values, double value)
{
    if (values->n == SIM_VALUES_EXACT)
        start_bins(values);
    if (values->bin) {
        add_binned(values, value);
    } else {
        values->value =
            mem_grow(values->value, &values->capacity, values->n + 1, sizeof *values->value);
        values->value[values->n] = value;
    }
    values->n++;
}

/* The value below which a share of the binned ones lies. */
static double binned_at(const struct sim_values *values, double share)
{
    double wanted = share * (double)values->n, seen = 0;
    size_t bin = 0;
    while (bin < SIM_VALUE_BINS - 1 && seen + (double)values->bin[bin] < wanted)
        seen += (double)values->bin[bin++];
    return FIRST_BIN_S * pow(VALUE_STEP, (double)bin);
}

struct sim_distribution sim_values_distribution(struct sim_values *values)
{
    const double share[4] = {0.50, 0.90, 0.95, 0.99};
    double at[4], mean = values->sum / (double)values->n;
    if (values->n == 0)
        return (struct sim_distribution){NAN, NAN, NAN, NAN, NAN};
    if (!values->bin) {
        mean = gsl_stats_mean(values->value, 1, values->n);
        gsl_sort(values->value, 1, values->n);
    }
    for (size_t i = 0; i < 4; i++)
        at[i] = values->bin
                    ? binned_at(values, share[i])
                    : gsl_stats_quantile_from_sorted_data(values->value, 1, values->n, share[i]);
    return (struct sim_distribution){mean, at[0], at[1], at[2], at[3]};
}

void sim_values_free(struct sim_values *values)
{
    free(values->value);
    free(values->bin);
    *values = (struct sim_values){0};
}

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

static void halve(struct sim_course *course)
{
    for (size_t i = 0; i < SIM_COURSE / 2; i++)
        course->sum[i] = course->sum[2 * i] + course->sum[2 * i + 1];
    for (size_t i = SIM_COURSE / 2; i < SIM_COURSE; i++)
        course->sum[i] = 0;
    course->width *= 2;
}

void sim_course_add(struct sim_course *course, double value)
{
    if (course->width == 0)
        course->width = 1;
    if (course->n / course->width == SIM_COURSE)
        halve(course);
    course->sum[course->n++ / course->width] += value;
}

double sim_course_mean(const struct sim_course *course, unsigned quarter)
{
    uint64_t from = course->n * quarter / 4, to = course->n * (quarter + 1) / 4;
    double sum = 0;
    for (uint64_t at = from; at < to;) {
        uint64_t i = at / course->width, begin = i * course->width, end = begin + course->width;
        uint64_t until = end < to ? end : to, held = (end < course->n ? end : course->n) - begin;
        sum += course->sum[i] * (double)(until - at) / (double)held;
        at = until;
    }
    return to > from ? sum / (double)(to - from) : 0;
}
