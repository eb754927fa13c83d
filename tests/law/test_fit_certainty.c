/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How sure fits say they are: coverage, what rows do not tell, spreads, and what is refused. */
#include "analysis/fit.h"
#include "base/stream.h"
#include "tests/check.h"

#include <gsl/gsl_errno.h>
#include <gsl/gsl_randist.h>

#define INF ((double)INFINITY)

enum { SIZES = 24, SETS = 400 };
#define NOISE 0.03
#define PEAK_B 2e12 /* bytes/s */

/* Times of copies of 1 kB to 8 GB: t = t0 + bytes / (efficiency * peak). */
struct copies {
    double bytes[SIZES], time_s[SIZES];
};

static bool copy_times(void *context, const double *p, double *residual)
{
    const struct copies *copies = context;
    for (size_t i = 0; i < SIZES; i++)
        residual[i] = log((p[0] + copies->bytes[i] / (p[1] * PEAK_B)) / copies->time_s[i]);
    return true;
}

/* `outliers`: every eighth row takes twice as long. */
static void draw_copies(struct copies *copies, const double *truth, gsl_rng *rng, bool outliers)
{
    for (size_t i = 0; i < SIZES; i++) {
        copies->bytes[i] = 1e3 * pow(2, (double)i);
        double time_s = truth[0] + copies->bytes[i] / (truth[1] * PEAK_B);
        double factor = outliers && i % 8 == 3 ? 2 : 1;
        copies->time_s[i] = time_s * factor * exp(gsl_ran_gaussian(rng, NOISE));
    }
}

struct tally {
    double inside[2], bias[2]; /* bias: sum of error / standard error */
};

static void count(struct tally *tally, const struct fit_result *result, const double *truth_u)
{
    const double u[2] = {log(result->x[0]), log(result->x[1] / (1 - result->x[1]))};
    for (size_t j = 0; j < 2; j++) {
        double z = (u[j] - truth_u[j]) / sqrt(result->covariance[3 * j]);
        tally->inside[j] += fabs(z) < 1.96;
        tally->bias[j] += z;
    }
}

/* What the fit is told of the noise, how robust it is, what the rows hold, and the bias, in
 * standard errors, that may follow: Huber's function bounds the pull of one-sided outliers, not to
 * 0. */
struct coverage {
    double noise, huber;
    bool outliers;
    double bias;
};

static void cover(const struct coverage *how, struct tally *tally)
{
    const double truth[] = {6e-6, 0.8}, truth_u[] = {log(6e-6), log(0.8 / 0.2)};
    const struct fit_parameter parameter[] = {{"t0", FIT_LOG, 0, INF, 3e-6, 1},
                                              {"efficiency", FIT_LOGIT, 0, 1, 0.6, 0.2}};
    double noise[SIZES];
    for (size_t i = 0; i < SIZES; i++)
        noise[i] = how->noise;
    for (uint32_t set = 0; set < SETS; set++) {
        struct stream stream = stream_open(2024, STREAM_TEST, set, 0);
        gsl_rng *rng = stream_gsl(&stream);
        struct copies copies;
        draw_copies(&copies, truth, rng, how->outliers);
        gsl_rng_free(rng);
        struct fit_problem problem = {parameter, 2, SIZES, copy_times, &copies, noise, how->huber};
        struct error err = {0};
        struct fit_result result;
        if (!CHECK(fit_map(&problem, &result, &err)))
            return;
        CHECK(result.converged && result.learned[0] > 0.9 && result.learned[1] > 0.9);
        count(tally, &result, truth_u);
        fit_free(&result);
    }
}

static void check_coverage(void)
{
    const struct coverage how[] = {{NOISE, INF, false, 0.3},
                                   {NOISE, 1.345, false, 0.3},
                                   {NOISE / 2, INF, false, 0.3}, /* the scatter tells */
                                   {NOISE, 1.345, true, 1}};
    for (size_t h = 0; h < sizeof how / sizeof how[0]; h++) {
        struct tally tally = {0};
        cover(&how[h], &tally);
        for (size_t j = 0; j < 2; j++) {
            double share = tally.inside[j] / SETS, bias = tally.bias[j] / SETS;
            printf("%s, noise %g, Huber %g: covered %.4f, bias %.3f standard errors\n",
                   j == 0 ? "t0" : "efficiency", how[h].noise, how[h].huber, share, bias);
            CHECK(share > 0.91 && share < 0.99);
            CHECK(fabs(bias) < how[h].bias);
        }
    }
}

