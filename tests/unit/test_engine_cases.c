/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Hard cases of the engine: each ends with a clear answer, no request lost, no number that is none.
 */
#include "sim/kv.h"
#include "tests/check.h"
#include "tests/support/served.h"

#include <unistd.h>

static const char box[] = "name: box\nambient_C: 25\ndevices:\n" SERVED_DEVICE(
    "a", "p", "") "pools: [{name: p, capacity_GiB: 1, bandwidth_GBps: 100}]\n";

static bool finite_distribution(const struct sim_distribution *d, bool any)
{
    return !any || (isfinite(d->mean) && isfinite(d->p50) && isfinite(d->p99) && d->mean >= 0);
}

/* What every run must keep, however hard. */
static void check_sound(const struct sim_summary *out)
{
    CHECK(out->requests_in == out->done + out->rejected + out->failed);
    CHECK(out->kv_blocks_held == 0);
    CHECK(isfinite(out->energy.total) && out->energy.total >= 0);
    CHECK_NEAR(out->energy.integral, out->energy.total, 1e-9);
    CHECK(isfinite(out->makespan_s) && isfinite(out->peak_temperature_C));
    CHECK(finite_distribution(&out->ttft_s, out->done > 0));
    CHECK(finite_distribution(&out->e2e_s, out->done > 0));
}

static struct sim_summary serve_on(struct served *s, const char *workload)
{
    struct error err;
    struct sim_summary out;
    struct sim_options options = {0};
    if (!CHECK(served_run(s, workload, &options, &out, &err)))
        fprintf(stderr, "    %s\n", err.fault[0]);
    check_sound(&out);
    return out;
}

static struct sim_summary serve(struct sim_serving serving, uint64_t in_flight,
                                const char *workload)
{
    struct served s;
    served_open(&s, box, SERVED_MODEL(2), serving);
    s.plan.in_flight = in_flight;
    struct sim_summary out = serve_on(&s, workload);
    served_close(&s);
    return out;
}

#define REQUESTS(n, rate, prompt, output)                                                          \
    "generator: {requests: " #n ", rate_per_s: " #rate                                             \
    ", cv: 1, seed: 3, prompt: {median: " #prompt ", log_sigma: 0, min: " #prompt                  \
    ", max: " #prompt "}, output: {median: " #output ", log_sigma: 0, min: " #output               \
    ", max: " #output "}}\n"

static void check_one(void)
{
    struct sim_summary out = serve(served_default, 8, REQUESTS(1, 1, 64, 5));
    CHECK(out.done == 1 && out.tokens_in == 64 && out.tokens_out == 5 && out.passes == 5);
    CHECK(!out.saturated && out.preemptions == 0);
    out = serve(served_default, 8, REQUESTS(1, 1, 1, 1));
    CHECK(out.done == 1 && out.passes == 1 && isnan(out.tpot_s.mean));
}

static void check_too_long(void)
{
    struct sim_summary out = serve(served_default, 8, REQUESTS(10, 5, 4000, 97));
    CHECK(out.rejected == 10 && out.done == 0); /* 4097 tokens, context 4096 */
    CHECK(out.requests_per_s == 0 && isnan(out.ttft_s.mean));
    out = serve(served_default, 8, REQUESTS(3, 5, 4000, 96));
    CHECK(out.done == 3);
    struct sim_serving few = served_default;
    few.kv_blocks = 4; /* 64 tokens; the last output token needs no place */
    CHECK(serve(few, 8, REQUESTS(3, 5, 60, 5)).done == 3);
    CHECK(serve(few, 8, REQUESTS(3, 5, 60, 6)).rejected == 3);
}

/* A trace with requests that produced nothing: kept, counted, never run. */
static void check_zero_output(void)
{
    char path[] = "/tmp/qeilsim-cases-XXXXXX", text[200];
    int fd = mkstemp(path);
    FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (!CHECK(file != NULL))
        return;
    fprintf(file, "TIMESTAMP,ContextTokens,GeneratedTokens\n"
                  "2023-11-16 18:15:46.0,100,10\n2023-11-16 18:15:46.0,100,0\n"
                  "2023-11-16 18:15:50.0,9000,10\n2023-11-16 18:15:51.5,1,0\n");
    fclose(file);
    snprintf(text, sizeof text, "trace: {file: %s, format: azure}\n", path);
    struct sim_summary out = serve(served_default, 8, text);
    CHECK(out.requests_in == 4 && out.done == 1 && out.failed == 2 && out.rejected == 1);
    remove(path);
}

