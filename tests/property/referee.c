/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Prints random sets and samples with what analysis/ says of them, as a script for R: referee.R
 * asks other programs the same. */
#include "analysis/attainment.h"
#include "analysis/hypervolume.h"
#include "analysis/indicators.h"
#include "analysis/pareto.h"
#include "analysis/rank_tests.h"
#include "base/memory.h"
#include "base/stream.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { MOST_POINTS = 400, MOST_OBJECTIVES = 5, SETS = 5 };

static void print_values(const char *name, const double *value, size_t n)
{
    printf(", %s = c(", name);
    for (size_t i = 0; i < n; i++)
        printf("%s%.17g", i ? "," : "", value[i]);
    printf(")\n");
}

static void print_value(const char *name, double value)
{
    print_values(name, &value, 1);
}

static void print_indices(const char *name, const size_t *index, size_t n)
{
    double value[MOST_POINTS];
    for (size_t i = 0; i < n; i++)
        value[i] = (double)index[i];
    print_values(name, value, n);
}

/* Whole numbers of a narrow range, with many ties; any numbers; or a front: points on a sphere. */
static void draw(struct stream *stream, unsigned kind, double *f, size_t n, size_t m)
{
    for (size_t i = 0; i < n; i++) {
        double squares = 0;
        for (size_t o = 0; o < m; o++) {
            double u = stream_uniform(stream);
            f[i * m + o] = kind == 0 ? 1 + floor(6 * u) : 1 + u;
            squares += u * u;
        }
        for (size_t o = 0; kind == 2 && o < m; o++)
            f[i * m + o] = 2 - (f[i * m + o] - 1) / sqrt(squares);
    }
}

static void print_set(struct stream *stream, size_t number)
{
    double f[MOST_POINTS * MOST_OBJECTIVES], z[MOST_POINTS * MOST_OBJECTIVES], r[MOST_OBJECTIVES];
    double share[MOST_POINTS];
    size_t m = 2 + number % 4, rank[MOST_POINTS], kept[MOST_POINTS];
    unsigned kind = (unsigned)(number / 4 % 3);
    size_t most = number < 12 && m < 5 ? MOST_POINTS : 40;
    size_t n = 1 + stream_below(stream, (uint32_t)most), n_z = 1 + stream_below(stream, 40);
    draw(stream, kind, f, n, m);
    draw(stream, kind, z, n_z, m);
    for (size_t o = 0; o < m; o++)
        r[o] = kind == 0 ? 6 : 1.9 + 0.1 * (double)o;
    printf("sets[[length(sets) + 1]] <- list(m = %zu\n", m);
    print_values("f", f, n * m);
    print_values("z", z, n_z * m);
    print_values("r", r, m);
    print_value("hv", analysis_hypervolume(f, n, m, r, NULL));
    analysis_contributions(f, n, m, r, share);
    print_values("share", share, n);
    print_value("igd_plus", analysis_igd_plus(f, n, z, n_z, m));
    print_value("additive", analysis_epsilon_additive(f, n, z, n_z, m));
    print_value("multiplicative", analysis_epsilon_multiplicative(f, n, z, n_z, m));
    analysis_ranks(f, n, m, rank);
    print_indices("rank", rank, n);
    print_indices("kept", kept, analysis_nondominated(f, n, m, kept));
    printf(")\n");
}

static void print_surfaces(struct stream *stream, size_t number)
{
    double f[MOST_POINTS * 3];
    size_t m = 2 + number % 2, set[MOST_POINTS], n = SETS + stream_below(stream, 60);
    draw(stream, (unsigned)(number / 2 % 3), f, n, m);
    for (size_t i = 0; i < n; i++)
        set[i] = i < SETS ? i : stream_below(stream, SETS);
    printf("surfaces[[length(surfaces) + 1]] <- list(m = %zu\n", m);
    print_values("f", f, n * m);
    print_indices("set", set, n);
    for (size_t k = 1; k <= SETS; k++) {
        size_t n_out;
        char name[16];
        double *out = analysis_attainment(&(struct analysis_sets){f, set, n, m, SETS}, k, &n_out);
        snprintf(name, sizeof name, "k%zu", k);
        print_values(name, out, n_out * m);
        free(out);
    }
    printf(")\n");
}

static void print_samples(struct stream *stream, size_t number)
{
    double x[MOST_POINTS], y[MOST_POINTS], p[12];
    bool ties = number % 2;
    size_t n = 2 + stream_below(stream, number % 4 < 2 ? 30 : 120);
    for (size_t i = 0; i < n; i++) {
        x[i] = stream_uniform(stream);
        y[i] = stream_uniform(stream) * 1.3;
        x[i] = ties ? floor(8 * x[i]) : x[i];
        y[i] = ties ? floor(8 * y[i]) : y[i];
    }
    size_t n_y = n - n / 3;
    bool exact = !ties && n < ANALYSIS_EXACT_VALUES;
    printf("samples[[length(samples) + 1]] <- list(exact = %s\n", exact ? "TRUE" : "FALSE");
    print_values("x", x, n);
    print_values("y", y, n);
    print_value("n_y", (double)n_y);
    struct analysis_test test =
        exact ? analysis_mann_whitney(x, n, y, n_y) : analysis_mann_whitney_normal(x, n, y, n_y);
    print_values("u", (double[]){test.statistic, test.p}, 2);
    test = exact ? analysis_wilcoxon(x, y, n) : analysis_wilcoxon_normal(x, y, n);
    print_values("v", (double[]){test.statistic, test.p}, 2);
    for (size_t i = 0; i < 12; i++)
        p[i] = 0.2 * stream_uniform(stream);
    print_values("p", p, 12);
    analysis_holm(p, 12, p);
    print_values("holm", p, 12);
    printf(")\n");
}

int main(void)
{
    struct stream stream = stream_open(1, STREAM_TEST, 2, 0);
    printf("sets <- list(); surfaces <- list(); samples <- list()\n");
    for (size_t number = 0; number < 120; number++)
        print_set(&stream, number);
    for (size_t number = 0; number < 60; number++)
        print_surfaces(&stream, number);
    for (size_t number = 0; number < 60; number++)
        print_samples(&stream, number);
    return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
