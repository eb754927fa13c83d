/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fits against closed forms and certified values: what they find. tests/law/test_fit_certainty.c
 * asks how sure they are of it. */
#include "analysis/fit.h"
#include "base/stream.h"
#include "tests/check.h"

#include <gsl/gsl_errno.h>
#include <gsl/gsl_randist.h>

#define INF ((double)INFINITY)

struct data {
    const double *x, *y;
    size_t n;
};

static bool line(void *context, const double *p, double *residual)
{
    const struct data *data = context;
    for (size_t i = 0; i < data->n; i++)
        residual[i] = p[0] + p[1] * data->x[i] - data->y[i];
    return true;
}

/* Normal equations of y = a + b x, noise 0.5, with priors a = 1 +- 0.5 and b = 2 +- 0.1. */
static void check_line(void)
{
    const double x[] = {0, 1, 2, 3, 4, 5, 6}, y[] = {1.2, 3.1, 5.4, 7.3, 9.1, 11.4, 13.3};
    const double noise[] = {.5, .5, .5, .5, .5, .5, .5};
    struct data data = {x, y, 7};
    const struct fit_parameter parameter[] = {{"a", FIT_LINEAR, -INF, INF, 1, 0.5},
                                              {"b", FIT_LINEAR, -10, 10, 2, 0.1}};
    struct fit_problem problem = {parameter, 2, 7, line, &data, noise, INF};
    double aa = 1 / 0.25, ab = 0, bb = 1 / 0.01, a = 1 / 0.25, b = 2 / 0.01;
    for (size_t i = 0; i < 7; i++) {
        aa += 1 / 0.25;
        ab += x[i] / 0.25;
        bb += x[i] * x[i] / 0.25;
        a += y[i] / 0.25;
        b += x[i] * y[i] / 0.25;
    }
    double det = aa * bb - ab * ab;
    struct error err = {0};
    struct fit_result result;
    if (!CHECK(fit_map(&problem, &result, &err)))
        return;
    CHECK(result.converged && result.scatter < 1);
    CHECK_NEAR(result.x[0], (bb * a - ab * b) / det, 1e-8);
    CHECK_NEAR(result.x[1], (aa * b - ab * a) / det, 1e-8);
    CHECK_NEAR(result.covariance[0], bb / det, 1e-8);
    CHECK_NEAR(result.covariance[1], -ab / det, 1e-8);
    CHECK_NEAR(result.covariance[3], aa / det, 1e-8);
    CHECK_NEAR(result.standard_error[1], sqrt(aa / det), 1e-8);
    CHECK_NEAR(result.correlation[1], -ab / sqrt(aa * bb), 1e-8);
    CHECK_NEAR(result.learned[0], 1 - bb / det / 0.25, 1e-8);
    fit_free(&result);
    CHECK(result.x == NULL);
}

static bool rosenbrock(void *context, const double *p, double *residual)
{
    (void)context;
    residual[0] = 10 * (p[1] - p[0] * p[0]);
    residual[1] = 1 - p[0];
    return true;
}

static void check_rosenbrock(void)
{
    const struct fit_parameter parameter[] = {{"x", FIT_LINEAR, -INF, INF, -1.2, INF},
                                              {"y", FIT_LINEAR, -INF, INF, 1, INF}};
    struct fit_problem problem = {parameter, 2, 2, rosenbrock, NULL, NULL, INF};
    struct error err = {0};
    struct fit_result result;
    if (!CHECK(fit_map(&problem, &result, &err)))
        return;
    CHECK(result.converged);
    CHECK_NEAR(result.x[0], 1, 1e-8);
    CHECK_NEAR(result.x[1], 1, 1e-8);
    CHECK(result.scatter == 1); /* two rows, two parameters: none is left over */
    fit_free(&result);
}

static bool misra1a(void *context, const double *b, double *residual)
{
    const struct data *data = context;
    for (size_t i = 0; i < data->n; i++)
        residual[i] = b[0] * (1 - exp(-b[1] * data->x[i])) - data->y[i];
    return true;
}

/* NIST StRD, Misra1a, https://www.itl.nist.gov/div898/strd/nls/data/misra1a.shtml: data, both
 * starts, certified values and standard errors. Theirs use the residuals' own standard deviation,
 * 0.10187876330; given as noise, it gives theirs; noise 1 would give 1 / 0.1019 of theirs, since a
 * fit's errors never shrink. */
