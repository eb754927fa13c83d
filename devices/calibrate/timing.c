/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "devices/calibrate/timing.h"

#include "analysis/statistics.h"
#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

/* What a repetition lasts at least: the clock tells some 50 ns. */
static const double least_repetition_s = 5e-4;
enum { FEWEST = 3, MOST_CALLS = 4096 };

double calibrate_now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* How often a processor was taken from a thread of ours that had work to do. */
static long taken(void)
{
    struct rusage usage;
    return getrusage(RUSAGE_SELF, &usage) == 0 ? usage.ru_nivcsw : 0;
}

static double repeat_s(calibrate_work *work, void *context, size_t first, size_t calls)
{
    double begin_s = calibrate_now_s();
    for (size_t i = 0; i < calls; i++)
        work(context, first + i);
    return (calibrate_now_s() - begin_s) / (double)calls;
}

/* The median and its standard error: of n values that scatter by s it is s sqrt(pi / 2 n). */
static void summarise(double *time_s, size_t n, struct calibrate_timing *out)
{
    double median_s = analysis_median(time_s, n);
    for (size_t i = 0; i < n; i++)
        time_s[i] = fabs(time_s[i] - median_s);
    double spread = 1.4826 * analysis_median(time_s, n) / median_s;
    *out = (struct calibrate_timing){.median_s = median_s,
                                     .spread = spread,
                                     .standard_error = spread * sqrt(1.5708 / (double)n),
                                     .repetitions = n};
}

/* Repetitions of one kind. */
struct repetitions {
    double *time_s;
    size_t n, room;
};

static void add(struct repetitions *list, double time_s)
{
    list->time_s = mem_grow(list->time_s, &list->room, list->n + 1, sizeof *list->time_s);
    list->time_s[list->n++] = time_s;
}

/* Calls that make a repetition long enough for the clock. The first of all is the slowest. */
static size_t calls_of(calibrate_work *work, void *context, size_t *first)
{
    size_t calls = 1;
    for (int round = 0; round < 2; round++) {
        double once_s = repeat_s(work, context, *first, calls);
        *first += calls;
        calls = (size_t)fmin(MOST_CALLS, fmax(1, ceil(least_repetition_s / fmax(once_s, 1e-9))));
        if (calls == 1)
            break;
    }
    return calls;
}

/* Of work that takes longer than it should, the fewest repetitions have to do. */
static bool is_done(const struct calibrate_effort *effort, const struct repetitions *list,
                    double begin_s)
{
    const double most_times = 10;
    double spent_s = calibrate_now_s() - begin_s;
    size_t least = effort->least > FEWEST ? effort->least : FEWEST;
    return list->n >= effort->most || (list->n >= least && spent_s > effort->s) ||
           (list->n >= FEWEST && spent_s > most_times * effort->s);
}

static bool is_stopped(const struct calibrate_effort *effort)
{
    return effort->go_on && !effort->go_on(effort->context);
}

static bool has_meter(const struct calibrate_effort *effort)
{
    return effort->kernels && effort->kernels->does->meter;
}

/* Repetitions that nobody disturbed: false where they are too few, or too many that were. Without a
 * meter all count, since nothing else tells of them. */
static bool time_quietly(calibrate_work *work, void *context, const struct calibrate_effort *effort,
                         struct repetitions *quiet, size_t calls)
{
    double begin_s = calibrate_now_s();
    size_t disturbed = 0, first = 2 * calls;
    while (!is_done(effort, quiet, begin_s) && !is_stopped(effort)) {
        bool mostly = disturbed > quiet->n + effort->least || disturbed > 4 * effort->least;
        bool hopeless = disturbed >= 2 && quiet->n == 0;
        if ((mostly || hopeless) && calibrate_now_s() - begin_s > effort->s)
            return is_done(effort, quiet, begin_s);
        long before = taken();
        double time_s = repeat_s(work, context, first, calls);
        if (taken() == before || !has_meter(effort))
            add(quiet, time_s);
        else
            disturbed++;
        first += calls;
    }
    return is_done(effort, quiet, begin_s) || !has_meter(effort);
}

static void time_metered(calibrate_work *work, void *context, const struct calibrate_effort *effort,
                         struct repetitions *metered, size_t calls)
{
    struct kernels *kernels = effort->kernels;
    double begin_s = calibrate_now_s();
    size_t first = 0;
    kernels->does->meter(kernels, true);
    while (!is_done(effort, metered, begin_s) && !is_stopped(effort)) {
        kernels->does->worked_s(kernels);
        repeat_s(work, context, first, calls);
        add(metered, kernels->does->worked_s(kernels) / (double)calls);
        first += calls;
    }
    kernels->does->meter(kernels, false);
}

bool calibrate_time(calibrate_work *work, void *context, const struct calibrate_effort *effort,
                    struct calibrate_timing *out)
{
    struct repetitions quiet = {0}, metered = {0};
    size_t first = 0, calls = calls_of(work, context, &first);
    *out = (struct calibrate_timing){0};
    if (!time_quietly(work, context, effort, &quiet, calls) && !is_stopped(effort))
        time_metered(work, context, effort, &metered, calls);
    struct repetitions *counted = metered.n >= FEWEST ? &metered : &quiet;
    bool enough = counted->n >= FEWEST;
    if (enough)
        summarise(counted->time_s, counted->n, out);
    out->metered = counted == &metered;
    free(quiet.time_s);
    free(metered.time_s);
    return enough;
}

/* The sample variance of the rounds' medians, over the square of `median_s`. */
static double between(const struct calibrate_timing *round, size_t n, double median_s)
{
    double sum = 0, squares = 0;
    for (size_t i = 0; i < n; i++) {
        double apart = round[i].median_s / median_s - 1;
        sum += apart;
        squares += apart * apart;
    }
    return n > 1 ? fmax(0, squares - sum * sum / (double)n) / (double)(n - 1) : 0;
}

struct calibrate_timing calibrate_timing_of(const struct calibrate_timing *round, size_t n)
{
    struct calibrate_timing all = {0};
    double median_s[CALIBRATE_ROUNDS], variance = 0;
    size_t metered = 0;
    if (n == 0)
        return all;
    for (size_t i = 0; i < n; i++) {
        median_s[i] = round[i].median_s;
        all.spread += round[i].spread / (double)n;
        all.repetitions += round[i].repetitions;
        variance += round[i].standard_error * round[i].standard_error / (double)n;
        metered += round[i].metered;
    }
    all.median_s = analysis_median(median_s, n);
    variance += between(round, n, all.median_s);
    all.standard_error = sqrt(variance / (double)n);
    all.metered = 2 * metered > n;
    return all;
}