/* All at one instant: one queue, served in order, everybody done. */
static void check_burst(void)
{
    struct sim_summary out = serve(served_default, 8, REQUESTS(10000, 1000000000, 40, 8));
    CHECK(out.done == 10000 && out.tokens_out == 80000);
    CHECK(out.ttft_s.p99 > 5 * out.ttft_s.p50 * 0.3 && out.saturated);
    struct sim_summary alone = serve(served_default, 1, REQUESTS(300, 1000000000, 40, 8));
    CHECK(alone.done == 300 && alone.passes == 300 * 8);
    /* A million users who ask at once and never again. */
    out = serve(served_default, 8,
                "generator: {requests: 1000000, seed: 3, prompt: {median: 5, max: 5}, output: "
                "{median: 1, max: 1}}\nclosed_loop: {users: 1000000}\n");
    CHECK(out.done == 1000000 && out.passes == 1 + 125000); /* the first goes alone */
}

/* A prompt above max_num_batched_tokens: in pieces, or whole and alone. */
static void check_long_prompt(void)
{
    struct sim_serving serving = served_default;
    serving.max_num_batched_tokens = 100;
    CHECK(serve(serving, 8, REQUESTS(1, 1, 950, 3)).passes == 10 + 2);
    serving.chunked_prefill = false;
    CHECK(serve(serving, 8, REQUESTS(1, 1, 950, 3)).passes == 1 + 2);
    struct sim_summary out = serve(serving, 8, REQUESTS(50, 1000, 950, 20));
    CHECK(out.done == 50);
    serving.max_num_batched_tokens = 1; /* one row a pass */
    serving.chunked_prefill = true;
    out = serve(serving, 8, REQUESTS(3, 1000000, 30, 4));
    CHECK(out.done == 3 && out.passes == 3 * (30 + 3));
}

/* Blocks for three halves of a request: they preempt each other and still all end. */
static void check_storm(void)
{
    struct sim_serving serving = served_default;
    serving.kv_blocks = 40; /* 640 tokens */
    struct sim_summary out = serve(serving, 8, REQUESTS(60, 1000000, 16, 400));
    CHECK(out.done == 60 && out.preemptions > 60);
    serving.chunked_prefill = false;
    out = serve(serving, 8, REQUESTS(60, 1000000, 16, 400));
    CHECK(out.done == 60 && out.preemptions > 60);
    serving.kv_block_tokens = 1;
    serving.kv_blocks = 415; /* exactly one */
    out = serve(serving, 8, REQUESTS(20, 1000000, 16, 400));
    CHECK(out.done == 20 && out.preemptions > 0);
}

/* Who reserves is never preempted: the cache holds as many whole requests as it has pieces for. */
static void check_reserved(void)
{
    static const struct {
        enum sim_kv_allocator allocator;
        uint64_t blocks, slot_tokens, done;
        double at_a_time; /* requests in the cache, of 26 blocks each */
    } cases[] = {
        {SIM_KV_FIRST_FIT, 40, 0, 60, 1},    {SIM_KV_FIRST_FIT, 52, 0, 60, 2},
        {SIM_KV_BUDDY, 31, 0, 0, 0},         {SIM_KV_BUDDY, 63, 0, 60, 1},
        {SIM_KV_BUDDY, 64, 0, 60, 2},        {SIM_KV_CONTIGUOUS, 40, 0, 60, 1},
        {SIM_KV_CONTIGUOUS, 78, 416, 60, 3}, {SIM_KV_CONTIGUOUS, 78, 400, 0, 0},
    };
    const char *storm = REQUESTS(60, 1000000, 16, 400);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sim_serving serving = served_default;
        serving.kv_allocator = (int)cases[i].allocator;
        serving.kv_blocks = cases[i].blocks;
        serving.kv_slot_tokens = cases[i].slot_tokens;
        struct sim_summary out = serve(serving, 8, storm);
        CHECK(out.done == cases[i].done && out.preemptions == 0);
        /* Each takes 400 passes: their number tells how many went together. */
        if (out.done > 0)
            CHECK_NEAR((double)out.passes, 60 * 400 / cases[i].at_a_time, 0.02);
    }
}

