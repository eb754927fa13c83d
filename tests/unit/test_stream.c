/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/stream.h"
#include "tests/check.h"

#include <gsl/gsl_randist.h>

/* Known answers of the Random123 distribution (kat_vectors, philox4x32 10). */
static void test_known_answers(void)
{
    static const struct {
        uint32_t counter[4], key[2], want[4];
    } cases[] = {
        {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{~0u, ~0u, ~0u, ~0u}, {~0u, ~0u}, {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
         {0xa4093822, 0x299f31d0},
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint32_t out[4];
        stream_philox(cases[i].counter, cases[i].key, out);
        CHECK(memcmp(out, cases[i].want, sizeof out) == 0);
    }
}

static void test_words(void)
{
    uint64_t seed = 0x0123456789abcdefu;
    struct stream stream = stream_open(seed, STREAM_TEST, 3, 77);
    uint32_t key[2] = {0x89abcdef, 0x01234567};
    for (uint32_t block = 0; block < 3; block++) {
        uint32_t counter[4] = {block, 77, STREAM_TEST, 3}, want[4];
        stream_philox(counter, key, want);
        for (size_t i = 0; i < 4; i++)
            CHECK(stream_u32(&stream) == want[i]);
    }
}

static void test_uniform(void)
{
    enum { N = 100000 };
    struct stream stream = stream_open(1, STREAM_TEST, 0, 0);
    double sum = 0, squares = 0;
    for (int i = 0; i < N; i++) {
        double u = stream_uniform(&stream);
        CHECK(u >= 0 && u < 1);
        sum += u;
        squares += u * u;
    }
    /* Four standard errors of the mean of u and of u^2. */
    CHECK(fabs(sum / N - 0.5) < 4 * sqrt(1.0 / 12 / N));
    CHECK(fabs(squares / N - 1.0 / 3) < 4 * sqrt(4.0 / 45 / N));
}

static void test_below(void)
{
    enum { N = 70000, SIDES = 7 };
    struct stream stream = stream_open(2, STREAM_TEST, 0, 0);
    double seen[SIDES] = {0}, chi2 = 0;
    for (int i = 0; i < N; i++)
        seen[stream_below(&stream, SIDES)]++;
    for (int i = 0; i < SIDES; i++)
        chi2 += (seen[i] - (double)N / SIDES) * (seen[i] - (double)N / SIDES) * SIDES / N;
    CHECK(chi2 < 22.5); /* 0.999 quantile of chi-squared with 6 degrees of freedom */
    CHECK(stream_below(&stream, 1) == 0);
    for (int i = 0; i < 100; i++)
        CHECK(stream_below(&stream, 0xC0000000u) < 0xC0000000u);
}

static void test_gsl(void)
{
    struct stream stream = stream_open(5, STREAM_TEST, 0, 9);
    stream_u32(&stream);
    gsl_rng *rng = stream_gsl(&stream);
    CHECK_TEXT(gsl_rng_name(rng), "philox4x32-10");
    CHECK(gsl_rng_get(rng) == stream_u32(&stream));
    CHECK(gsl_rng_uniform(rng) == stream_uniform(&stream));
    double sum = 0;
    for (int i = 0; i < 10000; i++)
        sum += gsl_ran_exponential(rng, 2.0);
    CHECK(fabs(sum / 10000 - 2) < 4 * 2 / 100.0);
    gsl_rng_free(rng);
    gsl_rng *own = gsl_rng_alloc(stream_gsl_type());
    gsl_rng_set(own, 5);
    stream = stream_open(5, STREAM_SAMPLES, 0, 0);
    CHECK(gsl_rng_get(own) == stream_u32(&stream));
    gsl_rng_free(own);
}

int main(void)
{
    test_known_answers();
    test_words();
    test_uniform();
    test_below();
    test_gsl();
    return check_result();
}