/* Only the product of the first two is seen; the third never. */
static bool product(void *context, const double *p, double *residual)
{
    (void)context;
    for (size_t i = 0; i < 6; i++)
        residual[i] = log(p[0] * p[1] / 12) + (i % 2 ? 0.5 : -0.5);
    return true;
}

static struct fit_problem product_problem(const struct fit_parameter *parameter)
{
    return (struct fit_problem){parameter, 3, 6, product, NULL, NULL, INF};
}

static void check_little_learned(void)
{
    const struct fit_parameter parameter[] = {{"a", FIT_LOG, 0, INF, 2, 0.01},
                                              {"b", FIT_LOG, 0, INF, 2, INF},
                                              {"never seen", FIT_LOGIT, 0, 10, 4, 1.5}};
    struct fit_problem problem = product_problem(parameter);
    struct error err = {0};
    struct fit_result result;
    if (!CHECK(fit_map(&problem, &result, &err)))
        return;
    CHECK_NEAR(result.x[0], 2, 1e-8);
    CHECK_NEAR(result.x[1], 6, 1e-8);
    CHECK(result.x[2] == 4);
    CHECK(result.learned[0] < FIT_LEARNED_LITTLE && result.learned[2] == 0);
    CHECK(result.learned[1] > 0.8); /* ln b to 1/sqrt(6) and a's 0.01 */
    CHECK_NEAR(result.standard_error[2], 1.5, 1e-12);
    CHECK_NEAR(result.covariance[4], 1. / 6 + 1e-4, 1e-6);
    CHECK(result.correlation[1] < 0 && result.correlation[0] == 1 && result.correlation[2] == 0);
    fit_free(&result);
}

/* Rows that scatter twice as much: what they tell has four times the variance, priors stay. */
static void check_scaled_by_scatter(void)
{
    const double noise[] = {.1, .1, .1, .1, .1, .1};
    const struct fit_parameter parameter[] = {{"a", FIT_LOG, 0, INF, 2, 0.05},
                                              {"b", FIT_LOG, 0, INF, 6, 0},
                                              {"never seen", FIT_LINEAR, -INF, INF, 4, 1.5}};
    struct fit_problem problem = product_problem(parameter);
    problem.noise = noise;
    struct error err = {0};
    struct fit_result result;
    if (!CHECK(fit_map(&problem, &result, &err)))
        return;
    double rows = 6 / 0.01, prior = 1 / 0.0025, plain = 1 / (rows + prior);
    double scatter = 1.4826 * 5 / sqrt(1 - plain / 0.01);
    CHECK_NEAR(result.scatter, scatter, 1e-8);
    CHECK_NEAR(result.covariance[0], plain * (scatter * scatter * rows + prior) * plain, 1e-8);
    CHECK_NEAR(result.standard_error[2], 1.5, 1e-12);
    CHECK(result.covariance[4] == 0 && result.standard_error[1] == 0 && result.learned[1] == 0);
    CHECK(result.x[1] == 6);
    fit_free(&result);
}

static void check_undetermined(void)
{
    struct fit_parameter parameter[] = {{"a", FIT_LOG, 0, INF, 2, INF},
                                        {"b", FIT_LOG, 0, INF, 2, INF},
                                        {"never seen", FIT_LINEAR, -INF, INF, 4, 1}};
    struct fit_problem problem = product_problem(parameter);
    struct fit_result result;
    struct error err = {0};
    CHECK(!fit_map(&problem, &result, &err) && result.x == NULL);
    CHECK(strstr(err.fault[0], "'a'") || strstr(err.fault[0], "'b'"));
    parameter[0].sigma = 0.1;
    parameter[2].sigma = INF;
    error_clear(&err);
    CHECK(!fit_map(&problem, &result, &err));
    CHECK_TEXT(err.fault[0], "the measurements do not determine 'never seen', which has no prior");
    parameter[2].sigma = 0;
    CHECK(fit_map(&problem, &result, &err));
    fit_free(&result);
}

static bool power(void *context, const double *p, double *value)
{
    (void)context;
    *value = p[0] * p[0] * p[1];
    return p[0] < 1e6;
}

