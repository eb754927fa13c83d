/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The clock of a stretch: sums that are exact however they are cut, and their inverse. */
#include "sim/steps.h"

#include "base/stream.h"
#include "tests/check.h"

static struct sim_steps random_steps(struct stream *stream)
{
    struct sim_steps steps = {.start_ps = stream_u32(stream),
                              .contexts = {stream_below(stream, 100000), stream_below(stream, 64)},
                              .window = {stream_below(stream, 5000), stream_below(stream, 9)},
                              .count = 1 + stream_below(stream, 3000),
                              .head = 1};
    CHECK(sim_steps_set(&steps, &(struct sim_affine){1e-6 + 0.05 * stream_uniform(stream),
                                                     1e-8 * stream_uniform(stream),
                                                     1e-8 * stream_uniform(stream)}));
    return steps;
}

/* Sixteen-bit fractions of a picosecond, added one step at a time. */
static void check_brute_force(uint64_t seed)
{
    struct stream stream = stream_open(seed, STREAM_TEST, 0, 0);
    struct sim_steps steps = random_steps(&stream);
    __extension__ unsigned __int128 fine = 0;
    for (uint64_t i = 0; i < steps.count; i++) {
        fine += (uint64_t)steps.a * (__extension__(unsigned __int128) 65536) +
                (__extension__(unsigned __int128) steps.b) *
                    (steps.contexts.sum + i * steps.contexts.growth) +
                (__extension__(unsigned __int128) steps.window_b) *
                    (steps.window.sum + i * steps.window.growth);
        if (!CHECK(sim_steps_end_ps(&steps, i + 1) == steps.start_ps + (int64_t)(fine >> 16)))
            return;
    }
    CHECK(sim_steps_end_ps(&steps, 0) == steps.start_ps);
}

/* until() is the least step whose end is at or after a time; progress() undoes end(). */
static void check_inverse(uint64_t seed)
{
    struct stream stream = stream_open(seed, STREAM_TEST, 0, 1);
    struct sim_steps steps = random_steps(&stream);
    if (stream_below(&stream, 2))
        steps.head = 0.05 + 0.9 * stream_uniform(&stream);
    for (int i = 0; i < 50; i++) {
        uint64_t step = 1 + stream_below(&stream, (uint32_t)steps.count);
        int64_t end_ps = sim_steps_end_ps(&steps, step);
        CHECK(sim_steps_until(&steps, end_ps) == step);
        CHECK(sim_steps_until(&steps, end_ps - 1) == step);
        CHECK(sim_steps_until(&steps, end_ps + 1) == (step < steps.count ? step + 1 : step));
        CHECK(sim_steps_progress(&steps, end_ps) == (double)step);
        int64_t begin_ps = sim_steps_end_ps(&steps, step - 1);
        double half = sim_steps_progress(&steps, begin_ps + (end_ps - begin_ps) / 2);
        double want = (double)step - 0.5 * (step == 1 ? steps.head : 1);
        CHECK(fabs(half - want) < 1e-5); /* a picosecond of a microsecond */
    }
    CHECK(sim_steps_until(&steps, steps.start_ps) == 0);
    CHECK_NEAR(sim_steps_progress(&steps, steps.start_ps), 1 - steps.head, 1e-12);
    CHECK(sim_steps_until(&steps, INT64_MAX) == steps.count);
}

/* A step of which only a part is left is shorter by the rest. */
static void check_head(void)
{
    struct sim_steps steps = {.contexts = {10, 1}, .count = 3, .head = 1};
    CHECK(sim_steps_set(&steps, &(struct sim_affine){1e-3, 1e-6, 0}));
    CHECK(sim_steps_end_ps(&steps, 1) == 1010000000);
    CHECK(sim_steps_end_ps(&steps, 3) == 3 * 1000000000LL + (10 + 11 + 12) * 1000000LL);
    steps.head = 0.25;
    CHECK(sim_steps_end_ps(&steps, 1) == 252500000);
    CHECK(sim_steps_end_ps(&steps, 2) == 252500000 + 1011000000);
}

/* Sums of work: whole steps by hand, and parts that add up. */
static void check_sum(void)
{
    struct sim_steps steps = {.contexts = {100, 4}, .count = 9, .head = 1};
    double want = 0;
    for (int i = 0; i < 7; i++)
        want += 3 + 0.5 * (100 + 4 * i);
    CHECK_NEAR(sim_steps_sum(&steps, 7, &(struct sim_affine){3, 0.5, 0}), want, 1e-14);
    CHECK_NEAR(sim_steps_sum(&steps, 7.25, &(struct sim_affine){3, 0.5, 0}),
               want + 0.25 * (3 + 0.5 * 128), 1e-14);
    CHECK(sim_steps_sum(&steps, 0, &(struct sim_affine){3, 0.5, 0}) == 0);
}

/* The least number of steps after which a step is 2 % longer, by trying. */
static void check_growth(uint64_t seed)
{
    struct stream stream = stream_open(seed, STREAM_TEST, 0, 2);
    struct sim_steps steps = random_steps(&stream);
    double first = (double)steps.a * 65536 + (double)steps.b * (double)steps.contexts.sum +
                   (double)steps.window_b * (double)steps.window.sum;
    double growth = (double)steps.b * (double)steps.contexts.growth +
                    (double)steps.window_b * (double)steps.window.growth;
    uint64_t limit = sim_steps_growth_limit(&steps);
    CHECK(limit >= 1);
    double at_limit = growth * (double)(limit - 1), after = growth * (double)limit;
    CHECK(at_limit <= 0.02 * first * (1 + 1e-12));
    CHECK(limit == UINT64_C(1) << 40 || after > 0.02 * first * (1 - 1e-12));
}

static void check_refusals(void)
{
    struct sim_steps steps = {.contexts = {1, 1}, .count = 1, .head = 1};
    CHECK(sim_steps_set(&steps, &(struct sim_affine){3e6, 0, 0}));
    CHECK(!sim_steps_set(&steps, &(struct sim_affine){5e6, 0, 0}));
    CHECK(!sim_steps_set(&steps, &(struct sim_affine){NAN, 0, 0}));
    CHECK(!sim_steps_set(&steps, &(struct sim_affine){1, INFINITY, 0}));
    CHECK(sim_steps_set(&steps, &(struct sim_affine){0, 0, 0}) &&
          sim_steps_end_ps(&steps, 1) == 1); /* time passes */
    steps.count = UINT64_C(1) << 30;
    CHECK(!sim_steps_set(&steps, &(struct sim_affine){1, 0, 0}));
}

int main(void)
{
    for (uint64_t seed = 1; seed <= 100; seed++) {
        check_brute_force(seed);
        check_inverse(seed);
        check_growth(seed);
    }
    check_head();
    check_sum();
    check_refusals();
    return check_result();
}