static void check_misra1a(void)
{
    const double y[] = {10.07, 14.73, 17.94, 23.93, 29.61, 35.18, 40.02,
                        44.82, 50.76, 55.05, 61.01, 66.40, 75.47, 81.78};
    const double x[] = {77.6,  114.9, 141.1, 190.8, 239.9, 289.0, 332.8,
                        378.4, 434.8, 477.3, 536.8, 593.1, 689.1, 760.0};
    const double start[2][2] = {{500, 1e-4}, {250, 5e-4}}, sd = 0.10187876330;
    struct data data = {x, y, 14};
    for (size_t s = 0; s < 2; s++)
        for (size_t given = 0; given < 2; given++) {
            double noise[14];
            for (size_t i = 0; i < 14; i++)
                noise[i] = sd;
            const struct fit_parameter parameter[] = {
                {"b1", FIT_LINEAR, -INF, INF, start[s][0], INF},
                {"b2", s == 0 ? FIT_LOG : FIT_LINEAR, 0, INF, start[s][1], INF}};
            struct fit_problem problem = {parameter, 2, 14, misra1a, &data, NULL, INF};
            problem.noise = given ? noise : NULL;
            struct error err = {0};
            struct fit_result result;
            if (!CHECK(fit_map(&problem, &result, &err)))
                continue;
            double wider = given ? fmax(result.scatter, 1) : 1 / sd;
            CHECK(result.converged);
            CHECK(given ? result.scatter > 0.5 && result.scatter < 1.5 : result.scatter < 0.2);
            CHECK_NEAR(result.x[0], 2.3894212918E+02, 1e-7);
            CHECK_NEAR(result.x[1], 5.5015643181E-04, 1e-7);
            CHECK_NEAR(result.standard_error[0], 2.7070075241E+00 * wider, 1e-5);
            CHECK_NEAR(result.standard_error[1], 7.2668688436E-06 * wider, 1e-5);
            fit_free(&result);
        }
}

/* y = 3 + 2 x with noise 0.1, and every fifth row 50 noises too high. */
static void check_outliers(void)
{
    double x[40], y[40], noise[40];
    struct stream stream = stream_open(11, STREAM_TEST, 0, 0);
    gsl_rng *rng = stream_gsl(&stream);
    for (size_t i = 0; i < 40; i++) {
        noise[i] = 0.1;
        x[i] = (double)i / 10;
        y[i] = 3 + 2 * x[i] + gsl_ran_gaussian(rng, 0.1) + (i % 5 == 4 ? 5 : 0);
    }
    gsl_rng_free(rng);
    struct data data = {x, y, 40};
    const struct fit_parameter parameter[] = {{"a", FIT_LINEAR, -INF, INF, 1, INF},
                                              {"b", FIT_LINEAR, -INF, INF, 1, INF}};
    struct fit_problem problem = {parameter, 2, 40, line, &data, noise, 1.345};
    struct error err = {0};
    struct fit_result robust, plain;
    if (!CHECK(fit_map(&problem, &robust, &err)))
        return;
    problem.huber = INF;
    if (!CHECK(fit_map(&problem, &plain, &err)))
        return;
    CHECK(robust.converged && robust.scatter < 2);
    double middle = robust.x[0] + 2 * robust.x[1] - 7, pulled = plain.x[0] + 2 * plain.x[1] - 7;
    CHECK(fabs(middle) < 0.1 && fabs(robust.x[1] - 2) < 3 * robust.standard_error[1]);
    CHECK(pulled > 0.8); /* a fifth of 5 */
    fit_free(&robust);
    fit_free(&plain);
}

struct wish {
    double x, low, high;
    size_t outside;
};

static bool wish_for(void *context, const double *p, double *residual)
{
    struct wish *wish = context;
    wish->outside += !(p[0] > wish->low && p[0] < wish->high);
    residual[0] = p[0] - wish->x;
    residual[1] = 2 * (p[0] - wish->x);
    return true;
}

