/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A run that goes on asks for no memory: calls of the allocator are counted while the last third of
 * many requests is served. Until then arrays and tables have their size. */
#include "tests/check.h"
#include "tests/support/served.h"

#if defined(__SANITIZE_ADDRESS__)
#define OTHER_ALLOCATOR 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer) ||                         \
    __has_feature(thread_sanitizer)
#define OTHER_ALLOCATOR 1
#endif
#endif

#ifdef OTHER_ALLOCATOR
int main(void)
{
    puts("skipped: a sanitizer has an allocator of its own");
    return 77;
}
#else

/* The C library's own functions under other names: what this program defines serves the shared
 * libraries too. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *old, size_t size);

static bool counting;
static uint64_t calls;

void *malloc(size_t size)
{
    calls += counting;
    return __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
    calls += counting;
    return __libc_calloc(n, size);
}

void *realloc(void *old, size_t size)
{
    calls += counting;
    return __libc_realloc(old, size);
}

enum { REQUESTS = 210000 };

static void see_request(void *state, const struct sim_request_row *row)
{
    uint64_t *n = state;
    (void)row;
    ++*n;
    counting = *n >= REQUESTS / 3 * 2 && *n < REQUESTS - 1000; /* not while users leave */
}

static void see_sample(void *state, const struct sim_sample_row *row)
{
    (void)state;
    (void)row;
}

/* Users are as many as they are: nothing grows for ever. */
#define LOAD                                                                                       \
    "generator: {requests: 210000, seed: 4, prompt: {median: 30, log_sigma: 0.5, max: 60}, "       \
    "output: {median: 4, log_sigma: 0.5, max: 12}%s}\nclosed_loop: {users: 12, think_s: 1e-3}\n"

/* `decode`: the device of that phase. */
static void check_steady(const char *name, const char *platform, uint8_t decode, const char *more)
{
    struct served s;
    struct error err;
    struct sim_summary out;
    struct sim_serving serving = served_default;
    char workload[400];
    uint64_t n = 0;
    snprintf(workload, sizeof workload, LOAD, more);
    serving.kv_blocks = 26; /* few enough to preempt */
    serving.prefix_cache = *more != '\0';
    served_open(&s, platform, SERVED_MODEL(2), serving);
    s.plan.in_flight = 8;
    memset(s.plan.decode, decode, s.plan.n_units);
    struct sim_options options = {
        .series_period_s = 0.1,
        .sink = {.state = &n, .request = see_request, .sample = see_sample}};
    calls = 0;
    if (!CHECK(served_run(&s, workload, &options, &out, &err)))
        fprintf(stderr, "    %s\n", err.fault[0]);
    printf("%s: %llu done, %llu preemptions, %llu calls of the allocator\n", name,
           (unsigned long long)out.done, (unsigned long long)out.preemptions,
           (unsigned long long)calls);
    CHECK(out.done == REQUESTS && n == REQUESTS && !out.saturated);
    CHECK(calls == 0);
    served_close(&s);
}

int main(void)
{
    /* The room keeps the dies within one cell of leakage: a new one is worked out and kept. */
    static const char box[] = "name: box\nambient_C: 25.1\ndevices:\n" SERVED_DEVICE(
        "a", "p", "") "pools: [{name: p, capacity_GiB: 1, bandwidth_GBps: 100}]\n";
    static const char two[] = "name: two\nambient_C: 25.1\ndevices:\n" SERVED_DEVICE("a", "p", "")
        SERVED_DEVICE("b", "q", "") "pools: [{name: p, capacity_GiB: 1, bandwidth_GBps: 100}, "
                                    "{name: q, capacity_GiB: 1, bandwidth_GBps: 100}]\n"
                                    "links: [{name: l, from: a, to: b, bandwidth_GBps: 10, "
                                    "latency_us: 5, pJ_per_byte: 50}]\n";
    counting = true;
    void *volatile one = calloc(1, 1); /* which must not be left out */
    free(one);
    CHECK(calls == 1); /* it does count */
    counting = false;
    check_steady("one device", box, 0, "");
    check_steady("prefixes", box, 0, ", prefix: {tokens: 64, groups: 20, share: 0.7}");
    check_steady("two devices", two, 1, "");
    return check_result();
}
#endif
