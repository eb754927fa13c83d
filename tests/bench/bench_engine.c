/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rates of the event engine, medians of several runs in processor time, with goals beside:
 * bench_engine [REPEAT]. The goals are for one core of an ordinary desktop that does nothing else.
 */
#include "base/heap.h"
#include "base/stream.h"
#include "tests/support/theory.h"

#include <gsl/gsl_sort_double.h>
#include <time.h>

enum { MOST_REPEAT = 101 };

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* The hold model: an event is taken and put back later, with 1,000 pending. */
static double events_per_s(void)
{
    enum { PENDING = 1000, EVENTS = 4000000, DELAYS = 4096 };
    static int64_t delay_ps[DELAYS];
    struct stream stream = stream_open(1, STREAM_TEST, 0, 0);
    struct heap heap;
    struct heap_event event;
    heap_init(&heap);
    for (size_t i = 0; i < DELAYS; i++)
        delay_ps[i] = 1 + (int64_t)(-1e6 * log(1 - stream_uniform(&stream)));
    for (uint32_t i = 0; i < PENDING; i++)
        heap_push(&heap, delay_ps[i], 0, 0, i, 0);
    double begin = now_s();
    for (size_t i = 0; i < EVENTS && heap_pop(&heap, &event); i++)
        heap_push(&heap, event.time_ps + delay_ps[i % DELAYS], 0, 0, event.subject, 0);
    double seconds = now_s() - begin;
    heap_free(&heap);
    return EVENTS / seconds;
}

static const char box[] = "name: box\ndevices:\n" THEORY_DEVICE("a") THEORY_POOL;

static double serve_s(const char *workload, uint64_t seqs, bool token, struct sim_summary *out)
{
    struct served s;
    struct error err;
    struct sim_options options = {.token_resolution = token};
    struct sim_serving serving = theory_serving;
    serving.max_num_seqs = seqs;
    served_open(&s, box, THEORY_MODEL, serving);
    s.plan.in_flight = seqs;
    double begin = now_s();
    if (!served_run(&s, workload, &options, out, &err))
        machine_fail(&err, workload);
    double seconds = now_s() - begin;
    served_close(&s);
    return seconds;
}

/* Every token of answers of 200 on its own, 16 requests together, energy and heat included. */
static double tokens_per_s(void)
{
    struct sim_summary out;
    double seconds = serve_s("generator: {requests: 20000, rate_per_s: 1e9, seed: 5, prompt: "
                             "{median: 100, max: 100}, output: {median: 200, max: 200}}\n",
                             16, true, &out);
    return (double)out.tokens_out / seconds;
}

/* A million customers of a single server, energy and heat included. */
static double customers_per_s(void)
{
    struct sim_summary out;
    double seconds = serve_s("generator: {requests: 1000000, rate_per_s: 30, seed: 5, prompt: "
                             "{median: 1, max: 1}, output: {median: 9, max: 9}}\n",
                             1, false, &out);
    return (double)out.done / seconds;
}

static void show(const char *name, double (*rate)(void), double goal, size_t repeat)
{
    double seen[MOST_REPEAT];
    for (size_t i = 0; i < repeat; i++)
        seen[i] = rate();
    gsl_sort(seen, 1, repeat);
    double median = seen[repeat / 2];
    printf("%-44s %8.2f M/s (goal %4.1f)  %s\n", name, median * 1e-6, goal * 1e-6,
           median >= goal ? "ok" : "below the goal");
}

int main(int argc, char **argv)
{
    long repeat = argc > 1 ? strtol(argv[1], NULL, 10) : 5;
    size_t n = repeat < 1 ? 1 : repeat > MOST_REPEAT ? MOST_REPEAT : (size_t)repeat;
    show("events, 1,000 pending", events_per_s, 8e6, n);
    show("tokens stepped one by one", tokens_per_s, 5e6, n);
    show("sparse requests", customers_per_s, 1e6, n);
    return 0;
}