/* ln(a^2 b) has the variance 4 var(ln a) + 4 cov + var(ln b). */
static void check_spread(void)
{
    const struct fit_parameter parameter[] = {{"a", FIT_LOG, 0, INF, 2, 0.1},
                                              {"b", FIT_LOG, 0, INF, 3, 0.4},
                                              {"free", FIT_LOGIT, 0, 1, 0.5, INF}};
    struct fit_problem problem = product_problem(parameter);
    struct error err = {0};
    struct fit_result prior, result;
    double sd = 0;
    CHECK(fit_prior(&problem, &prior, &err) && prior.converged && prior.x[1] == 3);
    CHECK(isinf(prior.standard_error[2]) && prior.learned[0] == 0 && prior.scatter == 1);
    CHECK_NEAR(prior.standard_error[1], 1.2, 1e-12);
    CHECK(fit_spread(&problem, &prior, power, NULL, &sd, &err));
    CHECK_NEAR(sd, 12 * sqrt(4 * 0.01 + 0.16), 1e-6);
    problem.n_parameters = 2;
    CHECK(fit_map(&problem, &result, &err));
    const double *c = result.covariance;
    CHECK(fit_spread(&problem, &result, power, NULL, &sd, &err));
    CHECK_NEAR(sd, result.x[0] * result.x[0] * result.x[1] * sqrt(4 * c[0] + 4 * c[1] + c[3]),
               1e-6);
    CHECK(c[1] < 0 && result.learned[1] > result.learned[0]);
    result.x[0] = 2e6;
    CHECK(!fit_spread(&problem, &result, power, NULL, &sd, &err) && strstr(err.fault[0], "'a'"));
    fit_free(&prior);
    fit_free(&result);
}

static bool impossible(void *context, const double *p, double *residual)
{
    const int *kind = context;
    residual[0] = *kind == 0 ? (double)NAN : p[0];
    return *kind < 1;
}

static void check_refused(void)
{
    int kind = 0;
    struct fit_parameter parameter = {"x", FIT_LINEAR, 0, 2, 1, 1};
    const double bad_noise = 0;
    struct fit_problem problem = {&parameter, 1, 1, impossible, &kind, NULL, INF};
    struct fit_result result;
    struct error err = {0};
    CHECK(!fit_map(&problem, &result, &err) && result.n == 0);
    kind = 1;
    CHECK(!fit_map(&problem, &result, &err) && err.n_faults == 2);
    kind = -1;
    CHECK(fit_map(&problem, &result, &err));
    fit_free(&result);
    problem.noise = &bad_noise;
    CHECK(!fit_map(&problem, &result, &err) && strstr(err.fault[2], "row 1"));
    problem.noise = NULL;
    problem.huber = 0;
    CHECK(!fit_map(&problem, &result, &err));
    problem.huber = INF;
    const struct fit_parameter wrong[] = {{"x", FIT_LINEAR, 0, 2, 2, 1},
                                          {"x", FIT_LINEAR, 0, 2, (double)NAN, 1},
                                          {"x", FIT_LINEAR, 0, 2, 1, -1},
                                          {"x", FIT_LOG, -1, 2, 1, 1},
                                          {"x", FIT_LOGIT, 0, INF, 1, 1}};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        problem.parameter = &wrong[i];
        error_clear(&err);
        CHECK(!fit_map(&problem, &result, &err) && strstr(err.fault[0], "'x'"));
        CHECK(!fit_prior(&problem, &result, &err));
    }
}

static bool some_rows(void *context, const double *p, double *residual)
{
    const size_t *n = context;
    for (size_t i = 0; i < *n; i++)
        residual[i] = p[0];
    return true;
}

/* Nothing free, or nothing seen: the prior. */
static void check_nothing(void)
{
    size_t n = 1;
    struct fit_parameter parameter = {"x", FIT_LINEAR, 0, 2, 1, 0};
    struct fit_problem problem = {&parameter, 1, n, some_rows, &n, NULL, INF};
    struct fit_result result;
    struct error err = {0};
    CHECK(fit_map(&problem, &result, &err) && result.converged && result.x[0] == 1);
    CHECK_NEAR(result.scatter, 1.4826, 1e-12); /* the row's residual is 1 */
    fit_free(&result);
    problem.n_residuals = n = 0;
    parameter.sigma = 0.25;
    CHECK(fit_map(&problem, &result, &err) && result.converged && result.x[0] == 1);
    CHECK_NEAR(result.standard_error[0], 0.25, 1e-12);
    CHECK(result.learned[0] == 0 && result.scatter == 1);
    fit_free(&result);
}

int main(void)
{
    gsl_set_error_handler_off();
    check_coverage();
    check_little_learned();
    check_scaled_by_scatter();
    check_undetermined();
    check_spread();
    check_refused();
    check_nothing();
    return check_result();
}
