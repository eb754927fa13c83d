/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "devices/kernels/pool.h"

#include "base/memory.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A thread that waits looks so often before it sleeps: some 50 microseconds, longer than what lies
 * between two operators of a pass. */
enum { LOOKS = 4000, LOOKS_OF_MAIN = 2000 };

struct worker {
    struct kernels_pool *pool;
    size_t number;
    pthread_t thread;
    double parts_s; /* processor time of its parts; read while it does none */
};

struct kernels_pool {
    size_t threads, used;
    struct worker *worker; /* (threads - 1) */
    kernels_place *place;
    void *place_context;

    kernels_work *work;
    void *context;
    size_t parts;
    atomic_size_t next; /* part that nobody took yet */
    atomic_size_t busy; /* workers that are not done with this piece of work */
    /* Number of the piece of work, above the number of threads that work on it: one word, so that a
     * thread never takes one piece's threads for another's. */
    atomic_uint_fast64_t ticket;

    bool metered;
    /* Of the calling thread, while metered: parts, waiting, and its clock when the meter began. */
    double parts_s, waiting_s, begin_s;
    double shared_s; /* of all threads' parts, shared out */

    pthread_mutex_t lock; /* of sleeping */
    pthread_cond_t wake;
    size_t asleep;
};

enum { TICKET_BITS = 16 };
#define TICKET_THREADS(ticket) ((ticket) & (((uint64_t)1 << TICKET_BITS) - 1))
/* The ticket that ends the threads. */
#define TICKET_END UINT64_MAX

static void breathe(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("isb"); /* takes some 10 ns; "yield" takes none */
#endif
}

static double processor_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void do_parts(struct kernels_pool *pool, size_t thread)
{
    for (;;) {
        size_t part = atomic_fetch_add_explicit(&pool->next, 1, memory_order_relaxed);
        if (part >= pool->parts)
            return;
        pool->work(pool->context, part, thread);
    }
}

static uint64_t sleep_until_other(struct kernels_pool *pool, uint64_t old)
{
    uint64_t now;
    pthread_mutex_lock(&pool->lock);
    pool->asleep++;
    while ((now = atomic_load(&pool->ticket)) == old)
        pthread_cond_wait(&pool->wake, &pool->lock);
    pool->asleep--;
    pthread_mutex_unlock(&pool->lock);
    return now;
}

static uint64_t wait_for_other(struct kernels_pool *pool, uint64_t old)
{
    for (int i = 0; i < LOOKS; i++) {
        uint64_t now = atomic_load_explicit(&pool->ticket, memory_order_acquire);
        if (now != old)
            return now;
        breathe();
    }
    return sleep_until_other(pool, old);
}

static void *live(void *context)
{
    struct worker *worker = context;
    struct kernels_pool *pool = worker->pool;
    uint64_t ticket = 0;
    if (pool->place)
        pool->place(pool->place_context, worker->number);
    while ((ticket = wait_for_other(pool, ticket)) != TICKET_END) {
        if (worker->number >= TICKET_THREADS(ticket))
            continue;
        double begin_s = pool->metered ? processor_s() : 0;
        do_parts(pool, worker->number);
        worker->parts_s = pool->metered ? processor_s() - begin_s : 0;
        atomic_fetch_sub_explicit(&pool->busy, 1, memory_order_release);
    }
    return NULL;
}

/* Under the lock, so that no thread falls asleep between its last look and the call. */
static void call(struct kernels_pool *pool, uint64_t ticket)
{
    pthread_mutex_lock(&pool->lock);
    atomic_store(&pool->ticket, ticket);
    if (pool->asleep > 0)
        pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->lock);
}

struct kernels_pool *kernels_pool_open(size_t threads, kernels_place *place, void *context,
                                       struct error *err)
{
    struct kernels_pool *pool = mem_calloc(1, sizeof *pool);
    pool->place = place;
    pool->place_context = context;
    pool->worker = mem_calloc(threads, sizeof *pool->worker);
    pool->threads = 1;
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->wake, NULL);
    for (size_t i = 1; i < threads; i++) {
        struct worker *worker = &pool->worker[i - 1];
        *worker = (struct worker){.pool = pool, .number = i};
        int status = pthread_create(&worker->thread, NULL, live, worker);
        if (status != 0) {
            error_machine(err, "cannot start thread %zu of %zu: %s", i + 1, threads,
                          strerror(status));
            kernels_pool_close(pool);
            return NULL;
        }
        pool->threads++;
    }
    if (place)
        place(context, 0);
    pool->used = pool->threads;
    return pool;
}

void kernels_pool_close(struct kernels_pool *pool)
{
    if (!pool)
        return;
    call(pool, TICKET_END);
    for (size_t i = 1; i < pool->threads; i++)
        pthread_join(pool->worker[i - 1].thread, NULL);
    pthread_mutex_destroy(&pool->lock);
    pthread_cond_destroy(&pool->wake);
    free(pool->worker);
    free(pool);
}

void kernels_pool_use(struct kernels_pool *pool, size_t threads)
{
    pool->used = threads < 1 ? 1 : threads > pool->threads ? pool->threads : threads;
}

size_t kernels_pool_used(const struct kernels_pool *pool)
{
    return pool->used;
}

static void wait_for_workers(struct kernels_pool *pool)
{
    for (int looks = 0; atomic_load_explicit(&pool->busy, memory_order_acquire) > 0; looks++) {
        if (looks < LOOKS_OF_MAIN)
            breathe();
        else
            sched_yield();
    }
}

static void run_metered(struct kernels_pool *pool, size_t others)
{
    double begin_s = processor_s();
    do_parts(pool, 0);
    double done_s = processor_s(), all_s = done_s - begin_s;
    wait_for_workers(pool);
    pool->parts_s += all_s;
    pool->waiting_s += processor_s() - done_s;
    for (size_t i = 0; i < others; i++)
        all_s += pool->worker[i].parts_s;
    pool->shared_s += all_s / (double)(others + 1);
}

void kernels_pool_run(struct kernels_pool *pool, size_t parts, kernels_work *work, void *context)
{
    pool->work = work;
    pool->context = context;
    pool->parts = parts;
    atomic_store(&pool->next, 0);
    size_t others = pool->used - 1;
    if (others > 0 && parts > 1) {
        atomic_store(&pool->busy, others);
        uint64_t number = (atomic_load(&pool->ticket) >> TICKET_BITS) + 1;
        call(pool, number << TICKET_BITS | pool->used);
    }
    if (pool->metered) {
        run_metered(pool, others > 0 && parts > 1 ? others : 0);
        return;
    }
    do_parts(pool, 0);
    wait_for_workers(pool);
}

void kernels_pool_meter(struct kernels_pool *pool, bool on)
{
    pool->metered = on;
    kernels_pool_worked_s(pool);
}

double kernels_pool_worked_s(struct kernels_pool *pool)
{
    double now_s = processor_s();
    double alone_s = now_s - pool->begin_s - pool->parts_s - pool->waiting_s;
    double worked_s = alone_s + pool->shared_s;
    pool->parts_s = pool->waiting_s = pool->shared_s = 0;
    pool->begin_s = now_s;
    return worked_s;
}
