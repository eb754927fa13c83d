/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/steps.h"

#include <math.h>

/* Products of a step count, a context sum and a time exceed 64 bits. */
__extension__ typedef __int128 wide;

static const double PS_PER_S = 1e12, FIXED_PER_S = 1e12 * 65536;
static const int64_t END_OF_TIME_PS = INT64_C(1) << 62;

static wide context_sum(const struct sim_contexts *contexts, wide steps)
{
    return steps * contexts->sum + (wide)contexts->growth * (steps * (steps - 1) / 2);
}

/* Time of the first `step` steps as if the head were whole, in picoseconds. */
static wide whole_ps(const struct sim_steps *steps, uint64_t step)
{
    wide n = (wide)step;
    wide fine = context_sum(&steps->contexts, n) * steps->b +
                context_sum(&steps->window, n) * steps->window_b;
    return n * steps->a + (fine >> 16);
}

static int64_t missing_ps(const struct sim_steps *steps)
{
    if (steps->head >= 1)
        return 0;
    int64_t first_ps = (int64_t)whole_ps(steps, 1);
    return first_ps - (int64_t)(steps->head * (double)first_ps);
}

double sim_steps_first(const struct sim_contexts *contexts, const struct sim_contexts *window,
                       const struct sim_affine *quantity)
{
    return quantity->fixed + quantity->per_context * (double)contexts->sum +
           quantity->per_window * (double)window->sum;
}

bool sim_steps_set(struct sim_steps *steps, const struct sim_affine *step_s)
{
    double first_s = sim_steps_first(&steps->contexts, &steps->window, step_s);
    if (!(first_s < 4e6 && step_s->per_context < 100 && step_s->per_window < 100))
        return false;
    steps->a = (int64_t)llround(step_s->fixed * PS_PER_S);
    steps->b = (int64_t)llround(step_s->per_context * FIXED_PER_S);
    steps->window_b = (int64_t)llround(step_s->per_window * FIXED_PER_S);
    if (steps->a < 1)
        steps->a = 1; /* time must pass */
    return whole_ps(steps, steps->count) < END_OF_TIME_PS - steps->start_ps;
}

int64_t sim_steps_end_ps(const struct sim_steps *steps, uint64_t step)
{
    if (step == 0)
        return steps->start_ps;
    return steps->start_ps + (int64_t)whole_ps(steps, step) - missing_ps(steps);
}

uint64_t sim_steps_until(const struct sim_steps *steps, int64_t time_ps)
{
    uint64_t low = 0, high = steps->count; /* end(low) < time <= end(high), or high = count */
    if (sim_steps_end_ps(steps, 0) >= time_ps)
        return 0;
    while (high - low > 1) {
        uint64_t middle = low + (high - low) / 2;
        if (sim_steps_end_ps(steps, middle) >= time_ps)
            high = middle;
        else
            low = middle;
    }
    return high;
}

uint64_t sim_steps_growth_limit(const struct sim_steps *steps)
{
    double b = (double)steps->b, window_b = (double)steps->window_b;
    double first = (double)steps->a * 65536 + b * (double)steps->contexts.sum +
                   window_b * (double)steps->window.sum;
    double growth = b * (double)steps->contexts.growth + window_b * (double)steps->window.growth;
    if (growth * 1e15 <= first)
        return UINT64_C(1) << 40;
    return 1 + (uint64_t)(0.02 * first / growth);
}

double sim_steps_progress(const struct sim_steps *steps, int64_t time_ps)
{
    uint64_t step = sim_steps_until(steps, time_ps);
    int64_t end_ps = sim_steps_end_ps(steps, step);
    if (step == 0 || time_ps >= end_ps)
        return step == 0 ? 1 - steps->head : (double)step;
    int64_t begin_ps = sim_steps_end_ps(steps, step - 1);
    double left = (double)(end_ps - time_ps) / (double)(end_ps - begin_ps);
    return (double)step - left * (step == 1 ? steps->head : 1);
}

double sim_steps_sum(const struct sim_steps *steps, double progress,
                     const struct sim_affine *quantity)
{
    double done = floor(progress), part = progress - done;
    double first = sim_steps_first(&steps->contexts, &steps->window, quantity);
    double growth = quantity->per_context * (double)steps->contexts.growth +
                    quantity->per_window * (double)steps->window.growth;
    return done * first + growth * (done * (done - 1) / 2) + part * (first + growth * done);
}