/* The same with prefill and decode on devices of their own. */
static void check_storm_apart(void)
{
    static const char two[] = "name: box\nsync_us: 0\ndevices:\n" SERVED_DEVICE("a", "p", "")
        SERVED_DEVICE("b", "p", "") "pools: [{name: p, capacity_GiB: 1, bandwidth_GBps: 100}]\n";
    struct served s;
    struct sim_serving serving = served_default;
    serving.kv_blocks = 40;
    served_open(&s, two, SERVED_MODEL(2), serving);
    memset(s.plan.decode, 1, s.plan.n_units);
    struct sim_summary out = serve_on(&s, REQUESTS(60, 1000000, 300, 300));
    CHECK(out.done == 60 && out.preemptions > 0);
    served_close(&s);
}

static const char hot_box[] =
    "name: box\nambient_C: %g\ndevices:\n  - name: a\n    kind: gpu\n    class: test\n    pool: p\n"
    "    compute: {peaks: [{name: f16, vector_TFLOPS: 1, matrix_TFLOPS: 4}], efficiency: 0.5}\n"
    "    memory: {bandwidth_GBps: 100, efficiency: 0.8}\n"
    "    overheads: {operator_us: 5, pass_us: 50}\n"
    "    clocks: {nominal_GHz: 1, nominal_V: 1, pstates: [{clock_GHz: 1, voltage_V: 1}, "
    "{clock_GHz: 0.5, voltage_V: 0.8}]}\n"
    "    power: {idle_W: %g, idle_C: 25, active_W: %g, pJ_per_FLOP: 4, pJ_per_byte: 50, leakage: "
    "{reference_W: %g, threshold_V: 0.5}}\n"
    "    thermal: {throttle_C: %g, limit_C: %g, poll_s: 0.01, nodes: [{name: die, "
    "capacity_J_per_K: 0.1, ambient_W_per_K: 0.5}]}\n"
    "pools: [{name: p, capacity_GiB: 1, bandwidth_GBps: 100}]\n";

static void check_heat(void)
{
    struct served s;
    struct error err;
    struct sim_summary out;
    struct sim_options options = {0};
    char text[2000];
    /* stable when idle, beyond all bounds at work */
    snprintf(text, sizeof text, hot_box, 25.0, 5.0, 300.0, 4.0, 95.0, 100.0);
    served_open(&s, text, SERVED_MODEL(2), served_default);
    out = serve_on(&s, REQUESTS(200, 1000, 400, 200));
    CHECK(out.done == 200 && out.runaway && out.throttled_s > 0);
    served_close(&s);
    /* unstable from the start: told, not run */
    snprintf(text, sizeof text, hot_box, 60.0, 40.0, 10.0, 12.0, 95.0, 100.0);
    served_open(&s, text, SERVED_MODEL(2), served_default);
    CHECK(!served_run(&s, REQUESTS(1, 1, 10, 10), &options, &out, &err));
    CHECK(strstr(err.fault[0], "runs away") != NULL);
    served_close(&s);
    /* a room just below the limit: throttled all along, and done */
    snprintf(text, sizeof text, hot_box, 60.0, 2.0, 10.0, 0.01, 55.0, 60.01);
    served_open(&s, text, SERVED_MODEL(2), served_default);
    out = serve_on(&s, REQUESTS(50, 1000, 400, 200));
    CHECK(out.done == 50 && out.throttled_s > 0.9 * out.makespan_s && !out.runaway);
    served_close(&s);
}

int main(void)
{
    check_one();
    check_too_long();
    check_zero_output();
    check_burst();
    check_long_prompt();
    check_storm();
    check_reserved();
    check_storm_apart();
    check_heat();
    return check_result();
}
