/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Loads of known shares are told apart again. */
#include "base/stream.h"
#include "devices/sensors/split.h"
#include "tests/check.h"

enum { LOADS = 5 };

static const double active_W = 69, FLOP_J = 44.9e-12, B_J = 130e-12;
/* Registers, a product of many rows, one of one row, a stream, a cache's stream. */
static const struct sensor_load mixes[LOADS] = {
    {0, 1.5e12, 0}, {0, 1.1e12, 9e9}, {0, 4e10, 5e10}, {0, 0, 6e10}, {0, 0, 0}};

static void draw(struct sensor_load load[LOADS], double base_W, struct stream *noise)
{
    for (size_t i = 0; i < LOADS; i++) {
        load[i] = mixes[i];
        load[i].power_W = base_W + FLOP_J * load[i].FLOP_per_s + B_J * load[i].B_per_s;
        if (noise)
            load[i].power_W *= 1 + 0.02 * (stream_uniform(noise) - 0.5);
    }
}

static void test_exact(void)
{
    struct sensor_load load[LOADS];
    struct sensor_split split;
    draw(load, active_W, NULL);
    CHECK(sensor_split(load, LOADS, &split));
    CHECK_NEAR(split.active_W, active_W, 1e-9);
    CHECK_NEAR(split.FLOP_J, FLOP_J, 1e-9);
    CHECK_NEAR(split.B_J, B_J, 1e-9);
    CHECK(split.error < 1e-12);
    CHECK(sensor_split(load, 4, &split) && isfinite(split.B_error_J));
    CHECK_NEAR(split.B_J, B_J, 1e-9);
}

/* The standard errors are of the size of the errors. */
static void test_noise(void)
{
    struct stream noise = stream_open(1, STREAM_TEST, 0, 0);
    double chi = 0;
    const int runs = 300;
    for (int run = 0; run < runs; run++) {
        struct sensor_load load[LOADS];
        struct sensor_split split;
        draw(load, active_W, &noise);
        CHECK(sensor_split(load, LOADS, &split));
        CHECK_NEAR(split.FLOP_J, FLOP_J, 0.08);
        CHECK(split.active_error_W > 0 && split.FLOP_error_J > 0);
        chi += fabs(split.FLOP_J - FLOP_J) < 4.303 * split.FLOP_error_J;
    }
    /* 4.303 standard errors are the 95 % interval with two degrees of freedom. */
    CHECK(chi / runs > 0.88 && chi / runs <= 1);
}

/* A share below 0 is held at 0, and the others take it. */
static void test_bound(void)
{
    struct sensor_load load[LOADS];
    struct sensor_split split;
    draw(load, active_W, NULL);
    for (size_t i = 0; i < LOADS; i++)
        load[i].power_W = 50 + 2e-11 * load[i].FLOP_per_s - 1e-10 * load[i].B_per_s;
    CHECK(sensor_split(load, LOADS, &split));
    CHECK(split.B_J == 0 && split.FLOP_J > 0 && split.active_W > 0 && isnan(split.B_error_J));
    CHECK(split.error > 0.01);
}

static void test_refused(void)
{
    struct sensor_load load[LOADS];
    struct sensor_split split;
    draw(load, active_W, NULL);
    CHECK(!sensor_split(load, 2, &split));
    load[1].power_W = -1;
    CHECK(!sensor_split(load, LOADS, &split));
    for (size_t i = 0; i < LOADS; i++)
        load[i] = (struct sensor_load){50 + (double)i, 1e12, 1e10};
    CHECK(!sensor_split(load, LOADS, &split));
    for (size_t i = 0; i < LOADS; i++)
        load[i] = (struct sensor_load){50 + (double)i, 0, 1e10};
    CHECK(!sensor_split(load, LOADS, &split));
}

int main(void)
{
    test_exact();
    test_noise();
    test_bound();
    test_refused();
    return check_result();
}