/* Rows that want a value beyond a bound get the bound, and never ask for more. */
static void check_bounds(void)
{
    const enum fit_scale scale[] = {FIT_LINEAR, FIT_LOG, FIT_LOGIT};
    const double want[] = {-3, 0.9, 1.5, 4.9, 5.1, 70};
    for (size_t s = 0; s < 3; s++)
        for (size_t w = 0; w < 6; w++)
            for (size_t prior = 0; prior < 2; prior++) {
                const struct fit_parameter parameter = {"x", scale[s], 1, 5, 2, prior ? 100 : INF};
                struct wish wish = {want[w], 1, 5, 0};
                struct fit_problem problem = {&parameter, 1, 2, wish_for, &wish, NULL, INF};
                double nearest = fmin(fmax(want[w], 1), 5);
                bool inside = nearest == want[w];
                struct error err = {0};
                struct fit_result result;
                if (!CHECK(fit_map(&problem, &result, &err)))
                    continue;
                CHECK(result.converged && wish.outside == 0);
                CHECK(result.x[0] > 1 && result.x[0] < 5);
                CHECK_NEAR(result.x[0], nearest, inside && !prior ? 1e-7 : 0.01);
                CHECK(isfinite(result.standard_error[0]) && isfinite(result.covariance[0]));
                CHECK(inside || prior || result.covariance[0] == 0);
                fit_free(&result);
            }
}

/* x is worth 1e-5 of a noise, and shares a row with y, which starts 3000 noises off. */
static bool faint(void *context, const double *p, double *residual)
{
    (void)context;
    residual[0] = 1e-5 * (p[0] - 1.5);
    residual[1] = 2e-5 * (p[0] - 1.5) + p[1] - 3;
    residual[2] = 1e3 * (p[1] - 3);
    return true;
}

/* What is faint is found all the same, not thrown against a bound on the way. */
static void check_faint(void)
{
    for (enum fit_scale scale = FIT_LINEAR; scale <= FIT_LOGIT; scale++) {
        const struct fit_parameter parameter[] = {{"x", scale, 1, 5, 2, INF},
                                                  {"y", FIT_LINEAR, -INF, INF, 0, INF}};
        struct fit_problem problem = {parameter, 2, 3, faint, NULL, NULL, INF};
        struct error err = {0};
        struct fit_result result;
        if (!CHECK(fit_map(&problem, &result, &err)))
            continue;
        CHECK_NEAR(result.x[0], 1.5, 1e-6);
        CHECK_NEAR(result.x[1], 3, 1e-8);
        CHECK(result.learned[0] < FIT_LEARNED_LITTLE && result.learned[1] > 0.9);
        fit_free(&result);
    }
}

/* Impossible above 3 in one of three ways; the optimum is 2.999999, which a first step overshoots.
 */
static bool cliff(void *context, const double *p, double *residual)
{
    const int *kind = context;
    residual[0] = *kind == 1 ? (double)NAN : INF;
    if (p[0] > 3)
        return *kind > 0;
    residual[0] = sqrt(p[0]) - sqrt(2.999999);
    return true;
}

/* Least at 2, where neither it nor either of its terms has a slope. */
static bool kink(void *context, const double *p, double *residual)
{
    (void)context;
    residual[0] = fmax(p[0], 2) + 5 * fabs(p[0] - 2);
    return true;
}

static void check_rough(void)
{
    const struct fit_parameter parameter = {"x", FIT_LINEAR, 0, INF, 0.1, INF};
    for (int kind = 0; kind < 3; kind++) {
        struct fit_problem problem = {&parameter, 1, 1, cliff, &kind, NULL, INF};
        struct error err = {0};
        struct fit_result result;
        if (!CHECK(fit_map(&problem, &result, &err)))
            continue;
        CHECK_NEAR(result.x[0], 2.999999, 1e-6);
        CHECK_NEAR(result.standard_error[0], 2 * sqrt(2.999999), 1e-3); /* from one side */
        fit_free(&result);
    }
    const struct fit_parameter roof = {"x", FIT_LOG, 0, INF, 0.5, 1};
    struct fit_problem problem = {&roof, 1, 1, kink, NULL, NULL, INF};
    struct error err = {0};
    struct fit_result result;
    if (CHECK(fit_map(&problem, &result, &err)))
        CHECK_NEAR(result.x[0], 2, 1e-3);
    fit_free(&result);
}

int main(void)
{
    gsl_set_error_handler_off();
    check_line();
    check_rosenbrock();
    check_misra1a();
    check_outliers();
    check_bounds();
    check_faint();
    check_rough();
    return check_result();
}
